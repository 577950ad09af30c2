"""The Large Movie Review Dataset (Maas et al., ACL 2011), or what stands in for it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from rcnn_sweep import rules
from rcnn_sweep.data import addresses
from rcnn_sweep.data.checksum import digest
from rcnn_sweep.data.files import Say, cache_folder, given_file
from rcnn_sweep.data.options import DataConfig
from rcnn_sweep.data.sources.imdb_files import (
    ARCHIVE,
    INDEX,
    OFFICIAL_SHA256,
    OFFICIAL_URL,
    cached_archive,
    checked_index,
    copies,
    downloaded_archive,
    downloaded_index,
    local_index,
)
from rcnn_sweep.data.sources.source import Found, Source, StandIn
from rcnn_sweep.errors import DataUnavailable

if TYPE_CHECKING:
    from rcnn_sweep.data.corpus import Encoded, Texts


@dataclass
class ImdbConfig(DataConfig):
    """The Keras archive of the Large Movie Review Dataset (Maas et al., ACL 2011).

    ``url`` and ``sha256`` are those of ``keras.datasets.imdb``. A sweep that could not have the
    archive when it settled its data gives its trials the reason as ``unavailable``: they use the
    fallback without asking the network again.
    """

    name: str = "imdb"
    word_index: str | None = None
    fallback: str | None = "snippets"
    unavailable: str | None = None
    url: str = OFFICIAL_URL
    sha256: str = OFFICIAL_SHA256


class Imdb(Source[ImdbConfig]):
    """The archive: given, cached, downloaded, or one of ``stand_ins`` instead.

    ``data.fallback`` names the stand-in. Its options are those that it shares with this source
    wherever the user changed them.
    """

    options = ImdbConfig
    places = frozenset({"path", "word_index", "url", "sha256", "fallback", "unavailable"})
    title = "IMDB"

    def __init__(self, *stand_ins: Source[Any]) -> None:
        self._stand_ins = {source.name: source for source in stand_ins}

    def problems(self, config: ImdbConfig) -> Iterator[str]:
        """Ask for a fallback that there is, an address that is asked and a checksum that is one."""
        if config.path is None:
            yield from (f"data.url: {reason}." for reason in addresses.problem(config.url))
        if not re.fullmatch("[0-9a-f]{64}", config.sha256):
            yield (
                "data.sha256: expected a SHA-256 checksum, 64 hexadecimal digits in lower case; "
                f"received {config.sha256!r:.80}."
            )
        yield from rules.one_of("data.fallback", config.fallback, (*self._stand_ins, None))

    def find(self, config: ImdbConfig, *, say: Say) -> Found:
        """Find the archive and its word index; where that cannot be, find the fallback."""
        if (known := self.stand_in(config)) is not None:
            return self._fall_back(known, say)
        try:
            path, source = _archive(config, say)
        except DataUnavailable as error:
            if config.fallback is None:
                raise DataUnavailable(
                    f"Expected IMDB in the cache or the network, found neither: {error}.\n"
                    f"{_put_there()}"
                ) from error
            return self._fall_back(self._instead(config, config.fallback, str(error)), say)
        sha256 = digest(path)
        index = _word_index(config, path, sha256, say)
        notes = () if index else (_no_index(path),)
        for note in notes:
            say(note)
        settled = replace(config, path=str(path), word_index=None if index is None else str(index))
        return Found(settled, path, sha256, source, notes)

    def expected_sha256(self, config: ImdbConfig) -> str:
        """Give the checksum of the given file, of the stand-in, or the published one."""
        if (known := self.stand_in(config)) is not None:
            return self._stand_ins[known.config.name].expected_sha256(known.config)
        return config.sha256 if config.path is None else super().expected_sha256(config)

    def copies(self) -> tuple[Path, ...]:
        """Give where this package and Keras cache the archive."""
        return copies(ARCHIVE)

    def is_here(self, config: ImdbConfig) -> bool:
        """Say whether the archive, or what is known to stand in for it, needs no network."""
        if (known := self.stand_in(config)) is not None:
            return self._stand_ins[known.config.name].is_here(known.config)
        return config.path is not None or cached_archive(config.sha256, say=_silent) is not None

    def caveats(self, config: ImdbConfig) -> list[str]:
        """Say that the archive may not be had, and what follows."""
        if self.is_here(config) or self.stand_in(config) is not None:
            return super().caveats(config)
        line = "whether IMDB can be had: it is not on this machine and would be downloaded"
        if config.fallback is None:
            return [line]
        return [f"{line}; else data={config.fallback}, in a study of another name and record"]

    def stand_in(self, config: ImdbConfig) -> StandIn | None:
        """Give the fallback where a sweep has found that the archive cannot be had."""
        if config.unavailable is None or config.fallback is None or config.path is not None:
            return None
        return self._instead(config, config.fallback, config.unavailable)

    def settled(self, config: DataConfig, fallback_reason: str | None) -> dict[str, str]:
        """Give where archive and word index lie, or why the fallback is used."""
        if fallback_reason is not None:
            return {"unavailable": fallback_reason}
        index = getattr(config, "word_index", None)
        more = {} if index is None else {"word_index": index}
        return super().settled(config, fallback_reason) | more

    def pinned(self, config: ImdbConfig, sha256: str) -> ImdbConfig:
        """Expect the archive of ``sha256``, without a fallback and without the recorded address."""
        index = config.word_index
        is_there = index is not None and Path(index).is_file()
        return replace(
            config,
            word_index=index if is_there else None,
            url=OFFICIAL_URL,
            sha256=sha256,
            fallback=None,
        )

    def elsewhere(self, config: ImdbConfig) -> ImdbConfig | None:
        """Look in the caches, then download; nobody vouches for the address of another archive."""
        if config.sha256 != OFFICIAL_SHA256 and cached_archive(config.sha256, say=_silent) is None:
            return None
        return replace(config, path=None)

    def ingredients(self, config: ImdbConfig) -> dict[str, Any]:
        """Give the checksum of the word index, which makes the vocabulary."""
        return {"index": None if config.word_index is None else digest(Path(config.word_index))}

    def build(self, path: Path, config: ImdbConfig) -> "Encoded":
        """Encode the archive; the rows and their order are those of Keras."""
        from rcnn_sweep.data.sources.imdb_reviews import build

        return build(
            path, config, index=None if config.word_index is None else Path(config.word_index)
        )

    def full_texts(self, path: Path, config: ImdbConfig) -> "Texts":
        """Give the reviews as word ranks: the archive has no words, so a rank's digits are one."""
        from rcnn_sweep.data.corpus import Texts
        from rcnn_sweep.data.sources.imdb_reviews import sequences

        train, test = sequences(path)
        return Texts(_digits(train), _digits(test))

    def _instead(self, config: ImdbConfig, fallback: str, reason: str) -> StandIn:
        options, defaults = self._stand_ins[fallback].options(), self.options()
        changed = {
            field.name: getattr(config, field.name)
            for field in fields(DataConfig)
            if field.name not in {"name", "path"}
            and getattr(config, field.name) != getattr(defaults, field.name)
        }
        return StandIn(replace(options, **changed), reason)

    def _fall_back(self, instead: StandIn, say: Say) -> Found:
        source, reason = self._stand_ins[instead.config.name], instead.reason
        say(_banner(reason, source))
        try:
            found = source.find_as_stand_in(instead.config, say=say)
        except DataUnavailable as error:
            raise DataUnavailable(
                f"Neither IMDB ({reason}) nor {source.title} ({error}) can be had.\n{_put_there()}"
            ) from error
        note = f"IMDB could not be had ({reason}); trained on data={source.name} instead."
        return replace(found, notes=(note, *found.notes), fallback_reason=reason)


