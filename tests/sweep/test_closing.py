import errno
from types import SimpleNamespace

import pytest

from rcnn_sweep.errors import UserError
from rcnn_sweep.sweep.closing import Closing
from rcnn_sweep.sweep.failure import SweepFailed


def test_a_mistake_stays_one_where_a_file_was_its_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Closing, "_close", lambda *_: SimpleNamespace(state="failed", reason=""))

    def drive() -> str:
        raise UserError("data.path: expected a file") from FileNotFoundError("reviews.csv")

    with pytest.raises(UserError, match="expected a file"):
        closing().after(drive)


def closing() -> Closing:
    nothing: dict[str, object] = dict.fromkeys(("plan", "queue", "hooks", "info", "parent"))
    return Closing(**nothing)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrapper", [None, ValueError("Unable to configure handler 'file'")])
def test_a_file_that_cannot_be_written_fails_the_sweep(
    monkeypatch: pytest.MonkeyPatch, wrapper: Exception | None
) -> None:
    """The folder of a trial, or its log: no traceback, and no exit code of a mistake."""
    closed: list[tuple[str, str]] = []

    def close(self: Closing, state: str, reason: str, seconds: float) -> object:
        closed.append((state, reason))
        return SimpleNamespace(state=state, reason=reason)

    def drive() -> str:
        error = OSError(errno.ENOSPC, "No space left on device", "multirun/s/0")
        if wrapper is not None:
            raise wrapper from error
        raise error

    monkeypatch.setattr(Closing, "_close", close)
    with pytest.raises(SweepFailed, match=r"No space left on device: 'multirun/s/0'"):
        closing().after(drive)
    assert closed == [("failed", "[Errno 28] No space left on device: 'multirun/s/0'")]
