"""What the page of a study says, read back from the written HTML."""

import re
import shutil
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from made_study import Made, evidence, trial
from read_page import Page
from small import table_rows, write_table

from rcnn_sweep.application import report_study
from rcnn_sweep.cli.verbs.report import main
from rcnn_sweep.errors import UserError
from rcnn_sweep.report import Known, References, as_recorded, recorded_references
from rcnn_sweep.report.facts import StudyFacts
from rcnn_sweep.report.sections import SECTIONS
from rcnn_sweep.report.sections.provenance import _data, _protocol
from rcnn_sweep.report.sections.reference import _seen, _what
from rcnn_sweep.tracking import RunSnapshot
from rcnn_sweep.training.reference_models import REFERENCES

HOSTILE = "<img src=x onerror=alert(1)></script><script>alert(2)</script>'\"{{'mar'~'ked'}}"
SEARCHED = [trial(16, 0.7), trial(20, 0.85), trial(30, 0.6, state="pruned"), trial(12, 0.75)]
SEARCHED += [trial(9, 0.65)]
TRIALS = "A click on a column's name sorts by it; one on a trial marks it in every plot."


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory, migrated_database: Path) -> Page:
    """The page of a plain study, for the tests that only read it."""
    folder = tmp_path_factory.mktemp("searched")
    shutil.copy(migrated_database, folder / "mlflow.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RCNN_SWEEP_CACHE", str(folder / "cache"))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.chdir(folder)
        made = Made(folder, write_table(folder / "reviews.csv", table_rows(200)))
        made.study("search", SEARCHED)
        return shown(made, "search")


def shown(made: Made, name: str) -> Page:
    return Page(report_study(name, None, output=made.folder / "page.html"))


@pytest.mark.slow
def test_the_numbers_and_their_verdict_are_on_the_page(searched: Page) -> None:
    page = searched
    assert "best val_accuracy 0.8500 trial 1, +0.1500 on the baseline" in page.text
    assert "baseline val_accuracy 0.7000" in page.text
    assert "All 5 trials have ended: 4 complete and 1 pruned." in page.text
    assert "a gain of +0.1500, or 6 of 40 validation texts" in page.text
    assert "They overlap" in page.text
    assert "9 of 10 epochs were run" in page.text
    assert "python -m rcnn_sweep refit search" in page.text
    rows = page.tables[TRIALS]
    assert rows[0][:3] == ["trial", "state", "val_accuracy"]
    assert [row[:3] for row in rows[1:4]] == [
        ["0", "complete", "0.7000"],
        ["1", "complete", "0.8500"],
        ["2", "pruned", "0.6000"],
    ]
    assert {"Optimisation history", "Learning curves", "Parallel coordinates"} <= page.titles()
    assert {"Importance of the parameters", "val_accuracy by conv.filters"} <= page.titles()


def test_every_row_has_the_command_that_reproduces_it(searched: Page) -> None:
    rows = searched.tables["From a row back to its run"][1:]
    assert [row[0] for row in rows] == ["0", "1", "2", "3", "4"]
    commands = [row[2] for row in rows]
    assert all(re.fullmatch("python -m rcnn_sweep reproduce [0-9a-f]{32}", c) for c in commands)
    assert len(set(commands)) == 5


@pytest.mark.slow
def test_the_report_is_in_the_studys_directory_and_on_its_run(
    made: Made, capsys: pytest.CaptureFixture[str]
) -> None:
    run_id = made.study("search", SEARCHED)
    main(["search"])
    path = made.folder / "multirun" / "made" / "sweep" / "report.html"
    assert capsys.readouterr().out == f"{path}\n"
    run = made.store.client.get_run(run_id)
    logged = Path(run.info.artifact_uri) / "sweep" / "report.html"
    assert logged.read_text() == path.read_text()


