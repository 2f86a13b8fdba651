"""The picture of a cell."""

from __future__ import annotations

import io
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.patches import FancyArrowPatch

from nasbench_harness.cli.drawing import save_drawing
from nasbench_harness.errors import HarnessError
from nasbench_harness.spaces.nb201 import NB201

NONE, SKIP, CONV1, CONV3, POOL = range(5)
LABELS = {SKIP: "skip", CONV1: "conv 1×1", CONV3: "conv 3×3", POOL: "pool 3×3"}
VARIED = (CONV3, CONV1, POOL, SKIP, CONV3, NONE)


def drawn(choices: tuple[int, ...]) -> Figure:
    space = NB201()
    figure = Figure(figsize=(5, 3))
    space.draw(space.architecture(choices), figure.subplots())
    return figure


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def arrows(figure: Figure) -> list[FancyArrowPatch]:
    return [patch for patch in figure.axes[0].patches if isinstance(patch, FancyArrowPatch)]


def test_every_operation_but_none_is_labelled() -> None:
    labels = sorted(set(texts(drawn(VARIED))) & set(LABELS.values()))
    assert labels == sorted(LABELS.values())


def test_nodes_are_named() -> None:
    assert {"in", "1", "2", "out"} <= set(texts(drawn(VARIED)))


@pytest.mark.parametrize(
    "choices", [(NONE,) * 6, VARIED, (CONV3,) * 6, (SKIP, NONE, SKIP, NONE, NONE, SKIP)]
)
def test_none_is_not_drawn(choices: tuple[int, ...]) -> None:
    assert len(arrows(drawn(choices))) == sum(choice != NONE for choice in choices)


def test_operations_are_told_apart_by_colour() -> None:
    """In a cell whose edges are all alive; those of no use are grey."""
    colours = {arrow.get_edgecolor() for arrow in arrows(drawn((1, 2, 3, 4, 1, 2)))}
    assert len(colours) == len(LABELS)


def test_labels_do_not_cover_each_other() -> None:
    figure = drawn((CONV3,) * 6)
    figure.canvas.draw()
    boxes = [t.get_window_extent() for t in figure.axes[0].texts if "conv" in t.get_text()]
    assert not [pair for pair in combinations(boxes, 2) if pair[0].overlaps(pair[1])]


def test_svg_carries_the_labels() -> None:
    buffer = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none"}):
        drawn(VARIED).savefig(buffer, format="svg")
    assert all(label in buffer.getvalue() for label in LABELS.values())


def test_png_shows_something() -> None:
    buffer = io.BytesIO()
    drawn(VARIED).savefig(buffer, format="png")
    buffer.seek(0)
    assert imread(buffer).std() > 0.01


@pytest.mark.parametrize(
    ("name", "signature"),
    [("cell.svg", b"<?xml"), ("cell.png", b"\x89PNG"), ("cell.pdf", b"%PDF")],
)
def test_drawing_is_saved_in_the_format_of_its_name(
    tmp_path: Path, name: str, signature: bytes
) -> None:
    space = NB201()
    path = save_drawing(space, space.architecture(VARIED), tmp_path / name)
    assert path.read_bytes().startswith(signature)


@pytest.mark.parametrize("name", ["cell.gif", "cell", "cell.svgz"])
def test_unknown_format_lists_the_known(tmp_path: Path, name: str) -> None:
    space = NB201()
    with pytest.raises(HarnessError, match=rf"`{name}`; use one of \.svg, \.png, \.pdf"):
        save_drawing(space, space.at_index(0), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_drawing_needs_no_pyplot() -> None:
    code = (
        "import sys; from matplotlib.figure import Figure;"
        "from nasbench_harness.spaces.nb201 import NB201;"
        "NB201().draw(NB201().at_index(0), Figure().subplots());"
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
