"""Two files of pytest-benchmark held against each other.

Every median is divided by that of a fixed loop, the benchmark `calibration`, timed in the same
process: the ratio of ratios is the slowdown of our code, with the machine's speed taken out as far
as one number can. Its interval is a bootstrap of all four medians. That covers the noise within
each process; what differs between two processes (memory layout, other load, a warm cache) is what
`max_slowdown` has to leave room for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nasbench_harness.errors import HarnessError, reason
from nasbench_harness.reports.regression.check import CheckReport
from nasbench_harness.reports.regression.verdicts import CheckVerdict, Effect, Finding
from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.words.marked import name
from nasbench_harness.store.files import read_json

CALIBRATION = "calibration"
MAX_SLOWDOWN = 1.25
RESAMPLES = 9999
_WHERE = "benchmark"
_QUARTILES = 1.349
"""Interquartile range of a normal distribution, in standard deviations."""


@dataclass(frozen=True)
class Timing:
    """What is known of one benchmark's rounds, in seconds."""

    median: float
    rounds: int
    spread: float
    """Interquartile range."""
    data: Array | None
    """Every round, sorted, where the file has them."""

    def resampled(self, generator: np.random.Generator) -> Array:
        """Medians of bootstrap samples; NaN for a single round.

        The middle of n values drawn with replacement is the empirical quantile at a Beta number, so
        that no sample has to be drawn. Without the rounds the median is taken as normal.
        """
        if self.rounds < 2:
            return np.full(RESAMPLES, np.nan)
        if self.data is None:
            error = math.sqrt(math.pi / 2 / self.rounds) * self.spread / _QUARTILES
            drawn = generator.normal(self.median, error, RESAMPLES)
            return np.asarray(np.maximum(drawn, 1e-3 * self.median))
        middle = (self.rounds + 1) / 2
        where = generator.beta(middle, middle, RESAMPLES) * self.rounds
        return np.asarray(self.data[np.minimum(where.astype(int), self.rounds - 1)])


def compare_benchmarks(old: Path, new: Path, *, max_slowdown: float = MAX_SLOWDOWN) -> CheckReport:
    """One finding per benchmark that both files have.

    A regression where the whole interval of the slowdown is above `max_slowdown`, undecided where
    it straddles that. All intervals together hold with 95 % (Bonferroni). HarnessError if a file
    cannot be read or has no calibration.
    """
    before, after = read_benchmarks(old), read_benchmarks(new)
    common = [title for title in after if title in before and title != CALIBRATION]
    if not common:
        raise HarnessError(f"{old} and {new} have no benchmark in common.")
    level = 1 - 0.05 / len(common)
    findings = [
        _finding(
            title,
            (before[title], before[CALIBRATION]),
            (after[title], after[CALIBRATION]),
            level,
            max_slowdown,
        )
        for title in common
    ]
    apart = sorted((before.keys() ^ after.keys()) - {CALIBRATION})
    findings += [_alone(title, old if title in before else new) for title in apart]
    return CheckReport(tuple(findings), tuple(_notes(before, after)))


# --- reading -----------------------------------------------------------------------------------


def read_benchmarks(path: Path) -> dict[str, Timing]:
    """Timings by benchmark; HarnessError if it is no such file or lacks the calibration."""
    try:
        content = read_json(path)
        timings = {_title(row): _timing(row["stats"]) for row in content["benchmarks"]}
    except OSError as error:
        raise HarnessError(f"{path} cannot be read ({reason(error)}).") from error
    except (ValueError, KeyError, TypeError) as error:
        raise HarnessError(
            f"{path} is no JSON of pytest-benchmark ({type(error).__name__}: {error})."
        ) from error
    if CALIBRATION not in timings:
        raise HarnessError(
            f"{path} has no benchmark `{CALIBRATION}`, which tells how fast the machine was; run"
            " `benchmarks/test_calibration.py` together with the others."
        )
    return timings


def _title(row: Mapping[str, Any]) -> str:
    """The test's file and name; the calibration by its name alone, wherever it stands."""
    alone = str(row["name"]).removeprefix("test_")
    return CALIBRATION if alone == CALIBRATION else str(row.get("fullname") or row["name"])


def _timing(stats: Mapping[str, Any]) -> Timing:
    data = np.sort(np.asarray(stats.get("data") or [], dtype=float))
    median, rounds = float(stats["median"]), len(data) or int(stats["rounds"])
    if not (median > 0 and rounds > 0):
        raise ValueError("a benchmark took no time")
    return Timing(median, rounds, float(stats["iqr"]), data if len(data) else None)


# --- judging -----------------------------------------------------------------------------------

Side = tuple[Timing, Timing]
"""A benchmark and the calibration beside it."""


def _finding(title: str, old: Side, new: Side, level: float, allowed: float) -> Finding:
    before, after = (side[0].median / side[1].median for side in (old, new))
    ratio = after / before
    generator = np.random.default_rng(0)
    drawn = _relative(new, generator) / _relative(old, generator)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    verdict = _verdict(float(low), float(high), allowed)
    effect = Effect(100 * (ratio - 1), 100 * (low - 1), 100 * (high - 1), 100 * (allowed - 1), "%")
    sentence = (
        f"{name(title)} takes {_told(ratio, float(low), float(high))}: {_why(verdict, allowed)}"
    )
    rounds = f"{old[0].rounds} / {new[0].rounds} rounds"
    return Finding(_WHERE, title, "time", verdict, sentence, effect, before, after, rounds)


def _relative(side: Side, generator: np.random.Generator) -> Array:
    """Bootstrapped medians in units of the calibration's; that has rounds enough, or none do."""
    timing, calibration = side
    medians: Array = timing.resampled(generator) / calibration.resampled(generator)
    return medians


def _verdict(low: float, high: float, allowed: float) -> CheckVerdict:
    if math.isnan(low):
        return CheckVerdict.SKIPPED
    if low > allowed:
        return CheckVerdict.REGRESSION
    return CheckVerdict.PASSED if high <= allowed else CheckVerdict.INCONCLUSIVE


def _told(ratio: float, low: float, high: float) -> str:
    bounds = "" if math.isnan(low) else f" (interval {low:.3f} to {high:.3f})"
    return f"{ratio:.3f} times as long as before{bounds}, relative to the calibration"


def _why(verdict: CheckVerdict, allowed: float) -> str:
    return {
        CheckVerdict.REGRESSION: f"more than the {allowed:g} allowed.",
        CheckVerdict.PASSED: f"no more than the {allowed:g} allowed.",
        CheckVerdict.INCONCLUSIVE: f"whether that is more than the {allowed:g} allowed is open;"
        " more rounds, or a quieter machine, would tell.",
        CheckVerdict.SKIPPED: "a single round has no interval, so this is not judged.",
    }[verdict]


def _alone(title: str, path: Path) -> Finding:
    sentence = f"{name(title)} is in {path.name} alone."
    return Finding(_WHERE, title, "time", CheckVerdict.SKIPPED, sentence)


def _notes(before: Mapping[str, Timing], after: Mapping[str, Timing]) -> list[str]:
    if all(timing.data is not None for timing in (*before.values(), *after.values())):
        return []
    return [
        "Single rounds were not stored; intervals come from medians and quartiles and are rougher."
        " `--benchmark-save-data` stores them."
    ]
