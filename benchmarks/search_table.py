"""Record the table that searches are raced on: many points of a space, some with several seeds.

    python benchmarks/search_table.py --data imdb.npz --out benchmarks/search_table.csv

The product's own sweeps train the points: random ones first, then some that TPE chose, which are
denser where it is good. Nothing is pruned, and all have one seed; some of the better three quarters
are trained again with other seeds, and, several times with fresh ones, those points that all others
predict to be best, which tells how much of a value is luck: of points that are chosen by their own
values the lucky ones pass for good ones. A row is one training: the point's parameters, the seed's
number, the objective after each epoch, and the seconds it took. The space and the baseline's point
are written beside it, as JSON. Reduced data: 4,000 reviews of 200 words, 40 % of them held out. The
table that is here was recorded with ``--random 160 --guided 80 --again 39``.
"""

import json
import os
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
import yaml
from _measuring import Timed, options_with_data, timed
from optuna.distributions import distribution_to_json
from search_race import Course, world_of

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
    folder: Path, points: Sequence[Mapping[str, Any]], words: Sequence[str], seeds: Iterable[int]
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
    return [rows(study, seed) for seed, study in studies.items()]


def rows(study: StudySnapshot, seed: int | None = None) -> pd.DataFrame:
    """Give a row for each whole trial: its point, its seed or the study's, its values by epoch,
    its seconds."""
    whole = [trial for trial in study.trials if trial.state == "complete"]
    table = pd.DataFrame([dict(trial.params) for trial in whole])
    table["seed"] = [trial.seed for trial in whole] if seed is None else seed
    for step in whole[0].steps:
        table[f"epoch_{step}"] = [trial.steps[step] for trial in whole]
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
    rows, predicted = pd.read_csv(table), world_of(Course((table,))).predicted
    points = rows[rows.columns[: rows.columns.get_loc("seed")]].drop_duplicates()
    return points.iloc[np.argsort(-predicted)[:count]].to_dict("records")


def space_of(folder: Path) -> str:
    """Give the studies' space as JSON: Optuna's distributions, and the baseline's point."""
    found = optuna.load_study(study_name="seed-0", storage=storage_in(folder))
    first = found.trials[0]
    space = {key: distribution_to_json(one) for key, one in first.distributions.items()}
    return json.dumps({"space": space, "baseline": first.params}, indent=1)


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
        again = trained_again(folder, points, words, range(1, given.seeds))
        table = pd.concat([rows(first, 0), *again], ignore_index=True)
        table.to_csv(given.out, index=False, float_format="%.6g")
        given.out.with_suffix(".json").write_text(space_of(folder) + "\n")
        if given.best and given.fresh:
            seeds = range(FRESH, FRESH + given.fresh)
            best = trained_again(folder, predicted_best(given.out, given.best), words, seeds)
            table = pd.concat([pd.read_csv(given.out), *best], ignore_index=True)
            table.to_csv(given.out, index=False, float_format="%.6g")
    print(f"{len(table)} rows in {given.out}; {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
