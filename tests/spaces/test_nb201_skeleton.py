"""What surrounds the cells of NAS-Bench-201."""

from __future__ import annotations

import pytest
import torch

from nasbench_harness.spaces.nb201.skeleton import image_means


@pytest.mark.parametrize("form", [torch.channels_last, torch.contiguous_format], ids=str)
def test_means_of_images_and_their_gradients_keep_the_format(form: torch.memory_format) -> None:
    torch.manual_seed(0)
    x = torch.randn(3, 4, 5, 2, dtype=torch.float64, requires_grad=True)
    maps = x.contiguous(memory_format=form)
    grads: list[torch.Tensor] = []
    maps.register_hook(grads.append)
    means, factors = image_means(maps), torch.randn(3, 4, dtype=torch.float64)
    (means * factors).sum().backward()
    torch.testing.assert_close(means, x.mean(dim=(2, 3)), atol=1e-12, rtol=1e-12)
    wanted = (factors / 10)[:, :, None, None].expand_as(x)
    torch.testing.assert_close(grads[0], wanted, atol=1e-12, rtol=1e-12)
    assert grads[0].is_contiguous(memory_format=form)
