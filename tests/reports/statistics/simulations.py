"""Size, power and coverage of what reports claim, by simulation: the tables of docs/statistics.md.

    python tests/reports/statistics/simulations.py

prints all of them, in about ten minutes. NASHARNESS_REFERENCE_DATA names the folder with the
official tables; without it those rows are left out. Every table has a generator of its own, so the
numbers are the same every time.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binom, kendalltau, norm

from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.statistics.blind import blind_draw_test
from nasbench_harness.reports.statistics.corrections import holm
from nasbench_harness.reports.statistics.correlation import kendall_interval
from nasbench_harness.reports.statistics.equivalence import equivalence_p, paired_equivalence_p
from nasbench_harness.reports.statistics.improvement import probability_of_improvement
from nasbench_harness.reports.statistics.intervals import (
    band,
    difference_interval,
    paired_interval,
)
from nasbench_harness.reports.statistics.normalised import within_problems_p
from nasbench_harness.reports.statistics.robust import interquartile_mean_interval
from nasbench_harness.reports.statistics.shares import clopper_pearson, wilson
from nasbench_harness.reports.statistics.signedrank import signed_rank_p
from nasbench_harness.reports.statistics.twosample import smallest_two_sample_p, two_sample_p

Rows = list[dict[str, Any]]
Draw = Callable[[np.random.Generator, tuple[int, ...]], Array]

LEVEL = 0.05
DELTA = 0.17
"""The smallest difference of interest on CIFAR-10, in points."""
SEEDS = (3, 5, 10, 20)
STUDIES = 2000


def mostly_ties(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Seven of ten runs find the optimum."""
    return np.asarray((generator.random(shape) < 0.3) * generator.exponential(0.3, shape).round(1))


DISTRIBUTIONS: dict[str, Draw] = {
    "normal": lambda generator, shape: generator.normal(size=shape),
    "heavy-tailed": lambda generator, shape: generator.standard_t(3, shape),
    "skewed": lambda generator, shape: generator.exponential(1, shape),
    "very skewed": lambda generator, shape: generator.lognormal(0, 1, shape),
    "mostly ties": mostly_ties,
}
"""Student's t with 3 degrees of freedom, exponential, lognormal, and 70 % zeros."""

OFFICIAL = ("cifar10_test_200ep", "cifar100_test_200ep", "imagenet16_120_test_200ep")


def official_columns(folder: Path) -> dict[str, Array]:
    """Test accuracies [15625] of NAS-Bench-201 on its three data sets, in percent."""
    import pandas as pd

    table = pd.read_parquet(folder / "nb201" / "nb201_official.parquet", columns=list(OFFICIAL))
    return {name.removesuffix("_test_200ep"): table[name].to_numpy(float) for name in OFFICIAL}


def synthetic_columns() -> dict[str, Array]:
    """Accuracies of made-up benchmarks: a long tail, and few different values."""
    generator = np.random.default_rng(0)
    return {
        "long tail": 94 - generator.lognormal(1, 1.2, 5000),
        "collapse and ties": np.where(
            generator.random(2000) < 0.2, 10.0, 90 + generator.integers(0, 6, 2000)
        ),
    }


def two_sample_size(studies: int = STUDIES) -> Rows:
    """How often two sets of runs of one method are called different at 5 %."""
    rows, generator = [], np.random.default_rng(1)
    for name, draw in DISTRIBUTIONS.items():
        row: dict[str, Any] = {"runs": name}
        for seeds in SEEDS:
            pairs = draw(generator, (studies, 2, seeds))
            row[f"n = {seeds}"] = _share(two_sample_p(*pair) <= LEVEL for pair in pairs)
        rows.append(row)
    return rows


def two_sample_power(studies: int = 1000) -> Rows:
    """How often a difference of so many standard deviations is found, of independent normal runs.

    Beside it the signed-rank test of the same runs, paired though nothing pairs them.
    """
    rows, generator = [], np.random.default_rng(2)
    for effect in (0.5, 1.0, 1.5, 2.0):
        row: dict[str, Any] = {"difference": f"{effect:g} SD"}
        for seeds in SEEDS[1:]:
            pairs = generator.normal(size=(studies, 2, seeds)) + np.array([[0], [effect]])
            row[f"n = {seeds}"] = _share(two_sample_p(*pair) <= LEVEL for pair in pairs)
            row[f"signed-rank, n = {seeds}"] = _share(
                signed_rank_p(ours - theirs) <= LEVEL for ours, theirs in pairs
            )
        rows.append(row)
    return rows


