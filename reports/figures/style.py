"""How figures look: fonts, ink, and one fixed colour, line and marker per method.

Ink, grid and paper are exact colours that the page replaces by its theme's own (see `svg`); they
are the ones that drawings of architectures use as well.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nasbench_harness import registry

INK, MUTED, GRID, PAPER = "#1f2328", "#8b949e", "#d8dee4", "#ffffff"
BASELINE_COLOUR = "#6e7781"
LIGHT, DARK = "#fefefe", "#101214"
"""White and black that stay what they are in every theme: marks on a picture."""

THEME = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    GRID: "var(--grid)",
    PAPER: "var(--paper)",
    BASELINE_COLOUR: "var(--baseline)",
}

# Okabe & Ito (2008) without its black and its yellow, which vanish on dark and on white paper.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#882255")
_DASHES: tuple[Any, ...] = ("-", (0, (6, 2)), (0, (2, 1.2)), (0, (6, 1.5, 1.5, 1.5)), (0, (10, 3)))
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")

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


def method_styles(methods: Mapping[str, str], baseline: str) -> dict[str, MethodStyle]:
    """Styles by label; `methods` maps each label to its method's name.

    An installed method keeps its look from report to report; a second label of the same method
    takes a free one.
    """
    styles = {}
    if baseline in methods:
        styles[baseline] = MethodStyle(BASELINE_COLOUR, (0, (3, 2)), "x")
    others = {label: method for label, method in methods.items() if label != baseline}
    slots = _slots(others, baseline)
    for label, slot in slots.items():
        styles[label] = MethodStyle(
            _COLOURS[slot % len(_COLOURS)],
            _DASHES[slot % len(_DASHES)],
            _MARKERS[slot % len(_MARKERS)],
        )
    return styles


def _slots(methods: Mapping[str, str], baseline: str) -> dict[str, int]:
    """The first label of an installed method has that method's slot, the rest the free ones."""
    installed = [method for method in registry.methods.names() if method != baseline]
    slots: dict[str, int] = {}
    for label in sorted(methods):
        method = methods[label]
        if method in installed and installed.index(method) not in slots.values():
            slots[label] = installed.index(method)
    for label in sorted(set(methods) - set(slots)):
        slots[label] = next(slot for slot in itertools.count() if slot not in slots.values())
    return slots
