"""An architecture's drawing as a file."""

from __future__ import annotations

from pathlib import Path

from nasbench_harness.contracts import Architecture, SearchSpace
from nasbench_harness.errors import HarnessError
from nasbench_harness.files import replacing

FORMATS = (".svg", ".png", ".pdf")


def save_drawing(space: SearchSpace, arch: Architecture, path: Path) -> Path:
    """Draw `arch` to `path`, in the format its ending names."""
    if path.suffix.lower() not in FORMATS:
        raise HarnessError(f"Cannot draw to `{path.name}`; use one of {', '.join(FORMATS)}.")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3), layout="constrained")
    space.draw(arch, figure.add_subplot())
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=160)
    return path
