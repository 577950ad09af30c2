"""Hydra's override grammar and the around form as Optuna distributions."""

import math
import random

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from rcnn_sweep.errors import UserError
from rcnn_sweep.sweep.space.grammar import around, distribution_of, is_plain_grid, rendered
from rcnn_sweep.sweep.space.space import Parameter, Space, cardinality, enumerated


def parsed(text: str) -> Override:
    return OverridesParser.create().parse_override(text)


@pytest.mark.parametrize(
    ("text", "distribution"),
    [
        ("a=1,2,3", CategoricalDistribution([1, 2, 3])),
        ("a=choice(relu,tanh)", CategoricalDistribution(["relu", "tanh"])),
        ("a='x y',null,true", CategoricalDistribution(["'x y'", "null", True])),
        ("a=choice([1,2],[3])", CategoricalDistribution(["[1,2]", "[3]"])),
        ("a=range(1,10,3)", IntDistribution(1, 7, step=3)),
        ("a=range(1,4)", IntDistribution(1, 3)),
        ("a=range(4,1,-1)", IntDistribution(2, 4)),
        ("a=range(0.0,1.0,0.25)", FloatDistribution(0.0, 0.75, step=0.25)),
        ("a=interval(1,5)", FloatDistribution(1.0, 5.0)),
        ("a=int(interval(1,5))", IntDistribution(1, 5)),
        ("a=tag(log,interval(1e-4,1e-2))", FloatDistribution(1e-4, 1e-2, log=True)),
        ("a=tag(log,int(interval(8,128)))", IntDistribution(8, 128, log=True)),
    ],
)
def test_override_becomes_distribution(text: str, distribution: BaseDistribution) -> None:
    assert distribution_of(parsed(text)) == distribution


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("a=range(3,3)", "empty"),
        ("a=tag(big,interval(0,1))", "only tag"),
        ("a=tag(log,interval(0,1))", "low"),
        ("a=interval(2,1)", "low"),
        ("a=tag(log,choice(1,2))", "scale"),
    ],
)
def test_impossible_override_is_a_mistake(text: str, word: str) -> None:
    with pytest.raises(UserError, match=word):
        distribution_of(parsed(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a=1,2", True), ("a=range(1,3)", True), ("a=choice(1,2)", False),
     ("a=interval(0,1)", False), ("a=tag(log,range(1,3))", False)],
)  # fmt: skip
def test_plain_grids_are_lists_and_ranges(text: str, expected: bool) -> None:
    assert is_plain_grid(parsed(text)) is expected


@given(st.integers(-50, 50), st.integers(-50, 50), st.integers(1, 9))
def test_integer_range_holds_exactly_pythons_range(start: int, stop: int, step: int) -> None:
    expected = list(range(start, stop, step))
    override = parsed(f"a=range({start},{stop},{step})")
    if expected:
        assert enumerated(distribution_of(override)) == expected
    else:
        with pytest.raises(UserError):
            distribution_of(override)


@given(st.integers(-40, 40), st.integers(1, 30), st.integers(1, 16))
def test_float_range_holds_what_hydra_counts(start: int, width: int, parts: int) -> None:
    override = parsed(f"a=range({start / 8},{start / 8 + width / 8},{parts / 16})")
    expected = [float(str(value)) for value in override.sweep_iterator()]
    values = enumerated(distribution_of(override))
    assert len(values) == len(expected)
    assert all(math.isclose(float(str(a)), b) for a, b in zip(values, expected, strict=True))


@given(st.integers(1, 10_000), st.integers(2, 8))
def test_factor_spans_from_a_part_to_a_multiple_and_holds_the_centre(
    center: int, factor: int
) -> None:
    distribution = around("a", center, {"factor": factor, "log": True, "low": 1})
    assert isinstance(distribution, IntDistribution)
    assert distribution.low == max(1, math.ceil(center / factor))
    assert distribution.high == center * factor
    assert distribution._contains(center)


@given(st.integers(1, 100), st.integers(0, 9))
def test_plus_is_bounded_below(center: int, plus: int) -> None:
    distribution = around("a", center, {"plus": plus, "low": 1})
    assert distribution == IntDistribution(max(1, center - plus), center + plus)


@given(
    st.one_of(
        st.integers(-(10**9), 10**9),
        st.floats(allow_nan=False, allow_infinity=False),
        st.booleans(),
        st.none(),
    )
)
def test_rendered_override_reads_back_as_the_same_value(value: float | bool | None) -> None:
    back = parsed(rendered("a.b", value)).value()
    assert back == value and type(back) is type(value)


def test_conditional_parameter_exists_only_under_its_option() -> None:
    space = Space(
        [
            Parameter("c", IntDistribution(1, 3), {"a": ("x",)}),
            Parameter("a", CategoricalDistribution(["x", "y"])),
        ]
    )
    points = list(space.points())
    assert points == [{"a": "x", "c": 1}, {"a": "x", "c": 2}, {"a": "x", "c": 3}, {"a": "y"}]
    rng = random.Random(0)
    assert all(space.contains(space.draw(rng)) for _ in range(50))
    assert not space.contains({"a": "y", "c": 1})


def test_condition_on_a_stranger_is_a_mistake() -> None:
    with pytest.raises(UserError, match="other parameters"):
        Space([Parameter("c", IntDistribution(1, 3), {"nowhere": (1,)})])


@given(st.integers(0, 99), st.integers(1, 50), st.integers(1, 7))
def test_cardinality_counts_the_values(low: int, width: int, step: int) -> None:
    distribution = IntDistribution(low, low + width // step * step, step=step)
    assert cardinality(distribution) == len(enumerated(distribution))
