"""Every mistake is answered early and clearly, whatever the user got wrong.

To add one, add a line to ``BAD``: the words after ``python -m rcnn_sweep``, with ``NAME=VALUE``
settings of the environment in front where need be, then what the answer must mention. The files
``../NAME`` come from :mod:`bad_files`.
"""

import json
import os
import re
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from small import HANGS, command_line, environment

from rcnn_sweep.cli.verbs import VERBS

from .bad_files import write_bad_files

TABLE = "data=table data.path=../good.csv"
OPTIONS = "--config-dir ../options"
SWEEP = f"-m {TABLE} hydra.sweeper."

BAD: list[tuple[str, ...]] = [
    # --- keys, values and options of the config
    ("conv.filtrs=3", "conv.filtrs", "Did you mean conv.filters?"),
    ("trainng.epochs=3", "trainng.epochs", "Did you mean training.epochs?"),
    ("filters=3", "Did you mean conv.filters?"),
    ("conv.filters", "conv.filters", "KEY=VALUE"),
    ("=3", "=3", "KEY=VALUE"),
    ("conv.filters=[1", "conv.filters=[1", "override grammar"),
    ("conv.filters=", "conv.filters", "a whole number"),
    ("conv.filters=many", "conv.filters", "a whole number", "'many'"),
    ("conv.filters=3.5", "conv.filters", "a whole number", "'3.5'"),
    ("conv.filters=true", "conv.filters", "a whole number", "'True'"),
    ("conv.filters=null", "conv.filters", "null"),
    ("conv.filters=[1]", "conv.filters", "a whole number", "[1]"),
    ("'conv.filters={a: 1}'", "conv.filters", "a whole number"),
    ("conv.filters=1,2", "conv.filters", "Add -m"),
    ("conv.filters=99999999999", "conv.filters", "2,147,483,647", "24,999,999,999,750"),
    ("training.batch_size=9999999", "training.batch_size", "2,147,483,647"),
    ("conv.filters=0", "conv.filters", "1 or more", "0"),
    ("'conv.padding=!!python/object/apply:os.system [id]'", "conv.padding", "override grammar"),
    ("'conv.padding=${oc.env:NOWHERE}'", "conv.padding", "NOWHERE"),
    ("conv.padding=vald", "conv.padding", "Did you mean valid?"),
    ("conv.activation=rely", "conv.activation", "Did you mean relu?"),
    ("conv.kernel_size=401", "conv.kernel_size", "400 - 401 + 1 = 0 steps"),
    ("conv.kernel_size=398 pool.pool_size=4", "pool.pool_size", "3 // 4 = 0 steps"),
    ("embedding.dropout=1.0", "embedding.dropout", "1.0"),
    ("embedding.dropout=x", "embedding.dropout", "a number", "'x'"),
    ("lstm.units=-1", "lstm.units", "-1"),
    ("data.maxlen=0", "data.maxlen", "0"),
    ("data.num_words=3", "data.num_words", "3"),
    ("data.validation_fraction=1", "data.validation_fraction", "1.0"),
    ("data.validation=tests", "data.validation", "Did you mean test?"),
    ("training.learning_rate=-1", "training.learning_rate", "-1.0"),
    ("training.learning_rate=nan", "training.learning_rate", "nan"),
    ("training.optimizer=adan", "training.optimizer", "Did you mean adam?"),
    ("training.seed=-1", "training.seed", "-1"),
    ("training.deterministic=perhaps", "training.deterministic", "true or false", "'perhaps'"),
    ("+conv.dilation=2", "conv.dilation", "a key of the config"),
    ("~conv.filters", "conv.filters"),
    ("~data", "data", "none"),
    ("conv=3", "conv", "GROUP=OPTION", "conv=3"),
    ("conv=null", "conv", "GROUP=OPTION", "conv=null"),
    ("cnv=baseline", "cnv", "Did you mean conv?"),
    ("conv=baselin", "conv", "Did you mean baseline?"),
    ("data=imbd", "data", "Did you mean imdb?"),
    ("experiment=smok", "experiment", "Did you mean smoke?"),
    ("data=snippets data.text_column=review", "data.text_column", "data=table"),
    ("data=table", "data.path", "your CSV"),
    (f"{TABLE} data.label_column=text", "different columns", "text"),
    ("hydra.run.dri=x", "hydra.run.dri", "Did you mean hydra.run.dir?"),
    ("hydra/launcher=rey", "hydra/launcher", "'rey'"),
    # --- files of options
    (f"{OPTIONS} experiment=tag", "tag.yaml, line 1", "plain YAML", "os.mkdir"),
    (f"-m {OPTIONS} experiment=tag {TABLE}", "tag.yaml, line 1", "os.mkdir"),
    (f"{OPTIONS} experiment=torn", "torn.yaml, line", "plain YAML"),
    (f"{OPTIONS} experiment=latin", "UTF-8"),
    (f"{OPTIONS} experiment=unknown", "conv.filtres", "conv.filters"),
    (f"{OPTIONS} +experiment=unknown", "Without +: experiment=unknown"),
    # --- flags and verbs
    ("--epochs=3", "--epochs", "training.epochs=VALUE?"),
    ("--config_dir=conf", "--config_dir", "--hydra-help"),
    ("--cfg jobb", "--cfg", "jobb"),
    ("--config-name nowhere", "--config-name", "'nowhere'"),
    ("--config-dir nowhere", "--config-dir", "nowhere"),
    *((f"{verb[:-1]}{verb[-1]}{verb[-1]}", "a verb", f"Did you mean {verb}?") for verb in VERBS),
    ("evaluate", "evaluate", "a verb", "studies"),
    ("training.epochs=1 studies", "studies", "the verb first"),
    ("-m conv", "conv", "KEY=VALUE"),
    ("studies --storag x", "--storag", "did you mean --storage?"),
    ("studies more", "more"),
    ("studies", "studies.db", "--storage"),
    ("studies --storage nonsense", "--storage", "a URL"),
    ("studies --storage redis://somewhere", "--storage", "redis"),
    ("studies --storage sqlite:///../corrupt.db", "corrupt.db"),
    ("studies --storage sqlite:///../cookbook.db", "cookbook.db", "recipes"),
    # --- data
    ("data=table data.path=nowhere.csv", "data.path", "nowhere.csv"),
    ("data=table data.path=..", "data.path"),
    ("data=table data.path=../corpus.docx", ".csv", "corpus.docx"),
    ("data=table data.path=../empty.csv", "a column text", "no columns"),
    ("data=table data.path=../no_rows.csv", "no_rows.csv", "no rows"),
    ("data=table data.path=../empty_texts.csv", "empty_texts.csv", "20"),
    ("data=table data.path=../no_labels.csv", "no_labels.csv", "20"),
    ("data=table data.path=../other_columns.csv", "review, rating", "data.text_column"),
    (f"{TABLE} data.label_column=lable", "Expected a column lable", "did you mean label?"),
    ("data=table data.path=../one_class.csv", "two or more classes", "'good'"),
    ("data=table data.path=../ids_as_labels.csv", "20 in 20 rows", "data.label_column"),
    ("data=table data.path=../lone_class.csv", "'rare'"),
    ("data=table data.path=../splits.csv data.split_column=split", "train or test", "valid"),
    ("data=table data.path=../all_train.csv data.split_column=split", "data.split_column", "none"),
    ("data=table data.path=../ragged.csv", "ragged.csv", "line 2 has 3 fields"),
    ("data=table data.path=../torn.jsonl", "torn.jsonl", "line 2"),
    ("data=table data.path=../list.jsonl", "list.jsonl", "line 1"),
    ("data=table data.path=../nested.jsonl", "data.label_column"),
    ("data=table data.path=../torn.parquet", "torn.parquet"),
    ("data=table data.path=../not_gzip.csv.gz", "not_gzip.csv.gz"),
    ("data=table data.path=../torn.csv.gz", "torn.csv.gz"),
    (f"{TABLE} data.train_limit=1", "data.train_limit", "1"),
    (f"{TABLE} data.test_fraction=0", "data.test_fraction", "0.0"),
    ("data.path=nowhere.npz", "data.path", "nowhere.npz"),
    ("data.path=../not_imdb.npz", "not_imdb.npz", "NumPy archive"),
    ("data.path=../hostile.npz", "hostile.npz", "which is not an array"),
    ("data.path=../hostile.npz data.word_index=nowhere.json", "data.word_index", "nowhere.json"),
    ("data=snippets data.path=../good.csv", "movieReviewSnippets", "SHA-256"),
    ("data.fallback=null data.url=http://127.0.0.1:9/x", "data.path", "imdb.npz"),
    ("data.url=nonsense", "data.url", "an https address", "nonsense"),
    ("data.url=file:///etc/passwd", "data.url", "an https address", "/etc/passwd"),
    ("data.sha256=00", "data.sha256", "64 hexadecimal digits"),
    ("data.fallback=snipets", "data.fallback", "Did you mean snippets?"),
    # --- surroundings
    (f"RCNN_SWEEP_CACHE=/dev/null/cache {TABLE}", "/dev/null/cache", "RCNN_SWEEP_CACHE"),
    (f"MLFLOW_TRACKING_URI=sqlite:///nowhere/x.db {TABLE}", "nowhere"),
    (f"MLFLOW_TRACKING_URI=sqlite:///../corrupt.db {TABLE}", "corrupt.db"),
    (f"MLFLOW_TRACKING_URI=sqlite:///../cookbook.db {TABLE}", "cookbook.db", "recipes"),
    (f"MLFLOW_TRACKING_URI=nonsense://me:secret@x {TABLE}", "nonsense://"),
    (f"MLFLOW_TRACKING_URI=http://me:secret@127.0.0.1:9 {TABLE}", "http://me:***@127.0.0.1:9"),
    (f"MLFLOW_TRACKING_URI=http://me:x/secret@127.0.0.1:9 {TABLE}", "http://me:***@127.0.0.1:9"),
    (f"MLFLOW_TRACKING_URI=nonsense://x?token=secret {TABLE}", "nonsense://x?token=***"),
    (f"MY_TOKEN=secret {TABLE} tracking.run_name=a-secret", "tracking.run_name", "recorded"),
    (f"{TABLE} hydra.sweeper.storage=postgresql://u:secret@h/d", "hydra.sweeper.storage"),
    (f"{TABLE} data.url=https://h/x?token=secret", "data.url", "recorded"),
    (f"MLFLOW_TRACKING_URI=./mlruns {TABLE}", "mlruns", "sqlite:///"),
    (f"{TABLE} tracking.uri=http://me:secret@localhost:1", "tracking.uri", "MLFLOW_TRACKING_URI"),
    # --- searches and options of the sweeper
    (f"-m {TABLE} search=around_baselin", "search", "Did you mean around_baseline?"),
    (f"-m {TABLE} conv.filtrs=1,2", "conv.filtrs", "Did you mean conv.filters?"),
    (f"-m {TABLE} conv.filters=choice(0,-1)", "conv.filters", "1 or more"),
    (f"-m {TABLE} conv.kernel_size=401,402", "conv.kernel_size", "400 - 401 + 1 = 0 steps"),
    (f"-m {TABLE} 'conv.filters=interval(9,1)'", "conv.filters", "interval(9,1)"),
    (f"-m {TABLE} 'conv.filters=range(3,3)'", "conv.filters", "empty"),
    (f"-m {TABLE} 'conv.filters=tag(big,interval(1,9))'", "log", "tag(big"),
    (f"-m {TABLE} 'conv.filters=tag(log,interval(0,9))'", "conv.filters", "low"),
    (f"-m {TABLE} 'conv.filters=intervall(1,9)'", "intervall"),
    (f"-m {TABLE} 'conv.filters=choice()'", "choice"),
    (f"-m {TABLE} training.seed=3", "training.seed", "hydra.sweeper.seed"),
    (f"-m {TABLE} data.validation=test", "data.validation", "holdout"),
    ("-m data=table data.path=nowhere.csv", "data.path", "nowhere.csv"),
    ("-m data=table data.path=../one_class.csv", "two or more classes"),
    (f"{SWEEP}n_trails=3", "hydra.sweeper.n_trails", "Did you mean hydra.sweeper.n_trials?"),
    (f"{SWEEP}n_trials=0", "hydra.sweeper.n_trials", "0"),
    (f"{SWEEP}n_trials=many", "hydra.sweeper.n_trials", "a whole number", "'many'"),
    (f"{SWEEP}workers=0", "hydra.sweeper.workers", "0"),
    (f"{SWEEP}workers=two", "hydra.sweeper.workers", "'two'"),
    (f"{SWEEP}study_name=a/b", "hydra.sweeper.study_name", "'a/b'"),
    (f"{SWEEP}storage=nonsense", "hydra.sweeper.storage", "a URL"),
    (f"{SWEEP}storage=redis://localhost", "hydra.sweeper.storage", "redis"),
    (f"{SWEEP}storage=sqlite:///nowhere/studies.db", "nowhere"),
    (f"{SWEEP}storage=sqlite:///../corrupt.db", "corrupt.db"),
    (f"{SWEEP}storage=sqlite:///../cookbook.db", "cookbook.db", "recipes"),
    (f"{SWEEP}storage=postgresql://u:secret@127.0.0.1:1/db", "postgresql://u:***@127.0.0.1:1/db"),
    (f"{SWEEP}storage=mariadb+pymysql://u:secret@127.0.0.1:1/db", "mysql+pymysql://u:***@127.0"),
    (f"{SWEEP}storage=mysql+pymysql://u:secret@host", "mysql+pymysql://u:***@host", "names none"),
    (f"{SWEEP}sampler.name=tpee", "hydra.sweeper.sampler.name", "tpe", "'tpee'"),
    (f"-m {TABLE} +hydra.sweeper.sampler.kwargs.speed=3", "hydra.sweeper.sampler.kwargs", "speed"),
    (f"{SWEEP}sampler.name=grid 'embedding.dropout=interval(0.1,0.5)'", "sampler.name", "finite"),
    (f"{SWEEP}pruner.name=medain", "hydra.sweeper.pruner.name", "median", "'medain'"),
    (f"{SWEEP}direction=up", "hydra.sweeper.direction", "maximize", "'up'"),
    (f"{SWEEP}metric=[val_accuracy,parameters]", "hydra.sweeper.metric", "same length"),
    (f"{SWEEP}metric=val_acuracy", "hydra.sweeper.metric", "Did you mean val_accuracy?"),
    (f"{SWEEP}metric=test_accuracy", "hydra.sweeper.metric", "test_accuracy"),
    (f"{SWEEP}max_failures=0", "hydra.sweeper.max_failures", "0"),
    (f"{SWEEP}max_retries=-1", "hydra.sweeper.max_retries", "-1"),
    (f"{SWEEP}seed=-1", "hydra.sweeper.seed", "-1"),
    (f"{SWEEP}dry_run=perhaps", "hydra.sweeper.dry_run", "true or false", "'perhaps'"),
    (f"{SWEEP}hooks=nowhere.Hooks", "hydra.sweeper.hooks", "nowhere.Hooks"),
    (f"-m {TABLE} '+hydra.sweeper.space.conv.filters=several'", "space of conv", "several"),
    (f"-m {TABLE} '+hydra.sweeper.space.cnv={{around: {{plus: 1}}}}'", "cnv"),
]

