"""What is known of Hydra's launchers: a row each. One without a row gets the careful treatment."""

from dataclasses import dataclass

from omegaconf import DictConfig

from rcnn_sweep.errors import UserError
from rcnn_sweep.overrides import NO_JOBLIB


@dataclass(frozen=True)
class LauncherTraits:
    """A launcher by the dotted name of its class.

    ``is_watched``: no launcher is needed, for its workers are processes of this machine that the
    driver starts and watches one by one. ``in_memory``: its jobs never lie on a disk, so that
    passwords may travel in them. ``shares_gpus``: its workers run on this machine and are not
    given its GPUs by the launcher. ``refusal`` says why it is not used, and what is instead.
    """

    target: str
    is_watched: bool = False
    in_memory: bool = False
    shares_gpus: bool = False
    refusal: str = ""

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
        LauncherTraits("hydra_plugins.hydra_ray_launcher.ray_launcher.RayLauncher", in_memory=True),
        LauncherTraits(
            "hydra_plugins.hydra_submitit_launcher.submitit_launcher.LocalLauncher",
            shares_gpus=True,
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
