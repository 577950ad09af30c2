"""``python -m rcnn_sweep.doctor``: the same where not even Hydra can be imported."""

import sys

from rcnn_sweep.doctor.examination import examine, report

if __name__ == "__main__":
    findings = examine(deep="--deep" in sys.argv[1:])
    print(report(findings))
    sys.exit(any(found.level == "problem" for found in findings))
