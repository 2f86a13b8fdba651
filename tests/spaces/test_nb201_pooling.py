"""Average pooling as a sum over neighbours against torch's own."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from nasbench_harness.spaces.nb201 import pooling


def torch_pool(x: Tensor) -> Tensor:
    return avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)


@pytest.mark.parametrize("channels", [1, 5, 16])
@pytest.mark.parametrize("size", [(8, 8), (3, 6), (2, 1), (1, 1)], ids=str)
def test_it_and_its_way_back_are_those_of_torch(size: tuple[int, int], channels: int) -> None:
    torch.manual_seed(0)
    x = torch.randn(3, channels, *size).to(memory_format=torch.channels_last).requires_grad_()
    grad = torch.randn_like(x)
    expected = torch_pool(x)
    expected.backward(grad)
    with torch.no_grad():
        torch.testing.assert_close(pooling.pool(x), expected.detach(), atol=1e-6, rtol=1e-6)
        torch.testing.assert_close(pooling.pool_back(grad, x), x.grad, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_other_types_are_pooled_by_torch(dtype: torch.dtype) -> None:
    x = torch.randn(2, 4, 5, 5).to(dtype)
    assert torch.equal(pooling.pool(x), torch_pool(x))


def test_maps_stay_channels_last() -> None:
    """What follows sees them as matrices without a copy."""
    x = torch.randn(2, 4, 5, 5).to(memory_format=torch.channels_last)
    assert pooling.pool(x).is_contiguous(memory_format=torch.channels_last)
