"""A folder of jobs: what is planned there, and what has become of it.

    <folder>/
        <plan>.json  <plan>.lock
        trials/<trial-id>/{trial.json, history.jsonl, checkpoint.pt, result.json}
        trials.{parquet,csv}  history.{parquet,csv}

A study of searches is one, and so is a folder of stand-alone trainings; a `FolderKind` says in what
they differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from filelock import FileLock

from nasbench_harness.errors import HarnessError, os_sentence
from nasbench_harness.jobs.job import Spec
from nasbench_harness.store import versions
from nasbench_harness.store.files import write_json
from nasbench_harness.store.members import read_members
from nasbench_harness.store.outcomes import SCHEMA_VERSION, Outcome, Status, read_result
from nasbench_harness.store.strangers import stranger

TABLES = ("trials", "history")
LOOKS = "looks"
"""What the plan's file keeps beside the plan: see `looks`."""
PLAN_SECONDS = 10.0
"""Longer than anybody takes to write a plan."""
_HELD = {
    "study.json": "a study of searches, no trainings; `nasharness resume`, `report`, `compare` and"
    " `cite` take it.",
    "training.json": "stand-alone trainings, no study: the same `nasharness train` command goes on"
    " with them, `nasharness watch` shows them, and their results are in trials.csv there.",
}
"""Plans of folders, and what is told to whoever takes one for another."""

S = TypeVar("S", bound=Spec)


@dataclass(frozen=True)
class FolderKind(Generic[S]):
    """What all folders of one kind have in common."""

    plan: str
    """File that holds what is planned."""
    lock: str
    """File that whoever runs jobs there holds locked."""
    spec: type[S]
    error: type[HarnessError]
    """Raised where a folder cannot be used."""
    job: str
    """One of its jobs, in sentences: `trial`, `training`."""
    noun: str
    """What such a folder holds, in sentences: `study`, `training`."""
    content: str
    """All of it: `study`, `trainings`."""
    again: str
    """What to run again where the plan is lost: `the study`, `the command`."""
    goes_on: str
    """What goes on with it where it was stopped; `{}` is the folder."""
    work: str
    """What its jobs do: `search`, `training`."""
    compared: str
    """What `Spec.label` names: `method`, `architecture`."""
    regret: bool
    """Are its jobs judged by what they miss to the best of a benchmark."""
    upgrades: Mapping[int, versions.Upgrade]
    """What older tables become as the present version has them."""
    also: tuple[str, ...] = ()
    """Names of folders and files that others write there, as reports do."""

    @property
    def own(self) -> tuple[str, ...]:
        """Every name that is ours, but for the plan's."""
        tables = (f"{table}.{ending}" for table in TABLES for ending in ("parquet", "csv"))
        return (self.lock, "trials", *self.also, *tables)


@dataclass
class JobFolder(Generic[S]):
    """What was planned in a folder, and what has become of it."""

    kind: ClassVar[FolderKind[Any]]

    folder: Path
    config: dict[str, Any]
    """How its jobs were asked for, or what all of them have in common."""
    specs: list[S]
    facts: dict[str, Any]
    """Versions, machine, git commit and time of planning."""
    elsewhere: Mapping[str, Path] = field(default_factory=dict)
    """Trials that only a copy of the folder has ended, and their folders there."""
    counted_before: frozenset[str] = frozenset()
    """Trials that a folder beside this one has too, which is told about first."""
    repeated: int = 0
    """How often the plan names a trial again, as after an edit by hand."""

    @property
    def about(self) -> str:
        """What its jobs are about, in half a line; empty where there are none."""
        raise NotImplementedError

    @property
    def agreed(self) -> Mapping[str, str]:
        """What is settled of the judgement before any result is there, by heading."""
        return {}

    @property
    def trials_folder(self) -> Path:
        """One folder per job."""
        return self.folder / "trials"

    def missing(self) -> list[S]:
        """Planned jobs without a result; a failure is none."""
        return [s for s in self.specs if self.outcome(s).status is not Status.DONE]

    def outcome(self, spec: S) -> Outcome:
        """How the job ended, as its folder tells."""
        result = self.result(spec)
        return Outcome(spec.trial_id, Status(result["status"]), result.get("error", ""))

    def result(self, spec: S) -> dict[str, Any]:
        """The job's result; only a status if there is none or it is damaged."""
        return read_result(self.trial_folder(spec))

    def trial_folder(self, spec: S) -> Path:
        """The job's own folder."""
        return self.elsewhere.get(spec.trial_id) or self.trials_folder / spec.trial_id


F = TypeVar("F", bound=JobFolder[Any])


