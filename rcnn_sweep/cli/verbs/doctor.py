"""``doctor``: what is in the way of a run here, and what to do about it."""

from collections.abc import Sequence

from rcnn_sweep.cli.verbs.arguments import Arguments


def main(words: Sequence[str]) -> int:
    """Do ``doctor [--deep]``; 1 where a problem would prevent a run."""
    parser = Arguments("doctor", "Check packages, stores, data and machine; create nothing.")
    parser.add_argument("--deep", action="store_true", help="import TensorFlow, too (seconds)")
    deep = parser.parse_args(words).deep
    from rcnn_sweep.doctor import examine, report

    findings = examine(deep=deep)
    print(report(findings))
    return int(any(finding.level == "problem" for finding in findings))
