"""Which answers of a method collapsed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

LOWER = 25.0
"""Percent of all architectures: of a lower quarter is an answer that is better than fewer."""
SIGNS: Mapping[str, bool] = {"collapsed": True, "connected": False}
"""What a space may tell of an answer, and what it then says of one that collapsed."""


def collapsed_seeds(results: Mapping[int, Mapping[str, Any]]) -> frozenset[int] | None:
    """Those whose answer is in the benchmark's lower quarter or bears the space's own sign.

    None where one of the results has neither a percentile nor a sign, so that nobody can tell.
    """
    told = {seed: _collapsed(result) for seed, result in results.items()}
    if None in told.values():
        return None
    return frozenset(seed for seed, collapsed in told.items() if collapsed)


def _collapsed(result: Mapping[str, Any]) -> bool | None:
    found = [result[sign] is bad for sign, bad in SIGNS.items() if result.get(sign) is not None]
    percentile = result.get("percentile")
    if isinstance(percentile, int | float) and math.isfinite(percentile):
        found.append(percentile < LOWER)
    return any(found) if found else None
