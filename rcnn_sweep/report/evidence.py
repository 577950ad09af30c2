"""What a refit of the study found on the test split, read from its ``refit/evidence.json``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from rcnn_sweep.drawing import Drawing, scale_of
from rcnn_sweep.format import NONE, counted, metric, plain, signed
from rcnn_sweep.names import Artifact, Tag
from rcnn_sweep.process import command
from rcnn_sweep.report.facts import RunFacts, StudyFacts, run_facts
from rcnn_sweep.report.tables import Cell, Row, number, row, text
from rcnn_sweep.tracking import RunReader

ARTIFACT = Artifact.EVIDENCE
SCHEMA = 1


@dataclass(frozen=True)
class Refit:
    """A refit's evidence as recorded; see :mod:`rcnn_sweep.refit` for what it holds.

    ``baseline`` and ``champion`` are runs of one seed each, for their confusion matrices.
    """

    content: Mapping[str, Any]
    run_id: str
    baseline: RunFacts | None
    champion: RunFacts | None

    @property
    def is_better(self) -> bool:
        """Say whether the candidate with the best mean was found better than the baseline."""
        best = _champion(self.content)
        verdicts = {c["name"]: c["verdict"] for c in self.content["comparisons"]}
        return verdicts.get(best) == "better"


@dataclass(frozen=True)
class Evidence:
    """The section about the test split, ready for the page."""

    sentences: tuple[str, ...]
    drawing: Markup | None = None
    caption: str = ""
    head: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    table: str = ""
    note: str = ""
    command: str = ""


def find_refit(facts: StudyFacts, reader: RunReader) -> Refit | None:
    """Give the latest refit of the study that left evidence, None where there is none."""
    experiments = [facts.parent.experiment_id] if facts.parent else None
    refits = reader.search("tags.`rcnn_sweep.kind` = 'refit'", experiments)
    # A name may hold any quote, so it is compared here and not in the query.
    own = [run for run in refits if run.tags.get(Tag.STUDY) == facts.study.name]
    for run in reversed(own):
        content = reader.json(run.run_id, ARTIFACT)
        if _is_of(content, facts):
            arms = list(content["arms"])
            best = _champion(content)
            return Refit(
                content,
                run.run_id,
                _first_run(reader, arms[0]),
                _first_run(reader, next((a for a in arms if a["name"] == best), {})),
            )
    return None


def _is_of(content: object, facts: StudyFacts) -> bool:
    """Say whether it is evidence of this very study, not of an earlier one of its name."""
    if not isinstance(content, Mapping) or content.get("schema") != SCHEMA:
        return False
    return facts.parent is not None and content.get("study_run") == facts.parent.run_id


def _champion(content: Mapping[str, Any]) -> str:
    """Give the name of the candidate with the best mean, better or not."""
    judged = content["judged_by"]
    candidates = [arm for arm in content["arms"][1:] if (arm[judged] or {}).get("mean") is not None]
    return max(candidates, key=lambda arm: float(arm[judged]["mean"]), default={"name": ""})["name"]


def _first_run(reader: RunReader, arm: Mapping[str, Any]) -> RunFacts | None:
    runs = arm.get("runs") or []
    return run_facts(reader, reader.run(runs[0]["run_id"])) if runs else None


def evidence_of(facts: StudyFacts, refit: Refit | None) -> Evidence:
    """Give the section: the refit's evidence, or the command that makes it."""
    if refit is None and facts.best is None:
        return Evidence(
            (
                "A sweep does not read the test split, and without a complete trial "
                "there is nothing to be compared on it.",
            )
        )
    if refit is None:
        return Evidence(
            sentences=(
                "Nothing here was measured on the test split: a sweep does not read it. The "
                "numbers above are from the validation split on which the best trial was chosen, "
                "so they flatter it.",
                "To compare the baseline with the best trial on the test split, each retrained "
                "on all of train with several seeds:",
            ),
            command=command("refit", facts.study.name),
        )
    content = refit.content
    judged = str(content["judged_by"])
    comparisons = [c for c in content["comparisons"] if c.get(judged)]
    return Evidence(
        sentences=(
            str(content["sentence"]),
            f"Each was retrained on all of train with {counted(len(content['seeds']), 'seed')} "
            f"and judged on {content['test_texts']:,} test texts.",
        ),
        note=str(content["rule"]),
        drawing=_intervals(comparisons, judged) if comparisons else None,
        caption=(
            f"Difference in test {judged} from the baseline: each small mark is a seed, the dot "
            "their mean, the bar the bootstrap interval over seeds and texts (thick 95 %, thin "
            "corrected for the number of candidates)."
        ),
        head=("", "validation", "test, mean", "spread", "difference", "95 % interval", "verdict"),
        rows=_arm_rows(content, judged),
        table=f"Test {judged} over seeds. MLflow run of the refit: {refit.run_id}",
    )


