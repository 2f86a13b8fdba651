"""A suite's folder: the studies in it, and what of the suite could not be run."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from nasbench_harness.errors import HarnessError, reason
from nasbench_harness.store.files import read_json, write_json
from nasbench_harness.store.studies import STUDY, StudyError
from nasbench_harness.study.suites import NotRun, SuitePlan

RECORD = "suite.json"


@dataclass(frozen=True)
class SuiteRecord:
    """What a suite came to where it was run."""

    name: str
    about: str
    problems: tuple[str, ...]
    """Those that are run, in order; each is the name of a study's folder beside the record."""
    left_out: tuple[NotRun, ...]


def read_record(folder: Path) -> SuiteRecord | None:
    """What the folder holds a suite's studies of; None where it holds none.

    StudyError where the record is damaged.
    """
    path = folder / RECORD
    if not path.is_file():
        return None
    try:
        told = read_json(path)
        left_out = tuple(NotRun(**one) for one in told["left_out"])
        return SuiteRecord(told["suite"], told["about"], _names(told["problems"]), left_out)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StudyError(
            f"{path} cannot be read ({reason(error)}); the studies beside it are whole: remove it,"
            " and run the suite again."
        ) from error


def _names(problems: Iterable[str]) -> tuple[str, ...]:
    """Folders right beside the record, and no others: it may have come from elsewhere."""
    names = tuple(problems)
    for name in names:
        if name in ("", ".", "..") or Path(name).name != name:
            raise ValueError(f"{name!r} is no name of a folder beside it")
    return names


def refuse_other(plan: SuitePlan) -> None:
    """HarnessError where the suite's folder is a study, or holds another suite."""
    if (plan.folder / STUDY).exists():
        raise HarnessError(
            f"{plan.folder} is a study, and a suite is a folder of studies; give another --out."
        )
    there = read_record(plan.folder)
    if there is not None and there.name != plan.suite.name:
        raise HarnessError(
            f"{plan.folder} holds the suite `{there.name}`, and this is `{plan.suite.name}`; give"
            " another --out."
        )


def write_record(plan: SuitePlan) -> None:
    """Keep what the suite comes to; what earlier methods were left out of is kept as well."""
    there = read_record(plan.folder)
    record = SuiteRecord(
        plan.suite.name, plan.suite.about, tuple(part.name for part in plan.parts), plan.left_out
    )
    if there is not None:
        here = {choice.label for part in plan.parts for choice in part.config.choices}
        here |= {one.method for one in plan.left_out} | {""}
        record = _grown(record, there, here)
    plan.folder.mkdir(parents=True, exist_ok=True)
    told = asdict(record)
    write_json(plan.folder / RECORD, {"suite": told.pop("name"), **told})


def _grown(record: SuiteRecord, there: SuiteRecord, methods: Collection[str]) -> SuiteRecord:
    problems = dict.fromkeys((*record.problems, *there.problems))
    earlier = (one for one in there.left_out if one.method not in methods)
    return replace(record, problems=tuple(problems), left_out=_distinct(record.left_out, earlier))


def _distinct(*several: Iterable[NotRun]) -> tuple[NotRun, ...]:
    return tuple({(one.problem, one.method): one for part in several for one in part}.values())
