"""A study of thousands of trials: the page tells the best of them one by one, and stays small."""

import random
from datetime import datetime
from pathlib import Path

from read_page import Page

from rcnn_sweep.report import StudyFacts, study_html
from rcnn_sweep.report.facts import MOST
from rcnn_sweep.sweep import StudySnapshot, TrialSnapshot

START = datetime(2026, 1, 1)
CHANCE = random.Random(0)

TRIALS = "A click on a column's name sorts by it; one on a trial marks it in every plot."


def trial(number: int) -> TrialSnapshot:
    value = CHANCE.random()
    is_pruned = number % 3 == 1
    return TrialSnapshot(
        number=number,
        state="pruned" if is_pruned else "complete",
        params={f"group.parameter_{i}": CHANCE.randint(1, 500) / 7 for i in range(12)},
        values=(value,),
        steps={1: value / 2} if is_pruned else {1: value / 2, 2: value},
        started=START,
        seconds=2.0,
        slot=number,
        retry_of=None,
        duplicate_of=None,
        run_id=f"{number:032}",
        seed=number,
        worker="host:1:1.0",
        reason="",
        rejected=0,
    )


def test_the_best_trials_of_thousands_are_told_and_the_page_is_below_five_megabytes(
    tmp_path: Path,
) -> None:
    trials = tuple(trial(number) for number in range(5000))
    ranked = sorted((t for t in trials if t.state == "complete"), key=lambda t: -t.values[0])
    study = StudySnapshot(
        name="large",
        storage="sqlite:///studies.db",
        directions=("maximize",),
        metrics=("score",),
        trials=trials,
        best=(ranked[0],),
        baseline=trials[3],
        record={},
        parent={},
        command="python app.py -m",
        directory=None,
        is_search=True,
    )
    facts = StudyFacts(study, None, {}, tuple(ranked), {}, {})
    html = study_html(facts)
    assert len(html.encode()) < 5_000_000
    place = tmp_path / "page.html"
    place.write_text(html, encoding="utf-8")
    page = Page(place)
    told = "Of 5000 trials the 500 best are shown here; sweep/trials.csv has all."
    rows = page.tables[f"{TRIALS} {told}"][1:]
    numbers = [int(row[0]) for row in rows]
    assert len(numbers) == MOST and numbers == sorted(numbers)
    assert set(numbers) == {
        3,
        *(t.number for t in ranked[: MOST - (trials[3] not in ranked[:MOST])]),
    }
    assert page.text.count(told) == 3
    assert "All 5000 trials have ended" in page.text
