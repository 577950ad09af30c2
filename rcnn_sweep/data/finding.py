"""Which file a configuration stands for: given, cached, fetched, or another source's instead."""

from rcnn_sweep.data.files import Say
from rcnn_sweep.data.options import DataConfig
from rcnn_sweep.data.sources import Found, problems, source_of
from rcnn_sweep.errors import DataError


def find(config: DataConfig, *, say: Say) -> Found:
    """Find or fetch the file of ``config``, or of the fallback that it names.

    ``say`` receives announcements. Raises ``DataUnavailable`` when there is neither a copy nor a
    network and ``DataError`` for options against the rules and anything else that is wrong.
    """
    for reason in problems(config):
        raise DataError(reason)
    try:
        return source_of(config).find(config, say=say)
    except OSError as error:
        raise DataError(f"Cannot read the data: {error}.\nCheck data.path.") from error


def expected_sha256(config: DataConfig) -> str:
    """Give the checksum of the file that ``config`` stands for, without fetching it.

    A given file is read; a file still to be found is the published one. Raises ``DataError``
    where a given file is missing.
    """
    return source_of(config).expected_sha256(config)
