"""What README and docs name and say of defaults: it is there, and it is so."""

import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hydra import initialize_config_dir
from hydra._internal.utils import get_args_parser
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from small import ROOT

import rcnn_sweep
from hydra_plugins.hydra_optuna_async_sweeper.optuna_async_sweeper import OptunaAsyncSweeperConf
from rcnn_sweep.cli.verbs.refit import arguments
from rcnn_sweep.cli.verbs.report import PORT
from rcnn_sweep.config import Config, config_folder, flat, problems, register_schemas
from rcnn_sweep.data import SOURCES
from rcnn_sweep.evidence.evidence import alpha_of, claim_level
from rcnn_sweep.evidence.statistics import MOST_SEEDS
from rcnn_sweep.metrics import TABLE
from rcnn_sweep.names import Artifact, Tag
from rcnn_sweep.sweep.space import Composer, read_command, space_of
from rcnn_sweep.sweep.storage.retry import LIMIT
from rcnn_sweep.training.reference_models import REFERENCES

PAGES = [
    page
    for page in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
    if page.name not in ("CHANGELOG.md", "extending.md")  # of the past; of what is to be added
]
KEYS = {key for source in SOURCES.values() for key in flat(Config(data=source.options()))}
GROUPS = "|".join(sorted({key.partition(".")[0] for key in KEYS}))
FOLDERS = "evaluation|config|refit|model|weights|reproduction|failure"
SCRIPTS = "".join(
    path.read_text(encoding="utf-8")
    for folder in ("rcnn_sweep", "benchmarks", "tests")
    for path in (ROOT / folder).rglob("*.py")
    if path != Path(__file__)
)
EXTRAS = re.findall(r"^(\w+) = \[", (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.M)
FLAGS = {*get_args_parser()._option_string_actions, *re.findall(r'"(--[a-z-]+)"', SCRIPTS)}
FLAGS |= {"--timeout"}  # of mlflow models serve
TARGETS = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
RECORDED = {*vars(Tag).values()} | {f"rcnn_sweep.{name}" for name in rcnn_sweep.__all__}
NAMES: dict[str, Any] = {
    rf"(?<![\w./-])((?:{GROUPS})\.[a-z_]+)\b": KEYS,
    r"\bhydra\.sweeper\.([a-z_]+)\b": vars(OptunaAsyncSweeperConf()),
    rf"(?<![\w./])((?:{FOLDERS})/\w+\.\w+)": vars(Artifact).values(),
    r"(?<![\w./])(rcnn_sweep\.[a-z_0-9]+)\b": RECORDED,
    r"\b(RCNN_SWEEP_\w+)": SCRIPTS,
    r"(?<!\w)(--[a-z][a-z-]+)": FLAGS,
    r"\bmake ([a-z]+)": TARGETS,
    r"\b((?:val|train|test)_(?:acc|loss|f1|roc|brier)\w*)": {row.name for row in TABLE},
}
"""Patterns of names that a page may hold, and where such a name must be found."""
MODULES = {"rcnn_sweep.sweep", "rcnn_sweep.doctor"}
PLACES = r"(?<![\w./])((?:tests|benchmarks|rcnn_sweep|conf|docs|requirements)/[\w./-]*\w)(?![\w/*])"


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def code_of(page: Path) -> str:
    """What stands between backticks on the page."""
    text = page.read_text(encoding="utf-8")
    return "\n".join(re.findall(r"```.*?```|`[^`]+`", text, re.DOTALL))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_keys_records_flags_and_files_that_there_are(page: Path) -> None:
    text, unknown = code_of(page), []
    for pattern, known in NAMES.items():
        unknown += [name for name in re.findall(pattern, text) if name not in known]
    places = (place for place in re.findall(PLACES, text) if "NAME" not in place)
    unknown += [place for place in places if not (ROOT / place).exists()]
    assert {*unknown} - MODULES == set()


def test_an_extra_that_is_named_is_one() -> None:
    named = re.findall(r"extras?\s((?:`\w+`(?:\sand\s)?)+)", text_of("docs/cluster.md"))
    found = {extra for several in named for extra in re.findall(r"`(\w+)`", several)}
    assert found == {"ray", "slurm", "gp", "postgres", "mysql"}
    assert found <= {*EXTRAS}


def test_the_defaults_of_the_sweepers_options_are_told() -> None:
    table = text_of("docs/sweeps.md").partition("| `hydra.sweeper.`")[2].partition("\n\n")[0]
    cells = re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE)
    told = [pair for cell in cells for pair in re.findall(r"`([\w.]+)=([^`]*)`", cell)]
    assert len(told) > 20
    defaults = OmegaConf.structured(OptunaAsyncSweeperConf())
    for key, value in told:
        assert OmegaConf.select(defaults, key) == yaml.safe_load(value), key


def test_defaults_of_the_verbs_are_told() -> None:
    assert arguments([]).seeds == 5 and arguments([]).top == 1
    assert f"http://127.0.0.1:{PORT}/" in text_of("docs/sweeps.md")


def test_how_long_a_storage_is_waited_for_is_told() -> None:
    assert LIMIT == 5 * 60 and "waited for, up to five minutes" in text_of("docs/sweeps.md")


