"""A figure's SVG made fit to stand inside an HTML page: themed, with ids of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from nasbench_harness.reports.figures.drawing import Panel, SavedFigure
from nasbench_harness.reports.figures.style import THEME

_FONT = re.compile(r"(font: (?:[a-z]+ |\d{3} )?[\d.]+px) '[^;\"]*")


@dataclass(frozen=True)
class InlineFigure:
    """What the page puts in place of an image; all of it is safe markup."""

    source: str
    """Hidden drawing that the pictures show parts of; empty where there is one picture."""
    pictures: list[str]
    footer: str


def inline(saved: SavedFigure, prefix: str) -> InlineFigure:
    """The figure as inline SVG whose ids begin with `prefix`."""
    drawing = saved.drawing
    width, height, markup = _body(saved.svg, prefix)
    if not drawing.panels:
        box = (0.0, 0.0, width, height)
        return InlineFigure("", [_picture(box, markup, drawing.alt)], "")
    source = f'<svg class="source" aria-hidden="true" width="0" height="0">{markup}</svg>'
    pictures = [_view(panel, prefix) for panel in drawing.panels]
    return InlineFigure(source, pictures, _view(drawing.footer, prefix) if drawing.footer else "")


def themed(markup: str, theme: Mapping[str, str] = THEME) -> str:
    """Replace the sentinel colours by the page's own."""
    for colour, variable in theme.items():
        markup = markup.replace(colour, variable)
    return markup


def _view(panel: Panel, prefix: str) -> str:
    return _picture(panel.box, f'<use href="#{prefix}{panel.gid}"/>', panel.alt)


def _picture(box: tuple[float, float, float, float], inside: str, alt: str) -> str:
    """An SVG that scales with its place on the page, up to a size fit for reading."""
    x, y, width, height = (f"{number:g}" for number in box)
    return (
        f'<svg viewBox="{x} {y} {width} {height}" style="--w:{width}" role="img"'
        f' aria-label="{escape(alt)}">{inside}</svg>'
    )


def _body(text: str, prefix: str) -> tuple[float, float, str]:
    """Width, height and content of a file by matplotlib, without what only a file needs."""
    opening = re.search(r'<svg [^>]*viewBox="0 0 ([\d.]+) ([\d.]+)"[^>]*>', text)
    if opening is None:
        raise ValueError("this is no SVG by matplotlib")
    markup = text[opening.end() : text.rindex("</svg>")]
    markup = re.sub(r"<metadata>.*?</metadata>", "", markup, flags=re.DOTALL)
    markup = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", markup, flags=re.DOTALL)
    markup = re.sub(r"<!--.*?-->", "", markup, flags=re.DOTALL)
    markup = _own_ids(markup, prefix)
    markup = _FONT.sub(r"\1 var(--sans)", markup)
    markup = re.sub(r"\s*\n\s*", " ", markup)
    return float(opening[1]), float(opening[2]), themed(markup)


def _own_ids(markup: str, prefix: str) -> str:
    """Prefix the ids that are referred to or shown by themselves, drop the others."""
    markup = markup.replace("xlink:href", "href")
    used = set(re.findall(r'(?:href="|url\()#([^")]+)', markup))

    def rename(found: re.Match[str]) -> str:
        wanted = found[1] in used or found[1].startswith(("panel-", "footer"))
        return f' id="{prefix}{found[1]}"' if wanted else ""

    markup = re.sub(r' id="([^"]*)"', rename, markup)
    return re.sub(r'(href="|url\()#', rf"\1#{prefix}", markup)
