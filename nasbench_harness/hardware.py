"""Where a search or a training runs: device, threads, compilation, determinism.

None of it is part of what a result is: two runs that differ in it only are the same trial.
"""

from __future__ import annotations

import contextlib
import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from nasbench_harness.errors import HarnessError, UnknownNameError

if TYPE_CHECKING:
    import torch

CompileMode = Literal["none", "inductor", "graph"]
COMPILE_MODES: tuple[CompileMode, ...] = get_args(CompileMode)
MOST_DECODERS = 16

CUDA_CONTEXT_MB = 500.0
"""What CUDA takes of a GPU for each process beside tensors, about [our assumption]."""

_DEVICE = re.compile("auto|(cpu|cuda|mps)(:[0-9]{1,3})?")


class DeviceError(HarnessError):
    """A device that is not there, or that is too small."""


def _no_device(name: str) -> str:
    return f"There is no device `{name}`; write auto, cpu, cuda, cuda:1 or mps."


@dataclass(frozen=True)
class Hardware:
    """What the user asked for."""

    device: str = "auto"
    """`auto`, `cpu`, `cuda`, `cuda:1`, `mps`."""
    threads: int = 1
    """Of each trial on the CPU; results are bit-identical only between runs with as many."""
    compile: CompileMode = "none"
    deterministic: bool = False
    """Refuse operations whose result differs from run to run (slower on a GPU)."""
    data_dir: Path | None = None
    """Where data sets of images are."""
    download: bool = False
    """Fetch a data set that is not there."""
    workers: int | None = None
    """Processes that decode streamed images, of each trial; 0: none, it decodes them itself; None:
    as many as `decoders` says."""

    def __post_init__(self) -> None:
        """HarnessError for what nobody can run on; whether a device is there, `open` tells."""
        if not _DEVICE.fullmatch(str(self.device)):
            raise DeviceError(_no_device(self.device))
        if self.compile not in COMPILE_MODES:
            raise UnknownNameError("way to compile", str(self.compile), COMPILE_MODES)
        _refuse_count("threads", self.threads, 1)
        _refuse_count("workers", 0 if self.workers is None else self.workers, 0)

    def decoders(self, device: torch.device) -> int:
        """Processes that decode streamed images for a network on `device`.

        Unless somebody says: one beside a CPU, which trains more slowly than one decodes; every
        core but one, and 16 at most, beside an accelerator.
        """
        if self.workers is not None:
            return self.workers
        return 1 if device.type == "cpu" else max(1, min(MOST_DECODERS, available_cores() - 1))

    def use_threads(self) -> None:
        """As many threads as asked for, in torch and in numpy's libraries."""
        import torch
        from threadpoolctl import threadpool_limits

        torch.set_num_threads(self.threads)
        threadpool_limits(self.threads)

    def host(self) -> torch.device:
        """The CPU, whatever device was asked for."""
        import torch

        self.use_threads()
        return torch.device("cpu")

    def open(self) -> torch.device:
        """Set this process up and return the device; DeviceError if it is not there."""
        import torch

        self.use_threads()
        device = find_device(self.device)
        if self.compile == "graph" and device.type != "cuda":
            raise DeviceError(f"CUDA graphs need a CUDA device, and this is `{device}`.")
        if device.type == "cuda":
            torch.cuda.set_device(device)
            torch.set_float32_matmul_precision("high")
            torch.backends.cudnn.benchmark = not self.deterministic
        if self.deterministic:
            os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
            torch.use_deterministic_algorithms(True)
        reset_peak_memory(device)
        return device


def _refuse_count(name: str, value: Any, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise HarnessError(
            f"`{name}` cannot be {value!r}: expected a whole number of {least} or more."
        )


def available_cores() -> int:
    """Cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


def find_device(name: str) -> torch.device:
    """The device of that name; `auto` takes CUDA, then MPS, then the CPU."""
    import torch

    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda", 0)
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    if not _DEVICE.fullmatch(name):
        raise DeviceError(_no_device(name))
    device = torch.device(name)
    count = torch.cuda.device_count()
    if device.type == "cuda" and (device.index or 0) >= count:
        there = f"{count} CUDA devices" if count else "no CUDA device"
        raise DeviceError(f"`{name}` is not available: this machine has {there}; try --device cpu.")
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise DeviceError("`mps` is not available on this machine; try --device cpu.")
    return torch.device("cuda", device.index or 0) if device.type == "cuda" else device


def describe_device(device: torch.device) -> str:
    """`cpu`, or the name of the GPU."""
    import torch

    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def describe_machine(device: torch.device) -> str:
    """The GPU's name, or the processor's as the system tells it, with its cores."""
    if device.type == "cuda":
        return describe_device(device)
    return f"{_processor()}, {os.cpu_count()} cores"


def _processor() -> str:
    with contextlib.suppress(OSError):  # Linux only
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.lower().startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def wait_for(device: torch.device) -> None:
    """Until the device has done what it was given; what is timed needs it."""
    import torch

    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def onto(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """A tensor of the host on a device, for which the host does not wait where that is safe.

    CUDA has taken in what is pageable, and torch holds what is pinned, before the source may go.
    Metal reads a source later that may be gone by then (pytorch issue 189690): there the host
    waits.
    """
    return tensor.to(device, non_blocking=device.type != "mps")


def reset_peak_memory(device: torch.device) -> None:
    """Let `peak_memory_mb` count from here."""
    import torch

    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    with contextlib.suppress(OSError):  # Linux only
        Path("/proc/self/clear_refs").write_text("5")


def peak_memory_mb(device: torch.device) -> float:
    """Megabytes at most so far: of the device, or of this process on the CPU."""
    import torch

    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 1e6
    return _peak_of_process()


def held_memory_mb(device: torch.device) -> float:
    """Megabytes at most so far that nobody else can have meanwhile, with what torch keeps back."""
    import torch

    if device.type == "cuda":
        return CUDA_CONTEXT_MB + torch.cuda.max_memory_reserved(device) / 1e6
    return _peak_of_process()


def free_memory_mb(device: torch.device) -> float | None:
    """Megabytes that a process, which has not begun yet, could have; None where nobody tells."""
    import torch

    if device.type == "cuda":
        return CUDA_CONTEXT_MB + torch.cuda.mem_get_info(device)[0] / 1e6
    with contextlib.suppress(OSError, IndexError):  # Linux only
        told = Path("/proc/meminfo").read_text(encoding="ascii").split("MemAvailable:")[1]
        return int(told.split()[0]) / 1e3 if device.type == "cpu" else None
    return None


def _peak_of_process() -> float:
    status = Path("/proc/self/status")
    if status.exists():  # Linux; what `getrusage` says there may be a parent's
        return int(status.read_text().split("VmHWM:")[1].split()[0]) / 1e3
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # bytes on macOS


def is_out_of_memory(error: BaseException) -> bool:
    """Did a device, or the host, run out of memory."""
    import torch

    text = str(error).lower()
    return isinstance(error, torch.cuda.OutOfMemoryError | MemoryError) or (
        isinstance(error, RuntimeError) and ("out of memory" in text or "can't allocate" in text)
    )
