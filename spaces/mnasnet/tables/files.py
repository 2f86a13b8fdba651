"""What `nasharness data` installs, checks and cites: Accel-NASBench, and what is fitted to it."""

from __future__ import annotations

from pathlib import Path

from nasbench_harness.contracts import PlainData
from nasbench_harness.contracts.data import ProgressCallback
from nasbench_harness.spaces.mnasnet.citations import ACCEL_BIBTEX
from nasbench_harness.spaces.mnasnet.tables import (
    ACCEL,
    TOP1,
    accel_file,
    is_installed,
    open_accel,
    source,
)
from nasbench_harness.tables import library
from nasbench_harness.tables.fitted import FittedTable


class AccelFiles(PlainData):
    """The measurements, from the archive that their authors publish."""

    name = ACCEL
    what = "the measurements of Accel-NASBench, and a polynomial that is fitted to them"
    tables = (ACCEL,)
    holds = "predicted ImageNet accuracy of 10^11 MnasNet-like networks"
    licence = "Apache-2.0"
    how = "`nasharness data pull accel`"
    citation = ACCEL_BIBTEX

    @property
    def size(self) -> int:
        """Bytes of the archive."""
        return source.ARCHIVE.bytes

    def is_installed(self) -> bool:
        """Is what was fitted there."""
        return is_installed()

    def verify(self) -> list[tuple[str, bool]]:
        """The sum over all numbers, and facts that the measurements must show."""
        table = open_accel()
        off = table.held_out(TOP1)
        return [
            ("numbers are as they were written", table.verify()),
            ("512 networks are held out", off.architectures == 512),
            ("their top-1 is explained to 98 %", 0.98 < off.r2 < 0.99),
            ("their top-1 is off by 0.33 to 0.37 points", 0.33 < off.mae < 0.37),
            ("the highest prediction is 69.38 %", round(_highest(table), 2) == 69.38),
            ("two trainings of one network are 0.20 points apart", round(off.noise or 0, 1) == 0.2),
        ]

    def pull(self, *, origin: Path | None, mirror: str | None, progress: ProgressCallback) -> None:
        """Fetch the archive, check it, and fit to what it holds."""
        from nasbench_harness.spaces.mnasnet.tables.archive import read_archive
        from nasbench_harness.spaces.mnasnet.tables.fitting import build
        from nasbench_harness.tables import pinned

        if origin is None:
            origin = library.data_folder() / "downloads" / ACCEL
            with library.installing(origin):
                pinned.fetch(origin, [source.ARCHIVE], mirror=mirror, progress=progress)
        pinned.check(origin, [source.ARCHIVE])
        with library.installing(accel_file()):
            build(read_archive(origin / source.ARCHIVE.file), accel_file())


def _highest(table: FittedTable) -> float:
    from nasbench_harness.spaces.mnasnet.space import MnasNet

    return table.value(TOP1, MnasNet().parse(table.highest(TOP1)))
