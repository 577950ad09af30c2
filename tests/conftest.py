import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import forked
import pytest
from small import HANGS, SMALL_NETWORK, command_line, environment, table_rows, write_table

# Printed commands begin with what starts the interpreter here: so it is "python" in every test.
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
# Ray starts its workers with a niceness of 15: beside other tests they would get a tenth of a core.
os.environ.update(RAY_worker_niceness="0")
# Each ten seconds of a run would add metrics to its record, the more the slower the machine is.
os.environ["MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING"] = "false"

forked.install()

CASES = Path(os.environ.get("RCNN_SWEEP_TEST_DATA") or Path(__file__).parents[2] / "shared/data")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="also run tests that are slow by nature")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests marked ``slow``, unless ``--slow`` or a test's own name asks for them."""
    if config.getoption("--slow") or any("::" in word for word in config.args):
        return
    slow = {item for item in items if item.get_closest_marker("slow")}
    config.hook.pytest_deselected(items=list(slow))
    items[:] = [item for item in items if item not in slow]


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's cache, store or settings."""
    monkeypatch.setenv("RCNN_SWEEP_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("RCNN_SWEEP_LOOPBACK_HTTP", "1")  # the servers that tests start
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture(autouse=True)
def same_surroundings() -> Iterator[None]:
    """No test leaves an environment from which later ones cannot fork their programs."""
    yield
    forked.restore()


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return write_table(tmp_path / "reviews.csv", table_rows(200))


@pytest.fixture(scope="session")
def real_imdb() -> Path:
    """The folder with the whole Large Movie Review Dataset, where there is one."""
    if not (CASES / "imdb.npz").is_file():
        pytest.skip(f"no imdb.npz in {CASES}; set RCNN_SWEEP_TEST_DATA to its folder")
    return CASES


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database with its tables, to be copied: creating one takes seconds."""
    folder = tmp_path_factory.mktemp("mlflow")
    code = "from rcnn_sweep.tracking import Store, tracking_uri;Store(tracking_uri(None), 'other')"
    clean = environment(folder / "cache")
    subprocess.run([sys.executable, "-c", code], cwd=folder, env=clean, check=True)
    return folder / "mlflow.db"


@pytest.fixture
def workplace(tmp_path: Path, migrated_database: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a ready MLflow database in it."""
    folder = tmp_path / "work place"
    folder.mkdir()
    shutil.copy(migrated_database, folder / "mlflow.db")
    monkeypatch.chdir(folder)
    return folder


Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Run ``python -m rcnn_sweep WORDS`` in ``cwd`` (a new folder by default)."""

    def run(*words: str, cwd: Path | None = None, **settings: str) -> object:
        return subprocess.run(
            command_line(*words),
            cwd=cwd or tmp_path,
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
            timeout=HANGS,
        )

    return run


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A working directory with one complete run on ``reviews.csv``, and the run's id."""
    folder = tmp_path_factory.mktemp("small run")
    table = write_table(folder / "reviews.csv", table_rows(200))
    done = subprocess.run(
        command_line("data=table", f"data.path='{table}'", *SMALL_NETWORK),
        cwd=folder,
        env=environment(folder / "cache"),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found = re.search(r"Run (\w{32})", done.stdout)
    assert found is not None
    return folder, found[1]
