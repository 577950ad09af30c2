"""What is known of Hydra's launchers: a row each. One without a row gets the careful treatment."""

from collections.abc import Callable
from dataclasses import dataclass, field

from omegaconf import DictConfig, open_dict, read_write

from rcnn_sweep.errors import UserError
from rcnn_sweep.overrides import NO_JOBLIB
from rcnn_sweep.sweep.workers.slurm import NoScheduler, Scheduler, Slurm


def _as_it_is(launcher: DictConfig) -> None:
    """Leave a launcher's config as it is."""


def _with_rays_own_memory(launcher: DictConfig) -> None:
    """Leave the size of the object store to Ray, unless it was given: our workers share nothing.

    The launcher would set one by itself, which Ray refuses for a cluster that runs already, be it
    named by an address or found on this machine.
    """
    with read_write(launcher), open_dict(launcher):
        launcher.ray.init.setdefault("object_store_memory", None)


def _with_time_to_work(launcher: DictConfig) -> None:
    """Refuse a time limit of which the warning ahead of it leaves nothing.

    Where they are left out, submitit's own defaults hold.
    """
    limit, warning = launcher.get("timeout_min", 5), launcher.get("signal_delay_s", 90)
    if limit * 60 <= warning:
        raise UserError(
            "hydra.launcher.timeout_min: expected more minutes than hydra.launcher.signal_delay_s, "
            f"with which a worker is warned of its end ({warning} s); received {limit}."
        )


@dataclass(frozen=True)
class LauncherTraits:
    """A launcher by the dotted name of its class.

    ``is_watched``: no launcher is needed, for its workers are processes of this machine that the
    driver starts and watches one by one. ``in_memory``: its jobs never lie on a disk, so that
    passwords may travel in them. ``shares_gpus``: its workers run on this machine and are not
    given its GPUs by the launcher. ``refusal`` says why it is not used, and what is instead.
    ``settle`` adapts the launcher's composed config, or raises :class:`UserError`. ``scheduler``
    runs its jobs.
    """

    target: str
    is_watched: bool = False
    in_memory: bool = False
    shares_gpus: bool = False
    refusal: str = ""
    settle: Callable[[DictConfig], None] = _as_it_is
    scheduler: Scheduler = field(default_factory=NoScheduler)

    @property
    def name(self) -> str:
        """Give the name of its class."""
        return self.target.rpartition(".")[2]


KNOWN = {
    row.target: row
    for row in (
        LauncherTraits(
            "hydra._internal.core_plugins.basic_launcher.BasicLauncher", is_watched=True
        ),
        LauncherTraits(
            "hydra_plugins.hydra_ray_launcher.ray_launcher.RayLauncher",
            in_memory=True,
            settle=_with_rays_own_memory,
        ),
        LauncherTraits(
            "hydra_plugins.hydra_submitit_launcher.submitit_launcher.LocalLauncher",
            shares_gpus=True,
        ),
        LauncherTraits(
            "hydra_plugins.hydra_submitit_launcher.submitit_launcher.SlurmLauncher",
            settle=_with_time_to_work,
            scheduler=Slurm(),
        ),
        LauncherTraits(
            "hydra_plugins.hydra_joblib_launcher.joblib_launcher.JoblibLauncher", refusal=NO_JOBLIB
        ),
    )
}


def launcher_of(master: DictConfig) -> LauncherTraits:
    """Tell which launcher the composed config has chosen; raises :class:`UserError` if refused."""
    target = str(master.hydra.launcher["_target_"])
    launcher = KNOWN.get(target, LauncherTraits(target))
    if launcher.refusal:
        raise UserError(launcher.refusal)
    return launcher
