"""A figure on its way from matplotlib to files: panels of a known place, SVG, PNG and CSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nasbench_harness.reports.figures.style import RC, MethodStyle
from nasbench_harness.reports.words.marked import clipped
from nasbench_harness.store.files import replacing

DPI = 160
HEAD_INDENT = 2
"""Points from a panel's left edge to the bar beside its head."""
POINTS_PER_INCH = 72


@dataclass(frozen=True)
class Panel:
    """A part of a figure that the page can show by itself."""

    gid: str
    """Id of its group in the SVG."""
    box: tuple[float, float, float, float]
    """x, y (from the top), width and height in points."""
    alt: str
    """What the picture shows, for those who do not see it."""


@dataclass(frozen=True)
class Variant:
    """One of several drawings that the page shows in one place, one at a time."""

    group: str
    """Names the place."""
    choices: tuple[tuple[str, str], ...]
    """Per switch its name and the position that shows this drawing."""


@dataclass
class Drawing:
    """A drawn figure with its words and the numbers it was drawn from."""

    key: str
    """Names its files and its place on the page."""
    title: str
    caption: str
    """Marked text (see `words`)."""
    alt: str
    figure: Figure
    tables: Mapping[str, pd.DataFrame]
    """File stem to numbers."""
    panels: list[Panel] = field(default_factory=list)
    """Empty: the figure is shown whole."""
    footer: Panel | None = None
    """A legend or colour bar that all panels share."""
    variant: Variant | None = None
    """None: the drawing has a place of its own."""


@dataclass(frozen=True)
class SavedFigure:
    """A figure on disk, and its SVG text for the page."""

    drawing: Drawing
    svg: str
    files: tuple[str, ...]
    """File names beside each other: SVG, PNG, then CSV."""


@dataclass(frozen=True)
class Omitted:
    """A figure that cannot be drawn from this study, and why."""

    key: str
    title: str
    reason: str
    """Marked text, the end of a sentence."""


def save(drawing: Drawing, folder: Path) -> SavedFigure:
    """Write the drawing as SVG, PNG and CSV below `folder`."""
    paths = [folder / f"{drawing.key}.{kind}" for kind in ("svg", "png")]
    with mpl.rc_context(RC):
        for path in paths:
            metadata: dict[str, Any] = {"Date": None} if path.suffix == ".svg" else {}
            with replacing(path) as temporary:
                drawing.figure.savefig(temporary, dpi=DPI, metadata=metadata)
    for stem, table in drawing.tables.items():
        paths.append(folder / f"{stem}.csv")
        with replacing(paths[-1]) as temporary:
            table.to_csv(temporary, index=False)
    svg = paths[0].read_text(encoding="utf-8")
    return SavedFigure(drawing, svg, tuple(path.name for path in paths))


@dataclass
class PanelGrid:
    """Equal panels in rows, with exact places, and a strip below them. All lengths in points."""

    count: int
    width: float
    height: float
    insets: tuple[float, float, float, float]
    """Left, right, top and bottom room around the axes of a panel."""
    columns: int = 3
    footer: float = 0

    def __post_init__(self) -> None:
        self.columns = min(self.columns, self.count)
        rows = -(-self.count // self.columns)
        self.total = (self.columns * self.width, rows * self.height + self.footer)
        size = (self.total[0] / POINTS_PER_INCH, self.total[1] / POINTS_PER_INCH)
        self.figure = Figure(figsize=size)

    def axes(self, index: int) -> Axes:
        """Axes of a panel, row by row."""
        x, y, width, height = self.box(index)
        left, right, top, bottom = self.insets
        axes = self._add(x + left, y + top, width - left - right, height - top - bottom)
        axes.set_gid(self._gid(index))
        return axes

    def head(self, axes: Axes, label: str, facts: Sequence[str], *styles: MethodStyle) -> None:
        """What a panel is about and facts above it, beside a bar in the colours of its methods."""
        left, top = HEAD_INDENT - self.insets[0], self.insets[2] - 3
        for row, text in enumerate([clipped(label, 34), *facts]):
            size, weight = (7.5, "normal") if row else (9.5, "bold")
            x, y = self._place(left + 7, top - 9 - 12 * row)
            axes.text(x, y, text, transform=axes.transAxes, fontsize=size, fontweight=weight)
        length = (12 * len(facts) + 12) / len(styles)
        for part, style in enumerate(styles):
            x, high = self._place(left, top - part * length)
            _, low = self._place(left, top - (part + 1) * length)
            bar = Line2D([x, x], [low, high], color=style.colour, linewidth=3)
            bar.set(transform=axes.transAxes, clip_on=False, solid_capstyle="butt")
            axes.add_artist(bar)

    def title(self, axes: Axes, heading: str, meaning: str) -> None:
        """Heading and what it means above a panel that is about no single method."""
        left, top = HEAD_INDENT - self.insets[0], self.insets[2] - 3
        for row, (text, size, weight) in enumerate(
            [(heading, 9.5, "bold"), (meaning, 7.5, "normal")]
        ):
            x, y = self._place(left, top - 9 - 12 * row)
            axes.text(x, y, text, transform=axes.transAxes, fontsize=size, fontweight=weight)

    def legend(self, handles: Sequence[Line2D]) -> None:
        """Explain lines in the strip below, one under the other, so that it fits a phone."""
        axes = self.footer_axes(height=self.footer - 8, width=self.width - 8, top=8)
        axes.set_axis_off()
        axes.legend(
            handles=list(handles), loc="upper center", handlelength=3.2, borderaxespad=0,
            fontsize=7.5,
        )  # fmt: skip

    def footer_axes(self, height: float, width: float, top: float) -> Axes:
        """Axes centred in the strip below, `top` points under its upper edge."""
        x = (self.total[0] - width) / 2
        axes = self._add(x, self.total[1] - self.footer + top, width, height)
        axes.set_gid("footer")
        return axes

    def box(self, index: int) -> tuple[float, float, float, float]:
        """x, y (from the top), width and height of a panel."""
        row, column = divmod(index, self.columns)
        return (column * self.width, row * self.height, self.width, self.height)

    def panel(self, index: int, alt: str) -> Panel:
        """The panel as the page shows it."""
        return Panel(self._gid(index), self.box(index), alt)

    def footer_panel(self, alt: str) -> Panel:
        """The strip as the page shows it: no wider than a panel, so that it fits a phone."""
        x = (self.total[0] - self.width) / 2
        return Panel("footer", (x, self.total[1] - self.footer, self.width, self.footer), alt)

    def _place(self, dx: float, dy: float) -> tuple[float, float]:
        """Points from the upper left corner of a panel's axes as a fraction of the axes."""
        left, right, top, bottom = self.insets
        return dx / (self.width - left - right), 1 + dy / (self.height - top - bottom)

    def _gid(self, index: int) -> str:
        return f"panel-{index}"

    def _add(self, x: float, y: float, width: float, height: float) -> Axes:
        total_width, total_height = self.total
        bottom = total_height - y - height
        return self.figure.add_axes(
            (x / total_width, bottom / total_height, width / total_width, height / total_height)
        )
