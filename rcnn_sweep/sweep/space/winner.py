"""The command that runs one point of a sweep alone."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping, Sequence

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override

from rcnn_sweep.process import CommandLine
from rcnn_sweep.sweep.space.grammar import rendered
from rcnn_sweep.sweep.space.values import Value

PLACES = {"--config-path": "-cp", "--config-name": "-cn", "--config-dir": "-cd"}
"""Hydra's flags that say which config it is."""

OF_SWEEPS = ("hydra.sweeper.", "hydra.sweep.", "hydra.launcher.", "hydra.mode")
"""Overrides that only a sweep has a use for. The groups stay: a search file sets their options."""


def command_of(sweep: CommandLine, params: Mapping[str, Value]) -> str:
    """Give the command that composes the point ``params`` of a sweep's command as its trial did.

    Its words are the sweep's own, without what is swept, and then the point's overrides.

    >>> sweep = CommandLine(("python", "app.py"), ("-m", "-cn", "big", "db@src=a,b", "~s"))
    >>> command_of(sweep, {"db@src": "a", "x": 1e-05})
    "python app.py --config-name big '~s' db@src=a x=1e-05"
    """
    given = _parsed(sweep.words)
    places = [word for flag in PLACES if (value := getattr(given, flag)) for word in (flag, value)]
    point = [rendered(key, value) for key, value in params.items()]
    return str(sweep.with_words(*places, *_fixed(given.overrides), *point))


def _parsed(words: Sequence[str]) -> Namespace:
    parser = ArgumentParser(prog="", add_help=False)
    for flag, short in PLACES.items():
        parser.add_argument(flag, short, dest=flag)
    parser.add_argument("--multirun", "-m", action="store_true")
    parser.add_argument("overrides", nargs="*")
    return parser.parse_known_intermixed_args(words)[0]


def _fixed(words: list[str]) -> Iterator[str]:
    for override in OverridesParser.create().parse_overrides(words):
        if not override.is_sweep_override() and not _is_of_sweeps(override):
            yield str(override.input_line)


def _is_of_sweeps(override: Override) -> bool:
    return override.key_or_group.startswith(OF_SWEEPS)
