"""The evidence as a document that other tools read.

``refit/evidence.json`` on the refit's MLflow run is :func:`as_json` of the evidence, and
:func:`from_json` reads it back:

* ``schema`` 2 (1, of earlier versions, is read too); ``study``, ``refit_run`` and ``study_run``
  (names and MLflow run ids); ``test_texts``, ``labels``, ``data_sha256``;
* ``seeds`` asked for (0, 1, ...), ``level`` (.95), ``simultaneous_level`` (that of the claims),
  ``judged_by`` (``accuracy`` or ``f1_macro``), ``rule`` and ``sentence`` in words;
* ``looks``, all that were taken at this refit (``seeds``, ``candidates``, trials, and ``pairs`` of
  complete runs), and ``look``, the number of this one, from 1;
* ``arms``, the baseline first: ``name`` (``baseline``, ``trial 7``), ``trial``, ``changes``
  (values that differ from the baseline's), ``validation`` (metrics the sweep saw, ``accuracy``
  and ``f1_macro``), ``epochs`` (absent unless the trial's validation split decided them),
  ``runs`` (``seed``, ``run_id``, ``accuracy``, ``f1_macro``), ``missing``
  (seeds without a complete run), ``accuracy`` and ``f1_macro`` with ``mean`` and ``std``;
* ``comparisons``, one for each candidate in the arms' order: ``name``, ``trial``, ``seeds`` (the
  complete pairs), ``verdict`` (``better``, ``worse``, ``no evidence of a difference``, ``no
  verdict``), ``sentence``, and, null without a verdict: ``accuracy`` and ``f1_macro`` with
  ``mean``, ``std``, ``per_seed``, ``interval``, ``simultaneous`` (each ``[low,
  high]``), ``p``, ``p_corrected``, ``errors`` (``seeds``, ``from_seeds``, ``from_texts``),
  ``smallest`` and ``seeds_needed`` of :class:`rcnn_sweep.evidence.statistics.Difference`;
  ``mcnemar`` with ``p``, ``p_corrected`` and ``per_seed`` (``seed``, ``only_baseline``,
  ``only_candidate``, ``p``, ``is_exact``). ``survival``: ``validation_gain``, ``test_gain`` (in
  the metric judged by) and ``share``, null where the validation gain is unknown or not above zero;
* ``rivals``, each candidate ``against`` every one behind it, laid out as comparisons;
* ``references``, plain classifiers laid out as arms, with the same run and metrics for each seed,
  and ``measured``, each arm ``against`` each of them, laid out as comparisons.

Differences are candidate minus baseline, as fractions (.01 is a point).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from rcnn_sweep.evidence.evidence import (
    BASELINE,
    VERDICTS,
    Arm,
    Asked,
    Comparison,
    Evidence,
    Judged,
    Look,
    Run,
)
from rcnn_sweep.evidence.statistics import (
    LEVEL,
    METRICS,
    Difference,
    Errors,
    Interval,
    McNemar,
    Scores,
)

SCHEMA = 2
READ = (1, SCHEMA)


class NotEvidence(ValueError):
    """A document is not what :func:`as_json` writes; the message says what is wrong."""


def as_json(evidence: Evidence) -> dict[str, Any]:
    """Give the evidence as the module describes it."""
    asked = evidence.asked
    return {
        "schema": SCHEMA,
        "study": asked.study,
        "study_run": asked.study_run,
        "refit_run": asked.refit_run,
        "data_sha256": asked.data_sha256,
        "labels": list(asked.labels),
        "test_texts": evidence.test_texts,
        "seeds": list(asked.seeds),
        "level": LEVEL,
        "simultaneous_level": evidence.level,
        "looks": [asdict(look) for look in evidence.looks],
        "look": evidence.look,
        "judged_by": asked.judged_by,
        "rule": evidence.rule,
        "sentence": evidence.sentence,
        "arms": [_arm_json(arm) for arm in evidence.arms],
        "comparisons": [_comparison_json(comparison) for comparison in evidence.comparisons],
        "references": [_arm_json(reference) for reference in evidence.references],
        "measured": [_comparison_json(comparison) for comparison in evidence.measured],
        "rivals": [_comparison_json(comparison) for comparison in evidence.rivals],
    }


def _arm_json(judged: Judged) -> dict[str, Any]:
    scores = {
        name: {"mean": _number(own.mean), "std": _number(own.std)}
        for name, own in judged.scores.items()
    }
    return {
        "name": judged.arm.name,
        "trial": judged.arm.trial,
        "changes": dict(judged.arm.changes),
        "validation": dict(judged.arm.validation),
        "runs": [{"seed": run.seed, "run_id": run.run_id, **run.metrics} for run in judged.runs],
        "missing": list(judged.missing),
        **({} if judged.arm.epochs is None else {"epochs": judged.arm.epochs}),
        **scores,
    }


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value


def _comparison_json(comparison: Comparison) -> dict[str, Any]:
    differences = comparison.differences or dict.fromkeys(METRICS)
    tests = zip(comparison.seeds, comparison.mcnemar, strict=True)
    return {
        "name": comparison.arm.name,
        "trial": comparison.arm.trial,
        "against": comparison.against,
        "seeds": list(comparison.seeds),
        "verdict": comparison.verdict,
        **{name: own and asdict(own) for name, own in differences.items()},
        "mcnemar": {
            "p": comparison.mcnemar_p,
            "p_corrected": comparison.mcnemar_p_corrected,
            "per_seed": [{"seed": seed, **asdict(test)} for seed, test in tests],
        }
        if comparison.differences
        else None,
        "survival": {
            "validation_gain": comparison.validation_gain,
            "test_gain": comparison.test_gain,
            "share": comparison.share,
        },
        "sentence": comparison.sentence,
    }


def from_json(document: object) -> Evidence:
    """Read what :func:`as_json` wrote; what can be computed (means, levels, shares) is.

    Raises :class:`NotEvidence` for anything else: another schema, a part that is missing or of
    another type, arms and comparisons that do not belong together.
    """
    if not isinstance(document, Mapping) or document.get("schema") not in READ:
        found = document.get("schema") if isinstance(document, Mapping) else type(document).__name__
        raise NotEvidence(f"evidence: expected schema 1 or {SCHEMA}; received {found}.")
    try:
        evidence = _read(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NotEvidence(
            f"evidence: expected a document as rcnn_sweep.evidence describes it; "
            f"{type(error).__name__}: {error}."
        ) from error
    names = [judged.arm.name for judged in evidence.arms]
    if names[1:] != [one["name"] for one in document["comparisons"]] or not names:
        raise NotEvidence("evidence: expected a baseline, and a comparison for each other arm.")
    if evidence.asked.judged_by not in METRICS:
        raise NotEvidence(
            f"evidence: expected judged_by of {', '.join(METRICS)}; "
            f"received {evidence.asked.judged_by}."
        )
    return evidence


def _read(document: Mapping[str, Any]) -> Evidence:
    asked = Asked(
        study=str(document["study"]),
        study_run=str(document["study_run"]),
        refit_run=str(document["refit_run"]),
        data_sha256=str(document["data_sha256"]),
        labels=tuple(map(str, document["labels"])),
        seeds=tuple(map(int, document["seeds"])),
        judged_by=str(document["judged_by"]),
    )
    arms = tuple(map(_judged, document["arms"]))
    compared = zip(arms[1:], document["comparisons"], strict=True)
    own = {judged.arm.name: judged.arm for judged in arms}

    def others(question: str) -> tuple[Comparison, ...]:
        return tuple(
            _comparison(own[str(given["name"])], given, asked.judged_by)
            for given in document.get(question, ())
        )

    return Evidence(
        asked,
        int(document["test_texts"]),
        arms,
        tuple(_comparison(judged.arm, given, asked.judged_by) for judged, given in compared),
        sentence=str(document["sentence"]),
        rule=str(document["rule"]),
        references=tuple(map(_judged, document.get("references", ()))),
        measured=others("measured"),
        rivals=others("rivals"),
        level=float(document["simultaneous_level"]),
        looks=_looks(document),
        look=int(document.get("look", 1)),
    )


def _looks(document: Mapping[str, Any]) -> tuple[Look, ...]:
    """Read the looks; an earlier version's document was itself the only one it knew of."""
    if document["schema"] == 1:
        compared = document["comparisons"]
        candidates = tuple(int(one["trial"]) for one in compared)
        pairs = sum(len(one["seeds"]) for one in compared)
        return (Look(len(document["seeds"]), candidates, pairs),)
    return tuple(
        Look(int(look["seeds"]), tuple(map(int, look["candidates"])), int(look["pairs"]))
        for look in document["looks"]
    )


