"""The history of a study's data as a frame, and another one in its place."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pyarrow as pa

from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.store.histories import HeldHistory


def recorded(data: StudyData) -> pd.DataFrame:
    """All of it; lists are lists."""
    table = data.history.read()
    frame: pd.DataFrame = table.to_pandas()
    if "probabilities" in frame:
        frame["probabilities"] = pd.Series(table["probabilities"].to_pylist(), dtype=object)
    return frame


def recording(data: StudyData, history: pd.DataFrame) -> StudyData:
    """The same study with these steps."""
    held = HeldHistory(pa.Table.from_pandas(history, preserve_index=False))
    return replace(data, history=held)
