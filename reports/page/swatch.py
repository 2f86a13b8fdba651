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
    "x": '<path d="M13 3l6 6m0-6l-6 6" stroke-width="1.6"/>',
}


def swatch(style: MethodStyle) -> Markup:
    """An inline SVG of 32 x 12 pixels, hidden from screen readers."""
    dash = f' stroke-dasharray="{_dashes(style.dash)}"' if style.dash != "-" else ""
    return Markup(
        '<svg class="swatch" viewBox="0 0 32 12" aria-hidden="true">'
        f'<g fill="{themed(style.colour)}" stroke="{themed(style.colour)}" stroke-width="0">'
        f'<path d="M0 6h32" stroke-width="2"{dash}/>{_SHAPES[style.marker]}</g></svg>'
    )


def _dashes(dash: Any) -> str:
    """Matplotlib counts dashes in line widths."""
    return " ".join(f"{2 * length:g}" for length in dash[1])
