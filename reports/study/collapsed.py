"""Which answers collapsed: the one definition that reports and checks of regressions go by.

An answer collapsed in the lower quarter of its benchmark, where one architecture in four lies, or
with the space's own sign of it. Of an answer that nothing is known of nobody can say.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from nasbench_harness.contracts import Flawed, SearchSpace
from nasbench_harness.errors import HarnessError

LOWER = 25.0
"""Percent of all architectures: of a lower quarter is an answer that is better than fewer."""
SIGNS = {
    "collapsed": (True, "of nothing but skip connections"),
    "connected": (False, "without a path from input to output"),
}
"""What a result may tell of an answer, the value that is a sign, and what it means."""
TELLING = ("percentile", *SIGNS, "architecture")
"""What of a result is looked at."""
_FLAWED = "whose numbers say nothing about a network"


class Collapse(NamedTuple):
    """What an answer bears of a collapse."""

    lower: bool
    """Is it in the lower quarter."""
    sign: str
    """The first of the space's own signs that it shows, in words; empty without one."""

    @property
    def hit(self) -> bool:
        """Whether it collapsed."""
        return self.lower or bool(self.sign)


def collapse_of(result: Mapping[str, Any], space: SearchSpace | None) -> Collapse | None:
    """By a trial's `result`, in which what is not known is missing or None.

    `space` is the answer's, None where it is not at hand. None where there is neither a percentile
    nor anything that tells a sign.
    """
    said = [(_truth(result.get(key)), bad, words) for key, (bad, words) in SIGNS.items()]
    told = [(value is bad, words) for value, bad, words in said if value is not None]
    if (flaw := _flaw(result.get("architecture"), space)) is not None:
        told.append((bool(flaw), _FLAWED))
    percentile = _number(result.get("percentile"))
    if not told and percentile is None:
        return None
    sign = next((words for shown, words in told if shown), "")
    return Collapse(percentile is not None and percentile < LOWER, sign)


def _number(value: Any) -> float | None:
    known = isinstance(value, int | float) and math.isfinite(value)
    return float(value) if known else None


def _truth(value: Any) -> bool | None:
    """Of a number too, as a column with gaps holds them."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    return bool(value)


def _flaw(text: Any, space: SearchSpace | None) -> str | None:
    """What the space says of an architecture; None where it says nothing of any."""
    if not isinstance(space, Flawed) or not isinstance(text, str):
        return None
    try:
        return space.flaw(space.parse(text))
    except HarnessError:
        return None
