"""README and docs: short, their links lead somewhere, their tables name what there is."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from small import HANGS

import rcnn_sweep
from hydra_plugins.hydra_optuna_async_sweeper.optuna_async_sweeper import OptunaAsyncSweeperConf
from rcnn_sweep import sweep
from rcnn_sweep.cli.program import DONE, FAILED, INTERRUPTED, MISTAKE, TERMINATED
from rcnn_sweep.cli.verbs import VERBS
from rcnn_sweep.config import Config, config_folder, config_keys
from rcnn_sweep.sweep import list_studies

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
UNTOLD = {"_target_", "space", "hooks", "baseline_first", "direction", "dry_run", "pruner"}
"""Options of the sweeper without a row of their own in docs/sweeps.md's table."""
MISTAKE_SHOWN = "training.epochs=fuor"
"""The quickstart shows how a mistake is answered."""


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    heads = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head).strip().lower().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_leads_to_what_there_is(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    found = re.findall(r"\]\(([^)\s]+)\)|^\[\w+\]: (\S+)|(?:src|srcset)=\"([^\"]+)\"", text, re.M)
    links = [next(filter(None, groups)) for groups in found]
    for link in (link for link in links if not link.startswith("https://")):
        path, _, anchor = link.partition("#")
        target = (page.parent / path) if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_the_readme_can_be_read_at_once_and_shows_pictures() -> None:
    text = text_of("README.md")
    assert len(text.split()) < 900
    assert text.index("![") < text.index("## "), "a picture is on the first screen"
    pictures = {path.name for path in (ROOT / "docs/pictures").iterdir()}
    everywhere = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert {name for name in pictures if name not in everywhere} == set(), "only what is shown"
    assert sum(path.stat().st_size for path in (ROOT / "docs/pictures").iterdir()) < 400_000


def test_every_verb_and_exit_code_is_told() -> None:
    everywhere = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    for verb in VERBS:
        assert f"python -m rcnn_sweep {verb}" in everywhere, verb
    codes = re.search(r"\*\*Exit codes\.\*\* (.*?)\n\*", text_of("docs/runs.md"), re.DOTALL)
    assert codes is not None
    known = {DONE, FAILED, MISTAKE, INTERRUPTED, TERMINATED}
    assert {int(code) for code in re.findall(r"\b\d+\b", codes[1])} == known


def test_every_option_of_the_sweeper_has_a_row() -> None:
    table = text_of("docs/sweeps.md").partition("| `hydra.sweeper.`")[2].partition("\n\n")[0]
    told = set(re.findall(r"`(\w+)(?:\.name)?=", table))
    known = {field.name for field in fields(OptunaAsyncSweeperConf)}
    assert told <= known
    assert known - told - UNTOLD == set()


def test_every_group_and_key_is_in_the_table_of_runs() -> None:
    table = text_of("docs/runs.md").partition("| group | keys |")[2].partition("\n\n")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| `([\w ]+)`", table, re.MULTILINE))
    groups = {field.name for field in fields(Config)}
    assert set(rows) == groups
    for group, keys in rows.items():
        if group == "data":
            continue  # the keys of each source are its own
        [kind] = [type(getattr(Config(), group))]
        assert set(keys.split()) == {field.name for field in fields(kind)}, group


def test_every_search_is_told() -> None:
    for file in (config_folder() / "search").glob("*.yaml"):
        assert f"`search={file.stem}`" in text_of("docs/sweeps.md")


def commands() -> Iterator[tuple[str, list[str]]]:
    """The commands of ours in the blocks of README and docs: page and words."""
    for page in (page for page in PAGES if page.name != "extending.md"):  # which has its own test
        text = page.read_text(encoding="utf-8")
        for line in re.findall(r"^(?:    )?python -m rcnn_sweep(.*)$", text, re.MULTILINE):
            words = shlex.split(line, comments=True)
            if MISTAKE_SHOWN not in words:
                yield page.name, words


COMMANDS = list(commands())


def test_commands_are_found() -> None:
    assert len(COMMANDS) > 20


@pytest.mark.parametrize(("page", "words"), COMMANDS, ids=str)
def test_a_command_is_one_that_there_is(page: str, words: list[str]) -> None:
    if words[:1] and words[0] in VERBS:
        source = text_of(f"rcnn_sweep/cli/verbs/{words[0]}.py")
        for flag in (word for word in words if word.startswith("--")):
            assert f'"{flag}"' in source, flag
        return
    parsed = OverridesParser.create().parse_overrides([w for w in words if not w.startswith("-")])
    swept = [one for one in parsed if one.is_sweep_override()]
    fixed = [one for one in parsed if one not in swept and one.key_or_group != "search"]
    assert "-m" in words or not swept
    rcnn_sweep.compose(*(str(one.input_line) for one in fixed))
    assert {one.key_or_group for one in swept} <= {*config_keys()}


@pytest.mark.slow
def test_the_app_that_is_shown_can_be_swept_as_it_is_shown(tmp_path: Path) -> None:
    page = text_of("docs/any_app.md")
    app = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    command = re.search(r"^python (app\.py -m .*)$", page, re.MULTILINE)
    assert app is not None and command is not None
    (tmp_path / "app.py").write_text(app[1], encoding="utf-8")
    done = subprocess.run(
        [sys.executable, *shlex.split(command[1]), "hydra.sweeper.n_trials=2"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=HANGS,
    )
    assert done.returncode == 0, done.stderr
    assert "complete: 2 complete" in done.stdout and "trial 0 complete loss=9.1" in done.stdout
    listed = "\n".join(list_studies(f"sqlite:///{tmp_path}/studies.db"))
    assert ": 2 complete" in listed and f"resume: {Path(sys.executable).name} app.py -m" in listed


def test_a_report_outside_of_a_sweep_does_nothing() -> None:
    sweep.report(1, 0.5)
    sweep.report(1, float("nan"))
    assert sweep.current_trial() is None
