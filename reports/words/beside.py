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
    "not judged yet against",
    "worse, on the seeds that both have, than",
)
"""From the strongest that can be said to the weakest."""


def beside(best: Sequence[str], labels: Sequence[str], claims: Claims) -> str:
    """How all other `labels` stand to the `best`, after a semicolon; or empty.

    Of several that are best, what holds for each of them.
    """
    found: dict[int, list[str]] = {}
    for other in labels:
        stands = [_stands(claim) for one in best if (claim := claims.of(one, other)) is not None]
        if other not in best and stands:
            found.setdefault(max(stands), []).append(other)
    said = [f"{_BESIDE[place]} {names(found[place])}" for place in sorted(found)]
    return f"; {listing(said)}" if said else ""


def _stands(claim: Claim) -> int:
    if claim.ahead is not None:
        ahead = claim.ahead == claim.first
        return int(claim.outcome is Standing.SLIGHTLY) if ahead else len(_BESIDE) - 1
    return {Standing.SAME: 2, Standing.WAITING: 4}.get(claim.outcome, 3)
