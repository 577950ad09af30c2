"""How drawings look, once: a palette, and rules that give each kind of shape its colours.

A page has both as CSS (:func:`palette_css`, :func:`shapes_css`), where the palette turns with the
reader's light or dark setting; a picture file asks :func:`look_of` and :func:`colour`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif'


@dataclass(frozen=True)
class Colour:
    """A colour by day, by night, and on paper where that is another than by day."""

    light: str
    dark: str
    printed: str = ""


PALETTE = {
    "paper": Colour("#fdfdfb", "#17181a", "#fff"),
    "ink": Colour("#1d1d1b", "#e9e7e1", "#111"),
    "soft": Colour("#5d5c57", "#a9a7a0", "#4a4945"),
    "rule": Colour("#d9d7cf", "#3a3b3e", "#ccc"),
    "wash": Colour("#f3f2ec", "#202226", "#f5f5f2"),
    "best": Colour("#14507f", "#86bdec"),
    "base": Colour("#9a4d00", "#eda85c"),
    "dot": Colour("#4f7da3", "#6f9cc3"),
    "faint": Colour("#8f8d85", "#85837c"),
    "bad": Colour("#a3261d", "#f08a80"),
    "shade": Colour("31 90 140", "110 170 225"),  # for rgb() with an opacity
    "l2": Colour("#2f7d5b", "#6fc79d"),
    "l3": Colour("#7a5aa6", "#b79be3"),
    "l4": Colour("#a8456f", "#e58cb1"),
    "l5": Colour("#6b6a2a", "#c2c067"),
    "l6": Colour("#3b8794", "#74c6d2"),
}

INKS = {
    **{"sofar": "soft", "beyond": "soft"},
    **{"best": "best", "baseline": "base", "complete": "dot", "pruned": "faint", "failed": "bad"},
    **{"c0": "base", "c1": "best", **{f"c{n}": f"l{n}" for n in range(2, 7)}},
}
"""The colour that a kind is known by, of the palette: in a legend its sign has it."""


@dataclass(frozen=True)
class Look:
    """What a rule sets; None leaves it as an earlier rule or the renderer has it.

    ``fill`` and ``stroke`` are names of the palette or ``none``; ``width``, ``dash`` and ``size``
    (of text) are in the drawing's units. ``opacity`` is that of the stroke, ``strength`` that of
    the fill. A ``behind`` stroke is drawn before the fill.
    """

    fill: str | None = None
    stroke: str | None = None
    width: float | None = None
    dash: tuple[float, float] | None = None
    opacity: float | None = None
    strength: float | None = None
    size: float | None = None
    bold: bool | None = None
    behind: bool | None = None


SHADES = 10
"""Steps of a cell's shade: ``shade0`` is the paper, ``shade10`` the full colour."""

RULES = (
    ("text", Look(fill="ink", size=12)),
    (".grid", Look(stroke="rule", width=0.8)),
    (".axis", Look(stroke="soft", width=1)),
    (".zero", Look(stroke="soft", width=1, dash=(4, 3))),
    (".sofar", Look(fill="none", stroke="soft", width=1.4, dash=(5, 3))),
    (".best", Look(fill=INKS["best"], stroke="paper", width=1)),
    (".baseline", Look(fill=INKS["baseline"], stroke="paper", width=1)),
    (".complete", Look(fill=INKS["complete"], stroke="paper", width=0.8)),
    (".pruned", Look(fill="paper", stroke=INKS["pruned"], width=1.3)),
    (".failed", Look(fill="none", stroke=INKS["failed"], width=1.6)),
    (".beyond", Look(fill="none", stroke="soft", width=1.4)),
    (".lead", Look(fill="none", width=0.8, opacity=0.7)),
    (".bar", Look(fill="dot")),
    (".layer", Look(fill="wash", stroke="best", width=1)),
    *((f".shade{n}", Look(fill="best", strength=n / SHADES)) for n in range(SHADES + 1)),
    *((f".c{n}", Look(stroke=INKS[f"c{n}"])) for n in range(7)),
    (".strand", Look(fill="none", width=1.3)),
    (".curve", Look(fill="none", width=1.6)),
    (".dot", Look(fill="paper", width=1.4)),
    ("text.mark", Look(fill="soft", size=11.5)),
    ("text.name", Look(bold=True)),
    ("text.title", Look(size=15, bold=True)),
    ("text.light", Look(fill="paper")),
    ("text.halo", Look(stroke="paper", width=3.5, behind=True)),
    (".strand.pruned", Look(stroke="faint", opacity=0.45, width=1, dash=(3, 3))),
    (".strand.complete", Look(stroke="dot", opacity=0.75)),
    (".strand.baseline", Look(stroke="base", width=2.4)),
    (".strand.best", Look(stroke="best", width=3)),
    (".curve.c0", Look(width=2.6)),
    (".curve.c1", Look(width=2.6)),
)
"""Selectors as in CSS, ``text`` before the kinds of a text; a later rule goes before an earlier
one. As CSS looks at the number of names first, a rule of more names stands below those of fewer.
"""