def _archive(config: ImdbConfig, say: Say) -> tuple[Path, str]:
    """Give the archive's path and where it came from: a path or a URL."""
    if config.path is not None:
        path = given_file(config.path, "data.path")
        return path, str(path)
    if (cached := cached_archive(config.sha256, say=say)) is not None:
        return cached, str(cached)
    return downloaded_archive(config.url, config.sha256, say=say)


def _word_index(config: ImdbConfig, archive: Path, sha256: str, say: Say) -> Path | None:
    """Give the index that belongs to ``archive``: set, beside it, cached or beside the URL."""
    if config.word_index is not None:
        return checked_index(given_file(config.word_index, "data.word_index"), sha256)
    if (found := local_index(archive, sha256, say=say)) is not None or config.path is not None:
        return found
    return downloaded_index(config.url, sha256, say=say)


def _no_index(archive: Path) -> str:
    return (
        "Without a word index no model that takes raw text can be logged.\n"
        f"Put {INDEX} beside {archive} or set data.word_index."
    )


def _put_there() -> str:
    return f"Put {ARCHIVE} at {cache_folder() / ARCHIVE} or set data.path to a copy."


def _banner(reason: str, instead: Source[Any]) -> str:
    sentences = (
        f"IMDB could not be had: {reason}.",
        f"Going on with data={instead.name}, a smaller data set: scores are not comparable.",
        _put_there(),
        "data.fallback=null turns this off.",
    )
    lines = [line for sentence in sentences for line in wrap(sentence, 76, break_on_hyphens=False)]
    width = max(map(len, lines))
    frame = f"+{'-' * (width + 2)}+"
    return "\n".join((frame, *(f"| {line:{width}} |" for line in lines), frame))


def _digits(rows: list[list[int]]) -> list[list[str]]:
    return [list(map(str, row)) for row in rows]


def _silent(_: str) -> None:
    """Announce nothing: nothing is used yet."""
