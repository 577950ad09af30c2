import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rcnn_sweep.data import Split
from rcnn_sweep.data.splits import allocate, limit, part
from rcnn_sweep.errors import DataError


def split_of(labels: list[int]) -> Split:
    y = np.array(labels, np.int32)
    return Split.whole(np.arange(len(y) * 2, dtype=np.uint16).reshape(-1, 2), y)


def test_take_selects_rows_without_copying() -> None:
    split = split_of([0, 1, 0, 1, 1])
    taken = split.take(np.array([3, 1])).take(np.array([True, False]))
    assert taken.x is split.x
    assert taken.rows.tolist() == [3]
    assert (len(taken), taken.labels.tolist()) == (1, [1])


@given(st.lists(st.integers(0, 3), min_size=4, max_size=60), st.data())
def test_shares_are_proportional_and_leave_no_class_out(
    labels: list[int], data: st.DataObject
) -> None:
    sizes = np.bincount(labels)
    count = data.draw(st.integers(int(np.count_nonzero(sizes)), len(labels)))
    shares = allocate(sizes, count)
    assert shares.sum() == count
    assert (shares[sizes > 0] >= 1).all()
    assert (shares <= sizes).all()
    exact = sizes * count / len(labels)
    assert (shares <= np.maximum(np.ceil(exact), 1)).all()


def test_limit_keeps_proportions_and_order_and_repeats() -> None:
    split = split_of([0] * 30 + [1] * 10)
    limited = limit(split, 8)
    assert np.bincount(limited.labels).tolist() == [6, 2]
    assert (np.diff(limited.rows) > 0).all()
    assert limit(split, 8).rows.tolist() == limited.rows.tolist()
    assert set(limited.rows) <= set(limit(split, 16).rows)


def test_limit_beyond_the_size_gives_all() -> None:
    split = split_of([0, 1])
    assert limit(split, 3) is split
    assert limit(split, None) is split


def test_limit_below_the_number_of_classes_is_refused() -> None:
    with pytest.raises(DataError, match=r"each of 3 classes, received 2"):
        limit(split_of([0, 1, 2, 2]), 2)


def test_part_is_stratified_and_leaves_each_class_on_both_sides() -> None:
    labels = np.array([0] * 50 + [1] * 2)
    mask = part(labels, 0.5, ("a", "b"), setting="data.test_fraction")
    assert np.bincount(labels[mask]).tolist() == [25, 1]
    mask = part(labels, 0.99, ("a", "b"), setting="data.test_fraction")
    assert (~mask)[labels == 1].sum() == 1
    assert (~mask)[labels == 0].sum() >= 1


def test_part_refuses_a_class_of_one_row_by_name() -> None:
    with pytest.raises(DataError, match=r"data.test_fraction=0.5, received 1 of 'rare'"):
        part(np.array([0, 0, 1]), 0.5, ("a", "rare"), setting="data.test_fraction")


@pytest.mark.parametrize("fraction", [0.0, 1.0, -1.0, float("nan")])
def test_part_refuses_fractions_outside_the_open_interval(fraction: float) -> None:
    with pytest.raises(DataError, match="between 0 and 1"):
        part(np.array([0, 0, 1, 1]), fraction, ("a", "b"), setting="data.test_fraction")
