"""How much memory a trial asks of its node where nobody says.

Measured by `benchmarks/host_memory.py`; docs/results.md has the numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from nasbench_harness.errors import reason
from nasbench_harness.hardware import Hardware
from nasbench_harness.jobs.executors.requests import Request

PROCESS_BYTES = 900_000_000
"""A process with torch that searches a table; 0.6 to 0.8 GB where Ray runs it, libraries included
that processes of a node share."""
CUDA_BYTES = 3_000_000_000
"""What CUDA takes of the node's memory on top, for each process: an assumption, not measured."""

HostBytes = Callable[[Sequence[Any], Hardware], int]
"""See `contracts.HostMemory`."""


def foreseen(
    request: Request, specs: Sequence[Any], hardware: Hardware, host_bytes: HostBytes
) -> tuple[Request, str]:
    """The request with the memory that the largest of these trials is estimated to take.

    It stays as it is where nothing can be estimated; a sentence says why then.
    """
    try:
        own = host_bytes(specs, hardware)
    except Exception as error:  # of a network that can be built nowhere but where it runs
        return request, (
            f"What trials take of the memory cannot be estimated ({reason(error)}), and is not"
            " counted; --memory-per-trial GB counts it."
        )
    cuda = CUDA_BYTES if request.gpus else 0
    gigabytes = math.ceil((PROCESS_BYTES + cuda + own) / 1e8) / 10
    return replace(request, memory_gb=gigabytes), ""


def cut_down(wanted: float, kept: float) -> str:
    """What to say where no node has what is wanted, GB, and less is kept; none: they count none."""
    why = f"more than any node has; {kept:.1f} GB are" if kept else "which no node counts; none is"
    return (
        f"A trial is estimated to take {wanted:g} GB of memory, {why} kept for it. Where"
        " it runs out of memory, it needs a larger node or fewer images a batch;"
        " --memory-per-trial GB asks for another number."
    )
