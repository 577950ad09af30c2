"""What every data source promises, asked of each by the same questions, with small data."""

import hashlib
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore

from rcnn_sweep.application.study import RecordedStudy, leading_to, settled
from rcnn_sweep.config import (
    Config,
    config_folder,
    config_keys,
    from_yaml,
    register_schemas,
    typed,
)
from rcnn_sweep.data import (
    SOURCES,
    DataConfig,
    ImdbConfig,
    Labelled,
    SnippetsConfig,
    Source,
    TableConfig,
    TextSource,
    expected_sha256,
    find,
    full_texts,
    load,
    problems,
    source_named,
    source_of,
)
from rcnn_sweep.data.cache import open_or_build
from rcnn_sweep.data.sources import snippets_file
from rcnn_sweep.data.splits import part
from rcnn_sweep.errors import DataError, UserError

Say = Callable[[str], None]
ROOT = Path(__file__).parents[2]


@dataclass
class Case:
    """A source's options for small data; ``word`` turns a full text's word into its text."""

    config: DataConfig
    word: Callable[[str], str] = str

    @property
    def source(self) -> Source[Any]:
        return source_of(self.config)

    def overrides(self) -> list[str]:
        """The command line that asks for this data."""
        name, defaults = self.config.name, self.source.options()
        changed = {
            field.name: getattr(self.config, field.name)
            for field in fields(self.config)
            if getattr(self.config, field.name) != getattr(defaults, field.name)
        }
        values = {key: "null" if value is None else f"'{value}'" for key, value in changed.items()}
        return [f"data={name}", *(f"data.{key}={value}" for key, value in values.items())]


@pytest.fixture
def table(tmp_path: Path) -> Case:
    lines = [f'"text {n}, w{n % 7}",{"ab"[n % 4 == 0]}' for n in range(40)]
    (tmp_path / "t.csv").write_text("\n".join(("text,label", *lines)))
    return Case(TableConfig(path=str(tmp_path / "t.csv"), num_words=20, maxlen=3))


