"""Studies made by hand in both stores, so that a report has something to say within a second."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import optuna
from omegaconf import OmegaConf
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

from rcnn_sweep.config import Config, as_dict, flat
from rcnn_sweep.data import TableConfig
from rcnn_sweep.sweep.ownership import claim
from rcnn_sweep.tracking import Store, tracking_uri

STATES = {
    "complete": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "failed": TrialState.FAIL,
    "running": TrialState.RUNNING,
    "waiting": TrialState.WAITING,
}
LABELS = ["bad", "good"]
RANKING = {
    "positive": "good",
    "roc_auc": 0.75,
    "average_precision": 0.83,
    "classes": [
        {
            **{"name": "good", "texts": 2, "share": 0.5, "roc_auc": 0.75},
            "average_precision": 0.83,
            "roc": {
                "false_positive_rate": [0.0, 0.0, 0.5, 0.5, 1.0],
                "true_positive_rate": [0.0, 0.5, 0.5, 1.0, 1.0],
            },
            "precision_recall": {
                "recall": [0.0, 0.5, 0.5, 1.0, 1.0],
                "precision": [1.0, 1.0, 0.5, 0.66667, 0.5],
            },
        }
    ],
    "micro": None,
    "left_out": [],
}
"""What a run records of four texts, of which the second surest is no good one."""
SPACE = {
    "conv.filters": "whole number from 4 to 64 (log scale)",
    "training.learning_rate": "number from 0.001 to 0.1",
}


def trial(filters: int, *values: float, state: str = "complete", **attrs: Any) -> dict[str, Any]:
    """One trial to be put into a study: its last steps end at its first value."""
    steps = {1: values[0] - 0.1, 2: values[0]} if values else {}
    return {
        "params": {"conv.filters": filters, "training.learning_rate": 0.01},
        "values": list(values),
        "steps": {1: values[0]} if state == "pruned" else steps,
        "state": state,
        "attrs": attrs,
    }


class Made:
    """A folder with ``studies.db`` and ``mlflow.db`` in it, and studies in both."""

    def __init__(self, folder: Path, data: Path) -> None:
        self.folder, self.data = folder, data
        self.url = f"sqlite:///{folder}/studies.db"
        self.store = Store(tracking_uri(None), "rcnn_sweep")

    def study(
        self,
        name: str,
        trials: Sequence[Mapping[str, Any]],
        *,
        metrics: Sequence[str] = ("val_accuracy",),
        directions: Sequence[str] = ("maximize",),
        recorded: bool = True,
        **data: Any,
    ) -> str | None:
        """Make a study; gives the MLflow run of it, None unless it is ``recorded``."""
        study = optuna.create_study(storage=self.url, study_name=name, directions=directions)
        config = self.config(**data)
        given = as_dict(config)
        del given["tracking"]
        record = {"space": SPACE, "metric": list(metrics), "seed": 0, "config": given}
        study.set_user_attr("record", record)
        study.set_user_attr("command", "python -m rcnn_sweep -m")
        study.set_user_attr("directory", str(self.folder / "multirun" / "made"))
        study.set_user_attr("identity", "made here")
        claim(self.folder / "multirun" / "made", "made here", name, self.url)
        run_id = None
        if recorded:
            parent = self.store.start("study", name=name, tags={"rcnn_sweep.study": name})
            run_id = parent.run_id
            study.set_user_attr("parent", {"run_id": run_id})
        if trials:
            study.set_user_attr("baseline", trials[0]["params"])
        for number, given_trial in enumerate(trials):
            attrs = dict(given_trial["attrs"])
            if recorded and given_trial["steps"]:
                attrs["mlflow_run_id"] = self._run(run_id, name, number, given_trial, config)
            study.add_trial(_frozen(given_trial, {"slot": number, **attrs}))
        return run_id

    def config(self, **data: Any) -> Config:
        """The base config: the table, a fifth of it held out."""
        config = Config(data=TableConfig(path=str(self.data), validation="holdout", **data))
        config.tracking.experiment = "rcnn_sweep"
        return config

    def _run(
        self, parent: str | None, study: str, number: int, given: Mapping[str, Any], config: Config
    ) -> str:
        tags = {"rcnn_sweep.study": study, "rcnn_sweep.trial": str(number)}
        writer = self.store.start("trial", name=f"{number}: {study}", tags=tags, parent=parent)
        from rcnn_sweep.data import expected_sha256

        writer.tags({"rcnn_sweep.data_sha256": expected_sha256(config.data)})
        writer.params({**flat(config), **given["params"]})
        writer.text("config/resolved.yaml", OmegaConf.to_yaml(OmegaConf.structured(config)))
        for step, value in given["steps"].items():
            curves = {"val_accuracy": value, "val_loss": 1 - value}
            curves |= {"train_accuracy": value + 0.05, "train_loss": 0.9 - value}
            writer.metrics(curves, step=step)
        if given["state"] == "complete":
            right = round(20 * given["values"][0])
            matrix = [[right, 20 - right], [20 - right, right]]
            writer.json("evaluation/confusion_matrix.json", {"labels": LABELS, "matrix": matrix})
            writer.json("evaluation/ranking.json", RANKING)
            writer.metrics({"val_f1_macro": given["values"][0], "fit_seconds": 3.0})
            writer.complete()
        else:
            writer.pruned("behind")
        return writer.run_id

    def refit(self, study: str, study_run: str, runs: Sequence[str]) -> str:
        """Record a refit's evidence, with ``runs`` as the seed 0 of baseline and candidate."""
        tags = {"rcnn_sweep.study": study, "rcnn_sweep.study_run": study_run}
        writer = self.store.start("refit", name=f"{study}-refit", tags=tags)
        writer.json("refit/evidence.json", evidence(study, study_run, runs))
        writer.complete()
        return writer.run_id


