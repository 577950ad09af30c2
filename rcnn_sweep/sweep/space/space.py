"""A search space: named Optuna distributions, some of which exist only under a condition."""

import itertools
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from optuna import Trial
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from rcnn_sweep.errors import UserError
from rcnn_sweep.sweep.space.values import Identity, Params, Value

Choose: TypeAlias = Callable[[str, BaseDistribution], Value]


@dataclass(frozen=True)
class Parameter:
    """One dimension. ``key`` is a Hydra key or config group, ``when`` the values it needs."""

    key: str
    distribution: BaseDistribution
    when: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)

    def exists(self, params: Mapping[str, Value]) -> bool:
        """Say whether the values chosen so far call for this parameter."""
        return all(key in params and params[key] in ok for key, ok in self.when.items())


class Space:
    """Parameters in an order in which each comes after those that its condition names."""

    def __init__(self, parameters: list[Parameter]) -> None:
        self.parameters = tuple(_ordered(parameters))

    def walk(self, choose: Choose) -> Params:
        """Give one point, each existing parameter's value being what ``choose`` returns."""
        params: Params = {}
        for parameter in self.parameters:
            if parameter.exists(params):
                params[parameter.key] = choose(parameter.key, parameter.distribution)
        return params

    def suggest(self, trial: Trial) -> Params:
        """Have ``trial`` suggest one point."""
        return self.walk(lambda key, distribution: _suggested(trial, key, distribution))

    def draw(self, rng: random.Random, given: Params | None = None) -> Params:
        """Draw one point uniformly (on a logarithmic scale where the distribution says so).

        Values that are ``given`` are kept.
        """
        kept = given or {}
        return self.walk(lambda key, d: kept[key] if key in kept else drawn(d, rng))

    def contains(self, params: Mapping[str, Value]) -> bool:
        """Say whether ``params`` is a point of the space."""
        existing = [p for p in self.parameters if p.exists(params)]
        return {p.key for p in existing} == set(params) and all(
            _holds(p.distribution, params[p.key]) for p in existing
        )

    def within(self, params: Mapping[str, Value]) -> Params:
        """Give those of ``params`` that are values of parameters here: a point, or part of one."""
        known = {p.key: p.distribution for p in self.parameters}
        return {k: v for k, v in params.items() if k in known and _holds(known[k], v)}

    def identity(self, params: Mapping[str, Value]) -> Identity:
        """Give what equal points share, numbers that differ by rounding alone counting as equal."""
        return tuple(_rounded(params.get(parameter.key)) for parameter in self.parameters)

    def size(self) -> int | None:
        """Give an upper bound of the number of points, None if it is infinite."""
        total = 1
        for parameter in self.parameters:
            count = cardinality(parameter.distribution)
            if count is None:
                return None
            total *= count
        return total

    def points(self) -> Iterator[Params]:
        """Give each point of a finite space once, the last parameter varying fastest."""
        levels = [enumerated(parameter.distribution) for parameter in self.parameters]
        seen: set[Identity] = set()
        for combination in itertools.product(*levels):
            values = dict(zip((p.key for p in self.parameters), combination, strict=True))
            point = self.walk(partial(_looked_up, values))
            if (identity := self.identity(point)) not in seen:
                seen.add(identity)
                yield point

    def describe(self) -> dict[str, str]:
        """Give one readable line for each parameter."""
        return {p.key: described(p) for p in self.parameters}


def _rounded(value: Value) -> Value:
    return f"{value:.12g}" if isinstance(value, float) else value


def _looked_up(values: Params, key: str, _: BaseDistribution) -> Value:
    return values[key]


def _ordered(parameters: list[Parameter]) -> Iterator[Parameter]:
    known = {parameter.key for parameter in parameters}
    placed: set[str] = set()
    waiting = list(parameters)
    while waiting:
        ready = [p for p in waiting if set(p.when) <= placed]
        if not ready:
            names = ", ".join(f"{p.key} (when {', '.join(set(p.when) - known)})" for p in waiting)
            raise UserError(f"a condition must name other parameters of the space: {names}")
        placed |= {p.key for p in ready}
        waiting = [p for p in waiting if p not in ready]
        yield from ready


def _suggested(trial: Trial, key: str, distribution: BaseDistribution) -> Value:
    match distribution:
        case FloatDistribution(low=low, high=high, step=step, log=log):
            return trial.suggest_float(key, low, high, step=step, log=log)
        case IntDistribution(low=low, high=high, step=step, log=log):
            return trial.suggest_int(key, low, high, step=step, log=log)
        case CategoricalDistribution(choices=choices):
            return trial.suggest_categorical(key, choices)
    raise TypeError(f"no such distribution in a space: {distribution}")


def drawn(distribution: BaseDistribution, rng: random.Random) -> Value:
    """Draw one value of ``distribution``."""
    if isinstance(distribution, CategoricalDistribution):
        chosen: Value = rng.choice(distribution.choices)
        return chosen
    if isinstance(distribution, FloatDistribution | IntDistribution) and distribution.log:
        low, high = float(distribution.low), float(distribution.high)
        value = float(low * (high / low) ** rng.random())
        whole = isinstance(distribution, IntDistribution)
        return round(value) if whole else min(value, high)
    assert isinstance(distribution, FloatDistribution | IntDistribution)
    count = cardinality(distribution)
    if count is not None:
        return _at(distribution, rng.randrange(count))
    return rng.uniform(distribution.low, distribution.high)


def cardinality(distribution: BaseDistribution) -> int | None:
    """Give the number of values of ``distribution``, None if it is infinite."""
    if isinstance(distribution, CategoricalDistribution):
        return len(distribution.choices)
    if isinstance(distribution, IntDistribution | FloatDistribution):
        if distribution.single():
            return 1
        if distribution.step is None:
            return None
        return round((distribution.high - distribution.low) / distribution.step) + 1
    return None


def enumerated(distribution: BaseDistribution) -> list[Value]:
    """Give the values of ``distribution`` in order; raises :class:`UserError` if infinite."""
    if isinstance(distribution, CategoricalDistribution):
        return list(distribution.choices)
    count = cardinality(distribution)
    if count is None or not isinstance(distribution, IntDistribution | FloatDistribution):
        raise UserError(f"a grid needs a finite set of values, received {distribution}")
    return [_at(distribution, index) for index in range(count)]


def _at(distribution: IntDistribution | FloatDistribution, index: int) -> Value:
    value = distribution.low + index * (distribution.step or 0)
    return value if isinstance(distribution, IntDistribution) else round(value, 12)


def _holds(distribution: BaseDistribution, value: Value) -> bool:
    try:
        internal = distribution.to_internal_repr(value)
    except (TypeError, ValueError):
        return False
    return bool(distribution._contains(internal))


def described(parameter: Parameter) -> str:
    """Give the parameter's values, and its condition, in a few words."""
    conditions = " and ".join(
        f"{key} is {' or '.join(map(str, values))}" for key, values in parameter.when.items()
    )
    values = _values(parameter.distribution)
    return f"{values}, when {conditions}" if conditions else values


def _values(distribution: BaseDistribution) -> str:
    if isinstance(distribution, CategoricalDistribution):
        return "one of " + ", ".join(map(str, distribution.choices))
    assert isinstance(distribution, IntDistribution | FloatDistribution)
    kind = "whole number" if isinstance(distribution, IntDistribution) else "number"
    step = distribution.step
    stepped = f" (step {step:g})" if step is not None and step != 1 else ""
    notes = " (log scale)" if distribution.log else stepped
    return f"{kind} from {distribution.low:g} to {distribution.high:g}{notes}"