def _arm_rows(content: Mapping[str, Any], judged: str) -> tuple[Row, ...]:
    by_name = {c["name"]: c for c in content["comparisons"]}
    return tuple(_arm_row(arm, by_name.get(arm["name"], {}), judged) for arm in content["arms"])


def _arm_row(arm: Mapping[str, Any], against: Mapping[str, Any], judged: str) -> Row:
    scores, difference = arm.get(judged) or {}, against.get(judged) or {}
    mean = difference.get("mean")
    seen = (arm.get("validation") or {}).get(judged)
    changes = ", ".join(f"{key}={plain(v)}" for key, v in (arm.get("changes") or {}).items())
    cells = [
        text(f"{arm['name']}{f' ({changes})' if changes else ''}", "words long"),
        number(seen, metric(seen)),
        number(scores.get("mean"), metric(scores.get("mean"))),
        number(scores.get("std"), metric(scores.get("std"))),
        number(mean, NONE if mean is None else signed(mean)),
        Cell(_interval(difference.get("interval"))),
        text(against.get("verdict", "")),
    ]
    return row(cells, "baseline" if not against else "")


def _interval(ends: Sequence[float] | None) -> str:
    return NONE if not ends else f"{signed(ends[0])} to {signed(ends[1])}"


def _intervals(comparisons: Sequence[Mapping[str, Any]], judged: str) -> Markup:
    """Draw each candidate's difference from the baseline with its intervals."""
    height = 46.0 * len(comparisons) + 64
    drawing = Drawing(
        *(720, height),
        title=f"Difference from the baseline in test {judged}",
        description="; ".join(
            f"{c['name']}: {signed(c[judged]['mean'])}, interval {_interval(c[judged]['interval'])}"
            for c in comparisons
        ),
    )
    ends = [0.0]
    for comparison in comparisons:
        own = comparison[judged]
        ends += [*own["per_seed"], *own["interval"], *own["simultaneous"]]
    x = scale_of(ends, 150, 700, pad=0.05)
    bottom = height - 38
    for place, label in x.ticks(8):
        drawing.line(place, 8, place, bottom, "grid")
        drawing.text(place, bottom + 16, label, "mark", anchor="middle")
    drawing.line(x(0.0), 4, x(0.0), bottom, "zero")
    drawing.text(425, height - 4, f"difference in test {judged}", "name", anchor="middle")
    for place, comparison in enumerate(comparisons):
        own, y = comparison[judged], 30 + 46.0 * place
        drawing.text(138, y + 4, str(comparison["name"])[:22], "label", anchor="end")
        drawing.line(x(own["simultaneous"][0]), y, x(own["simultaneous"][1]), y, "axis")
        low, high = (x(end) for end in own["interval"])
        drawing.box(low, y - 3.5, high - low, 7, "bar", tip=_interval(own["interval"]))
        for value in own["per_seed"]:
            drawing.line(x(value), y + 9, x(value), y + 16, "axis")
        drawing.circle(x(own["mean"]), y, 5.5, "best", tip=signed(own["mean"]))
    return drawing.markup()
