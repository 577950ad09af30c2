"""How well the networks rank the texts: ROC and precision-recall curves, and their areas."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from rcnn_sweep.drawing import Drawing, precision_recall_diagram, roc_diagram
from rcnn_sweep.format import capital, counted, joined, metric
from rcnn_sweep.report.facts import StudyFacts
from rcnn_sweep.report.networks import kind_of, networks_of
from rcnn_sweep.report.runs import Ranking
from rcnn_sweep.report.tables import Row, number, row, text

MOST_NAMED = 5
"""Classes left out up to which each is named."""


@dataclass(frozen=True)
class Ranked:
    """``rows`` are the networks; ``class_rows`` the classes of the one in ``class_caption``."""

    drawings: tuple[Drawing, ...]
    caption: str
    note: str
    head: tuple[str, ...]
    rows: tuple[Row, ...]
    rows_caption: str
    class_head: tuple[str, ...]
    class_rows: tuple[Row, ...]
    class_caption: str


def ranking_of(facts: StudyFacts) -> Ranked | None:
    """Give the section, of a refit's runs where there is one; None where nothing is recorded."""
    networks, split = networks_of(facts)
    known = {name: run.ranking for name, run in networks.items() if run.ranking is not None}
    if not known:
        return None
    drawn = [
        replace(own.curves, name=name, kind=kind_of(name))
        for name, own in known.items()
        if own.curves is not None
    ]
    last, ranking = list(known.items())[-1]
    return Ranked(
        drawings=(roc_diagram(drawn), precision_recall_diagram(drawn)) if drawn else (),
        caption=_caption(ranking, split),
        note=_left_out(ranking, split),
        head=("", "area under the ROC curve", "average precision"),
        rows=_rows(known),
        rows_caption=_rows_caption(ranking, split),
        class_head=("class", "texts", "area under the ROC curve", "average precision"),
        class_rows=() if ranking.positive is not None else _class_rows(ranking),
        class_caption=f"{last}, each class against the rest",
    )


def _caption(ranking: Ranking, split: str) -> str:
    what = (
        f"the {split} texts in the order of their probability of \N{LEFT DOUBLE QUOTATION MARK}"
        f"{ranking.positive}\N{RIGHT DOUBLE QUOTATION MARK}"
        if ranking.positive is not None
        else f"every {split} text with every class, in the order of the probability (micro-average)"
    )
    return (
        f"{capital(what)}, the surest first. Dashed is chance: the diagonal, and the share of the "
        "positives."
    )


def _rows_caption(ranking: Ranking, split: str) -> str:
    if ranking.positive is None:
        return f"The areas on the {split} texts, means over the classes: more is better"
    share = "" if ranking.curves is None else f"; chance has 0.5 and {ranking.curves.share:.2g}"
    return f"The areas on the {split} texts: more is better{share}"


def _left_out(ranking: Ranking, split: str) -> str:
    """Say which classes the split says nothing of, empty where there are none."""
    if ranking.roc_auc is None:
        return f"The {split} texts are all of one class: there is nothing to rank."
    names = list(ranking.left_out)
    if len(names) > MOST_NAMED:
        return f"{len(names)} classes have no {split} text; they are left out."
    return f"Without a {split} text, so left out: {joined(names)}." if names else ""


def _rows(known: Mapping[str, Ranking]) -> tuple[Row, ...]:
    return tuple(
        row(
            [
                text(name),
                number(own.roc_auc, metric(own.roc_auc)),
                number(own.average_precision, metric(own.average_precision)),
            ]
        )
        for name, own in known.items()
    )


def _class_rows(ranking: Ranking) -> tuple[Row, ...]:
    return tuple(
        row(
            [
                text(own.name),
                number(texts, counted(texts, "text")),
                number(own.roc_auc, metric(own.roc_auc)),
                number(own.average_precision, metric(own.average_precision)),
            ]
        )
        for texts, own in ranking.classes
    )
