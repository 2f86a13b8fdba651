"""Studies and trainings in progress as a person sees them in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from nasbench_harness.process.names import printable, shell_word
from nasbench_harness.store.folders import FolderKind
from nasbench_harness.store.outcomes import Status
from nasbench_harness.tables.quantity import Quantity, quantity_called
from nasbench_harness.watch.studies import StudyState
from nasbench_harness.watch.trials import TrialState

BAR_WIDTH = 24
MOST_RUNNING = 24
MOST_FAILURES = 6
STYLES = {Status.RUNNING: "cyan", Status.FAILED: "red", Status.INTERRUPTED: "yellow"}


def show(studies: Sequence[StudyState], *, bars: bool) -> Group:
    """Every study below the other; `bars` where a terminal draws them."""
    parts: list[RenderableType] = []
    for number, study in enumerate(studies):
        parts += [Text("")] if number else []
        parts += _study(study, bars=bars)
    return Group(*parts)


def _study(study: StudyState, *, bars: bool) -> Iterator[RenderableType]:
    yield _whole((printable(str(study.folder)), "bold"), f": {headline(study)}")
    yield Text(study.about, style="dim")
    yield _methods(study)
    running = study.of(Status.RUNNING)
    if running:
        yield _running(study.kind, running[:MOST_RUNNING], bars=bars)
    yield from _and_more(len(running) - MOST_RUNNING, "running")
    failed = study.of(Status.FAILED)
    for trial in failed[-MOST_FAILURES:]:
        what = f"{trial.method} seed {trial.seed} failed: {printable(trial.error)}"
        yield _whole((what, STYLES[Status.FAILED]))
    yield from _and_more(len(failed) - MOST_FAILURES, "failed")
    if study.state == "stopped":
        goes_on = study.kind.goes_on.format(shell_word(study.folder))
        yield _whole(f"Nobody is running it; {goes_on} goes on.")


def _whole(*parts: str | tuple[str, str]) -> Text:
    """A line with a path in it, which is left whole so that it can be copied."""
    return Text.assemble(*parts, no_wrap=True, overflow="ignore")


def headline(study: StudyState) -> str:
    """Status, trials done and time left in half a line."""
    of = f"{len(study.trials)} {study.kind.job}s"
    done = f"{study.state}, {study.count(Status.DONE)} of {of} done"
    eta = study.eta_seconds()
    return done if eta is None else f"{done}, about {_duration(eta)} left"


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def _methods(study: StudyState) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(study.kind.compared, no_wrap=True)
    for state in Status:
        table.add_column(str(state), justify="right", style=STYLES.get(state, ""))
    for row in study.methods():
        table.add_row(Text(row["method"]), *(str(row[str(state)] or "·") for state in Status))
    return table


def _running(kind: FolderKind[Any], trials: Sequence[TrialState], *, bars: bool) -> Table:
    errors = any(trial.error for trial in trials)
    table = Table(box=None, pad_edge=False)
    table.add_column(kind.job, no_wrap=True)
    if bars:
        table.add_column("")
    missed = kind.regret and any(t.regret is not None or t.accuracy is None for t in trials)
    quantity = _quantity(trials)
    regret = [f"regret ({quantity.of_differences})"] if missed else []
    for name in (kind.spec.counter, *regret, quantity.headed, f"{kind.work} (s)"):
        table.add_column(name, justify="right", no_wrap=True)
    if errors:
        table.add_column("last error", overflow="fold")
    for trial in trials:
        bar = [ProgressBar(trial.steps, trial.step, width=BAR_WIDTH)] if bars else []
        table.add_row(
            Text(f"{trial.method} seed {trial.seed}"), *bar, f"{trial.step}/{trial.steps}",
            *([_number(trial.regret, quantity.difference_digits)] if missed else []),
            _number(trial.accuracy, quantity.digits), _number(trial.seconds, 1),
            *([Text(printable(trial.error))] if errors else []),
        )  # fmt: skip
    return table


def _quantity(trials: Sequence[TrialState]) -> Quantity:
    """What the numbers of a study are of, as large as they are."""
    ends = [trial.accuracy for trial in trials if trial.accuracy is not None]
    return quantity_called(trials[0].quantity, trials[0].unit).sized(ends)


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _and_more(count: int, what: str) -> Iterator[Text]:
    if count > 0:
        yield Text(f"and {count} more {what}", style="dim")
