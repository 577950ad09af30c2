"""``search=architecture``: it reaches every option, each with its own parameters and no others."""

import random

import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from omegaconf import OmegaConf

from rcnn_sweep.config import Config, config_folder, flat, problems, register_schemas, typed
from rcnn_sweep.network.model import Options
from rcnn_sweep.sweep.space import Composer, Space, baseline_of, read_command, space_of

OWN = {
    "embedding.scale": {"nb_ngrams"},
    "ngrams.dropout": {"naive_bayes"},
    "ngrams.weight": {"naive_bayes"},
    "conv.strides": {"strided"},
    "conv.kernels": {"parallel"},
    "conv.layers": {"stacked"},
    "conv.kernel_size": {"baseline", "strided", "parallel", "stacked"},
    "conv.filters": {"baseline", "strided", "parallel", "stacked"},
    "pool.pool_size": {"baseline", "average"},
}


@pytest.fixture(scope="module")
def searched() -> tuple[Composer, Space]:
    register_schemas()
    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        hydra = GlobalHydra.instance().hydra
        assert hydra is not None
        words = ["search=architecture"]
        master = hydra.compose_config("config", words, RunMode.MULTIRUN, from_shell=False)
        composer = Composer(hydra.config_loader, master, words)
        specs = OmegaConf.to_container(master.hydra.sweeper.space)
        return composer, space_of(read_command(words, composer.loader), specs, composer)


def test_trial_0_is_the_notebooks_network(searched: tuple[Composer, Space]) -> None:
    composer, space = searched
    baseline = baseline_of(space, composer)
    assert baseline is not None
    config, notebook = flat(typed(composer.task(baseline))), flat(Config())
    for key in notebook:
        if key.partition(".")[0] in Options.__annotations__:
            assert config[key] == notebook[key], key


def test_every_option_is_reached_with_its_own_parameters(searched: tuple[Composer, Space]) -> None:
    composer, space = searched
    rng = random.Random(0)
    points = [space.draw(rng) for _ in range(300)]
    for group in Options.__annotations__:
        names = {file.stem for file in (config_folder() / group).glob("*.yaml")}
        assert {point.get(group, "baseline") for point in points} == names
    for key, names in OWN.items():
        group = key.partition(".")[0]
        assert all((key in point) == (point[group] in names) for point in points), key
    for point in points[:60]:
        assert list(problems(typed(composer.task(point)))) == []
