"""`--dry-run`: what a command would run, where, how much of it is there, and how long it takes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasbench_harness.store.outcomes import Status

if TYPE_CHECKING:
    from nasbench_harness.hardware import Hardware
    from nasbench_harness.images.sources import ImageSource
    from nasbench_harness.jobs.forecast import Forecast, Pace
    from nasbench_harness.jobs.job import Spec
    from nasbench_harness.store.folders import JobFolder
    from nasbench_harness.study.config import StudyConfig
    from nasbench_harness.training.planning import TrainingRequest

MEASURED = (
    "Estimated from a few steps of each, run here just now; the start of processes{} come on top."
)
WITHOUT_LINES = "What is evaluated between epochs is not in it."
COUNTED = "It is counted with {} at a time; where more fit, it is over sooner."
NOT_ALL = "Not measured in time, and counted as the slowest that was: {}."
FETCHED = "{} would be fetched first (`nasharness data pull {}`); what would run is told then."
SAME = "{} look at {}, the very number that answers are judged by."
SUBMITTED = "This would be submitted with `sbatch`; the folder has another name then."
NOTHING = "Nothing was written: this was a dry run."
_UNITS = (("s", 1, 1, 10), ("s", 1, 0, 120), ("min", 60, 0, 7200), ("h", 3600, 0, 172800))
"""Of a duration: name, seconds, decimals, and below how many seconds it is told so."""


@dataclass(frozen=True)
class _Planned:
    """A folder as the command would have it, and how long that takes."""

    jobs: JobFolder[Any]
    statuses: Counter[Status]
    forecast: Forecast
    groups: Sequence[_SeedGroup]
    script: str = ""
    """What would be submitted; empty where trials run in processes of the command."""
    asks: str = ""
    """What is asked of a cluster for each trial, in words."""
    fits: str = ""
    """What says how many run at a time, where the plan does not; counted are `processes` then."""

    @property
    def at_a_time(self) -> str:
        """How many run at a time."""
        if self.fits:
            return f"as many at a time as {self.fits}"
        cohorts = {one.places for one in self.jobs.specs if one.places}
        of = f", in cohorts of {', '.join(map(str, sorted(cohorts)))}" if cohorts else ""
        return f"{self.forecast.at_once} at a time{of}"

    @property
    def missing(self) -> int:
        return self.statuses.total() - self.statuses[Status.DONE]


@dataclass(frozen=True)
class _Total:
    """Several folders, of which one is run after the other."""

    folders: int
    jobs: int
    done: int
    missing: int
    steps: int
    """Of those that are missing; a few of some may be done."""
    seconds: float | None
    """Of the folders whose time is known; None where that of none is."""
    unknown: int
    """Folders with something to run whose time is not known."""

    @classmethod
    def of(cls, folders: Sequence[_Planned]) -> _Total:
        """What they come to."""
        busy = [planned for planned in folders if planned.missing]
        known = [one.forecast.seconds for one in busy if one.forecast.seconds is not None]
        groups = [group for planned in folders for group in planned.groups]
        jobs = sum(len(group.specs) for group in groups)
        done = sum(group.done for group in groups)
        return cls(
            len(folders), jobs, done, jobs - done,
            sum(group.specs[0].steps * (len(group.specs) - group.done) for group in groups),
            sum(known) if known or not busy else None, len(busy) - len(known),
        )  # fmt: skip

    @property
    def told(self) -> str:
        """In a sentence."""
        time = "nothing to run" if not self.missing else "time not known"
        if self.missing and self.seconds is not None:
            time = f"about {duration(self.seconds)}, one study after the other"
        if self.seconds is not None and self.unknown:
            time += f", and {self.unknown} of the studies not measured"
        return (
            f"In all {self.folders} studies: {self.jobs:,} trials, of which {self.done:,} done;"
            f" {self.missing:,} to run, {self.steps:,} steps; {time}."
        )


@dataclass(frozen=True)
class _SeedGroup:
    """Jobs that differ in their seed only."""

    specs: Sequence[Spec]
    done: int
    pace: Pace | None
    """None where nothing of it is missing."""


def tell_dry_run(
    parts: Iterable[tuple[StudyConfig, Path]],
    hardware: Hardware,
    jobs: int | None,
    *,
    json: bool,
    download: bool,
    script: Callable[[Sequence[Spec], Path], str] | None = None,
    asks: Callable[[str, Sequence[Spec]], str] = lambda search, specs: "",
    fits: str = "",
) -> None:
    """What `nasharness run` would do with these studies; with `download` it would fetch images.

    `script` tells what trials in a folder would be submitted with, where anything would; `asks`
    what a cluster is asked for each trial of such a search; `fits` what as many run at a time as,
    where that is found out when they run.
    """
    from nasbench_harness.cli import console
    from nasbench_harness.cli.notes import CostNotes
    from nasbench_harness.hardware import available_cores
    from nasbench_harness.jobs.study import planned
    from nasbench_harness.problems.kinds import kind_of

    studies, fetched, noted = [], [], CostNotes()
    for config, folder in parts:
        if would_fetch(config, hardware=hardware, download=download):
            fetched.append(_to_fetch(config.dataset, hardware))
            continue
        own = jobs or kind_of(config.search).processes(hardware)
        processes = own or max(1, available_cores() // hardware.threads)
        study = planned(config, folder, hardware, console.tell_images)
        noted.begin(study)
        foreseen = replace(_foresee(study, processes, hardware), fits=fits)
        if foreseen.missing:
            missing = study.missing()
            told = script(missing, study.trials_folder) if script else ""
            foreseen = replace(foreseen, script=told, asks=asks(config.search, missing))
        studies.append(foreseen)
    _tell(studies, list(dict.fromkeys(filter(None, fetched))), json=json)


def would_fetch(config: StudyConfig, *, hardware: Hardware, download: bool) -> bool:
    """With `download`, are a study's images still to be got."""
    from nasbench_harness.problems.kinds import kind_of

    needs = download and "download" in kind_of(config.search).uses
    return needs and _to_fetch(config.dataset, hardware) is not None


