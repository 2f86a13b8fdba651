"""What is to be known of a study before it runs, on standard error."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nasbench_harness.contracts import Architecture
    from nasbench_harness.hardware import Hardware
    from nasbench_harness.jobs.executors import Event
    from nasbench_harness.store.folders import JobFolder


class CostNotes:
    """Tells what follows from held costs and from the kind; of several studies each thing once."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def begin(self, jobs: JobFolder[Any]) -> None:
        """Print what has not been said yet."""
        from nasbench_harness.cli import console
        from nasbench_harness.problems.kinds import kind_of
        from nasbench_harness.study.cost_notes import cost_notes

        of_kinds = (
            kind_of(name).notes(jobs.config, jobs.specs)
            for name in dict.fromkeys(spec.problem for spec in jobs.specs)
        )
        for note in (*cost_notes(jobs.specs), *chain.from_iterable(of_kinds)):
            if note not in self._told:
                console.note(f"Note: {note}")
            self._told.add(note)

    def watch(self, event: Event) -> None:
        """Nothing more to say."""


_OF_KINDS = {
    "device": "--device", "compile": "--compile", "deterministic": "--deterministic",
    "data_dir": "--data-dir", "download": "--download", "workers": "--workers",
}  # fmt: skip
"""Fields of the hardware that kinds of problem may have no use for, and their options."""


def tell_unused(search: str, hardware: Hardware) -> None:
    """Which of the options that were given make no difference to such a search."""
    from nasbench_harness.cli import console
    from nasbench_harness.hardware import Hardware
    from nasbench_harness.problems.kinds import kind_of

    kind, usual = kind_of(search), Hardware(device=hardware.device)
    if hardware.device not in ("auto", "cpu"):  # what uses no device runs on the CPU
        usual = Hardware()
    given = [
        f"`{option}`"
        for name, option in _OF_KINDS.items()
        if getattr(hardware, name) != getattr(usual, name) and name not in kind.uses
    ]
    if given:
        does = "does" if len(given) == 1 else "do"
        told = f"Note: {', '.join(given)} {does} nothing here: {kind.plural} have no use for it."
        console.note(told)


def tell_repeated(seeds: str | None) -> None:
    """That seeds were given more than once, which count once."""
    from nasbench_harness.cli import console
    from nasbench_harness.reports.words.marked import ranges
    from nasbench_harness.study.notation import seeds_given_twice

    if seeds and (twice := seeds_given_twice(seeds)):
        told = f"Note: `--seeds {seeds}` names {ranges(twice)} more than once; each counts once."
        console.note(told)


def tell_twins(texts: Sequence[str], archs: Sequence[Architecture]) -> None:
    """That architectures were given more than once, by these texts; each is trained once."""
    from nasbench_harness.cli import console

    again = [text for at, text in enumerate(texts) if archs[at] in archs[:at]]
    if again:
        told = ", ".join(f"`{text}`" for text in dict.fromkeys(again))
        what = (
            "is an architecture that was" if len(set(again)) == 1 else "are architectures that were"
        )
        told = f"Note: {told} {what} given before; each counts once."
        console.note(told)
