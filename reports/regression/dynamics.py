"""How a search ran: numbers that it records on its way, of which neither more nor less is better.

A baseline may hold their mean over the recorded steps, and a check asks whether it moved.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import cache

from nasbench_harness.contracts import Column, Role, Value
from nasbench_harness.errors import HarnessError
from nasbench_harness.problems.kinds import kind_of
from nasbench_harness.store.declarations import of_kind, of_method
from nasbench_harness.store.schema import STUDY_PARTS


@cache
def dynamics_of(method: str, problem: str) -> frozenset[str]:
    """Columns of the history: what every search, this method and this kind of problem record.

    The signals of the kind are accuracies, of which more is better, and so are none of them.
    """
    kind = kind_of(problem)
    recorded = {
        column.name
        for column in _declared(method, problem)
        if column.role is Role.RECORD and column.value is Value.NUMBER and not column.is_family
    }
    return frozenset(recorded - {*kind.signals, kind.concludes, kind.observes})


def _declared(method: str, problem: str) -> Iterator[Column]:
    """Of what is installed."""
    for part in STUDY_PARTS:
        yield from part.of("history")
    for ask, name in ((of_kind, problem), (of_method, method)):
        with suppress(HarnessError):
            yield from ask(name).of("history")
