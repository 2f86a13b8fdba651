"""From a suite to its studies: one a problem, in a folder each.

A problem whose table is not installed is left out, and so is a method from a problem that it cannot
run on; both with the reason. What is wrong on every problem is the user's to mend, and raised.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from nasbench_harness import registry
from nasbench_harness.contracts import Suite, SuiteProblem
from nasbench_harness.errors import HarnessError
from nasbench_harness.hardware import Hardware
from nasbench_harness.problems.kinds import kind_of
from nasbench_harness.study.choice import MethodChoice
from nasbench_harness.study.config import (
    BASELINE,
    IMAGES,
    SUITE,
    StudyConfig,
    build_config,
    read_yaml,
    split_datasets,
)
from nasbench_harness.study.every import Every
from nasbench_harness.study.naming import suite_name
from nasbench_harness.study.notation import ConfigError
from nasbench_harness.study.planning import plan
from nasbench_harness.study.smallest import SMALLEST
from nasbench_harness.tables.library import find_table

ITS_OWN = ("space", "table", "dataset", "search")
"""Keys that a suite's problems say, and nobody else; but that images may be exchanged."""


@dataclass(frozen=True)
class SuitePart:
    """One study of several that run after each other."""

    name: str
    config: StudyConfig
    folder: Path


@dataclass(frozen=True)
class NotRun:
    """What of a suite does not run here, and why."""

    problem: str
    reason: str
    """A sentence, with what to do where something can be done."""
    method: str = ""
    """The label of a method that this problem is run without; empty: the whole problem is out."""


@dataclass(frozen=True)
class SuitePlan:
    """What a suite comes to here."""

    suite: Suite
    folder: Path
    parts: tuple[SuitePart, ...]
    left_out: tuple[NotRun, ...]
    every: tuple[str, ...] = ()
    """Methods that `all` stands for on any of the problems, where it is among the methods."""


@dataclass
class _Parts:
    """What is put together, and what went wrong on the way."""

    parts: list[SuitePart] = field(default_factory=list)
    left_out: list[NotRun] = field(default_factory=list)
    faults: list[HarnessError] = field(default_factory=list)
    """Of problems whose table is there."""
    every: list[Every] = field(default_factory=list)
    """What `all` comes to, of each problem that was built."""


def asked_suite(path: Path | None, given: Mapping[str, Any]) -> str:
    """The suite that a study file or the options name; empty where they name none."""
    said = given.get(SUITE)
    if said is None and path is not None:
        said = read_yaml(path).get(SUITE)
    if said is not None and not isinstance(said, str):
        raise ConfigError(f"`{SUITE}` cannot be {said!r}: expected the name of one suite.")
    return said or ""


def plan_suite(  # noqa: PLR0913, PLR0917 - what a study is asked for with, and where it goes
    name: str,
    path: Path | None,
    given: Mapping[str, Any],
    sets: Sequence[str],
    out: Path | None = None,
    hardware: Hardware | None = None,
    later: Callable[[StudyConfig], bool] = lambda config: False,
) -> SuitePlan:
    """The studies of a suite with what a file and the options say; nothing is written.

    Those that are for `later`, as their images are still to be fetched, are taken unplanned.
    UnknownNameError where there is no such suite, ConfigError where nothing of it can run here.
    """
    suite = registry.open_suite(name)
    said = {*given, *(read_yaml(path) if path else ())}
    _refuse_its_own(suite, said)
    found = _Parts()
    build = partial(build_config, path, given, sets, hardware=hardware, told=found.every.append)
    for problem in suite.problems:
        _take(found, problem, lambda one: build(one.keys))
    _refuse_nothing(suite, found)
    waiting = [part for part in found.parts if later(part.config)]
    planned = [part for part in found.parts if part not in waiting]
    fitting = _fitting(replace(found, parts=planned), hardware or Hardware())
    _refuse_one_number(suite, fitting)
    home = out or Path("runs") / suite_name(name, found.parts[0].config, said)
    parts = tuple(SuitePart(one.name, one.config, home / one.name) for one in (*fitting, *waiting))
    every = dict.fromkeys(method for one in found.every for method in one.methods)
    return SuitePlan(suite, home, parts, tuple(found.left_out), tuple(every))


def problem_names(suite: Suite) -> list[str]:
    """What the problems are called by what they say of themselves; nothing is opened."""
    return [_name(problem, problem.keys) for problem in suite.problems]


def missing(problem: SuiteProblem) -> str:
    """Why a problem cannot be run here, with the way to get it; empty where it can.

    Images are not looked for, which can be exchanged: see `missing_images`.
    """
    try:
        registry.open_space(problem.keys["space"])
        find_table(str(problem.keys.get("table") or ""))
    except HarnessError as error:
        return str(error)
    return ""


def missing_images(problem: SuiteProblem) -> str:
    """The same of a problem's own images, those of published data sets."""
    from nasbench_harness.images.sources import (
        find_installed,
        image_source,
        images_folder,
        published_names,
    )

    dataset = problem.keys.get("dataset")
    if not _on_images(problem) or dataset not in published_names():
        return ""
    try:
        find_installed(image_source(dataset), images_folder())
    except HarnessError as error:
        return str(error)
    return ""


