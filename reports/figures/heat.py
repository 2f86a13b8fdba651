"""Figure: a table whose cells are coloured by their numbers, for where there is no page."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from nasbench_harness.reports.figures.drawing import Drawing
from nasbench_harness.reports.figures.style import INK, LIGHT
from nasbench_harness.reports.tables.printed import PrintedTable
from nasbench_harness.reports.words.marked import plain, shortened

WARM = "#ef9a55"
"""The colour of a cell that is as dark as can be; the least is paper."""
_LABEL, _CELL, _ROW, _HEAD, _RIGHT = 118.0, 62.0, 24.0, 104.0, 72.0  # points


def draw_heat(table: PrintedTable, title: str, caption: str) -> Drawing:
    """A row a method, a column a problem, with the numbers that the table has as text."""
    size = (_LABEL + _CELL * len(table.columns) + _RIGHT, _HEAD + _ROW * len(table.cells))
    figure = Figure(figsize=(size[0] / 72, size[1] / 72))
    left, top = _LABEL / size[0], 1 - _HEAD / size[1]
    axes = figure.add_axes((left, 0.01, 1 - left - _RIGHT / size[0], top - 0.01))
    heats = np.array([[np.nan if h is None else h for h in row] for row in table.heats])
    colours = LinearSegmentedColormap.from_list("", [LIGHT, WARM])
    axes.imshow(np.ma.masked_invalid(heats), cmap=colours, vmin=0, vmax=1, aspect="auto")
    for down, (_, texts) in enumerate(table.cells):
        for across, text in enumerate(texts):
            axes.text(across, down, text, ha="center", va="center", fontsize=8, color=INK)
    heads = [f"{column.heading}\n{column.unit}".strip() for column in table.columns]
    axes.set_xticks(range(len(heads)), heads, fontsize=7.5, rotation=45, ha="left",
                    rotation_mode="anchor")  # fmt: skip
    labels = [shortened(label, 24) for label, _ in table.cells]
    axes.set_yticks(range(len(labels)), labels, fontsize=8)
    axes.tick_params(length=0, top=False, labeltop=True, bottom=False, labelbottom=False)
    axes.grid(visible=False)
    for side in axes.spines.values():
        side.set_visible(False)
    return Drawing(table.key, title, caption, plain(title), figure, {})
