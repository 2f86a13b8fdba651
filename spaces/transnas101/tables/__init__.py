"""The complete table of TransNAS-Bench-101's cell-level space, which comes with the package.

`make.py` beside it makes the file from the pinned original; `transnas101.json` tells where that is
from and under which licences, whose texts are in `LICENSE-MIT` and `LICENSE-Apache-2.0`.
"""

from __future__ import annotations

from nasbench_harness.contracts import Metric
from nasbench_harness.spaces.shared.cell import EDGES
from nasbench_harness.spaces.transnas101.encoding import OPERATIONS
from nasbench_harness.spaces.transnas101.tasks import TASKS, Task
from nasbench_harness.tables.columns import ColumnTable, Provenance
from nasbench_harness.tables.shipped import ShippedTable

SUFFIX = "_valid"
"""How the columns end."""

CAVEAT = (
    "The `transnas101` table has one number of a cell and task: of a single training, after its"
    " last epoch, on the validation images. A search on the table itself looks at the number it is"
    " judged by, there is no other split that would tell how much of a lead is luck, and nobody"
    " knows how far another training would move it. Best-epoch numbers, as the benchmark's paper"
    " quotes some, are higher."
)


def metric(task: Task) -> Metric:
    """The one column of a task."""
    return Metric(
        name=f"{task.name}{SUFFIX}",
        meaning=f"{task.quantity} in {task.name} ({task.what}), last epoch",
        unit=task.unit,
        dataset=task.name,
        split="valid",
        epochs=task.epochs,
        search=True,
        report=True,
        trained_on="training images of Taskonomy",
        evaluated_on="validation images of Taskonomy",
        seeds="1",
        source="NASLib",
        quantity=task.quantity,
    )


TABLE = ShippedTable(
    provenance=Provenance(
        name="transnas101",
        space="transnas101",
        version="NASLib 7a5496e221",
        source="TransNAS-Bench-101 as carried by automl/NASLib, all_benchmarks_zen.zip",
        source_sha256="d70d3ddcda2264806a467d3fb3840e8ce04c5b0129776110a62018ea68e6d7f2",
        caveat=CAVEAT,
        shape=(len(OPERATIONS),) * len(EDGES),
    ),
    metrics=tuple(map(metric, TASKS.values())),
    package=__name__,
    file="transnas101.parquet",
    sha256="b7a4af569c977e1434f59719aa33d6b0eb117b373544d6d238901b98566ca60e",
    content_sha256="22e1ae0ad7bdfde1364d8a0f1640ed7c2d9fd6a64fa2b3eb7fce2f0e40bad13a",
)


def open_transnas101() -> ColumnTable:
    """Open the table, converting it on first use."""
    return TABLE.open()
