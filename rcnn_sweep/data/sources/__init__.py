"""Where texts come from: a module a source, a row each in :data:`SOURCES`."""

from collections.abc import Iterator
from typing import Any

from rcnn_sweep import rules
from rcnn_sweep.data import options
from rcnn_sweep.data.options import DataConfig
from rcnn_sweep.data.sources.imdb import Imdb, ImdbConfig
from rcnn_sweep.data.sources.snippets import Snippets, SnippetsConfig
from rcnn_sweep.data.sources.source import Found, Source, StandIn, TextSource
from rcnn_sweep.data.sources.table import Table, TableConfig
from rcnn_sweep.errors import DataError

__all__ = [
    "SOURCES",
    "Found",
    "ImdbConfig",
    "SnippetsConfig",
    "Source",
    "StandIn",
    "TableConfig",
    "TextSource",
    "problems",
    "source_named",
    "source_of",
]

_SNIPPETS = Snippets()

SOURCES: dict[str, Source[Any]] = {
    "imdb": Imdb(_SNIPPETS),
    "snippets": _SNIPPETS,
    "table": Table(),
}
"""Every data source by the name that ``data.name`` gives it."""


def source_named(name: Any) -> Source[Any]:
    """Give the source called ``name``; raises ``DataError`` that lists the known ones."""
    for reason in _unknown(name):
        raise DataError(reason)
    return SOURCES[name]


def source_of(config: DataConfig) -> Source[Any]:
    """Give the source that ``config`` is about.

    Raises ``DataError`` for an unknown name, and for options that are another source's.
    """
    for reason in (*_unknown(config.name), *_mixed(config)):
        raise DataError(reason)
    return SOURCES[config.name]


def problems(data: DataConfig) -> Iterator[str]:
    """Say what is wrong with the options of a source, first with those that each has."""
    unknown = [*_unknown(data.name), *_mixed(data)]
    yield from unknown
    yield from options.problems(data)
    if not unknown:
        yield from SOURCES[data.name].problems(data)


def _unknown(name: Any) -> Iterator[str]:
    yield from rules.one_of("data.name", name, tuple(SOURCES))


def _mixed(data: DataConfig) -> Iterator[str]:
    source = SOURCES.get(data.name)
    if source is not None and not isinstance(data, source.options):
        yield (
            f"data.name: expected {type(data).name or 'a source'}, whose options are given; "
            f"received {data.name}. Choose a source by data={data.name}."
        )
