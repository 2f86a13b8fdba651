"""What a search did on its way: neither more nor less is better; did it move?"""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from nasbench_harness.errors import ExitCode
from nasbench_harness.reports.regression.baseline import Baseline
from nasbench_harness.reports.regression.check import check_results
from nasbench_harness.reports.regression.comparison import LossComparison
from nasbench_harness.reports.regression.decision import decide
from nasbench_harness.reports.regression.dotplot import dot_plots
from nasbench_harness.reports.regression.dynamics import dynamics_of
from nasbench_harness.reports.regression.power import power_table
from nasbench_harness.reports.regression.sentences import say
from nasbench_harness.reports.regression.series import Series
from nasbench_harness.reports.regression.verdicts import SPREADS, CheckVerdict
from nasbench_harness.reports.words.marked import plain

from .conftest import Values, results, series

RANDOM = np.random.default_rng(0)
OLD = 1.3 + 0.05 * RANDOM.normal(size=14)
NOISE = 0.01 * RANDOM.normal(size=14)
FRESH = 1.3 + 0.05 * RANDOM.normal(size=14)


def entropy(values: Values) -> Series:
    return series(values, metric="entropy", device="cpu")


def compare(old: Values, new: Values, margin: float = 1.0, noise: str = "") -> LossComparison:
    return LossComparison(entropy(old), entropy(new), margin, noise)


def verdict(comparison: LossComparison) -> CheckVerdict:
    return decide([comparison])[0].verdict


def sentence(comparison: LossComparison) -> str:
    (decision,) = decide([comparison])
    return plain(say(comparison, decision, 1))


@pytest.mark.parametrize("shift", [-0.1, 0.1])
def test_a_move_of_two_deviations_is_told_either_way(shift: float) -> None:
    moved = compare(list(OLD), list(OLD + shift + NOISE))
    assert verdict(moved) is CheckVerdict.MOVED
    assert ("higher" if shift > 0 else "lower") in sentence(moved)
    assert "--update" in sentence(moved)
    assert moved.excess == pytest.approx(abs(shift + NOISE.mean()) / OLD.std(ddof=1), abs=1e-12)


@pytest.mark.parametrize("shift", [-0.01, 0.01])
def test_a_small_move_of_all_seeds_is_a_change(shift: float) -> None:
    small = compare(list(OLD), list(OLD + shift))
    assert verdict(small) is CheckVerdict.CHANGED
    assert "14 " + ("higher" if shift > 0 else "lower") in sentence(small)


def test_more_is_not_better() -> None:
    risen = compare(list(OLD[:2]), list(OLD[:2] + 1.0))
    assert verdict(risen) is CheckVerdict.INCONCLUSIVE  # two seeds tell nothing
    assert not risen.fallen


def test_the_same_values_are_unchanged() -> None:
    assert verdict(compare(list(OLD), list(OLD))) is CheckVerdict.UNCHANGED


@pytest.mark.parametrize("shift", [-0.2, 0.2])
def test_fresh_seeds_find_a_large_move(shift: float) -> None:
    fresh = dict(enumerate(FRESH + shift, start=100))
    assert verdict(compare(list(OLD), fresh)) is CheckVerdict.MOVED
    assert verdict(compare(list(OLD), dict(enumerate(FRESH, start=100)))) not in (
        CheckVerdict.MOVED, CheckVerdict.REGRESSION,
    )  # fmt: skip


@pytest.mark.parametrize("level", [0.01, 0.05, 0.2])
def test_the_test_of_a_move_holds_its_level(level: float) -> None:
    """Where nothing moved every sign of a seed's difference is as likely: all are gone through."""
    sizes = np.abs(RANDOM.normal(size=8))
    told = [
        compare(list(OLD[:8]), list(OLD[:8] + np.array(signs) * sizes)).p_of_loss(256) <= level
        for signs in product((-1.0, 1.0), repeat=8)
    ]
    assert np.mean(told) <= level
    assert np.mean(told) >= level - 2 / 2**8  # and wastes nothing of it


@pytest.mark.parametrize("factor", [1e-3, 1.0, 1e3])
def test_units_do_not_matter(factor: float) -> None:
    moved = compare(list(factor * OLD), list(factor * (OLD + 0.1)))
    assert verdict(moved) is CheckVerdict.MOVED
    assert moved.effect.unit == SPREADS


def test_a_baseline_without_spread_counts_percents() -> None:
    still = [1.6] * 14
    assert verdict(compare(still, [1.6 * 1.005] * 14)) is CheckVerdict.CHANGED
    assert verdict(compare(still, [1.6 * 0.97] * 14)) is CheckVerdict.MOVED


def test_a_check_fails_by_it_and_draws_it_apart() -> None:
    accuracies = series([90.0 + i for i in range(14)], device="cpu")
    before = results(accuracies, entropy(list(OLD)))
    after = results(accuracies, entropy(list(OLD - 0.2 + NOISE)))
    report = check_results(Baseline(before), after)
    assert report.exit_code == ExitCode.CHECK_FAILED
    found = {one.metric: one for one in report.findings}
    assert found["entropy"].verdict is CheckVerdict.MOVED
    assert found["entropy"].effect is not None
    assert found["entropy"].effect.margin == 1.0
    (plot,) = dot_plots(report.findings)
    assert plot.count("┊") >= 3  # one on each side, and the legend's
    assert "lower to the right" in plot


def test_a_margin_of_all_dynamics_and_of_one() -> None:
    before = results(entropy(list(OLD)))
    after = results(entropy(list(OLD - 0.1)))
    for margins in ({"dynamics": 9.0}, {"entropy": 9.0}):
        report = check_results(Baseline(before), after, margins=margins)
        assert report.findings[0].verdict is CheckVerdict.CHANGED


def test_power_is_told_of_accuracies_alone() -> None:
    accuracies = series([90.0 + i for i in range(14)], device="cpu")
    margins = {"accuracy": 0.2, "dynamics": 1.0}
    alone = list(power_table([accuracies], margins))
    assert list(power_table([accuracies, entropy(list(OLD))], margins)) == alone


def test_what_a_method_logs_is_its_own() -> None:
    assert "relax_gap" in dynamics_of("edas", "supernet")
    assert "relax_gap" not in dynamics_of("darts", "supernet")
    assert {"entropy", "valid_loss"} <= dynamics_of("darts", "landscape")
    assert "oneshot_accuracy_mixture" not in dynamics_of("darts", "supernet")
    assert "entropy" in dynamics_of("nobody", "nowhere")
