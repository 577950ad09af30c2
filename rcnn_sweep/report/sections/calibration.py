"""How sure the networks are and how sure they may be; precision and recall of each class."""

from dataclasses import dataclass

from rcnn_sweep.drawing import Drawing, Reliability, reliability_diagram
from rcnn_sweep.format import NONE, counted, metric
from rcnn_sweep.report.confusion import Confusion, wilson
from rcnn_sweep.report.facts import StudyFacts
from rcnn_sweep.report.networks import kind_of, networks_of
from rcnn_sweep.report.runs import Mistake, RunFacts
from rcnn_sweep.report.tables import Cell, Row, number, row, text


@dataclass(frozen=True)
class Calibrated:
    """``rows`` are the networks; ``class_rows`` the classes of the one in ``class_caption``."""

    drawing: Drawing | None
    caption: str
    head: tuple[str, ...]
    rows: tuple[Row, ...]
    rows_caption: str
    class_head: tuple[str, ...]
    class_rows: tuple[Row, ...]
    class_caption: str
    mistake_head: tuple[str, ...] = ("text", "true", "taken for", "how sure")
    mistake_rows: tuple[Row, ...] = ()
    mistake_caption: str = ""


MISTAKES = "The surest mistakes of the {}; \N{MIDDLE DOT} stands for words it does not know"


def calibration_of(facts: StudyFacts) -> Calibrated | None:
    """Give the section, of a refit's runs where there is one; None where nothing is recorded."""
    networks, split = networks_of(facts)
    known = {name: run for name, run in networks.items() if run.calibration is not None}
    last = next(
        ((n, r.confusion) for n, r in reversed(networks.items()) if r.confusion is not None), None
    )
    wrong = next(((n, r) for n, r in reversed(networks.items()) if r.mistakes), None)
    if not known and last is None:
        return None
    class_rows = _class_rows(last[1]) if last is not None and last[1].is_shown else ()
    return Calibrated(
        drawing=reliability_diagram(
            [
                Reliability(name, kind_of(name), run.calibration.points)
                for name, run in known.items()
                if run.calibration is not None
            ]
        )
        if known
        else None,
        caption=(
            f"On the {split} texts: below the diagonal a network is surer than it may be, above it "
            "less sure. The larger a dot, the more texts it has."
        ),
        head=("", "log loss", "Brier score", "expected calibration error"),
        rows=tuple(_row(name, run, split) for name, run in known.items()),
        rows_caption=f"How good the probabilities are, on the {split} texts: less is better",
        class_head=("class", "texts", "precision", "95 % interval", "recall", "95 % interval"),
        class_rows=tuple(class_rows),
        mistake_rows=tuple(_mistake_row(mistake) for mistake in wrong[1].mistakes) if wrong else (),
        mistake_caption="" if wrong is None else MISTAKES.format(wrong[0]),
        class_caption="" if last is None else f"{last[0]}, class by class (Wilson's intervals)",
    )


def _row(name: str, run: RunFacts, split: str) -> Row:
    prefix = "test" if split == "test" else "val"
    loss, brier = (run.run.metrics.get(f"{prefix}_{key}") for key in ("loss", "brier"))
    error = None if run.calibration is None else run.calibration.error
    return row([text(name), *(number(value, metric(value)) for value in (loss, brier, error))])


def _mistake_row(mistake: Mistake) -> Row:
    return row(
        [
            text(mistake.text, "words long"),
            text(mistake.true),
            text(mistake.predicted),
            number(mistake.probability, metric(mistake.probability)),
        ]
    )


def _class_rows(confusion: Confusion) -> list[Row]:
    columns = [sum(column) for column in zip(*confusion.matrix, strict=True)]
    return [
        row(
            [
                text(label),
                text(counted(sum(confusion.matrix[place]), "text")),
                *_share(confusion.matrix[place][place], columns[place]),
                *_share(confusion.matrix[place][place], sum(confusion.matrix[place])),
            ]
        )
        for place, label in enumerate(confusion.labels)
    ]


def _share(hits: int, total: int) -> list[Cell]:
    if not total:
        return [Cell(NONE), Cell(NONE)]
    low, high = wilson(hits, total)
    return [number(hits / total, metric(hits / total)), Cell(f"{metric(low)} to {metric(high)}")]
