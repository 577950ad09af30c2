"""A study's drawings as files: every plot is a page and a PNG, and tells what it shows."""

from pathlib import Path

import pytest
from made_study import Made, trial
from PIL import Image

from rcnn_sweep.sweep import importances, read_study
from rcnn_sweep.sweep.results.plots import write_plots

SEARCHED = [trial(16, 0.7), trial(20, 0.85), trial(30, 0.6, state="pruned"), trial(12, 0.75)]
SEARCHED += [trial(9, 0.65), trial(40, state="failed")]


def plots(made: Made, name: str) -> dict[str, Path]:
    """The files that were written for a study, by name."""
    folder = made.folder / "plots"
    found = write_plots(read_study(name, made.url), importances(name, made.url), folder)
    assert sorted(found) == (sorted(folder.iterdir()) if folder.exists() else [])
    return {path.name: path for path in found}


def test_each_plot_is_a_page_and_a_picture(made: Made) -> None:
    made.study("search <b>", SEARCHED, recorded=False)
    written = plots(made, "search <b>")
    names = ("optimization_history", "parallel_coordinate", "param_importances", "slice")
    assert set(written) == {f"{name}.{kind}" for name in names for kind in ("html", "png")}
    titles = {name: Image.open(written[f"{name}.png"]).info["Title"] for name in names}
    assert titles == {
        "optimization_history": "Optimisation history: search <b>",
        "parallel_coordinate": "Parallel coordinates: search <b>",
        "param_importances": "Importance of the parameters: search <b>",
        "slice": "val_accuracy by parameter: search <b>",
    }
    for name in names:
        html = written[f"{name}.html"].read_text(encoding="utf-8")
        assert "search &lt;b&gt;" in html and "<b>" not in html
        assert "<script" not in html and len(html) < 50_000
    page = written["optimization_history.html"].read_text(encoding="utf-8")
    assert "trial 1 (complete): val_accuracy 0.8500 conv.filters=20" in page
    # each sign once for its trial and once in the legend
    assert page.count('<polygon class="best"') == 2
    assert page.count('<rect class="baseline"') == 2
    assert page.count('<circle class="complete"') == 2 + 1
    assert page.count('<circle class="pruned"') == 2
    assert page.count('<path class="failed"') == 2


def test_too_few_trials_have_no_importance_and_the_picture_says_so(made: Made) -> None:
    made.study("few", SEARCHED[:2], recorded=False)
    page = plots(made, "few")["param_importances.html"].read_text(encoding="utf-8")
    assert "It needs 4 complete trials that differ." in page


def test_several_objectives_have_a_front_and_no_history(made: Made) -> None:
    trials = [trial(16, 0.7, 3.0), trial(20, 0.8, 4.0), trial(24, 0.6, 5.0)]
    options = {"metrics": ["val_accuracy", "seconds"], "directions": ["maximize", "minimize"]}
    made.study("two", trials, recorded=False, **options)
    written = plots(made, "two")
    assert "pareto_front.png" in written and "optimization_history.png" not in written
    page = written["pareto_front.html"].read_text(encoding="utf-8")
    assert "2 of 3 trials are on the front." in page


@pytest.mark.parametrize("trials", [[], SEARCHED[:1], [SEARCHED[0], SEARCHED[0]], SEARCHED[2:3]])
def test_nothing_is_drawn_of_fewer_than_two_points(made: Made, trials: list) -> None:
    made.study("one", trials, recorded=False)
    assert plots(made, "one") == {}