@pytest.fixture
def snippets(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    """A few sentences, which would be fetched, in place of the published ones."""
    content = "\n".join(f"{n}\t{(-1) ** n}\tword{n % 3} is {n}" for n in range(20)).encode()
    monkeypatch.setattr(snippets_file, "TEXT_SHA256", hashlib.sha256(content).hexdigest())
    monkeypatch.setattr(snippets_file, "fetch_text", lambda silence: content)
    return Case(SnippetsConfig(num_words=9, maxlen=4))


@pytest.fixture
def imdb(
    tmp_path: Path, site: Any, write_archive: Callable[..., Path], write_index: Callable[..., Path]
) -> Case:
    """A small archive with its word index, published on a local web server."""
    content = write_archive(tmp_path / "made" / "imdb.npz").read_bytes()
    index = write_index(tmp_path / "made" / "index.json").read_bytes()
    site.files = {"/imdb.npz": content, "/imdb_word_index.json": index}
    sha256 = hashlib.sha256(content).hexdigest()
    url = f"{site.address}/imdb.npz"
    config = ImdbConfig(url=url, sha256=sha256, fallback=None, num_words=30, maxlen=12)
    return Case(config, word=lambda rank: f"w{rank}")


@pytest.fixture
def imdb_that_cannot_be_had(snippets: Case, monkeypatch: pytest.MonkeyPatch) -> Case:
    return Case(ImdbConfig(url="http://127.0.0.1:9/imdb.npz", num_words=9, maxlen=4))


@pytest.fixture(params=[*SOURCES, "imdb_that_cannot_be_had"])
def case(request: pytest.FixtureRequest) -> Case:
    """Small data of each source; a new source makes its own by a fixture of its name."""
    made: Case = request.getfixturevalue(request.param)
    return made


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Cut whatever leads elsewhere, from when it is called."""

    def refuse(*words: Any, **settings: Any) -> None:
        raise AssertionError(f"the network was asked: {words}")

    def cut() -> None:
        monkeypatch.setattr(socket, "create_connection", refuse)
        monkeypatch.setattr(subprocess, "run", refuse)
        monkeypatch.setattr(snippets_file, "fetch_text", refuse)

    return cut


def composed(*overrides: str) -> Any:
    register_schemas()
    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        return compose("config", overrides=list(overrides))


def test_finding_twice_finds_the_same_without_a_network(
    case: Case, say: Say, no_network: Callable[[], None]
) -> None:
    first = find(case.config, say=say)
    assert first.sha256 == hashlib.sha256(first.path.read_bytes()).hexdigest()
    assert first.config.path == str(first.path)
    assert list(problems(first.config)) == []
    no_network()
    again = find(first.config, say=say)
    assert (again.config, again.path, again.sha256) == (first.config, first.path, first.sha256)


def test_the_expected_checksum_is_that_of_what_is_found(case: Case, say: Say) -> None:
    if case.source.stand_in(case.config) is None and case.source.caveats(case.config) == []:
        before = expected_sha256(case.config)
        assert before == find(case.config, say=say).sha256
    found = find(case.config, say=say)
    assert expected_sha256(found.config) == found.sha256
    settled_ = case.source.settled(found.config, found.fallback_reason)
    assert expected_sha256(replace(case.config, **settled_)) == found.sha256


def test_a_published_file_is_expected_by_its_checksum_before_it_is_fetched(
    imdb: Case, snippets: Case, say: Say
) -> None:
    for case in (imdb, snippets):
        assert not case.source.is_here(case.config)
        before = expected_sha256(case.config)
        assert not case.source.is_here(case.config)
        assert find(case.config, say=say).sha256 == before


def test_what_is_here_needs_no_network_and_what_is_not_is_a_caveat(
    case: Case, say: Say, no_network: Callable[[], None]
) -> None:
    source = case.source
    assert source.is_here(case.config) == (source.caveats(case.config) == [])
    found = find(case.config, say=say)
    after = replace(case.config, **source.settled(found.config, found.fallback_reason))
    assert source.is_here(after)
    assert source.caveats(after) == []
    if found.fallback_reason is None:
        assert source.is_here(case.config)
        no_network()
        assert find(case.config, say=say).sha256 == found.sha256


def test_a_copy_of_the_published_file_is_taken_where_copies_are_looked_for(
    case: Case, say: Say, no_network: Callable[[], None]
) -> None:
    found = find(case.config, say=say)
    source = source_of(found.config)
    if not source.copies():  # the user's own
        assert source.elsewhere(found.config) is None
        return
    content = found.path.read_bytes()
    found.path.unlink()
    source.copies()[0].write_bytes(content)
    anywhere = replace(found.config, path=None)
    assert source.is_here(anywhere)
    no_network()
    assert find(anywhere, say=say).path == source.copies()[0]


def test_the_encoded_splits_are_rows_of_ids_and_class_ids(case: Case, say: Say) -> None:
    found = find(case.config, say=say)
    source = source_of(found.config)
    ours = source.build(found.path, found.config)
    for x, y in ((ours.x_train, ours.y_train), (ours.x_test, ours.y_test)):
        assert x.shape == (len(y), found.config.maxlen)
        assert x.dtype in (np.uint16, np.uint32)
        assert x.max() < found.config.num_words
        assert y.dtype == np.int32
        assert set(y) <= set(range(len(ours.label_names)))
    assert set(ours.y_train) == set(range(len(ours.label_names)))
    stored = open_or_build("key", lambda: ours, say=say)
    assert stored.x_train.tolist() == ours.x_train.tolist()
    again = source.build(found.path, found.config)
    assert again.x_test.tolist() == ours.x_test.tolist()


def test_the_full_texts_are_the_encoded_rows_in_their_order(case: Case, say: Say) -> None:
    data = load(replace(case.config, validation="test"), say=say)
    texts = full_texts(data.config)
    assert data.vocabulary is not None
    assert data.test is not None
    for words, split in ((texts.train, data.train), (texts.test, data.test)):
        word = case.word if data.config.name == case.config.name else str
        whole = [" ".join(map(word, row)) for row in words]
        assert data.vocabulary.encode(whole).tolist() == split.x.tolist()


@pytest.mark.slow
def test_settled_overrides_lead_a_trial_to_the_same_file_without_a_network(
    case: Case, say: Say, no_network: Callable[[], None]
) -> None:
    before = typed(composed(*case.overrides())).data
    assert before == case.config
    found = find(before, say=say)
    overrides = leading_to(before, settled(Config(data=before)))
    no_network()
    trial = composed(*case.overrides(), *overrides, "conv.padding=same", "pool.pool_size=1")
    again = find(typed(trial).data, say=say)
    assert (again.config, again.path, again.sha256) == (found.config, found.path, found.sha256)
    assert again.fallback_reason == found.fallback_reason
    assert RecordedStudy(trial).validate(trial) is None


def test_a_study_compares_what_is_encoded_and_not_where_it_lies(
    case: Case, tmp_path: Path, cache: Path, say: Say
) -> None:
    assert case.source.places <= {field.name for field in fields(case.config)}
    settled_ = find(case.config, say=say).config
    load(settled_, say=say)
    moved = tmp_path / "else where"
    shutil.copytree(Path(str(settled_.path)).parent, moved, ignore=lambda *_: {"encoded", "d"})
    there = replace(settled_, path=str(moved / Path(str(settled_.path)).name))
    load(there, say=say)
    assert len(list((cache / "encoded").glob("*.lock"))) == 1
    here, other = (composed(*Case(config).overrides()) for config in (settled_, there))
    records = [RecordedStudy(config).record(config)["data"] for config in (here, other)]
    assert records[0] == records[1]
    assert not source_of(settled_).places & (set(records[0]) - {"sha256"})
    assert {"name", "num_words", "maxlen", "sha256"} <= set(records[0])


def test_a_recorded_file_that_has_gone_is_looked_for_or_asked_for(case: Case, say: Say) -> None:
    found = find(case.config, say=say)
    source = source_of(found.config)
    gone = source.pinned(replace(found.config, path="/no/such/file"), found.sha256)
    elsewhere = source.elsewhere(gone)
    if elsewhere is None:
        assert source.copies() == ()
    else:
        assert find(elsewhere, say=say).sha256 == found.sha256


def test_every_source_is_known_by_its_name(case: Case) -> None:
    source = case.source
    assert SOURCES[source.name] is source is source_named(source.name)
    assert source.options().name == source.name
    assert type(from_yaml(f"data: {{name: {source.name}}}").data) is source.options
    assert {f"data.{field.name}" for field in fields(source.options)} <= set(config_keys())
    assert (config_folder() / "data" / f"{source.name}.yaml").is_file()
    assert f"`data={source.name}`" in (ROOT / "docs/own_data.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "ask",
    [
        lambda config: source_named(config.name),
        source_of,
        expected_sha256,
        full_texts,
        lambda config: find(config, say=print),
        lambda config: load(config, say=print),
        lambda config: from_yaml(f"data: {{name: {config.name}}}"),
    ],
)
@pytest.mark.parametrize("name", ["tabel", "", "nowhere"])
def test_an_unknown_source_is_refused_with_the_known_ones(
    ask: Callable[[DataConfig], Any], name: str
) -> None:
    with pytest.raises(UserError, match=rf"data\.name: expected one of {', '.join(SOURCES)}"):
        ask(DataConfig(name=name))


def test_the_options_of_one_source_do_not_stand_for_another(table: Case) -> None:
    mixed = replace(table.config, name="imdb")
    [refusal] = problems(mixed)
    assert refusal == (
        "data.name: expected table, whose options are given; received imdb. "
        "Choose a source by data=imdb."
    )
    for ask in (expected_sha256, full_texts, lambda config: load(config, say=print)):
        with pytest.raises(DataError, match=r"data\.name: expected table"):
            ask(mixed)


@dataclass
class LinesConfig(DataConfig):
    name: str = "lines"
    separator: str = ":"


class Lines(TextSource[LinesConfig]):
    """A label, the separator and a text a line: all that a new source has to say."""

    options = LinesConfig

    def labelled(self, path: Path, config: LinesConfig) -> Labelled:
        rows = [line.split(config.separator, 1) for line in path.read_text().splitlines()]
        names = tuple(sorted({label for label, _ in rows}))
        labels = np.array([names.index(label) for label, _ in rows], np.int32)
        is_test = part(labels, 0.25, names, setting="the test part")
        return Labelled([text for _, text in rows], labels, names, is_test)


@pytest.fixture
def lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Case]:
    """A source whose module is this one and whose row is the next line."""
    monkeypatch.setitem(SOURCES, "lines", Lines())
    rows = [f"{'good' if n % 2 else 'bad'}| word{n} is {n % 5}" for n in range(40)]
    (tmp_path / "rows.txt").write_text("\n".join(rows))
    yield Case(LinesConfig(path=str(tmp_path / "rows.txt"), separator="|", maxlen=4))
    ConfigStore.instance().repo["data"].pop("lines_schema.yaml", None)


def test_a_new_source_needs_its_module_and_its_row(lines: Case, say: Say) -> None:
    config = lines.config
    data = load(replace(config, validation="holdout"), say=say)
    assert (len(data.train), len(data.validation), data.test) == (24, 6, None)
    assert data.label_names == ("bad", "good")
    assert data.sha256 == expected_sha256(config)
    assert [row[1] for row in full_texts(data.config).test] == ["is"] * 10
    text = f"data: {{name: lines, path: {config.path}, separator: '|', maxlen: 4}}"
    assert from_yaml(text).data == config
    assert list(problems(config)) == []
    assert list(problems(LinesConfig())) == [
        "data.path: expected the file with your texts; received none."
    ]
    assert "data.separator" in config_keys()
    with pytest.raises(UserError, match="expected one of imdb, snippets, table, lines;"):
        from_yaml("data: {name: line}")
    given = [f"data.{key}='{getattr(config, key)}'" for key in ("path", "separator", "maxlen")]
    trial = composed("data=lines_schema", *given)
    assert typed(trial).data == config
    found = settled(Config(data=config))
    assert leading_to(config, found) == [f"data.path='{config.path}'"]
    assert RecordedStudy(trial).caveats(trial) == []
    assert RecordedStudy(trial).record(trial)["data"]["sha256"] == data.sha256


def test_options_are_judged_without_what_reads_the_data() -> None:
    code = (
        "import sys; from rcnn_sweep.data import SOURCES, problems\n"
        "for source in SOURCES.values():\n"
        "    list(problems(source.options())); source.is_here(source.options(path='x'))\n"
        "heavy = {'numpy', 'pyarrow', 'filelock', 'urllib.request', 'tensorflow', 'mlflow'}\n"
        "print(heavy & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("set()\n", "")
