"""A program of its own, such as a notebook: it runs the toy's sweep from Python, in a thread."""

import sys
import threading
from pathlib import Path

import toy
from hydra import initialize_config_dir
from hydra._internal.callbacks import Callbacks
from hydra.core.global_hydra import GlobalHydra
from hydra.core.utils import setup_globals
from hydra.types import HydraContext, RunMode
from omegaconf import OmegaConf

from rcnn_sweep.process import CommandLine
from rcnn_sweep.sweep import Request, Sweep, SweepSummary


def swept(arguments: list[str], space: list[str]) -> SweepSummary | None:
    """Run a sweep without Hydra's command line; ``arguments`` set options of the sweeper."""
    setup_globals()
    with initialize_config_dir(str(Path(__file__).parent / "conf"), version_base="1.3"):
        hydra = GlobalHydra.instance().hydra
        assert hydra is not None
        master = hydra.compose_config("toy", arguments, RunMode.MULTIRUN)
        options = OmegaConf.to_container(master.hydra.sweeper, resolve=True)
        specs = options.pop("space")
        typed = CommandLine(("python", "-m", "toy"), ("-m", *arguments))
        request = Request(options, specs, space, master, hydra.config_loader, typed)
        context = HydraContext(hydra.config_loader, Callbacks(master))
        return Sweep(request, context, toy.main.__wrapped__).run()


def main() -> None:
    arguments, found = sys.argv[1:], []
    sys.argv = []
    for _ in range(2):  # a notebook runs more than one
        thread = threading.Thread(target=lambda: found.append(swept(arguments, [])))
        thread.start()
        thread.join()
    summary, again = found
    assert again.counts == summary.counts
    print(
        "found", summary.state, dict(summary.counts), summary.best[0].values, summary.best_command
    )


if __name__ == "__main__":
    main()