def _judged(given: Mapping[str, Any]) -> Judged:
    arm = Arm(
        name=str(given["name"]),
        trial=int(given["trial"]),
        changes=dict(given["changes"]),
        validation={str(name): float(value) for name, value in given["validation"].items()},
        epochs=None if given.get("epochs") is None else int(given["epochs"]),
    )
    runs = tuple(
        Run(int(run["seed"]), str(run["run_id"]), {name: float(run[name]) for name in METRICS})
        for run in given["runs"]
    )
    scores = {name: Scores(tuple(run.metrics[name] for run in runs)) for name in METRICS}
    return Judged(arm, runs, tuple(map(int, given["missing"])), scores)


def _comparison(arm: Arm, given: Mapping[str, Any], judged_by: str) -> Comparison:
    tests, survival = given["mcnemar"], given["survival"]
    has_numbers = given[judged_by] is not None
    return Comparison(
        arm,
        validation_gain=_optional(survival["validation_gain"]),
        judged_by=judged_by,
        sentence=str(given["sentence"]),
        seeds=tuple(map(int, given["seeds"])),
        verdict=VERDICTS[VERDICTS.index(given["verdict"])],
        differences={n: _difference(given[n]) for n in METRICS} if has_numbers else None,
        mcnemar=tuple(map(_mcnemar, tests["per_seed"])) if has_numbers else (),
        mcnemar_p=float(tests["p"]) if has_numbers else None,
        mcnemar_p_corrected=_corrected(tests) if has_numbers else None,
        test_gain=_optional(survival["test_gain"]),
        against=str(given.get("against", BASELINE)),
    )


