"""The evidence as a document that other tools read.

``refit/evidence.json`` on the refit's MLflow run is :func:`as_json` of the evidence:

* ``schema`` 1; ``study``, ``refit_run`` and ``study_run`` (names and MLflow run ids);
  ``test_texts``, ``labels``, ``data_sha256``;
* ``seeds`` asked for (0, 1, ...), ``level`` (.95), ``simultaneous_level`` (1 - .05 / candidates),
  ``resamples``, ``judged_by`` (``accuracy`` or ``f1_macro``), ``rule`` and ``sentence`` in words;
* ``arms``, the baseline first: ``name`` (``baseline``, ``trial 7``), ``trial``, ``changes``
  (values that differ from the baseline's), ``validation`` (metrics the sweep saw, ``accuracy``
  and ``f1_macro``), ``runs`` (``seed``, ``run_id``, ``accuracy``, ``f1_macro``), ``missing``
  (seeds without a complete run), ``accuracy`` and ``f1_macro`` with ``mean`` and ``std``;
* ``comparisons``, one for each candidate in the arms' order: ``name``, ``trial``, ``seeds`` (the
  complete pairs), ``verdict`` (``better``, ``worse``, ``no evidence of a difference``, ``no
  verdict``), ``sentence``, and, null without a verdict: ``accuracy`` and ``f1_macro`` with
  ``mean``, ``std``, ``per_seed``, ``interval``, ``simultaneous``, ``t_interval`` (each ``[low,
  high]``), ``p`` and ``p_holm`` of :class:`rcnn_sweep.evidence.statistics.Difference`; ``mcnemar``
  with ``p``, ``p_holm`` and ``per_seed`` (``seed``, ``only_baseline``, ``only_candidate``, ``p``,
  ``is_exact``). ``survival``: ``validation_gain``, ``test_gain`` (in the metric judged by) and
  ``share``, null where the validation gain is unknown or not above zero.

Differences are candidate minus baseline, as fractions (.01 is a point).
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from rcnn_sweep.evidence.evidence import RULE, Comparison, Evidence, Judged, simultaneous_level
from rcnn_sweep.evidence.statistics import LEVEL, METRICS

SCHEMA = 1


def as_json(evidence: Evidence, sentence: str, sentences: Sequence[str]) -> dict[str, Any]:
    """Give the evidence as the module describes it; ``sentences`` are the comparisons'."""
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
        "simultaneous_level": simultaneous_level(len(evidence.comparisons)),
        "resamples": asked.resamples,
        "judged_by": asked.judged_by,
        "rule": RULE,
        "sentence": sentence,
        "arms": [_arm_json(arm) for arm in evidence.arms],
        "comparisons": [
            {**_comparison_json(comparison), "sentence": own}
            for comparison, own in zip(evidence.comparisons, sentences, strict=True)
        ],
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
        "seeds": list(comparison.seeds),
        "verdict": comparison.verdict,
        **{name: own and asdict(own) for name, own in differences.items()},
        "mcnemar": {
            "p": comparison.mcnemar_p,
            "p_holm": comparison.mcnemar_p_holm,
            "per_seed": [{"seed": seed, **asdict(test)} for seed, test in tests],
        }
        if comparison.differences
        else None,
        "survival": {
            "validation_gain": comparison.validation_gain,
            "test_gain": comparison.test_gain,
            "share": comparison.share,
        },
    }
