"""The Python face: run a study, open one, and look at it, from a script or a notebook.

    import nasbench_harness as nh

    study = nh.run(methods=["drnas", "unas"], space="nb201", seeds=10)
    study.trials.groupby("method")["regret"].describe()
    study.report()
    nh.run_suite("quick", methods=["drnas", "unas", "rea"], seeds=10).report()

Everything here does what the command line does, in the same folders: a study that was begun with
one is gone on with by the other.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasbench_harness.errors import HarnessError
from nasbench_harness.process.keywords import as_keywords, in_keywords
from nasbench_harness.process.names import user_path

if TYPE_CHECKING:
    import pandas as pd

    from nasbench_harness.cli.console import JobsProgress
    from nasbench_harness.contracts import SearchSpace
    from nasbench_harness.hardware import Hardware
    from nasbench_harness.jobs.executors import Event
    from nasbench_harness.store.folders import JobFolder
    from nasbench_harness.store.outcomes import Outcome
    from nasbench_harness.store.studies import Study
    from nasbench_harness.study.config import StudyConfig
    from nasbench_harness.watch.notebook import NotebookProgress

Pathlike = str | os.PathLike[str]


class StudyResults:
    """A study's folder: its trials, its recorded steps, and its report.

    The tables are gathered when they are first asked for; a study that still runs is opened anew to
    see more of it.
    """

    def __init__(self, study: Study, failures: Sequence[Outcome] = ()) -> None:
        """The results of `study`; `failures` are trials that ended in an error just now."""
        self._study = study
        self.failures = list(failures)
        """Trials of this run that failed, each with its reason as `error`."""

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return self._study.folder

    @cached_property
    def trials(self) -> pd.DataFrame:
        """One row per planned trial; `docs/schema.md` tells the columns and their units."""
        return self._tables[0]

    @cached_property
    def history(self) -> pd.DataFrame:
        """One row per recorded step of every trial."""
        return self._tables[1]

    def read_history(
        self,
        *,
        columns: str | Sequence[str] | None = None,
        methods: str | Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """These columns of `history`, beside its keys, and the steps of these methods (labels).

        Nothing else is read of a large study. UnknownNameError where there is no such one.
        """
        from nasbench_harness.store.selection import Selection
        from nasbench_harness.store.studies import opened_tables

        wanted = Selection.of(columns, methods)
        trials, history = opened_tables(self._study)
        wanted.check({spec.label for spec in self._study.specs}, history.fields.names)
        steps: pd.DataFrame = wanted.history(history, wanted.trials(trials)).to_pandas()
        return steps[wanted.shown(steps.columns)]

    @cached_property
    def summary(self) -> pd.DataFrame:
        """One row per method, best first."""
        from nasbench_harness.reports import summarise

        return summarise(self.trials, self.history)

    @property
    def finished(self) -> bool:
        """Has every planned trial a result."""
        return bool((self.trials["status"] == "done").all())

    @in_keywords()
    def report(self, out: Pathlike | None = None) -> Path:
        """Write the report into `out`; the path of its page.

        By default that is the study's `report`, and `NAME-report` here for one from an address.
        """
        from nasbench_harness.remote.fetching import address_of
        from nasbench_harness.reports import write_report

        here = Path(f"{self.folder.name}-report") if address_of(self.folder) else None
        return write_report(self.folder, out=user_path(out) if out is not None else here)

    @cached_property
    def _tables(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        from nasbench_harness.store.studies import current_tables

        trials, history = current_tables(self._study)
        return trials.to_pandas(), history.to_pandas()

    def __repr__(self) -> str:
        methods = dict.fromkeys(spec.label for spec in self._study.specs)
        return f"<study {self.folder}: {', '.join(methods)}, {len(self._study.specs)} trials>"


class SuiteResults:
    """A suite's folder: the study of each of its problems, and the report over all."""

    def __init__(self, folder: Path, studies: Mapping[str, StudyResults]) -> None:
        """`studies` by the names of the problems, in the suite's order."""
        self.folder = folder
        """Where they lie."""
        self.studies = studies
        """The study of every problem that was run, by the problem's name."""

    @property
    def finished(self) -> bool:
        """Has every planned trial of all studies a result."""
        return all(study.finished for study in self.studies.values())

    @in_keywords()
    def report(self, out: Pathlike | None = None) -> Path:
        """Write the report over all problems (by default the suite's `report`); its page's path."""
        from nasbench_harness.reports import write_report

        folders = [study.folder for study in self.studies.values()]
        there = user_path(out) if out is not None else self.folder / "report"
        return write_report(*folders, out=there)

    def __repr__(self) -> str:
        return f"<suite {self.folder}: {', '.join(self.studies)}>"


