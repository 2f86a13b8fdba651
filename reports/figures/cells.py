"""Figure: the architecture each method found most often."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from nasbench_harness.reports.figures.drawing import Drawing, Omitted, PanelGrid
from nasbench_harness.reports.figures.style import MethodStyle
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.measure import ACCURACY, REGRET, Measure
from nasbench_harness.reports.words import numerals
from nasbench_harness.reports.words.marked import count

KEY, TITLE = "architectures", "What was found"


def draw(data: StudyData, styles: dict[str, MethodStyle]) -> Drawing | Omitted:
    """The most frequent final architecture of every method as a graph."""
    found = most_found(data)
    if found.empty:
        return Omitted(KEY, TITLE, "no trial has a result")
    grid = PanelGrid(len(found), width=250, height=172, insets=(8, 8, 48, 8))
    panels = []
    for index, row in enumerate(found.to_dict("records")):
        axes = grid.axes(index)
        data.space.draw(data.space.parse(row["architecture"]), axes)
        label, facts = row["method"], facts_line(row, data.measure)
        grid.head(axes, label, facts, styles[label])
        panels.append(grid.panel(index, f"{label}: {row['architecture']}. {'. '.join(facts)}."))
    caption = (
        f"For each method the final architecture that was found most often ({_of_ties(found, data)}"
        " where several are equally frequent)."
    )
    alt = f"Drawings of the most frequent architecture of {count(len(found), 'method')}."
    return Drawing(KEY, TITLE, caption, alt, grid.figure, {KEY: found}, panels)


def _of_ties(found: pd.DataFrame, data: StudyData) -> str:
    """Which of several is shown: nothing is the best of what has no number."""
    unknown = found[data.measure.key].isna()
    if not unknown.any():
        return "the best of them"
    first = "the first of them by name"
    if unknown.all():
        return first
    return f"the best of them, or {first} if none has a known {data.measure.noun},"


def most_found(data: StudyData) -> pd.DataFrame:
    """One row per method: its most frequent answer and how good it is.

    Columns method, architecture, index (where the space has one), found (by how many of the
    seeds), seeds, distinct (architectures), accuracy (percent), and regret (points) where a best is
    known.
    """
    if data.done.empty or "architecture" not in data.done:
        return pd.DataFrame()
    return pd.DataFrame([_most_found(data, label) for label in data.done_labels])


def _most_found(data: StudyData, label: str) -> dict[str, object]:
    rows = data.done[data.done["method"] == label]
    lead = rows.assign(lead=data.measure.sign * rows[data.measure.key])
    counts = lead.groupby("architecture").agg(found=("seed", "size"), lead=("lead", "min"))
    best = counts.sort_values(["found", "lead"], ascending=[False, True], kind="stable").index[0]
    row = rows[rows["architecture"] == best].iloc[0]
    index = {"index": int(row["index"])} if "index" in rows else {}
    return {
        "method": label,
        "architecture": best,
        **index,
        "found": int(counts.loc[best, "found"]),
        "seeds": len(rows),
        "distinct": len(counts),
        "accuracy": row["accuracy"],
        **({"regret": row["regret"]} if "regret" in rows else {}),
    }


def facts_line(row: Mapping[Hashable, Any], measure: Measure = REGRET) -> tuple[str, str]:
    """How often it was found, and how good it is."""
    others = row["distinct"] - 1
    also = f", {count(others, 'other')} found" if others else ""
    index = f"index {row['index']}, " if "index" in row else ""
    quality = f"{numerals.percent(row['accuracy'])} %"
    if measure == REGRET:
        quality += f", regret {numerals.points(row['regret'])}"
    elif measure != ACCURACY:
        quality = f"{measure.noun} {quality}" if pd.notna(row["accuracy"]) else ""
    facts = (index + quality).removesuffix(", ")
    return (f"found by {row['found']} of {count(row['seeds'], 'seed')}{also}", facts)
