import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from rcnn_sweep.config import Config, as_dict, config_folder, flat, register_schemas, typed
from rcnn_sweep.data import SOURCES
from rcnn_sweep.errors import UserError

register_schemas()


def composed(*overrides: str) -> object:
    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        return compose("config", overrides=list(overrides))


@pytest.mark.parametrize("source", SOURCES)
def test_the_files_and_the_typed_defaults_say_the_same(source: str) -> None:
    config = typed(composed(f"data={source}"))
    assert as_dict(config) == as_dict(Config(data=SOURCES[source].options()))
    assert type(config.data) is SOURCES[source].options


def test_the_defaults_are_the_notebooks() -> None:
    values = flat(typed(composed()))
    expected = {
        "data.num_words": 5000,
        "data.maxlen": 400,
        "data.validation": "test",
        "embedding.output_dim": 50,
        "embedding.dropout": 0.25,
        "conv.filters": 64,
        "conv.kernel_size": 5,
        "conv.strides": 1,
        "conv.padding": "valid",
        "conv.activation": "relu",
        "pool.pool_size": 4,
        "lstm.units": 70,
        "training.batch_size": 64,
        "training.epochs": 4,
        "training.optimizer": "adam",
        "training.learning_rate": 0.001,
    }
    assert expected.items() <= values.items()


@pytest.mark.parametrize("added", ["+conv.dilation=2", "+extra=1", "+extra.deep=1"])
def test_a_key_that_nobody_reads_is_refused(added: str) -> None:
    with pytest.raises(UserError, match="expected a key of the config"):
        typed(composed(added))


def test_every_group_option_is_named_in_its_header_and_in_the_help(command) -> None:
    shown = command("--help").stdout
    for path in config_folder().glob("*/*.yaml"):
        group, option = path.parent.name, path.stem
        assert f"{group}={option}" in path.read_text(encoding="utf-8"), path
        assert f"{group}={option}" in shown
        assert OmegaConf.load(path), path
