"""A table whose rows are about methods, as text."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from nasbench_harness.reports.words.marked import name


@dataclass(frozen=True)
class PrintedColumn:
    """A column of the printed table."""

    heading: str
    unit: str
    text: Callable[[Any], str]
    """From a row of the table."""
    inches: float = 0
    """Printed width of a column of words, which may be broken; 0: the column is of numbers."""
    heat: Callable[[Any], float] | None = None
    """From a row of the table how dark its cell is, from 0 to 1; None: not coloured."""

    @property
    def words(self) -> bool:
        """Whether it holds words instead of numbers."""
        return self.inches > 0


def _labelled(row: Any) -> str:
    return name(str(row.method))


def _known(heat: float) -> float | None:
    return None if math.isnan(heat) else heat


@dataclass(frozen=True)
class PrintedTable:
    """A table whose rows are about methods, as text."""

    key: str
    """Stem of its files."""
    columns: tuple[PrintedColumn, ...]
    rows: pd.DataFrame
    """All numbers, unrounded; every row with its method's label as `method`."""
    head: Callable[[Any], str] = _labelled
    """What stands at the beginning of a row: marked text."""

    @property
    def cells(self) -> list[tuple[str, list[str]]]:
        """Per row its method's label and the text of every column."""
        return [
            (str(row.method), [column.text(row) for column in self.columns])
            for row in self.rows.itertuples()
        ]

    @property
    def heats(self) -> list[list[float | None]]:
        """Per row how dark every cell is; None for a cell without colour."""
        return [
            [_known(column.heat(row)) if column.heat else None for column in self.columns]
            for row in self.rows.itertuples()
        ]

    @property
    def heads(self) -> list[str]:
        """What stands at the beginning of every row, marked."""
        return [self.head(row) for row in self.rows.itertuples()]

    @property
    def headings(self) -> list[str]:
        """Headings with their units, in one line."""
        return [f"{c.heading} ({c.unit})" if c.unit else c.heading for c in self.columns]
