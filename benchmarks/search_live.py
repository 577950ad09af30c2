"""Which way of searching finds the better network? Sweeps are trained, their winners once more.

    python benchmarks/search_live.py --data imdb.npz --seeds 10 --out search_live.csv

For each seed a sweep of ``search=wide`` as it is, one at random and one by Optuna's own defaults
(TPE, median pruning), all of as many trials with two workers: 4,000 reviews of 200 words, 40 % of
them held out, 3 epochs. A sweep is judged by the true value of the point that it names as its
winner: the mean over trainings with fresh seeds, validated on the same texts. Prints a line a way:
true values, the difference from random search with the same seeds (95 % interval of Student's t),
by how much the winner's own score flatters it, seconds of wall and CPU. ``--out`` has a row a
sweep; run again, the script goes on where it was. Beside it, ``..._trainings.csv`` has the
sweeps' trainings and their winners' as rows of a table to race on, without the values for which a
point was chosen to be trained again: they are lucky ones. What sweeps have in common is there once.
"""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _measuring import Timed, options_with_data
from scipy.stats import t
from search_table import (
    FRESH,
    UNHELPED,
    on_reduced_data,
    rows,
    storage_in,
    sweep,
    trained_again,
)

from rcnn_sweep.sweep import StudySnapshot, read_study

NO_BASELINE = "hydra.sweeper.baseline_first=false"
WAYS = {
    "random": ("hydra.sweeper.sampler.name=random", *UNHELPED, NO_BASELINE),
    "Optuna's defaults": (
        *("hydra.sweeper.sampler.name=tpe", "hydra.sweeper.pruner.name=median"),
        *("hydra.sweeper.confirm=0", NO_BASELINE),
    ),
    "search=wide": (),
}


def row_of(way: str, seed: int, study: StudySnapshot, ran: Timed) -> dict[str, Any]:
    """Give the row of a sweep."""
    best = study.best[0]
    point = json.dumps(dict(best.params), sort_keys=True)
    spent = {"wall": ran.wall, "cpu": ran.cpu}
    return {"way": way, "seed": seed, "score": best.values[0], **spent, "point": point}


def unchosen(study: StudySnapshot, epochs: int) -> pd.DataFrame:
    """Give the trainings of a sweep, but those for whose values a point was trained again."""
    chosen = {trial.confirms for trial in study.trials}
    trials = tuple(trial for trial in study.trials if trial.number not in chosen)
    return rows(replace(study, trials=trials), epochs)


def true_values(trainings: pd.DataFrame, keys: list[str]) -> dict[str, float]:
    """Give the means of points' last epochs, by point as JSON."""
    last = [column for column in trainings if column.startswith("epoch_")][-1]
    means = trainings.groupby(keys)[last].mean().reset_index()
    points = means[keys].to_dict("records")
    return dict(zip([json.dumps(p, sort_keys=True) for p in points], means[last], strict=True))


def told(table: pd.DataFrame) -> None:
    """Print what each way came to."""
    print(
        "way | true value of the winner | against random, points | score above it | wall s | CPU s"
    )
    true = table.pivot(index="seed", columns="way", values="true")
    for way, found in table.groupby("way", sort=False):
        against = ""
        if way != "random" and "random" in true:
            apart = 100 * (true[way] - true["random"]).dropna()
            error = t.ppf(0.975, len(apart) - 1) * apart.std(ddof=1) / np.sqrt(len(apart))
            against = f"{apart.mean():+.2f} +- {error:.2f}"
        flattered = 100 * (found["score"] - found["true"]).mean()
        print(
            f"{way} | {found['true'].mean():.4f} +- {found['true'].std(ddof=1):.4f} | {against} | "
            f"{flattered:+.2f} | {found['wall'].mean():.0f} | {found['cpu'].mean():.0f}"
        )


def main() -> None:
    """Sweep, train the winners, print the table."""
    parser = options_with_data(__doc__)
    parser.add_argument("--out", type=Path, default=Path("search_live.csv"))
    parser.add_argument("--folder", type=Path, default=Path("search_live"), help="of the studies")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=[*WAYS])
    parser.add_argument("--again", type=int, default=5, help="trainings of each winner")
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--reviews", type=int, default=4000)
    given = parser.parse_args()
    folder = given.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    words = ["search=wide", *on_reduced_data(given), "hydra.sweeper.workers=2"]
    found = pd.read_csv(given.out).to_dict("records") if given.out.exists() else []
    swept = []
    for seed in range(given.seeds):
        for way in given.ways:
            study = f"{'-'.join(way.split())}-{seed}".replace("'", "").replace("=", "-")
            if not any(row["way"] == way and row["seed"] == seed for row in found):
                size = [f"hydra.sweeper.seed={seed}", f"hydra.sweeper.n_trials={given.trials}"]
                ended = sweep(folder, study, [*words, *WAYS[way], *size])
                found.append(row_of(way, seed, *ended))
                pd.DataFrame(found).to_csv(given.out, index=False)
            swept.append(unchosen(read_study(study, storage_in(folder)), given.epochs))
    table = pd.DataFrame(found)
    points = [json.loads(point) for point in dict.fromkeys(table["point"])]
    keys, fresh = sorted(points[0]), range(FRESH, FRESH + given.again)
    again = trained_again(folder, points, words, fresh, given.epochs)
    others, winners = pd.concat(swept), pd.MultiIndex.from_frame(again[0][keys])
    others = others[~pd.MultiIndex.from_frame(others[keys]).isin(winners)]
    trainings = pd.concat([others, *again]).drop_duplicates([*keys, "seed"])
    trainings.to_csv(
        given.out.with_stem(f"{given.out.stem}_trainings"), index=False, float_format="%.6g"
    )
    true = true_values(pd.concat(again), keys)
    table["true"] = [true[point] for point in table["point"]]
    told(table)
    print(f"{given.again} trainings a winner; {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
