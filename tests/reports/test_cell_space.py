"""What reports say of a search space whose cells keep some of the relaxed edges only."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from nasbench_harness import registry
from nasbench_harness.reports.analysis.searchcost import most_skips
from nasbench_harness.reports.figures.choices import name_rows, room
from nasbench_harness.reports.words.images import cells_in_words, published_sizes


@pytest.mark.parametrize("space", ["darts", "nb201", "proxyless"])
def test_names_of_decisions_and_options_stand_apart(space: str) -> None:
    """The decisions' names left of all names of options, and all of it in the room that is kept."""
    opened = registry.open_space(space)
    points, height, left = 300, 9 * sum(len(d.options) for d in opened.decisions), room(opened)
    figure = Figure(figsize=((left + points) / 72, height / 72), dpi=72)
    axes = figure.add_axes((left / (left + points), 0, points / (left + points), 1))
    axes.set_ylim(sum(len(d.options) for d in opened.decisions) - 0.5, -0.5)
    name_rows(axes, opened)
    renderer = FigureCanvasAgg(figure).get_renderer()
    decisions = [text.get_window_extent(renderer) for text in axes.texts]
    options = [label.get_window_extent(renderer) for label in axes.get_yticklabels()]
    assert min(box.x0 for box in decisions) >= 0
    assert max(box.x1 for box in decisions) < min(box.x0 for box in options)


def test_cells_are_of_a_stage_only_where_there_are_stages() -> None:
    assert cells_in_words(5, registry.open_space("nb201")) == "5 cells a stage"
    assert cells_in_words(1, registry.open_space("darts")) == "1 cell"
    assert cells_in_words(4, registry.open_space("darts[variant=wide]")) == "4 cells"


def test_skips_are_counted_of_all_decisions_only_where_an_answer_keeps_all() -> None:
    assert most_skips(registry.open_space("nb201")) == 6
    assert most_skips(registry.open_space("darts")) is None


def searched(method: str) -> Any:
    return SimpleNamespace(method=method, space="darts", problem="supernet")


@pytest.mark.parametrize(
    ("method", "sizes"),
    [
        ("drnas", {"width": 36, "cells": 20}),
        ("darts", {"width": 16, "cells": 8}),
        ("edas", {"width": 16, "cells": 8}),  # its own are a decision of this project
        ("gone", {"width": 16, "cells": 8}),
    ],
)
def test_published_sizes_are_the_method_s_own(method: str, sizes: dict[str, int]) -> None:
    assert published_sizes(searched(method), registry.open_space("darts")) == sizes
