"""Where the numbers come from: data, code, machine, and the command that repeats each row."""

from collections.abc import Mapping
from dataclasses import dataclass

from rcnn_sweep.format import NONE, date, plain
from rcnn_sweep.names import Tag
from rcnn_sweep.process import command, typable, without_password
from rcnn_sweep.report.facts import StudyFacts
from rcnn_sweep.report.tables import Cell, Row, number, row, text
from rcnn_sweep.tracking import RunSnapshot, run_page


@dataclass(frozen=True)
class Provenance:
    """``pairs`` are names, values and links; ``command`` started the study and resumes it."""

    pairs: tuple[tuple[str, str, str], ...]
    versions: str
    command: str
    head: tuple[str, ...]
    rows: tuple[Row, ...]
    caption: str


TRAINING = {
    "texts padded": "training.bucket_width",
    "epoch kept": "training.keep",
    "training stopped": "training.patience",
    "learning rate": "training.schedule",
    "weights": "training.ema",
    "gradients": "training.clipnorm",
    "targets": "training.label_smoothing",
    "classes": "training.class_weights",
}
"""The key of each line about training, in which trials may differ."""


def provenance_of(facts: StudyFacts) -> Provenance:
    """Give the section; every study has one."""
    return Provenance(
        tuple(_pairs(facts)),
        _versions(facts),
        typable(without_password(facts.study.command)),
        ("trial", "seed", "command that reproduces it"),
        tuple(_reproduction(facts)),
        "From a row back to its run",
    )


def _pairs(facts: StudyFacts) -> list[tuple[str, str, str]]:
    """Give names and values, a run's with a link to it; what is not known is left out."""
    study, runs = facts.study, list(facts.runs.values())
    parent = facts.parent
    rows = [
        ("study", study.name),
        ("storage", study.storage),
        ("directory", study.directory),
        ("MLflow run of the study", parent and parent.run_id),
        ("MLflow run of its refit", facts.refit and facts.refit.run_id),
        ("data", _data(facts)),
        *_protocol(facts),
        ("data SHA-256", ", ".join(_tags(runs, Tag.DATA_SHA256))),
        ("used instead of IMDB because", ", ".join(_tags(runs, Tag.DATA_FALLBACK))),
        ("code revision", ", ".join(_revisions([parent, *runs] if parent else runs))),
        ("device", ", ".join(_tags(runs, Tag.DEVICE))),
        ("machine", _machine(facts.environment)),
        ("seed of the study", study.record.get("seed")),
        (
            "first trial started",
            date(min(filter(None, (t.started for t in study.trials)), default=None)),
        ),
    ]
    links = {parent.run_id: facts.page_of(parent)} if parent else {}
    if parent and facts.refit:
        refit = facts.refit.run_id
        links[refit] = run_page(facts.store, parent.experiment_id, refit) if facts.store else ""
    known = [(name, plain(value)) for name, value in rows if value not in (None, "", NONE)]
    return [(name, value, links.get(value, "")) for name, value in known]


def _data(facts: StudyFacts) -> str:
    shown = {
        key: value for key, value in facts.data.items() if key != "sha256" and value is not None
    }
    paths = {run.params.get("data.path", "") for run in facts.runs.values()} - {"", "None"}
    told = ", ".join(f"{key}={facts.across(f'data.{key}', value)}" for key, value in shown.items())
    return f"{told}; file {', '.join(sorted(paths))}" if paths else told


def _protocol(facts: StudyFacts) -> list[tuple[str, str]]:
    """Say how texts are padded and which epoch counts, where that is not the baseline's way."""
    config = facts.study.record.get("config", {})
    given = config.get("training") if isinstance(config, Mapping) else None
    training = given if isinstance(given, Mapping) else {}
    width, patience = training.get("bucket_width"), training.get("patience")
    monitor, is_best = training.get("monitor"), training.get("keep") == "best"
    rows = [
        ("texts padded", f"to multiples of {width} ids (training.bucket_width)" if width else ""),
        ("epoch kept", f"the best by {monitor} (training.keep)" if is_best else ""),
        (
            "training stopped",
            f"after {patience} epochs without a better {monitor} (training.patience)"
            if patience
            else "",
        ),
        *_options(training),
    ]
    varied = {name: key for name, key in TRAINING.items() if len(facts.values(key)) > 1}
    return [
        (name, f"as the trial has it ({varied[name]})" if name in varied else told)
        for name, told in rows
    ]


def _options(training: Mapping[str, object]) -> list[tuple[str, str]]:
    """Say what else is not the baseline's way of training."""
    told = {
        "learning rate": ("schedule", "constant", "{} schedule (training.schedule)"),
        "weights": ("ema", None, "averaged with a momentum of {} (training.ema)"),
        "gradients": ("clipnorm", None, "of a norm of {} at most (training.clipnorm)"),
        "targets": ("label_smoothing", 0.0, "smoothed by {} (training.label_smoothing)"),
        "classes": ("class_weights", None, "{} weights in training (training.class_weights)"),
    }
    return [
        (name, "" if training.get(key, default) == default else text.format(training[key]))
        for name, (key, default, text) in told.items()
    ]


def _tags(runs: list[RunSnapshot], key: str) -> list[str]:
    return sorted({run.tags[key] for run in runs if key in run.tags})


def _revisions(runs: list[RunSnapshot]) -> list[str]:
    found = set()
    for run in runs:
        commit = run.tags.get(Tag.GIT_COMMIT)
        dirty = " with uncommitted changes" * (run.tags.get(Tag.GIT_DIRTY) == "true")
        version = f"rcnn_sweep {run.tags.get(Tag.VERSION, '?')}"
        found.add(f"{version}, commit {commit}{dirty}" if commit else version)
    return sorted(found)


def _machine(environment: Mapping[str, object]) -> str:
    names = ("processor", "cpus", "threads", "system", "python")
    return ", ".join(f"{n} {environment[n]}" for n in names if environment.get(n))


def _versions(facts: StudyFacts) -> str:
    """Give the versions of the packages in a line, empty where none are recorded."""
    packages = facts.environment.get("packages")
    if not isinstance(packages, Mapping):
        return ""
    return "Packages: " + ", ".join(f"{name} {version}" for name, version in packages.items()) + "."


def _reproduction(facts: StudyFacts) -> list[Row]:
    """Give a row for each trial with a run of its own: the command that repeats it."""
    own = [t for t in facts.excerpt.trials if t.duplicate_of is None and t.number in facts.runs]
    return [
        row(
            [
                number(trial.number, str(trial.number), facts.page_of(facts.runs[trial.number])),
                text(facts.runs[trial.number].params.get("training.seed", trial.seed), ""),
                Cell(command("reproduce", facts.runs[trial.number].run_id), kind="code words"),
            ],
            key=str(trial.number),
        )
        for trial in own
    ]
