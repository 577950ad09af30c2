"""Who is compared with whom, and in which slots of the refit's study."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from rcnn_sweep.application import RecordedStudy
from rcnn_sweep.cli.verbs.refit import arguments, main
from rcnn_sweep.config import Config, TrainingConfig, check, flat, from_yaml, to_yaml
from rcnn_sweep.config.refit import BASE_CONFIG, Candidate, RefitConfig
from rcnn_sweep.data import SnippetsConfig, TableConfig, expected_sha256
from rcnn_sweep.errors import UserError
from rcnn_sweep.network import ConvConfig
from rcnn_sweep.refit.candidates import arms, changes, check_data, chosen, judged_by
from rcnn_sweep.refit.points import slotted, wanted
from rcnn_sweep.sweep import StudySnapshot, TrialSnapshot
from rcnn_sweep.sweep.findings import best_of
from rcnn_sweep.tracking import RunReader, Store, tracking_uri


def trial(number: int, filters: int, *values: float, state: str = "complete") -> TrialSnapshot:
    known = {"steps": {}, "started": None, "seconds": None, "slot": number, "retry_of": None}
    more = {"duplicate_of": None, "run_id": f"run-{number}", "seed": 1, "worker": None}
    point = {"conv.filters": filters}
    return TrialSnapshot(number, state, point, values, **known, **more, reason="")  # type: ignore[arg-type]


def study(*trials: TrialSnapshot, directions: tuple[str, ...] = ("maximize",)) -> StudySnapshot:
    same = [t for t in trials if t.state == "complete" and t.params == {"conv.filters": 64}]
    return StudySnapshot(
        name="first",
        storage="sqlite:///studies.db",
        directions=directions,
        metrics=("val_accuracy", "parameters")[: len(directions)],
        trials=trials,
        best=trials[:1],
        baseline=same[0] if same else None,
        record={},
        parent={"run_id": "study-run"},
        command="python -m rcnn_sweep -m",
        directory=None,
        is_search=True,
    )


def test_the_best_other_configs_are_compared_each_once() -> None:
    found = study(
        trial(0, 64, 0.80),
        trial(1, 32, 0.85),
        trial(2, 32, 0.85),  # the same config again
        trial(3, 96, 0.90, state="pruned"),
        trial(4, 48, 0.83),
    )
    assert chosen(found, 3) == [Candidate(0, "run-0"), Candidate(1, "run-1"), Candidate(4, "run-4")]
    assert chosen(found, 1) == [Candidate(0, "run-0"), Candidate(1, "run-1")]


def test_the_winner_is_the_sweeps_own_where_points_were_run_again() -> None:
    lucky = [trial(1, 32, 0.95), *(replace(trial(n, 32, 0.80), confirms=1) for n in (3, 4))]
    steady = [trial(2, 48, 0.89), *(replace(trial(n, 48, 0.90), confirms=2) for n in (5, 6))]
    trials = sorted([trial(0, 64, 0.80), *lucky, *steady], key=lambda one: one.number)
    assert [one.number for one in best_of(trials, ["maximize"])] == [2]
    assert [one.trial for one in chosen(study(*trials), 2)] == [0, 2, 1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "lengths"),
    [
        ({"keep": "best", "patience": 2}, {"baseline": 3, "trial 1": 2}),
        ({"patience": 2}, {"baseline": 4, "trial 1": 4}),
        ({"keep": "best", "schedule": "cosine"}, {"baseline": 3, "trial 1": 2}),
        ({}, {"baseline": None, "trial 1": None}),
    ],
)
def test_without_a_validation_split_an_arm_trains_as_long_as_its_trial_found_best(
    workplace: Path, table: Path, options: dict[str, Any], lengths: dict[str, int | None]
) -> None:
    data = TableConfig(path=str(table), validation="holdout")
    base = Config(data=data, training=TrainingConfig(epochs=9, **options))
    store = Store(tracking_uri(None), "kept")
    parent = store.start("study", name="s", tags={})
    parent.tags({"rcnn_sweep.data_sha256": expected_sha256(data)})
    candidates = []
    for number, (filters, best) in enumerate([(64, 3), (32, 2)]):
        writer = store.start("trial", name=str(number), tags={}, parent=parent.run_id)
        own = replace(base, conv=ConvConfig(filters=filters))
        writer.text("config/resolved.yaml", to_yaml(own))
        for step in range(1, 5):
            writer.metrics({"train_loss": 1 / step, "val_accuracy": step / 10}, step=step)
        writer.tags({"rcnn_sweep.kept": json.dumps({"val_accuracy": best / 10})})
        writer.metrics({"best_epoch": best})
        candidates.append(Candidate(number, writer.run_id))
    asked = RefitConfig(study="s", study_run=parent.run_id, candidates=candidates)
    found = arms(asked, RunReader())
    assert {one.arm.name: one.arm.epochs for one in found} == lengths
    is_cosine = options.get("schedule") == "cosine"
    rates: dict[str, Any] = {"schedule": "cosine", "schedule_epochs": 9} if is_cosine else {}
    for one in found:
        check(one.config)
        assert one.config.data.validation == "test"
        assert one.config.training == TrainingConfig(epochs=one.arm.epochs or 9, **rates)
    changed = {} if lengths["baseline"] == lengths["trial 1"] else {"training.epochs": 2}
    assert found[1].arm.changes == {"conv.filters": 32, **changed}
    assert [one.arm.validation["accuracy"] for one in found] == [0.3, 0.2]

    hooks = RecordedStudy(OmegaConf.structured(base))
    alone = hooks.single_run(hooks.config, {"mlflow_run_id": candidates[1].run_id})
    decided = f"training.epochs={lengths['trial 1']}"
    expected = [] if not options else ["training.keep=last", decided, "training.patience=null"]
    horizon = ["training.schedule_epochs=9"] if is_cosine else []
    assert alone == ["training.bucket_width=null", "training.ema=null", *expected, *horizon]


def test_a_study_that_minimizes_is_ranked_from_below() -> None:
    found = study(trial(0, 64, 0.4), trial(1, 32, 0.5), trial(2, 48, 0.3), directions=("minimize",))
    assert [one.trial for one in chosen(found, 2)] == [0, 2, 1]


def test_a_baseline_that_never_completed_comes_from_the_study_itself() -> None:
    found = study(trial(0, 64, state="pruned"), trial(1, 32, 0.8))
    assert chosen(found, 1)[0] == Candidate(BASE_CONFIG, "study-run")


@pytest.mark.parametrize("trials", [[], [trial(0, 64, 0.8)], [trial(1, 32, state="failed")]])
def test_without_a_complete_candidate_there_is_nothing_to_compare(
    trials: list[TrialSnapshot],
) -> None:
    with pytest.raises(UserError, match="expected a complete trial besides the baseline"):
        chosen(study(*trials), 1)


def test_a_refit_is_not_refitted() -> None:
    with pytest.raises(UserError, match="itself a refit"):
        chosen(replace(study(trial(0, 64, 0.8)), is_search=False), 1)


def test_the_verdict_follows_what_the_sweep_sought() -> None:
    assert judged_by(study()) == "accuracy"
    assert judged_by(replace(study(), metrics=("val_f1_macro",))) == "f1_macro"


def test_points_come_pair_by_pair_and_keep_their_slots() -> None:
    first = RefitConfig(candidates=[Candidate(0, "a"), Candidate(7, "b")], seeds=2)
    slots = slotted(wanted(first), {})
    assert slots == {
        0: {"trial": 0, "seed": 0},
        1: {"trial": 7, "seed": 0},
        2: {"trial": 0, "seed": 1},
        3: {"trial": 7, "seed": 1},
    }
    more = replace(first, candidates=[*first.candidates, Candidate(9, "c")], seeds=3)
    longer = slotted(wanted(more), slots)
    assert {slot: longer[slot] for slot in slots} == slots
    assert len(longer) == 9 and sorted(longer) == list(range(9))
    assert {tuple(p.values()) for p in longer.values()} == {
        (t, s) for t in (0, 7, 9) for s in range(3)
    }
    fewer = replace(first, candidates=[Candidate(0, "a"), Candidate(9, "c")], seeds=2)
    assert slotted(wanted(fewer), longer) == {
        slot: point for slot, point in longer.items() if point["trial"] != 7 and point["seed"] < 2
    }


def test_recorded_configs_are_read_with_their_data_source() -> None:
    text = "data: {name: snippets, maxlen: 32}\nconv: {filters: 8}\n"
    config = from_yaml(text)
    assert config == replace(
        Config(data=SnippetsConfig(maxlen=32)), conv=replace(Config().conv, filters=8)
    )
    with pytest.raises(UserError, match=r"expected one of imdb, snippets, table; received 'mnist'"):
        from_yaml("data: {name: mnist}")
    with pytest.raises(UserError, match="this version can read"):
        from_yaml("data: {name: imdb}\nconv: {dilation: 2}")


def test_changes_leave_out_seeds_places_and_tracking() -> None:
    base = flat(Config(data=SnippetsConfig(path="a")))
    own = base | {"conv.filters": 96, "training.seed": 5, "data.path": "b", "tracking.uri": "c"}
    assert changes(base, own) == {"conv.filters": 96}


def test_data_that_has_changed_or_gone_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "reviews.csv"
    config = Config(data=TableConfig(path=str(file)))
    with pytest.raises(UserError, match="has gone"):
        check_data(config, "0" * 64)
    file.write_text("text,label\n")
    with pytest.raises(UserError, match="another file now"):
        check_data(config, "0" * 64)


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["--seeds", "1"], "--seeds: expected 2 or more"),
        (["--top", "0"], "--top: expected 1 candidate or more"),
        (["--seeds", "many"], "expected int; received"),
        (["one", "two"], "expected one study; received one, two"),
        (["training.epochs=2"], "takes its configs from the study's record"),
    ],
)
def test_a_mistake_in_the_words_is_answered(words: list[str], answer: str) -> None:
    with pytest.raises(UserError, match=answer):
        arguments(words)


def test_the_study_and_overrides_may_stand_anywhere() -> None:
    words = ["hydra.sweeper.workers=1", "--seeds", "3", "first", "--force", "hydra/launcher=ray"]
    given = arguments(words)
    assert (given.study, given.seeds, given.top, given.force) == ("first", 3, 1, True)
    assert given.overrides == ["hydra.sweeper.workers=1", "hydra/launcher=ray"]


def test_a_refit_runs_on_the_study_the_store_and_the_seeds_that_the_command_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    read: list[tuple[str | None, str | None]] = []

    def found(name: str | None, storage: str | None) -> StudySnapshot:
        read.append((name, storage))
        return study(trial(0, 64, 0.8), trial(1, 32, 0.9), trial(2, 48, 0.85))

    monkeypatch.setattr("rcnn_sweep.sweep.read_study", found)
    monkeypatch.setattr("rcnn_sweep.api.multirun", lambda *words, **_: asked.extend(words[2]))
    places = ("--storage", "sqlite:///s.db", "--tracking-uri", "sqlite:///m.db")
    main(["first", "--seeds", "3", "--top", "2", "--force", *places])
    assert read == [("first", "sqlite:///s.db")]
    told = {key: value.strip("'") for key, _, value in (word.partition("=") for word in asked)}
    assert told.pop("candidates").count("trial:") == 3, "the baseline and the two best"
    assert told == {
        **{"study": "first", "study_run": "study-run", "seeds": "3", "force": "true"},
        **{"judged_by": "accuracy", "tracking.uri": "sqlite:///m.db"},
        "hydra.sweeper.storage": "sqlite:///s.db",
    }
