"""A seal tells what we wrote from anything that was changed."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from nasbench_harness.cli.drawing import save_drawing
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.store.ownership import OwnershipError
from nasbench_harness.store.seals import is_sealed, sealed

KINDS = (".svg", ".png", ".pdf")


def foreign(suffix: str) -> bytes:
    """A figure of somebody's, of a drawing's size."""
    buffer = io.BytesIO()
    Figure(figsize=(6, 3)).savefig(buffer, dpi=160, format=suffix[1:])
    return buffer.getvalue()


@pytest.mark.parametrize("suffix", [*KINDS, ".md"])
def test_any_change_breaks_a_seal(suffix: str) -> None:
    content = foreign(suffix) if suffix in KINDS else b"## A summary\n"
    whole = sealed(content, suffix)
    assert is_sealed(whole, suffix)
    middle = len(content) // 2
    for other in (content, whole + b"\n", b" " + whole, whole[:-1], b"", whole[:9],
                  whole[:middle] + b"mine" + whole[middle:]):  # fmt: skip
        assert not is_sealed(other, suffix)


@pytest.mark.parametrize("suffix", KINDS)
def test_a_drawing_replaces_its_like_and_no_figure_of_somebody(tmp_path: Path, suffix: str) -> None:
    space, path = NB201(), tmp_path / f"cell{suffix}"
    for index in (5, 6):
        save_drawing(space, space.at_index(index), path)
    path.write_bytes(foreign(suffix))
    with pytest.raises(OwnershipError, match="is not a drawing"):
        save_drawing(space, space.at_index(5), path)
    assert path.read_bytes().startswith(foreign(suffix)[:8])


def test_a_sealed_picture_is_read_as_before(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(sealed(foreign(".png"), ".png"))
    assert imread(tmp_path / "a.png").shape == (480, 960, 4)
