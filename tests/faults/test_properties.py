"""What must hold for any input: drawn at random, shrunk to the smallest that breaks it."""

import csv
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, Quote, QuotedString
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from rcnn_sweep.config import Config
from rcnn_sweep.config.checks import problems
from rcnn_sweep.data import SOURCES, ImdbConfig, TableConfig
from rcnn_sweep.errors import DataError
from rcnn_sweep.network import ConvConfig, EmbeddingConfig, LstmConfig, PoolConfig
from rcnn_sweep.rcnn_text_model.text import tokenise
from rcnn_sweep.sweep.space.grammar import distribution_of, rendered

SIZES = st.integers(0, 9)


@settings(max_examples=40, deadline=None)
@given(
    maxlen=st.integers(1, 12),
    conv=st.builds(
        ConvConfig,
        filters=st.integers(0, 3),
        kernel_size=SIZES,
        strides=st.integers(0, 4),
        padding=st.sampled_from(["valid", "same", "causal", "full"]),
        activation=st.sampled_from(["relu", "gelu", "relyu"]),
    ),
    pool=st.builds(PoolConfig, pool_size=SIZES),
    lstm=st.builds(LstmConfig, units=st.integers(-1, 3)),
    embedding=st.builds(
        EmbeddingConfig,
        output_dim=st.integers(0, 3),
        dropout=st.sampled_from([-0.1, 0.0, 0.5, 1.1, math.nan]),
    ),
)
def test_a_config_is_valid_exactly_when_keras_can_build_its_network(
    maxlen: int, conv: ConvConfig, pool: PoolConfig, lstm: LstmConfig, embedding: EmbeddingConfig
) -> None:
    from rcnn_sweep.training import build_model

    config = replace(
        Config(),
        data=ImdbConfig(maxlen=maxlen, num_words=9),
        conv=conv,
        pool=pool,
        lstm=lstm,
        embedding=embedding,
    )
    try:
        model = build_model(config, classes=2)
        shapes = [layer.output.shape[1:] for layer in model.layers]
        is_possible = all(size > 0 for shape in shapes for size in shape)
    except (ValueError, ZeroDivisionError, TypeError):
        is_possible = False
    assert (list(problems(config)) == []) is is_possible


def parsed(text: str) -> Override:
    return OverridesParser.create().parse_override(text)


NUMBERS = st.floats(-1e9, 1e9, allow_nan=False) | st.integers(-(10**9), 10**9)


@given(NUMBERS, NUMBERS, st.booleans(), st.booleans())
def test_an_interval_keeps_its_ends_its_scale_and_its_kind(
    one: float, other: float, log: bool, whole: bool
) -> None:
    low, high = min(one, other), max(one, other)
    if whole:
        low, high = math.floor(low), math.floor(high)
    assume(low < high and (low > 0 or not log))
    inner = f"interval({low!r},{high!r})"
    inner = f"int({inner})" if whole else inner
    found = distribution_of(parsed(f"a={f'tag(log,{inner})' if log else inner}"))
    assert isinstance(found, IntDistribution if whole else FloatDistribution)
    assert (found.low, found.high, found.log) == (low, high, log)
    assert type(found.low) is (int if whole else float)


@given(st.integers(-50, 50), st.integers(1, 60), st.integers(1, 7), st.booleans())
def test_a_range_leaves_out_its_end_and_keeps_its_step(
    start: int, width: int, step: int, log: bool
) -> None:
    assume(start > 0 or not log)
    values = list(range(start, start + width, step))
    text = f"range({start},{start + width},{step})"
    found = distribution_of(parsed(f"a={f'tag(log,{text})' if log else text}"))
    expected = IntDistribution(values[0], values[-1], step=1 if log else step, log=log)
    assert found == expected and found.high < start + width


VALUES = st.one_of(
    st.integers(-(10**9), 10**9),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.none(),
    st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"), min_size=1),
)


def quoted(value: object) -> str:
    """Write a value as a careful user would."""
    if isinstance(value, str):
        return QuotedString(value, quote=Quote.single).with_quotes()
    return rendered("a", value).removeprefix("a=")


@settings(deadline=None)
@given(st.lists(VALUES, min_size=2, max_size=4, unique=True))
def test_each_value_of_a_list_reaches_the_trial_as_it_was_typed(values: list[object]) -> None:
    found = distribution_of(parsed(f"a={','.join(map(quoted, values))}"))
    assert isinstance(found, CategoricalDistribution)
    back = [parsed(rendered("a", choice)).value() for choice in found.choices]
    assert [(type(value), value) for value in back] == [(type(v), v) for v in values]


TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
ROWS = st.lists(st.tuples(TEXT, st.sampled_from(["", " ", "a", "b", "ä"])), max_size=25)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ROWS)
def test_every_row_of_a_table_is_used_or_counted_as_dropped(
    tmp_path: Path, rows: list[tuple[str, str]]
) -> None:
    file = tmp_path / "t.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, quoting=csv.QUOTE_ALL).writerows([("text", "label"), *rows])
    usable = [(text, label) for text, label in rows if tokenise(text) and label.strip()]
    counts = {label: sum(label == other for _, other in usable) for _, label in usable}
    try:
        made = SOURCES["table"].build(file, TableConfig(path=str(file), maxlen=4))
    except DataError:
        assert len(counts) < 2 or min(counts.values()) < 2 or len(counts) > len(usable) // 2
        return
    assert made.label_names == tuple(sorted(counts))
    labels = np.concatenate([made.y_train, made.y_test])
    assert np.bincount(labels).tolist() == [counts[name] for name in made.label_names]
    dropped = len(rows) - len(usable)
    told = [note for note in made.notes if note.startswith("Dropped")]
    assert len(told) == bool(dropped)
    if dropped:
        assert told[0].startswith(f"Dropped {dropped} of {len(rows)} rows: ")
        by_cause = [int(part.split()[0]) for part in told[0].partition(": ")[2].split(", ")]
        assert sum(by_cause) == dropped


@pytest.mark.parametrize("dropout", [1.0])
def test_dropout_of_everything_is_refused_though_keras_would_build_it(dropout: float) -> None:
    config = Config(embedding=EmbeddingConfig(dropout=dropout))
    assert [line for line in problems(config) if line.startswith("embedding.dropout")]
