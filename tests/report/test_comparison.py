"""Two studies, or single runs, beside each other."""

from pathlib import Path

import pytest
from made_study import Made, trial
from read_page import Page

from rcnn_sweep.cli.verbs.report import main
from rcnn_sweep.errors import UserError
from rcnn_sweep.report.comparison.sides import differences, measure, split_caution

ONE = [trial(16, 0.7), trial(20, 0.85)]
TWO = [trial(16, 0.65), trial(24, 0.9), trial(8, 0.5, state="pruned")]


def test_only_what_differs_is_listed() -> None:
    rows = differences([{"a": "1", "b": 2, "c": 0.5}, {"a": "1", "b": 3}])
    assert [[cell.text for cell in row.cells] for row in rows] == [
        ["b", "2", "3"],
        ["c", "0.5", "\N{EN DASH}"],
    ]


def test_a_number_is_written_as_what_it_measures() -> None:
    def told(name: str, *values: float | None) -> list[str]:
        return [cell.text for cell in measure(name, values).cells[1:]]

    assert told("best_epoch", 2.0, 3.0) == ["2", "3", "+1"]
    assert told("fit_seconds", 20.6013, 16.8767) == ["20.6", "16.9", "\N{MINUS SIGN}3.7"]
    assert told("val_accuracy", 0.7, 0.85) == ["0.7000", "0.8500", "+0.1500"]
    assert told("of another app", 175.7865, None) == ["175.8", "\N{EN DASH}", "\N{EN DASH}"]


def test_the_caution_names_what_makes_scores_incomparable() -> None:
    same = {"name": "imdb", "validation_fraction": 0.2, "sha256": "aa", "maxlen": 400}
    assert split_caution([same, {**same, "maxlen": 200}]) == ""
    told = split_caution([same, {**same, "validation_fraction": 0.1, "sha256": "bb"}])
    assert told.startswith(
        "Not comparable: data.validation_fraction and the data's checksum differ"
    )


def test_two_studies_on_the_same_texts(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    made.study("one", ONE)
    made.study("two", TWO)
    main(["--compare", "one", "two"])
    path = made.folder / "compare-one-two.html"
    assert capsys.readouterr().out == f"{path}\n"
    page = Page(path)
    rows = {row[0]: row[1:] for row in page.tables["What was measured"]}
    assert rows["best val_accuracy"] == ["0.8500", "0.9000", "+0.0500"]
    assert rows["baseline val_accuracy"] == ["0.7000", "0.6500", "\N{MINUS SIGN}0.0500"]
    assert rows["gain over the baseline"] == ["0.1500", "0.2500", "+0.1000"]
    assert rows["trials pruned"][:2] == ["0", "1"]
    assert page.tables["Parameters of the best trials that differ"][1] == [
        *("conv.filters", "20", "24")
    ]
    assert "Not comparable" not in page.text
    assert "Learning curves" in page.titles()
    assert "A, best, trial 1 ends at val_accuracy 0.8500" in page.html


def test_studies_on_other_texts_are_cautioned_about(made: Made) -> None:
    made.study("one", ONE)
    made.study("two <i>", TWO, validation_fraction=0.3)
    output = made.folder / "page.html"
    main(["--compare", "one", "two <i>", "--output", str(output)])
    page = Page(output)
    assert "Not comparable: data.validation_fraction differs" in page.text
    assert page.tables["Config keys whose values differ"][1] == [
        *("data.validation_fraction", "0.2", "0.3")
    ]
    assert "<i>" not in page.html
    assert "two <i>" in page.text


def test_runs_beside_each_other(made: Made, tmp_path: Path) -> None:
    run_id = made.study("one", ONE)
    query = f"tags.`mlflow.parentRunId` = '{run_id}'"
    runs = made.store.client.search_runs(
        [made.store.experiment_id], query, order_by=["start_time ASC"]
    )
    ids = [run.info.run_id for run in runs]
    output = tmp_path / "runs.html"
    main(["--runs", *ids, "--output", str(output)])
    page = Page(output)
    rows = {row[0]: row[1:] for row in page.tables["What was measured"]}
    assert rows["val_accuracy"] == ["0.7000", "0.8500", "+0.1500"]
    assert page.tables["Parameters whose values differ"][1:] == [["conv.filters", "16", "20"]]
    assert page.text.count("Rows: the true class.") == 2
    assert "Learning curves" in page.titles()


def test_runs_that_do_not_exist_or_are_one_are_mistakes(made: Made) -> None:
    run_id = made.study("one", ONE)
    with pytest.raises(UserError, match="expected two or more different runs"):
        main(["--runs", str(run_id), str(run_id)])
    with pytest.raises(UserError, match="received 'nothing'"):
        main(["--runs", str(run_id), "nothing"])
    with pytest.raises(UserError, match="It holds one"):
        main(["--compare", "one", "ones"])