@in_keywords()
def run(  # noqa: PLR0913 - what runs, and where
    methods: str | Sequence[str] | None = None,
    *,
    config: Pathlike | None = None,
    settings: Mapping[str, Any] | None = None,
    out: Pathlike | None = None,
    jobs: int | None = None,
    progress: bool = True,
    **options: Any,
) -> StudyResults:
    """Run what is missing of a study and gather its tables, as `nasharness run` does.

    `methods` are names with settings in brackets, such as `"unas[temperature=0.4]"`, or `"all"`,
    every built-in one that can run on the problem; `settings` are
    further ones by their dotted names (`{"drnas.anchor": "kl"}`). `config` is a study file, and
    `options` are its keys: space, table, search, dataset, seeds, steps, noise, fixed, ..., also
    `smallest_difference` (in the metric's unit, or a mapping of metrics to such); and what it runs
    on, a `Hardware`: device, threads, compile, deterministic, data_dir, download, workers. The
    study goes into the folder `out`, or one of its own below `runs`. `jobs` trials run at a time,
    by default as many as there are cores, and one on an accelerator. Ctrl-C keeps what is done, and
    the same call goes on. HarnessError: what is wrong; a trial that fails raises nothing, see
    `failures`.
    """
    from nasbench_harness.study.naming import place
    from nasbench_harness.study.suites import asked_suite

    _refuse_jobs(jobs)
    hardware, options = _hardware(options)
    given = _given(methods, options)
    if suite := asked_suite(_path(config), given):
        raise HarnessError(f"`run` is for one study; `run_suite({suite!r}, ...)` runs a suite.")
    placed = place(_config(config, given, settings, hardware), _path(out))
    return _run(placed.config, placed.folder, hardware, jobs, _Notes(placed.note), shown=progress)


@in_keywords()
def run_suite(  # noqa: PLR0913 - what runs, and where
    name: str,
    methods: str | Sequence[str] | None = None,
    *,
    config: Pathlike | None = None,
    settings: Mapping[str, Any] | None = None,
    out: Pathlike | None = None,
    jobs: int | None = None,
    progress: bool = True,
    **options: Any,
) -> SuiteResults:
    """Run what is missing of a suite, a study for each of its problems, as `run --suite` does.

    `name` is one of `nasharness list suites`; all else is as for `run`, but that the suite itself
    says the spaces, tables, data sets and kinds of problem. What cannot be run here is left out
    with a warning.
    """
    from nasbench_harness.jobs.study import lay_out
    from nasbench_harness.store.suites import refuse_other, write_record
    from nasbench_harness.study.suites import plan_suite

    _refuse_jobs(jobs)
    if not isinstance(name, str):
        raise HarnessError(f"`name` cannot be {name!r}: expected that of a suite.")
    hardware, options = _hardware(options)
    given, sets = _given(methods, options), _sets(settings)
    plan = plan_suite(name, _path(config), given, sets, _path(out), hardware)
    refuse_other(plan)
    write_record(plan)
    for part in plan.parts:  # all of them before the first runs, so that `resume` knows of all
        lay_out(part.config, part.folder, hardware)
    for one in plan.left_out:
        what = f"`{one.method}` is left out of {one.problem}" if one.method else one.problem
        warnings.warn(f"{what}: {as_keywords(one.reason)}", stacklevel=3)
    notes = _Notes()
    done = {
        part.name: _run(part.config, part.folder, hardware, jobs, notes, shown=progress)
        for part in plan.parts
    }
    return SuiteResults(plan.folder, done)


