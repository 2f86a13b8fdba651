"""Gradients of depthwise kernels that are put together from parts."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import conv2d

from nasbench_harness.spaces.darts.depthwise import PARTS, depthwise, kernel_gradient


@pytest.mark.parametrize(("width", "stride"), PARTS)
@pytest.mark.parametrize("sides", [(8, 8), (7, 9), (2, 4), (1, 1)])
def test_gradients_equal_those_of_a_plain_convolution(
    width: int, stride: int, sides: tuple[int, int]
) -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, 4, *sides, generator=generator).contiguous(memory_format=torch.channels_last)
    kernel = torch.randn(4, 1, width, width, generator=generator)
    made = []
    for convolve in (
        lambda x, kernel: depthwise(x, kernel, stride),
        lambda x, kernel: conv2d(x, kernel, None, stride, width // 2, groups=4),
    ):
        leaves = [part.clone().requires_grad_() for part in (x, kernel)]
        found = convolve(*leaves)
        made.append([found, *torch.autograd.grad(found.square().sum(), leaves)])
    for ours, theirs in zip(*made, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-5)


def test_all_parts_of_a_kernel_are_told() -> None:
    """Each pixel of the kernel reads the one pixel that is not 0 from its own side."""
    x = torch.zeros(1, 1, 7, 7, dtype=torch.float64)
    x[0, 0, 3, 3] = 1
    grad = torch.arange(49.0, dtype=torch.float64).view(1, 1, 7, 7)
    found = kernel_gradient(grad, x, torch.zeros(1, 1, 5, 5, dtype=torch.float64), 1)
    assert torch.equal(found[0, 0], grad[0, 0, 1:6, 1:6].flip(0, 1))
