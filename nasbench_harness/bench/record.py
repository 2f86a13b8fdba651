"""The file of a bench: what was measured so far, and on what; written anew after every number."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from nasbench_harness import __version__
from nasbench_harness.bench.asked import BenchItem, BenchRequest
from nasbench_harness.errors import HarnessError
from nasbench_harness.store.files import read_json, write_json

FAMILY = "nasharness bench gpu "
FORMAT = f"{FAMILY}1"
Reached = Literal["done", "skipped", "failed"]
TIME_OVER = "the time was over"
IDENTITY = ("device", "torch", "release")
"""Facts of the machine whose numbers are no others'."""


class BenchError(HarnessError):
    """A bench that cannot be run, or a file that is none or another's."""


@dataclass(frozen=True)
class BenchResult:
    """How a measurement ended: with values, or with the reason why there are none."""

    status: Reached
    values: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""

    @property
    def is_late(self) -> bool:
        """Was it left out for want of time only, so that another command can measure it."""
        return self.status == "skipped" and self.reason.startswith(TIME_OVER)


@dataclass
class BenchRecord:
    """What the file holds."""

    asked: BenchRequest
    machine: Mapping[str, Any] = field(default_factory=dict)
    measured: dict[str, BenchResult] = field(default_factory=dict)
    spent: float = 0.0
    """Seconds of all commands that wrote it."""

    def of_part(self, part: str) -> dict[str, BenchResult]:
        """What was measured of a part, by its name there, in the order of the file."""
        parted = {key.partition("/")[::2]: one for key, one in self.measured.items()}
        return {name: one for (of, name), one in parted.items() if of == part}

    def missing(self, wanted: Sequence[BenchItem]) -> list[BenchItem]:
        """What there is no number of.

        What there was no time for comes first, what could not be measured here then, and what
        failed last, to be tried once more.
        """
        left = [one for one in wanted if self._state(one) != "done"]
        return sorted(left, key=lambda one: ("late", "skipped", "failed").index(self._state(one)))

    def _state(self, one: BenchItem) -> str:
        found = self.measured.get(one.key)
        return "late" if found is None or found.is_late else found.status

    def write(self, path: Path) -> None:
        """Replace the file atomically."""
        write_json(
            path,
            {
                "format": FORMAT,
                "release": __version__,
                "asked": asdict(self.asked),
                "machine": dict(self.machine),
                "spent_s": round(self.spent, 1),
                "measurements": {key: _plain(one) for key, one in self.measured.items()},
            },
        )


def _plain(one: BenchResult) -> dict[str, Any]:
    told = {"reason": one.reason} if one.reason else {}
    return {"status": one.status, **told, **one.values}


def open_record(path: Path, asked: BenchRequest, *, overwrite: bool = False) -> BenchRecord:
    """What is there of the same bench, or nothing yet; BenchError where it is another's.

    `overwrite` begins anew, in a file of a bench only.
    """
    if not path.is_file() or not path.stat().st_size:
        return BenchRecord(asked)
    with _understood(path):
        content = read_json(path)
        if not content["format"].startswith(FAMILY):
            raise ValueError("of another kind")
        is_of = {"format": content["format"], "release": content["release"]}
    if overwrite:
        return BenchRecord(asked)
    for name, this in (("format", FORMAT), ("release", __version__)):
        if is_of[name] != this:
            raise BenchError(f"{path} is of {name} {is_of[name]}, and this is {this}; {_INSTEAD}.")
    with _understood(path):
        before = _record(content)
    if differing := _differing(before.asked, asked):
        raise BenchError(f"{path} was measured with {differing}; {_INSTEAD}.")
    return before


_INSTEAD = "begin it anew with --overwrite, or give another --out"


def check_machine(path: Path, record: BenchRecord, facts: Mapping[str, Any]) -> None:
    """BenchError where what the file has was measured on another machine."""
    for name in IDENTITY:
        before, now = record.machine.get(name), facts.get(name)
        if record.machine and before != now:
            raise BenchError(
                f"{path} was measured on another machine ({name} {before}, and here it is {now});"
                f" {_INSTEAD}."
            )


@contextlib.contextmanager
def _understood(path: Path) -> Iterator[None]:
    """BenchError where the file is something else."""
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BenchError(
            f"{path} is there already and is no file of `nasharness bench gpu`, or a damaged one;"
            " move it away, or give another --out."
        ) from error


def _record(content: Mapping[str, Any]) -> BenchRecord:
    """ValueError, TypeError and the like where it was not written so."""
    asked = dict(content["asked"])
    asked["methods"] = tuple(map(str, asked["methods"]))
    machine = _scalars(content["machine"])
    if not machine.keys() >= set(IDENTITY):
        raise ValueError("of no machine")
    return BenchRecord(
        BenchRequest(**asked),
        machine,
        _measured(content["measurements"]),
        float(content["spent_s"]),
    )


def _measured(content: Mapping[str, Mapping[str, Any]]) -> dict[str, BenchResult]:
    found = {}
    for key, stored in content.items():
        values = _scalars(stored)
        status, reason = values.pop("status"), values.pop("reason", "")
        if status not in get_args(Reached):
            raise ValueError("a status that is none")
        found[key] = BenchResult(status, values, str(reason))
    return found


def _scalars(content: Mapping[str, Any]) -> dict[str, Any]:
    if any(isinstance(one, list | dict) for one in content.values()):
        raise TypeError("more than one value where there is one")
    return dict(content)


def _differing(before: BenchRequest, asked: BenchRequest) -> str:
    """The first thing that was asked otherwise, as the options that say it."""
    for name, was in asdict(before).items():
        now = asdict(asked)[name]
        if was != now:
            return f"{_option(name, was)}, and not {_option(name, now)}"
    return ""


def _option(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return f"{'' if value else 'no '}--{name}"
    return f"--{name} {','.join(value) if isinstance(value, tuple) else value}"
