"""A claim about two methods as a sentence: who is better, by how much, and how sure that is."""

from __future__ import annotations

import math
from itertools import count as counting

from nasbench_harness.reports.analysis.decision import FEWEST, Claim, Standing
from nasbench_harness.reports.analysis.evidence import Test
from nasbench_harness.reports.statistics.signedrank import fewest_pairs
from nasbench_harness.reports.study.measure import Measure
from nasbench_harness.reports.words import numerals
from nasbench_harness.reports.words.marked import count, name, names
from nasbench_harness.study.config import BASELINE

BLIND = "drawing blindly"
BLINDLY: Test = "blind draws"
HOPELESS = 10_000
"""Seeds beyond which nobody asks how many more."""


def sentence(claim: Claim, measure: Measure) -> str:
    """What may be said of the two methods, with marked names (see `words.marked`)."""
    tellers = (
        (claim.tied, _tie),
        (claim.ahead is not None, _better),
        (claim.outcome is Standing.SAME, _same),
        (claim.outcome is Standing.WAITING, _waiting),
        (claim.undone, _undone),
        (claim.split, _split),
    )
    tell = next((teller for holds, teller in tellers if holds), _undecided)
    return tell(leading(claim), measure)


def leading(claim: Claim) -> Claim:
    """Seen from the method with the better mean; from the method where drawing blindly is one."""
    if claim.test == BLINDLY:
        return claim.turned() if claim.first == BASELINE else claim
    return claim.turned() if claim.gain < 0 else claim


def _better(claim: Claim, measure: Measure) -> str:
    perhaps = f", perhaps by less than {delta(claim, measure)}" * (
        claim.outcome is Standing.SLIGHTLY
    )
    return (
        f"{name(claim.first)} is {_side(claim.gain)} than {_other(claim)}{perhaps}: its"
        f" {gap(claim, measure)}, {p_of(claim)}."
    )


def _side(number: float) -> str:
    return "better" if number > 0 else "worse"


def _waiting(claim: Claim, measure: Measure) -> str:
    return f"{_both(claim)} are not judged yet: so far the {gap(claim, measure, claim.first)}."


def _same(claim: Claim, measure: Measure) -> str:
    return (
        f"{_both(claim)} are practically the same: the {gap(claim, measure, claim.first)}, and"
        f" {delta(claim, measure)} or more are ruled out ({p_words(claim.p_same)})."
    )


def _undone(claim: Claim, measure: Measure) -> str:
    """What holds of the finished trials alone is said, and that it is no claim."""
    if claim.finished_outcome is Standing.SAME:
        said = f"{_both(claim)} would be practically the same"
        p_value = f"{delta(claim, measure)} or more ruled out ({p_words(claim.p_same)})"
        end = "they would not, so nothing is claimed."
    else:
        said = f"{name(claim.first)} would be {_side(claim.gain)} than {_other(claim)}"
        p_value = p_of(claim)
        end = "it would not, so neither is called better."
    return (
        f"By the trials that finished, {said}: the {gap(claim, measure, claim.first)},"
        f" {p_value}. With those that failed counted as the worst, {end}"
    )


def _split(claim: Claim, measure: Measure) -> str:
    """The p-value stands with what was tested: ranks of pairs and percentiles, or means."""
    ahead = claim.turned() if claim.effect < 0 and claim.test != BLINDLY else claim
    by_ranks = ahead.test != "two samples"
    often = (
        f"in {ahead.wins} of {count(len(ahead.seeds), 'seed')}"
        if ahead.test == "pairs"
        else f"in rank, with a chance of {numerals.percent(ahead.chance.value)}"
    )
    p_value = p_of(ahead)
    return (
        f"{name(ahead.first)} does {_side(ahead.effect)} than {_other(ahead)} {often}"
        f"{f' ({p_value})' * by_ranks} and {_side(ahead.gain)} in the mean"
        f"{f' ({p_value})' * (not by_ranks)}: its {gap(ahead, measure)}. Neither is called better."
    )


def _undecided(claim: Claim, measure: Measure) -> str:
    return (
        f"These seeds cannot tell {_both(claim)} apart: the {gap(claim, measure, claim.first)},"
        f" {p_of(claim)}{seeds_needed(claim, measure)}."
    )


