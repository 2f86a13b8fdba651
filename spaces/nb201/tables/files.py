"""What `nasharness data` installs, checks and cites of this space: its two tables."""

from __future__ import annotations

from pathlib import Path

from nasbench_harness.contracts import Origin, PlainData
from nasbench_harness.contracts.data import ProgressCallback
from nasbench_harness.errors import HarnessError
from nasbench_harness.spaces.nb201.citations import ANALOG_BIBTEX, NB201_BIBTEX
from nasbench_harness.spaces.nb201.tables import (
    BENCHMARK,
    OFFICIAL,
    is_installed,
    official_folder,
    open_official,
    sources,
)
from nasbench_harness.tables import library
from nasbench_harness.tables.joined import JoinedTable


class OfficialFiles(PlainData):
    """The table `official`: public sources, or the benchmark's own file."""

    name = BENCHMARK
    what = "the official NAS-Bench-201 table"
    tables = (OFFICIAL,)
    holds = (
        "three data sets, 12 and 200 epochs, latencies, energies, proxies, adversarial accuracies"
    )
    origins = tuple(
        Origin(source.name, source.repository, source.what, source.licence)
        for source in (*sources.SOURCES.values(), sources.GAINS)
    )
    licence = "; ".join(dict.fromkeys(origin.licence for origin in origins))
    how = "`nasharness data pull nb201`"
    citation = "\n\n".join(source.bibtex for source in (*sources.SOURCES.values(), sources.GAINS))

    @property
    def size(self) -> int:
        """Bytes of all source files."""
        own = sum(file.bytes for file in sources.source_files())
        return own + sum(file.bytes for file in sources.GAINS_FILES)

    def is_installed(self) -> bool:
        """Is the table there."""
        return is_installed()

    def verify(self) -> list[tuple[str, bool]]:
        """Hash columns and learning curves again, and check the known facts."""
        from nasbench_harness.spaces.nb201.tables.curves import LearningCurves
        from nasbench_harness.spaces.nb201.tables.verify import check_companion, check_facts

        table = open_official()
        LearningCurves(table.folder).verify()
        checks = check_facts(table)
        if isinstance(table, JoinedTable):
            checks += check_companion(table.companion)
        return checks

    def pull(self, *, origin: Path | None, mirror: str | None, progress: ProgressCallback) -> None:
        """Fetch the public sources, check them, merge them to the table and its companion."""
        from nasbench_harness.spaces.nb201.tables.pull import pull

        pull(origin=origin, mirror=mirror, progress=progress)

    def import_file(
        self, file: Path, *, jobs: int, curves: bool, force: bool, progress: ProgressCallback
    ) -> None:
        """Convert a NATS-Bench topology folder or tar, or a NAS-Bench-201 `.pth`."""
        from nasbench_harness.spaces.nb201.tables.importing import import_table

        library.install(
            official_folder(),
            lambda folder: import_table(
                file, folder, progress=progress, jobs=jobs, force=force, curves=curves
            ),
        )


class AnalogFiles(PlainData):
    """The table `analog`, which comes with a package."""

    name = "analog"
    what = "the table of the package `analog-nasbench`"
    tables = ("analog",)
    holds = "one CIFAR-10 accuracy of every cell, and what analog hardware makes of it"
    how = "`pip install analog-nasbench`"
    citation = f"{ANALOG_BIBTEX}\n\n{NB201_BIBTEX}"

    def is_installed(self) -> bool:
        """Is the package there."""
        from nasbench_harness.spaces.nb201.tables.analog import data_file

        try:
            return data_file().is_file()
        except HarnessError:
            return False

    def verify(self) -> list[tuple[str, bool]]:
        """Hash the package's file and the columns made of it against the pinned sums."""
        from nasbench_harness.spaces.nb201.tables.analog import verify_analog

        return verify_analog()
