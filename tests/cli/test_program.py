"""What of a command is recorded, and so must hold no password."""

import pytest

from rcnn_sweep.cli.program import is_sweep, recorded
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
