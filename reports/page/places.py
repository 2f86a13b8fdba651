"""Where figures stand on the page, and which of them share a place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from nasbench_harness.reports.figures.drawing import Drawing, SavedFigure


@dataclass(frozen=True)
class Switch:
    """Something a reader chooses about a figure, such as what is on an axis."""

    name: str
    positions: list[str]


@dataclass(frozen=True)
class FigurePlace:
    """A figure of the page: one drawing, or variants of which one is seen at a time."""

    key: str
    figures: list[SavedFigure]
    beside: bool
    """It has a row to itself, its caption beside it."""

    @property
    def title(self) -> str:
        """What the figure is called."""
        return self.figures[0].drawing.title

    @property
    def shape(self) -> str:
        """Classes of the element."""
        names = ["many" if self.figures[0].drawing.panels else "one"]
        names += ["beside"] if self.beside else []
        return " ".join([*names, *(["switched"] if self.switches else [])])

    @property
    def switches(self) -> list[Switch]:
        """Switches with more than one position, in the order of their first drawings."""
        chosen = [self._choices(saved.drawing) for saved in self.figures]
        names = list(dict.fromkeys(name for choices in chosen for name in choices))
        found = [
            Switch(name, list(dict.fromkeys(choices[name] for choices in chosen))) for name in names
        ]
        return [switch for switch in found if len(switch.positions) > 1]

    def choices(self, drawing: Drawing) -> list[str]:
        """Positions of the switches at which a drawing is seen."""
        mine = self._choices(drawing)
        return [mine[switch.name] for switch in self.switches]

    def _choices(self, drawing: Drawing) -> dict[str, str]:
        return dict(drawing.variant.choices) if drawing.variant else {}


def arrange(figures: Sequence[SavedFigure]) -> list[FigurePlace]:
    """Places in the order of the figures; variants of one group share one."""
    groups = [list(group) for _, group in groupby(figures, key=_place)]
    single = [group for group in groups if not group[0].drawing.panels]
    last = single[-1] if len(single) % 2 else None
    return [FigurePlace(_place(group[0]), group, beside=group is last) for group in groups]


def _place(saved: SavedFigure) -> str:
    drawing = saved.drawing
    return drawing.variant.group if drawing.variant else drawing.key
