"""Samplers and pruners: a row each, from which all that is said or decided of them derives.

A new one of Optuna's is a row here and its line in the documentation. A class of one's own needs
no row: ``hydra.sweeper.sampler.name=package.module.Class``.
"""

import importlib
import importlib.util
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, cast

from rcnn_sweep.errors import UserError
from rcnn_sweep.process import module_command
from rcnn_sweep.rules import nearest

if TYPE_CHECKING:
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler
    from optuna.search_space import IntersectionSearchSpace


@dataclass(frozen=True)
class Sampler:
    """A sampler: its name, Optuna's class and what this one does.

    ``package`` is one that Optuna imports only when such a sampler takes its first trial.
    ``seed`` says whose seed it takes: each trial's own, so that a study resumed, or drained by
    one worker, samples the same points again; or the study's, where all trials share a sequence.
    ``points`` that are not sampled are all in the queue from the start, and the class idles.
    ``rest`` is Optuna's class for the parameters that it cannot sample, choices among others.
    ``several`` says whether it takes several objectives.
    """

    name: str
    optuna: str
    about: str
    package: str | None = None
    seed: Literal["trial", "study"] = "trial"
    points: Literal["sampled", "in order", "shuffled"] = "sampled"
    rest: str | None = None
    several: bool = True


@dataclass(frozen=True)
class Pruner:
    """A pruner: its name, Optuna's class, what this one does and the arguments that it is given."""

    name: str
    optuna: str
    about: str
    never: bool = False
    kwargs: Mapping[str, Any] = field(default_factory=dict)


SAMPLERS = {
    row.name: row
    for row in (
        Sampler("tpe", "TPESampler", "tree-structured Parzen estimators"),
        Sampler("random", "RandomSampler", "uniform points"),
        Sampler(
            "cmaes",
            "CmaEsSampler",
            "CMA-ES for numbers, TPE for the rest",
            package="cmaes",
            rest="TPESampler",
            several=False,
        ),
        Sampler("gp", "GPSampler", "Gaussian processes", package="torch"),
        Sampler("nsgaii", "NSGAIISampler", "genetic, for several objectives"),
        Sampler("qmc", "QMCSampler", "a quasi-random sequence", seed="study"),
        Sampler("bruteforce", "RandomSampler", "a finite space, shuffled", points="shuffled"),
        Sampler("grid", "RandomSampler", "every point of a finite space", points="in order"),
    )
}

PRUNERS = {
    row.name: row
    for row in (
        Pruner(
            "percentile",
            "PercentilePruner",
            "among the worst quarter of earlier trials",
            kwargs={"percentile": 75.0},
        ),
        Pruner("median", "MedianPruner", "worse than the median of earlier trials"),
        Pruner("successive_halving", "SuccessiveHalvingPruner", "not among the best at a rung"),
        Pruner("hyperband", "HyperbandPruner", "successive halving in several brackets"),
        Pruner("none", "NopPruner", "prunes nothing", never=True),
    )
}


@dataclass(frozen=True)
class Named:
    """A chosen sampler or pruner: a name above or of a class, and the class's arguments."""

    name: str
    kwargs: Mapping[str, Any] = field(default_factory=dict)


GRID, TPE = Named("grid"), Named("tpe")
UNPRUNED = Named("none")

Kind = Literal["sampler", "pruner"]


def read_choice(kind: Kind, value: Mapping[str, Any]) -> Named:
    """Read ``hydra.sweeper.sampler`` or ``.pruner``; raises :class:`UserError`.

    Nothing is imported: whether a dotted name is a class, :func:`make_sampler` will tell.
    """
    name, kwargs = str(value["name"]), dict(value["kwargs"] or {})
    known = tuple(SAMPLERS if kind == "sampler" else PRUNERS)
    if name not in known and not _is_dotted(name):
        raise UserError(
            f"hydra.sweeper.{kind}.name: expected one of {', '.join(known)}, or the dotted name of "
            f"an Optuna {kind} class; received {name!r}.{nearest(name, known)}"
        )
    return Named(name, kwargs)


def _is_dotted(name: str) -> bool:
    parts = name.split(".")
    return len(parts) > 1 and all(part.isidentifier() for part in parts)


def points_of(choice: Named) -> Literal["sampled", "in order", "shuffled"]:
    """Say whether the points are sampled, or all given from the start, and then how ordered."""
    return SAMPLERS[choice.name].points if choice.name in SAMPLERS else "sampled"


def gives_every_point(choice: Named) -> bool:
    """Say whether every point is in the queue from the start."""
    return points_of(choice) != "sampled"


