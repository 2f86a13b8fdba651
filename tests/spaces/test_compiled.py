"""Mixed passes of supernets can be compiled whole, and give what they give without."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from nasbench_harness import registry
from nasbench_harness.contracts import NetworkShape, NetworkSpace

CELLS = {"darts": 3, "nb201": 1, "nbmacro": 1, "proxyless": 1, "transnas101": 1}
"""Of each space with networks, so few that its network is small."""


def test_every_space_with_networks_is_compiled() -> None:
    names = registry.spaces.built_in()
    assert {name for name in names if isinstance(registry.open_space(name), NetworkSpace)} == {
        *CELLS
    }


@pytest.mark.parametrize(("name", "cells"), CELLS.items())
def test_a_mixed_pass_is_one_graph(name: str, cells: int) -> None:
    """With a backend that generates no code, which takes minutes on a CPU."""
    space: Any = registry.open_space(name)
    shape = NetworkShape(classes=10, width=4, cells=cells, image_size=(16, 16))
    torch.manual_seed(0)
    network = space.supernet(shape)
    again = copy.deepcopy(network)
    torch._dynamo.reset()
    compiled = torch.compile(again, fullgraph=True, backend="aot_eager", dynamic=False)
    wanted = passed(network, network, space.mask)
    for one, other in zip(passed(compiled, again, space.mask), wanted, strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-5)


def passed(call: Any, network: torch.nn.Module, mask: Tensor) -> list[Tensor]:
    """Logits, all gradients and statistics of a pass with the same images and chance."""
    torch.manual_seed(1)
    images, labels = torch.randn(4, 3, 16, 16), torch.arange(4)
    point = (mask / mask.sum(dim=-1, keepdim=True)).requires_grad_()
    logits = call(images, point)
    cross_entropy(logits, labels).backward()
    leaves = (point, *network.parameters())
    gradients = [one.grad for one in leaves if one.grad is not None]
    assert len(gradients) > 10
    return [logits.detach(), *gradients, *network.buffers()]
