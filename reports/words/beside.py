"""The best of several methods beside all others: from whom it can be told, and from whom not."""

from __future__ import annotations

from collections.abc import Sequence

from nasbench_harness.reports.analysis.decision import Claim, Claims, Standing
from nasbench_harness.reports.words.marked import listing, names

_BESIDE = (
    "better than",
    "better, perhaps by less than the smallest difference of interest, than",
    "practically the same as",
    "not told apart by these seeds from",
)


def beside(best: Sequence[str], labels: Sequence[str], claims: Claims) -> str:
    """How all other `labels` stand to the first of the `best`, after a semicolon; or empty."""
    found: dict[str, list[str]] = {}
    for other in labels:
        claim = None if other in best else claims.of(best[0], other)
        if claim is not None:
            found.setdefault(_stands(claim), []).append(other)
    said = [f"{words} {names(found[words])}" for words in _BESIDE if words in found]
    return f"; {listing(said)}" if said else ""


def _stands(claim: Claim) -> str:
    if claim.ahead == claim.first:
        return _BESIDE[claim.outcome is Standing.SLIGHTLY]
    return _BESIDE[2 if claim.outcome is Standing.SAME else 3]
