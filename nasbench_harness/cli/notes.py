"""What is to be known of a study before it runs, on standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nasbench_harness.jobs.executors import Event
    from nasbench_harness.store.folders import JobFolder


class CostNotes:
    """Tells what follows from the costs that are held; of several studies each thing once."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def begin(self, jobs: JobFolder[Any]) -> None:
        """Print what has not been said yet."""
        from nasbench_harness.cli import console
        from nasbench_harness.study.cost_options import cost_notes

        for note in cost_notes(jobs.specs):
            if note not in self._told:
                console.err.print(f"Note: {note}", markup=False, soft_wrap=True)
            self._told.add(note)

    def watch(self, event: Event) -> None:
        """Nothing more to say."""


def tell_repeated(seeds: str | None) -> None:
    """That seeds were given more than once, which count once."""
    from nasbench_harness.cli import console
    from nasbench_harness.reports.words.marked import ranges
    from nasbench_harness.study.notation import seeds_given_twice

    if seeds and (twice := seeds_given_twice(seeds)):
        told = f"Note: `--seeds {seeds}` names {ranges(twice)} more than once; each counts once."
        console.err.print(told, markup=False, soft_wrap=True)
