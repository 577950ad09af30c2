"""What ``import rcnn_sweep`` gives: the command line's work from Python, in any thread."""

import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mlflow
import pandas as pd
import pytest
from small import SMALL_NETWORK, command_line

import rcnn_sweep
from rcnn_sweep.api import with_default_search
from rcnn_sweep.api.studies import _columns

FAST = (*SMALL_NETWORK, "training.epochs=1")


def in_a_thread(work: Callable[[], Any]) -> Any:
    """Do ``work`` as a notebook's server may: not in the main thread."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(work())
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if isinstance(found[0], BaseException):
        raise found[0]
    return found[0]


@pytest.fixture
def data(workplace: Path, table: Path) -> tuple[str, ...]:
    return ("data=table", f"data.path='{table}'", *FAST)


def test_importing_is_quick_and_typed() -> None:
    code = (
        "import sys, rcnn_sweep\n"
        "assert {'compose', 'train', 'search', 'load_study', 'load_model'} <= {*dir(rcnn_sweep)}\n"
        "heavy = {'tensorflow', 'keras', 'mlflow', 'optuna', 'pandas', 'hydra', 'numpy'}\n"
        "assert not heavy & {*sys.modules}, heavy & {*sys.modules}\n"
        "rcnn_sweep.compose('data=snippets')\n"
        "heavy -= {'hydra', 'numpy'}\n"
        "assert not heavy & {*sys.modules}, heavy & {*sys.modules}\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert (Path(rcnn_sweep.__file__).parent / "py.typed").is_file()
    with pytest.raises(AttributeError, match="nothing"):
        _ = rcnn_sweep.nothing


def test_compose_gives_the_typed_config_of_the_command_line() -> None:
    config = rcnn_sweep.compose("experiment=smoke", "conv=strided", "lstm.units=9")
    assert (config.conv.strides, config.conv.filters, config.lstm.units) == (2, 16, 9)
    assert isinstance(config, rcnn_sweep.Config)
    assert in_a_thread(lambda: rcnn_sweep.compose("data=snippets")).data.maxlen == 64


@pytest.mark.parametrize(
    ("words", "added"),
    [
        ([], ["search=around_baseline"]),
        (["-m", "hydra.sweeper.enqueue=[{lstm.units: 2}]"], ["search=around_baseline"]),
        (["conv.filters=3,4"], ["search=protocol"]),
        (["data=table", "lstm.units=int(interval(3,9))"], ["search=protocol"]),
        (["search=wide", "conv.filters=3,4"], []),
    ],
)  # fmt: skip
def test_a_space_of_the_commands_own_takes_no_searchs(words: list[str], added: list[str]) -> None:
    assert with_default_search(words) == [*words, *added]


def test_whatever_spans_the_space_trials_are_judged_alike() -> None:
    default, own = (
        rcnn_sweep.compose(f"search={name}") for name in ("around_baseline", "protocol")
    )
    assert default == own
    assert own.data.validation == "holdout"


@pytest.mark.parametrize(
    ("override", "answer"),
    [
        ("conv.filtrs=3", "Did you mean conv.filters"),
        ("conv.filters=many", "expected a whole number"),
        ("data=imbd", "Did you mean imdb"),
        ("conv.kernel_size=401", "400 - 401 [+] 1 = 0 steps"),
    ],
)
def test_a_mistake_raises_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, override: str, answer: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for call in (rcnn_sweep.train, rcnn_sweep.search):
        with pytest.raises(rcnn_sweep.UserError, match=answer):
            call(override)
    assert list(tmp_path.iterdir()) == []


def test_hydra_is_left_as_it_was() -> None:
    import hydra
    from hydra.core.global_hydra import GlobalHydra

    folder = str(Path(__file__).parents[1] / "sweep" / "apps" / "conf")
    with hydra.initialize_config_dir(folder, version_base="1.3"):
        mine = GlobalHydra.instance().hydra
        rcnn_sweep.compose("data=snippets")
        assert GlobalHydra.instance().hydra is mine
        assert "x" in hydra.compose("toy")
    assert not GlobalHydra.instance().is_initialized()


@pytest.mark.slow
def test_train_in_a_thread_does_what_the_command_does(data: tuple[str, ...]) -> None:
    run = in_a_thread(lambda: rcnn_sweep.train(*data))
    recorded = mlflow.MlflowClient("sqlite:///mlflow.db").get_run(run.run_id)
    assert recorded.info.status == "FINISHED"
    assert recorded.data.metrics["test_accuracy"] == run.metrics["test_accuracy"]
    assert run.config.conv.filters == 8 and run.config.data.path is not None
    done = subprocess.run(command_line(*data), capture_output=True, text=True, check=True)
    again = re.search(r"Run (\w{32})", done.stdout)
    assert again is not None
    other = mlflow.MlflowClient("sqlite:///mlflow.db").get_run(again[1]).data.metrics
    assert {k: v for k, v in other.items() if not k.endswith("seconds")} == {
        k: v for k, v in run.metrics.items() if not k.endswith("seconds")
    }


@pytest.mark.slow
def test_a_runs_model_tells_every_class(data: tuple[str, ...]) -> None:
    model = rcnn_sweep.train(*data).model()
    texts = ["a wonderful film with warm scenes", "a dreadful film with cold scenes"]
    answers = model.predict(texts)
    assert list(answers.columns) == ["label", "probability", "bad", "good"]
    assert answers[["bad", "good"]].sum(axis=1).tolist() == pytest.approx([1.0, 1.0])
    for row in answers.to_dict("records"):
        assert row["probability"] == pytest.approx(max(row["bad"], row["good"]))
        assert row["label"] == max(("bad", "good"), key=row.__getitem__)
    told = model.answer(texts)
    assert told[:2] == (answers["label"].tolist(), answers["probability"].tolist())
    assert told.classes == [tuple(row) for row in answers[["bad", "good"]].to_numpy().tolist()]
    assert model.predict([]).empty
    with pytest.raises(rcnn_sweep.UserError, match="expected texts; received 3 in place 0"):
        model.predict([3])  # type: ignore[list-item]


@pytest.mark.slow
def test_search_in_a_thread_is_resumed_by_the_same_call(data: tuple[str, ...]) -> None:
    def look(n_trials: int, workers: int) -> rcnn_sweep.Study:
        options = {"study_name": "it's", "sampler": "random", "pruner": "none"}
        return rcnn_sweep.search(*data, n_trials=n_trials, workers=workers, **options)

    first = in_a_thread(lambda: look(2, workers=2)).trials()
    study = in_a_thread(lambda: look(3, workers=1))
    trials = study.trials()
    assert isinstance(trials, pd.DataFrame)
    assert trials["number"].tolist() == [0, 1, 2] and set(trials["state"]) == {"complete"}
    pd.testing.assert_frame_equal(first, trials.iloc[:2], check_dtype=False)
    best = trials.loc[trials["val_accuracy"].idxmax()]
    assert study.best_value == best["val_accuracy"]
    assert study.best_params == {key: best[key] for key in study.best_params}
    assert study.best_config.conv.filters == study.best_params["conv.filters"]
    assert study.best_config.data.validation == "holdout"
    page = study.report("my report.html")
    assert page == Path("my report.html").absolute() and "it&#39;s" in page.read_text()
    again = rcnn_sweep.load_study("it's")
    assert again == rcnn_sweep.load_study() == study
    listed = subprocess.run(command_line("studies"), capture_output=True, text=True, check=True)
    assert "python -m rcnn_sweep -m data=table" in listed.stdout
    assert "hydra.sweeper.n_trials=3" in listed.stdout


def test_options_of_the_sweeper_are_judged(data: tuple[str, ...]) -> None:
    with pytest.raises(rcnn_sweep.UserError, match=r"hydra\.sweeper\.n_trials: expected"):
        rcnn_sweep.search(*data, n_trials=0)
    with pytest.raises(rcnn_sweep.UserError, match=r"n_trails.*Did you mean hydra.sweeper.n_tria"):
        rcnn_sweep.search(*data, n_trails=3)
    with pytest.raises(rcnn_sweep.UserError, match=r"found no .*studies\.db"):
        rcnn_sweep.load_study()
    assert not Path("studies.db").exists()


def test_the_columns_of_a_table_of_trials_are_those_that_are_told() -> None:
    study: Any = SimpleNamespace(metrics=("score",), trials=())
    told = re.findall(r"``(\w+)``", rcnn_sweep.Study.trials.__doc__ or "")
    assert told == [name for name in _columns(study) if name != "score"]


@pytest.mark.slow
def test_a_dry_run_prints_the_plan(
    data: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(rcnn_sweep.UserError, match="dry_run"):
        rcnn_sweep.search(*data, dry_run=True)
    assert "conv.filters" in capsys.readouterr().out


@pytest.mark.slow
def test_a_study_of_several_objectives_has_no_best(data: tuple[str, ...]) -> None:
    study = rcnn_sweep.search(
        *data, n_trials=2, workers=1, metric=["val_accuracy", "parameters"],
        direction=["maximize", "minimize"],
    )  # fmt: skip
    assert {"val_accuracy", "parameters"} <= set(study.trials().columns)
    with pytest.raises(rcnn_sweep.UserError, match="one objective"):
        _ = study.best_params


@pytest.mark.slow
def test_the_examples_at_the_door_run(data: tuple[str, ...]) -> None:
    """Every line of the package's own example, on a small table instead of the snippets."""
    assert rcnn_sweep.__doc__ is not None
    lines = re.findall(r">>> (.*?)(?:  # doctest.*)?$", rcnn_sweep.__doc__, re.MULTILINE)
    small = ", ".join(map(repr, data))
    code = (
        "\n".join(lines)
        .replace('"data=snippets"', small)
        .replace("n_trials=20", "n_trials=2, workers=1")
    )
    names: dict[str, Any] = {}
    exec(code, names)
    assert names["config"].conv.filters == 96
    assert Path("report.html").is_file() and len(names["study"].trials()) == 2