def evidence(study: str, study_run: str, runs: Sequence[str]) -> dict[str, Any]:
    """What a refit with one candidate and two seeds writes."""
    arms = [
        {
            "name": name,
            "trial": place,
            "changes": {"conv.filters": 9} if place else {},
            "validation": {"accuracy": 0.8, "f1_macro": 0.8},
            "runs": [{"seed": 0, "run_id": run, "accuracy": 0.7, "f1_macro": 0.7}],
            "missing": [],
            **{m: {"mean": 0.7 + place / 10, "std": 0.01} for m in ("accuracy", "f1_macro")},
        }
        for place, (name, run) in enumerate(zip(("baseline", "trial 1"), runs, strict=True))
    ]
    difference = {
        **{"mean": 0.1, "std": 0.01, "per_seed": [0.09, 0.11], "p": 0.01, "p_holm": 0.01},
        **{"interval": [0.05, 0.15], "simultaneous": [0.04, 0.16], "t_interval": [0.0, 0.2]},
    }
    counts = {"only_baseline": 1, "only_candidate": 5, "p": 0.2, "is_exact": True}
    mcnemar = [{"seed": seed, **counts} for seed in (0, 1)]
    return {
        "schema": 1,
        **{"study": study, "study_run": study_run, "refit_run": "a refit", "data_sha256": "aa"},
        **{"test_texts": 40, "labels": LABELS, "level": 0.95, "simultaneous_level": 0.95},
        **{"seeds": [0, 1], "judged_by": "accuracy", "rule": "The rule.", "arms": arms},
        "resamples": 2000,
        "sentence": "Trial 1 is better than the baseline.",
        "comparisons": [
            {
                **{"name": "trial 1", "trial": 1, "seeds": [0, 1], "verdict": "better"},
                **{"accuracy": difference, "f1_macro": difference, "sentence": "Better."},
                "mcnemar": {"p": 0.01, "p_holm": 0.01, "per_seed": mcnemar},
                "survival": {"validation_gain": 0.1, "test_gain": 0.1, "share": 1.0},
            }
        ],
    }


def _frozen(given: Mapping[str, Any], attrs: Mapping[str, Any]) -> optuna.trial.FrozenTrial:
    state = STATES[given["state"]]
    values = given["values"] if state is TrialState.COMPLETE else []
    steps = given["steps"]
    if state is TrialState.PRUNED and steps:
        values = [list(steps.values())[-1]]
    waits = state is TrialState.WAITING
    space = {
        "conv.filters": IntDistribution(1, 1000, log=True),
        "training.learning_rate": FloatDistribution(0.001, 0.1),
    }
    return create_trial(
        state=state,
        values=values or None,
        params={} if waits else given["params"],
        distributions={} if waits else space,
        intermediate_values=steps,
        user_attrs=json.loads(json.dumps(attrs)),
    )
