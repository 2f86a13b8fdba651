"""Facts of the machine that numbers belong to."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from nasbench_harness import __version__
from nasbench_harness.bench.asked import BenchRequest
from nasbench_harness.hardware import (
    DeviceError,
    available_cores,
    describe_device,
    describe_machine,
    find_device,
)

if TYPE_CHECKING:
    import torch

TINY = "`--device cpu --tiny` tries the command without one"


def facts(asked: BenchRequest) -> dict[str, Any]:
    """What is told of it; DeviceError where the device is not there."""
    import torch

    try:
        device = find_device(asked.device)
    except DeviceError as error:
        raise DeviceError(f"{str(error).partition('; ')[0].rstrip('.')}; {TINY}.") from error
    return {
        "device": describe_device(device),
        "release": __version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "host": describe_machine(torch.device("cpu")),
        "cores": available_cores(),
        "host_memory_gb": _host_memory_gb(),
        **(_of_cuda(device) if device.type == "cuda" else {}),
    }


def _of_cuda(device: torch.device) -> dict[str, Any]:
    import torch

    properties = torch.cuda.get_device_properties(device)
    return {
        "memory_gb": round(properties.total_memory / 1e9, 1),
        "free_gb": round(torch.cuda.mem_get_info(device)[0] / 1e9, 1),
        "multiprocessors": properties.multi_processor_count,
        "capability": f"{properties.major}.{properties.minor}",
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version(),  # type: ignore[no-untyped-call]
        "driver": _driver(),
    }


def _driver() -> str:
    """The version of NVIDIA's driver; empty where nobody tells."""
    if (program := shutil.which("nvidia-smi")) is None:
        return ""
    question = [program, "--query-gpu=driver_version", "--format=csv,noheader"]
    with suppress(OSError, subprocess.SubprocessError):
        told = subprocess.run(question, capture_output=True, text=True, timeout=20, check=True)
        return told.stdout.split("\n", 1)[0].strip()
    return ""


def _host_memory_gb() -> float | None:
    with suppress(AttributeError, ValueError, OSError):  # not on every system
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)
    return None
