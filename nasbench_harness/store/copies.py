"""The same trial in several studies, as in a folder and its backup, is evidence once.

A trial is known by its fingerprint (all its settings and its seed), by no name of a folder. Of
several copies the first that is done counts.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from nasbench_harness.store.endings import Endings, ending
from nasbench_harness.store.outcomes import Status
from nasbench_harness.store.studies import Study, open_study, studies_in
from nasbench_harness.study.spec import TrialSpec


@dataclass(frozen=True)
class Shared:
    """A trial that several studies have planned."""

    spec: TrialSpec
    where: tuple[int, ...]
    """Numbers of the studies that have planned it."""
    begun: tuple[int, ...]
    done: tuple[int, ...]
    source: int
    """Of the one whose row counts: the first that is done, has begun or has planned it."""
    values: tuple[float | None, ...] = ()
    """What those that are done are judged by; empty if they ended alike."""


@dataclass(frozen=True)
class Copies:
    """Studies, and the trials that more than one of them has."""

    studies: tuple[Study, ...]
    shared: tuple[Shared, ...]
    twice: tuple[str, ...] = ()
    """Folders that were given more than once."""

    @cached_property
    def conflicts(self) -> list[Shared]:
        """Trials whose copies ended differently."""
        return [one for one in self.shared if one.values]

    def not_counted(self, number: int) -> frozenset[str]:
        """The trials of a study that count in another one."""
        shared = [one for one in self.shared if number in one.where]
        return frozenset(one.spec.trial_id for one in shared if one.source != number)

    @cached_property
    def distinct(self) -> list[Study]:
        """The studies that are no copy of another one, each with what only its copies have ended.

        What an earlier one has too is marked. A study that has not begun is a copy of nothing.
        """
        kept: list[int] = []
        for number in range(len(self.studies)):
            later = range(number + 1, len(self.studies))
            copied = any(self._is_in(number, other) for other in kept)
            if not copied and not any(self._is_in(number, other, less=True) for other in later):
                kept.append(number)
        return [
            replace(
                self.studies[number],
                elsewhere=self._elsewhere.get(number, {}),
                counted_before=self._before(number, kept),
            )
            for number in kept
        ]

    def notes(self) -> list[str]:
        """What was found, in sentences."""
        found = [f"{name} is given more than once: counted once." for name in self.twice]
        found += [
            f"{_trials(study.repeated)} twice in {study.folder}: counted once."
            for study in self.studies
            if study.repeated
        ]
        return [*found, *self._counted_once(), *self._completed(), *self._conflicting()]

    # --- which of them count -------------------------------------------------------------------

    @cached_property
    def _begun(self) -> frozenset[int]:
        """Studies with any trial that has begun; only of those that share trials."""
        sharing = {number for one in self.shared for number in one.where}
        results = Endings(self.studies)
        return frozenset(
            number
            for number in sharing
            if any(_has_begun(results(number, spec)) for spec in self.studies[number].specs)
        )

    def _has(self, number: int, one: Shared) -> bool:
        """Has a study the trial's result, or can it be given to it."""
        return number in one.done or one.spec.trial_id in self._elsewhere.get(number, {})

    @cached_property
    def _elsewhere(self) -> dict[int, dict[str, Path]]:
        """What a study that has begun planned, and only a copy has ended: the folders there."""
        return {number: self._folders(number) for number in sorted(self._begun)}

    def _folders(self, number: int) -> dict[str, Path]:
        lacking = [one for one in self.shared if number in one.where and number not in one.done]
        folders = {
            one.spec.trial_id: self.studies[one.source].trial_folder(one.spec)
            for one in lacking
            if one.done
        }
        return {trial: folder for trial, folder in folders.items() if folder.is_dir()}

    def _is_in(self, number: int, other: int, *, less: bool = False) -> bool:
        """Has another study all trials of this one with its results; `less`: and further ones."""
        if number not in self._begun or other not in self._begun:
            return False
        mine, theirs = (
            {spec.fingerprint for spec in self.studies[n].specs} for n in (number, other)
        )
        shared = [one for one in self.shared if number in one.where and one.done]
        return (mine < theirs if less else mine <= theirs) and all(
            not one.values and (number not in one.done or self._has(other, one)) for one in shared
        )

    def _before(self, number: int, kept: Sequence[int]) -> frozenset[str]:
        earlier = kept[: kept.index(number)]
        shared = [one for one in self.shared if number in one.where]
        return frozenset(
            one.spec.trial_id
            for one in shared
            if any(other in one.where and self._has(other, one) for other in earlier)
        )

    # --- in words ------------------------------------------------------------------------------

    def _counted_once(self) -> Iterable[str]:
        groups = Counter(one.begun for one in self.shared if len(one.begun) > 1)
        for where, count in groups.items():
            every = "both " if len(where) == 2 else ""
            yield f"{_trials(count)} in {every}{self._names(where)}: counted once."

    def _completed(self) -> Iterable[str]:
        lacking = Counter(
            (number, one.source)
            for number in sorted(self._begun)
            for one in self.shared
            if one.spec.trial_id in self._elsewhere[number]
        )
        for (number, source), count in lacking.items():
            folder, other = (self.studies[n].folder for n in (number, source))
            yield f"{_trials(count)} done in {other} and not in {folder}: taken from {other}."

    def refusal(self) -> str:
        """Why these studies cannot be put together; empty if they can."""
        if not self.conflicts:
            return ""
        return f"{self._conflict()}: only one of them can be right, so give one of these studies."

    def _conflicting(self) -> Iterable[str]:
        if self.conflicts:
            source = self.studies[self.conflicts[0].source].folder
            yield (
                f"{self._conflict()}: only one of them can be right. Wherever studies are put"
                f" together that of {source} is counted."
            )

    def _conflict(self) -> str:
        first, more = self.conflicts[0], len(self.conflicts) - 1
        values = " and ".join(map(str, first.values))
        return (
            f"{first.spec.label} seed {first.spec.seed} did not end alike in"
            f" {self._names(first.done)} ({first.spec.report_metric} {values}"
            f"{f'; and so {more} more' if more else ''})"
        )

    def _names(self, where: Iterable[int]) -> str:
        *first, last = (str(self.studies[number].folder) for number in where)
        return f"{', '.join(first)} and {last}"


