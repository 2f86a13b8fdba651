"""Statistics, tables, figures and the page: reads what the store wrote, never imports a method.

Importing this package loads nothing heavy; pandas, scipy and matplotlib come with the first call.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nasbench_harness.errors import HarnessError
from nasbench_harness.process.names import settle_matplotlib

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["summarise", "write_report"]

settle_matplotlib()


def summarise(trials: pd.DataFrame, history: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row per method, best first; see `nasbench_harness.reports.study.summary.summarise`.

    `history` tells which networks were trained: without a benchmark the accuracy of one that was
    not says nothing of its method, and is left out.
    """
    from nasbench_harness.reports.study.measure import without_untrained
    from nasbench_harness.reports.study.summary import summarise

    return summarise(trials if history is None else without_untrained(trials, history))


def write_report(*study_folders: Path, out: Path | None = None) -> Path:
    """Write one report about one or more studies; returns the path of its `index.html`.

    It goes to `out`, by default the folder `report` of the only study. Beside the page stand
    `report.md`, `tables/` and `figures/`. HarnessError if a folder holds no study or its tables
    cannot be read.
    """
    from nasbench_harness.reports.report import write_report

    if out is None:
        if len(study_folders) != 1:
            raise HarnessError("A report about several studies needs a folder: --out DIR.")
        out = study_folders[0] / "report"
    return write_report(study_folders, out).page
