"""No room, no network, no whole file: said early where it can be, and nothing partial is used."""

import http.server
import os
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from optuna.trial import TrialState
from small import HANGS, ROOT, command_line, environment, table_rows, write_table

from .conftest import SMALL, SWEEP, Workplace


@pytest.fixture
def tiny_disk(place: Workplace) -> Iterator[Path]:
    """The folder for artifacts, on a disk with room for 60 kB."""
    folder = place.folder / "mlruns"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=60k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a small disk takes more rights than these")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.slow
def test_full_disk_fails_the_trial_with_path_and_cause(place: Workplace, tiny_disk: Path) -> None:
    more = ("hydra.sweeper.workers=1", "hydra.sweeper.n_trials=3", "hydra.sweeper.max_failures=2")
    out = place.run(*SWEEP, *more, "lstm.units=40", code=1)
    assert "2 trials failed in a row" in out
    assert "Traceback" not in out.rpartition("failed in a row")[2]
    failed = place.trials(TrialState.FAIL)
    assert len(failed) == 2
    for trial in failed:
        assert "No space left on device" in trial.user_attrs["reason"]
        assert str(tiny_disk) in trial.user_attrs["reason"]
    assert {run.info.status for run in place.runs("trial").values()} == {"FAILED"}
    assert {run.info.status for run in place.runs("study").values()} == {"FAILED"}


@pytest.mark.parametrize(
    ("limit", "place", "cause"),
    [(30_000, "cache", "takes no whole file"), (1000, "Hydra's files", "File too large")],
)
def test_no_room_ends_the_command_before_any_run(
    fresh: Workplace, limit: int, place: str, cause: str
) -> None:
    def small_files_only() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    write_table(fresh.folder / "reviews.csv", table_rows(4000))
    cache = fresh.folder / "cache"
    done = subprocess.run(
        command_line(*SMALL),
        cwd=fresh.folder,
        env=environment(cache),
        capture_output=True,
        text=True,
        preexec_fn=small_files_only,
    )
    assert done.returncode == 2, done.stderr
    assert place in done.stderr and str(fresh.folder) in done.stderr
    assert cause in done.stderr
    assert not [path for path in cache.rglob("*") if path.suffix in {".npy", ".partial"}]
    assert not (fresh.folder / "mlflow.db").exists()


@pytest.mark.parametrize("more", [(), ("-m",)])
def test_a_file_in_the_place_of_mlruns_is_found_early(
    fresh: Workplace, more: tuple[str, ...]
) -> None:
    (fresh.folder / "mlruns").write_text("in the way")
    out = fresh.run(*more, *SMALL, code=2)
    assert f"expected a writable folder for artifacts; found {fresh.folder / 'mlruns'}" in out
    assert not (fresh.folder / "mlflow.db").exists()
    assert not (fresh.folder / "studies.db").exists()


def archive(folder: Path) -> bytes:
    rng = np.random.RandomState(0)
    texts = np.empty(20, object)
    texts[:] = [rng.randint(1, 30, 9).tolist() for _ in range(20)]
    labels = np.arange(20) % 2
    np.savez(folder / "imdb.npz", x_train=texts, y_train=labels, x_test=texts, y_test=labels)
    return (folder / "imdb.npz").read_bytes()


@contextmanager
def serving(files: dict[str, bytes]) -> Iterator[tuple[str, list[str]]]:
    """Serve ``files`` slowly enough for two to meet; gives the address and what was asked for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            time.sleep(0.5)
            body = files.get(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


LOAD = """
import sys
from rcnn_sweep.data import load
from rcnn_sweep.data import ImdbConfig
data = load(ImdbConfig(url=sys.argv[1], sha256=sys.argv[2], fallback=None, maxlen=9), say=print)
print(len(data.train), data.train.labels.sum())
"""


def loading(address: str, checksum: str, cache: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", LOAD, f"{address}/imdb.npz", checksum],
        env={
            **environment(cache),
            "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
            "KERAS_HOME": str(cache / "keras"),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_two_first_downloads_share_one_and_a_torn_copy_is_fetched_anew(tmp_path: Path) -> None:
    whole = archive(tmp_path)
    checksum, cache = sha256(whole).hexdigest(), tmp_path / "cache"
    with serving({"/imdb.npz": whole}) as (address, asked):
        for expected in (1, 2):
            both = [loading(address, checksum, cache) for _ in range(2)]
            for process in both:
                out, err = process.communicate(timeout=HANGS)
                assert process.returncode == 0, err
                assert out.splitlines()[-1] == "20 10"
            assert asked.count("/imdb.npz") == expected
            torn = cache / f"imdb-{checksum[:16]}.npz"  # for the second turn
            torn.write_bytes(whole[: len(whole) // 2])


@contextmanager
def silent_server() -> Iterator[str]:
    """Accept connections and never answer, as a network does that drops every packet."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.slow
@pytest.mark.parametrize(("fallback", "limit"), [("null", 5), ("snippets", 10)])
def test_a_network_that_swallows_everything_is_given_up_within_seconds(
    fresh: Workplace, fallback: str, limit: float
) -> None:
    fresh.settings = {"KERAS_HOME": str(fresh.folder / "keras")}
    with silent_server() as address:
        fresh.settings |= {"PIP_INDEX_URL": f"{address}/simple", "PIP_CONFIG_FILE": os.devnull}
        words = (f"data.url={address}/imdb.npz", f"data.fallback={fallback}")
        started = time.perf_counter()
        out = fresh.run(*words, code=2)
        seconds = time.perf_counter() - started
    assert "did not answer within" in out
    assert "imdb.npz" in out and "data.path" in out, "where to put the file"
    assert seconds < limit * SLOWNESS, out
    assert not (fresh.folder / "mlflow.db").exists()


# Other tests and a loaded machine slow the start of processes, which is not what is measured.
SLOWNESS = float(os.environ.get("RCNN_SWEEP_TEST_SLOWNESS", "3"))


@pytest.mark.slow
def test_bad_rows_are_counted_on_the_screen_and_in_the_record(place: Workplace) -> None:
    rows = table_rows(100)
    content = [*rows, *rows[:4], ("", "good"), ("a fine film", ""), ("x" * 5_000_000, "bad")]
    write_table(place.folder / "reviews.csv", content)
    with (place.folder / "reviews.csv").open("ab") as file:
        file.write(b'"caf\xe9 noir",good\n')
    out = place.run(*SMALL)
    [run] = place.runs("run").values()
    profile = run.inputs.dataset_inputs[0].dataset.profile
    for note in (
        "1 byte sequences were not UTF-8 and were replaced",
        "Dropped 2 of 108 rows: 1 without label, 1 without text",
        "test texts are also training texts",
    ):
        assert note in out
        assert note in profile
