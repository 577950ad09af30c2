"""A study database that someone sent: it is shown, and decides nothing else."""

import shlex
from pathlib import Path

import optuna
import pytest
from made_study import Made, trial

from rcnn_sweep.application import report_study
from rcnn_sweep.cli.verbs.studies import main as list_all
from rcnn_sweep.errors import UserError
from rcnn_sweep.process import CommandLine
from rcnn_sweep.sweep import read_study

UNSAFE = [
    "python -m rcnn_sweep -m x=1,2; touch witness",
    "python -m rcnn_sweep -m 'x=1,2' $(touch witness)",
    "python -m rcnn_sweep -m x=`touch witness`",
    'python -c \'open("witness", "w")\'',
    "python -m 'rcnn_sweep;touch witness'",
    "touch witness",
    "python -m rcnn_sweep -m x=1\ntouch witness",
    "python -m rcnn_sweep -m 'x=1\ntouch witness\n'",
    "python -m rcnn_sweep -m '\x1b[8mx=1'",
    "python -m rcnn_sweep -m 'x=1\u202e'",
    "python -m rcnn_sweep -m 'x=1",
    "python",
    "",
]


@pytest.mark.parametrize("text", UNSAFE)
def test_a_command_that_a_shell_would_take_otherwise_is_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    study = optuna.create_study(storage="sqlite:///studies.db", study_name="theirs")
    study.set_user_attr("command", text)
    list_all([])
    out = capsys.readouterr().out
    assert "resume: not shown: what the storage holds is no command that a sweep records" in out
    assert "witness" not in out
    assert read_study("theirs", None).command == ""


@pytest.mark.parametrize(
    "words",
    [
        ("-m", "conv.filters=8,16", "hydra.sweeper.storage=mysql+pymysql://me:***@host/db"),
        ("-m", "data.path='a b.csv'", 'data.labels="x;y"', "+a={b:1}", "x=$HOME", "ä=ö"),
    ],
)
@pytest.mark.parametrize("program", [("python", "-m", "app.main"), ("python", "my own app.py")])
def test_a_command_of_our_own_is_shown_as_it_is(
    program: tuple[str, ...], words: tuple[str, ...]
) -> None:
    text = str(CommandLine(program, words))
    read = CommandLine.recorded(text)
    assert read is not None
    assert (str(read), shlex.split(text)) == (text, [*program, *words])


def test_names_and_values_cannot_pretend_to_be_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    name = "theirs\n  resume: touch witness"
    study = optuna.create_study(storage="sqlite:///studies.db", study_name=name)
    study.set_user_attr("record", {"metric": ["loss\n  resume: touch witness"]})
    study.enqueue_trial({"x\n  resume: touch witness": "a\n  resume: touch witness"})
    study.optimize(
        lambda t: len(
            t.suggest_categorical("x\n  resume: touch witness", ["a\n  resume: touch witness"])
        ),
        n_trials=1,
    )
    list_all([])
    lines = capsys.readouterr().out.splitlines()
    assert any("touch witness" in line for line in lines)
    assert not any(line.lstrip().startswith("resume:") for line in lines)


@pytest.fixture
def made(workplace: Path, table: Path) -> Made:
    return Made(workplace, table)


def test_a_report_stays_out_of_the_folder_that_a_foreign_storage_names(
    made: Made, tmp_path: Path
) -> None:
    victim = tmp_path / "victim"
    (victim / "sweep").mkdir(parents=True)
    (victim / "sweep" / "report.html").write_text("mine")
    made.study("theirs", [trial(8, 0.6)], recorded=False)
    study = optuna.load_study(storage=made.url, study_name="theirs")
    for directory in (victim, tmp_path / "none", victim / "sweep" / "report.html"):
        study.set_user_attr("directory", str(directory))
        assert report_study("theirs", made.url) == made.folder / "report.html"
    assert (victim / "sweep" / "report.html").read_text() == "mine"
    assert sorted(path.name for path in victim.rglob("*")) == ["report.html", "sweep"]


def test_a_report_stays_out_of_the_folder_of_another_study(made: Made) -> None:
    made.study("mine", [trial(8, 0.6)], recorded=False)
    own = made.folder / "multirun" / "made" / "sweep" / "report.html"
    assert report_study("mine", made.url) == own
    optuna.load_study(storage=made.url, study_name="mine").set_user_attr("identity", "another")
    assert report_study("mine", made.url) == made.folder / "report.html"


def test_a_report_is_put_onto_no_run_of_another_study(made: Made) -> None:
    run_id = made.study("mine", [trial(8, 0.6)])
    made.study("theirs", [trial(8, 0.6)], recorded=False)
    theirs = optuna.load_study(storage=made.url, study_name="theirs")
    theirs.set_user_attr("parent", {"run_id": run_id})
    with pytest.raises(UserError, match=f"it names {run_id}, which is none of that study's"):
        report_study("theirs", made.url)
    assert made.store.client.list_artifacts(run_id, "sweep") == []
