"""Which methods and which columns of histories are read, where not all of them are wanted."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nasbench_harness.errors import HarnessError, UnknownNameError
from nasbench_harness.store.histories import METHOD, History
from nasbench_harness.store.outcome_columns import ACCURACY, OUTCOME_REGRET
from nasbench_harness.store.schema import REGRET

if TYPE_CHECKING:
    import pyarrow as pa

KEYS = ("trial", METHOD, "seed", "step")
ADDED = ("study", "report_metric")
"""Columns that `load_results` adds to steps."""


@dataclass(frozen=True)
class Selection:
    """What is wanted of studies; of what is None, all."""

    columns: tuple[str, ...] | None = None
    """Of the history, beside its keys."""
    methods: tuple[str, ...] | None = None
    """Labels."""

    @classmethod
    def of(cls, columns: Any, methods: Any) -> Selection:
        """From what a user said: a name or several each; HarnessError for anything else."""
        return cls(_names("columns", columns), _names("methods", methods))

    @property
    def whole(self) -> bool:
        """Is all wanted."""
        return self.columns is None and self.methods is None

    def check(self, methods: Collection[str], columns: Collection[str]) -> None:
        """UnknownNameError for a label or column that is not among these of all studies."""
        for what, wanted, known in (
            ("method in these studies", self.methods, {*methods}),
            ("column in these histories", self.columns, {*columns, *ADDED, *_OUTCOMES}),
        ):
            for name in wanted or ():
                if name not in known:
                    raise UnknownNameError(what, name, known)

    def trials(self, table: pa.Table) -> pa.Table:
        """Those of the methods that are wanted, with all of their columns."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if self.methods is None:
            return table
        labels = table[METHOD].cast(pa.string())
        return table.filter(pc.is_in(labels, pa.array(self.methods, pa.string())))

    def history(self, stored: History, trials: pa.Table) -> pa.Table:
        """The steps of these trials' methods; nothing else is read from a file."""
        import pyarrow as pa

        wanted = None if self.columns is None else self._read(trials)
        if self.methods is None:
            return stored.read(wanted)
        labels = dict.fromkeys(trials[METHOD].to_pylist())
        names = [name for name in stored.fields.names if wanted is None or name in wanted]
        none = stored.fields.empty_table().select(names)
        return pa.concat_tables([none, *(stored.read(wanted, label) for label in labels)])

    def shown(self, names: Iterable[str]) -> list[str]:
        """Of the columns of a history those that are wanted, in their order."""
        kept = None if self.columns is None else {*KEYS, *ADDED, *self.columns}
        return [name for name in names if kept is None or name in kept]

    def _read(self, trials: pa.Table) -> list[str]:
        """With the columns that `accuracy` and `regret` are made of, where one is wanted."""
        wanted = [*KEYS, *(self.columns or ())]
        if _OUTCOMES.isdisjoint(wanted):
            return wanted
        metrics = [name for name in dict.fromkeys(trials["report_metric"].to_pylist()) if name]
        return [*wanted, *_OUTCOMES, *metrics, *(f"{REGRET}{name}" for name in metrics)]


_OUTCOMES = frozenset({ACCURACY, OUTCOME_REGRET})


def _names(what: str, given: Any) -> tuple[str, ...] | None:
    names = (given,) if isinstance(given, str) else given
    if names is None:
        return None
    if not isinstance(names, Iterable) or not all(isinstance(name, str) for name in names):
        raise HarnessError(f"`{what}` cannot be {given!r}: expected a name, or several in a list.")
    return tuple(dict.fromkeys(names))
