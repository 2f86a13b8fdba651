"""An architecture's drawing as a file."""

from __future__ import annotations

from pathlib import Path

from nasbench_harness.contracts import Architecture, SearchSpace
from nasbench_harness.errors import HarnessError
from nasbench_harness.process.names import settle_matplotlib
from nasbench_harness.store.files import replacing
from nasbench_harness.store.ownership import claim
from nasbench_harness.store.seals import is_sealed, sealed

FORMATS = (".svg", ".png", ".pdf")


def save_drawing(space: SearchSpace, arch: Architecture, path: Path) -> Path:
    """Draw `arch` to `path`, in the format its ending names."""
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise HarnessError(f"Cannot draw to `{path.name}`; use one of {', '.join(FORMATS)}.")
    claim(path, "a drawing", lambda content: is_sealed(content, suffix))
    settle_matplotlib()
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3), layout="constrained")
    space.draw(arch, figure.add_subplot())
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=160)
        temporary.write_bytes(sealed(temporary.read_bytes(), suffix))
    return path
