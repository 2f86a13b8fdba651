"""The file of a bench: what was measured so far, and on what; written anew after every number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from nasbench_harness import __version__
from nasbench_harness.bench.asked import BenchItem, BenchRequest
from nasbench_harness.errors import HarnessError
from nasbench_harness.store.files import read_json, write_json

FORMAT = "nasharness bench gpu 1"
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
        """What there is no number of; what failed before comes last, to be tried once more."""
        states = {key: one.status for key, one in self.measured.items()}
        left = [one for one in wanted if states.get(one.key) != "done"]
        return sorted(left, key=lambda one: states.get(one.key) == "failed")

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
    content = _read(path)
    if overwrite:
        return BenchRecord(asked)
    if content["release"] != __version__:
        what = f"release {content['release']}, and this is {__version__}"
        raise BenchError(f"{path} is of {what}; {_INSTEAD}.")
    if differing := _differing(content["asked"], asked):
        raise BenchError(f"{path} was measured with {differing}; {_INSTEAD}.")
    return BenchRecord(
        asked, content["machine"], _measured(content["measurements"]), content["spent_s"]
    )


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


def _read(path: Path) -> dict[str, Any]:
    """BenchError where the file is something else."""
    try:
        content = read_json(path)
        if content["format"] != FORMAT:
            raise ValueError("of another format")
        kept = {name: content[name] for name in ("release", "asked", "machine", "measurements")}
        _measured(kept["measurements"])
        return {**kept, "spent_s": float(content["spent_s"])}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BenchError(
            f"{path} is there already and is no file of `nasharness bench gpu`; move it away, or"
            " give another --out."
        ) from error


def _measured(content: Mapping[str, Mapping[str, Any]]) -> dict[str, BenchResult]:
    found = {}
    for key, stored in content.items():
        values = dict(stored)
        status, reason = values.pop("status"), values.pop("reason", "")
        if status not in get_args(Reached):
            raise ValueError("a status that is none")
        found[key] = BenchResult(status, values, reason)
    return found


def _differing(before: Mapping[str, Any], asked: BenchRequest) -> str:
    """The first thing that was asked otherwise, as the option that says it."""
    for name, value in asdict(asked).items():
        was = before.get(name)
        if was != (list(value) if isinstance(value, tuple) else value):
            told = ",".join(was) if isinstance(was, list) else was
            return f"--{name} {told}" if name != "tiny" else f"{'' if was else 'no '}--tiny"
    return ""
