"""What a check found, in a sentence."""

from __future__ import annotations

import math

from nasbench_harness.reports.regression.comparison import FAR, LossComparison
from nasbench_harness.reports.regression.decision import CheckDecision
from nasbench_harness.reports.regression.power import seeds_needed
from nasbench_harness.reports.regression.series import Series
from nasbench_harness.reports.regression.verdicts import CheckVerdict, Effect
from nasbench_harness.reports.statistics.arrays import TOLERANCE
from nasbench_harness.reports.words import numerals
from nasbench_harness.reports.words.marked import count, name, ranges

ALIKE = "that moves all seeds alike"
"""What a test of means finds; losses of some seeds only are another matter."""


def say(comparison: LossComparison, decision: CheckDecision, checks: int) -> str:
    """The sentence of a decision that was one of so many tested together."""
    match decision.verdict:
        case CheckVerdict.UNCHANGED:
            return _unchanged(comparison)
        case CheckVerdict.CHANGED:
            return _changed(comparison, decision)
        case CheckVerdict.REGRESSION:
            return _regression(comparison, decision)
        case CheckVerdict.MOVED:
            return _has_moved(comparison, decision)
        case CheckVerdict.INCONCLUSIVE:
            held_back = decision.held_back
            return _held_back(comparison) if held_back else _inconclusive(comparison, checks)
    return _passed(comparison, decision)


def say_unfinished(series: Series) -> str:
    """Which seeds have no result, and why the first has none."""
    seeds, why = sorted(series.unfinished), next(iter(series.unfinished.values()))
    which = "seed" if len(seeds) == 1 else "seeds"
    return (
        f"{name(series.key.method)} has no result for {which} {ranges(seeds)} ({why}); what is left"
        " is not taken for a pass."
    )


def amount(effect: Effect) -> str:
    """A loss or a gain with its interval: `0.512 points [0.470, 0.550]`."""
    digits = effect.digits
    text = effect.amount(numerals.fixed(abs(effect.loss), digits))
    if not effect.has_interval:
        return text
    bounds = (effect.low, effect.high) if effect.loss >= 0 else (-effect.high, -effect.low)
    return f"{text} {numerals.interval(*bounds, digits)}"


def _unchanged(comparison: LossComparison) -> str:
    alone = len(comparison.new.values) - len(comparison.common)
    rest = f" ({count(alone, 'seed')} without a partner)" if alone else ""
    return (
        f"{_subject(comparison)} is the same on {count(len(comparison.common), 'common seed')}"
        f"{rest}."
    )


def _changed(comparison: LossComparison, decision: CheckDecision) -> str:
    losses = comparison.losses
    worse, better = int((losses > TOLERANCE).sum()), int((losses < -TOLERANCE).sum())
    less, more = _directions(comparison)
    told = (
        f"{_subject(comparison)} changed on the same seeds: {better} {more}, {worse} {less} of"
        f" {len(losses)}, {_moved(comparison)} in the mean"
    )
    if not worse and not comparison.both_ways:
        return f"{told}. Take it over with --update."
    within = f", within the margin of {_margin(comparison)} (p = {_p(decision.p_margin)})"
    return f"{told}{within}. If it is meant, take it over with --update."


def _passed(comparison: LossComparison, decision: CheckDecision) -> str:
    return (
        f"{_subject(comparison)} {_moved(comparison)}; {_a_loss(comparison)} {ALIKE} is"
        f" ruled out (p = {_p(decision.p_margin)}, {_seeds(comparison)})."
    )


def _has_moved(comparison: LossComparison, decision: CheckDecision) -> str:
    (old, new), effect = means(comparison), comparison.effect
    return (
        f"{_subject(comparison)} {_moved(comparison)}, more than the margin of"
        f" {_margin(comparison)} either way: {_number(new, effect)} now,"
        f" {_number(old, effect)} in the baseline (p = {_p(decision.p_loss)},"
        f" {_seeds(comparison)}). The search runs otherwise than it did, for better or worse; if it"
        " is meant, take it over with --update."
    )