FORBIDDEN = ("tensorflow", "keras", "mlflow")
LISTING = f"""
import atexit, json, os, sys
def tell():
    with open(os.environ["TELL_IMPORTS"], "w") as file:
        json.dump([name for name in {FORBIDDEN!r} if name in sys.modules], file)
atexit.register(tell)
"""


@dataclass(frozen=True)
class Answer:
    """What the command did; ``imported`` are the heavy packages among its modules."""

    code: int
    out: str
    err: str
    seconds: float
    imported: list[str]
    left: list[str]


@dataclass
class Commands:
    """Runs the selected cases two at a time, ahead of the tests that look at them."""

    folder: Path
    pool: ThreadPoolExecutor
    answers: dict[str, "Future[Answer]"]

    def start(self, case: str) -> None:
        self.answers[case] = self.pool.submit(self._answer, case, len(self.answers))

    def _answer(self, case: str, number: int) -> Answer:
        work = self.folder / f"work {number}"
        work.mkdir()
        words = shlex.split(case)
        settings = dict(w.split("=", 1) for w in words if re.match(r"[A-Z_]+=", w))
        told = self.folder / f"imports {number}.json"
        own = {
            "KERAS_HOME": str(self.folder / "keras"),
            "PYTHONPATH": f"{self.folder / 'site'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
            "TELL_IMPORTS": str(told),
            "RCNN_SWEEP_LOOPBACK_HTTP": "1",  # the answers are there before a test sets it
        }
        started = time.perf_counter()
        done = subprocess.run(
            command_line(*(w for w in words if not re.match(r"[A-Z_]+=", w))),
            cwd=work,
            env={**environment(self.folder / "cache"), **own, **settings},
            capture_output=True,
            text=True,
            timeout=HANGS,
        )
        seconds = time.perf_counter() - started
        left = [path.name for path in work.iterdir()]
        imported = json.loads(told.read_text())
        return Answer(done.returncode, done.stdout, done.stderr, seconds, imported, left)


