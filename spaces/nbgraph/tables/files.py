"""What `nasharness data` installs, checks and cites of this space: its table."""

from __future__ import annotations

from pathlib import Path

from nasbench_harness.contracts import Origin, PlainData
from nasbench_harness.contracts.data import ProgressCallback
from nasbench_harness.spaces.nbgraph.citations import NBGRAPH_BIBTEX
from nasbench_harness.spaces.nbgraph.tables import is_installed, open_nbgraph, pulled_folder
from nasbench_harness.spaces.nbgraph.tables.schema import DATA, PACKAGE, TABLE, VERSION
from nasbench_harness.tables import library


class NBGraphFiles(PlainData):
    """The table `nbgraph`: from an installed package, or from its wheel."""

    name = DATA
    what = "the table of NAS-Bench-Graph"
    tables = (TABLE,)
    holds = "validation and test accuracy, latency and parameters on eight graph data sets"
    origins = (
        Origin(PACKAGE, f"PyPI, release {VERSION} (THUMNLab/NAS-Bench-Graph)",
               "mean accuracies of three trainings, latencies, parameters", "Apache-2.0"),
    )  # fmt: skip
    licence = "Apache-2.0"
    how = f"`nasharness data pull {DATA}`"
    citation = NBGRAPH_BIBTEX

    @property
    def size(self) -> int:
        """Bytes of the wheel."""
        from nasbench_harness.spaces.nbgraph.tables.upstream import WHEEL

        return WHEEL.bytes

    def is_installed(self) -> bool:
        """Was it pulled, or is the package there."""
        return is_installed()

    def verify(self) -> list[tuple[str, bool]]:
        """Hash the columns again, and check the known facts."""
        from nasbench_harness.spaces.nbgraph.tables.verify import check_facts

        return check_facts(open_nbgraph())

    def pull(self, *, origin: Path | None, mirror: str | None, progress: ProgressCallback) -> None:
        """Fetch the wheel, check it, and convert its numbers."""
        from nasbench_harness.spaces.nbgraph.tables.convert import convert
        from nasbench_harness.spaces.nbgraph.tables.upstream import of_wheel

        benches = of_wheel(origin=origin, mirror=mirror, progress=progress)
        library.install(pulled_folder(), lambda folder: convert(benches, folder))
