"""What of a command is recorded, and so must hold no password; how it ends, and what it leaves."""

from pathlib import Path

import pytest

from rcnn_sweep.cli.program import _exit_code, is_sweep, recorded, remove_empty
from rcnn_sweep.config import refused_passwords
from rcnn_sweep.errors import Terminated, UserError
from rcnn_sweep.sweep import SweepFailed

URL = "mysql+pymysql://me:secret@host/studies"


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        (["studies", "--storage", URL], 0),
        (["report", "team", f"--storage={URL}"], 0),
        (["refit", "team", "--seeds", "2", "--storage", URL, f"tracking.uri={URL}"], 1),
        (["predict", URL], 0),
        (["-m", f"hydra.sweeper.storage={URL}"], 0),
        (["-m", f"tracking.uri={URL}"], 1),
    ],
)
def test_a_verbs_storage_may_bear_its_password(words: list[str], refused: int) -> None:
    kept = recorded(words)
    assert len(refused_passwords(kept, sweep=is_sweep(kept))) == refused


@pytest.mark.parametrize(
    ("end", "code", "said"),
    [
        (None, 0, ""),
        (BrokenPipeError(), 0, ""),
        (ValueError("no sum"), 1, "The run failed: ValueError: no sum"),
        (SweepFailed("5 trials failed in a row"), 1, "The sweep failed: 5 trials failed in a row"),
        (UserError("a: expected b; received c."), 2, "a: expected b; received c."),
        (KeyboardInterrupt(), 130, "Interrupted (Ctrl-C)."),
        (Terminated(), 143, "Interrupted (SIGTERM)."),
    ],
    ids=repr,
)
def test_how_a_command_ends_is_its_exit_code(
    capfd: pytest.CaptureFixture[str], end: BaseException | None, code: int, said: str
) -> None:
    def app() -> None:
        if end is not None:
            raise end

    assert _exit_code(app) == code
    told = capfd.readouterr().err
    assert told.strip().endswith(said) and bool(told) == bool(said)
    assert ("Traceback" in told) == isinstance(end, ValueError), "for what is no mistake alone"


def hydras(directory: Path) -> Path:
    """A job's directory as Hydra makes it."""
    (directory / ".hydra").mkdir(parents=True)
    (directory / ".hydra" / "config.yaml").write_text("a: 1")
    (directory / "rcnn_sweep.log").touch()
    return directory


def test_of_a_job_that_told_nothing_no_folder_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    remove_empty(hydras(tmp_path / "outputs" / "today" / "now"))
    assert not list(tmp_path.iterdir())
    (tmp_path / "outputs" / "today" / "earlier").mkdir(parents=True)
    remove_empty(hydras(tmp_path / "outputs" / "today" / "now"))
    assert [path.name for path in (tmp_path / "outputs" / "today").iterdir()] == ["earlier"]


@pytest.mark.parametrize("name", ["rcnn_sweep.log", "notes.txt", ".hydra/mine.txt"])
def test_what_a_job_has_written_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in (hydras(tmp_path / "outputs" / "now"), hydras(tmp_path / "here")):
        (folder / name).write_text("told")
        remove_empty(folder)
        assert (folder / name).read_text() == "told"
