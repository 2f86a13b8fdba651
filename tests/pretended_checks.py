"""The pretended accelerator finds every kind of fault that is planted."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from nasbench_harness.methods.shared.placed import placed
from tests.pretended import MixedDevicesError, Pretending


@pytest.fixture
def pretending() -> Iterator[Pretending]:
    with Pretending() as mode:
        yield mode


WAITS: list[tuple[str, Callable[[Tensor], object]]] = [
    ("a number is read", lambda x: x.sum().item()),
    ("a number is read", lambda x: bool(x.any())),
    ("a number is read", lambda x: torch.equal(x, x)),
    ("to the host", lambda x: x.cpu()),
    ("to the host", lambda x: x.tolist()),
    ("a shape depends on data", lambda x: x.nonzero()),
    ("a shape depends on data", lambda x: x[x > 0]),
    ("a shape depends on data", lambda x: x.unique()),
    ("to the device", lambda x: torch.zeros(3).to(x.device)),
    ("to the device", lambda x: torch.tensor([1.0], device=x.device)),
    ("to the device", lambda x: x[torch.tensor([1])]),
]


@pytest.mark.parametrize(("why", "fault"), WAITS)
def test_what_waits_is_told(
    why: str, fault: Callable[[Tensor], object], pretending: Pretending
) -> None:
    x = torch.ones(3, device=pretending.device)
    fault(x)
    assert [(told, place.partition(":")[0]) for told, place in pretending.waits] == [
        (why, "tests/pretended_checks.py")
    ]


MIXED: list[Callable[[Tensor], object]] = [
    lambda x: x + torch.zeros(3),
    lambda x: x.add_(torch.zeros(3)),
    lambda x: torch.stack([x, torch.zeros(3)]),
    lambda x: torch.where(torch.zeros(3, dtype=torch.bool), x, 0.0),
    lambda x: torch.zeros(3)[x.long()],
]


@pytest.mark.parametrize("fault", MIXED)
def test_host_and_device_do_not_mix(
    fault: Callable[[Tensor], object], pretending: Pretending
) -> None:
    fault(torch.ones(3, device=pretending.device))
    (where,) = (place for _, place in pretending.mixed)
    assert where.startswith("tests/pretended_checks.py")
    pretending.mixed.clear()


def test_what_mixed_is_an_error_at_the_end() -> None:
    with pytest.raises(MixedDevicesError, match="add in tests/pretended"), Pretending() as mode:
        torch.add(torch.ones(3, device=mode.device), torch.ones(3))


def test_a_fault_on_the_way_back_is_found(pretending: Pretending) -> None:
    x = torch.ones(3, device=pretending.device, requires_grad=True)
    x.register_hook(lambda gradient: gradient * torch.ones(3))
    (x * x).sum().backward()
    assert sum(pretending.mixed.values()) == 1
    pretending.mixed.clear()


def test_what_cuda_lets_pass_passes(pretending: Pretending) -> None:
    x = torch.ones(3, device=pretending.device, requires_grad=True)
    (x * torch.tensor(2.0) + torch.arange(3.0).to(x.device, non_blocking=True)).sum().backward()
    assert x.grad is not None
    assert x.grad.device == pretending.device
    assert not pretending.waits


def test_numbers_are_those_of_the_cpu(pretending: Pretending) -> None:
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))
    images = torch.randn(2, 3, 6, 6).to(memory_format=torch.channels_last)

    def gradient(device: torch.device) -> Tensor:
        network.zero_grad()
        own = network.to(device)
        maps = own(images.to(device))
        assert maps.is_contiguous(memory_format=torch.channels_last)
        cross_entropy(maps.mean(dim=(2, 3)), torch.tensor([0, 1], device=device)).backward()
        weight = next(own.parameters())
        assert weight.grad is not None
        return weight.grad.cpu()

    expected = gradient(torch.device("cpu")).clone()
    assert torch.equal(gradient(pretending.device), expected)


def test_gradients_of_what_is_placed_come_back_in_one_wait(pretending: Pretending) -> None:
    host = [torch.randn(shape, requires_grad=True) for shape in ((2, 3), ())]
    first, second, unused = placed(pretending.device, *host, torch.ones(3))
    (first.sum() * second).backward()
    assert unused.device == pretending.device
    assert dict(pretending.waits) == {("to the host", "shared/placed.py:backward"): 1}
    assert host[0].grad is not None
    assert host[1].grad is not None
    assert torch.equal(host[0].grad, host[1].detach().expand(2, 3))
    assert torch.allclose(host[1].grad, host[0].detach().sum())


def test_what_is_on_the_device_stays_as_it_is(pretending: Pretending) -> None:
    x = torch.ones(3, device=pretending.device, requires_grad=True)
    assert placed(pretending.device, x)[0] is x


def test_other_memory_is_taken_over(pretending: Pretending) -> None:
    layer = torch.nn.Linear(2, 1).to(pretending.device).double()
    found = layer(torch.ones(1, 2, dtype=torch.float64, device=pretending.device))
    assert found.dtype is torch.float64
    layer.weight.data = torch.zeros(1, 2, dtype=torch.float64, device=pretending.device)
    assert not layer.weight.cpu().any()
