"""Record the table that searches are raced on: many points of a space, some with several seeds.

    python benchmarks/search_table.py --data imdb.npz --out benchmarks/search_table.csv

The product's own sweeps train the points: random ones first, then some that TPE chose, which are
denser where it is good. Nothing is pruned, and all have one seed; some of the better three quarters
are trained again with other seeds, and, several times with fresh ones, those points that all others
predict to be best, which tells how much of a value is luck: of points that are chosen by their own
values the lucky ones pass for good ones. A row is one training: the point's parameters, the seed's
number, the objective after each epoch, and the seconds it took. The space and the baseline's point
are written beside it, as JSON. Reduced data: 4,000 reviews of 200 words, 40 % of them held out.
``search_table.csv`` was recorded with ``--random 160 --guided 80 --again 39``,
``search_architecture.csv`` with ``--search architecture --random 80 --guided 40 --again 12 --best
8``: there the machine had other work when points were trained again, which have no seconds.
"""

import json
import os
import sys
import tempfile
from argparse import Namespace
from collections import ChainMap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
import yaml
from _measuring import ROOT, Timed, options_with_data, timed
from _world import Course, world_of
from omegaconf import ListConfig, OmegaConf
from optuna.distributions import distribution_to_json

from rcnn_sweep.sweep import StudySnapshot, read_study

OBJECTIVE = "val_accuracy"
FRESH = 1000
"""Seeds from here on are those of good points, which no search has."""

UNHELPED = ("hydra.sweeper.pruner.name=none", "hydra.sweeper.confirm=0")
"""Trials that all run to their end, each point once."""


def on_reduced_data(given: Namespace) -> list[str]:
    """Give what trainings have in common that are set beside each other."""
    return [
        f"data.path={given.data.absolute()}", f"data.train_limit={given.reviews}",
        "data.maxlen=200", "data.validation_fraction=0.4", f"training.epochs={given.epochs}",
        f"hydra.sweeper.metric={OBJECTIVE}",
    ]  # fmt: skip


def sweep(folder: Path, study: str, words: Sequence[str]) -> tuple[StudySnapshot, Timed]:
    """Run or go on with a sweep in ``folder``; gives what it came to, and what it took."""
    own = [f"hydra.sweeper.study_name={study}", "hydra.sweeper.plots=false"]
    ran = timed([sys.executable, "-m", "rcnn_sweep", "-m", *words, *own], folder)
    print(f"{study}: {ran.wall:.0f} s, {ran.cpu:.0f} s CPU", flush=True)
    return read_study(study, storage_in(folder)), ran


def storage_in(folder: Path) -> str:
    """Give the storage of the studies that :func:`sweep` ran there."""
    return f"sqlite:///{folder / 'studies.db'}"


def trained_again(
    folder: Path,
    points: Sequence[Mapping[str, Any]],
    words: Sequence[str],
    seeds: Iterable[int],
    epochs: int,
) -> list[pd.DataFrame]:
    """Train each point once with each seed, all alike; gives a table of each seed's trainings."""
    (folder / "points").mkdir(exist_ok=True)
    text = "# @package hydra.sweeper\n" + yaml.safe_dump({"enqueue": [*map(dict, points)]})
    (folder / "points" / "recorded.yaml").write_text(text)
    own = [
        "--config-dir", str(folder), "+points=recorded", *words, *UNHELPED,
        "hydra.sweeper.common_seed=true", "hydra.sweeper.baseline_first=false",
        f"hydra.sweeper.n_trials={len(points)}",
    ]  # fmt: skip
    studies = {
        seed: sweep(folder, f"seed-{seed}", [*own, f"hydra.sweeper.seed={seed}"])[0]
        for seed in seeds
    }
    return [rows(study, epochs, seed) for seed, study in studies.items()]


def rows(study: StudySnapshot, epochs: int, seed: int | None = None) -> pd.DataFrame:
    """Give a row for each whole trial: its point, its seed or the study's, its values by epoch, its
    seconds.

    The last of the values is the trial's own, which ``training.keep=best`` may take from an earlier
    epoch; one that stopped early has it for the epochs that it left out, too.
    """
    whole = [trial for trial in study.trials if trial.state == "complete"]
    table = pd.DataFrame([dict(trial.params) for trial in whole])
    table["seed"] = [trial.seed for trial in whole] if seed is None else seed
    for step in range(1, epochs):
        table[f"epoch_{step}"] = [trial.steps.get(step, trial.values[0]) for trial in whole]
    table[f"epoch_{epochs}"] = [trial.values[0] for trial in whole]
    table["seconds"] = [round(trial.seconds or 0.0, 2) for trial in whole]
    return table


