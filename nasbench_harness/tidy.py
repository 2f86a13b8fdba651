"""Tidy tables on disk: one row per thing, the same as Parquet and as CSV."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from nasbench_harness.files import replacing

if TYPE_CHECKING:
    import pandas as pd


def uniform(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns of one type each: what differs between methods becomes text."""
    for name in frame.columns:
        kinds = {type(value) for value in frame[name].dropna()}
        if len(kinds) > 1 and not kinds <= {int, float}:
            frame[name] = [None if value is None else str(value) for value in frame[name]]
    return frame


def write_table(path: Path, frame: pd.DataFrame) -> None:
    """Replace `path.parquet` and `path.csv`, each as a whole; lists are JSON in the CSV."""
    with replacing(path.with_suffix(".parquet")) as temporary:
        frame.to_parquet(temporary, index=False)
    flat = frame.copy()
    for name in _nested(frame):
        flat[name] = [None if v is None else json.dumps(v) for v in frame[name]]
    with replacing(path.with_suffix(".csv")) as temporary:
        flat.to_csv(temporary, index=False)


def _nested(frame: pd.DataFrame) -> Iterable[str]:
    return [n for n in frame.columns if any(isinstance(v, list) for v in frame[n].head(2000))]
