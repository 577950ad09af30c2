"""The logged model behind MLflow's own scoring server, on this machine's loopback address."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from servers import answers, end_group
from small import BAD, GOOD, environment

from rcnn_sweep.tracking.models import CHAMPION, TextModel

START_SECONDS = 120


@pytest.fixture(scope="module")
def store(small_run: tuple[Path, str]) -> str:
    """The store of the small run, its model registered as the champion."""
    import mlflow

    folder, run_id = small_run
    uri = f"sqlite:///{folder}/mlflow.db"
    mlflow.set_tracking_uri(uri)  # a version's source is looked up there, whatever the client's
    client = mlflow.MlflowClient(uri)
    [output] = client.get_run(run_id).outputs.model_outputs
    client.create_registered_model("rcnn")
    version = client.create_model_version("rcnn", f"models:/{output.model_id}", run_id)
    client.set_registered_model_alias("rcnn", "champion", version.version)
    yield uri
    client.delete_registered_model("rcnn")


@pytest.fixture(scope="module")
def port(store: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of ``mlflow models serve -m models:/rcnn@champion``."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    folder = tmp_path_factory.mktemp("server")
    words = ["models", "serve", "-m", CHAMPION, "--env-manager", "local", "--port", str(port)]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # MLflow calls uvicorn
    clean = {k: v for k, v in environment(folder).items() if k != "PYTHONPATH"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", *words, "--host", "127.0.0.1"],
            cwd=folder,  # without this project: the model must work alone
            env={**clean, "MLFLOW_TRACKING_URI": store, "PATH": path},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not answers(port, "/ping"):
            said = (folder / "log").read_text(errors="replace")
            assert process.poll() is None and time.monotonic() < deadline, said
            time.sleep(0.2)
        yield port
    finally:
        end_group(process)


def ask(port: int, method: str, path: str, body: Any = None) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    text = body if isinstance(body, str) else json.dumps(body)
    connection.request(method, path, text, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    status, content = answer.status, answer.read().decode()
    connection.close()
    return status, content


def invoked(port: int, body: Any) -> list[dict[str, Any]]:
    status, content = ask(port, "POST", "/invocations", body)
    assert status == 200, content
    return json.loads(content)["predictions"]


@pytest.mark.slow
def test_every_kind_of_request_gets_the_same_answer(port: int) -> None:
    bodies = (
        {"dataframe_split": {"columns": ["text"], "data": [[GOOD], [BAD]]}},
        {"dataframe_records": [{"text": GOOD}, {"text": BAD}]},
        {"inputs": [GOOD, BAD]},
        {"inputs": {"text": [GOOD, BAD]}},
        {"instances": [{"text": GOOD}, {"text": BAD}]},
    )
    first, *others = [invoked(port, body) for body in bodies]
    assert [row["label"] for row in first] == ["good", "bad"]
    assert all(0.5 <= row["probability"] <= 1 for row in first)
    assert all(other == first for other in others)
    assert invoked(port, {"inputs": []}) == []


@pytest.mark.slow
def test_the_server_writes_numbers_in_lists_as_texts_before_the_model_sees_them(port: int) -> None:
    for body in ({"inputs": [3]}, {"inputs": [None]}, {"inputs": {"text": [3.5]}}):
        status, _ = ask(port, "POST", "/invocations", body)
        assert status == 200
    assert invoked(port, {"inputs": [3]}) == invoked(port, {"inputs": ["3"]})
    records = {"dataframe_records": [{"text": 3}]}
    assert ask(port, "POST", "/invocations", records)[0] == 400


def test_served_answers_are_the_runs_own_numbers(
    port: int, store: str, small_run: tuple[Path, str]
) -> None:
    from rcnn_sweep.data import TableConfig, load
    from rcnn_sweep.tracking.reader import RunReader

    folder, run_id = small_run
    reviews = pd.read_csv(folder / "reviews.csv")
    served = invoked(port, {"inputs": list(reviews["text"])})
    recorded = RunReader(store).json(run_id, "evaluation/confusion_matrix.json")

    dataset = load(TableConfig(path=str(folder / "reviews.csv"), maxlen=12), say=print)
    encoded = [tuple(row) for row in dataset.vocabulary.encode(list(reviews["text"]))]
    labels = {row: answer["label"] for row, answer in zip(encoded, served, strict=True)}
    names = recorded["labels"]
    matrix = [[0, 0], [0, 0]]
    for place in dataset.test.rows:
        label = labels[tuple(dataset.test.x[place])]
        matrix[int(dataset.test.y[place])][names.index(label)] += 1
    assert matrix == recorded["matrix"]

    model = TextModel(CHAMPION, tracking_uri=store)
    model.load()
    probabilities = model.answer(list(reviews["text"])).probabilities
    assert [row["probability"] for row in served] == pytest.approx(probabilities, abs=1e-6)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"dataframe_records": [{"words": "good"}]}, "missing inputs ['text']"),
        ({"dataframe_records": [{"text": 7}]}, "row 0: expected a text; received 7"),
        ({"dataframe_records": [{"text": "a"}, {"text": None}]}, "row 1: expected a text"),
        ({"dataframe_records": [{"text": "a"}, {}]}, "row 1: expected a text; received nan"),
        ({"dataframe_records": []}, "missing inputs ['text']"),
        ({"inputs": [["a"], ["b"]]}, "row 0: expected a text"),
        ('{"inputs": ["\\ud800"]}', "surrogates not allowed"),
        ({"dataframe_split": 7}, "must be a dictionary"),
        ({}, "exactly one of the input fields"),
        ([], "Received a list"),
        ('{"inputs": [', "valid JSON"),
    ],
)
def test_a_mistaken_request_is_answered_with_400_and_the_reason(
    port: int, body: Any, said: str
) -> None:
    status, content = ask(port, "POST", "/invocations", body)
    assert status == 400
    assert said in json.loads(content)["message"]
