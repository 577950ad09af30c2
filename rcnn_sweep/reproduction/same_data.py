"""The recorded data, found again and proved to be the same."""

import logging
from dataclasses import replace
from pathlib import Path

from rcnn_sweep.data import DataConfig, Dataset, expected_sha256, load, source_of
from rcnn_sweep.errors import UserError

log = logging.getLogger(__name__)


def same_data(config: DataConfig, sha256: str) -> Dataset:
    """Load the data whose checksum is ``sha256``; ``config`` says where it lies now.

    Raises :class:`UserError` for other data: its numbers say nothing about the recorded ones.
    """
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
    """Give the recorded config so that it leads to the data of ``sha256`` now.

    ``path`` is where that lies; None: where the record says, and where it is there no more, where
    else its source looks for it. Whoever made the record chose its address, so that is not asked.
    Raises :class:`UserError` where the data is nowhere to be found.
    """
    source = source_of(recorded)
    given = recorded if path is None else replace(recorded, path=path)
    config: DataConfig = source.pinned(given, sha256)
    if path is not None or (config.path is not None and Path(config.path).is_file()):
        return config
    elsewhere: DataConfig | None = source.elsewhere(config)
    if elsewhere is None:
        raise UserError(
            f"data: expected the recorded file {config.path or 'of data.url'}; there is none, and "
            "no address of a record is asked.\nSay where it is now: --data-path FILE."
        )
    if config.path is not None:
        log.info("There is no %s any more; looking for the data elsewhere.", config.path)
    return elsewhere
