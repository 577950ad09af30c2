"""From a data configuration to the splits that a run trains and is judged on."""

from dataclasses import asdict, dataclass
from pathlib import Path

from rcnn_sweep.data.cache import content_key, open_or_build
from rcnn_sweep.data.corpus import Encoded, Texts
from rcnn_sweep.data.files import Say
from rcnn_sweep.data.finding import find
from rcnn_sweep.data.options import SELECTION, DataConfig
from rcnn_sweep.data.sources import Found, source_of
from rcnn_sweep.data.splits import Split, limit, part
from rcnn_sweep.rcnn_text_model import NgramReader, Vocabulary


@dataclass(frozen=True)
class Dataset:
    """What a run trains on.

    ``config`` is settled: after a fallback it is the one of the source that took over. With
    ``config.validation`` "test", ``validation`` and ``test`` are one object, the test split;
    with "holdout", ``validation`` is a stratified part of the training split and ``test`` is
    None. ``sha256`` is the checksum of the source file and ``source`` the path or address
    (without credentials) it came from. ``vocabulary`` is None where a source has no
    words, as IMDB without its word index. ``notes`` belong into the record. ``ngrams`` reads in
    other texts what the network is given besides their ids.
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
    ngrams: NgramReader | None = None


def load(config: DataConfig, *, say: Say) -> Dataset:
    """Find the source, encode it unless that is cached, and select the splits.

    Which rows are selected depends on ``config`` alone, never on the training seed. ``say``
    receives announcements. Raises ``DataError``, or ``DataUnavailable`` when there is neither a
    copy nor a network.
    """
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


def full_texts(config: DataConfig) -> Texts:
    """Give the words of every text of ``config``, whose ``path`` is settled.

    Raises ``DataError`` when the file is not fit.
    """
    return source_of(config).full_texts(Path(config.path or ""), config)


def _key(found: Found) -> str:
    source = source_of(found.config)
    left_out = source.places | SELECTION
    settings = {k: v for k, v in asdict(found.config).items() if k not in left_out}
    ingredients = source.ingredients(found.config)
    return content_key({**settings, **ingredients, "source": found.sha256})


def _build(found: Found, say: Say) -> Encoded:
    encoded = source_of(found.config).build(found.path, found.config)
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