@cache
def look_of(tag: str, kind: str) -> Look:
    """Merge the rules for a shape of ``kind`` (names separated by spaces), as a browser does."""
    names, found = set(kind.split()), dict[str, Any]()
    for selector, look in RULES:
        asked, *kinds = selector.split(".")
        if asked in ("", tag) and set(kinds) <= names:
            found |= {key: value for key, value in vars(look).items() if value is not None}
    return Look(**found)


def colour(name: str) -> str:
    """Give a colour of the palette by day; ``none`` stays none."""
    return name if name == "none" else PALETTE[name].light


def palette_css() -> str:
    """Give the palette as custom properties, ``--best`` and so on, that turn with the reader's."""
    day = _properties({name: own.light for name, own in PALETTE.items()}, "light dark")
    night = _properties({name: own.dark for name, own in PALETTE.items()}, "light dark")
    paper = _properties({name: own.printed or own.light for name, own in PALETTE.items()}, "light")
    return "\n".join(
        [
            day,
            f"@media (prefers-color-scheme: dark) {{ {night} }}",
            f"@media print {{ {paper} }}",
        ]
    )


def _properties(values: dict[str, str], scheme: str) -> str:
    told = " ".join(f"--{name}: {value};" for name, value in values.items())
    return f":root {{ color-scheme: {scheme}; {told} }}"


def shapes_css() -> str:
    """Give the rules as CSS, and the colours of a legend's signs (class ``k`` and the kind)."""
    rules = [f"svg {selector} {{ {_declared(look)} }}" for selector, look in RULES]
    signs = [f".k.{kind} {{ color: var(--{name}); }}" for kind, name in INKS.items()]
    text = f"svg text {{ font-family: {FONT}; font-variant-numeric: tabular-nums; }}"
    return "\n".join([text, "svg polyline { stroke-linejoin: round; }", *rules, *signs])


def _declared(look: Look) -> str:
    return " ".join(
        f"{name}: {value};"
        for field in fields(look)
        if (given := getattr(look, field.name)) is not None
        for name, value in _declarations(field.name, given)
    )


def _declarations(name: str, value: object) -> Iterator[tuple[str, str]]:
    match name, value:
        case "fill" | "stroke", _:
            yield name, "none" if value == "none" else f"var(--{value})"
        case "width", _:
            yield "stroke-width", f"{value:g}"
        case "dash", (drawn, left):
            yield "stroke-dasharray", f"{drawn:g} {left:g}"
        case "opacity", _:
            yield "stroke-opacity", f"{value:g}"
        case "strength", _:
            yield "fill-opacity", f"{value:g}"
        case "size", _:
            yield "font-size", f"{value:g}px"
        case "bold", _:
            yield "font-weight", "600"
        case "behind", _:
            yield "paint-order", "stroke"
            yield "stroke-linejoin", "round"
