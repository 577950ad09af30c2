"""From a data configuration to the splits that a run trains and is judged on."""

from dataclasses import asdict, dataclass

from rcnn_sweep.data.cache import Say, content_key, open_or_build
from rcnn_sweep.data.checksum import digest
from rcnn_sweep.data.corpus import Encoded
from rcnn_sweep.data.finding import Found, find
from rcnn_sweep.data.options import DataConfig
from rcnn_sweep.data.sources import imdb, snippets, table
from rcnn_sweep.data.sources.snippets import SnippetsConfig
from rcnn_sweep.data.sources.table import TableConfig
from rcnn_sweep.data.splits import Split, limit, part
from rcnn_sweep.errors import DataError
from rcnn_sweep.rcnn_text_model import Vocabulary

# They say where the file is or which rows are used, not how a text becomes a row.
NOT_ENCODING = {"path", "word_index", "url", "sha256", "fallback"} | {
    "validation",
    "validation_fraction",
    "train_limit",
    "test_limit",
}


@dataclass(frozen=True)
class Dataset:
    """What a run trains on.

    ``config`` is settled: after a fallback it is the one of the source that took over. With
    ``config.validation`` "test", ``validation`` and ``test`` are one object, the test split;
    with "holdout", ``validation`` is a stratified part of the training split and ``test`` is
    None. ``sha256`` is the checksum of the source file and ``source`` the path or address
    (without credentials) it came from. ``vocabulary`` is None for IMDB without a word index.
    ``notes`` belong into the record.
    """

    config: DataConfig
    train: Split
    validation: Split
    test: Split | None
    label_names: tuple[str, ...]
    vocabulary: Vocabulary | None
    sha256: str
    source: str
    notes: tuple[str, ...]
    fallback_reason: str | None


def load(config: DataConfig, *, say: Say) -> Dataset:
    """Find the source, encode it unless that is cached, and select the splits.

    Which rows are selected depends on ``config`` alone, never on the training seed. ``say``
    receives announcements. Raises ``DataError``, or ``DataUnavailable`` when there is neither a
    copy nor a network.
    """
    _check(config)
    found = find(config, say=say)
    encoded = open_or_build(_key(found), lambda: _build(found, say), say=say)
    train, validation, test = _select(found.config, encoded)
    return Dataset(
        config=found.config,
        train=train,
        validation=validation,
        test=test,
        label_names=encoded.label_names,
        vocabulary=encoded.vocabulary,
        sha256=found.sha256,
        source=found.source,
        notes=(*found.notes, *encoded.notes),
        fallback_reason=found.fallback_reason,
    )


def _check(config: DataConfig) -> None:
    if config.validation not in {"test", "holdout"}:
        raise DataError(f"Expected data.validation test or holdout, received {config.validation}.")
    for name, least in (("num_words", 4), ("maxlen", 1), ("train_limit", 1), ("test_limit", 1)):
        value = getattr(config, name)
        if value is not None and value < least:
            raise DataError(f"Expected data.{name} of at least {least}, received {value}.")


def _key(found: Found) -> str:
    settings = {k: v for k, v in asdict(found.config).items() if k not in NOT_ENCODING}
    index = digest(found.index) if found.index else None
    suffix = found.path.suffixes if isinstance(found.config, TableConfig) else None
    return content_key({**settings, "source": found.sha256, "index": index, "suffix": suffix})


def _build(found: Found, say: Say) -> Encoded:
    if isinstance(found.config, TableConfig):
        encoded = table.build(found.path, found.config)
    elif isinstance(found.config, SnippetsConfig):
        encoded = snippets.build(found.path, found.config)
    else:
        encoded = imdb.build(found.path, found.config, index=found.index)
    for note in encoded.notes:
        say(note)
    return encoded


def _select(config: DataConfig, encoded: Encoded) -> tuple[Split, Split, Split | None]:
    train = limit(Split.whole(encoded.x_train, encoded.y_train), config.train_limit)
    if config.validation == "holdout":
        fraction, names = config.validation_fraction, encoded.label_names
        held = part(train.labels, fraction, names, setting="data.validation_fraction")
        return train.take(~held), train.take(held), None
    test = limit(Split.whole(encoded.x_test, encoded.y_test), config.test_limit)
    return train, test, test
