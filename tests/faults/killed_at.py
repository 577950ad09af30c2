"""Run ``python -m rcnn_sweep WORDS``, killed at a named point: ``killed_at.py POINT WORDS``."""

import os
import runpy
import signal
import sys
from typing import Any

import optuna
from mlflow import MlflowClient

from rcnn_sweep.sweep import TrialContext
from rcnn_sweep.tracking.writer import RunWriter


def kill(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def kill_after_tell(self: optuna.Study, *args: Any, **kwargs: Any) -> None:
    TELL(self, *args, **kwargs)
    kill()


TELL = optuna.Study.tell
POINTS = {
    "before the run's end": (RunWriter, "complete", kill),
    "in the run's end": (MlflowClient, "set_terminated", kill),
    "before the tell": (optuna.Study, "tell", kill),
    "after the tell": (optuna.Study, "tell", kill_after_tell),
    "before the trial names its run": (TrialContext, "set_user_attr", kill),
}

setattr(*POINTS[sys.argv.pop(1)])
runpy.run_module("rcnn_sweep", run_name="__main__", alter_sys=True)
