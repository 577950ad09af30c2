"""A study from before an option existed goes on under the option's default, and only there."""

import pytest
from omegaconf import DictConfig, OmegaConf

from rcnn_sweep.application.study import RecordedStudy
from rcnn_sweep.config import Config
from rcnn_sweep.data import SnippetsConfig, TableConfig
from rcnn_sweep.errors import UserError
from rcnn_sweep.sweep.defaults import completed, of_its_own
from rcnn_sweep.sweep.study import check_record, fingerprint


def asked(config: Config) -> tuple[dict, dict]:
    """The record and the defaults that a command with this config has."""
    composed: DictConfig = OmegaConf.structured(config)
    hooks = RecordedStudy(composed)
    return {"config": hooks.record(composed), "seed": 0}, hooks.defaults(composed)


@pytest.fixture
def config(tmp_path) -> Config:
    (tmp_path / "t.csv").write_text("text,label\nfine,good\n")
    return Config(data=TableConfig(path=str(tmp_path / "t.csv")))


def older(record: dict) -> dict:
    """The record without any option of a group or a part of the data."""
    training = {"batch_size": record["config"]["training"]["batch_size"]}
    data = {key: record["config"]["data"][key] for key in ("name", "sha256")}
    return {**record, "config": {"training": training, "data": data}}


def test_a_record_without_later_options_is_the_same_study(config: Config) -> None:
    record, defaults = asked(config)
    old = older(record)
    with pytest.raises(UserError, match=r"config\.data\.num_words: \(none\) -> 5000"):
        check_record("s", old, record)
    check_record("s", completed(old, defaults), record)


def test_a_later_option_that_is_set_is_told_with_its_default(config: Config) -> None:
    old = older(asked(config)[0])
    config.training.bucket_width = 40
    record, defaults = asked(config)
    with pytest.raises(UserError, match=r"config\.training\.bucket_width: None -> 40$"):
        check_record("s", completed(old, defaults), record)


def test_a_value_that_was_recorded_is_never_replaced(config: Config) -> None:
    record, defaults = asked(config)
    old = older(record)
    old["config"]["training"]["batch_size"] = 7
    assert completed(old, defaults)["config"]["training"]["batch_size"] == 7
    assert completed(None, defaults) is None


def test_a_study_keeps_its_own_name_whatever_options_are_added(config: Config) -> None:
    record, defaults = asked(config)
    later = {**record, "config": {**record["config"], "later": {"option": 1}}}
    more = {**defaults, "later": {"option": 1}}
    assert fingerprint(of_its_own(later, more)) == fingerprint(of_its_own(record, defaults))
    later["config"]["later"] = {"option": 2}
    assert fingerprint(of_its_own(later, more)) != fingerprint(of_its_own(record, defaults))


def test_sources_are_told_apart_by_name(config: Config) -> None:
    record, defaults = asked(config)
    assert of_its_own(record, defaults)["config"]["data"].keys() == {"name", "sha256"}
    snippets = RecordedStudy(OmegaConf.structured(Config(data=SnippetsConfig())))
    assert "name" not in snippets.defaults(snippets.config)["data"]