def spread(study: StudySnapshot, count: int) -> list[dict[str, Any]]:
    """Choose points of the better three quarters, evenly from the best to the worst of them."""
    whole = [trial for trial in study.trials if trial.state == "complete"]
    ranked = sorted(whole, key=lambda trial: -trial.values[0])
    places = np.linspace(0, 0.75 * (len(ranked) - 1), min(count, len(ranked))).astype(int)
    return [dict(ranked[place].params) for place in dict.fromkeys(places.tolist())]


def predicted_best(table: Path, count: int) -> list[dict[str, Any]]:
    """Give the points of a table that are best by what the others tell of them."""
    course = Course(tables=(table,))
    rows, predicted = course.rows, world_of(course).predicted
    points = rows[rows.columns[: rows.columns.get_loc("seed")]].drop_duplicates().convert_dtypes()
    best = points.iloc[np.argsort(-predicted)[:count]].to_dict("records")
    return [{key: value for key, value in point.items() if not pd.isna(value)} for point in best]


def space_of(folder: Path, search: str) -> str:
    """Give the studies' space as JSON: Optuna's distributions, the values under which those exist
    that do not always, and the baseline's point; an option that no trial drew is left out."""
    trials = optuna.load_study(study_name="seed-0", storage=storage_in(folder)).trials
    every = ChainMap(*(trial.distributions for trial in trials))
    specs = OmegaConf.load(ROOT / "conf" / "search" / f"{search}.yaml").hydra.sweeper.space
    space = {key: distribution_to_json(every[key]) for key in specs if key in every}
    conditions = {key: spec.when for key, spec in specs.items() if "when" in spec}
    when = {
        key: {name: [*v] if isinstance(v, ListConfig) else [v] for name, v in condition.items()}
        for key, condition in conditions.items()
    }
    described = {"space": space, "baseline": trials[0].params}
    return json.dumps(described | ({"when": when} if when else {}), indent=1)


def main() -> None:
    """Record and write the table."""
    parser = options_with_data(__doc__)
    parser.add_argument("--out", type=Path, default=Path("search_table.csv"))
    parser.add_argument("--search", default="wide")
    parser.add_argument("--random", type=int, default=200, help="random points")
    parser.add_argument("--guided", type=int, default=100, help="points chosen by TPE")
    parser.add_argument("--again", type=int, default=40, help="points trained with every seed")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--best", type=int, default=20, help="points trained with fresh seeds")
    parser.add_argument("--fresh", type=int, default=5, help="fresh seeds")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--reviews", type=int, default=4000)
    parser.add_argument("--workers", default="auto")
    parser.add_argument("--folder", type=Path, help="where the studies are kept (default: nowhere)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = (given.folder or Path(scratch)).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        words = [f"search={given.search}", *on_reduced_data(given)]
        words.append(f"hydra.sweeper.workers={given.workers}")
        total = given.random + given.guided
        for sampler, n_trials in (("random", given.random), ("tpe", total)):
            own = [f"hydra.sweeper.sampler.name={sampler}", f"hydra.sweeper.n_trials={n_trials}"]
            own += [*UNHELPED, "hydra.sweeper.common_seed=true"]
            first, _ = sweep(folder, "seed-0", [*words, *own])
        points = spread(first, given.again)
        again = trained_again(folder, points, words, range(1, given.seeds), given.epochs)
        table = pd.concat([rows(first, given.epochs, 0), *again], ignore_index=True)
        table.to_csv(given.out, index=False, float_format="%.6g")
        given.out.with_suffix(".json").write_text(space_of(folder, given.search) + "\n")
        if given.best and given.fresh:
            seeds = range(FRESH, FRESH + given.fresh)
            points = predicted_best(given.out, given.best)
            best = trained_again(folder, points, words, seeds, given.epochs)
            table = pd.concat([Course(tables=(given.out,)).rows, *best], ignore_index=True)
            table.to_csv(given.out, index=False, float_format="%.6g")
    print(f"{len(table)} rows in {given.out}; {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
