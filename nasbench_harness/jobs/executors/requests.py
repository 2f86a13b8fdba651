"""What a trial asks of the machine that runs it, and what contradicts that."""

from __future__ import annotations

from dataclasses import dataclass, replace

from nasbench_harness.errors import HarnessError
from nasbench_harness.hardware import Hardware


class ClusterError(HarnessError):
    """A cluster that is not there, or that cannot run what is asked."""


@dataclass(frozen=True)
class Request:
    """What a trial takes of its node."""

    cpus: float
    gpus: float = 0.0
    """Shares of one are allowed, as 0.5."""
    memory_gb: float = 0.0
    """Of the node's memory; 0: Ray does not count it."""

    @property
    def resources(self) -> dict[str, float]:
        """By Ray's names, memory in bytes; what is not asked for is left out."""
        every = {"CPU": self.cpus, "GPU": self.gpus, "memory": self.memory_gb * 1e9}
        return {name: amount for name, amount in every.items() if amount > 0}

    def __str__(self) -> str:
        memory = f" and {self.memory_gb:g} GB of memory" if self.memory_gb else ""
        return f"{self.cpus:g} CPUs, {self.gpus:g} GPUs{memory}"


def placed(hardware: Hardware, request: Request, system: str) -> Hardware:
    """The hardware as trials have it: `system` (Ray, SLURM) shows each its own GPUs only."""
    family = hardware.device.partition(":")[0]
    if hardware.device.startswith("cuda:"):
        raise ClusterError(f"{system} chooses the GPUs of each trial; write --device cuda.")
    if request.gpus and family not in ("auto", "cuda"):
        raise ClusterError(
            f"--gpus-per-trial asks for GPUs and --device {family} uses none; leave one out."
        )
    if not request.gpus and family == "cuda":
        raise ClusterError("--device cuda needs a GPU of each trial: add --gpus-per-trial 1.")
    data = hardware.data_dir.absolute() if hardware.data_dir else None
    device = hardware.device if request.gpus else "cpu"
    return replace(hardware, device=device, data_dir=data)
