"""The recorded data, found again and proved to be the same."""

import logging
from dataclasses import replace
from pathlib import Path

from rcnn_sweep.data import DataConfig, Dataset, ImdbConfig, TableConfig, expected_sha256, load
from rcnn_sweep.errors import UserError

log = logging.getLogger(__name__)


def same_data(recorded: DataConfig, sha256: str, path: str | None) -> Dataset:
    """Load the data whose checksum is ``sha256``.

    ``path`` is where it lies now; None: where the record says, and where it is there no more,
    where IMDB and the snippets are looked for. Raises :class:`UserError` for other data: its
    numbers say nothing about the recorded ones.
    """
    config = located(recorded, sha256, path)
    if config.path is not None:
        _check(config.path, expected_sha256(config), sha256)
    dataset = load(config, say=log.info)
    _check(dataset.source, dataset.sha256, sha256)
    return dataset


def _check(source: str, found: str, sha256: str) -> None:
    if found != sha256:
        raise UserError(
            f"data: expected the recorded data, SHA-256 {sha256}; {source} has {found}.\n"
            "Point --data-path at the same file; with other data there is nothing to reproduce."
        )


def located(recorded: DataConfig, sha256: str, path: str | None) -> DataConfig:
    """Give the config with the path that holds now."""
    config = recorded if path is None else replace(recorded, path=path)
    if isinstance(config, ImdbConfig):
        index = config.word_index
        is_there = index is not None and Path(index).is_file()
        config = replace(
            config, word_index=index if is_there else None, sha256=sha256, fallback=None
        )
    if path is not None or config.path is None or Path(config.path).is_file():
        return config
    if isinstance(config, TableConfig):
        raise UserError(
            f"data: expected the recorded file {config.path}; there is none.\n"
            "Say where it is now: --data-path FILE."
        )
    log.info("There is no %s any more; looking for the data elsewhere.", config.path)
    return replace(config, path=None)
