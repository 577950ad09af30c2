"""Which file a configuration stands for: given, cached, fetched, or another source instead."""

from dataclasses import dataclass, fields, replace
from pathlib import Path
from textwrap import wrap

from rcnn_sweep.data.cache import Say, cache_folder
from rcnn_sweep.data.checksum import digest
from rcnn_sweep.data.options import DataConfig
from rcnn_sweep.data.sources import snippets
from rcnn_sweep.data.sources.imdb import ImdbConfig
from rcnn_sweep.data.sources.imdb_files import (
    ARCHIVE,
    INDEX,
    cached_archive,
    find_archive,
    find_word_index,
    given_file,
)
from rcnn_sweep.data.sources.snippets import SnippetsConfig
from rcnn_sweep.data.sources.table import TableConfig
from rcnn_sweep.errors import DataError, DataUnavailable

# Seconds that pip's index may keep silent where IMDB could not be had: most likely nobody answers,
# and pip may be configured to wait for minutes.
SILENCE = 4.0


@dataclass(frozen=True)
class Found:
    """A source on this machine.

    ``config.path`` is the file, ``sha256`` its checksum, ``source`` the path or address it came
    from, and ``index`` IMDB's word index. ``fallback_reason`` says why it is not the source that
    was asked for.
    """

    config: DataConfig
    path: Path
    sha256: str
    source: str
    index: Path | None = None
    notes: tuple[str, ...] = ()
    fallback_reason: str | None = None


def find(config: DataConfig, *, say: Say) -> Found:
    """Find or fetch the file of ``config``, or of the fallback that it names.

    Raises ``DataUnavailable`` when there is neither a copy nor a network and ``DataError`` for
    anything else that is wrong.
    """
    try:
        if isinstance(config, ImdbConfig):
            return _find_imdb(config, say)
        if isinstance(config, SnippetsConfig):
            return _find_snippets(config, say)
        if isinstance(config, TableConfig):
            return _find_table(config)
    except OSError as error:
        raise DataError(f"Cannot read the data: {error}.\nCheck data.path.") from error
    raise DataError(f"Expected data=imdb, snippets or table, received {config.name}.")


def expected_sha256(config: DataConfig) -> str:
    """Give the checksum of the file that ``config`` stands for, without fetching it.

    A given file is read; a file still to be found is the published one. Raises ``DataError``
    where a given file is missing.
    """
    if config.path is not None:
        return digest(given_file(config.path, "data.path"))
    if isinstance(config, ImdbConfig) and config.unavailable is None:
        return config.sha256
    if isinstance(config, TableConfig):
        return _find_table(config).sha256
    return snippets.TEXT_SHA256


def is_here(config: DataConfig) -> bool:
    """Say whether the file of ``config`` is given or cached: then :func:`find` needs no network."""
    if config.path is not None or isinstance(config, TableConfig):
        return True
    if isinstance(config, ImdbConfig) and config.unavailable is None:
        return cached_archive(config, say=lambda _: None) is not None
    return snippets.is_cached()


def _find_imdb(config: ImdbConfig, say: Say) -> Found:
    if config.fallback not in {None, "snippets"}:
        raise DataError(f"Expected data.fallback snippets or null, received {config.fallback}.")
    if config.unavailable is not None and config.path is None:
        return _fall_back(config, config.unavailable, say)
    try:
        path, source = find_archive(config, say=say)
    except DataUnavailable as error:
        if config.fallback is None:
            raise DataUnavailable(
                f"Expected IMDB in the cache or the network, found neither: {error}.\n"
                f"{_put_there()}"
            ) from error
        return _fall_back(config, str(error), say)
    sha256 = digest(path)
    index = find_word_index(config, path, sha256, say=say)
    notes = () if index else (_no_index(path),)
    for note in notes:
        say(note)
    settled = replace(config, path=str(path), word_index=None if index is None else str(index))
    return Found(settled, path, sha256, source, index, notes)


def _no_index(archive: Path) -> str:
    return (
        "Without a word index no model that takes raw text can be logged.\n"
        f"Put {INDEX} beside {archive} or set data.word_index."
    )


def _put_there() -> str:
    return f"Put {ARCHIVE} at {cache_folder() / ARCHIVE} or set data.path to a copy."


def _fall_back(config: ImdbConfig, reason: str, say: Say) -> Found:
    instead = snippets_instead(config)
    say(_banner(reason))
    try:
        found = _find_snippets(instead, say, SILENCE)
    except DataUnavailable as error:
        raise DataUnavailable(
            f"Neither IMDB ({reason}) nor the snippets ({error}) can be had.\n{_put_there()}"
        ) from error
    note = f"IMDB could not be had ({reason}); trained on data=snippets instead."
    return replace(found, notes=(note, *found.notes), fallback_reason=reason)


def snippets_instead(config: ImdbConfig) -> SnippetsConfig:
    """Give the snippets' config with the shared settings that ``config`` has not at default."""
    defaults = ImdbConfig()
    changed = {
        field.name: getattr(config, field.name)
        for field in fields(DataConfig)
        if field.name not in {"name", "path"}
        and getattr(config, field.name) != getattr(defaults, field.name)
    }
    return replace(SnippetsConfig(), **changed)


def _banner(reason: str) -> str:
    sentences = (
        f"IMDB could not be had: {reason}.",
        "Going on with data=snippets, a smaller data set: scores are not comparable.",
        _put_there(),
        "data.fallback=null turns this off.",
    )
    lines = [line for sentence in sentences for line in wrap(sentence, 76, break_on_hyphens=False)]
    width = max(map(len, lines))
    frame = f"+{'-' * (width + 2)}+"
    return "\n".join((frame, *(f"| {line:{width}} |" for line in lines), frame))


def _find_snippets(config: SnippetsConfig, say: Say, silence: float | None = None) -> Found:
    path, source = snippets.find_text(config, say=say, silence=silence)
    return Found(replace(config, path=str(path)), path, snippets.TEXT_SHA256, source)


def _find_table(config: TableConfig) -> Found:
    if config.path is None:
        raise DataError("Expected data.path, the file of your table, received null.\nSet it.")
    path = given_file(config.path, "data.path")
    return Found(replace(config, path=str(path)), path, digest(path), str(path))
