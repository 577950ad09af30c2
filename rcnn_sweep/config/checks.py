"""Judge a configuration before anything is imported, downloaded or recorded.

Each group's rules stand in the room of the group; here they are asked in turn.
"""

from collections.abc import Iterable, Iterator

from rcnn_sweep import data, network
from rcnn_sweep.config import training
from rcnn_sweep.config.schema import Config, flat
from rcnn_sweep.errors import UserError
from rcnn_sweep.process import without_password

STORAGE = "hydra.sweeper.storage"
"""The one key whose password Hydra's files and the record never see."""


def check(config: Config) -> None:
    """Raise :class:`UserError` with the first reason why this configuration cannot work."""
    for reason in problems(config):
        raise UserError(reason)


def problems(config: Config) -> Iterator[str]:
    """Give every reason why this configuration cannot work: values first, then lengths."""
    wrong = [
        *data.problems(config.data),
        *network.problems(config),
        *_vectors(config),
        *training.problems(config.training),
        *_selections(config),
        *refused_passwords(f"{key}={value}" for key, value in flat(config).items()),
    ]
    yield from wrong
    if not wrong:
        yield from _refusals(config)


def _vectors(config: Config) -> Iterator[str]:
    embedding = config.embedding
    if embedding.vectors is not None:  # reading files takes NumPy, which others need not wait for
        yield from data.vector_problems(embedding.vectors, embedding.output_dim)


def _selections(config: Config) -> Iterator[str]:
    if config.data.validation == "test" and training.selects(config.training):
        keep, patience = config.training.keep, config.training.patience
        given = "keep=best" if keep == "best" else f"patience={patience}"
        yield (
            "training: expected keep=last and patience=null where the run is judged on the test "
            f"split, which must not select an epoch; received {given}. Set data.validation=holdout."
        )


def _refusals(config: Config) -> Iterator[str]:
    maxlen, width = config.data.maxlen, config.training.bucket_width
    reasons = [
        *network.refusals(
            config,
            num_words=config.data.num_words,
            maxlen=maxlen,
            batch_size=config.training.batch_size,
        )
    ]
    yield from reasons
    if width is None or reasons:
        return
    shortest = network.shortest(config, maxlen)
    if width < shortest:
        yield (
            f"training.bucket_width: expected at least {shortest}, the fewest ids that convolution "
            f"and pool leave a step of; received {width}. Use a wider one, or null."
        )


def refused_passwords(words: Iterable[str], *, sweep: bool = False) -> list[str]:
    """Give a refusal for each override in ``words`` that has a password or token in its value.

    Hydra writes every override to disk and MLflow records every key. The storage of a sweep alone
    is kept from both.
    """
    refused = []
    for word in words:
        key, equals, _ = word.partition("=")
        if not equals or key.startswith("-") or "://" in key:
            continue
        key = key.lstrip("+~")
        if without_password(word) != word and not (sweep and key == STORAGE):
            refused.append(
                f"{key}: expected a value without a password or token, since configs are recorded; "
                "received one with. A store's goes into the environment: MLFLOW_TRACKING_URI."
            )
    return refused