def signed_rank_size(studies: int = STUDIES) -> Rows:
    """How often differences that are symmetric about zero are called a difference at 5 %."""
    rows, generator = [], np.random.default_rng(3)
    for name in ("normal", "heavy-tailed", "skewed", "mostly ties"):
        row: dict[str, Any] = {"runs": name}
        for seeds in SEEDS:
            ours, theirs = DISTRIBUTIONS[name](generator, (2, studies, seeds))
            row[f"n = {seeds}"] = _share(signed_rank_p(d) <= LEVEL for d in ours - theirs)
        rows.append(row)
    return rows


def blind_draw_size(columns: dict[str, Array], studies: int = STUDIES) -> Rows:
    """How often a method that draws blindly is called better or worse than that at 5 %."""
    rows, generator = [], np.random.default_rng(4)
    for name, column in columns.items():
        row: dict[str, Any] = {"benchmark": name}
        for seeds in (*SEEDS, 50):
            draws = generator.choice(column, (studies, seeds))
            row[f"n = {seeds}"] = _share(blind_draw_test(d, column).p <= LEVEL for d in draws)
        rows.append(row)
    return rows


def blind_draw_power(column: Array, studies: int = 500) -> Rows:
    """How often a method whose answers are uniform draws from the best so many is called better."""
    rows, generator = [], np.random.default_rng(5)
    best_first = np.sort(column)[::-1]
    for share in (0.7, 0.5, 0.3, 0.1):
        row: dict[str, Any] = {"answers from": f"the best {share:.0%}".replace("%", " %")}
        best = best_first[: int(share * len(column))]
        for seeds in SEEDS:
            draws = generator.choice(best, (studies, seeds))
            row[f"n = {seeds}"] = _share(blind_draw_test(d, column).p <= LEVEL for d in draws)
        rows.append(row)
    return rows


def family_size(studies: int = 500) -> Rows:
    """How often any of 15 pairs of 6 equal methods is called different, corrected to 5 %."""
    rows, generator = [], np.random.default_rng(6)
    for name in ("normal", "skewed", "mostly ties"):
        row: dict[str, Any] = {"runs": name}
        for seeds in (5, 7, 8):
            groups = DISTRIBUTIONS[name](generator, (studies, 6, seeds))
            plain, screened = np.transpose([_claims(study) for study in groups])
            row[f"Holm, n = {seeds}"] = _share(plain > 0)
            row[f"screened, n = {seeds}"] = _share(screened > 0)
        rows.append(row)
    return rows


def family_power(studies: int = 300) -> Rows:
    """Share found of the pairs that differ, where five of six methods always find the optimum.

    The other one ends 1 point above it, with a spread of 0.3: 5 pairs differ.
    """
    row: dict[str, Any] = {"runs": "five of six at the optimum"}
    generator = np.random.default_rng(15)
    for seeds in (4, 5, 6):
        groups = np.zeros((studies, 6, seeds))
        groups[:, 5] = np.abs(generator.normal(1, 0.3, (studies, seeds)))
        plain, screened = np.transpose([_claims(study) for study in groups])
        row[f"Holm, n = {seeds}"] = _share(plain / 5)
        row[f"screened, n = {seeds}"] = _share(screened / 5)
    return [row]


def _claims(methods: Array) -> tuple[int, int]:
    """Pairs that Holm's method calls different, and those it does where some are left out."""
    pairs = list(combinations(methods, 2))
    p_values = [two_sample_p(*pair) for pair in pairs]
    smallest = [smallest_two_sample_p(*pair) for pair in pairs]
    found = holm(p_values), holm(p_values, smallest)
    return int((found[0] < LEVEL).sum()), int((found[1] < LEVEL).sum())


def within_problems_size(studies: int = 1000) -> Rows:
    """How often one method is called different from itself at 5 %, over problems of any scale."""
    rows, generator = [], np.random.default_rng(7)
    for problems in (3, 9):
        row: dict[str, Any] = {"problems": problems}
        for seeds in (3, 10):
            runs = generator.exponential(1, (studies, 2, problems, seeds))
            runs *= 10.0 ** np.arange(problems)[:, None]
            row[f"n = {seeds}"] = _share(within_problems_p(*pair) <= LEVEL for pair in runs)
        rows.append(row)
    return rows


