"""A baseline: a small file under version control that says how good every method was.

One line holds one method's values of one metric, so that a review sees what moved. The file carries
a hash of its own content, which tells an edit by hand from a written one.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nasbench_harness.errors import ExitCode, HarnessError, reason
from nasbench_harness.fields.scalars import said
from nasbench_harness.process.names import shell_word
from nasbench_harness.reports.regression.series import COSTS, Key, Measured, Series
from nasbench_harness.reports.words.marked import ranges
from nasbench_harness.store.files import read_edited_json, write_text
from nasbench_harness.store.ownership import claim
from nasbench_harness.store.provenance import PACKAGE, version_of
from nasbench_harness.study.canonical import canonical_label
from nasbench_harness.study.differences import differences
from nasbench_harness.tables.quantity import ACCURACY, read_quantity, recorded

SCHEMA_VERSION = 1
_HASH, _COLLAPSED = "content_hash", "collapsed"
_KEYS = {"configs", "margins", "schema_version", "series", "versions", "written_by", _HASH}


class BaselineError(HarnessError):
    """A baseline that cannot be used."""


class UnfinishedError(BaselineError):
    """Trials without a result are no baseline."""

    exit_code = ExitCode.INCOMPLETE


@dataclass(frozen=True)
class Baseline:
    """What a check compares with."""

    results: Measured
    margins: Mapping[str, float] = field(default_factory=dict)
    """Allowed losses by metric, where they are not the shipped ones."""


def write_baseline(path: Path, baseline: Baseline, *, update: bool = False) -> list[str]:
    """Write the file and tell line by line what changed; nothing is overwritten without `update`.

    HarnessError if trials have no result, if a baseline is there and `update` is off, or if what is
    there is no baseline.
    """
    missing = baseline.results.unfinished()
    if missing:
        name, why = next(iter(missing.items()))
        others = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise UnfinishedError(f"A baseline needs every trial: {name}{others} did not end ({why}).")
    refuse_other_file(path)
    if path.is_file() and path.stat().st_size and not update:
        raise BaselineError(f"{path} is there already; --update replaces it and shows the diff.")
    changes = diff(_old(path), baseline)
    write_text(path, _text(baseline))
    return changes


def _is_baseline(content: bytes) -> bool:
    """What every version writes, and in ours nothing besides; edited values are one still."""
    try:
        found = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return False
    if not isinstance(found, dict) or not found.keys() >= _KEYS:
        return False
    structured = isinstance(found["configs"], dict) and isinstance(found["series"], list)
    ours = str(found["written_by"]).startswith("nasbench-harness ")
    newer = found["schema_version"] != SCHEMA_VERSION
    return structured and ours and (newer or found.keys() == _KEYS)


def refuse_other_file(path: Path) -> None:
    """HarnessError where something is at `path` already that is no baseline."""
    claim(path, "a baseline", _is_baseline)


def _old(path: Path) -> Baseline | None:
    """The baseline that is to be replaced; a damaged one is none, and so is a pipe."""
    try:
        return read_baseline(path) if path.is_file() else None
    except BaselineError:
        return None


# --- reading -----------------------------------------------------------------------------------


def read_baseline(path: Path) -> Baseline:
    """The baseline in a file; BaselineError if there is none, or it is damaged, edited or newer."""
    try:
        content = read_edited_json(path)
    except FileNotFoundError as error:
        raise BaselineError(
            f"There is no baseline {path}; `nasharness baseline save RUN --to {shell_word(path)}`"
            " writes one."
        ) from error
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else error
        raise BaselineError(f"{path} is no baseline: {why}.") from error
    _check_content(path, content)
    try:
        return _parse(content)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BaselineError(
            f"{path} is damaged ({type(error).__name__}: {error}); save it anew."
        ) from error


def _check_content(path: Path, content: Any) -> None:
    if not isinstance(content, dict) or "schema_version" not in content:
        raise BaselineError(f"{path} is no baseline: it has no `schema_version`.")
    if isinstance(content.get("trials"), list):
        raise BaselineError(
            f"{path} is the plan of a study, no baseline; `nasharness baseline save"
            f" {shell_word(path.parent)} --to FILE` writes one of its results."
        )
    if content["schema_version"] != SCHEMA_VERSION:
        raise BaselineError(
            f"{path} has baseline schema {content['schema_version']} (written by"
            f" {content.get('written_by', 'another program')}); this nasharness reads schema"
            f" {SCHEMA_VERSION}. Install the version that wrote it, or save the baseline anew."
        )
    if content.get(_HASH) != _content_hash(content):
        raise BaselineError(
            f"{path} was edited by hand: its content does not match its `{_HASH}`. Take it back"
            " from version control, or save it anew."
        )


def _parse(content: Mapping[str, Any]) -> Baseline:
    series = tuple(_parse_series(row, content["configs"]) for row in content["series"])
    if not series:
        raise ValueError("it holds no values")
    versions = {str(name): str(version) for name, version in content["versions"].items()}
    margins = {str(name): float(value) for name, value in content["margins"].items()}
    return Baseline(Measured(series, versions), margins)


def _parse_series(row: Mapping[str, Any], configs: Mapping[str, Any]) -> Series:
    key = Key(*(str(row[name]) for name in Key._fields))
    key = key._replace(method=canonical_label(key.method))
    values = {int(seed): float(value) for seed, value in row["values"].items()}
    if not values or not all(map(math.isfinite, values.values())):
        raise ValueError(f"values of {key.method} are missing")
    collapsed = row.get(_COLLAPSED)  # not told by baselines of before
    return Series(
        key, dict(configs[row["config"]]), str(row["method_version"]), str(row["device"]), values,
        collapsed=None if collapsed is None else frozenset(map(int, collapsed)),
        quantity=(read_quantity(row) or ACCURACY).sized(values.values()),
    )  # fmt: skip


# --- writing -----------------------------------------------------------------------------------


def _text(baseline: Baseline) -> str:
    """The file: sorted, one line per config and per series."""
    content = _content(baseline)
    content[_HASH] = _content_hash(content)
    parts = []
    for name, value in sorted(content.items()):
        if name == "configs":
            lines = [f"  {_line(key)}: {_line(config)}" for key, config in value.items()]
            parts.append(f"{_line(name)}: {{\n" + ",\n".join(lines) + "\n }")
        elif name == "series":
            rows = ",\n".join(f"  {_line(row)}" for row in value)
            parts.append(f"{_line(name)}: [\n{rows}\n ]")
        else:
            parts.append(f"{_line(name)}: {_line(value)}")
    return "{\n " + ",\n ".join(parts) + "\n}\n"


def _content(baseline: Baseline) -> dict[str, Any]:
    series = sorted(baseline.results.series, key=lambda one: one.key)
    return {
        "configs": dict(sorted({one.config_hash: dict(one.config) for one in series}.items())),
        "margins": dict(baseline.margins),
        "schema_version": SCHEMA_VERSION,
        "series": [
            {
                **one.key._asdict(),
                "config": one.config_hash,
                "device": one.device,
                "method_version": one.method_version,
                "values": {str(seed): one.values[seed] for seed in sorted(one.values)},
                **({} if one.collapsed is None else {_COLLAPSED: sorted(one.collapsed)}),
                **(recorded(one.quantity) if one.key.metric not in COSTS else {}),
            }
            for one in series
        ],
        "versions": dict(baseline.results.versions),
        "written_by": f"nasbench-harness {version_of(PACKAGE)}",
    }


def _line(value: Any) -> str:
    """One line of JSON, keys sorted; seeds are sorted as numbers."""
    if isinstance(value, Mapping):
        by_number = all(re.fullmatch("[0-9]+", str(name)) for name in value)
        names = sorted(value, key=int if by_number else str)
        inside = ", ".join(f"{json.dumps(name)}: {_line(value[name])}" for name in names)
        return f"{{{inside}}}"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _content_hash(content: Mapping[str, Any]) -> str:
    """SHA-256 of all but the hash itself, whatever the layout."""
    rest = {name: value for name, value in content.items() if name != _HASH}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


# --- differences -------------------------------------------------------------------------------


def diff(old: Baseline | None, new: Baseline) -> list[str]:
    """What a new baseline changes, one line each; nothing if all stays as it was."""
    before = {one.key: one for one in old.results.series} if old else {}
    after = {one.key: one for one in new.results.series}
    lines = [f"- {_title(key)}" for key in sorted(before.keys() - after.keys())]
    for key, one in sorted(after.items()):
        if key not in before:
            lines.append(f"+ {_title(key)}: {_spread(one)}")
        else:
            lines += [f"~ {_title(key)}: {change}" for change in _changes(before[key], one)]
    if old:
        lines += _changed_versions(old.results.versions, new.results.versions)
    if old and dict(old.margins) != dict(new.margins):
        lines.append(f"~ margins: {dict(old.margins)} → {dict(new.margins)}")
    return lines


def _changes(old: Series, new: Series) -> Iterator[str]:
    for name, before, after in differences(old.config, new.config):
        yield f"{name} {said(before)} → {said(after)}"
    if old.method_version != new.method_version:
        yield f"version {old.method_version} → {new.method_version}"
    if old.device != new.device:
        yield f"device {old.device or 'unknown'} → {new.device or 'unknown'}"
    if dict(old.values) != dict(new.values):
        yield f"{_spread(old)} → {_spread(new)}"
    if old.collapsed != new.collapsed:
        yield f"collapsed {_seeds(old.collapsed)} → {_seeds(new.collapsed)}"


def _changed_versions(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield f"~ {name} {old.get(name, 'unknown')} → {new.get(name, 'unknown')}"


def _seeds(collapsed: frozenset[int] | None) -> str:
    if collapsed is None:
        return "unknown"
    return f"seeds {ranges(collapsed)}" if collapsed else "no seed"


def _title(key: Key) -> str:
    return f"{key.method} ({key.place}) {key.metric}"


def _spread(series: Series) -> str:
    values = list(series.values.values())
    seeds = "1 seed" if len(values) == 1 else f"{len(values)} seeds"
    digits = max(4, series.quantity.digits)
    return f"mean {sum(values) / len(values):.{digits}f}, {seeds}"
