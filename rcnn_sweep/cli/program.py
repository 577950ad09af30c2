"""The command: ``python -m rcnn_sweep``. Hydra's runtime is known here and nowhere below."""

import atexit
import gc
import logging
import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from rcnn_sweep.api import trial_task, with_default_search
from rcnn_sweep.cli.completion import is_query, show_candidates
from rcnn_sweep.cli.flags import arranged
from rcnn_sweep.cli.help import show_help
from rcnn_sweep.cli.verbs import VERBS, verb
from rcnn_sweep.config import (
    config_folder,
    explain,
    is_mistake,
    refused_passwords,
    register_schemas,
)
from rcnn_sweep.errors import Terminated, UserError
from rcnn_sweep.process import hide_in_logs, printable, remember, signals, without_password
from rcnn_sweep.sweep import SweepFailed

DONE, FAILED, MISTAKE, INTERRUPTED, TERMINATED = 0, 1, 2, 130, 143


class JobFailed(BaseException):
    """Carries a single run's exception past Hydra, which would add lines of its own."""

    def __init__(self, error: Exception) -> None:
        """Keep ``error`` as it was raised, and where Hydra had the job write."""
        super().__init__(str(error))
        self.error = error
        self.directory = Path(HydraConfig.get().runtime.output_dir)


def task(composed: DictConfig) -> Any:
    """Run one job: Hydra's task function of single runs and of every trial."""
    if HydraConfig.get().mode == RunMode.MULTIRUN:
        return trial_task(composed)
    try:
        with signals.noted(), signals.interruptible():
            return trial_task(composed)
    except Exception as error:
        raise JobFailed(error) from error


STORAGE = "--storage"


def main() -> None:
    """Run the command and leave with its exit code."""
    signal.signal(signal.SIGTERM, _terminate)
    atexit.register(gc.freeze)  # else the interpreter looks through all modules before it ends
    hide_in_logs()
    logging.raiseExceptions = False  # a log whose reader has gone (| head) is no error
    words = recorded(sys.argv[1:])
    for word in words:
        remember(word)
    for refusal in refused_passwords(words, sweep=is_sweep(words)):
        sys.exit(_failure(UserError(refusal)))
    register_schemas()
    if sys.argv[1:2] and sys.argv[1] in VERBS:
        sys.exit(_exit_code(lambda: verb(sys.argv[1])(sys.argv[2:])))
    if is_query(sys.argv[1:]):
        sys.exit(_exit_code(show_candidates))
    if {"-h", "--help"} & set(sys.argv[1:]):
        sys.exit(_exit_code(show_help))
    sys.exit(_exit_code(run_app))


def run_app() -> Any:
    """Run Hydra's app: a single run, or a sweep (-m)."""
    words = with_search(arranged(sys.argv[1:]))
    sys.argv[1:] = arranged(words)  # the search comes last, after what no override may follow
    app = hydra.main(version_base="1.3", config_path=str(config_folder()), config_name="config")
    return app(task)()


def recorded(words: list[str]) -> list[str]:
    """Give the words that end up in a record: no text to be labelled, no verb's storage."""
    if words[:1] == ["predict"]:
        return []
    pairs = zip(["", *words], words, strict=False)
    kept = [w for before, w in pairs if before != STORAGE and not w.startswith(f"{STORAGE}=")]
    return kept if words[:1] and words[0] in VERBS else words


def with_search(words: list[str]) -> list[str]:
    """Add the default search to a sweep that names none."""
    return with_default_search(words) if is_sweep(words) else words


def is_sweep(words: list[str]) -> bool:
    """Say whether the words after the program ask for a sweep."""
    return bool({"-m", "--multirun", "hydra.mode=MULTIRUN"} & set(words))


def _exit_code(app: Callable[[], int | None]) -> int:
    try:
        code = with_own_errors(app) or DONE
        sys.stdout.flush()  # a reader that has gone is told here, not at the interpreter's end
        return code
    except JobFailed as carrier:
        if is_mistake(carrier.error):
            remove_empty(carrier.directory)
        return _failure(carrier.error)
    except SweepFailed as error:
        print(printable(f"The sweep failed: {error}"), file=sys.stderr)
        return FAILED
    except BrokenPipeError:  # the reader has seen enough: | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:
        return _failure(error)
    except KeyboardInterrupt:
        print("Interrupted (Ctrl-C).", file=sys.stderr)
        return INTERRUPTED
    except Terminated:
        print("Interrupted (SIGTERM).", file=sys.stderr)
        return TERMINATED


def remove_empty(directory: Path) -> None:
    """Remove a job's directory where it holds Hydra's files alone: the job has told nothing.

    So are the folders above it that have become empty, below the working directory.
    """
    about = directory / ".hydra"
    others = [path for path in directory.iterdir() if path != about]
    if any(path.suffix != ".log" or path.stat().st_size for path in others):
        return
    with suppress(OSError):
        for file in [*about.glob("*.yaml"), *others]:
            file.unlink()
        for folder in (about, directory, *directory.parents):
            if folder == Path.cwd():
                break
            folder.rmdir()  # of one that is not empty nothing is removed


def with_own_errors(app: Callable[[], int | None]) -> int | None:
    """Call the app so that its exceptions reach the caller past Hydra (HYDRA_FULL_ERROR)."""
    before = os.environ.get("HYDRA_FULL_ERROR")
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        return app()
    finally:
        if before is None:
            del os.environ["HYDRA_FULL_ERROR"]
        else:
            os.environ["HYDRA_FULL_ERROR"] = before


def _failure(error: Exception) -> int:
    if is_mistake(error):
        told = explain(error, sys.argv[1:], VERBS)
        print(printable(without_password(told)), file=sys.stderr)
        return MISTAKE
    trace = "".join(traceback.format_exception(error))
    print(printable(without_password(trace)), file=sys.stderr, end="")
    said = printable(without_password(f"{type(error).__name__}: {error}"))
    print(f"The run failed: {said}", file=sys.stderr)
    return FAILED


def _terminate(signum: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    raise Terminated
