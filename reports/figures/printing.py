"""Figures for a paper of two columns: vector files of its widths, with letters of its size.

Figures are drawn by the same code as for the page, with smaller letters. What is shown whole gets
the width of one column, or of both where it does not fit. Panels are set anew, side by side across
both columns, with what explains them below, on as many sheets as their height needs. All lengths
are in points.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from nasbench_harness.reports.figures.drawing import POINTS_PER_INCH, Drawing, Panel
from nasbench_harness.reports.figures.style import RC
from nasbench_harness.store.files import replacing

SINGLE, DOUBLE = 240, 504
"""Width of a column, 3.33 in, and of both with the gap between them, 7 in."""
TALLEST = 640
"""Height of a sheet, which leaves room for a caption on a page."""
SMALLEST, LARGEST = 7.0, 8.0
"""Letters."""
FLATTENED = 0.78
"""Height of a figure shown whole, beside that on the page."""
LOWEST = 120
"""Height of the axes of a figure shown whole, whatever its legend needs."""
TOLERANCE = 1.0
"""How far something may stick out, which is the thickness of a line."""
ROUNDS = 6
"""Attempts to find the height at which everything fits."""

PRINT_RC: dict[Any, Any] = {
    **RC,
    "pdf.fonttype": 42,  # TrueType, which publishers ask for
    "font.size": 7.5,
    "axes.labelsize": 7.5,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
}


@dataclass(frozen=True)
class Sheet:
    """A figure of its final size; the next one from the same drawing may change it."""

    key: str
    """Names its file."""
    figure: Figure
    wide: bool
    """Whether it spans both columns."""


def sheets(drawing: Drawing) -> Iterator[Sheet]:
    """The drawing, which was made under `PRINT_RC`, sheet by sheet."""
    _set_letters(drawing.figure)
    if drawing.panels:
        yield from _panel_sheets(drawing)
    else:
        yield Sheet(drawing.key, drawing.figure, wide=_fit(drawing.figure))


def save_sheet(sheet: Sheet, folder: Path) -> str:
    """Write the sheet as PDF; returns the file's name. The same numbers give the same file."""
    path = folder / f"{sheet.key}.pdf"
    with mpl.rc_context(PRINT_RC), replacing(path) as temporary:
        sheet.figure.savefig(temporary, metadata={"CreationDate": None})
    return path.name


# --- shown whole -------------------------------------------------------------------------------


def _set_letters(figure: Figure) -> None:
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        text.set_fontsize(min(max(text.get_fontsize(), SMALLEST), LARGEST))


def _fit(figure: Figure) -> bool:
    """Give it the width of a column and the height it needs; True where it takes both columns."""
    whole = figure.get_figheight() * POINTS_PER_INCH
    height = whole * FLATTENED
    _resize(figure, SINGLE, height)
    _narrow_legends(figure)
    _break_labels(figure)
    for _ in range(ROUNDS):
        over = _too_low(figure)
        if over <= 0:
            break
        height += over
        _resize(figure, SINGLE, height)
    _thin_ticks(figure)
    if wide := _sticks_out(figure):
        _resize(figure, DOUBLE, whole)
    return wide


def _resize(figure: Figure, width: float, height: float) -> None:
    figure.set_size_inches(width / POINTS_PER_INCH, height / POINTS_PER_INCH)


def _narrow_legends(figure: Figure) -> None:
    """Entries one below the other where they are too long to stand side by side."""
    figure.draw_without_rendering()
    for legend in list(figure.legends):
        if legend.get_window_extent().width > figure.bbox.width:
            labels = [text.get_text() for text in legend.get_texts()]
            legend.remove()
            with mpl.rc_context(PRINT_RC):
                figure.legend(
                    handles=[handle for handle in legend.legend_handles if handle is not None],
                    labels=labels, loc="outside lower center", handlelength=legend.handlelength,
                )  # fmt: skip


def _break_labels(figure: Figure) -> None:
    """An axis' label that is longer than the axis goes on in a second line."""
    figure.draw_without_rendering()
    for axes in figure.axes:
        room = axes.get_window_extent()
        for label, length in ((axes.xaxis.label, room.width), (axes.yaxis.label, room.height)):
            extent = label.get_window_extent()
            if max(extent.width, extent.height) > length:
                label.set_text(label.get_text().replace(" (", "\n(", 1))


