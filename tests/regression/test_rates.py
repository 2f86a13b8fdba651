"""How often the shipped check errs, by simulation: false alarms below 1 %, detection above 95 %.

The values are those of 100 fresh seeds of the methods on the landscape of the embedded table (their
shares), and the exact distribution of random search there: the best of 100 cells.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta, binom

from nasbench_harness.contracts import CompleteTable
from nasbench_harness.errors import HarnessError
from nasbench_harness.reports.regression.decision import ALARM_LEVEL
from nasbench_harness.reports.regression.margins import ACCURACY, MARGINS
from nasbench_harness.reports.regression.permutation import greater_p
from nasbench_harness.reports.regression.power import (
    PARTIAL_LOSS,
    PARTIAL_SHARE,
    SimulatedStudy,
    _hit,
    fresh_seeds,
    paired_seeds,
    power_table,
)
from nasbench_harness.reports.statistics.arrays import Array

from .conftest import BEST, METRIC, series

SEEDS = 20
STUDIES = 3000
MARGIN = MARGINS[ACCURACY]
UNAS = [BEST] * 73 + [93.988] * 19 + [93.87] * 6 + [93.75, 93.548]
EDAS = [BEST] * 97 + [93.98, 93.87, 93.4392]


def default_study(table: CompleteTable) -> list[Array]:
    """DARTS, DrNAS, EDAS, UNAS and random search."""
    cells = np.sort(table.column(METRIC))
    best_of_100 = cells[(np.linspace(0, 1, 2001)[1:] ** (1 / 100) * len(cells)).astype(int) - 1]
    optimum = np.full(100, BEST)
    return [optimum, optimum, np.array(EDAS), np.array(UNAS), best_of_100]


def at_most(rate: float, studies: int) -> float:
    """Upper 99 % bound (Clopper and Pearson) of a rate seen in so many studies."""
    hits = round(rate * studies)
    return float(beta.ppf(0.99, hits + 1, studies - hits))


def at_least(rate: float, studies: int) -> float:
    return 1 - at_most(1 - rate, studies)


def false_alarms(simulated: SimulatedStudy) -> float:
    """Share of the studies with any regression although nothing changed."""
    _, regression = simulated.outcomes(0, 0.0)
    return float(regression.any(axis=0).mean())


@pytest.fixture(scope="module")
def simulated(table: CompleteTable) -> SimulatedStudy:
    samples = default_study(table)
    return SimulatedStudy(samples, SEEDS, [MARGIN] * len(samples), STUDIES)


def test_unchanged_methods_with_fresh_seeds_raise_no_alarm(simulated: SimulatedStudy) -> None:
    assert at_most(false_alarms(simulated), STUDIES) < 0.01


@pytest.mark.parametrize("method", range(5))
def test_half_a_point_lost_is_found(simulated: SimulatedStudy, method: int) -> None:
    rates = simulated.rates(method, 0.5)
    assert at_least(rates.regression, STUDIES) > 0.95
    assert rates.passed == 0


def test_unchanged_methods_mostly_pass(simulated: SimulatedStudy) -> None:
    """Random search varies most: one check in six of it stays open at 20 seeds."""
    assert simulated.rates(3, 0.0).passed > 0.98
    assert simulated.rates(4, 0.0).passed > 0.8


def test_noisy_methods_raise_no_alarm_either() -> None:
    """As supernets are: deviations of 0.4 to 4 points, and one that collapses now and then."""
    generator = np.random.default_rng(1)
    samples = [92 + spread * generator.normal(size=500) for spread in (0.4, 1, 2, 4)]
    samples.append(np.where(generator.random(500) < 0.1, 54.3, 93 + generator.normal(size=500)))
    noisy = SimulatedStudy(samples, SEEDS, [MARGIN] * 5, STUDIES)
    assert at_most(false_alarms(noisy), STUDIES) < 0.01
    assert noisy.rates(3, 0.5).inconclusive > 0.9  # 20 seeds cannot, and the check says so


def test_an_uncorrected_alarm_would_break_the_promise(table: CompleteTable) -> None:
    """The simulation can fail: any loss at 5 % is an alarm in one study in twenty."""
    old, new = np.random.default_rng(2).choice(default_study(table)[4], (2, 1000, SEEDS))
    assert np.mean(greater_p(old, new, 2000) <= 0.05) > 0.03


@pytest.mark.parametrize("deviation", [0.25, 1.0])
def test_seeds_by_formula_do_what_they_promise(deviation: float) -> None:
    values = 93 + deviation * np.random.default_rng(0).normal(size=2000)
    needed = fresh_seeds(deviation, 0.5, ALARM_LEVEL, 0.95)
    rates = SimulatedStudy([values], needed, [MARGIN], 1000).rates(0, 0.5)
    assert 0.92 < rates.regression < 0.99


def test_a_permutation_test_needs_some_seeds_whatever_the_spread() -> None:
    assert fresh_seeds(0.0, 0.5, 0.005, 0.95) == 5  # one split in 252, 0.004; four: one in 70
    assert fresh_seeds(0.0, 0.5, 0.05, 0.95) == 3  # one in 20
    assert paired_seeds(0.0, 0.5, 0.005, 0.95) == 8  # 2 ** -8 is 0.0039


def test_power_table_has_a_row_for_every_method_and_number_of_seeds() -> None:
    found = [series([BEST] * 12, "darts"), series(UNAS[60:80], "unas")]
    costs = [series([100.0] * 12, "darts", "queries")]
    rows = list(power_table([*found, *costs], MARGINS))
    assert {(row.method, row.seeds) for row in rows} == {
        (method, seeds) for method in ("darts", "unas") for seeds in (5, 10, 12, 20, 50)
    }
    (own,) = [row for row in rows if (row.method, row.seeds) == ("darts", 12)]
    assert own.rates[0].passed == 1
    assert own.rates[2].regression == 1
    assert 0.7 < own.partial.inconclusive < 1 - 0.9**12 + 0.01


def test_a_partial_collapse_is_open_as_soon_as_it_hits_a_seed() -> None:
    """Where nothing varies all follows from how many seeds are hit: none in 0.9 ** n of all checks.

    Those pass. A hit seed is far below the baseline's worst, and a test of means finds the loss
    only where many are hit.
    """
    for seeds in (5, 10, 20):
        study = SimulatedStudy([np.full(20, BEST)], seeds, [MARGIN], 1000)
        rates = study.rates(0, PARTIAL_LOSS, PARTIAL_SHARE)
        assert rates.passed == pytest.approx(0.9**seeds, abs=0.001)
    assert rates.regression < 0.05
    assert study.rates(0, PARTIAL_LOSS, 0.5).regression > 0.8


def test_who_is_hit_follows_the_binomial_distribution() -> None:
    counts = _hit((1000, 20), 0.1).sum(axis=1)
    shares = np.bincount(counts, minlength=21)[:21] / 1000
    assert shares == pytest.approx(binom.pmf(np.arange(21), 20, 0.1), abs=0.0011)


def test_power_of_too_few_values_is_refused() -> None:
    with pytest.raises(HarnessError, match="needs 3 of every method; `unas` has 2"):
        list(power_table([series([93.0] * 3, "darts"), series([93.0, 94.0])], MARGINS))
