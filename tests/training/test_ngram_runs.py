"""Runs with n-grams, from the table to the logged model that reads raw text."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rcnn_sweep.application.run import Finished, Job, recorded_run
from rcnn_sweep.config import Config, TrackingConfig, TrainingConfig, from_yaml, to_yaml
from rcnn_sweep.data import TableConfig, load, ngrams, with_ngrams
from rcnn_sweep.network import (
    ConvConfig,
    EmbeddingConfig,
    LstmConfig,
    NgramsConfig,
    PoolConfig,
    ngram_uses,
)
from rcnn_sweep.tracking import RunReader, Store, TextModel, tracking_uri
from rcnn_sweep.training import batches

WORDS = tuple(f"w{place}" for place in range(9))
PAIRS = {"good": "really moving", "bad": "really dull", "odd": "moving dull"}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Texts whose class is told by a pair of words that stands somewhere in them."""
    rng = np.random.default_rng(0)
    lines = ["text,label"]
    for place in range(240):
        label = [*PAIRS][place % 3]
        words = [*rng.choice(WORDS, rng.integers(2, 14))]
        words.insert(int(rng.integers(0, len(words))), PAIRS[label])
        lines.append(f"{' '.join(words)},{label}")
    path = tmp_path / "t.csv"
    path.write_text("\n".join(lines))
    return path


def configured(table: Path) -> Config:
    return Config(
        data=TableConfig(path=str(table), maxlen=12, num_words=8),
        embedding=EmbeddingConfig(output_dim=4, dropout=0.2, order=2),
        conv=ConvConfig(filters=4, kernel_size=3),
        pool=PoolConfig(pool_size=2),
        lstm=LstmConfig(units=4),
        ngrams=NgramsConfig(order=2),
        training=TrainingConfig(epochs=2, batch_size=16, learning_rate=0.02, bucket_width=5),
        tracking=TrackingConfig(log_model=True),
    )


def run(config: Config) -> tuple[Finished, Store]:
    dataset, store = load(config.data, say=print), Store(tracking_uri(None), "ngrams")
    return recorded_run(Job(config, dataset, [], None), store), store


def test_a_run_is_the_same_again_and_its_model_says_of_raw_text_what_it_recorded(
    workplace: Path, table: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    config = configured(table)
    first, store = run(config)
    monkeypatch.setattr(ngrams, "_kept", {})
    again, _ = run(replace(config, tracking=TrackingConfig(log_model=False)))
    same = [name for name in first.metrics if "seconds" not in name]
    assert {"val_accuracy", "test_loss"} <= {*same}
    assert all(first.metrics[name] == again.metrics[name] for name in same)
    assert first.metrics["test_accuracy"] > 0.9

    reader = RunReader(store.uri)
    known = reader.run(first.run_id).tags["rcnn_sweep.ngrams"]
    whole = with_ngrams(load(config.data, say=print), **ngram_uses(config))
    size = whole.ngrams.branch.table.size
    assert known == f'{{"channels": {size}, "branch": {size}}}'
    assert "MB with its n-grams" in caplog.text

    folder = Path(store.client.get_run(first.run_id).info.artifact_uri)
    with np.load(folder / "evaluation" / "predictions.npz") as stored:
        recorded, rows = stored["probabilities"], stored["rows"]
    texts = raw_texts(table, whole.test.x)
    model = TextModel(first.run_id, tracking_uri=store.uri)
    model.load()
    told = model.table([texts[row] for row in rows])
    assert told[["bad", "good", "odd"]].to_numpy() == pytest.approx(recorded, abs=1e-6)
    alone = model.table([texts[rows[0]]])[["bad", "good", "odd"]].to_numpy()
    assert alone == pytest.approx(recorded[:1], abs=1e-6)


def raw_texts(table: Path, rows: np.ndarray) -> list[str]:
    """A text of each row of test ids; texts that give the same ids differ in no n-gram here."""
    dataset = load(TableConfig(path=str(table), maxlen=12, num_words=2**31 - 1), say=print)
    assert len(dataset.test.x) == len(rows)
    texts = [line.rpartition(",")[0] for line in table.read_text().splitlines()[1:]]
    by_row = {
        tuple(row): text for row, text in zip(dataset.vocabulary.encode(texts), texts, strict=True)
    }
    return [by_row[tuple(row)] for row in dataset.test.x]


def test_batches_have_the_further_inputs_of_their_own_rows(table: Path) -> None:
    config = configured(table)
    dataset = with_ngrams(load(config.data, say=print), **ngram_uses(config))
    split = dataset.train.take(np.arange(5, 60))
    assert split.further is dataset.train.further
    seen = 0
    for inputs, labels in batches(split, 16, bucket_width=5, shuffle_seed=0):
        length = inputs["ids"].shape[1]
        assert inputs["ngram_channels"].shape == (len(labels), length, 2 * 3)
        assert inputs["ngram_ratios"].shape == (len(labels), length, 2, 3)
        for place in range(len(labels)):
            ids = inputs["ids"][place].numpy()
            [*same] = [row for row in split.rows if np.array_equal(split.x[row, -length:], ids)]
            expected = [split.further.take(np.array([row]), length) for row in same]
            assert any(
                all(np.array_equal(inputs[name][place], own[name][0]) for name in own)
                for own in expected
            )
            seen += 1
    assert seen == 55


def test_a_record_from_before_there_were_ngrams_is_read(table: Path) -> None:
    config = replace(configured(table), embedding=EmbeddingConfig(), ngrams=NgramsConfig())
    text = to_yaml(config)
    start = text.index("ngrams:")
    older = text[:start] + text[text.index("training:") :]
    older = "".join(
        line
        for line in older.splitlines(keepends=True)
        if not line.strip().startswith(("order:", "min_count:", "folds:", "alpha:", "scale:"))
    )
    assert from_yaml(older) == config


def test_more_folds_than_training_texts_are_refused_before_a_run_exists(
    workplace: Path, table: Path, command: Callable[..., object]
) -> None:
    words = ("data=table", f"data.path={table}", "embedding=nb_ngrams", "embedding.folds=999")
    done = command(*words, cwd=workplace)
    assert done.returncode == 2, done.stderr
    assert "embedding.folds: expected at most as many as there are training texts" in done.stderr
    assert RunReader(tracking_uri(None)).search("") == []
