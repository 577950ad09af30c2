"""Which space a command means: its own sweep overrides, or the one of its search file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException

from rcnn_sweep.errors import UserError
from rcnn_sweep.overrides import flattened
from rcnn_sweep.sweep.space.composer import Composer
from rcnn_sweep.sweep.space.grammar import around, distribution_of, encoded, is_plain_grid
from rcnn_sweep.sweep.space.space import Parameter, Space
from rcnn_sweep.sweep.space.values import Params, Value

SPEC = frozenset({"around", "over", "when"})


@dataclass(frozen=True)
class Command:
    """A command's task overrides: ``fixed`` hold for all trials, ``swept`` span the space.

    ``sets`` has the keys and groups that the fixed ones set, each with its override.
    """

    fixed: tuple[str, ...]
    swept: tuple[Override, ...]
    sets: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_grid(self) -> bool:
        """Say whether comma lists and ranges alone span the space."""
        return bool(self.swept) and all(is_plain_grid(override) for override in self.swept)


def read_command(arguments: list[str], loader: ConfigLoader) -> Command:
    """Split a command's task overrides into fixed and swept ones; raises Hydra's own errors.

    Raises :class:`UserError` for a sweep that a later override of its key would end: in Hydra the
    last one wins. A list after a value is swept.
    """
    parsed = OverridesParser.create(config_loader=loader).parse_overrides(arguments)
    _check_order(parsed)
    fixed = [override for override in parsed if not override.is_sweep_override()]
    return Command(
        fixed=tuple(str(override.input_line) for override in fixed),
        swept=tuple(override for override in parsed if override.is_sweep_override()),
        sets={key: str(override.input_line) for override in fixed for key in _keys(override)},
    )


def _check_order(parsed: list[Override]) -> None:
    swept: dict[str, Override] = {}
    for override in parsed:
        own = _plain(override)
        for key in {own} if override.is_sweep_override() else {own, *_keys(override)}:
            if (before := swept.get(key)) is not None:
                raise UserError(
                    f"{key}: expected one list of values; received {before.input_line} and then "
                    f"{override.input_line}, which alone counts in Hydra. Leave one out."
                )
        if override.is_sweep_override():
            swept[own] = override


def _plain(override: Override) -> str:
    return str(override.get_key_element()).lstrip("+~")


def _keys(override: Override) -> Iterator[str]:
    key, value = _plain(override), override.value()
    yield from flattened({key: value}) if isinstance(value, dict) else (key,)


def unsearched(command: Command, specs: Mapping[str, Any]) -> dict[str, str]:
    """Give the keys that the command takes out of the search file's space, with its overrides.

    A key searched ``over`` values is fixed by an override of it; one searched ``around`` its
    value stays, and the override moves its centre.
    """
    if command.swept:
        return {}
    over = [key for key, spec in specs.items() if isinstance(spec, str) or "over" in spec]
    plain = {key: key.lstrip("+") for key in over}
    return {key: command.sets[name] for key, name in plain.items() if name in command.sets}


def space_of(command: Command, specs: Mapping[str, Any], composer: Composer) -> Space:
    """Give the command's space. Sweep overrides in the command replace the search file's space.

    Keys that the command fixes are left out, see :func:`unsearched`; a condition that names one
    holds, or it does not. Raises :class:`UserError` where no space is given or one cannot be
    understood.
    """
    if command.swept:
        swept = {override.get_key_element(): override for override in command.swept}
        return Space([Parameter(key, distribution_of(o)) for key, o in swept.items()])
    if not specs:
        raise UserError(
            "a sweep needs a space: give overrides such as a.b=1,2 or a.b=interval(0,1), "
            "or a search file that sets hydra.sweeper.space"
        )
    read = {str(key): _read(str(key), spec) for key, spec in specs.items()}
    gone = unsearched(command, read)
    parameters = [_parameter(key, spec, composer) for key, spec in read.items() if key not in gone]
    values = {key: composer.value(key) for key in gone}
    existing = [given for p in parameters if (given := _given(p, values)) is not None]
    if not existing:
        raise UserError(
            f"expected a key to search; the command fixes all of the search file's: "
            f"{' '.join(gone.values())}. Leave one to the search."
        )
    return Space(existing)


def _given(parameter: Parameter, values: Params) -> Parameter | None:
    """Give the parameter where ``values`` hold for all trials; None if it never exists then."""
    met = {key: values[key] in ok for key, ok in parameter.when.items() if key in values}
    rest = {key: ok for key, ok in parameter.when.items() if key not in values}
    return replace(parameter, when=rest) if all(met.values()) else None


def _read(key: str, spec: Any) -> Mapping[str, Any]:
    if isinstance(spec, str):
        spec = {"over": spec}
    if not isinstance(spec, Mapping) or set(spec) - SPEC or ("around" in spec) == ("over" in spec):
        raise UserError(
            f"space of {key}: expected an override such as interval(0,1), or a mapping with "
            f"around or over (and when); received {spec!r}"
        )
    return spec


def _parameter(key: str, spec: Mapping[str, Any], composer: Composer) -> Parameter:
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