def test_the_commands_in_config_files_are_some_that_there_are() -> None:
    parser, found = OverridesParser.create(), 0
    options = {f"hydra.sweeper.{name}" for name in vars(OptunaAsyncSweeperConf())}
    for file in config_folder().rglob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        for line in re.findall(r"^(?:#.*|        )python -m rcnn_sweep(.*)$", text, re.MULTILINE):
            words = [word for word in shlex.split(line) if "=" in word]
            found += 1
            for one in parser.parse_overrides(words):
                key = one.key_or_group
                is_option = (config_folder() / key / f"{one.value()}.yaml").exists()
                assert is_option or key in KEYS | options, f"{file.name}: {line}"
    assert found > 30


CHOICES = re.compile(r"^(\w+): \w+ # ((?:\w+, )*\w+(?: or |, )\w+)(?:[;,].*)?$", re.MULTILINE)


def test_the_choices_that_config_files_list_are_all_there_are() -> None:
    listed = set()
    for file in config_folder().glob("*/baseline.yaml"):
        group = file.parent.name
        for key, choices in CHOICES.findall(file.read_text(encoding="utf-8")):
            wrong = replace(getattr(Config(), group), **{key: "another"})
            [said] = problems(replace(Config(), **{group: wrong}))
            assert f"{group}.{key}: expected one of {choices.replace(' or ', ', ')};" in said
            listed.add(key)
    assert listed == {"padding", "kind", "cell", "output", "optimizer", "monitor"}


@pytest.fixture(scope="module")
def composed() -> Any:
    """Compose the config of a command as a sweep does."""
    register_schemas()
    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        hydra = GlobalHydra.instance().hydra
        assert hydra is not None

        def compose(*words: str) -> tuple[DictConfig, Composer]:
            made = hydra.compose_config("config", [*words], RunMode.MULTIRUN, from_shell=False)
            return made, Composer(hydra.config_loader, made, [*words])

        yield compose


AVERAGED = ("around_baseline", "wide", "grid", "protocol")
SEARCHES = {file.stem for file in (config_folder() / "search").glob("*.yaml")}


@pytest.mark.parametrize("name", sorted(SEARCHES))
def test_the_named_searches_are_what_is_said_of_them(name: str, composed: Any) -> None:
    more = ["experiment=strong"] if name == "strong" else []
    made, composer = composed(*more, f"search={name}")
    sweeper = made.hydra.sweeper
    assert (made.data.validation, made.data.validation_fraction) == ("holdout", 0.2)
    assert made.training.bucket_width == 40 and not made.tracking.log_model
    assert made.training.ema == (0.95 if name in AVERAGED else None)
    wide = name in ("wide", "strong")
    assert sweeper.confirm == (0 if name in ("grid", "protocol") else 3)
    assert sweeper.n_trials == {"wide": 60, "strong": 40}.get(name, 30)
    assert sweeper.sampler.name == ("cmaes" if wide else "grid" if name == "grid" else "tpe")
    assert sweeper.pruner.name == ("none" if name in ("strong", "grid") else "percentile")
    assert bool(sweeper.space) == (name != "protocol")
    if name == "grid":
        specs = OmegaConf.to_container(sweeper.space)
        space = space_of(read_command([f"search={name}"], composer.loader), specs, composer)
        assert len([*space.points()]) == 18
        assert "18 combinations" in text_of("docs/sweeps.md")


def test_the_defaults_of_ngrams_are_told() -> None:
    config = rcnn_sweep.compose("embedding=nb_ngrams", "ngrams=naive_bayes")
    rows = re.findall(r"^\| `(\w+)` \|([^|]*)\|([^|]*)\|", text_of("docs/ngrams.md"), re.M)
    assert len(rows) == 9
    for key, *told in rows:
        for options, value in zip((config.embedding, config.ngrams), told, strict=True):
            assert not value.strip() or getattr(options, key) == yaml.safe_load(value), key


def test_what_a_look_may_spend_and_what_the_references_are_is_told() -> None:
    page = text_of("docs/evidence.md")
    spent = ", ".join(f"{100 * alpha_of(look):.2f} %".removeprefix("0") for look in range(1, 5))
    assert spent in page.replace("\n", " ")
    assert 1 - claim_level(3, 1) == pytest.approx(alpha_of(1) / 3)
    assert f"not even {MOST_SEEDS:,} would be enough" in page
    for reference in REFERENCES.values():
        assert f"| {reference.title} |" in page


def test_launchers_have_the_options_and_limits_of_the_page(composed: Any) -> None:
    pytest.importorskip("hydra_plugins.hydra_submitit_launcher")
    pytest.importorskip("hydra_plugins.hydra_ray_launcher")
    page = text_of("docs/cluster.md")
    slurm = composed("hydra/launcher=submitit_slurm")[0].hydra.launcher
    for option in ("timeout_min", "signal_delay_s"):
        assert f"{option}={slurm[option]}`" in page
    words = ["hydra.launcher.ray.init.address=auto", "+hydra.launcher.ray.remote.num_gpus=1"]
    assert all(f"`{word}`" in page for word in words)
    ray = composed("hydra/launcher=ray", *words)[0].hydra.launcher.ray
    assert (ray.init.address, ray.remote.num_gpus) == ("auto", 1)
