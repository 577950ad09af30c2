"""The file of word vectors that a config names: fit for its data, and the one of a record."""

from collections.abc import Mapping

from rcnn_sweep.config import Config
from rcnn_sweep.data import Dataset, vectors_sha256, word_vectors
from rcnn_sweep.errors import UserError
from rcnn_sweep.names import Tag


def check_vectors(config: Config, dataset: Dataset) -> None:
    """Read the vectors of the data's words, which are then kept for the run.

    Raises :class:`UserError` where the file is not fit for that.
    """
    embedding = config.embedding
    if embedding.vectors is not None:
        word_vectors(embedding.vectors, embedding.output_dim, dataset.vocabulary)


def check_same_vectors(config: Config, tags: Mapping[str, str]) -> None:
    """Raise :class:`UserError` where the file is another than the one that a run's tags name."""
    path, recorded = config.embedding.vectors, tags.get(Tag.VECTORS_SHA256)
    if path is None or recorded is None:
        return
    if (found := vectors_sha256(path)) != recorded:
        raise UserError(
            f"embedding.vectors: expected the recorded file, SHA-256 {recorded}; {path} has "
            f"{found}.\nPut the recorded file there; other vectors give other numbers."
        )