def tell_dry_training(
    request: TrainingRequest, folder: Path, jobs: int, *, json: bool, download: bool
) -> None:
    """What `nasharness train` would do."""
    from nasbench_harness.cli import console
    from nasbench_harness.training.run import planned

    if download and (source := _to_fetch(request.dataset, request.hardware)):
        _tell([], [source], json=json)
        return
    trainings = planned(request, folder, console.tell_images)
    _tell([_foresee(trainings, jobs, request.hardware)], [], json=json)


def _to_fetch(dataset: str, hardware: Hardware) -> ImageSource | None:
    """The images that a command with --download would get before anything else."""
    from nasbench_harness.images.datasets import to_fetch

    source = to_fetch(dataset, hardware.data_dir)
    return source if source and source.downloadable else None


def _foresee(jobs: JobFolder[Any], processes: int, hardware: Hardware) -> _Planned:
    from nasbench_harness.jobs.forecast import forecast

    ended = {spec.trial_id: jobs.outcome(spec).status for spec in jobs.specs}
    missing = [spec for spec in jobs.specs if ended[spec.trial_id] is not Status.DONE]
    foreseen = forecast(missing, processes, hardware)
    alike: dict[str, list[Spec]] = defaultdict(list)
    for spec in jobs.specs:
        alike[spec.label].append(spec)
    groups = [
        _SeedGroup(
            specs,
            sum(ended[spec.trial_id] is Status.DONE for spec in specs),
            foreseen.paces.get(label),
        )
        for label, specs in alike.items()
    ]
    return _Planned(jobs, Counter(ended.values()), foreseen, groups)


# --- what is told ------------------------------------------------------------------------------


def _tell(folders: Sequence[_Planned], fetched: Sequence[ImageSource], *, json: bool) -> None:
    from nasbench_harness.cli import console

    if json:
        told = {"dry_run": True, "folders": list(map(_as_json, folders))}
        if len(folders) > 1:
            told["total"] = asdict(_Total.of(folders))
        if fetched:
            told["would_fetch"] = [source.name for source in fetched]
        console.print_json(told)
        return
    for source in fetched:
        console.out.print(FETCHED.format(source.title, source.name), markup=False, soft_wrap=True)
    for planned in folders:
        _print(planned)
    if len(folders) > 1:
        console.out.print("")
        console.say(_Total.of(folders).told)
    console.out.print(f"\n{NOTHING}")


def _print(planned: _Planned) -> None:
    from nasbench_harness.cli import console

    jobs, foreseen = planned.jobs, planned.forecast
    done = planned.statuses[Status.DONE]
    there = "exists" if (jobs.folder / jobs.kind.plan).exists() else "new"
    console.print_facts(
        {
            "folder": f"{jobs.folder} ({there})",
            jobs.kind.work: jobs.about,
            f"{jobs.kind.job}s": f"{planned.statuses.total()}, of which {done} done;"
            + (
                f" {planned.missing} to run, {planned.at_a_time}"
                if planned.missing
                else " none to run"
            ),
            **jobs.agreed,
            **({"each asks for": planned.asks} if planned.asks else {}),
            "time": time_told(foreseen, jobs.kind.compared)
            if planned.missing
            else "nothing to run",
        }
    )
    headings = (
        jobs.kind.compared, "seeds", f"{jobs.kind.spec.counter}s", "not the recipe's", "done",
        "to run", "time of one",
    )  # fmt: skip
    rows = [_row(group) for group in planned.groups]
    console.print_rows("", headings, rows, numbers=(2, 4, 5, 6), below=(1, 3))
    for group in planned.groups:
        if group.pace and group.pace.fault:
            console.out.print(f"{group.specs[0].label}: {group.pace.fault}", soft_wrap=True)
    for note in _notes(planned):
        console.out.print(note)
    if planned.script:
        console.out.print(f"\n{SUBMITTED}\n")
        console.out.print(planned.script, markup=False, soft_wrap=True)