def _difference(given: Mapping[str, Any]) -> Difference:
    return Difference(
        per_seed=tuple(map(float, given["per_seed"])),
        mean=float(given["mean"]),
        std=float(given["std"]),
        interval=_interval(given["interval"]),
        simultaneous=_interval(given["simultaneous"]),
        p=float(given["p"]),
        p_corrected=_corrected(given),
        errors=None if given.get("errors") is None else _errors(given["errors"]),
        smallest=_optional(given.get("smallest")),
        seeds_needed=None if given.get("seeds_needed") is None else int(given["seeds_needed"]),
    )


def _corrected(given: Mapping[str, Any]) -> float:
    """Read a corrected p value, which earlier versions named after Holm's correction."""
    return float(given["p_corrected"] if "p_corrected" in given else given["p_holm"])


def _errors(given: Mapping[str, Any]) -> Errors:
    return Errors(int(given["seeds"]), float(given["from_seeds"]), float(given["from_texts"]))


def _interval(given: Sequence[Any]) -> Interval:
    low, high = given
    return float(low), float(high)


def _mcnemar(given: Mapping[str, Any]) -> McNemar:
    return McNemar(
        int(given["only_baseline"]),
        int(given["only_candidate"]),
        float(given["p"]),
        bool(given["is_exact"]),
    )


def _optional(value: Any) -> float | None:
    return None if value is None else float(value)
