"""The DARTS supernet against its formula, and what it leaves out."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch
from plain import PlainSupernetOf
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from nasbench_harness.contracts import NetworkShape
from nasbench_harness.spaces.darts import open_darts
from nasbench_harness.spaces.darts.shared_weights import DARTSSupernet
from nasbench_harness.testing.networks import check_networks

CELLS = ["regular", "unas", "s1", "s3", "deep_no_skip"]
"""Variants whose cells differ in kind; those of the others are like one of these."""


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


@pytest.mark.parametrize(
    ("variant", "side", "per_example"),
    [*product(CELLS, [16, 9], [False, True]), ("single_cell", 16, False)],
)
def test_logits_and_gradients_equal_the_formula(variant: str, side: int, per_example: bool) -> None:
    supernet = made(variant, side=side).double()
    plain = PlainSupernetOf(supernet).double()
    images = torch.randn(
        2, 3, side, side, dtype=torch.float64, generator=torch.Generator().manual_seed(2)
    )
    leaves = [random_weights(variant, *([2] if per_example else [])).double() for _ in range(2)]
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


@pytest.mark.parametrize("variant", ["regular", "unas"])
def test_the_networks_keep_the_contract(variant: str) -> None:
    check_networks(open_darts(variant), image_size=8, cells=3, samples=1)


@pytest.mark.parametrize("partial", [2, 4])
def test_other_channels_bypass_the_operations_and_are_shuffled(partial: int) -> None:
    shape = NetworkShape(classes=5, width=8, cells=3, image_size=(16, 16))
    supernet = open_darts().supernet(shape, partial=partial).eval()
    nothing = torch.zeros(28, 8)
    logits = supernet(torch.randn(2, 3, 16, 16), nothing)
    assert logits.shape == (2, 5)
    assert torch.isfinite(logits).all()


def test_widening_copies_channels_of_every_convolution() -> None:
    shape = NetworkShape(classes=5, width=16, cells=3, image_size=(16, 16))
    supernet = open_darts().supernet(shape, partial=4)
    leaving = supernet.cells[1].leaving[0]  # type: ignore[union-attr,index]
    kernels = leaving.branches["sep_conv_3x3"].pointwise[0]  # type: ignore[union-attr,index]
    old = kernels.weight.detach().clone().chunk(kernels.edges)
    grown = supernet.use_channels(2, torch.Generator().manual_seed(0))
    new = kernels.weight.detach().chunk(kernels.edges)
    for before, after in zip(old, new, strict=True):
        width = len(before)
        assert after.shape[:2] == (2 * width, 2 * width)
        assert torch.equal(after[:width, :width], before)
        known = {tuple(row.flatten().tolist()) for row in before}
        assert all(tuple(row[:width].flatten().tolist()) in known for row in after)
    companions = {change.new: change for change in grown}
    mixed = [p for n, p in supernet.named_parameters() if ".leaving." in n]
    assert all(companions[p].grow(companions[p].old.detach()).equal(p) for p in mixed)
    images = torch.randn(2, 3, 16, 16)
    fresh = open_darts().supernet(shape, partial=2)
    fresh.load_state_dict(supernet.state_dict())
    weights = random_weights("regular")
    assert torch.equal(supernet.eval()(images, weights), fresh.eval()(images, weights))


def test_impossible_channels_are_told() -> None:
    space, shape = open_darts(), NetworkShape(classes=5, width=8, cells=3)
    with pytest.raises(ValueError, match="8 channels cannot be divided by 3"):
        space.supernet(shape, partial=3)
    with pytest.raises(ValueError, match="8 channels cannot be divided by 16"):
        space.supernet(shape, partial=16)
    supernet = space.supernet(shape, partial=2)
    with pytest.raises(ValueError, match="cannot become"):
        supernet.use_channels(4, torch.Generator())
    with pytest.raises(ValueError, match="partial channels"):
        space.inherit(space.parse("DARTS_V2"), supernet)


class Dispatched(TorchDispatchMode):
    """Counts what reaches the dispatcher, and what asks a device for a number."""

    def __init__(self) -> None:
        super().__init__()
        self.operations = self.waits = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.operations += 1
        self.waits += "_local_scalar_dense" in str(func)
        return func(*args, **(kwargs or {}))


def test_mixed_passes_dispatch_half_of_the_formula_and_never_wait() -> None:
    supernet = made()
    images = torch.randn(2, 3, 16, 16)
    counts = {}
    for network in (supernet, PlainSupernetOf(supernet)):
        weights = random_weights("regular").requires_grad_()
        with Dispatched() as counted:
            network(images, weights).sum().backward()
        counts[type(network).__name__] = counted
    ours, plain = counts["DARTSSupernet"], counts["PlainSupernetOf"]
    assert ours.operations <= plain.operations / 2
    assert ours.waits == 0


def test_inactive_options_are_not_computed_and_get_no_gradient() -> None:
    supernet = made()
    space = open_darts()
    arch = space.sample(torch.Generator().manual_seed(3))
    weights = space.weights(arch).requires_grad_()
    supernet(torch.randn(2, 3, 16, 16), weights, space.weights(arch).bool()).sum().backward()
    assert weights.grad is not None
    assert (weights.grad[space.weights(arch) == 0] == 0).all()
    used = sum(p.grad is not None for n, p in supernet.named_parameters() if ".leaving." in n)
    assert used < sum(".leaving." in n for n, _ in supernet.named_parameters())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_lower_precision_stays_near(dtype: torch.dtype) -> None:
    supernet = made()
    images, weights = torch.randn(4, 3, 16, 16), random_weights("regular")
    exact = supernet(images, weights.requires_grad_())
    with torch.autocast("cpu", dtype=dtype):
        rough = supernet(images, weights)
    assert (rough.float() - exact).abs().max() < 0.2 * exact.abs().max()
