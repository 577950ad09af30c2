"""What is optional stays optional: every test module can be imported without the extras."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
COLLECT = """
import sys
absent = sys.argv[1].split(",")
class Without:
    def __init__(self, finder):
        self.finder = finder
    def __getattr__(self, name):
        return getattr(self.finder, name)
    def find_spec(self, name, path=None, target=None):
        return None if name in absent else self.finder.find_spec(name, path, target)
sys.meta_path[:] = map(Without, sys.meta_path)
import pytest
sys.exit(pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", "--slow", "tests"]))
"""
IMPORTED = {
    "hydra-ray-launcher": "hydra_plugins.hydra_ray_launcher",
    "hydra-submitit-launcher": "hydra_plugins.hydra_submitit_launcher",
    "optuna-dashboard": "optuna_dashboard",
}
"""The modules of packages that are not called like them."""


@pytest.mark.slow
def test_every_test_is_found_without_the_extras() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    needed = {
        re.split(r"[\[>]", requirement)[0]
        for extra, requirements in extras.items()
        if extra not in ("dev", "gpu")
        for requirement in requirements
    }
    assert {"ray", "pymysql", "psycopg"} <= needed
    modules = sorted(IMPORTED.get(name, name) for name in needed)
    done = subprocess.run(
        [sys.executable, "-c", COLLECT, ",".join([*modules, "submitit"])],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert "No module named 'pymysql'" in done.stdout  # the tests that skip say so
