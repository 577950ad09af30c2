"""The statistics by hand, against other libraries, and by simulation."""

import gc

import numpy as np
import pytest
from scipy import stats
from simulated import asked, predictions, refit
from sklearn.metrics import accuracy_score, f1_score

from rcnn_sweep.evidence.comparison import compare
from rcnn_sweep.evidence.statistics import (
    bootstrap,
    combined,
    holm,
    mcnemar_of,
    metrics_of,
    paired_t,
    percentiles,
)


@pytest.fixture(autouse=True)
def no_collections(monkeypatch: pytest.MonkeyPatch) -> None:
    """statsmodels' multipletests collects garbage, .1 s a call: nine tenths of a simulation."""
    monkeypatch.setattr(gc, "collect", lambda *_: 0)


def test_metrics_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    truth, predicted = rng.integers(0, 4, 200), rng.integers(0, 3, (3, 200))
    found = metrics_of(truth, predicted, 5)
    for row in range(3):
        accuracy = accuracy_score(truth, predicted[row])
        f1 = f1_score(truth, predicted[row], average="macro", labels=range(5), zero_division=0)
        assert found["accuracy"][row] == pytest.approx(accuracy)
        assert found["f1_macro"][row] == pytest.approx(f1)


def test_the_paired_t_test_by_hand() -> None:
    differences = np.array([0.01, 0.02, 0.03])  # mean .02, sd .01, t = 2 sqrt 3, df 2
    p, (low, high) = paired_t(differences, 0.95)
    assert p == pytest.approx(2 * stats.t.sf(2 * np.sqrt(3), 2))
    assert (low, high) == pytest.approx((-0.00484138, 0.04484138))


@pytest.mark.parametrize(("value", "p"), [(0.0, 1.0), (0.02, 0.0)])
def test_equal_differences_have_no_spread_and_raise_no_warning(value: float, p: float) -> None:
    assert paired_t(np.full(4, value), 0.95) == (p, (value, value))


def test_mcnemar_counts_only_texts_that_tell_the_models_apart() -> None:
    truth = np.zeros(40, dtype=int)
    baseline, candidate = truth.copy(), truth.copy()
    baseline[:9] = 1  # the candidate alone is right
    candidate[9:10] = 1  # the baseline alone is right
    candidate[10:15] = baseline[10:15] = 1
    found = mcnemar_of(truth, baseline, candidate)
    assert (found.only_baseline, found.only_candidate, found.is_exact) == (1, 9, True)
    assert found.p == pytest.approx(2 * (1 + 10) / 2**10)  # binomial: 0 or 1 of 10
    same = mcnemar_of(truth, baseline, baseline)
    assert (same.only_baseline, same.only_candidate, same.p) == (0, 0, 1.0)


def test_mcnemar_is_the_corrected_chi_squared_test_for_many_texts() -> None:
    truth = np.zeros(200, dtype=int)
    baseline, candidate = truth.copy(), truth.copy()
    baseline[:60], candidate[60:100] = 1, 1
    found = mcnemar_of(truth, baseline, candidate)
    assert not found.is_exact
    assert found.p == pytest.approx(stats.chi2.sf((60 - 40 - 1) ** 2 / 100, 1))


def test_dependent_p_values_combine_to_twice_their_mean() -> None:
    assert combined([0.01, 0.02, 0.03]) == pytest.approx(0.04)
    assert combined([0.9, 0.8]) == 1.0


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []


def test_the_bootstrap_of_texts_alone_has_the_binomial_spread() -> None:
    truth = np.zeros(1000, dtype=int)
    baseline = np.zeros((2, 1000), dtype=int)
    candidate = baseline.copy()
    candidate[:, :100] = 1  # both seeds lose the same tenth: no spread between seeds
    drawn = bootstrap(truth, baseline, candidate, 2, resamples=4000)["accuracy"]
    assert drawn.mean() == pytest.approx(-0.1, abs=0.001)
    assert drawn.std() == pytest.approx(np.sqrt(0.1 * 0.9 / 1000), rel=0.05)