def test_points_that_were_run_again_are_told_by_their_estimates(made: Made) -> None:
    again = [
        trial(30, 0.80, confirms=1), trial(60, 0.72, confirms=0), trial(30, 0.82, confirms=1),
    ]  # fmt: skip
    made.study("search", [*SEARCHED, *again], recorded=False)
    page = shown(made, "search")
    assert (
        "Run again 2 times with other seeds, and allowing for its having been chosen" in page.text
    )
    assert "the baseline's, run again 1 time, at 0.7" in page.text
    assert "best val_accuracy, estimated 0.8" in page.text
    assert "baseline val_accuracy, estimated 0.7" in page.text


@pytest.mark.slow
def test_the_reference_is_trained_once_and_kept_on_the_studys_run(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = made.study("search", SEARCHED)
    page = shown(made, "search")
    metrics = made.store.client.get_run(run_id).data.metrics
    assert metrics["reference_val_accuracy"] == 1.0
    assert metrics["reference_val_f1_macro"] == 1.0
    assert metrics["reference_val_seconds"] > 0
    assert "No. TF-IDF with logistic regression reaches 1.0000" in page.text
    assert "Each reference saw the same 128 training texts" in page.text
    monkeypatch.setattr("rcnn_sweep.training.reference.train_references", None)
    again = shown(made, "search")
    assert (
        again.tables["The network and the plain references on the same rows"]
        == (page.tables["The network and the plain references on the same rows"])
    )


@pytest.mark.slow
def test_changed_or_missing_data_gives_a_page_without_reference(made: Made) -> None:
    run_id = made.study("search", SEARCHED)
    made.data.write_text(made.data.read_text() + '"a fine film",good\n')
    assert "There is no plain reference to measure by. The data file has changed" in (
        shown(made, "search").text
    )
    made.data.unlink()
    assert "The data of this study cannot be had any more" in shown(made, "search").text
    assert "reference_val_accuracy" not in made.store.client.get_run(run_id).data.metrics


@pytest.mark.slow
def test_a_refits_evidence_is_shown_with_its_intervals_and_a_reference_on_test(
    made: Made,
) -> None:
    run_id = made.study("search", SEARCHED)
    assert run_id is not None
    runs = made.store.client.search_runs(
        [made.store.experiment_id],
        f"tags.`mlflow.parentRunId` = '{run_id}'",
        order_by=["start_time ASC"],
    )
    made.refit("search", "an earlier study of that name", [r.info.run_id for r in runs[:2]])
    assert "python -m rcnn_sweep refit search" in shown(made, "search").text
    refit = made.refit("search", run_id, [r.info.run_id for r in runs[:2]])
    page = shown(made, "search")
    assert "Trial 1 is better than the baseline." in page.text
    assert "Difference from the baseline in test accuracy" in page.titles()
    rows = page.tables[f"Test accuracy over seeds. MLflow run of the refit: {refit}"]
    assert rows[2][-3:] == ["+0.1000", "+0.0400 to +0.1600", "better"]
    assert "Champion" in page.text
    assert "On the test split, where each was trained on all of train" in page.text
    assert made.store.client.get_run(run_id).data.metrics["reference_test_accuracy"] == 1.0


def test_evidence_that_cannot_be_read_is_left_out_and_told_of(
    made: Made, caplog: pytest.LogCaptureFixture
) -> None:
    run_id = str(made.study("search", SEARCHED))
    runs = made.store.client.search_runs(
        [made.store.experiment_id], f"tags.`mlflow.parentRunId` = '{run_id}'"
    )
    ids = [run.info.run_id for run in runs[:2]]
    refit = made.refit("search", run_id, ids)
    broken = {**evidence("search", run_id, ids), "arms": "two"}
    made.store.writer(refit).json("refit/evidence.json", broken)
    assert "python -m rcnn_sweep refit search" in shown(made, "search").text
    told = [r.getMessage() for r in caplog.records if r.name == "rcnn_sweep.report.refit"]
    assert len(told) == 1
    assert told[0].startswith(f"The evidence of run {refit} is left out. evidence: expected")


def test_every_section_has_its_partial_and_stands_in_the_order_of_the_list(searched: Page) -> None:
    folder = Path(str(files("rcnn_sweep.report"))) / "templates" / "sections"
    assert {path.stem for path in folder.iterdir()} == {section.name for section in SECTIONS}
    heads = re.findall(r'<h2 id="(\w+)"', searched.html)
    order = [section.name for section in SECTIONS if section.name != "head"]
    assert heads == [{"test_split": "test"}.get(name, name) for name in order]


def test_a_studys_words_never_become_markup(made: Made) -> None:
    trials = [*SEARCHED, trial(8, state="failed", reason=HOSTILE)]
    run_id = made.study(HOSTILE, trials)
    assert run_id is not None
    labels = {"labels": [HOSTILE, "</td>"], "matrix": [[3, 1], [1, 3]]}
    for run in made.store.client.search_runs(
        [made.store.experiment_id], f"tags.`mlflow.parentRunId` = '{run_id}'"
    ):
        writer = made.store.writer(run.info.run_id)
        writer.json("evaluation/confusion_matrix.json", labels)
        writer.json("config/environment.json", {"processor": HOSTILE, "packages": {HOSTILE: "1"}})
        writer.tags({"rcnn_sweep.device": HOSTILE})
    page = shown(made, HOSTILE)
    names = [tag for tag, _ in page.elements]
    assert names.count("script") == 1
    assert "img" not in names
    assert not {name for name in page.attribute_names() if name.startswith("on")}
    assert page.text.count(HOSTILE) >= 3
    assert "marked" not in page.html


def test_no_password_is_shown(made: Made) -> None:
    secret = "postgresql://me:hunter2@host/db"
    run_id = made.study("search", [*SEARCHED, trial(8, state="failed", reason=secret)])
    assert run_id is not None
    import optuna

    study = optuna.load_study(study_name="search", storage=made.url)
    study.set_user_attr("command", f"python -m rcnn_sweep -m hydra.sweeper.storage={secret}")
    page = shown(made, "search")
    assert "hunter2" not in page.html
    assert "postgresql://me:***@host/db" in page.text


def test_the_page_asks_for_nothing_from_outside(searched: Page) -> None:
    page = searched
    assert not {"src", "srcset", "style"} & page.attribute_names()
    named = {tag for tag, attributes in page.elements if "href" in attributes}
    assert named == {"a"}  # a link asks for nothing until somebody follows it
    links = [str(attributes["href"]) for _, attributes in page.elements if "href" in attributes]
    ids = {attributes.get("id") for _, attributes in page.elements}
    assert {link.removeprefix("#") for link in links if link.startswith("#")} <= ids
    runs = [link for link in links if not link.startswith("#")]
    address = r"http://127\.0\.0\.1:5000/#/experiments/\d+/runs/\w{32}"
    assert len(runs) == 11  # five trials, twice, and the study
    assert all(re.fullmatch(rf"{address}\?workflowType=machine_learning", one) for one in runs)
    assert "@import" not in page.html
    assert "url(" not in page.html
    policy = next(a["content"] for t, a in page.elements if a.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert len(page.html) < 200_000


def test_the_page_can_be_read_without_seeing_it(searched: Page) -> None:
    page = searched
    named = dict(page.elements)
    assert named["html"]["lang"] == "en"
    assert [tag for tag, _ in page.elements].count("h1") == 1
    pictures = [attributes for tag, attributes in page.elements if tag == "svg"]
    ids = {a["id"] for _, a in page.elements if "id" in a}
    assert pictures
    for picture in pictures:
        assert picture["role"] == "img"
        assert set(str(picture["aria-labelledby"]).split()) <= ids
    heads = [attributes for tag, attributes in page.elements if tag == "th"]
    assert all(head.get("scope") in ("row", "col") for head in heads)


@pytest.mark.parametrize(
    ("name", "trials", "expected"),
    [
        ("no trials", [], "The study has no trials yet."),
        ("one", [trial(16, 0.7)], "The only trial is complete"),
        (
            "all failed",
            [trial(16, state="failed", reason="ValueError: no"), trial(8, state="failed")],
            "No trial is complete, so there is no best one.",
        ),
        ("one failed", [trial(16, state="failed")], "The only trial failed, after 0.0 s"),
        (
            "running",
            [trial(16, 0.7), trial(20, state="running"), trial(9, state="waiting")],
            "The study is still under way, with 1 trial running and 1 trial waiting; so far 1 "
            "complete.",
        ),
        (
            "all pruned",
            [trial(16, 0.5, state="pruned"), trial(8, 0.5, state="pruned")],
            "No trial is complete, so there is no best one.",
        ),
        ("all equal", [trial(16, 0.5), trial(16, 0.5)], "Nothing beat the baseline"),
    ],
)
def test_odd_studies_have_a_sensible_page(
    made: Made, name: str, trials: list[dict[str, object]], expected: str
) -> None:
    made.study(name, trials)
    page = shown(made, name)
    assert expected in page.text
    assert "nan" not in page.text.lower().split()


def test_thirty_classes_have_a_page(made: Made) -> None:
    run_id = made.study("search", SEARCHED[:2])
    labels = [f"class {i}" for i in range(30)]
    content = {
        "labels": labels,
        "matrix": [[int(i != j) * j for j in range(30)] for i in range(30)],
    }
    query = f"tags.`mlflow.parentRunId` = '{run_id}'"
    for run in made.store.client.search_runs([made.store.experiment_id], query):
        writer = made.store.writer(run.info.run_id)
        writer.json("evaluation/confusion_matrix.json", content)
    rows = shown(made, "search").tables["30 classes; the most frequent confusions:"]
    assert rows[1] == ["class 0", "class 29", "29"]
    assert len(rows) == 11


def test_failures_are_listed_with_reason_and_retry(made: Made) -> None:
    again = trial(16, 0.7, slot=0, retry_of=0)
    made.study("search", [trial(16, state="failed", reason="killed by signal 9"), again])
    page = shown(made, "search")
    rows = page.tables["Trials that ended without a result, and why"]
    assert rows[1] == ["0", "failed", "killed by signal 9", "1"]
    assert "The only trial is complete" in page.text


def test_several_objectives_show_their_front(made: Made) -> None:
    trials = [trial(16, 0.7, 3.0), trial(20, 0.8, 4.0), trial(24, 0.6, 5.0)]
    made.study(
        "two",
        trials,
        metrics=["val_accuracy", "fit_seconds"],
        directions=["maximize", "minimize"],
    )
    page = shown(made, "two")
    assert "Pareto front" in page.titles()
    assert "Optimisation history" not in page.titles()
    assert "on the Pareto front 2" in page.text
    assert "the best network 0.8000" in page.text
    assert "2 trials are on the Pareto front of val_accuracy and fit_seconds" in page.text


def test_a_refits_own_study_is_answered_with_the_study_it_belongs_to(made: Made) -> None:
    run_id = made.study("search-refit", SEARCHED[:1])
    tags = {"rcnn_sweep.kind": "refit", "rcnn_sweep.study": "search"}
    made.store.writer(str(run_id)).tags(tags)
    with pytest.raises(UserError, match=r"is in the report of its study: .* report search$"):
        main(["search-refit"])


def test_a_study_of_another_app_needs_no_mlflow(made: Made) -> None:
    made.study("toy", SEARCHED, metrics=["score"], recorded=False)
    (made.folder / "mlflow.db").unlink()
    page = shown(made, "toy")
    assert "best score 0.8500" in page.text
    assert "This study is not recorded in MLflow" in page.text
    assert "Learning curves" in page.titles()


def test_unknown_studies_missing_stores_and_folders_are_mistakes(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.study("search", SEARCHED[:1])
    with pytest.raises(UserError, match=r"received 'serch'\.\nIt holds search"):
        main(["serch"])
    with pytest.raises(UserError, match="expected a file in an existing folder"):
        main(["search", "--output", "no/such/folder/page.html"])
    with pytest.raises(UserError, match="received several"):
        main(["search", "--compare", "search", "search"])
    (made.folder / "mlflow.db").unlink()
    with pytest.raises(UserError, match="expected an MLflow store"):
        main(["search"])
    (made.folder / "studies.db").unlink()
    with pytest.raises(UserError, match=r"found no .*studies\.db"):
        main([])


def test_how_texts_are_padded_and_which_epoch_counts_is_told_where_it_is_not_the_baselines() -> (
    None
):
    def told(**training: object) -> dict[str, str]:
        facts = facts_of({"config": {"training": training}})
        return {name: text for name, text in _protocol(facts) if text}

    assert told(bucket_width=None, keep="last", monitor="val_loss", patience=None) == {}
    assert told() == {}, "an earlier study"
    assert told(bucket_width=40, keep="best", monitor="val_loss", patience=2) == {
        "texts padded": "to multiples of 40 ids (training.bucket_width)",
        "epoch kept": "the best by val_loss (training.keep)",
        "training stopped": "after 2 epochs without a better val_loss (training.patience)",
    }
    assert told(schedule="constant", ema=None, label_smoothing=0.0, class_weights=None) == {}
    assert told(schedule="cosine", ema=0.99, label_smoothing=0.1, class_weights="balanced") == {
        "learning rate": "cosine schedule (training.schedule)",
        "weights": "averaged with a momentum of 0.99 (training.ema)",
        "targets": "smoothed by 0.1 (training.label_smoothing)",
        "classes": "balanced weights in training (training.class_weights)",
    }


def facts_of(record: dict[str, object], *params: dict[str, str]) -> StudyFacts:
    """Facts of a study whose trials have these parameters."""
    runs = {
        number: RunSnapshot("id", "1", "name", "FINISHED", own, {}, {}, 0.0, None)
        for number, own in enumerate(params)
    }
    study: Any = SimpleNamespace(record=record)
    return StudyFacts(study, None, runs, (), {}, {})


def test_what_trials_differ_in_is_not_told_as_if_it_held_for_all() -> None:
    whole = Known("tf_idf", 0.9, 0.9, 0.9, 3.0, rows=128, available=128, confusion=None)
    known = References((whole,), whole)
    record = {"config": {"data": {"name": "table", "maxlen": 400, "num_words": 5000}}}
    base = {"data.maxlen": "400", "data.num_words": "5000", "training.ema": "None"}
    alike = facts_of(record, base, base)
    assert "the last 400 words of a text and tells the 5000 most frequent apart. " in (
        _what(alike, known, None)
    )
    long = {**base, "data.maxlen": "1000", "training.ema": "0.99"}
    differ = facts_of(record, base, long, {**long, "data.maxlen": "600"})
    assert "last 400 to 1000 words of a text and tells the 5000 most frequent apart, " in (
        _what(differ, known, None)
    )
    assert _data(differ) == "name=table, maxlen=400 to 1000, num_words=5000"
    assert dict(_protocol(differ))["weights"] == "as the trial has it (training.ema)"
    assert not any(text for _, text in _protocol(alike))


def test_a_reference_of_a_sample_says_so() -> None:
    whole = Known("tf_idf", 0.9, 0.9, 0.9, 3.0, rows=128, available=128, confusion=None)
    assert _seen(whole) == "the same 128"
    told = _seen(replace(whole, available=4096))
    assert told == "a stratified sample of 128 (their words fit into memory) of the network's 4,096"
    found = References.of(
        [replace(whole, name=name, available=4096) for name in REFERENCES], "accuracy"
    )
    metrics, tags = as_recorded(found, "test")
    run = RunSnapshot("id", "1", "name", "FINISHED", {}, metrics, tags, 0.0, None)
    assert recorded_references(run, "test", judged_by="accuracy") == found
