"""Options of a space that a method leaves out, by name."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from nasbench_harness.contracts import Decision
from nasbench_harness.errors import HarnessError, UnknownNameError

NOTHING = "none"
"""What many spaces call the operation that brings nothing; leaving it out is always possible."""


def check_excluded(space: str, decisions: Sequence[Decision], excluded: Collection[str]) -> None:
    """UnknownNameError for a name that no decision knows, HarnessError where one is left nothing.

    `none` may be missing.
    """
    known = {option for decision in decisions for option in decision.options}
    for name in excluded:
        if name not in known and name != NOTHING:
            raise UnknownNameError(f"option of the space `{space}`", name, known)
    for decision in decisions:
        if set(decision.options) <= set(excluded):
            raise HarnessError(
                f"Without {', '.join(excluded)} the decision `{decision.name}` of `{space}`"
                " has no option left; exclude fewer."
            )