def refuse_strangers(folder: Path, kind: FolderKind[Any]) -> None:
    """The kind's error where `folder` is none or holds something else, see `strangers`."""
    if folder.exists() and not folder.is_dir():
        raise kind.error(f"{folder} is a file; choose another --out.")
    if (folder / kind.plan).exists() or not (found := stranger(folder, kind.own, kind.lock)):
        return
    raise kind.error(
        f"{folder} is not empty and holds no {kind.noun}; choose another --out, or move"
        f" {found.name} away (only logs and hidden files may be there)."
    )


def _planned(spec: Spec) -> dict[str, Any]:
    """The spec, for earlier releases as well: without its younger fields where they are not set."""
    return {k: value for k, value in asdict(spec).items() if value or k not in spec.younger}


def plan_lock(path: Path) -> AbstractContextManager[Any]:
    """Held while a plan's file is written; only for moments, also while its jobs run."""
    return FileLock(path.with_name(f".{path.name}.lock"), timeout=PLAN_SECONDS)


def write_plan(jobs: JobFolder[Any]) -> None:
    """Keep what is planned; looks at the results of a plan that is there stay."""
    path = jobs.folder / jobs.kind.plan
    content = {
        "schema_version": SCHEMA_VERSION,
        "config": jobs.config,
        "facts": jobs.facts,
        "trials": [_planned(spec) for spec in jobs.specs],
    }
    with plan_lock(path):
        looks = read_looks(path)
        write_json(path, {**content, LOOKS: looks} if looks else content)


def read_looks(path: Path) -> list[dict[str, Any]]:
    """Those that a plan's file keeps; none where it is gone or was edited into something else."""
    try:
        looks = read_members(path, lambda name, element: element if name == LOOKS else None)[LOOKS]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [one for one in looks if isinstance(one, dict)] if isinstance(looks, list) else []


def read_plan(folder: Path, of: type[F]) -> F:
    """What is planned in `folder`; its kind's error if nothing is, or nothing that can be read."""
    kind = of.kind
    path = folder / kind.plan
    try:
        content = read_members(path, _SpecReader(kind).take)
        if refusal := versions.refusal(
            content["schema_version"], content.get("facts"), kind.upgrades
        ):
            raise kind.error(f"{folder} {refusal}")
        every = [one if isinstance(one, kind.spec) else kind.spec(**one)
                 for one in content.pop("trials")]  # fmt: skip
        specs = _once(every)
        config, told = dict(content["config"]), dict(content["facts"])
        return of(folder, config, specs, told, repeated=len(every) - len(specs))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise kind.error(_nothing(folder, kind)) from error
    except OSError as error:
        raise kind.error(
            f"The {kind.content} in {folder} cannot be read: {os_sentence(error)}"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise kind.error(
            f"{path} is damaged ({type(error).__name__}: {error}); the trials beside it are"
            f" untouched. Delete {kind.plan} and run {kind.again} again to take them over."
        ) from error


class _SpecReader:
    """Makes jobs of a plan's trials while it is read.

    What many have in common, as seeds of one method do, is one object in all of them: of 100,000
    trials it would be hundreds of megabytes.
    """

    def __init__(self, kind: FolderKind[Any]) -> None:
        self._spec = kind.spec
        self._fields = {field.name for field in fields(kind.spec)}
        self._held: dict[tuple[str, str], Any] = {}

    def take(self, name: str, told: Any) -> Any:
        """A job; what is none, or of another version, as it is."""
        if name != "trials" or not isinstance(told, dict) or not told.keys() <= self._fields:
            return told
        for key, value in told.items():
            if isinstance(value, str | dict):
                told[key] = self._held.setdefault((key, repr(value)), value)
        return self._spec(**told)


def _nothing(folder: Path, kind: FolderKind[Any]) -> str:
    """That nothing of the kind is there, and what is instead."""
    instead = other_content(folder, kind.plan)
    return instead or f"{folder} holds no {kind.noun} (no {kind.plan} there)."


def other_content(folder: Path, plan: str) -> str:
    """What is there instead of what has that plan, in a sentence; empty if nothing of ours."""
    for other, told in _HELD.items():
        if other != plan and (folder / other).is_file():
            return f"{folder} holds {told}"
    return ""


def folders_with(path: Path, plan: str, depth: int) -> list[Path]:
    """The folders below `path` that have a plan of that name, at most so far down."""
    patterns = ("/".join(["*"] * down + [plan]) for down in range(1, depth + 1))
    return sorted(found.parent for pattern in patterns for found in path.glob(pattern))


def _once(specs: Sequence[S]) -> list[S]:
    """Every job once, also where a plan was put together by hand."""
    first: dict[str, S] = {}
    for spec in specs:
        first.setdefault(spec.fingerprint, spec)
    return list(first.values())
