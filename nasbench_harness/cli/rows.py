"""Several studies that run one after the other: of a suite, or of all data sets of a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nasbench_harness.hardware import Hardware
    from nasbench_harness.jobs.study import StudyRun
    from nasbench_harness.study.config import StudyConfig
    from nasbench_harness.study.every import Every
    from nasbench_harness.study.suites import NotRun, SuitePlan


@dataclass(frozen=True)
class StudyRow:
    """Studies in the order in which they run, or a single one."""

    folder: Path
    """The study's own, or what holds all of them."""
    parts: Sequence[tuple[StudyConfig, Path]]
    suite: SuitePlan | None = None

    def prepare(self, hardware: Hardware) -> None:
        """Plan all of several before the first runs: `resume` then knows of the others too."""
        from nasbench_harness.jobs.study import lay_out
        from nasbench_harness.store.suites import write_record

        if self.suite:
            write_record(self.suite)
        for config, folder in self.parts if len(self.parts) > 1 or self.suite else ():
            lay_out(config, folder, hardware)

    def begun(self) -> list[tuple[str, Callable[..., StudyRun]]]:
        """Of each study the kind of problem, and what runs it."""
        from nasbench_harness.cli import console
        from nasbench_harness.jobs.study import run_study

        return [
            (config.search, partial(run_study, config, folder, opened=console.tell_images))
            for config, folder in self.parts
        ]


def suite_row(
    name: str,
    path: Path | None,
    given: Mapping[str, Any],
    sets: Sequence[str],
    out: Path | None,
    hardware: Hardware,
    later: Callable[[StudyConfig], bool] = lambda config: False,
) -> StudyRow:
    """What a suite comes to here; what is left out is told."""
    from nasbench_harness.cli import console
    from nasbench_harness.store.suites import refuse_other
    from nasbench_harness.study.notation import EVERY
    from nasbench_harness.study.suites import plan_suite

    plan = plan_suite(name, path, given, sets, out, hardware, later)
    refuse_other(plan)
    there = "1 problem" if len(plan.parts) == 1 else f"{len(plan.parts)} problems"
    console.note(f"Suite {name}: {there} → {plan.folder}")
    if plan.every:
        console.note(f"Note: `{EVERY}` is {', '.join(plan.every)}, each where it can run.")
    tell_left_out(plan.left_out)
    return StudyRow(plan.folder, [(part.config, part.folder) for part in plan.parts], plan)


def tell_every(every: Every) -> None:
    """What `all` among the methods comes to, and why others are not among them."""
    from nasbench_harness.cli import console

    for sentence in every.sentences():
        console.note(f"Note: {sentence}")


def tell_left_out(left_out: Iterable[NotRun]) -> None:
    """What of a suite does not run here, and what to do about it; equal reasons once."""
    from nasbench_harness.cli import console
    from nasbench_harness.reports.words.marked import listing

    reasons: dict[tuple[str, str], list[str]] = {}
    for one in left_out:
        reasons.setdefault((one.method, one.reason), []).append(one.problem)
    for (method, reason), problems in reasons.items():
        without = f"{method} cannot run on {listing(problems)}"
        verb = "is" if len(problems) == 1 else "are"
        told = without if method else f"{listing(problems)} {verb} left out"
        console.note(f"Note: {told}: {reason}")
