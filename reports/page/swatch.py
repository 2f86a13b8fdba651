"""A method's line and marker in miniature, so that tables and figures share one legend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from nasbench_harness.reports.figures.style import MethodStyle
from nasbench_harness.reports.page.svg import themed

_SHAPES: Mapping[str, str] = {
    "o": '<circle cx="16" cy="6" r="3.4"/>',
    "s": '<rect x="12.8" y="2.8" width="6.4" height="6.4"/>',
    "^": '<path d="M16 2l4 7h-8z"/>',
    "v": '<path d="M16 10l4-7h-8z"/>',
    "D": '<path d="M16 1.6l4.4 4.4-4.4 4.4-4.4-4.4z"/>',
    "P": '<path d="M14.6 2h2.8v2.6h2.6v2.8h-2.6V10h-2.8V7.4H12V4.6h2.6z"/>',
    "X": '<path d="M13 1.6l3 3 3-3 1.4 1.4-3 3 3 3-1.4 1.4-3-3-3 3-1.4-1.4 3-3-3-3z"/>',
    "*": '<path d="M16 1l1.5 3.3 3.6.4-2.7 2.4.8 3.5-3.2-1.8-3.2 1.8.8-3.5-2.7-2.4 3.6-.4z"/>',
    "<": '<path d="M12 6l7-4v8z"/>',
    ">": '<path d="M20 6l-7-4v8z"/>',
    "p": '<path d="M16 2l4 2.9-1.5 4.6h-5L12 4.9z"/>',
    "h": '<path d="M16 1.8l3.7 2.1v4.2L16 10.2l-3.7-2.1V3.9z"/>',
    "x": '<path d="M13 3l6 6m0-6l-6 6" stroke-width="1.6"/>',
}


def swatch(style: MethodStyle) -> Markup:
    """An inline SVG of 32 x 12 pixels, hidden from screen readers."""
    dash = f' stroke-dasharray="{_dashes(style.dash)}"' if style.dash != "-" else ""
    colour = themed(style.colour)
    inside, edge = ("var(--paper)", 1.4) if style.hollow else (colour, 0)
    return Markup(
        '<svg class="swatch" viewBox="0 0 32 12" aria-hidden="true">'
        f'<g fill="{inside}" stroke="{colour}" stroke-width="{edge}">'
        f'<path d="M0 6h32" stroke-width="2"{dash}/>{_SHAPES[style.marker]}</g></svg>'
    )


def _dashes(dash: Any) -> str:
    """Matplotlib counts dashes in line widths."""
    return " ".join(f"{2 * length:g}" for length in dash[1])
