"""Statistics, tables, figures and the page: reads what the store wrote, never imports a method.

Importing this package loads nothing heavy; pandas, scipy and matplotlib come with the first call.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["summarise", "write_report"]


def summarise(trials: pd.DataFrame) -> pd.DataFrame:
    """One row per method, best first; see `nasbench_harness.reports.summary.summarise`."""
    from nasbench_harness.reports.summary import summarise

    return summarise(trials)


def write_report(study_folder: Path, out: Path | None = None) -> Path:
    """Write the report of a study below `out` (default: `study_folder / "report"`).

    Returns the path of its `index.html`. Beside it: `report.md`, `tables/` and `figures/`.
    HarnessError if the folder holds no study or its tables cannot be read.
    """
    from nasbench_harness.reports.report import write_report

    return write_report([study_folder], out or study_folder / "report")