def _trials(count: int) -> str:
    return "1 trial is" if count == 1 else f"{count} trials are"


# --- finding them ------------------------------------------------------------------------------


def open_studies(places: Iterable[Path]) -> Copies:
    """The studies in these folders, or in the folders inside them, and what they share.

    StudyError if a folder holds none.
    """
    folders: dict[Path, Path] = {}
    twice: dict[str, None] = {}
    for folder in studies_in(places):
        if (known := folders.setdefault(folder.resolve(), folder)) is not folder:
            twice[str(known)] = None
    return find_copies([open_study(folder) for folder in folders.values()], tuple(twice))


def find_copies(studies: Sequence[Study], twice: tuple[str, ...] = ()) -> Copies:
    """The trials that more than one of the studies has planned."""
    where: dict[str, list[tuple[int, TrialSpec]]] = {}
    for number, study in enumerate(studies):
        for spec in study.specs:
            where.setdefault(spec.fingerprint, []).append((number, spec))
    results = Endings(studies)
    shared = [
        _shared(places[0][1], {number: results(number, spec) for number, spec in places})
        for places in where.values()
        if len(places) > 1
    ]
    return Copies(tuple(studies), tuple(shared), twice)


def _shared(spec: TrialSpec, results: Mapping[int, Mapping[str, Any]]) -> Shared:
    where = tuple(results)
    begun = tuple(number for number in where if _has_begun(results[number]))
    done = tuple(number for number in begun if results[number]["status"] == Status.DONE)
    endings = [ending(spec, results[number]) for number in done]
    alike = all(_same(one, endings[0]) for one in endings)
    values = () if alike else tuple(results[number].get(spec.report_metric) for number in done)
    return Shared(spec, where, begun, done, (*done, *begun, *where)[0], values)


def _has_begun(result: Mapping[str, Any]) -> bool:
    return bool(result["status"] != Status.MISSING)


def _same(first: tuple[Any, ...], second: tuple[Any, ...]) -> bool:
    """What one of them does not tell cannot differ."""
    return all(
        a == b or _is_nothing(a) or _is_nothing(b) for a, b in zip(first, second, strict=True)
    )


def _is_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
