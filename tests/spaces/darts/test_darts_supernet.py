"""The DARTS supernet against its formula, and what it leaves out."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from plain import PlainSupernetOf
from torch import Tensor

from nasbench_harness.contracts import NetworkShape
from nasbench_harness.spaces.darts import open_darts
from nasbench_harness.spaces.darts.shared_weights import DARTSSupernet
from nasbench_harness.spaces.darts.variants import VARIANTS
from nasbench_harness.testing.networks import check_networks

WITHOUT_CHANCE = [name for name in VARIANTS if name != "s4" and "all_skip" not in name]


def shape_of(side: int = 16, cells: int = 3) -> NetworkShape:
    return NetworkShape(classes=5, width=4, cells=cells, image_size=(side, side))


def made(variant: str = "regular", *, side: int = 16, **options: Any) -> DARTSSupernet:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return open_darts(variant).supernet(shape_of(side), **options)


def random_weights(variant: str, *leading: int) -> Tensor:
    mask = open_darts(variant).mask
    drawn = torch.rand(*leading, *mask.shape, generator=torch.Generator().manual_seed(3))
    return drawn * mask


@pytest.mark.parametrize("variant", WITHOUT_CHANCE)
@pytest.mark.parametrize("side", [16, 9])
@pytest.mark.parametrize("per_example", [False, True])
def test_logits_and_gradients_equal_the_formula(variant: str, side: int, per_example: bool) -> None:
    supernet = made(variant, side=side).double()
    plain = PlainSupernetOf(supernet).double()
    images = torch.randn(
        4, 3, side, side, dtype=torch.float64, generator=torch.Generator().manual_seed(2)
    )
    leaves = [random_weights(variant, *([4] if per_example else [])).double() for _ in range(2)]
    logits = []
    for network, weights in zip((supernet, plain), leaves, strict=True):
        found = network(images, weights.requires_grad_())
        found.square().sum().backward()
        logits.append(found.detach())
    assert torch.allclose(*logits, atol=1e-9)
    first, second = (weights.grad for weights in leaves)
    assert first is not None
    assert second is not None
    real = open_darts(variant).mask
    none = torch.tensor(
        [
            [n == "none" for n in d.options] + [False] * (real.shape[1] - len(d.options))
            for d in open_darts(variant).decisions
        ]
    )
    kept = real & ~none
    assert torch.allclose(first[..., kept], second[..., kept], atol=1e-7)


@pytest.mark.parametrize("variant", WITHOUT_CHANCE)
def test_the_networks_keep_the_contract(variant: str) -> None:
    check_networks(open_darts(variant), cells=3, samples=2)
