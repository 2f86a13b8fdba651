"""nasbench-harness: compare differentiable architecture search methods on equal terms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nasbench_harness.contracts import Table

__version__ = "0.1.0"

# In a checkout `methods/`, `spaces/` and `reports/` stand beside this folder, not inside it: with
# the checkout on the package's path they are sub-packages there too, as in an installed wheel.
_checkout = Path(__file__).resolve().parent.parent
if (_checkout / "pyproject.toml").is_file() and (_checkout / "methods").is_dir():
    __path__.append(str(_checkout))


def open_table(name: str = "nb201") -> Table:
    """A tabular benchmark by name; `nb201` is the official NAS-Bench-201 table.

    HarnessError if there is none of that name or it is not installed.
    """
    from nasbench_harness import registry
    from nasbench_harness.tables import library

    return registry.open_table(library.OFFICIAL if name == library.BENCHMARK else name)
