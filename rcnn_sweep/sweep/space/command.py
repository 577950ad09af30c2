"""Which space a command means: its own sweep overrides, or the one of its search file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException

from rcnn_sweep.errors import UserError
from rcnn_sweep.sweep.space.composer import Composer
from rcnn_sweep.sweep.space.grammar import around, distribution_of, encoded, is_plain_grid
from rcnn_sweep.sweep.space.space import Parameter, Space
from rcnn_sweep.sweep.space.values import Params, Value

SPEC = frozenset({"around", "over", "when"})


@dataclass(frozen=True)
class Command:
    """A command's task overrides: ``fixed`` hold for all trials, ``swept`` span the space."""

    fixed: tuple[str, ...]
    swept: tuple[Override, ...]

    @property
    def is_grid(self) -> bool:
        """Say whether comma lists and ranges alone span the space."""
        return bool(self.swept) and all(is_plain_grid(override) for override in self.swept)


def read_command(arguments: list[str], loader: ConfigLoader) -> Command:
    """Split a command's task overrides into fixed and swept ones; raises Hydra's own errors."""
    parsed = OverridesParser.create(config_loader=loader).parse_overrides(arguments)
    fixed = tuple(str(o.input_line) for o in parsed if not o.is_sweep_override())
    return Command(fixed, tuple(o for o in parsed if o.is_sweep_override()))


def space_of(command: Command, specs: Mapping[str, Any], composer: Composer) -> Space:
    """Give the command's space. Sweep overrides in the command replace the search file's space.

    Raises :class:`UserError` where neither is given or one cannot be understood.
    """
    if command.swept:
        swept = {override.get_key_element(): override for override in command.swept}
        return Space([Parameter(key, distribution_of(o)) for key, o in swept.items()])
    if not specs:
        raise UserError(
            "a sweep needs a space: give overrides such as a.b=1,2 or a.b=interval(0,1), "
            "or a search file that sets hydra.sweeper.space"
        )
    return Space([_parameter(str(key), spec, composer) for key, spec in specs.items()])


def _parameter(key: str, spec: Any, composer: Composer) -> Parameter:
    if isinstance(spec, str):
        spec = {"over": spec}
    if not isinstance(spec, Mapping) or set(spec) - SPEC or ("around" in spec) == ("over" in spec):
        raise UserError(
            f"space of {key}: expected an override such as interval(0,1), or a mapping with "
            f"around or over (and when); received {spec!r}"
        )
    when = {str(name): _listed(value) for name, value in (spec.get("when") or {}).items()}
    if "over" in spec:
        return Parameter(key, distribution_of(_override(key, spec["over"], composer)), when)
    center = composer.value(key, _conditions(when))
    return Parameter(key, around(key, center, spec["around"]), when)


def _listed(value: Any) -> tuple[Value, ...]:
    items = value if isinstance(value, list | tuple) else [value]
    return tuple(encoded(item) for item in items)


def _conditions(when: Mapping[str, tuple[Value, ...]]) -> Params:
    """Give a point that meets the conditions, so that an option's own value is the centre."""
    return {key: values[0] for key, values in when.items()}


def _override(key: str, text: Any, composer: Composer) -> Override:
    try:
        parser = OverridesParser.create(config_loader=composer.loader)
        override = parser.parse_override(f"{key}={text}")
    except HydraException as error:
        raise UserError(f"space of {key}: cannot read {text!r}: {error}") from error
    if not override.is_sweep_override():
        raise UserError(f"space of {key}: {text!r} is a single value, not a range or a choice")
    return override


def baseline_of(space: Space, composer: Composer) -> Params | None:
    """Give the composed config as a point of the space; None if it lies outside."""
    params = space.walk(lambda key, _: composer.value(key))
    return params if space.contains(params) else None
