"""``refit``: are a study's best trials really better than its baseline?"""

from argparse import Namespace
from collections.abc import Sequence

from rcnn_sweep.cli.verbs.arguments import Arguments
from rcnn_sweep.errors import UserError
from rcnn_sweep.overrides import override

FEWEST_SEEDS = 2
PASSED_ON = ("hydra.", "hydra/", "tracking.uri=")


def main(words: Sequence[str]) -> None:
    """Do ``refit [STUDY] --seeds 5 [--top 1] [--force] [--storage URL] [overrides ...]``."""
    given = arguments(words)
    from rcnn_sweep.api import multirun
    from rcnn_sweep.refit import chosen, judged_by, task
    from rcnn_sweep.sweep import read_study

    study = read_study(given.study, given.storage)
    candidates = chosen(study, given.top)
    listed = ",".join(f"{{trial:{c.trial},run_id:'{c.run_id}'}}" for c in candidates)
    overrides = [
        override("study", study.name),
        f"study_run='{study.parent['run_id']}'",
        f"candidates=[{listed}]",
        f"seeds={given.seeds}",
        f"judged_by={judged_by(study)}",
        f"force={str(given.force).lower()}",
        *([override("hydra.sweeper.storage", given.storage)] if given.storage else []),
        *given.overrides,
    ]
    multirun("refit", task, overrides, command=["refit", *words], configure_logging=True)


def arguments(words: Sequence[str]) -> Namespace:
    """Read the words after the verb; raises :class:`UserError` for a mistake."""
    parser = Arguments(
        "refit",
        "Retrain a study's baseline and its best trials on all of train with several seeds, judge "
        "them once on test, and say whether the difference is more than luck. A candidate that is "
        "better becomes the registered champion. The same command resumes; more seeds or "
        "candidates later add to what is there.",
    )
    parser.add_argument(
        "words", nargs="*", metavar="STUDY | KEY=VALUE",
        help="the study (default: the last one), and overrides of hydra (workers, launcher)",
    )  # fmt: skip
    add = parser.add_argument
    add(
        "--seeds",
        type=int,
        default=5,
        help="seeds for each config, 0, 1, ... (default %(default)s)",
    )
    add("--top", type=int, default=1, help="how many of the best trials (default %(default)s)")
    add("--force", action="store_true", help="register the best candidate without evidence")
    add("--storage", metavar="URL", help="of the study; default: studies.db in this directory")
    add("--tracking-uri", metavar="URI", help="of its MLflow store; default: as for runs")
    return checked(parser.parse_intermixed_args(words))


def checked(given: Namespace) -> Namespace:
    """Tell the study from the overrides; raises :class:`UserError` for what cannot work."""
    if given.seeds < FEWEST_SEEDS:
        raise UserError(
            f"--seeds: expected {FEWEST_SEEDS} or more, for one run each cannot tell a gain from "
            f"luck; received {given.seeds}."
        )
    if given.top < 1:
        raise UserError(f"--top: expected 1 candidate or more; received {given.top}.")
    names = [word for word in given.words if "=" not in word]
    given.overrides = [word for word in given.words if "=" in word]
    if len(names) > 1:
        raise UserError(f"refit: expected one study; received {', '.join(names)}.")
    for word in given.overrides:
        if not word.lstrip("+").startswith(PASSED_ON):
            raise UserError(
                f"{word}: expected overrides of hydra. (workers, launcher) or tracking.uri; a "
                "refit takes its configs from the study's record."
            )
    given.study = names[0] if names else None
    if given.tracking_uri:
        given.overrides.append(override("tracking.uri", given.tracking_uri))
    return given
