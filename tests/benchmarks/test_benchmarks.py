"""Each benchmark runs in a tiny form, so that none rots; what it measures then means nothing."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from forked import ForkedScript
from imdb_site import ragged, write_archive, write_index
from servers import needs_postgres

__all__ = ["write_archive", "write_index"]

ROOT = Path(__file__).parents[2]
SCRIPTS = {path.stem for path in (ROOT / "benchmarks").glob("[a-z]*.py")}
TINY = [
    ("data_loading", "--data", "IMDB", "--times", "1"),
    ("engine_scale", "--trials", "6", "--workers", "2"),
    ("evidence_rates", "--refits", "2"),
    ("full_baseline", "--data", "IMDB", "--epochs", "1", "--reviews", "128"),
    ("predict_throughput", "--count", "200", "--repeats", "1"),
    (
        "random_kills",
        *("--kinds", "drivers", "--kills", "1", "--trials", "2"),
        *("--rows", "200", "--latest", "15"),
    ),
    ("screening", "--data", "IMDB", "--reviews", "64", "--only-ours", "--sizes", "1"),
    (
        "search_live",
        *("--data", "IMDB", "--ways", "random", "--seeds", "1", "--again", "1"),
        *("--trials", "1", "--epochs", "1", "--reviews", "200"),
    ),
    ("search_race", "--replays", "2", "--sizes", "6", "--sampler", "tpe", "--confirm", "1"),
    (
        *("search_race", "--space", "architecture", "--truth", "forest"),
        *("--replays", "2", "--sizes", "6", "--ways", "CMA-ES, confirmed"),
    ),
    (
        "search_table",
        *("--data", "IMDB", "--search", "architecture", "--random", "10", "--guided", "0"),
        *("--seeds", "1", "--epochs", "1"),
        *("--best", "1", "--fresh", "1", "--reviews", "200", "--workers", "1"),
    ),
    ("serving_load", "--rows", "64", "--clients", "4", "--seconds", "3"),
    ("soak", "--minutes", "0.2", "--trials", "2", "--rows", "200"),
    ("step_share", "--batches", "2", "--repeats", "1"),
    ("sweep_phases", "--data", "IMDB", "--trials", "2", "--reviews", "200"),
    ("sweep_timeline", "--workers", "2", "--trials", "3", "--seconds", "0.1"),
    ("trial_overhead", "--trials", "1"),
]


@pytest.fixture
def imdb(
    tmp_path: Path, write_archive: Callable[..., Path], write_index: Callable[..., Path]
) -> Path:
    """An archive of 200 reviews a split as long as IMDB's, with its index of words beside it."""
    rng = np.random.RandomState(1)
    rows = {f"x_{split}": ragged(reviews(rng, 200)) for split in ("train", "test")}
    labels = {f"y_{split}": np.arange(200) % 2 for split in ("train", "test")}
    write_index(tmp_path / "imdb_word_index.json", 6000)
    return write_archive(tmp_path / "imdb.npz", **rows, **labels)


def reviews(rng: np.random.RandomState, count: int) -> list[list[int]]:
    return [rng.randint(1, 6000, rng.randint(40, 400)).tolist() for _ in range(count)]


def test_every_benchmark_has_a_tiny_form() -> None:
    assert {name for name, *_ in TINY} == SCRIPTS


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param(name, words, marks=[needs_postgres] if name == "soak" else [], id=name)
        for name, *words in TINY
    ],
)
def test_it_runs(
    name: str, words: list[str], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if "IMDB" in words:
        imdb = str(request.getfixturevalue("imdb"))
        words = [imdb if word == "IMDB" else word for word in words]
    process = ForkedScript(
        [sys.executable, str(ROOT / "benchmarks" / f"{name}.py"), *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, err[-3000:]
    assert out.strip()
