"""Which study is meant, and its baseline; drawing from wide ranges."""

import random
from datetime import datetime
from pathlib import Path

from optuna.distributions import BaseDistribution, IntDistribution
from optuna.study import StudyDirection
from optuna.trial import create_trial

from rcnn_sweep.names import StudyAttr
from rcnn_sweep.sweep.space.space import drawn
from rcnn_sweep.sweep.storage import open_storage, storage_url
from rcnn_sweep.sweep.study.queue import Claim, Queue
from rcnn_sweep.sweep.study.reading import read_study
from rcnn_sweep.sweep.study.slots import Retries


def queue(folder: Path, name: str = "s") -> Queue:
    url = storage_url(f"sqlite:///{folder}/studies.db")
    storage = open_storage(url)
    try:
        study_id = storage.get_study_id_from_name(name)
    except KeyError:
        study_id = storage.create_new_study([StudyDirection.MAXIMIZE], name)
    return Queue(storage, study_id, url)


def test_the_last_study_is_the_last_search(tmp_path: Path) -> None:
    for name, is_search in (("search", True), ("comparison", False)):
        filled = queue(tmp_path, name)
        filled.set_study_attr("is_search", is_search)
        filled.set_study_attr(StudyAttr.N_TRIALS, 1)
        filled.claim(Claim("worker", "session", Retries(1, datetime.now()), {0: {"x": 1}}))
    storage = f"sqlite:///{tmp_path}/studies.db"
    assert read_study(None, storage).name == "search"
    assert not read_study("comparison", storage).is_search


def test_the_baseline_of_a_study_that_did_not_note_it_is_found_by_its_config(
    tmp_path: Path,
) -> None:
    filled = queue(tmp_path)
    filled.set_study_attr("record", {"config": {"conv": {"filters": 64}, "data": {"names": []}}})
    ranges: dict[str, BaseDistribution] = {"conv.filters": IntDistribution(1, 100)}
    for filters in (32, 64):
        trial = create_trial(
            params={"conv.filters": filters},
            distributions=ranges,
            value=0.8,
            user_attrs={"slot": 0},
        )
        filled.storage.create_new_trial(filled.study_id, template_trial=trial)
    found = read_study("s", f"sqlite:///{tmp_path}/studies.db")
    assert found.baseline is not None and found.baseline.params == {"conv.filters": 64}
    filled.set_study_attr("baseline", None)
    assert read_study("s", f"sqlite:///{tmp_path}/studies.db").baseline is None


def test_drawing_from_a_wide_range_does_not_list_it() -> None:
    wide = IntDistribution(-1, 10**15)
    draws = [drawn(wide, random.Random(seed)) for seed in range(50)]
    assert all(isinstance(value, int) and -1 <= value <= 10**15 for value in draws)
    assert len(set(draws)) == 50
    assert {drawn(IntDistribution(2, 8, step=3), random.Random(s)) for s in range(40)} == {2, 5, 8}
