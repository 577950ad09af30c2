"""Every pair of options of different groups: trained, recorded, asked for raw texts.

Every option is reproduced, too, in one of the networks.
"""

import json
from collections.abc import Iterator
from itertools import combinations, product
from pathlib import Path

import pytest
from small import network_groups, table_rows, write_table

import rcnn_sweep
from rcnn_sweep.application.run import Job, recorded_run
from rcnn_sweep.data import load
from rcnn_sweep.network.model import Options
from rcnn_sweep.reproduction import reproduce
from rcnn_sweep.tracking import RunReader, Store, TextModel, tracking_uri

CHOICES = [[f"{group}={name}" for name in names] for group, names in network_groups().items()]
SMALL = (
    *("data=table", "data.path=reviews.csv", "data.maxlen=24", "embedding.output_dim=3"),
    *("conv.filters=4", "conv.kernel_size=3", "lstm.units=3", "training.epochs=1"),
)


def covering() -> Iterator[tuple[tuple[str, ...], bool]]:
    """Networks among which each pair is, every time the one with the most that were not yet.

    Says of each whether it has an option that none before it had.
    """
    networks = [*product(*CHOICES)]
    missing = {pair for network in networks for pair in combinations(network, 2)}
    seen: set[str] = set()
    while missing:
        best = max(networks, key=lambda network: len(missing & {*combinations(network, 2)}))
        missing -= {*combinations(best, 2)}
        yield best, not seen.issuperset(best)
        seen.update(best)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "has_new"), [*covering()], ids=lambda v: v if isinstance(v, bool) else " ".join(v)
)
def test_a_network_is_trained_recorded_and_asked_and_each_option_reproduced(
    workplace: Path, network: tuple[str, ...], has_new: bool
) -> None:
    write_table(Path("reviews.csv"), table_rows(60))
    words = [*network, *SMALL]
    config = rcnn_sweep.compose(*words)
    store = Store(tracking_uri(None), "pairs")
    done = recorded_run(Job(config, load(config.data, say=print), words, None), store)
    run = RunReader(store.uri).run(done.run_id)
    assert run.tags["rcnn_sweep.state"] == "complete"
    for group in Options.__annotations__:
        for key, value in vars(getattr(config, group)).items():
            assert run.params[f"{group}.{key}"] == str(value)
    model = TextModel(done.run_id, tracking_uri=store.uri)
    model.load()
    answers = model.table(["a wonderful film", "dreadful"])
    assert answers[["bad", "good"]].sum(axis=1).tolist() == pytest.approx([1, 1], abs=1e-5)
    if not has_new:
        return
    again = reproduce(done.run_id, tracking_uri=None, data_path=None)
    assert again.exactly and again.agrees, json.dumps(again.run.metrics)