def _on_images(problem: SuiteProblem) -> bool:
    """Are images searched on, so that the problem is there on any others as well."""
    return IMAGES in kind_of(problem.keys.get("search", registry.default_problem())).uses


def _refuse_its_own(suite: Suite, said: Collection[str]) -> None:
    """Another space or table is another problem, and so are other images where a table knows some.

    On images alone the same problems can be had in small.
    """
    free = ("dataset",) if all(map(_on_images, suite.problems)) else ()
    if own := next((key for key in ITS_OWN if key in said and key not in free), None):
        raise ConfigError(
            f"The suite `{suite.name}` says itself on what methods are compared (`nasharness show"
            f" suite {suite.name}`); leave `{own}` out, or leave the suite out."
        )


# --- problems ----------------------------------------------------------------------------------


def _take(
    found: _Parts, problem: SuiteProblem, build: Callable[[SuiteProblem], StudyConfig]
) -> None:
    name = _name(problem, problem.keys)
    if reason := missing(problem):
        found.left_out.append(NotRun(name, reason))
        return
    known = len(found.every)
    try:
        found.parts += _parts(problem, build(problem))
        found.left_out += [
            NotRun(name, reason, method)
            for every in found.every[known:]
            for method, reason in every.reasons.items()
        ]
    except HarnessError as error:
        found.faults.append(error)
        found.left_out.append(NotRun(name, str(error)))


def _parts(problem: SuiteProblem, config: StudyConfig) -> Iterator[SuitePart]:
    """One, or one for each data set of its table."""
    for one, folder in split_datasets(config, Path()):
        several = folder != Path()
        keys = {**problem.keys, "dataset": one.dataset}
        name = problem.name and problem.name + f"-{one.dataset}" * several
        yield SuitePart(name or _name(problem, keys), one, folder)


def _name(problem: SuiteProblem, keys: Mapping[str, Any]) -> str:
    """Its own, or its space, data set and table, and what is searched where it says so."""
    told = (keys.get(key) for key in ("space", "dataset", "table", "search"))
    parts = dict.fromkeys(str(one) for one in told if one)
    return problem.name or "-".join(parts).replace(":", "-").replace("/", "-")


def _refuse_nothing(suite: Suite, found: _Parts) -> None:
    if found.parts:
        names = [part.name for part in found.parts]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ConfigError(
                f"The suite `{suite.name}` has two problems called `{twice}`; give each a `name`."
            )
        return
    if found.faults:
        raise found.faults[0]
    told = " ".join(f"{one.problem}: {one.reason}" for one in found.left_out)
    raise ConfigError(f"No problem of the suite `{suite.name}` can be run here. {told}")


def _refuse_one_number(suite: Suite, parts: Sequence[SuitePart]) -> None:
    """Points of one unit say nothing of another."""
    units: dict[tuple[str, str], str] = {}
    for part in parts:
        if isinstance(getattr(part.config, SMALLEST), float):
            spec = plan(_only(part.config, part.config.choices[0]))[0]
            table = find_table(spec.table)
            metric = table.metrics[spec.report_metric] if table else None
            units.setdefault((metric.quantity, metric.unit) if metric else ("", ""), part.name)
    if len(units) > 1:
        first, second, *_ = units.values()
        raise ConfigError(
            f"One smallest difference cannot hold for the suite `{suite.name}`, whose problems have"
            f" different units (`{first}` and `{second}`); leave it out, and each benchmark has its"
            " own."
        )


# --- methods -----------------------------------------------------------------------------------


def _fitting(found: _Parts, hardware: Hardware) -> list[SuitePart]:
    """The parts with the methods that can run there; what cannot is left out with the reason.

    HarnessError of a method that can run nowhere.
    """
    faults: dict[str, list[HarnessError]] = {}
    fitting = []
    for part in found.parts:
        able = []
        for choice in part.config.choices:
            try:
                plan(_only(part.config, choice), hardware)
            except HarnessError as error:
                faults.setdefault(choice.label, []).append(error)
                found.left_out.append(NotRun(part.name, str(error), choice.label))
            else:
                able.append(choice)
        if any(choice.name != BASELINE for choice in able) or able == list(part.config.methods):
            fitting.append(SuitePart(part.name, _with(part.config, able), part.folder))
    asked = {choice.label for part in found.parts for choice in part.config.methods}
    for label in asked.intersection(faults):
        if len(faults[label]) == len(found.parts):
            raise faults[label][0]
    return fitting


def _only(config: StudyConfig, choice: MethodChoice) -> StudyConfig:
    """One trial of it."""
    changes = {"methods": (choice,), "random": False, "seeds": config.seeds[:1]}
    return config.model_copy(update=changes)


def _with(config: StudyConfig, able: Sequence[MethodChoice]) -> StudyConfig:
    """With these methods alone; unchanged where they are all."""
    if tuple(able) == config.choices:
        return config
    asked = tuple(choice for choice in able if choice in config.methods)
    return config.model_copy(update={"methods": asked, "random": asked != tuple(able)})
