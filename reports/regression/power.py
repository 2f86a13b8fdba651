"""How often a check errs, and the seeds that would settle one: by simulation and by formula.

The simulation draws both sides with replacement from values of a study, takes a loss off one of
them, and runs the very rule of a check. Its rates hold for fresh seeds and as far as the values it
draws from are typical: what happens to one seed in a hundred cannot be seen in twenty. A loss moves
all seeds alike, or some of them only: then every seed is hit with the same chance, and the numbers
of seeds hit in the simulated checks are the quantiles of their binomial distribution, so that no
accident of drawing is in them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nasbench_harness.errors import HarnessError
from nasbench_harness.reports.regression.comparison import ENOUGH, FAR, LossComparison
from nasbench_harness.reports.regression.decision import (
    ALARM_LEVEL,
    PASS_LEVEL,
    Flags,
    apply_rule,
    correct_losses,
)
from nasbench_harness.reports.regression.margins import margin_of
from nasbench_harness.reports.regression.permutation import (
    fewest_fresh,
    fewest_paired,
    greater_p,
)
from nasbench_harness.reports.regression.series import Series
from nasbench_harness.reports.statistics.arrays import TOLERANCE, Array
from nasbench_harness.reports.statistics.corrections import holm
from nasbench_harness.reports.words import numerals
from nasbench_harness.tables.quantity import ACCURACY, Quantity

SEEDS = (5, 10, 20, 50)
LOSSES = (0.0, 0.2, 0.5, 1.0)
"""Points; of a metric that is no percentage, hundredths of what its values lie within."""
PARTIAL_SHARE, PARTIAL_LOSS = 0.1, 40.0
"""Chance of a seed to be hit by a partial collapse, and the points it loses then."""
STUDIES = 500
"""Simulated checks of each kind: a rate of 95 % is known to one percent."""
DETECTED_LOSS = 0.5
POWER, DETECTION = 0.8, 0.95
MOST_SEEDS = 1_000_000


@dataclass(frozen=True)
class Rates:
    """Of simulated checks of one method, the shares that end each way."""

    regression: float
    inconclusive: float

    @property
    def passed(self) -> float:
        """The share that finds no regression."""
        return 1 - self.regression - self.inconclusive


@dataclass(frozen=True)
class PowerRow:
    """What so many seeds on both sides can tell about one method."""

    method: str
    place: str
    deviation: float
    seeds: int
    rates: tuple[Rates, ...]
    """One for each of `LOSSES`, which move all seeds alike."""
    partial: Rates
    """Where each seed loses `PARTIAL_LOSS` with the chance `PARTIAL_SHARE`, and else nothing."""
    seeds_for_detection: int
    """Seeds that find a loss of 0.5 points of all seeds in 95 % of all checks; by formula."""
    quantity: Quantity = ACCURACY
    """What was lost, see `LOSSES`."""

    def rate_cells(self) -> list[str]:
        """What so many seeds find: rates as `found / undecided`, in percent."""
        found = (*self.rates, self.partial)
        return [f"{_percent(r.regression)} / {_percent(r.inconclusive)}" for r in found]

    def method_cells(self) -> tuple[str, ...]:
        """What holds of the method however many seeds there are."""
        deviation = numerals.fixed(self.deviation, self.quantity.difference_digits)
        if not self.quantity.is_percent:
            deviation = self.quantity.amount(deviation)
        return self.method, deviation, str(self.seeds_for_detection), self.place


def _percent(share: float) -> str:
    """In as few digits as tell it from 0, and from 100: `0.4`, `57`, `99.6`, `100`."""
    percent = 100 * share
    return numerals.fixed(percent, 1 if 0 < percent < 1 or 99 < percent < 100 else 0)


def power_table(series: Sequence[Series], margins: Mapping[str, float]) -> Iterator[PowerRow]:
    """Error rates for every accuracy of a study, all its checks made together.

    HarnessError where there are too few values to draw from.
    """
    accuracies = [one for one in series if one.key.is_accuracy]
    for one in accuracies:
        if len(one.values) < ENOUGH:
            raise HarnessError(
                f"--power draws from the values of each seed and needs {ENOUGH} of every method;"
                f" `{one.key.method}` has {len(one.values)}."
            )
    samples = [np.array([one.values[seed] for seed in sorted(one.values)]) for one in accuracies]
    allowed = [margin_of(one, margins) for one in accuracies]
    least = [0.0 if one.quantity.is_percent else -math.inf for one in accuracies]
    level = ALARM_LEVEL / len(accuracies)
    for seeds in sorted({*SEEDS, *map(len, samples)}):
        study = SimulatedStudy(samples, seeds, allowed, least=least)
        for i, (one, values) in enumerate(zip(accuracies, samples, strict=True)):
            deviation = float(values.std(ddof=1))
            point = one.quantity.size / 100
            rates = tuple(study.rates(i, loss * point) for loss in LOSSES)
            partial = study.rates(i, PARTIAL_LOSS * point, PARTIAL_SHARE)
            needed = fresh_seeds(deviation, DETECTED_LOSS * point, level, DETECTION)
            yield PowerRow(
                one.key.method, one.key.place, deviation, seeds, rates, partial, needed,
                one.quantity,
            )  # fmt: skip


class SimulatedStudy:
    """Many checks of a study with fresh seeds, of which one method at a time loses something."""

    def __init__(
        self,
        samples: Sequence[Array],
        seeds: int,
        margins: Sequence[float],
        studies: int = STUDIES,
        least: Sequence[float] = (),
    ) -> None:
        """Draw `studies` checks, `seeds` on both sides, from each method's values.

        `least` is what no value of a method can fall below: 0 of an accuracy, and by default.
        """
        self._least = least or [0.0] * len(samples)
        generator = np.random.default_rng(0)
        self._margins = np.array(margins, dtype=float)
        self._splits = math.ceil(2 * len(samples) / ALARM_LEVEL)
        self._pairs = [generator.choice(values, (2, studies, seeds)) for values in samples]
        tests = [self._test(i, new) for i, (_, new) in enumerate(self._pairs)]
        self._untouched = [np.array(each) for each in zip(*tests, strict=True)]

    def rates(self, method: int, loss: float, share: float = 1.0) -> Rates:
        """How checks of one method end when it loses so many points and the others nothing.

        No accuracy falls below zero. With a `share` below one, each of its fresh seeds loses so
        much with that chance.
        """
        passed, regression = (found[method] for found in self.outcomes(method, loss, share))
        return Rates(float(regression.mean()), float((~passed & ~regression).mean()))

    def outcomes(self, method: int, loss: float, share: float = 1.0) -> tuple[Flags, Flags]:
        """Which checks [methods, studies] pass, and which are a regression."""
        p_loss, p_margin, losses, fallen = (each.copy() for each in self._untouched)
        if loss:
            new = self._pairs[method][1]
            lost = np.where(_hit(new.shape, share), loss, 0.0)
            found = self._test(method, np.maximum(new - lost, self._least[method]))
            p_loss[method], p_margin[method], losses[method], fallen[method] = found
        return apply_rule(
            np.apply_along_axis(correct_losses, 0, p_loss),
            np.apply_along_axis(holm, 0, p_margin),
            losses,
            self._margins[:, None],
            fallen,
        )

    def _test(self, method: int, new: Array) -> tuple[Array, Array, Array, Flags]:
        """Of fresh values [studies, seeds]: p-values against no loss and against the margin, the
        losses seen, and whether a seed is far below the other side's worst [studies]."""
        old, margin = self._pairs[method][0], self._margins[method]
        constant = np.ptp(np.concatenate([old, new], axis=1), axis=1) <= TOLERANCE
        p_loss = np.where(constant, np.nan, greater_p(old, new, self._splits))
        p_margin = greater_p(new + margin, old, self._splits)
        fallen = old.min(axis=1) - new.min(axis=1) > FAR * margin + TOLERANCE
        return p_loss, p_margin, old.mean(axis=1) - new.mean(axis=1), fallen


