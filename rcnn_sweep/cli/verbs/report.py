"""``report``: a study, two studies or single runs as one HTML page, or a study's live page."""

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from rcnn_sweep.cli.verbs.arguments import Arguments
from rcnn_sweep.errors import UserError
from rcnn_sweep.process import printable

PORT = 8600
"""Where ``--live`` serves the page."""


def main(words: Sequence[str]) -> None:
    """Do ``report [STUDY]``, ``report --compare A B``, ``report --runs RUN ...`` or ``--live``."""
    options = _parser().parse_args(words)
    _check(options)
    if options.live:
        serve(options)
        return
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


def serve(options: Namespace) -> None:
    """Serve a study's report on this machine until Ctrl-C, which is how it ends well."""
    from functools import partial

    from rcnn_sweep.application import LivePage, live_server, made
    from rcnn_sweep.sweep import find_study_name

    name = find_study_name(options.study, options.storage)
    page = LivePage(partial(made, name, options.storage, options.tracking_uri))
    page.current()  # a mistake is told before anything is served
    with live_server(page, PORT if options.port is None else options.port) as server:
        address = f"http://127.0.0.1:{server.server_address[1]}/"
        print(f"{printable(name)}, as it goes: {address} (Ctrl-C ends)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


def _check(options: Namespace) -> None:
    given = [options.study, options.compare, options.runs]
    if sum(value is not None for value in given) > 1:
        raise UserError(
            "report: expected one of STUDY, --compare A B and --runs RUN RUN; received several."
        )
    if options.live and (options.compare or options.runs or options.output):
        raise UserError("--live: expected a study alone; received what is written into a file.")
    if options.port is not None and not options.live:
        raise UserError("--port: expected --live, which serves the page; received none.")
    if options.port is not None and not 0 <= options.port < 1 << 16:
        raise UserError(f"--port: expected a number from 0 to 65535; received {options.port}.")


def _parser() -> Arguments:
    parser = Arguments("report", "Write a study's report: one HTML page, complete in itself.")
    parser.add_argument("study", nargs="?", help="default: the study last worked on")
    parser.add_argument("--compare", nargs=2, metavar="STUDY", help="compare two studies instead")
    parser.add_argument("--runs", nargs="+", metavar="RUN", help="compare MLflow runs instead")
    parser.add_argument("--live", action="store_true", help="serve it here while the sweep runs")
    parser.add_argument("--port", type=int, metavar="N", help=f"of --live (default: {PORT})")
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