def _thin_ticks(figure: Figure) -> None:
    """Every second tick goes from an axis along the bottom until no number is on another."""
    figure.draw_without_rendering()
    for axes in figure.axes:
        while axes.axison and _crowded(axes):
            low, high = sorted(axes.get_xlim())
            ticks = [
                (place, label.get_text())
                for place, label in zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)
                if low <= place <= high
            ][::2]
            axes.set_xticks([place for place, _ in ticks], [text for _, text in ticks])
            figure.draw_without_rendering()


def _crowded(axes: Axes) -> bool:
    """Whether labels of ticks along the bottom touch each other."""
    low, high = sorted(axes.get_xlim())
    boxes = sorted(
        (label.get_window_extent() for label in axes.get_xticklabels()
         if label.get_text() and low <= label.get_position()[0] <= high),
        key=lambda box: box.x0,
    )  # fmt: skip
    return any(box.x1 > after.x0 for box, after in pairwise(boxes))


def _sticks_out(figure: Figure) -> bool:
    """Whether something is wider than the figure."""
    figure.draw_without_rendering()
    box = figure.get_tightbbox()
    return bool(min(box.x0, figure.get_figwidth() - box.x1) < -TOLERANCE / POINTS_PER_INCH)


def _too_low(figure: Figure) -> float:
    """How much higher the figure must be for its axes to have the height that they need."""
    figure.draw_without_rendering()
    over = 0.0
    for axes in figure.axes:
        beside = axes.yaxis.label.get_window_extent().height * POINTS_PER_INCH / figure.dpi
        own = axes.bbox.height * POINTS_PER_INCH / figure.dpi
        over = max(over, max(beside, LOWEST) - own)
    return over + 1 if over > 0 else 0.0


# --- panels ------------------------------------------------------------------------------------


def _panel_sheets(drawing: Drawing) -> Iterator[Sheet]:
    figure = drawing.figure
    places = {axes.get_gid(): (axes, _in_points(axes, figure)) for axes in figure.axes}
    columns = min(2, len(drawing.panels))
    width = DOUBLE if columns > 1 else SINGLE
    for number, panels in enumerate(_batches(drawing, columns), start=1):
        for axes, _ in places.values():
            axes.set_visible(False)
        height = _height(drawing, len(panels), columns)
        _resize(figure, width, height)
        for index, panel in enumerate(panels):
            row, column = divmod(index, columns)
            slot = (column * width / columns, row * panel.box[3], width / columns)
            _move(*places[panel.gid], panel, slot, (width, height))
        if drawing.footer:
            left, below = (width - drawing.footer.box[2]) / 2, height - drawing.footer.box[3]
            slot = (left, below, drawing.footer.box[2])
            _move(*places[drawing.footer.gid], drawing.footer, slot, (width, height))
        whole = len(panels) == len(drawing.panels)
        key = drawing.key if whole else f"{drawing.key}-{number}"
        yield Sheet(key, figure, wide=columns > 1)


def _batches(drawing: Drawing, columns: int) -> Iterator[list[Panel]]:
    """The panels of each sheet."""
    footer = drawing.footer.box[3] if drawing.footer else 0
    rows = max(1, int((TALLEST - footer) // drawing.panels[0].box[3]))
    size = rows * columns
    for start in range(0, len(drawing.panels), size):
        yield drawing.panels[start : start + size]


def _height(drawing: Drawing, panels: int, columns: int) -> float:
    footer = drawing.footer.box[3] if drawing.footer else 0
    return -(-panels // columns) * drawing.panels[0].box[3] + footer


def _in_points(axes: Axes, figure: Figure) -> Bbox:
    """Place of the axes, from the upper left corner of the figure."""
    width, height = (length * POINTS_PER_INCH for length in figure.get_size_inches())
    box = axes.get_position()
    return Bbox.from_extents(
        box.x0 * width, (1 - box.y1) * height, box.x1 * width, (1 - box.y0) * height
    )


def _move(
    axes: Axes, old: Bbox, panel: Panel, slot: tuple[float, float, float],
    size: tuple[float, float],
) -> None:  # fmt: skip
    """Put the axes of a panel where the panel goes; the panel takes the slot's width."""
    left, top, _, _ = panel.box
    x, y, width = slot
    wider = width - panel.box[2]
    axes.set_visible(True)
    axes.set_position(
        (
            (x + old.x0 - left) / size[0],
            1 - (y + old.y1 - top) / size[1],
            (old.width + wider) / size[0],
            old.height / size[1],
        )
    )
