"""The sweeper as Hydra finds it. Hydra imports this at every start: nothing heavy here."""

from dataclasses import dataclass, field
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf


@dataclass
class SamplerConf:
    """``tpe random cmaes gp nsgaii qmc bruteforce grid`` and keyword arguments for Optuna's class.

    Or the dotted name of a class derived from ``optuna.samplers.BaseSampler``, which workers must
    be able to import; it is given a ``seed`` if it takes one. ``grid`` tries every point of a
    finite space in order; ``bruteforce`` in random order, none twice, until ``n_trials`` are
    spent.
    """

    name: str = "tpe"
    kwargs: dict[str, Any] = field(default_factory=dict)


@dataclass
class PrunerConf:
    """``percentile median successive_halving hyperband none``, arguments for Optuna's class.

    Or the dotted name of a class derived from ``optuna.pruners.BasePruner``. ``percentile`` prunes
    the worst quarter of earlier trials unless its arguments say otherwise.
    """

    name: str = "percentile"
    kwargs: dict[str, Any] = field(default_factory=dict)


@dataclass
class OptunaAsyncSweeperConf:
    """``n_trials`` is the study's total, however often the command is run again.

    ``workers``: ``auto`` is one for each GPU, else for each CPU core. ``study_name``: null names
    the study after the app, the space and the config. ``storage``: null is ``studies.db`` in the
    working directory, else an SQLite, PostgreSQL, MariaDB or MySQL URL; its password reaches
    workers elsewhere in memory (Ray) or as ``RCNN_SWEEP_STORAGE`` in their environment.
    ``direction`` and ``metric`` may be lists.
    No trial begins after ``timeout`` (seconds, or ``90m``, ``8h``), once a
    trial reaches ``target``, or after ``patience`` settled slots without a better trial: the sweep
    is then complete, and goes on when asked with other limits. ``max_failures`` failed trials in a
    row end the sweep. ``max_retries`` holds for trials that ran out of memory or whose process died
    under a living command; a command that was killed uses up none. ``plots`` are drawn at the end,
    which takes seconds. With ``common_seed`` all trials have one seed instead of one each.
    ``confirm``: so many of the best points, and the baseline, are run again with fresh seeds in the
    last slots (two for each, at most a third of all; none of fewer than nine); the best is then who
    has the best estimate.
    ``enqueue``: points tried first, after the baseline; what they leave open is the baseline's.
    ``warm_start``: a study of the same storage whose five best points come next. ``space``: see
    ``conf/search``; an override of a key that it searches ``over`` values takes the key out.

    Hydra's own ``hydra.sweep.dir`` is settled once for the study, ``multirun/STUDY_NAME`` unless
    it is given, and no other study may have it. ``hydra.sweep.subdir`` is settled for each trial;
    where the trial's number (``hydra.job.num``) is not in it, it is a folder below.
    ``hooks``: the dotted name of a ``rcnn_sweep.sweep.StudyHooks`` class.
    """

    _target_: str = f"{__name__}.OptunaAsyncSweeper"
    n_trials: int = 30
    workers: Any = "auto"
    study_name: str | None = None
    storage: str | None = None
    seed: int = 0
    sampler: SamplerConf = field(default_factory=SamplerConf)
    pruner: PrunerConf = field(default_factory=PrunerConf)
    direction: Any = "maximize"
    metric: Any = "val_accuracy"
    timeout: Any = None
    target: Any = None
    patience: int | None = None
    confirm: int = 0
    max_failures: int = 5
    max_retries: int = 1
    max_trials_per_worker: int | None = None
    reuse_duplicates: bool = True
    baseline_first: bool = True
    common_seed: bool = False
    plots: bool = True
    dry_run: bool = False
    hooks: str | None = None
    enqueue: list[Any] = field(default_factory=list)
    warm_start: str | None = None
    space: dict[str, Any] = field(default_factory=dict)


ConfigStore.instance().store(
    group="hydra/sweeper", name="optuna_async", node=OptunaAsyncSweeperConf, provider="rcnn_sweep"
)


class OptunaAsyncSweeper(Sweeper):
    """Hands a ``-m`` command over to :class:`rcnn_sweep.sweep.sweeper.Sweep`."""

    def __init__(self, **options: Any) -> None:
        """Keep the options; ``sweep`` reads them from the composed config."""
        del options

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Take what Hydra hands to every sweeper."""
        self.hydra_context = hydra_context
        self.task_function = task_function
        self.config = config

    def sweep(self, arguments: list[str]) -> Any:
        """Run the sweep; gives its summary, or None for a dry run."""
        if self.config is None or self.hydra_context is None:
            raise RuntimeError("Hydra calls setup before sweep")
        options: Any = OmegaConf.to_container(self.config.hydra.sweeper, resolve=True)
        space = options.pop("space")
        from rcnn_sweep.sweep import read_options

        read_options(options)  # a mistake in them is answered before Optuna is imported
        from rcnn_sweep.sweep import Request, Sweep

        request = Request(options, space, arguments, self.config, self.hydra_context.config_loader)
        return Sweep(request, self.hydra_context, self.task_function).run()