def time_told(foreseen: Forecast, compared: str) -> str:
    """How long it will take; where some of what is `compared` was not measured, how much of it."""
    if foreseen.seconds is None:
        return "not known: nothing could be measured"
    late = sum(pace.seconds is None and not pace.fault for pace in foreseen.paces.values())
    told = f"about {duration(foreseen.seconds)}"
    return (
        f"{told} or more: {late} of {len(foreseen.paces)} {compared}s not measured"
        if late
        else told
    )


def _notes(planned: _Planned) -> list[str]:
    """How the time was estimated, and what is not in it."""
    foreseen = {k: pace for k, pace in planned.forecast.paces.items() if not pace.fault}
    paces = foreseen.values()
    notes = [MEASURED.format(_ending(planned.jobs))] if planned.forecast.seconds else []
    if notes and planned.fits:
        notes.append(COUNTED.format(planned.forecast.at_once))
    if any(not pace.lines for pace in paces if pace.seconds is not None):
        notes.append(WITHOUT_LINES)
    if notes and (late := [label for label, pace in foreseen.items() if pace.seconds is None]):
        notes.append(NOT_ALL.format(", ".join(late)))
    return [*notes, *_looks(planned.jobs.specs)]


def _looks(specs: Sequence[Spec]) -> list[str]:
    """That searches see what they are judged by, of those that look something up."""
    seen = {(getattr(s, "search_metric", ""), getattr(s, "report_metric", "")) for s in specs}
    same = sorted(looked for looked, judged in seen if looked and looked == judged)
    whose = "All searches" if len(seen) == 1 else "Some searches"
    return [SAME.format(whose, f"`{metric}`") for metric in same]


def _ending(jobs: JobFolder[Any]) -> str:
    """What is written at the end."""
    return ", the tables and the report" if "report" in jobs.kind.also else " and the tables"


def _row(group: _SeedGroup) -> list[Any]:
    from nasbench_harness.reports.words.marked import ranges

    spec, pace = group.specs[0], group.pace
    seconds = pace.seconds if pace else None
    return [
        spec.label.partition("[")[0],
        ranges(one.seed for one in group.specs),
        spec.steps,
        ", ".join(f"{name}={value}" for name, value in spec.changed.items()),
        group.done,
        len(group.specs) - group.done,
        "–" if seconds is None else duration(seconds),
    ]


def _as_json(planned: _Planned) -> dict[str, Any]:
    jobs, foreseen = planned.jobs, planned.forecast
    return {
        "folder": jobs.folder,
        "exists": (jobs.folder / jobs.kind.plan).exists(),
        "status": {str(name): count for name, count in planned.statuses.items()},
        "missing": planned.missing,
        "jobs": foreseen.processes,
        "at_once": None if planned.fits else foreseen.at_once,
        "seconds": foreseen.seconds,
        "measured": foreseen.whole,
        f"{jobs.kind.compared}s": [
            _group_as_json(jobs.kind.compared, one) for one in planned.groups
        ],
        **({"script": planned.script} if planned.script else {}),
        **({"asks": planned.asks} if planned.asks else {}),
    }


def _group_as_json(compared: str, group: _SeedGroup) -> dict[str, Any]:
    spec, pace = group.specs[0], group.pace
    return {
        compared: spec.label,
        "changed": dict(spec.changed),
        "seeds": [one.seed for one in group.specs],
        "steps": spec.steps,
        "done": group.done,
        "missing": len(group.specs) - group.done,
        "seconds_each": pace.seconds if pace else None,
        "measured_steps": pace.steps if pace else 0,
        "error": pace.fault if pace else "",
    }


def duration(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min`, `5 h`, `4 days`: as exact as an estimate deserves."""
    for unit, size, digits, below in _UNITS:
        if seconds < below:
            return f"{seconds / size:.{digits}f} {unit}"
    return f"{seconds / 86400:.0f} days"
