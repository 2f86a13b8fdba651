"""An architecture's drawing as a file."""

from __future__ import annotations

from pathlib import Path

from nasbench_harness.contracts import Architecture, SearchSpace
from nasbench_harness.errors import HarnessError
from nasbench_harness.files import replacing
from nasbench_harness.names import settle_matplotlib
from nasbench_harness.ownership import claim

FORMATS = (".svg", ".png", ".pdf")


def save_drawing(space: SearchSpace, arch: Architecture, path: Path) -> Path:
    """Draw `arch` to `path`, in the format its ending names."""
    if path.suffix.lower() not in FORMATS:
        raise HarnessError(f"Cannot draw to `{path.name}`; use one of {', '.join(FORMATS)}.")
    claim(path, "a drawing", _is_drawing)
    settle_matplotlib()
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3), layout="constrained")
    space.draw(arch, figure.add_subplot())
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=160)
    return path


_SIZES = (b'width="432pt" height="216pt"', b"IHDR\x00\x00\x03\xc0\x00\x00\x01\xe0", b"0 0 432 216")
"""Of every drawing, as SVG, PNG and PDF write them."""


def _is_drawing(content: bytes) -> bool:
    return b"Matplotlib" in content and any(size in content for size in _SIZES)
