"""A Hydra app without a network: a parabola, with switches for everything that can go wrong."""

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

import hydra
from omegaconf import DictConfig

from rcnn_sweep.errors import Terminated, UserError
from rcnn_sweep.sweep import checkpoint, current_trial, report

os.environ["HYDRA_FULL_ERROR"] = "1"

LOCK = threading.Lock() if "fault=lock" in sys.argv else None


def _log(line: str) -> None:
    with Path("calls.txt").open("a") as calls:
        calls.write(line + "\n")


def misbehave(cfg: DictConfig) -> None:
    once = Path(f"did-{cfg.fault}")
    if cfg.fault == "error":
        raise ValueError("deliberate")
    if cfg.fault == "error_above_5" and cfg.x > 5:
        raise ValueError("x is too large")
    if cfg.fault == "swallow":
        try:
            time.sleep(60)
        except BaseException as error:
            raise ValueError("an import was cut off") from error
    if cfg.fault == "swallow_and_exit":
        try:
            time.sleep(60)
        except BaseException:
            sys.exit(3)
    if cfg.fault == "exit_at_2" and cfg.x == 2:
        sys.exit(3)
    if cfg.fault == "lock":
        assert LOCK is not None
    if cfg.fault == "user":
        raise UserError("data.path must exist, received nowhere")
    if cfg.fault == "memory_once" and not once.exists():
        once.touch()
        raise MemoryError("no memory")
    if cfg.fault == "suicide_once" and not once.exists():
        once.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if cfg.fault == "suicide":
        os.kill(os.getpid(), signal.SIGKILL)


@hydra.main(config_path="conf", config_name="toy", version_base="1.3")
def main(cfg: DictConfig) -> object:
    if "TOY_CPU" in os.environ:
        with Path(os.environ["TOY_CPU"]).open("a") as cpu:
            cpu.write(f"{time.process_time()}\n")
    trial = current_trial()
    number = -1 if trial is None else trial.number
    _log(f"start {number} {os.getpid()} {time.time()} {cfg.x} {cfg.y}")
    if trial is not None:
        trial.set_user_attr("mlflow_run_id", f"run-{number}")
        trial.set_user_attr("parent", trial.parent.get("run_id"))
    misbehave(cfg)
    value = float("nan") if cfg.fault == "not_finite" else -((cfg.x - 3) ** 2) - cfg.y
    seconds = cfg.seconds * (1 + (number % 5 if cfg.uneven else 0))
    for step in range(1, cfg.steps + 1):
        time.sleep(seconds / cfg.steps)
        if cfg.fault == "silent":
            checkpoint()
        elif cfg.fault != "deaf":
            report(step, value + step)
    if cfg.fault == "dies_after_recording":
        Path(f"record-run-{number}.json").write_text(json.dumps({"score": value}))
        os.kill(os.getpid(), signal.SIGKILL)
    _log(f"end {number} {os.getpid()} {time.time()} {cfg.x} {cfg.y}")
    threads = float(os.environ.get("OMP_NUM_THREADS", 0))
    return {"score": value, "cost": float(cfg.x), "threads": threads}


if __name__ == "__main__":

    def terminate(signum: int, frame: object) -> None:
        raise Terminated("SIGTERM")

    signal.signal(signal.SIGTERM, terminate)
    try:
        main()
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except Terminated:
        sys.exit(143)
