"""What whole searches by the published recipes would take on GPUs, estimated without one.

    python benchmarks/gpu_estimates.py [SPACE] > estimates.md

One step of every method is counted on the CPU after its warm-up, in the network of its recipe
`paper` on images of CIFAR-10's size: operations that are no views (launches on a GPU), bytes that
they read and write, operations of convolutions and products. Batches are of `COUNTED` images, and
what grows with a batch is scaled to the recipe's. A step then lasts as long as the slowest of
these: `LAUNCH_SECONDS` for each launch, the bytes at `MEMORY_SHARE` of the GPU's bandwidth, the
operations at `COMPUTE_SHARE` of its fp32 peak without tensor cores. Times the steps of the recipe
on CIFAR-10; what is measured between epochs, and what a method does once, is not in it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import Any

import torch
from searching import VIEWS
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter
from torch.utils.flop_counter import FlopCounterMode

from nasbench_harness import registry
from nasbench_harness.bench.asked import BenchRequest
from nasbench_harness.bench.refusal import NotMeasurableError
from nasbench_harness.bench.searches import WHOLE, opened, planned

COUNTED = 8
LAUNCH_SECONDS = 8e-6
MEMORY_SHARE, COMPUTE_SHARE = 0.6, 0.3
"""Assumptions, as is the time of a launch."""
GPUS = {
    "V100": (15.7e12, 900e9), "A100": (19.5e12, 1555e9), "RTX 4090": (82.6e12, 1008e9),
    "H100": (67e12, 3350e9),
}  # fmt: skip
"""Peak of fp32 in operations a second, and bytes a second, as their makers give them."""


@dataclass
class Counted(TorchDispatchMode):
    """Launches and bytes of what is dispatched."""

    launches: int = 0
    moved: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        if func.overloadpacket._qualified_op_name not in VIEWS:
            self.launches += 1
            tensors = [x for x in tree_iter((args, kwargs, out)) if isinstance(x, torch.Tensor)]
            self.moved += sum(x.numel() * x.element_size() for x in tensors)
        return out


@dataclass(frozen=True)
class Step:
    launches: int
    moved: float
    operations: float

    def seconds(self, peak: float, bandwidth: float) -> tuple[float, str]:
        """Of a step on such a GPU, and what it waits for."""
        return max(
            (self.launches * LAUNCH_SECONDS, "launches"),
            (self.moved / (MEMORY_SHARE * bandwidth), "memory"),
            (self.operations / (COMPUTE_SHARE * peak), "arithmetic"),
        )


def counted(asked: BenchRequest, method: str) -> Step:
    """The third step after the warm-up: the first ones make momenta."""
    spec = planned(asked, method, warm=True)
    batch = int(spec.network["batch_size"])
    job = opened(asked, replace(spec, network={**spec.network, "batch_size": COUNTED}))
    for _ in range(2):
        job.advance()
    with Counted() as mode, FlopCounterMode(display=False) as flops:
        job.advance()
    grown = batch / COUNTED
    return Step(mode.launches, mode.moved * grown, flops.get_total_flops() * grown)


def main(space: str = "nb201") -> None:
    names = tuple(registry.methods.names())
    asked = BenchRequest("cpu", space, names, tiny=False, recipe="paper")
    print(f"| method | steps | launches | GB | Gop | {' | '.join(GPUS)} |")
    print(f"|{'---|' * (5 + len(GPUS))}")
    for method in names:
        try:
            steps = planned(asked, method, much=WHOLE).steps
            step = counted(asked, method)
        except (NotMeasurableError, ValueError) as error:
            print(f"{method}: {error}", file=sys.stderr)
            continue
        told = [step.seconds(*gpu) for gpu in GPUS.values()]
        hours = [f"{seconds * steps / 3600:.2f} ({why})" for seconds, why in told]
        facts = f"{step.launches:,} | {step.moved / 1e9:.1f} | {step.operations / 1e9:.0f}"
        print(f"| `{method}` | {steps:,} | {facts} | {' | '.join(hours)} |", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
