"""What `nasharness data` installs, checks and cites: latencies of the FBNet space."""

from __future__ import annotations

from pathlib import Path

from nasbench_harness.contracts import PlainData
from nasbench_harness.contracts.data import ProgressCallback
from nasbench_harness.spaces.fbnet.citations import FBNET_BIBTEX
from nasbench_harness.spaces.fbnet.tables import DEVICES, NAME, fbnet_file, is_installed, open_fbnet
from nasbench_harness.spaces.shared.citations import HELP_BIBTEX
from nasbench_harness.tables import library


class FBNetFiles(PlainData):
    """Latencies on four devices, from a file that has them."""

    name = NAME
    what = "the latencies of the FBNet space on four devices, as sums over its layers"
    tables = (NAME,)
    holds = "latencies of all 10^21 FBNets on Eyeriss, an FPGA, a Pixel 3 and a Raspberry Pi 4"
    licence = "MIT (HELP)"
    how = f"`nasharness data import {NAME} FILE`"
    citation = f"{FBNET_BIBTEX}\n\n{HELP_BIBTEX}"

    def is_installed(self) -> bool:
        """Were they imported."""
        return is_installed()

    def verify(self) -> list[tuple[str, bool]]:
        """The devices, and what their latencies must show."""
        table = open_fbnet()
        sums = {device: table.additive(device) for device in DEVICES if device in _there()}
        grows = all(
            one.of([2] * 22) < one.of([3] * 22) and one.of([8] * 22) <= one.of([0] * 22)
            for one in sums.values()
        )
        return [
            ("there are four devices", set(sums) == set(DEVICES)),
            ("every layer has its nine blocks", all(len(one.parts) == 22 for one in sums.values())),
            ("to expand by 6 takes longer than by 3, and to skip takes least", grows),
        ]

    def import_file(
        self, file: Path, *, jobs: int, curves: bool, force: bool, progress: ProgressCallback
    ) -> None:
        """Take them from a table (.csv, .csv.gz) of networks, or from sums that are known (.json).

        A table has a column `arch`, 22 digits, and one of milliseconds for each of `eyeriss_ms`,
        `fpga_ms`, `pixel3_ms` and `raspi4_ms`.
        """
        from nasbench_harness.spaces.fbnet.tables.reading import read_sums
        from nasbench_harness.store.files import write_json

        found = read_sums(file)
        with library.installing(fbnet_file()):
            write_json(fbnet_file(), {name: one.to_json() for name, one in found.items()})


def _there() -> set[str]:
    return {cost.name.removeprefix("latency:") for cost in open_fbnet().costs}
