"""Devices by name, on machines that have them and on those that do not."""

from __future__ import annotations

import pytest
import torch

from nasbench_harness.hardware import (
    DeviceError,
    Hardware,
    find_device,
    is_out_of_memory,
    peak_memory_mb,
    reset_peak_memory,
)


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> list[torch.device]:
    """A machine that says it has two; yields what was made the current device."""
    chosen: list[torch.device] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    return chosen


@pytest.mark.parametrize(
    ("name", "index"), [("auto", 0), ("cuda", 0), ("cuda:0", 0), ("cuda:1", 1)]
)
def test_cuda_devices_have_an_index(two_gpus: list[torch.device], name: str, index: int) -> None:
    """`torch.cuda.set_device` refuses a device without one."""
    assert find_device(name) == torch.device("cuda", index)


def test_a_third_of_two_is_refused(two_gpus: list[torch.device]) -> None:
    with pytest.raises(DeviceError, match="2 CUDA devices"):
        find_device("cuda:2")


def test_cuda_is_set_up(two_gpus: list[torch.device], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "set_device", two_gpus.append)
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda device: None)
    assert Hardware("cuda").open() == torch.device("cuda", 0)
    assert two_gpus == [torch.device("cuda", 0)]


def test_landscapes_never_open_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "set_device", pytest.fail)
    assert Hardware("cuda").host() == torch.device("cpu")


def test_peak_memory_counts_from_its_reset() -> None:
    cpu = torch.device("cpu")
    large = torch.ones(60_000_000)
    peak = peak_memory_mb(cpu)
    assert large.sum() > 0
    del large
    reset_peak_memory(cpu)
    assert peak_memory_mb(cpu) < peak - 100


@pytest.mark.parametrize(
    ("error", "is_memory"),
    [
        (MemoryError(), True),
        (RuntimeError("CUDA out of memory. Tried to allocate"), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), True),
        (RuntimeError("shapes do not match"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_what_is_out_of_memory(error: Exception, is_memory: bool) -> None:
    assert is_out_of_memory(error) is is_memory
