from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rcnn_sweep.data import ImdbConfig, TableConfig, load
from rcnn_sweep.errors import DataError

Say = Callable[[str], None]


@pytest.fixture
def table(tmp_path: Path) -> TableConfig:
    lines = [f'"text {n}, w{n % 7}",{"ab"[n % 4 == 0]}' for n in range(80)]
    (tmp_path / "t.csv").write_text("\n".join(("text,label", *lines)))
    return TableConfig(path=str(tmp_path / "t.csv"), num_words=40, maxlen=6, test_fraction=0.25)


def test_validation_on_test_is_one_object(table: TableConfig, say: Say) -> None:
    data = load(replace(table, test_limit=8), say=say)
    assert data.test is data.validation
    assert np.bincount(data.validation.labels).tolist() == [6, 2]
    assert np.bincount(data.train.labels).tolist() == [45, 15]
    assert isinstance(data.train.x, np.memmap)


def test_holdout_comes_from_the_limited_training_split(table: TableConfig, say: Say) -> None:
    config = replace(table, validation="holdout", train_limit=40, validation_fraction=0.2)
    data = load(config, say=say)
    assert data.test is None
    assert np.bincount(data.train.labels).tolist() == [24, 8]
    assert np.bincount(data.validation.labels).tolist() == [6, 2]
    assert not set(data.train.rows) & set(data.validation.rows)
    again = load(config, say=say)
    assert again.validation.rows.tolist() == data.validation.rows.tolist()


def test_selections_share_one_cache_entry(table: TableConfig, cache: Path, say: Say) -> None:
    load(table, say=say)
    load(replace(table, validation="holdout", train_limit=20), say=say)
    assert len(list((cache / "encoded").glob("*.lock"))) == 1


@pytest.mark.parametrize("change", [{"num_words": 41}, {"maxlen": 7}, {"test_fraction": 0.5}])
def test_every_encoding_setting_has_its_own_entry(
    table: TableConfig, cache: Path, say: Say, change: dict[str, Any]
) -> None:
    load(table, say=say)
    load(replace(table, **change), say=say)
    assert len(list((cache / "encoded").glob("*.lock"))) == 2


def test_changed_source_is_encoded_anew(table: TableConfig, say: Say) -> None:
    before = load(table, say=say)
    path = Path(str(table.path))
    path.write_text(path.read_text() + "\nnew,a")
    after = load(table, say=say)
    assert after.sha256 != before.sha256
    assert len(after.train) + len(after.test or ()) == 81


def test_damaged_cache_is_never_trained_on(
    table: TableConfig, cache: Path, said: list[str], say: Say
) -> None:
    before = load(table, say=say).train.x.tolist()
    entry = next(path for path in (cache / "encoded").iterdir() if path.is_dir())
    content = bytearray((entry / "x_train.npy").read_bytes())
    content[-1] ^= 1
    (entry / "x_train.npy").write_bytes(content)
    assert load(table, say=say).train.x.tolist() == before
    assert "x_train.npy has changed" in said[-1]


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"validation": "tset"}, "data.validation: expected one of test, holdout; received 'tset'"),
        ({"num_words": 3}, "data.num_words: expected a whole number, 5 or more; received 3"),
        ({"maxlen": 0}, "data.maxlen: expected a whole number, 1 or more; received 0"),
        ({"train_limit": 0}, "data.train_limit: expected a whole number, 1 or more; received 0"),
        ({"train_limit": 1}, "each of 2 classes, received 1"),
        (
            {"validation": "holdout", "validation_fraction": 1.0},
            "data.validation_fraction: expected a fraction between",
        ),
    ],
)
def test_impossible_settings_are_refused(
    table: TableConfig, say: Say, change: dict[str, Any], cause: str
) -> None:
    with pytest.raises(DataError, match=cause):
        load(replace(table, **change), say=say)


def test_odd_folder_names_work(
    tmp_path: Path, say: Say, write_archive: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / 'it\'s "ünïcode" & [more] *'
    monkeypatch.setenv("RCNN_SWEEP_CACHE", str(folder / "cache [1]"))
    config = ImdbConfig(path=str(write_archive(folder / "imdb.npz")), num_words=20, maxlen=8)
    first = load(config, say=say)
    assert load(config, say=say).train.x.tolist() == first.train.x.tolist()
