import errno
from types import SimpleNamespace

import pytest

from rcnn_sweep.sweep.closing import Closing
from rcnn_sweep.sweep.failure import SweepFailed


def test_a_file_that_cannot_be_written_fails_the_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder of a trial, say: no traceback, and no exit code of a mistake."""
    closed: list[tuple[str, str]] = []

    def close(self: Closing, state: str, reason: str, seconds: float) -> object:
        closed.append((state, reason))
        return SimpleNamespace(state=state, reason=reason)

    def drive() -> str:
        raise OSError(errno.ENOSPC, "No space left on device", "multirun/s/0")

    monkeypatch.setattr(Closing, "_close", close)
    nothing: dict[str, object] = dict.fromkeys(("plan", "queue", "hooks", "info", "parent"))
    with pytest.raises(SweepFailed, match=r"No space left on device: 'multirun/s/0'"):
        Closing(**nothing).after(drive)  # type: ignore[arg-type]
    assert closed == [("failed", "[Errno 28] No space left on device: 'multirun/s/0'")]
