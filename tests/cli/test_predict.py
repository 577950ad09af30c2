"""``predict`` as its users call it: a trained model, real processes and pipes."""

import json
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from small import BAD, GOOD, HANGS, command_line, environment

from rcnn_sweep.cli.verbs.predict import main
from rcnn_sweep.errors import UserError


def predict(folder: Path, *words: str, given: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        command_line("predict", *words),
        cwd=folder,
        env=environment(folder / "cache"),
        input=given,
        capture_output=True,
        timeout=300,
    )


@pytest.mark.slow
def test_labels_of_a_file_are_the_runs_own_numbers(small_run: tuple[Path, str]) -> None:
    from rcnn_sweep.data import TableConfig, load
    from rcnn_sweep.tracking.reader import RunReader

    folder, run_id = small_run
    words = ("--model", run_id, "--file", "reviews.csv", "--output", "answers.csv")
    done = predict(folder, *words)
    assert (done.returncode, done.stdout) == (0, b"")
    assert done.stderr.decode().splitlines() == [
        f"answers by runs:/{run_id}/model",
        "there is a column label already: the answers' own is predicted_label",
    ]
    reviews, answers = pd.read_csv(folder / "reviews.csv"), pd.read_csv(folder / "answers.csv")
    kept = reviews.columns.tolist()
    assert answers.columns.tolist() == [*kept, "predicted_label", "probability", "bad", "good"]
    assert answers[kept].equals(reviews)
    assert answers["probability"].equals(answers[["bad", "good"]].max(axis=1))
    dataset = load(TableConfig(path=str(folder / "reviews.csv"), maxlen=12), say=print)
    test = [int(row) for row in dataset.test.rows]
    in_test = {tuple(row) for row in dataset.test.x[test]}
    encoded = [tuple(row) for row in dataset.vocabulary.encode(list(answers["text"]))]
    right = (answers["predicted_label"] == reviews["label"])[
        [row in in_test for row in encoded]
    ].mean()
    metrics = RunReader(f"sqlite:///{folder}/mlflow.db").run(run_id).metrics
    assert right == pytest.approx(metrics["test_accuracy"])
    assert answers["probability"].between(0.5, 1).all()


@pytest.mark.slow
def test_texts_of_the_command_line_and_of_a_pipe_get_the_same_answers(
    small_run: tuple[Path, str],
) -> None:
    folder, run_id = small_run
    model = f"runs:/{run_id}/model"
    address = "see http://me:secret@host for more"
    direct = predict(folder, "--model", model, GOOD, BAD, address)
    assert direct.returncode == 0, direct.stderr
    piped = predict(folder, "--model", model, given=f"{GOOD}\n{BAD}\n{address}".encode())
    assert piped.stdout == direct.stdout
    rows = [line.split("\t") for line in direct.stdout.decode().splitlines()]
    assert [row[0] for row in rows[:2]] == ["good", "bad"]
    assert [row[2] for row in rows] == [GOOD, BAD, address]
    assert direct.stderr == f"answers by {model}\n".encode()


@pytest.mark.slow
def test_a_model_in_a_folder_needs_no_store_and_a_closed_pipe_is_quiet(
    small_run: tuple[Path, str], tmp_path: Path
) -> None:
    import mlflow

    folder, run_id = small_run
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    mlflow.artifacts.download_artifacts(f"runs:/{run_id}/model", dst_path=str(tmp_path / "copy"))
    [copy] = [path.parent for path in (tmp_path / "copy").rglob("MLmodel")]
    process = subprocess.Popen(
        command_line("predict", "--model", str(copy), "--format", "jsonl"),
        cwd=tmp_path,
        env=environment(tmp_path / "cache"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdin.write(GOOD.encode() + b"\n")
    process.stdin.flush()
    first = json.loads(process.stdout.readline())  # before the input has ended
    assert (first["label"], first["text"]) == ("good", GOOD)
    process.stdout.close()
    process.stdin.write(b"more\n" * 5000)
    process.stdin.close()
    assert process.wait(timeout=HANGS) == 0
    assert process.stderr.read() == f"answers by {copy} (run {run_id})\n".encode()
    process.stderr.close()
    assert not (tmp_path / "mlflow.db").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["text"],
            r"(?s)There is no champion yet: .*\(val_accuracy .*predict --model [0-9a-f]{32}",
        ),
        (["--model", "f" * 32, "text"], "expected a model at runs:/"),
        (["--model", "https://host/model", "text"], "expected models:/NAME@ALIAS"),
        (["--file", "reviews.csv", "text"], "received both"),
        (["--text-column", "text"], "expected a table, --file"),
        (["--file", "mlflow.db"], "mlflow.db, line 1: expected UTF-8"),
        (["--format", "xml", "text"], "expected 'text', 'csv', 'jsonl'; received 'xml'"),
    ],
)
def test_a_mistake_is_told_with_the_next_step(
    small_run: tuple[Path, str], monkeypatch: pytest.MonkeyPatch, words: list[str], said: str
) -> None:
    monkeypatch.chdir(small_run[0])
    with pytest.raises(UserError, match=said):
        main(words)


def test_no_text_gives_no_output_and_a_mistake_exit_code_2(small_run: tuple[Path, str]) -> None:
    folder, run_id = small_run
    nothing = predict(folder, "--model", run_id)
    assert (nothing.returncode, nothing.stdout, nothing.stderr) == (0, b"", b"")
    undecodable = predict(folder, "--model", run_id, given=b"ok\nna\xefve\n")
    assert undecodable.returncode == 2
    assert undecodable.stderr.startswith(b"standard input, line 2: expected UTF-8")


def test_without_a_store_none_is_created(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="found no"):
        main(["text"])
    assert not list(tmp_path.iterdir())
