"""Mixed passes of every supernet are traced whole, and give what they give as they are.

With the backend that runs what was traced as it is, forwards and backwards: no code is generated.
"""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from nasbench_harness import registry
from nasbench_harness.contracts import NetworkShape, NetworkSpace

IMAGES, CLASSES = 4, 3
CELLS = {"nb201": 1, "transnas101": 1, "darts": 3}
"""Where there may be fewer than in a search."""
QUICK, SLOW = ("nb201", "transnas101"), ("nbmacro", "darts", "proxyless")


def passed(network: Any, images: Tensor, weights: Tensor) -> list[Tensor]:
    """Logits of a pass in training, and the gradient of the weights."""
    point = weights.clone().requires_grad_()
    torch.manual_seed(1)
    logits: Tensor = network(images, point, None)
    cross_entropy(logits, torch.arange(IMAGES) % CLASSES).backward()
    assert point.grad is not None
    return [logits.detach(), point.grad]


def left(network: nn.Module) -> list[Tensor]:
    """What the pass has left in a network: gradients and statistics."""
    gradients = [p.grad for p in network.parameters() if p.grad is not None]
    return [*gradients, *network.buffers()]


def test_every_space_with_networks_is_compiled() -> None:
    opened = {name: registry.open_space(name) for name in registry.spaces.built_in()}
    networks = {name for name, space in opened.items() if isinstance(space, NetworkSpace)}
    assert networks == {*QUICK, *SLOW}


@pytest.mark.parametrize("rows", ["one for all", "one each"])
@pytest.mark.parametrize(
    "name", [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)]
)
def test_a_compiled_pass_is_the_pass(name: str, rows: str) -> None:
    space = registry.open_space(name)
    assert isinstance(space, NetworkSpace)
    cells = CELLS.get(name, space.shapes.search.cells)
    shape = NetworkShape(classes=CLASSES, width=4, cells=cells, image_size=(16, 16))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        plain = space.supernet(shape)
        traced = copy.deepcopy(plain)
        images = torch.randn(IMAGES, 3, 16, 16)
        weights = torch.rand(IMAGES, *space.mask.shape) * space.mask
        weights = weights if rows == "one each" else weights[0]
        torch.compiler.reset()
        compiled = torch.compile(traced, fullgraph=True, backend="aot_eager", dynamic=False)
        found, expected = passed(compiled, images, weights), passed(plain, images, weights)
    for one, other in zip([*found, *left(traced)], [*expected, *left(plain)], strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-5)
