"""Exact parameters and operations of a cell's network, task by task.

The network is fixed but for the cell, so both are linear in the operations of its edges. An edge
that leaves node 0 is at stride 2 in the first cell of the three modules that halve the map, which
makes it another one than the edges between later nodes. The numbers are those of the benchmark's
own models, decoders included.
"""

from __future__ import annotations

from collections.abc import Sequence

from nasbench_harness.contracts import Cost
from nasbench_harness.errors import UnknownNameError
from nasbench_harness.spaces.shared.cell import EDGES
from nasbench_harness.spaces.transnas101.tasks import task_named

COSTS = (
    Cost("params", "parameters of the network", "count", "Parameters", "million", 1e6),
    Cost(
        "flops",
        "operations of one forward pass of one image as the benchmark counts them: multiply-adds,"
        " and those of batch norms and ReLUs",
        "count", "Operations", "million", 1e6,
    ),
)  # fmt: skip
_STEM_PARAMS = 19_488
_PARAMS_OF_INPUT = (0, 173_824, 685_056, 6_124_544)
_PARAMS_OF_LATER = (0, 0, 857_088, 7_672_832)
"""By operation, summed over the ten cells: of an edge that leaves node 0, and of another."""
_SIZE = 256
_STEM_FLOPS = 91_750_400
_FLOPS_OF_INPUT = (0, 26_083_328, 145_391_616, 1_286_242_304)
_FLOPS_OF_LATER = (0, 0, 170_328_064, 1_512_505_344)
"""The same at `_SIZE` pixels; they go with the area."""


def cost(choices: Sequence[int], what: str, dataset: str) -> float:
    """`params` or `flops` of a cell's network in a task; UnknownNameError for another name.

    Without a task (an empty name) that of `class_object`.
    """
    task = task_named(dataset)
    if what == "params":
        edges = _edges(choices, _PARAMS_OF_INPUT, _PARAMS_OF_LATER)
        return _STEM_PARAMS + task.decoder + edges
    if what == "flops":
        edges = _edges(choices, _FLOPS_OF_INPUT, _FLOPS_OF_LATER)
        return task.decoder_flops + (_STEM_FLOPS + edges) * task.image_size**2 // _SIZE**2
    raise UnknownNameError("cost of transnas101", what, [cost.name for cost in COSTS])


def _edges(choices: Sequence[int], of_input: Sequence[int], of_later: Sequence[int]) -> int:
    return sum(
        (of_later if source else of_input)[choice]
        for choice, (_, source) in zip(choices, EDGES, strict=True)
    )
