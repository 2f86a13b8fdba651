"""Figure: the architectures that methods found most often, each drawn once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from nasbench_harness.reports.figures.drawing import Drawing, Omitted, PanelGrid
from nasbench_harness.reports.figures.style import MethodStyle
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.measure import REGRET, Measure, by_value
from nasbench_harness.reports.words.marked import count, listing

KEY, TITLE = "architectures", "What was found"
NAMED = 3
"""Methods that the head of a drawing names; of more of them it says how many."""

LINE = 46
"""Characters that fit the width of a drawing."""


@dataclass(frozen=True)
class Find:
    """One architecture of a study, and how often which methods ended with it."""

    architecture: str
    facts: Mapping[str, Any]
    """`index` where the space has one, `accuracy`, `regret` where a best is known."""
    by: Mapping[str, tuple[int, int]]
    """Label to seeds that found it and seeds with a result, in the order of the summary."""

    @property
    def times(self) -> int:
        """How often it was found."""
        return sum(found for found, _ in self.by.values())


def draw(data: StudyData, styles: dict[str, MethodStyle]) -> Drawing | Omitted:
    """Every method's most frequent final architecture as a graph; one that several share, once."""
    every = every_find(data)
    if every.empty:
        return Omitted(KEY, TITLE, "no trial has a result")
    finds = shown(every)
    grid = PanelGrid(len(finds), width=250, height=172, insets=(8, 8, 48, 8))
    panels = []
    for index, find in enumerate(finds):
        axes = grid.axes(index)
        data.space.draw(data.space.parse(find.architecture), axes)
        facts = facts_line(find, data.measure)
        grid.head(axes, _by(find), facts, *(styles[label] for label in find.by))
        alt = f"{find.architecture}. Found by {listing(_shares(find))}. {facts[1]}."
        panels.append(grid.panel(index, alt))
    alt = f"Drawings of {count(len(finds), 'architecture')} that were found."
    caption = _caption(data, every, len(finds))
    return Drawing(KEY, TITLE, caption, alt, grid.figure, {KEY: every}, panels)


def every_find(data: StudyData) -> pd.DataFrame:
    """One row per method and architecture it ended with, methods in the order of the summary.

    Columns method, architecture, index (where the space has one), found (by how many of the
    seeds), seeds, accuracy, regret where a best is known, and drawn: whether it
    is the one the method found most often, the best of several.
    """
    if data.done.empty or "architecture" not in data.done:
        return pd.DataFrame()
    return pd.concat([_of_method(data, label) for label in data.done_labels], ignore_index=True)


def shown(every: pd.DataFrame) -> list[Find]:
    """Every architecture that is some method's most frequent, the most frequent of all first."""
    chosen = every.loc[every["drawn"], "architecture"].unique()
    finds = [_find(every[every["architecture"] == architecture]) for architecture in chosen]
    return sorted(finds, key=lambda find: -find.times)


def facts_line(find: Find, measure: Measure = REGRET) -> tuple[str, str]:
    """How often it was found, and how good it is."""
    row = find.facts
    index = f"index {row['index']}, " if "index" in row else ""
    value = by_value(measure.quantity)
    quality = value.stated(row["accuracy"])
    if not measure.quantity.is_percent:  # of which nobody could say what it is
        quality = f"{value.noun} {quality}"
    if measure.is_regret:
        quality += f", regret {measure.text(row['regret'])}"
    elif measure.noun != value.noun:
        quality = f"{measure.noun} {quality}" if pd.notna(row["accuracy"]) else ""
    return _often(find), (index + quality).removesuffix(", ")


def _of_method(data: StudyData, label: str) -> pd.DataFrame:
    rows = data.done[data.done["method"] == label]
    keys = [key for key in ("index", "accuracy", "regret") if key in rows]
    groups = rows.groupby("architecture", sort=False)
    finds = groups[keys].first().assign(found=groups.size(), seeds=len(rows)).reset_index()
    lead = data.measure.sign * finds[data.measure.key]
    order = finds.assign(lead=lead).sort_values(
        ["found", "lead", "architecture"], ascending=[False, True, True]
    )
    drawn = [True] + [False] * (len(order) - 1)
    front = {"method": label, "architecture": order["architecture"]}
    return pd.DataFrame(
        {**front, **{key: order[key] for key in ("index", "found", "seeds", *keys) if key in order}}
    ).assign(drawn=drawn)


def _find(rows: pd.DataFrame) -> Find:
    first = rows.iloc[0]
    facts = {key: first[key] for key in ("index", "accuracy", "regret") if key in rows}
    counts = zip(rows["method"], rows["found"], rows["seeds"], strict=True)
    by = {str(label): (int(found), int(seeds)) for label, found, seeds in counts}
    return Find(str(first["architecture"]), facts, by)


# --- words -------------------------------------------------------------------------------------


def _by(find: Find) -> str:
    """The methods that found it, as many as there is room for."""
    labels: Sequence[str] = list(find.by)
    if len(labels) > NAMED + 1:
        labels = [*labels[:NAMED], f"{len(labels) - NAMED} others"]
    return listing(labels)


def _often(find: Find) -> str:
    """By how many seeds it was found, and by whose, where that fits a line."""
    often = f"found by {find.times} of {count(sum(n for _, n in find.by.values()), 'seed')}"
    each = ", ".join(f"{label} {found}" for label, (found, _) in find.by.items())
    whole = f"{often}: {each}"
    return whole if len(find.by) > 1 and len(whole) <= LINE else often


def _shares(find: Find) -> list[str]:
    return [f"{label} {found} of {count(n, 'seed')}" for label, (found, n) in find.by.items()]


def _caption(data: StudyData, every: pd.DataFrame, drawn: int) -> str:
    others = every["architecture"].nunique() - drawn
    were = "was" if others == 1 else "were"
    more = f" {count(others, 'other')} {were} found as well." if others else ""
    return (
        "Every architecture that some method found most often"
        f" ({_of_ties(every[every['drawn']], data)} where several are equally frequent), drawn"
        f" once, with all methods that found it.{more}"
    )


def _of_ties(found: pd.DataFrame, data: StudyData) -> str:
    """Which of several is shown: nothing is the best of what has no number."""
    unknown = found[data.measure.key].isna()
    if not unknown.any():
        return "the best of them"
    first = "the first of them by name"
    if unknown.all():
        return first
    return f"the best of them, or {first} if none has a known {data.measure.noun},"
