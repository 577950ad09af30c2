"""Sweeps of the real network as users call them: small tables, real processes, both stores."""

import re
import shlex
import signal
import subprocess
import time
from pathlib import Path

import optuna
import pytest
from omegaconf import OmegaConf
from small import command_line, environment, table_rows, write_table

from rcnn_sweep.application.study import RecordedStudy
from rcnn_sweep.config import Config

SMALL = [
    *("data=table", "data.path=reviews.csv", "data.maxlen=12", "embedding.output_dim=4"),
    *("conv.filters=4", "conv.kernel_size=3", "lstm.units=4", "training.epochs=2"),
    *("training.batch_size=16", "training.learning_rate=0.01", "hydra.sweeper.study_name=small"),
]


def runs(folder: Path, kind: str) -> list:
    import mlflow

    client = mlflow.MlflowClient(f"sqlite:///{folder}/mlflow.db")
    found = client.get_experiment_by_name("rcnn_sweep")
    wanted = f"tags.`rcnn_sweep.kind` = '{kind}'"
    return [] if found is None else client.search_runs([found.experiment_id], wanted)


def study_of(folder: Path, name: str = "small") -> optuna.Study:
    return optuna.load_study(study_name=name, storage=f"sqlite:///{folder}/studies.db")


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder and the output of one complete sweep of four trials by two workers."""
    folder = tmp_path_factory.mktemp("sweep")
    write_table(folder / "reviews.csv", table_rows(200))
    words = ["-m", *SMALL, "hydra.sweeper.n_trials=4", "hydra.sweeper.workers=2"]
    done = subprocess.run(
        command_line(*words),
        cwd=folder,
        env=environment(folder / "cache"),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return folder, done.stdout


@pytest.mark.slow
def test_every_trial_is_a_child_run_and_both_stores_name_each_other(
    swept: tuple[Path, str],
) -> None:
    folder, _ = swept
    [parent] = runs(folder, "study")
    children = {run.info.run_id: run for run in runs(folder, "trial")}
    trials = study_of(folder).trials
    assert len(trials) == 4
    assert parent.info.status == "FINISHED"
    for trial in trials:
        run = children[trial.user_attrs["mlflow_run_id"]]
        assert run.data.tags["mlflow.parentRunId"] == parent.info.run_id
        assert run.data.tags["rcnn_sweep.study"] == "small"
        assert run.data.tags["rcnn_sweep.trial"] == str(trial.number)
        assert run.data.params["conv.filters"] == str(trial.params["conv.filters"])
        assert run.data.params["training.seed"] == str(trial.user_attrs["seed"])
        if trial.state is optuna.trial.TrialState.COMPLETE:
            assert run.info.status == "FINISHED"
            assert run.data.metrics["val_accuracy"] == pytest.approx(trial.value)
        assert len(trial.intermediate_values) >= 1


def test_the_baseline_is_trial_0_and_the_space_is_around_it(swept: tuple[Path, str]) -> None:
    trials = study_of(swept[0]).trials
    assert trials[0].params == {"conv.filters": 4, "conv.kernel_size": 3, "lstm.units": 4}
    low_high = {k: (d.low, d.high) for k, d in trials[1].distributions.items()}
    assert low_high == {"conv.filters": (2, 8), "conv.kernel_size": (1, 5), "lstm.units": (2, 8)}


def test_no_trial_reads_the_test_split(swept: tuple[Path, str]) -> None:
    for run in runs(swept[0], "trial"):
        assert run.data.params["data.validation"] == "holdout"
        assert not [name for name in run.data.metrics if name.startswith("test_")]


def test_each_trial_has_a_hydra_directory_of_its_own(swept: tuple[Path, str]) -> None:
    for trial in study_of(swept[0]).trials:
        overrides = swept[0] / "multirun" / "small" / str(trial.number) / ".hydra/overrides.yaml"
        assert f"conv.filters={trial.params['conv.filters']}" in overrides.read_text()


def test_the_parent_run_holds_the_results(swept: tuple[Path, str]) -> None:
    folder, output = swept
    [parent] = runs(folder, "study")
    results = Path(parent.info.artifact_uri) / "sweep"
    assert {"best.yaml", "trials.csv", "plots", "report.html"} <= {
        path.name for path in results.iterdir()
    }
    assert len((results / "trials.csv").read_text().splitlines()) == 5
    plots = {path.name for path in (results / "plots").iterdir()}
    assert {path.rpartition(".")[2] for path in plots} == {"html", "png"}
    assert parent.data.metrics["best_val_accuracy"] == pytest.approx(study_of(folder).best_value)
    assert parent.data.params["space.conv.filters"]
    assert parent.data.tags["rcnn_sweep.n_trials"] == "4"
    assert "nothing beat the baseline, trial 0: val_accuracy=1" in output
    assert "best:      " not in output
    assert parent.data.tags["mlflow.note.content"].startswith("**Nothing beat the baseline")


def test_the_metrics_a_sweep_may_name_are_those_that_trials_record(
    swept: tuple[Path, str],
) -> None:
    import mlflow

    [complete, *_] = [run for run in runs(swept[0], "trial") if run.info.status == "FINISHED"]
    names = RecordedStudy(OmegaConf.structured(Config())).metric_names()
    assert set(complete.data.metrics) == {*names.each_step, *names.at_end}
    client = mlflow.MlflowClient(f"sqlite:///{swept[0]}/mlflow.db")
    steps = {m: len(client.get_metric_history(complete.info.run_id, m)) for m in names.each_step}
    assert set(steps.values()) == {2}


def test_the_best_config_runs_at_once(swept: tuple[Path, str], command) -> None:
    folder, _ = swept
    [parent] = runs(folder, "study")
    told = (Path(parent.info.artifact_uri) / "sweep" / "best.yaml").read_text()
    assert "path: reviews.csv" in told, "as the user typed it"
    (line,) = re.findall(r"# (python -m rcnn_sweep .*)", told)
    done = command(*shlex.split(line)[3:], "--cfg", "job", cwd=folder)
    assert done.returncode == 0, done.stderr
    trial = OmegaConf.create(done.stdout)
    ran = folder / "multirun" / "small" / str(study_of(folder).best_trial.number)
    recorded = OmegaConf.load(ran / ".hydra" / "config.yaml")
    assert trial.data.validation == "holdout" and recorded.data.pop("path")
    assert trial.data.pop("path") == "reviews.csv" and trial == recorded
    there = ("--config-dir", str(Path(parent.info.artifact_uri)), "+sweep=best", "--cfg", "job")
    done = command(*there, cwd=folder)
    assert done.returncode == 0, done.stderr
    single = OmegaConf.create(done.stdout)
    assert (single.data.path, single.data.validation) == ("reviews.csv", "test")
    for group in ("embedding", "conv", "pool", "lstm", "training"):
        assert single[group] == trial[group]


@pytest.mark.slow
def test_the_same_command_again_finds_nothing_left_to_do(swept: tuple[Path, str], command) -> None:
    folder, _ = swept
    before = study_of(folder).trials
    done = command("-m", *SMALL, "hydra.sweeper.n_trials=4", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert study_of(folder).trials == before
    assert len(runs(folder, "study")) == 1
    assert runs(folder, "study")[0].info.status == "FINISHED"


@pytest.mark.slow
def test_another_config_under_the_same_name_is_refused_with_a_diff(
    swept: tuple[Path, str], command
) -> None:
    done = command("-m", *SMALL, "training.epochs=3", cwd=swept[0])
    assert done.returncode == 2
    assert "training.epochs: 2 -> 3" in done.stderr
    assert "hydra.sweeper.study_name=" in done.stderr


@pytest.mark.slow
def test_a_study_whose_record_is_elsewhere_is_not_resumed(swept: tuple[Path, str], command) -> None:
    store = "tracking.uri=sqlite:///another.db"
    done = command("-m", *SMALL, "hydra.sweeper.n_trials=5", store, cwd=swept[0])
    assert done.returncode == 2
    assert "MLFLOW_TRACKING_URI" in done.stderr
    assert len(study_of(swept[0]).trials) == 4


@pytest.mark.slow
def test_other_data_under_the_same_name_is_refused(swept: tuple[Path, str], command) -> None:
    folder, _ = swept
    write_table(folder / "other.csv", table_rows(100))
    done = command("-m", *SMALL, "data.path=other.csv", cwd=folder)
    assert done.returncode == 2
    assert "sha256" in done.stderr


def test_a_dry_run_tells_the_plan_and_leaves_nothing(tmp_path: Path, command) -> None:
    write_table(tmp_path / "reviews.csv", table_rows(200))
    more = ["conv.filters=8,16", "conv.kernel_size=1,3,13", "hydra.sweeper.dry_run=true"]
    done = command("-m", *SMALL, *more)
    assert done.returncode == 0, done.stderr
    assert "4 in all" in done.stdout, "kernel 13 on 12 steps is impossible"
    assert "conv.kernel_size" in done.stdout
    assert not (tmp_path / "studies.db").exists()
    assert not (tmp_path / "mlflow.db").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("override", "answer"),
    [
        ("data.validation=test", "expected holdout in a sweep"),
        ("search=around_baselin", "Did you mean around_baseline?"),
        ("hydra.sweeper.n_trails=3", "hydra.sweeper.n_trails"),
        ("conv.filters=choice(0,-1)", "conv.filters"),
        ("data.path=nowhere.csv", "nowhere.csv"),
        ("hydra.sweeper.sampler.name=tpee", "tpe"),
        ("hydra.sweeper.metric=val_acuracy", "Did you mean val_accuracy?"),
        ("hydra/launcher=joblib", "hydra.sweeper.workers=N starts local processes"),
    ],
)
def test_a_mistake_ends_a_sweep_before_it_begins(
    tmp_path: Path, command, override: str, answer: str
) -> None:
    write_table(tmp_path / "reviews.csv", table_rows(200))
    done = command("-m", *SMALL, override)
    assert done.returncode == 2, done.stdout + done.stderr
    assert answer in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "mlflow.db").exists()
    assert not (tmp_path / "studies.db").exists()


@pytest.mark.slow
def test_a_failing_configuration_is_failed_in_both_stores(tmp_path: Path, command) -> None:
    write_table(tmp_path / "reviews.csv", table_rows(200))
    grid = ["training.learning_rate=0.01,1e38", "training.optimizer=sgd"]
    done = command("-m", *SMALL, *grid, "hydra.sweeper.workers=1")
    assert done.returncode == 0, done.stderr
    states = {t.params["training.learning_rate"]: t for t in study_of(tmp_path).trials}
    assert states[0.01].state is optuna.trial.TrialState.COMPLETE
    failed = states[1e38]
    assert failed.state is optuna.trial.TrialState.FAIL
    assert "nan" in failed.user_attrs["reason"]
    [run] = [r for r in runs(tmp_path, "trial") if r.info.status == "FAILED"]
    assert run.info.run_id == failed.user_attrs["mlflow_run_id"]
    assert "nan" in run.data.tags["rcnn_sweep.reason"]


@pytest.mark.slow
def test_a_sweep_without_imdb_settles_once_and_every_record_says_so(
    workplace: Path, command
) -> None:
    small = ["experiment=smoke", "data.train_limit=200", "data.url=http://127.0.0.1:9/imdb.npz"]
    done = command("-m", *small, "hydra.sweeper.n_trials=2", cwd=workplace)
    if "snippets (" in done.stderr:
        pytest.skip("pip cannot reach an index")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Going on with data=snippets") == 1
    records = [*runs(workplace, "study"), *runs(workplace, "trial")]
    assert len(records) == 3
    assert all("refused" in run.data.tags["rcnn_sweep.data_fallback"] for run in records)
    assert {run.data.params["data.name"] for run in runs(workplace, "trial")} == {"snippets"}
    [best] = workplace.glob("multirun/*/sweep/best.yaml")
    assert OmegaConf.load(best).data.unavailable is None
    assert "# Settled for the sweep: data.unavailable=" in best.read_text()


@pytest.mark.slow
def test_a_dry_run_says_what_hangs_on_data_that_is_not_here(tmp_path: Path, command) -> None:
    done = command("-m", "hydra.sweeper.dry_run=true", KERAS_HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "unknown    whether IMDB can be had" in done.stdout
    assert "else data=snippets, in a study of another name" in done.stdout
    assert "sampler    tpe, pruner percentile" in done.stdout
    assert "the best 3 and the baseline are run again in the last 8 trials" in done.stdout


@pytest.mark.slow
def test_ctrl_c_marks_the_running_trials_and_the_same_command_resumes(
    workplace: Path, command
) -> None:
    write_table(workplace / "reviews.csv", table_rows(200))
    words = ["-m", *SMALL, "training.epochs=20", "hydra.sweeper.pruner.name=none"]
    words += ["hydra.sweeper.n_trials=3", "hydra.sweeper.workers=2"]
    process = subprocess.Popen(
        command_line(*words), cwd=workplace, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 120
    while not [r for r in runs(workplace, "trial") if "val_accuracy" in r.data.metrics]:
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert b"resume" in output
    assert b"Traceback" not in errors
    assert {run.info.status for run in runs(workplace, "study")} == {"KILLED"}
    assert "RUNNING" not in {run.info.status for run in runs(workplace, "trial")}
    done = command(*words, cwd=workplace)
    assert done.returncode == 0, done.stderr
    complete = [t for t in study_of(workplace).trials if t.state.name == "COMPLETE"]
    assert len(complete) == 3
    assert {run.info.status for run in runs(workplace, "study")} == {"FINISHED"}


def test_studies_lists_them_with_the_command_that_resumes(
    swept: tuple[Path, str], command, tmp_path: Path
) -> None:
    done = command("studies", cwd=swept[0])
    assert done.returncode == 0, done.stderr
    assert "small: 4 complete" in done.stdout
    assert "resume: python -m rcnn_sweep -m" in done.stdout
    nothing = command("studies", cwd=tmp_path)
    assert nothing.returncode == 2
    assert "--storage" in nothing.stderr
    assert not (tmp_path / "studies.db").exists()
