"""What is in the way is waited out; what is wrong is not."""

import os
import signal
import time
from itertools import repeat

import pytest

from rcnn_sweep.process import retry, signals


class Busy:
    """Fails so many times, then answers."""

    def __init__(self, times: int, error: Exception) -> None:
        self.times, self.error, self.calls = times, error, 0

    def __call__(self) -> str:
        self.calls += 1
        if self.calls <= self.times:
            raise self.error
        return "done"


def is_timeout(error: Exception) -> bool:
    return isinstance(error, TimeoutError)


def test_a_passing_error_is_waited_out_and_told() -> None:
    call, told = Busy(2, TimeoutError("busy")), []
    answer = retry(
        call, passing=is_timeout, pauses=repeat(0.01), seconds=5, on_wait=lambda e: told.append(e)
    )
    assert (answer, call.calls) == ("done", 3)
    assert told == [call.error] * 2


def test_another_error_is_raised_at_once() -> None:
    call = Busy(9, ValueError("wrong"))
    with pytest.raises(ValueError, match="wrong"):
        retry(call, passing=is_timeout, pauses=repeat(0.01), seconds=5)
    assert call.calls == 1


def test_time_and_pauses_run_out() -> None:
    call, started = Busy(999, TimeoutError("busy")), time.monotonic()
    with pytest.raises(TimeoutError, match="busy"):
        retry(call, passing=is_timeout, pauses=repeat(0.05), seconds=0.2)
    assert 3 <= call.calls <= 5 and time.monotonic() - started < 2
    few = Busy(999, TimeoutError("busy"))
    with pytest.raises(TimeoutError):
        retry(few, passing=is_timeout, pauses=[0.01, 0.01], seconds=5)
    assert few.calls == 3


def test_a_signal_ends_the_wait() -> None:
    call, started = Busy(999, TimeoutError("busy")), time.monotonic()
    with signals.noted(), pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
        retry(call, passing=is_timeout, pauses=repeat(5.0), seconds=60)
    assert time.monotonic() - started < 2
