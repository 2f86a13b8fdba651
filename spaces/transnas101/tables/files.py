"""What `nasharness data` checks and cites of this space: its table, which is always there."""

from __future__ import annotations

from nasbench_harness.contracts import Origin
from nasbench_harness.spaces.transnas101.citations import NASLIB_BIBTEX, TRANSNAS_BIBTEX
from nasbench_harness.spaces.transnas101.tables import TABLE
from nasbench_harness.tables.shipped import ShippedData


class TransNAS101Files(ShippedData):
    """The table `transnas101`."""

    name = "transnas101"
    what = "the table of TransNAS-Bench-101's cells"
    tables = ("transnas101",)
    holds = "one validation number of every cell in each of seven vision tasks"
    origins = (
        Origin(
            "benchmark", "yawen-d/TransNASBench", "the trainings: Duan et al., CVPR 2021", "MIT"
        ),
        Origin("carrier", "automl/NASLib", "the numbers as JSON", "Apache-2.0"),
    )
    licence = "MIT; Apache-2.0"
    citation = f"{TRANSNAS_BIBTEX}\n\n{NASLIB_BIBTEX}"
    table = TABLE