def _tie(claim: Claim, measure: Measure) -> str:
    runs = "their only run" if claim.runs == (1, 1) else f"every one of their {_runs(claim)} runs"
    same = claim.outcome is Standing.SAME
    ends = ": practically the same, as far as so many can tell" if same else ": a tie"
    return f"{_both(claim)} ended with the same {measure.noun} in {runs}{ends}."


def _runs(claim: Claim) -> str:
    first, second = claim.runs
    return str(first) if first == second else f"{first} and {second}"


def _other(claim: Claim) -> str:
    return BLIND if claim.test == BLINDLY else name(claim.second)


def _both(claim: Claim) -> str:
    if claim.test == BLINDLY:
        return f"{name(claim.first)} and {BLIND}"
    return names([claim.first, claim.second])


# --- numbers in words --------------------------------------------------------------------------


def gap(claim: Claim, measure: Measure, of: str = "") -> str:
    """`mean regret is 0.051 points lower (95 % CI 0.010 to 0.090)`, of the first method."""
    subject = f"mean {measure.noun}{f' of {name(of)}' if of else ''} is"
    if measure.difference(abs(claim.gain)) == measure.difference(0.0):
        digits = _DIGITS.get(measure.quantity.difference_digits, "as many")
        amount = f"{subject} the same to {digits} digits"
    else:
        side = "lower" if (claim.gain > 0) == (measure.sign > 0) else "higher"
        amount = f"{subject} {by_how_much(claim, measure)} {side}"
    return amount + interval(claim, measure)


_DIGITS = {3: "three", 4: "four", 5: "five", 6: "six"}


def by_how_much(claim: Claim, measure: Measure) -> str:
    """`0.051 points`."""
    return measure.quantity.amount(measure.difference(abs(claim.gain)))


def interval(claim: Claim, measure: Measure) -> str:
    """` (95 % CI 0.010 to 0.090)` of the gain's size; empty where there is none."""
    if math.isnan(claim.low):
        return ""
    low, high = (claim.low, claim.high) if claim.gain >= 0 else (-claim.high, -claim.low)
    return f" (95 % CI {measure.difference(low)} to {measure.difference(high)})"


def delta(claim: Claim, measure: Measure) -> str:
    """The smallest difference of interest with its unit."""
    return measure.quantity.amount(numerals.significant(claim.delta or math.nan))


def p_of(claim: Claim) -> str:
    """The corrected p-value, and over how many pairs it is corrected."""
    p_value = p_words(claim.p_corrected)
    return p_value if claim.family == 1 else f"{p_value} corrected for {claim.family} pairs"


def p_words(p_value: float) -> str:
    """`p 0.0312`, or `p < 0.001` where nobody reads the digits."""
    return "p < 0.001" if p_value < 0.001 else f"p {numerals.significant(p_value)}"


def seeds_needed(claim: Claim, measure: Measure) -> str:
    """What it would take to find the smallest difference of interest, after a semicolon."""
    have = min(claim.runs)
    if not claim.able:
        return f"; it takes {to_claim(claim)}"
    if claim.needed is None:
        return ""
    if claim.needed <= have:
        least_found = delta(claim, measure)
        return f"; a difference of {least_found} is found by so many seeds four times in five"
    needed = roughly(max(claim.needed, enough(claim)))
    return f"; {needed} seeds of each would find a difference of {delta(claim, measure)}"


def to_claim(claim: Claim) -> str:
    """Seeds of two methods of which neither could be called better, however the runs had fallen."""
    of_each = "" if claim.test == BLINDLY else " of each"
    return f"about {max(enough(claim), min(claim.runs) + 1)} seeds{of_each} to call either better"


def enough(claim: Claim) -> int:
    """Seeds of each method without which neither could be called better; 0 before any verdict."""
    return fewest(claim.test, claim.level / claim.family) if claim.level else 0


def fewest(test: Test, level: float) -> int:
    """Seeds of each method without which the test cannot have a p-value below `level`."""
    if test == "pairs":
        return fewest_pairs(level)
    if test == BLINDLY:
        return FEWEST
    return next(n for n in counting(FEWEST) if 2 / math.comb(2 * n, n) < level)


def roughly(seeds: int) -> str:
    """A guess of a number of seeds: two digits of a large one, and of a hopeless one no digits."""
    if seeds > HOPELESS:
        return f"more than {numerals.whole(HOPELESS)}"
    digits = max(0, len(str(seeds)) - 2)
    return f"about {numerals.whole(round(seeds, -digits))}"
