"""Cells as pictures."""

from __future__ import annotations

import pytest
import torch
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from nasbench_harness.contracts import Architecture
from nasbench_harness.spaces.darts import open_darts
from nasbench_harness.spaces.darts.drawing import STYLES
from nasbench_harness.spaces.darts.encoding import OPERATIONS
from nasbench_harness.spaces.darts.space import DARTSSpace
from nasbench_harness.spaces.darts.variants import VARIANTS

LARGE, PANEL = (6.0, 3.0), (234 / 72, 116 / 72)
"""Inches of a file of its own, and of a panel of a report."""


def drawn(space: DARTSSpace, arch: Architecture, size: tuple[float, float] = LARGE) -> Axes:
    axes = Figure(figsize=size).add_axes((0, 0, 1, 1))
    space.draw(arch, axes)
    return axes


def test_every_operation_has_a_style() -> None:
    assert set(STYLES) == set(OPERATIONS)


def test_all_kept_edges_and_nodes_are_named() -> None:
    space = open_darts()
    names = [text.get_text() for text in drawn(space, space.parse("DARTS_V2")).texts]
    inputs = ["cₖ₋₂", "cₖ₋₁", "0", "1", "2", "3", "cₖ"]
    assert [names.count(name) for name in inputs] == [2] * len(inputs)
    assert names.count("sep 3×3") == 5
    assert names.count("dil 3×3") == 1
    assert names.count("skip") == 5
    assert names.count("max pool") == 5
    assert names.count("normal") == names.count("reduction") == 1


def test_a_cell_that_is_the_only_one_is_drawn_alone() -> None:
    space = open_darts("single_cell")
    arch = space.sample(torch.Generator().manual_seed(0))
    names = [text.get_text() for text in drawn(space, arch).texts]
    assert "reduction" not in names
    assert "7" in names


def boxes(axes: Axes) -> list[tuple[str, Bbox]]:
    figure = axes.figure
    assert isinstance(figure, Figure)
    renderer = FigureCanvasAgg(figure).get_renderer()
    return [(text.get_text(), text.get_window_extent(renderer)) for text in axes.texts]


def overlaps(named: list[tuple[str, Bbox]]) -> list[tuple[str, str]]:
    return [
        (one, other)
        for number, (one, box) in enumerate(named)
        for other, beside in named[number + 1 :]
        if box.overlaps(beside)
    ]


@pytest.mark.parametrize("size", [LARGE, PANEL])
@pytest.mark.parametrize("variant", ["regular", "unas", "s4"])
def test_no_text_lies_on_another_or_outside(variant: str, size: tuple[float, float]) -> None:
    space = open_darts(variant)
    generator = torch.Generator().manual_seed(7)
    for _ in range(3):
        axes = drawn(space, space.sample(generator), size)
        named = boxes(axes)
        assert overlaps(named) == []
        inside = axes.figure.bbox
        assert all(inside.contains(*corner) for _, box in named for corner in box.corners())


def test_names_are_plain_characters_where_labels_are_no_formulas() -> None:
    space = open_darts()
    with rc_context({"text.parse_math": False}):
        axes = drawn(space, space.parse("DARTS_V2"), PANEL)
        assert overlaps(boxes(axes)) == []
        assert not any("$" in text.get_text() for text in axes.texts)


def test_every_variant_can_be_drawn() -> None:
    for variant in VARIANTS:
        space = open_darts(variant)
        arch = space.sample(torch.Generator().manual_seed(1))
        axes = drawn(space, arch)
        kept = sum(2 * len(cell) for cell in space.cells(arch).values())
        labels = {label for label, *_ in STYLES.values()}
        assert sum(text.get_text() in labels for text in axes.texts) == kept
