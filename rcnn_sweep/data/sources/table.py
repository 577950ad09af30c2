"""The user's own table as a data source: one row a text, with its label in another column."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rcnn_sweep import rules
from rcnn_sweep.data.options import DataConfig
from rcnn_sweep.data.sources.source import TextSource

if TYPE_CHECKING:
    from rcnn_sweep.data.corpus import Labelled


@dataclass
class TableConfig(DataConfig):
    """The user's own table: one row a text, with its label in another column."""

    name: str = "table"
    text_column: str = "text"
    label_column: str = "label"
    split_column: str | None = None
    test_fraction: float = 0.2


class Table(TextSource[TableConfig]):
    """A file of the user's: CSV, TSV, JSON lines or Parquet, two or more classes."""

    options = TableConfig
    file = "your CSV, TSV, JSON lines or Parquet file"

    def problems(self, config: TableConfig) -> Iterator[str]:
        """Ask for a file, and for columns that are not one another."""
        yield from rules.fraction("data.test_fraction", config.test_fraction)
        yield from super().problems(config)
        columns = [config.text_column, config.label_column, config.split_column]
        named = [column for column in columns if column is not None]
        if len(set(named)) < len(named):
            yield "data: expected different columns for text, label and split; received " + (
                f"{', '.join(named)}. Set data.text_column, data.label_column, data.split_column."
            )

    def ingredients(self, config: TableConfig) -> dict[str, Any]:
        """Give the suffixes of the file, which tell how it is read."""
        return {"suffix": Path(config.path or "").suffixes}

    def labelled(self, path: Path, config: TableConfig) -> "Labelled":
        """Read the table's texts and labels."""
        from rcnn_sweep.data.sources.table_rows import labelled

        return labelled(path, config)
