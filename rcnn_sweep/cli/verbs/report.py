"""``report``: a study, two studies or single runs as one HTML page."""

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from rcnn_sweep.cli.verbs.arguments import Arguments
from rcnn_sweep.errors import UserError


def main(words: Sequence[str]) -> None:
    """Do ``report [STUDY]``, ``report --compare A B`` or ``report --runs RUN RUN ...``."""
    options = _parser().parse_args(words)
    _check(options)
    output = None if options.output is None else _file(options.output)
    from rcnn_sweep.api import load_study
    from rcnn_sweep.application import report_comparison, report_runs

    where = {"tracking_uri": options.tracking_uri, "output": output}
    if options.compare:
        path = report_comparison(tuple(options.compare), options.storage, **where)
    elif options.runs:
        path = report_runs(options.runs, **where)
    else:
        study = load_study(options.study, options.storage, tracking_uri=options.tracking_uri)
        path = study.report(output)
    print(path)


def _check(options: Namespace) -> None:
    given = [options.study, options.compare, options.runs]
    if sum(value is not None for value in given) > 1:
        raise UserError(
            "report: expected one of STUDY, --compare A B and --runs RUN RUN; received several."
        )


def _parser() -> Arguments:
    parser = Arguments("report", "Write a study's report: one HTML page, complete in itself.")
    parser.add_argument("study", nargs="?", help="default: the study last worked on")
    parser.add_argument("--compare", nargs=2, metavar="STUDY", help="compare two studies instead")
    parser.add_argument("--runs", nargs="+", metavar="RUN", help="compare MLflow runs instead")
    parser.add_argument("--storage", metavar="URL", help="default: studies.db in this directory")
    parser.add_argument(
        "--tracking-uri", metavar="URL", help="default: MLFLOW_TRACKING_URI, else mlflow.db here"
    )
    parser.add_argument("--output", metavar="FILE", help="write there, and log it nowhere")
    return parser


def _file(name: str) -> Path:
    path = Path(name).expanduser().absolute()
    if not path.parent.is_dir() or path.is_dir():
        raise UserError(
            f"--output: expected a file in an existing folder; received {name}.\n"
            "Make the folder, or name another file."
        )
    return path
