import os
import signal
import threading
import time

import pytest

from rcnn_sweep.errors import Preempted, Terminated
from rcnn_sweep.process import signals
from rcnn_sweep.process.retrying import wait


def test_a_signal_waits_for_the_end_of_a_write_and_of_the_outermost_one() -> None:
    done = []
    with pytest.raises(Terminated), signals.noted(), signals.interruptible():
        with signals.held():
            with signals.held():
                os.kill(os.getpid(), signal.SIGTERM)
                done.append("inner")
            done.append("outer")
        done.append("never")
    assert done == ["inner", "outer"]


def test_a_signal_that_was_swallowed_is_raised_again_after_the_next_write() -> None:
    with pytest.raises(KeyboardInterrupt), signals.noted(), signals.interruptible():
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except KeyboardInterrupt:
            done = ["swallowed"]
        with signals.held():
            done.append("written")
    assert done == ["swallowed", "written"]


def test_a_second_signal_does_not_wait() -> None:
    blocks = (signals.noted(), signals.interruptible(), signals.held())
    with pytest.raises(KeyboardInterrupt), blocks[0], blocks[1], blocks[2]:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        pytest.fail("the second signal must end the block")


def test_a_signal_to_the_main_thread_does_not_end_a_sweep_in_another() -> None:
    seen: list[object] = []

    def other() -> None:
        with signals.noted():
            started = time.monotonic()
            signals.wait(0.2)
            signals.raise_pending()
            seen.extend([signals.pending(), time.monotonic() - started >= 0.2])

    with pytest.raises(KeyboardInterrupt), signals.noted():
        os.kill(os.getpid(), signal.SIGINT)
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        signals.raise_pending()
    assert seen == [None, True]


def test_a_signal_is_forgotten_with_the_block_that_it_ended() -> None:
    with pytest.raises(KeyboardInterrupt), signals.noted():
        os.kill(os.getpid(), signal.SIGINT)
        signals.raise_pending()
    assert signals.pending() is None
    wait(0.01)


def test_a_schedulers_warning_is_told_from_other_signals() -> None:
    with pytest.raises(Preempted, match="by the scheduler"), signals.noted():
        os.kill(os.getpid(), signal.SIGUSR2)
        signals.raise_pending()
