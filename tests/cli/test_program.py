"""What of a command is recorded, and so must hold no password."""

from pathlib import Path

import pytest

from rcnn_sweep.cli.program import is_sweep, recorded, remove_empty
from rcnn_sweep.config import refused_passwords

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
