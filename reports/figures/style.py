"""How figures look: fonts, ink, and one fixed colour, line and marker per method.

Ink, grid, paper and the colours of methods are exact colours that the page replaces by its theme's
own (see `svg`); they are the ones that drawings of architectures use as well.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from matplotlib.markers import MarkerStyle

from nasbench_harness import registry

INK, MUTED, GRID, PAPER = "#1f2328", "#8b949e", "#d8dee4", "#ffffff"
LIGHT, DARK = "#fefefe", "#101214"
"""White and black that stay what they are in every theme: marks on a picture."""


@dataclass(frozen=True)
class Paint:
    """A colour that keeps a contrast of 3 to 1 with the paper of either theme."""

    name: str
    light: str
    """On white: what figures are drawn in, and files hold."""
    dark: str


BASELINE_PAINT = Paint("baseline", "#6e7781", "#9aa4af")
BASELINE_COLOUR = BASELINE_PAINT.light
# The hues of Okabe & Ito (2008) without its black and its yellow, and a wine red; the paler ones
# are darker than theirs, which white paper swallows, and the dark theme has lighter ones of all.
METHOD_PAINTS = (
    Paint("blue", "#0072b2", "#4aa3e0"),
    Paint("vermilion", "#d55e00", "#f07a28"),
    Paint("green", "#008f68", "#27c795"),
    Paint("rose", "#c0639a", "#e79bc6"),
    Paint("amber", "#a87400", "#f0b429"),
    Paint("sky", "#2a8fcb", "#8cd3fa"),
    Paint("wine", "#882255", "#d6679a"),
)
PAINTS = (*METHOD_PAINTS, BASELINE_PAINT)

THEME = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    GRID: "var(--grid)",
    PAPER: "var(--paper)",
    **{paint.light: f"var(--{paint.name})" for paint in PAINTS},
}

_DASHES: tuple[Any, ...] = ("-", (0, (6, 2)), (0, (2, 1.2)), (0, (6, 1.5, 1.5, 1.5)), (0, (10, 3)))
MARKERS = ("o", "s", "^", "D", "v", "*", "P", "<", ">", "X", "p", "h")
"""Filled; as many methods have a shape of their own, further ones are hollow."""

RC: dict[Any, Any] = {
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "axes.facecolor": "none",
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "text.parse_math": False,  # a label may hold dollar signs
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "font.family": ["DejaVu Sans"],  # comes with matplotlib
    "font.size": 8.5,
    "axes.labelsize": 8.5,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "nasbench-harness",
}


@dataclass(frozen=True)
class MethodStyle:
    """A method's look in every figure; told apart in grey print by line and marker."""

    colour: str
    dash: Any
    marker: str
    hollow: bool = False
    """Whether only the outline of the marker is drawn."""

    @property
    def mark(self) -> MarkerStyle:
        """The marker as matplotlib draws it."""
        return MarkerStyle(self.marker, fillstyle="none" if self.hollow else "full")

    @property
    def on_picture(self) -> str:
        """The colour as it stays in every theme, for what lies on a picture."""
        return f"{self.colour[:-1]}{int(self.colour[-1], 16) ^ 1:x}"


def method_styles(methods: Mapping[str, str], baseline: str) -> dict[str, MethodStyle]:
    """Styles by label; `methods` maps each label to its method's name.

    An installed method keeps its look from report to report; a second label of the same method
    takes a free one. No two share a marker as long as there are enough of them.
    """
    styles = {}
    if baseline in methods:
        styles[baseline] = MethodStyle(BASELINE_COLOUR, (0, (3, 2)), "x")
    others = {label: method for label, method in methods.items() if label != baseline}
    slots = _slots(others, baseline)
    for label, slot in slots.items():
        styles[label] = MethodStyle(
            METHOD_PAINTS[slot % len(METHOD_PAINTS)].light,
            _DASHES[slot % len(_DASHES)],
            MARKERS[slot % len(MARKERS)],
            hollow=slot // len(MARKERS) % 2 == 1,
        )
    return styles


def _slots(methods: Mapping[str, str], baseline: str) -> dict[str, int]:
    """The first label of an installed method has that method's slot, the rest the free ones.

    Slots behind the last marker belong to nobody, so that no shape is used twice too early.
    """
    installed = [method for method in registry.methods.names() if method != baseline]
    installed = installed[: len(MARKERS)]
    slots: dict[str, int] = {}
    for label in sorted(methods):
        method = methods[label]
        if method in installed and installed.index(method) not in slots.values():
            slots[label] = installed.index(method)
    for label in sorted(set(methods) - set(slots)):
        slots[label] = next(slot for slot in itertools.count() if slot not in slots.values())
    return slots
