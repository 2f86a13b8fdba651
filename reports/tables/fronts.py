"""One row per method: the front of its answers against the true one, by hypervolume."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from nasbench_harness.errors import HarnessError
from nasbench_harness.reports.analysis.archives import archives
from nasbench_harness.reports.analysis.fronts import TrueFront
from nasbench_harness.reports.statistics.intervals import mean_interval
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.tables.printed import PrintedColumn, PrintedTable
from nasbench_harness.reports.words import numerals
from nasbench_harness.study.heldcost import common_costs
from nasbench_harness.tables.within import costs_of, known_of_all

KEY, TITLE = "front", "Fronts that were found"
NOTE = (
    "What a trial found as a front of accuracy and of the costs that are held: the hypervolume that"
    " it dominates, as a share of what the true front of the table dominates, above the worst"
    " accuracy and below the highest cost of the table; means over seeds. Where a search keeps the"
    " front of all that it asked for, by the scores that it saw, that is measured; of others the"
    " answers that they recorded on the way, from first to last, which are fewer: rows of the two"
    " kinds are not to be compared. Poor cells"
    " of low cost dominate much as well, so that shares lie close together. A search with one"
    " target looks for one point of the front."
)
COLUMNS = (
    "method",
    "seeds",
    "queries_mean",
    "points_mean",
    "share_mean",
    "share_low",
    "share_high",
)


def front_table(data: StudyData) -> PrintedTable | None:
    """None unless one cost is held in the study, and known of every architecture of a table."""
    try:
        rows = front_rows(data)
    except HarnessError:  # a space or a table that is not at hand
        return None
    if rows.empty:
        return None
    columns = (
        PrintedColumn("Seeds", "", lambda row: str(row.seeds)),
        PrintedColumn("Made of", "", _made_of),
        PrintedColumn("Points", "of the front", lambda row: f"{row.points_mean:.3g}"),
        PrintedColumn("Hypervolume", "of the true", lambda row: numerals.percent(row.share_mean)),
        PrintedColumn(
            "95 % CI", "of mean", lambda row: numerals.interval(row.share_low, row.share_high, 2)
        ),
    )
    return PrintedTable(KEY, columns, rows)


def _made_of(row: Any) -> str:
    """`all it asked for, 100 queries`."""
    if not row.queries_mean >= 0:
        return "answers on the way"
    return f"all it asked for, {row.queries_mean:,.6g} queries"


def front_rows(data: StudyData) -> pd.DataFrame:
    """A row per method with a result; `share_...` are percent of the true front's.

    Those that kept what they asked for come first, each kind best first. `queries_mean` is NaN
    where the answers on the way are what is measured.
    """
    front, space = true_front(data), data.every_architecture
    if front is None or space is None:
        return pd.DataFrame(columns=list(COLUMNS))
    rows = []
    for label, kept in archives(data, space):
        fronts = [front.found(ranks) for ranks in kept.ranks]
        if not fronts:
            continue
        shares = np.array([100 * front.share(ranks) for ranks in fronts])
        low, high = mean_interval(shares, 0.0, 100.0)
        points = float(np.mean([len(ranks) for ranks in fronts]))
        queries = kept.queries if kept.asked else float("nan")
        rows.append((label, len(fronts), queries, points, float(shares.mean()), low, high))
    found = pd.DataFrame(rows, columns=list(COLUMNS))
    found = found.sort_values("share_mean", ascending=False, kind="stable")
    on_the_way = found["queries_mean"].isna()
    return pd.concat([found[~on_the_way], found[on_the_way]], ignore_index=True)


def true_front(data: StudyData) -> TrueFront | None:
    """Of accuracy and the costs that are held; None where any of these is not known of all."""
    specs = data.study.specs
    held = common_costs(specs)
    if held is None or data.complete is None or data.done.empty:
        return None
    if not held.of_all or not known_of_all(specs[0]):
        return None
    accuracy = np.asarray(data.complete.column(specs[0].report_metric), dtype=float)
    return TrueFront.of(accuracy, [costs_of(specs[0], one) for one in held])