@pytest.fixture(scope="module")
def commands(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Commands]:
    folder = write_bad_files(tmp_path_factory.mktemp("bad inputs"))
    (folder / "site").mkdir()
    (folder / "site" / "sitecustomize.py").write_text(LISTING)
    with ThreadPoolExecutor(2) as pool:
        started = Commands(folder, pool, {})
        for item in request.session.items:
            if item.path == request.path and hasattr(item, "callspec"):
                started.start(item.callspec.params["case"][0])
        yield started
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("case", BAD, ids=lambda case: case[0])
def test_a_mistake_is_answered_early_and_clearly(
    commands: Commands, case: tuple[str, ...], record_property: Callable[[str, object], None]
) -> None:
    answer = commands.answers[case[0]].result()
    record_property("seconds", answer.seconds)
    lines = answer.err.strip().splitlines()
    assert answer.code == 2, answer.out + answer.err
    assert 1 <= len(lines) <= 2, answer.err
    assert not [word for word in case[1:] if word not in answer.err], answer.err
    assert re.search("expected", answer.err, re.IGNORECASE), answer.err
    assert re.search("received|found", answer.err, re.IGNORECASE), answer.err
    assert "secret" not in answer.out + answer.err
    assert "Traceback" not in answer.out + answer.err
    assert answer.imported == []
    assert not {"mlflow.db", "mlruns", "studies.db", "multirun"} & set(answer.left)


def test_nothing_hostile_was_executed_and_no_database_touched(commands: Commands) -> None:
    for answer in commands.answers.values():
        answer.result()
    assert not (commands.folder / "executed").exists()
    assert (commands.folder / "corrupt.db").read_text() == "not a database" * 100 + "\n"