def _regression(comparison: LossComparison, decision: CheckDecision) -> str:
    old, new = means(comparison)
    return (
        f"{_subject(comparison)} got worse by {amount(comparison.effect)}, more than the margin of"
        f" {_margin(comparison)}: {_number(new, comparison.effect)} now,"
        f" {_number(old, comparison.effect)} in the baseline"
        f" (p = {_p(decision.p_loss)}, {_seeds(comparison)})."
    )


def _inconclusive(comparison: LossComparison, checks: int) -> str:
    fallen = f" {_fallen(comparison)}." if comparison.fallen else ""
    return (
        f"{_subject(comparison)}{_changed_and(comparison)} {_moved(comparison)};"
        f" {_seeds(comparison)} can neither call that {_a_finding(comparison)} nor rule out"
        f" {_a_loss(comparison)} {ALIKE}. About {seeds_needed(comparison, checks)} seeds on both"
        f" sides would.{fallen}"
    )


def _held_back(comparison: LossComparison) -> str:
    """Where the mean would pass, and a seed or several would not."""
    seeds = "that seed" if len(comparison.fallen) == 1 else "those seeds"
    return (
        f"{_subject(comparison)}{_changed_and(comparison)} {_moved(comparison)}, and a loss of"
        f" {_margin(comparison)} {ALIKE} is ruled out. But {_fallen(comparison)}: losses of some"
        f" seeds only are not ruled out. Run {seeds} with the code of the baseline to see whether"
        " that is new, or more seeds to see how often it happens."
    )


def _fallen(comparison: LossComparison) -> str:
    """Who fell, how deep, and what that is measured from."""
    fallen = comparison.fallen
    lowest, by = next(iter(fallen.items()))
    worst, effect = comparison.worst_seed, comparison.effect
    digits = 1 if effect.quantity.is_percent else effect.digits
    others = f" ({count(len(fallen), 'seed')} of {len(comparison.sides[1])} did)"
    return (
        f"seed {lowest} ended at {_number(comparison.new.values[lowest], effect)},"
        f" {effect.amount(numerals.fixed(by, digits))} worse than the baseline's worst"
        f" ({_number(comparison.old.values[worst], effect)}, seed {worst}), which is more than"
        f" {FAR} margins{others if len(fallen) > 1 else ''}"
    )


def _changed_and(comparison: LossComparison) -> str:
    return " changed and" if comparison.exact and comparison.paired else ""


def means(comparison: LossComparison) -> tuple[float, float]:
    """Means of the values that were compared, in the metric's own unit."""
    seeds = set(comparison.common) if comparison.paired else None
    old, new = (
        [value for seed, value in series.values.items() if seeds is None or seed in seeds]
        for series in (comparison.old, comparison.new)
    )
    return math.fsum(old) / len(old), math.fsum(new) / len(new)


def _subject(comparison: LossComparison) -> str:
    key = comparison.old.key
    return f"{name(key.method)}, {name(key.metric)} ({key.place}),"


def _moved(comparison: LossComparison) -> str:
    if abs(comparison.loss) <= TOLERANCE:
        return f"did not move, {amount(comparison.effect)}"
    less, more = _directions(comparison)
    direction = less if comparison.loss > 0 else more
    return f"is {direction} by {amount(comparison.effect)}"


def _directions(comparison: LossComparison) -> tuple[str, str]:
    """What a loss is called, and a gain."""
    return ("lower", "higher") if comparison.both_ways else ("worse", "better")


def _a_finding(comparison: LossComparison) -> str:
    return "a move" if comparison.both_ways else "a regression"


def _a_loss(comparison: LossComparison) -> str:
    """Of the margin, as what is ruled out or not."""
    if comparison.both_ways:
        return f"a move of {_margin(comparison)} either way"
    return f"a loss of {_margin(comparison)}"


def _margin(comparison: LossComparison) -> str:
    return comparison.effect.amount(f"{comparison.margin:g}")


def _seeds(comparison: LossComparison) -> str:
    if comparison.paired:
        return f"{count(len(comparison.common), 'paired seed')}"
    old, new = len(comparison.old.values), len(comparison.new.values)
    return f"{new} fresh against {old} seeds"


def _number(value: float, effect: Effect) -> str:
    return numerals.fixed(value, max(3, effect.digits))


def _p(value: float) -> str:
    return f"{value:.2g}" if value >= 1e-4 else "0.0001 or less"
