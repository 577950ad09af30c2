"""Where texts come from: one module a source."""

from collections.abc import Iterator

from rcnn_sweep import rules
from rcnn_sweep.data import options
from rcnn_sweep.data.options import DataConfig
from rcnn_sweep.data.sources.imdb import ImdbConfig
from rcnn_sweep.data.sources.snippets import SnippetsConfig
from rcnn_sweep.data.sources.table import TableConfig

__all__ = ["SOURCES", "ImdbConfig", "SnippetsConfig", "TableConfig", "problems"]

SOURCES: dict[str, type[DataConfig]] = {
    "imdb": ImdbConfig,
    "snippets": SnippetsConfig,
    "table": TableConfig,
}


def problems(data: DataConfig) -> Iterator[str]:
    """Say what is wrong with the options of a source."""
    yield from rules.one_of("data.name", data.name, tuple(SOURCES))
    yield from options.problems(data)
    if isinstance(data, ImdbConfig):
        yield from rules.one_of("data.fallback", data.fallback, ("snippets", None))
    if isinstance(data, SnippetsConfig | TableConfig):
        yield from rules.fraction("data.test_fraction", data.test_fraction)
    if isinstance(data, TableConfig):
        yield from _table_problems(data)


def _table_problems(data: TableConfig) -> Iterator[str]:
    if data.path is None:
        yield "data.path: expected your CSV, TSV, JSON lines or Parquet file; received none."
    columns = [data.text_column, data.label_column, data.split_column]
    named = [column for column in columns if column is not None]
    if len(set(named)) < len(named):
        yield "data: expected different columns for text, label and split; received " + (
            f"{', '.join(named)}. Set data.text_column, data.label_column, data.split_column."
        )
