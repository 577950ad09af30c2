"""What a worker does between its trials."""

import gc
from types import SimpleNamespace
from typing import Any

import pytest
from omegaconf import OmegaConf

from rcnn_sweep.sweep.workers.worker import Worker, WorkerJob, _seed_of


class Ring:
    """Garbage that only a collection frees."""

    freed = 0

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        Ring.freed += 1


def test_collections_between_trials_pass_over_what_stood_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    numbers = iter([0, 1, 2])
    frozen: list[int] = []

    def run(number: int) -> None:
        gc.collect()
        assert Ring.freed == number  # what the trials before have left is gone all the same
        frozen.append(gc.get_freeze_count())
        Ring()

    worker: Any = SimpleNamespace(
        name="own",
        runner=SimpleNamespace(run=run),
        queue=SimpleNamespace(claim=lambda terms: next(numbers, None)),
        claim=None,
        is_done=lambda: True,
    )
    monkeypatch.setattr(Worker, "of", lambda job: worker)
    spec: Any = SimpleNamespace(options=SimpleNamespace(max_trials_per_worker=None), retries=1)
    master = OmegaConf.create({"hydra": {"hydra_logging": None, "verbose": False}})
    assert WorkerJob(spec, None, master, None).drain() == 3  # type: ignore[arg-type]
    assert frozen[0] == 0 and frozen[1] == frozen[2] > 1000
    assert gc.get_freeze_count() == 0


@pytest.mark.parametrize("is_common", [False, True])
def test_seeds_of_trials_derive_from_the_sweeps(is_common: bool) -> None:
    def seeds(seed: int, is_again: bool = False) -> list[int]:
        options: Any = SimpleNamespace(seed=seed, common_seed=is_common)
        return [_seed_of(options, number, is_again) for number in range(50)]

    assert seeds(0) == seeds(0) and not {*seeds(0)} & {*seeds(1)}
    assert len({*seeds(0)}) == (1 if is_common else 50)
    assert len({*seeds(0, is_again=True)[1:], *seeds(0)[:1]}) == 50, "repeats have fresh ones"
