"""Texts as values in Hydra's grammar come back as they were; nested keys become dotted ones."""

from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import example, given
from hypothesis import strategies as st

from rcnn_sweep.overrides import flattened, override


@given(st.text(st.characters(exclude_categories=("Cs", "Cc"))))
@example("it's")
@example("a\\b")
@example("ends in \\")
@example("\\'")
@example("\\\\'\\\\")
@example("x=1,2 [3] {4: 5} null ~ $")
def test_any_text_comes_back_from_hydras_parser(text: str) -> None:
    parsed = OverridesParser.create().parse_override(override("a.key", text))
    assert parsed.key_or_group == "a.key"
    assert parsed.value() == text


def test_nested_values_are_listed_under_dotted_keys_and_empty_ones_kept() -> None:
    nested = {"conv": {"filters": 64, "more": {"x": [1]}}, "kwargs": {}, "seed": None}
    assert flattened(nested) == {
        "conv.filters": 64,
        "conv.more.x": [1],
        "kwargs": {},
        "seed": None,
    }
    assert flattened({}) == {}