MEANS = {
    "normal": 0.0, "heavy-tailed": 0.0, "skewed": 1.0, "very skewed": math.exp(0.5),
    "mostly ties": 0.3 * 0.1 / (math.exp(1 / 6) - math.exp(-1 / 6)),
}  # fmt: skip
"""Of the distributions; an exponential of mean m rounded to r has mean r / (2 sinh(r / 2m))."""


def mean_coverage(studies: int = 20_000) -> Rows:
    """How often the interval of a mean holds it, where there is one."""
    rows, generator = [], np.random.default_rng(8)
    for name, draw in DISTRIBUTIONS.items():
        row: dict[str, Any] = {"runs": name}
        for seeds in (*SEEDS, 50):
            low, high = band(draw(generator, (seeds, studies)))
            some = high > low
            row[f"n = {seeds}"] = _share(((low <= MEANS[name]) & (MEANS[name] <= high))[some])
        rows.append(row)
    return rows


def difference_coverage(studies: int = STUDIES) -> Rows:
    """How often the interval of a difference of means holds it, of unequal spreads as well."""
    rows, generator = [], np.random.default_rng(9)
    for name, scale in [(name, 1) for name in DISTRIBUTIONS] + [("normal", 4)]:
        row: dict[str, Any] = {"runs": name if scale == 1 else f"{name}, one {scale} x as spread"}
        for seeds in SEEDS:
            pairs = DISTRIBUTIONS[name](generator, (studies, 2, seeds)) * np.array([[1], [scale]])
            truth = MEANS[name] * (1 - scale)
            row[f"n = {seeds}"] = _covered((difference_interval(*pair) for pair in pairs), truth)
        rows.append(row)
    return rows


def paired_coverage(studies: int = STUDIES) -> Rows:
    """How often the interval of a mean paired difference holds it."""
    rows, generator = [], np.random.default_rng(10)
    for name, draw in DISTRIBUTIONS.items():
        row: dict[str, Any] = {"runs": name}
        for seeds in SEEDS:
            ours, theirs = draw(generator, (2, studies, seeds))
            row[f"n = {seeds}"] = _covered((paired_interval(d) for d in ours - theirs), 0.0)
        rows.append(row)
    return rows


def improvement_coverage(studies: int = STUDIES) -> Rows:
    """How often the interval of the chance of better holds it, of normal runs."""
    rows, generator = [], np.random.default_rng(11)
    for chance in (0.5, 0.75, 0.9, 0.98):
        row: dict[str, Any] = {"chance of better": f"{chance:g}"}
        for seeds in SEEDS:
            shift = math.sqrt(2) * norm.ppf(chance)
            pairs = generator.normal(size=(studies, 2, seeds)) + np.array([[0], [shift]])
            found = (probability_of_improvement(*pair)[1:] for pair in pairs)
            row[f"n = {seeds}"] = _covered(found, chance)
        rows.append(row)
    return rows


def kendall_coverage(studies: int = STUDIES) -> Rows:
    """How often the interval of tau holds it, of normal pairs, and of the same rounded."""
    rows, generator = [], np.random.default_rng(12)
    for correlation in (0.0, 0.5, 0.9, 0.98):
        for rounded in (False, True):
            tau = _tau(correlation, rounded)
            row: dict[str, Any] = {"tau": f"{abs(tau):.2f}", "ties": "some" if rounded else "none"}
            for pairs in (10, 20, 50):
                draws = _correlated(generator, correlation, (studies, pairs), rounded)
                row[f"n = {pairs}"] = _covered((kendall_interval(*d) for d in draws), tau)
            rows.append(row)
    return rows


def _tau(correlation: float, rounded: bool) -> float:
    if not rounded:
        return 2 / math.pi * math.asin(correlation)
    draws = _correlated(np.random.default_rng(0), correlation, (1, 200_000), rounded)
    return float(kendalltau(*draws[0]).statistic)


def _correlated(
    generator: np.random.Generator, correlation: float, shape: tuple[int, int], rounded: bool
) -> Array:
    """Pairs [studies, 2, pairs] of normal numbers; rounded to multiples of 0.7, a third is tied."""
    first, other = generator.normal(size=(2, *shape))
    second = correlation * first + math.sqrt(1 - correlation**2) * other
    found = np.stack([first, second], axis=1)
    return np.asarray((found / 0.7).round() if rounded else found)