def _hit(shape: tuple[int, ...], share: float) -> Flags:
    """Which seeds are hit [studies, seeds]; the first ones, as their values are drawn anyway."""
    from scipy.stats import binom

    studies, seeds = shape
    counts = binom.ppf((np.arange(studies) + 0.5) / studies, seeds, share)
    return np.asarray(np.arange(seeds) < counts[:, None])


# --- seeds needed ------------------------------------------------------------------------------


def seeds_needed(comparison: LossComparison, checks: int) -> int:
    """Seeds on both sides that would likely settle an inconclusive check.

    Where the loss seen is above the margin, so many that it would be an alarm if it is real;
    elsewhere so many that a loss of the margin would be ruled out if there is none. From the normal
    approximation, at least as many as the test needs to reach its level, and one more than there
    are; a rough guess from few values.
    """
    suspicious = comparison.excess > comparison.margin
    level = ALARM_LEVEL if suspicious else PASS_LEVEL
    level /= 2 if suspicious and comparison.both_ways else 1
    distance = comparison.excess if suspicious else comparison.margin
    formula = paired_seeds if comparison.paired else fresh_seeds
    there = min(len(comparison.old.values), len(comparison.new.values))
    settling = formula(comparison.deviation, distance, level / checks, POWER)
    return max(settling, there + 1, ENOUGH)


def fresh_seeds(deviation: float, distance: float, level: float, power: float) -> int:
    """Seeds on each side that tell two means a `distance` apart, both of one `deviation`."""
    return max(fewest_fresh(level), _normal(deviation, distance, level, power, samples=2))


def paired_seeds(deviation: float, distance: float, level: float, power: float) -> int:
    """Paired seeds that tell a mean loss of `distance` whose seeds have this `deviation`."""
    return max(fewest_paired(level), _normal(deviation, distance, level, power, samples=1))


def _normal(deviation: float, distance: float, level: float, power: float, *, samples: int) -> int:
    """The normal approximation, with Guenther's (1981) term for an estimated deviation."""
    from scipy.stats import norm

    if not deviation > 0:  # none, or unknown
        return 1
    if distance <= 0:
        return MOST_SEEDS
    bound = float(norm.isf(level))
    seeds = samples * ((bound + float(norm.isf(1 - power))) * deviation / distance) ** 2
    return math.ceil(seeds + bound**2 / (2 * samples))
