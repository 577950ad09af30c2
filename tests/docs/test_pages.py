"""README and docs: short, their links lead somewhere, their tables name what there is."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from hydra_plugins.hydra_optuna_async_sweeper.optuna_async_sweeper import OptunaAsyncSweeperConf
from rcnn_sweep.cli.program import DONE, FAILED, INTERRUPTED, MISTAKE, TERMINATED
from rcnn_sweep.cli.verbs import VERBS
from rcnn_sweep.config import Config, config_folder

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
UNTOLD = {"_target_", "space", "hooks", "baseline_first", "direction", "dry_run", "pruner"}
"""Options of the sweeper without a row of their own in docs/sweeps.md's table."""


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