def share_coverage() -> Rows:
    """How often the intervals of a share hold it: exact, and the worst of all shares."""
    rows = []
    for title, interval in (("Wilson", wilson), ("Clopper-Pearson", clopper_pearson)):
        for share in (0.5, 0.8, 0.95, None):
            row: dict[str, Any] = {
                "interval": title,
                "share": f"{share:g}" if share else "the worst",
            }
            for seeds in SEEDS:
                shares = [share] if share else np.linspace(0.001, 0.999, 999)
                bounds = np.array([interval(k, seeds) for k in range(seeds + 1)])
                row[f"n = {seeds}"] = min(_exact_coverage(bounds, s) for s in shares)
            rows.append(row)
    return rows


def _exact_coverage(bounds: Array, share: float) -> float:
    inside = (bounds[:, 0] <= share) & (share <= bounds[:, 1])
    return float(binom.pmf(np.arange(len(bounds)), len(bounds) - 1, share)[inside].sum())


def iqm_coverage(studies: int = 300) -> Rows:
    """How often the bootstrap of the interquartile mean holds it, over problems of skewed runs."""
    rows, generator = [], np.random.default_rng(13)
    for problems in (1, 3, 9):
        scales = np.arange(1, problems + 1)[:, None] / problems
        every = generator.exponential(1, (problems, 400_000)) * scales
        ends = np.quantile(every, [0.25, 0.75])
        truth = float(every[(every > ends[0]) & (every < ends[1])].mean())
        row: dict[str, Any] = {"problems": problems}
        for seeds in SEEDS:
            runs = generator.exponential(1, (studies, problems, seeds)) * scales
            found = (interquartile_mean_interval(list(study)) for study in runs)
            row[f"n = {seeds}"] = _covered(found, truth)
        rows.append(row)
    return rows


def equivalence(studies: int = STUDIES) -> Rows:
    """How often methods with a spread of 0.1 are called practically the same at DELTA 0.17."""
    rows, generator = [], np.random.default_rng(14)
    for apart in (0.0, 0.05, 0.1, DELTA, 0.25):
        row: dict[str, Any] = {"true difference": f"{apart:g}"}
        for seeds in SEEDS:
            runs = generator.normal(0, 0.1, (studies, 2, seeds)) + np.array([[0], [apart]])
            same = (equivalence_p(*pair, DELTA) <= LEVEL for pair in runs)
            row[f"n = {seeds}"] = _share(same)
            paired = (paired_equivalence_p(ours - theirs, DELTA) <= LEVEL for ours, theirs in runs)
            row[f"paired, n = {seeds}"] = _share(paired)
        rows.append(row)
    return rows


def _share(found: Any) -> float:
    return float(np.mean(list(found)))


def _covered(intervals: Iterator[tuple[float, float]], truth: float) -> float:
    """Of the intervals that there are."""
    bounds = np.array(list(intervals))
    bounds = bounds[~np.isnan(bounds[:, 0])]
    return _share((bounds[:, 0] <= truth) & (truth <= bounds[:, 1]))


def markdown(rows: Rows) -> str:
    """A table in Markdown, shares in percent."""
    names = list(rows[0])
    sides = ["--:" if isinstance(rows[0][name], float) else "---" for name in names]
    lines = [names, sides, *([_cell(row[name]) for name in names] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: Any) -> str:
    return f"{100 * value:.1f}" if isinstance(value, np.floating | float) else str(value)


def _main() -> None:
    folder = os.environ.get("NASHARNESS_REFERENCE_DATA")
    columns = (official_columns(Path(folder)) if folder else {}) | synthetic_columns()
    first = next(iter(columns.values()))
    tables: list[Callable[[], Rows]] = [
        two_sample_size, signed_rank_size, lambda: blind_draw_size(columns), family_size,
        within_problems_size, two_sample_power, family_power, lambda: blind_draw_power(first),
        equivalence, mean_coverage, difference_coverage, paired_coverage, improvement_coverage,
        kendall_coverage, share_coverage, iqm_coverage,
    ]  # fmt: skip
    for table in tables:
        print(markdown(table()), end="\n\n", flush=True)


if __name__ == "__main__":
    _main()
