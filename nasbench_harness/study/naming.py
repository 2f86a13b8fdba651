"""A study's default folder: a name that tells what it is, and that its earlier runs have."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nasbench_harness import registry
from nasbench_harness.images.place import is_folder, place_name
from nasbench_harness.problems.kinds import held, open_kind
from nasbench_harness.study.canonical import canonical_held
from nasbench_harness.study.config import ALL_DATASETS, StudyConfig
from nasbench_harness.study.fixed import FIXED
from nasbench_harness.study.smallest import change
from nasbench_harness.study.spec import method_label
from nasbench_harness.tables.library import NO_TABLE, fallback_table

LONGEST_NAME = 100
_COMMON = ("table", "dataset", "recipe", "steps")


def study_name(config: StudyConfig, *, table: bool | None = None) -> str:
    """A readable folder name that differs where the results would.

    `table` says whether it names the table; by default it does unless that is the embedded one,
    whatever is installed.
    """
    changes: dict[str, Any] = {name: canonical_held(name, getattr(config, name)) for name in held()}
    if is_folder(config.dataset):
        changes["dataset"] = place_name(config.dataset)
    return _name(config, [choice.label for choice in config.methods], changes, table)


def suite_name(suite: str, config: StudyConfig, given: Collection[str]) -> str:
    """The same of a suite's studies together; `given` are the keys that the user said.

    `config` is that of any of them: what its problem says of itself is told by the suite's name.
    """
    labels = [choice.label for choice in config.methods]
    parts = ["suite", suite, *labels]
    for field in _named(config):
        if field in given:
            value = getattr(config, field)
            value = canonical_held(field, value) if field in held() else value
            parts.append(f"{field.replace('_', '-')}-{_short(value)}")
    return _folder_name(parts)


def former_names(config: StudyConfig) -> list[str]:
    """How earlier releases would have called it: as it was typed, with or without its table."""
    typed = [method_label(choice.name, choice.settings) for choice in config.methods]
    short = [
        method_label(choice.name, {k: _whole(v) for k, v in choice.settings.items()})
        for choice in config.methods
    ]
    labels = [[choice.label for choice in config.methods], typed, short]
    changes: list[dict[str, Any]] = [{}]
    if is_folder(config.dataset):
        changes = [{"dataset": place} for place in _spellings(config.dataset)]
    names = [
        _name(config, of_methods, change, table)
        for table in (None, False, True)
        for change in changes
        for of_methods in labels
    ]
    return [name for name in dict.fromkeys(names) if name != study_name(config)]


def _spellings(dataset: str) -> list[str]:
    return list(dict.fromkeys([place_name(dataset), dataset, f"folder:{place_name(dataset)}"]))


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _name(
    config: StudyConfig, labels: Sequence[str], changes: Mapping[str, Any], table: bool | None
) -> str:
    """`changes` are what stands in the name for some of the config's values."""
    parts = [*labels, config.space]
    defaults = type(config)(
        methods=config.methods, search=config.search, table=fallback_table(config.space)
    )
    if config.search != registry.default_problem():
        parts.append(config.search)
    for field in _named(config):
        value = getattr(config, field)
        named = value != getattr(defaults, field)
        if field == "table" and table is not None:
            named = table
        if named:
            parts.append(f"{field.replace('_', '-')}-{_short(changes.get(field, value))}")
    return _folder_name(parts)


def _folder_name(parts: Sequence[str]) -> str:
    """The parts in a name of bearable length, without what shells or systems take amiss."""
    name = re.sub(r"[^A-Za-z0-9.=_-]+", "_", "-".join(parts)).strip("_")
    if len(name) <= LONGEST_NAME:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[:LONGEST_NAME]}-{digest}"


def _named(config: StudyConfig) -> Sequence[str]:
    """The keys that a name tells, in their order."""
    kind = open_kind(config.search)
    own = (*_COMMON, *kind.Options.model_fields, "batch_size", "report_metric")
    return kind.named or own


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return "-".join(f"{name}={inner}" for name, inner in sorted(value.items()))
    return str(value).rstrip("/").rpartition("/")[2] if "/" in str(value) else str(value)


# --- which folder ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Placed:
    """A study and the folder it belongs into."""

    config: StudyConfig
    folder: Path
    note: str = ""
    """What a user should know of that, in a sentence."""


def place(config: StudyConfig, out: Path | None = None, runs: Path = Path("runs")) -> Placed:
    """Where a study goes: into `out`, or into a folder of `runs` that has it already or is its own.

    A study that exists is gone on with on its own table where no table was asked for: which one is
    the default changes with what is installed.
    """
    placed = _placed(config, out, runs)
    existing = _config_in(placed.folder)
    if existing is None or existing.get(FIXED):  # a fixed one says itself what it refuses
        return placed
    if changed := change(existing, placed.config.model_dump(mode="json")):
        there = f"{placed.folder} is gone on with, and {changed}."
        return replace(placed, note=f"{placed.note} {there}".strip())
    return placed


def _placed(config: StudyConfig, out: Path | None, runs: Path) -> Placed:
    """The same without a word about what else changes there."""
    if out is not None:
        return _into(config, out)
    home = runs / study_name(config)
    names = [study_name(config), *former_names(config)]
    if found := next((runs / name for name in names if _holds(runs / name, config)), None):
        return Placed(config, found)
    if _table_of(home) not in (None, config.table):
        home = runs / study_name(config, table=True)
    return Placed(config, home, _note(config, home, [runs / name for name in names]))


def _into(config: StudyConfig, out: Path) -> Placed:
    table = _table_of(out)
    if table in (None, config.table) or "table" in config.model_fields_set:
        return Placed(config, out)
    note = (
        f"{out} is a study {_on(table)} and is gone on with as such; `--table {config.table}` and"
        f" another --out make one {_on(config.table)}."
    )
    return Placed(config.model_copy(update={"table": table}), out, note)


def _note(config: StudyConfig, home: Path, others: Sequence[Path]) -> str:
    """That there is the same study on another table, and how to go on with that."""
    if "table" in config.model_fields_set:
        return ""
    for other in others:
        table = _table_of(other)
        if table and _holds(other, config.model_copy(update={"table": table})):
            return (
                f"{other} is the same study {_on(table)}; add `--table {table}` to go on with it."
                f" {_on(config.table).capitalize()} it goes to {home}."
            )
    return ""


def _on(table: str) -> str:
    return "without a table" if table == NO_TABLE else f"on table `{table}`"


def _table_of(folder: Path) -> str | None:
    """The table of the study in a folder, or of those inside; None where there is none."""
    config = _config_in(folder)
    return None if config is None else str(config.get("table") or "") or None


def _holds(folder: Path, config: StudyConfig) -> bool:
    """Is there a study that this one could be a part of."""
    from nasbench_harness.study.growing import other_setting

    there = _config_in(folder)
    if there is None:
        return False
    asked = config.model_dump(mode="json")
    if config.dataset == ALL_DATASETS:
        del asked["dataset"]
    return other_setting(there, asked) is None


def _config_in(folder: Path) -> Mapping[str, Any] | None:
    """What study.json says; one that cannot be read is told about by whoever opens it."""
    from nasbench_harness.store.studies import StudyError, open_study, study_folders

    try:
        return open_study(study_folders(folder)[0]).config
    except StudyError:
        return None