def test_the_bootstrap_of_seeds_has_their_spread() -> None:
    truth = np.zeros(20_000, dtype=int)
    baseline = np.zeros((2, 20_000), dtype=int)
    candidate = baseline.copy()
    candidate[0, :4000] = 1  # one seed loses a fifth, the other nothing
    drawn = bootstrap(truth, baseline, candidate, 2, resamples=4000)["accuracy"]
    # of two seeds drawn: -.2, -.1 (twice) or 0: standard deviation .2 / 2 / sqrt 2
    assert drawn.std() == pytest.approx(0.1 / np.sqrt(2), rel=0.05)


def test_the_bootstrap_of_macro_f1_agrees_with_one_text_at_a_time() -> None:
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 3, 150)
    ease = rng.normal(0.5, 1, 150)
    rows = [predictions(rng, np.minimum(truth, 1), ease, 3, gain, 0.2) for gain in (0.0, 0.5)]
    quick = bootstrap(truth, *rows, 3, resamples=2000)["f1_macro"]
    slow = []
    for _ in range(400):
        texts, seeds = rng.integers(0, 150, 150), rng.integers(0, 3, 3)
        f1 = [metrics_of(truth[texts], row[seeds][:, texts], 3)["f1_macro"].mean() for row in rows]
        slow.append(f1[1] - f1[0])
    assert quick.mean() == pytest.approx(np.mean(slow), abs=0.01)
    assert quick.std() == pytest.approx(np.std(slow), rel=0.15)


def test_percentiles_are_central() -> None:
    assert percentiles(np.arange(101.0), 0.9) == pytest.approx((5.0, 95.0))


@pytest.mark.slow
@pytest.mark.parametrize(("candidates", "luck"), [(1, 0.3), (3, 0.1)])
def test_without_a_difference_better_is_claimed_in_at_most_5_percent(
    candidates: int, luck: float
) -> None:
    """The claim is about the family: that any of the candidates is better."""
    rng = np.random.default_rng(1)
    claims = 0
    for _ in range(200):
        truth, configs = refit(rng, (0.0,) * candidates, texts=200, luck=luck)
        evidence = compare(asked(5), truth, configs)
        claims += any(one.verdict == "better" for one in evidence.comparisons)
    assert claims <= 10


def test_a_large_difference_is_found_in_either_direction() -> None:
    rng = np.random.default_rng(2)
    verdicts = []
    for _ in range(10):
        truth, configs = refit(rng, (0.8, -0.8, 0.0), texts=400)
        verdicts.append([one.verdict for one in compare(asked(5), truth, configs).comparisons])
    assert sum(row[0] == "better" for row in verdicts) >= 9
    assert sum(row[1] == "worse" for row in verdicts) >= 9


def test_the_interval_covers_the_true_difference() -> None:
    """Simulated gain 0.3 with these texts: the true difference comes from many seeds."""
    rng = np.random.default_rng(3)
    many = np.random.default_rng(4)
    ease = many.normal(1.2, 1.5, 100_000)
    zeros = np.zeros(100_000, dtype=int)
    rights = [(predictions(many, zeros, ease, 5, gain, 0.05) == 0).mean() for gain in (0.0, 0.3)]
    covered = 0
    for _ in range(60):
        truth, configs = refit(rng, (0.3,), texts=300, luck=0.05)
        judged = compare(asked(5), truth, configs).comparisons[0].judged
        assert judged is not None
        covered += judged.interval[0] <= rights[1] - rights[0] <= judged.interval[1]
    assert covered >= 52  # 95 % of 60 is 57, and 52 or fewer come by luck in 1 of 100 cases


def test_one_candidate_more_makes_the_intervals_wider() -> None:
    truth, configs = refit(np.random.default_rng(6), (0.3, 0.0), texts=300)
    alone = compare(asked(5), truth, configs[:2]).comparisons[0].judged
    among = compare(asked(5), truth, configs).comparisons[0].judged
    assert alone is not None and among is not None
    assert alone.interval == alone.simultaneous == among.interval
    assert among.simultaneous[0] < alone.simultaneous[0]
    assert among.p_holm >= alone.p_holm == alone.p