def takes_several(choice: Named) -> bool:
    """Say whether the sampler takes several objectives, as far as it is one of ours."""
    return choice.name not in SAMPLERS or SAMPLERS[choice.name].several


def never_prunes(choice: Named) -> bool:
    """Say whether this is the pruner that prunes nothing."""
    return choice.name in PRUNERS and PRUNERS[choice.name].never


def make_sampler(choice: Named, seed: int, study_seed: int) -> "BaseSampler":
    """Make the sampler of one trial; its random numbers depend on these seeds alone.

    A class of the user's own gets ``seed``, the trial's, where its constructor takes one. It is
    made anew for every trial, so what it knows it must read from the study. Raises
    :class:`UserError`.
    """
    row = SAMPLERS.get(choice.name)
    if row is None:
        import optuna.samplers

        found = _own_class("sampler", choice.name, optuna.samplers.BaseSampler)
        ours: dict[str, Any] = {"seed": seed} if _takes_seed(found) else {}
    else:
        _check_package(row)
        found = _optuna_class("samplers", row.optuna)
        ours = {"seed": study_seed if row.seed == "study" else seed}
        if row.rest is not None:
            rest = _optuna_class("samplers", row.rest)(seed=seed)
            ours |= {"independent_sampler": rest, "warn_independent_sampling": False}
    return cast("BaseSampler", _made("sampler", found, choice, {**ours, **choice.kwargs}))


@dataclass
class Samplers:
    """The samplers of a worker's trials, one after another.

    Each is made anew, but for the space that the study's trials share, which Optuna's classes would
    read out of all trials again: ``spaces`` are the last one's, by attribute.
    """

    choice: Named
    study_seed: int
    spaces: Mapping[str, "IntersectionSearchSpace"] = field(default_factory=dict)

    def make(self, seed: int) -> "BaseSampler":
        """Make the next trial's sampler, as :func:`make_sampler` does."""
        from optuna.search_space import IntersectionSearchSpace

        sampler = make_sampler(self.choice, seed, self.study_seed)
        own = vars(sampler)
        own.update(self.spaces)
        self.spaces = {k: v for k, v in own.items() if isinstance(v, IntersectionSearchSpace)}
        return sampler


def make_pruner(choice: Named) -> "BasePruner":
    """Make the pruner; raises :class:`UserError`."""
    row = PRUNERS.get(choice.name)
    if row is None:
        import optuna.pruners

        found = _own_class("pruner", choice.name, optuna.pruners.BasePruner)
    else:
        found = _optuna_class("pruners", row.optuna)
        choice = replace(choice, kwargs={**row.kwargs, **choice.kwargs})
    return cast("BasePruner", _made("pruner", found, choice, choice.kwargs))


def _check_package(row: Sampler) -> None:
    if row.package is not None and importlib.util.find_spec(row.package) is None:
        raise UserError(
            f"hydra.sweeper.sampler.name={row.name}: expected the package {row.package}; found "
            f"none. {module_command('pip', 'install', row.package)}"
        )


def _optuna_class(module: str, name: str) -> type:
    found: type = getattr(importlib.import_module(f"optuna.{module}"), name)
    return found


def _own_class(kind: Kind, name: str, base: type) -> type:
    module, _, attribute = name.rpartition(".")
    expected = f"hydra.sweeper.{kind}.name: expected a class that can be imported, derived from "
    expected += f"optuna.{kind}s.{base.__name__}"
    try:
        found = getattr(importlib.import_module(module), attribute)
    except Exception as error:  # whatever a module does when it is imported
        raise UserError(f"{expected}; received {name!r}: {_line(error)}") from error
    if not (isinstance(found, type) and issubclass(found, base)):
        raise UserError(f"{expected}; received {name!r}, which is none.")
    return found


def _takes_seed(made: type) -> bool:
    """Say whether the constructor takes ``seed``, itself or through ``**kwargs`` to its base."""
    for cls in made.__mro__:
        if "__init__" not in vars(cls):
            continue
        parameters = inspect.signature(vars(cls)["__init__"]).parameters.values()
        if any(parameter.name == "seed" for parameter in parameters):
            return True
        if all(parameter.kind is not parameter.VAR_KEYWORD for parameter in parameters):
            return False
    return False


def _made(kind: Kind, made: type, choice: Named, kwargs: Mapping[str, Any]) -> Any:
    try:
        return made(**kwargs)
    except ImportError as error:
        raise UserError(f"hydra.sweeper.{kind}.name={choice.name}: {_line(error)}") from error
    except Exception as error:
        raise UserError(
            f"hydra.sweeper.{kind}.kwargs: expected arguments of {made.__module__}."
            f"{made.__qualname__}; received {dict(choice.kwargs)}: {_line(error)}"
        ) from error


def _line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
