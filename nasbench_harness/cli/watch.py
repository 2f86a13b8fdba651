"""`nasharness watch`: studies and trainings while they run, from another terminal."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nasbench_harness.cli.app import JsonOption, app, finite
from nasbench_harness.cli.help import Command, examples

if TYPE_CHECKING:
    from nasbench_harness.watch.studies import StudyState

QUIET_SECONDS = 5.0
"""How long nothing may run between the studies of a run over all data sets."""


@app.command(
    cls=Command,
    epilog=examples(
        "nasharness watch runs/unas-drnas-nb201",
        "nasharness watch --once runs/a runs/train-13714-cifar10-200ep",
        "nasharness watch --json runs/a | jq '.[].state'",
    ),
)
def watch(
    studies: Annotated[
        list[Path], typer.Argument(metavar="RUN", help="Folders of studies or trainings.")
    ],
    once: Annotated[bool, typer.Option("--once", help="Print how it is now and leave.")] = False,
    every: Annotated[
        float,
        typer.Option(min=0.1, callback=finite, help="Seconds between two looks at the folders."),
    ] = 1.0,
    json: JsonOption = False,
) -> None:
    """Show how studies and trainings get on, until they are over or Ctrl-C.

    Only the folders are read, so that it works from any terminal or machine that sees them, and
    nothing that runs is disturbed. `--json` prints how it is now and leaves.
    """
    from nasbench_harness.cli import console

    watcher = _Watcher(studies)
    if json:
        console.print_json([study.as_json() for study in watcher.look()])
    elif once:
        from nasbench_harness.watch.view import show

        console.out.print(show(watcher.look(), bars=False), crop=False)
    else:
        with contextlib.suppress(KeyboardInterrupt):
            _follow(watcher, every)


def _follow(watcher: _Watcher, every: float) -> None:
    """Redraw until all is over; where nobody looks, tell only how it ended."""
    from rich.live import Live

    from nasbench_harness.cli import console
    from nasbench_harness.watch.view import show

    terminal = console.out.is_terminal
    seen = watcher.look()
    drawn = Live(show(seen, bars=True), console=console.out, auto_refresh=False)
    with drawn if terminal else contextlib.nullcontext():
        while not watcher.over(seen):
            time.sleep(every)
            seen = watcher.look()
            if terminal:
                drawn.update(show(seen, bars=True), refresh=True)
    if not terminal:
        console.out.print(show(seen, bars=False), crop=False)


class _Watcher:
    """All that is watched; studies that begin beside others are noticed."""

    def __init__(self, places: list[Path]) -> None:
        from nasbench_harness.watch.studies import StudyObserver

        self._places = places
        self._observe = StudyObserver
        self._observers: dict[Path, StudyObserver] = {}
        self._busy_at: float | None = None

    def look(self) -> list[StudyState]:
        from nasbench_harness.watch.folders import job_folders

        for folder in (folder for place in self._places for folder in job_folders(place)):
            place = folder.resolve()  # given twice, or by a link, it is one study
            if place not in self._observers:
                self._observers[place] = self._observe(folder)
        return [observer.look() for observer in self._observers.values()]

    def over(self, seen: list[StudyState]) -> bool:
        """Nothing runs; beside a place of several studies, for a while already."""
        if any(study.alive for study in seen):
            self._busy_at = time.monotonic()
            return False
        several = len(self._observers) > len(self._places) or not all(
            place.resolve() in self._observers for place in self._places
        )
        if self._busy_at is None or not several:
            return True
        return time.monotonic() - self._busy_at > QUIET_SECONDS