def _run(  # noqa: PLR0913 - one study, and how
    config: StudyConfig,
    folder: Path,
    hardware: Hardware,
    jobs: int | None,
    notes: _Notes,
    *,
    shown: bool,
) -> StudyResults:
    from nasbench_harness.jobs.executors.local import LocalExecutor
    from nasbench_harness.jobs.study import run_study
    from nasbench_harness.problems.kinds import kind_of
    from nasbench_harness.watch.trackers import Listeners

    executor = LocalExecutor(jobs or kind_of(config.search).processes(hardware), hardware)
    with _bar(shown=shown) as bar:
        told = Listeners([notes, *([bar] if bar else [])])
        done = run_study(
            config, folder, executor, hardware=hardware, begin=told.begin, watch=told.watch
        )
    if done.interrupted:
        raise KeyboardInterrupt
    return StudyResults(done.study, done.failures)


class _Notes:
    """What a user should know before the study runs, as warnings."""

    def __init__(self, note: str = "") -> None:
        self._notes = [note] if note else []

    def begin(self, jobs: JobFolder[Any]) -> None:
        from nasbench_harness.study.cost_notes import cost_notes

        for note in [*self._notes, *cost_notes(jobs.specs)]:
            warnings.warn(as_keywords(note), stacklevel=2)

    def watch(self, event: Event) -> None:
        pass


def open_study(folder: Pathlike) -> StudyResults:
    """The study in `folder`, or at an address such as `s3://results/A` that it was pushed to.

    What is fetched from an address is there while the process is. HarnessError if there is none or
    it cannot be read.
    """
    from nasbench_harness.remote.fetching import fetch_study
    from nasbench_harness.remote.places import is_address
    from nasbench_harness.store.studies import open_study

    address = os.fspath(folder)
    return StudyResults(
        open_study(fetch_study(address) if is_address(address) else user_path(folder))
    )


def open_space(name: str | None = None) -> SearchSpace:
    """A search space by name, or what is searched where nothing is said.

    HarnessError if there is none of that name.
    """
    from nasbench_harness import registry

    return registry.open_space(name or registry.default_space())


def _hardware(options: Mapping[str, Any]) -> tuple[Hardware, dict[str, Any]]:
    """What of the options a study runs on, and the others, which say what it is."""
    from nasbench_harness.hardware import Hardware

    names = {field.name for field in fields(Hardware)}
    on = {name: value for name, value in options.items() if name in names}
    if "data_dir" in on:
        on["data_dir"] = _path(on["data_dir"])
    return Hardware(**on), {k: value for k, value in options.items() if k not in names}


def _given(methods: str | Sequence[str] | None, options: Mapping[str, Any]) -> dict[str, Any]:
    """What was said, by the keys of study files."""
    given = {"methods": methods, **options} if methods is not None else dict(options)
    if isinstance(seeds := given.get("seeds"), range):
        given["seeds"] = list(seeds)
    return given


def _sets(settings: Mapping[str, Any] | None) -> list[str]:
    return [f"{name}={json.dumps(value)}" for name, value in (settings or {}).items()]


def _config(
    config: Pathlike | None,
    given: Mapping[str, Any],
    settings: Mapping[str, Any] | None,
    hardware: Hardware,
) -> StudyConfig:
    from nasbench_harness.study.config import ALL_DATASETS, build_config

    built = build_config(_path(config), given, _sets(settings), hardware=hardware)
    if built.dataset == ALL_DATASETS:
        raise HarnessError("`run` takes one data set at a time; call it once for each.")
    return built


def _refuse_jobs(jobs: int | None) -> None:
    if jobs is not None and (not isinstance(jobs, int) or jobs < 1):
        raise HarnessError(f"`jobs` cannot be {jobs!r}: expected a whole number of 1 or more.")


def _path(given: Pathlike | None) -> Path | None:
    return None if given is None else user_path(given)


def _bar(*, shown: bool) -> JobsProgress | NotebookProgress | nullcontext[None]:
    if not shown:
        return nullcontext()
    from nasbench_harness.cli.console import JobsProgress
    from nasbench_harness.watch.notebook import NotebookProgress, in_notebook

    return NotebookProgress() if in_notebook() else JobsProgress()
