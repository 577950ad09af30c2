"""The page of one study: every section's values, gathered for the template."""

from collections.abc import Mapping
from typing import Any

from rcnn_sweep.format import counted
from rcnn_sweep.process import command, without_password
from rcnn_sweep.report import plots, summary
from rcnn_sweep.report.curves import learning_curves, trial_lines
from rcnn_sweep.report.evidence import Refit, evidence_of
from rcnn_sweep.report.facts import StudyFacts
from rcnn_sweep.report.page import page
from rcnn_sweep.report.provenance import provenance_of, reproduction, versions
from rcnn_sweep.report.reference import Absent, Known
from rcnn_sweep.report.reference_section import in_short, keep_of
from rcnn_sweep.report.tables import Row, param, row, text
from rcnn_sweep.report.trial_table import trial_table
from rcnn_sweep.sweep import FEWEST


def study_page(
    facts: StudyFacts,
    *,
    validation: Known | Absent,
    refit: Refit | None,
    test: Known | Absent | None,
) -> str:
    """Give the page of a study as HTML; ``test`` is None where there is no refit."""
    values = {
        "study": facts.study,
        "subtitle": summary.subtitle(facts),
        "figures": summary.figures(facts, validation),
        "summary": list(filter(None, [*summary.sentences(facts), in_short(facts, validation)])),
        "changes": _changes(facts),
        "change_head": ("parameter", "baseline", _role(facts), "searched"),
        "best_command": _best_command(facts),
        "evidence": evidence_of(facts, refit),
        "reference": keep_of(facts, validation, refit, test),
        **_pictures(facts),
        "matrices": _matrices(facts, validation, refit),
        "pruning": summary.pruning_sentences(facts.study),
        "trials": trial_table(facts),
        "failures": _failures(facts),
        "provenance": provenance_of(facts),
        "versions": versions(facts),
        "reproduction": reproduction(facts),
    }
    return page("study.html", f"{facts.study.name}: sweep report", values)


def _pictures(facts: StudyFacts) -> dict[str, Any]:
    lines = trial_lines(facts)
    curves = learning_curves(lines)
    return {
        "history": plots.history(facts),
        "pareto": plots.pareto(facts),
        "curves": curves and {"drawing": curves, "lines": lines, "caption": _curves_caption(lines)},
        "slices": plots.slices(facts),
        "parallel": plots.parallel(facts),
        "importance": plots.importance(facts),
        "importance_caption": _importance_caption(facts),
        "importance_absent": _importance_absent(facts),
    }


def _curves_caption(lines: list[Any]) -> str:
    return (
        f"Learning curves of {counted(len(lines), 'trial')}: the best ones and the baseline, above "
        "on the validation split, below on the training split. The number at a line's end is its "
        "trial."
    )


def _importance_caption(facts: StudyFacts) -> str:
    complete = sum(trial.state == "complete" for trial in facts.study.trials)
    few = " So few trials give a hint at most." if complete < 30 else ""
    return (
        f"How much each parameter matters for {facts.study.metrics[0]} (PED-ANOVA, Watanabe et "
        f"al., IJCAI 2023), from {counted(complete, 'complete trial')}.{few}"
    )


def _importance_absent(facts: StudyFacts) -> str:
    if not facts.study.trials:
        return ""
    return f"The importance of the parameters needs {FEWEST} complete trials that differ."


def _changes(facts: StudyFacts) -> list[Row]:
    study, best, baseline = facts.study, facts.best, facts.study.baseline
    space: Mapping[str, Any] = study.record.get("space", {})
    if best is None:
        return []
    keys = dict.fromkeys([*space, *best.params])
    rows = []
    for key in keys:
        values = [trial.params.get(key, "") if trial else "" for trial in (baseline, best)]
        is_new = values[0] != values[1]
        cells = [text(key), param(values[0]), param(values[1]), text(space.get(key, ""))]
        rows.append(row(cells, "best" if is_new and baseline is not None else ""))
    return rows


def _role(facts: StudyFacts) -> str:
    return "best" if len(facts.study.directions) == 1 else "first of the front"


def _best_command(facts: StudyFacts) -> str:
    folder = facts.study.directory
    if facts.best is None or folder is None or facts.parent is None:
        return ""
    return without_password(command("--config-dir", str(folder), "+sweep=best"))


def _matrices(
    facts: StudyFacts, validation: Known | Absent, refit: Refit | None
) -> list[dict[str, Any]]:
    if refit is not None and (pair := _refit_matrices(refit)):
        return pair
    found = []
    for role, trial in (("Baseline", facts.study.baseline), ("Best trial", facts.best)):
        detail = facts.details.get(trial.number) if trial else None
        if detail is None or detail.confusion is None or trial is None:
            continue
        if role == "Best trial" and trial == facts.study.baseline:
            continue
        total = detail.confusion.total
        note = f"trial {trial.number}, {total:,} validation texts"
        found.append({"confusion": detail.confusion, "title": role, "note": note})
    if found and isinstance(validation, Known) and validation.confusion is not None:
        note = f"TF-IDF and logistic regression, {validation.confusion.total:,} validation texts"
        found.append({"confusion": validation.confusion, "title": "Reference", "note": note})
    return found


def _refit_matrices(refit: Refit) -> list[dict[str, Any]]:
    found = []
    best = "Champion" if refit.is_better else "Best candidate"
    for title, detail in (("Baseline", refit.baseline), (best, refit.champion)):
        if detail is not None and detail.confusion is not None:
            seed = detail.run.params.get("training.seed", "0")
            note = f"retrained, seed {seed}, {detail.confusion.total:,} test texts"
            found.append({"confusion": detail.confusion, "title": title, "note": note})
    return found


def _failures(facts: StudyFacts) -> list[Row]:
    trials = facts.study.trials
    again = {t.retry_of: t.number for t in trials if t.retry_of is not None}
    lost = [t for t in trials if t.state in ("failed", "interrupted", "withdrawn")]
    return [
        row(
            [
                text(t.number),
                text(t.state, "words state"),
                text(t.reason, "words long"),
                text(again.get(t.number, "")),
            ],
            "failed" if t.state == "failed" else "",
        )
        for t in lost
    ]
