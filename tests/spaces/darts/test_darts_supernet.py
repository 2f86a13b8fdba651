"""The DARTS supernet against its formula, and what it leaves out."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from plain import gradients_as_weights, plain_module, plain_of
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.utils._python_dispatch import TorchDispatchMode

from nasbench_harness.contracts import NetworkShape
from nasbench_harness.spaces.darts import open_darts
from nasbench_harness.spaces.darts.shared_weights import DARTSSupernet
from nasbench_harness.testing.networks import check_networks

COMPARED = ("regular", "unas", "s1", "s3", "wide_no_skip", "deep_all_skip", "single_cell_no_skip")
"""Not s4: its noise is drawn in another order than operation by operation."""
PUBLISHED = [
    ("regular", (16, 8), 1, 1_930_618),
    ("unas", (16, 8), 1, 2_479_866),
    ("regular", (36, 20), 6, 2_221_750),
    ("regular", (36, 20), 4, 2_986_462),
]


MOST_OPERATIONS = 8500


class Counted(TorchDispatchMode):
    """Counts the ATen operations dispatched within."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.counts[func.overloadpacket._qualified_op_name] += 1
        return func(*args, **(kwargs or {}))


@pytest.fixture(scope="module")
def plain(checkout: Path) -> ModuleType:
    return plain_module(checkout)


def made(variant: str = "regular", *, side: int = 8, width: int = 4, **options: Any) -> Any:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        shape = NetworkShape(classes=5, width=width, cells=3, image_size=(side, side))
        return open_darts(variant).supernet(shape, **options)


def drawn(variant: str, *leading: int) -> Tensor:
    mask = open_darts(variant).mask
    weights = torch.rand(*leading, *mask.shape, generator=torch.Generator().manual_seed(3))
    return (weights * mask).double()


def images_of(side: int = 8, batch: int = 3) -> Tensor:
    generator = torch.Generator().manual_seed(2)
    return torch.randn(batch, 3, side, side, dtype=torch.float64, generator=generator)


def compare(
    module: ModuleType,
    supernet: DARTSSupernet,
    weights: Tensor,
    side: int = 8,
    near: float = 1e-8,
) -> None:
    """Logits and the gradients of weights, images and every parameter."""
    dtype = next(supernet.parameters()).dtype
    reference = plain_of(module, supernet)
    found = []
    supernet.zero_grad()
    for network in (supernet, reference):
        own, images = (x.to(dtype, copy=True).requires_grad_() for x in (weights, images_of(side)))
        logits = network(images, own)
        logits.square().sum().backward()
        found.append((logits.detach(), own.grad, images.grad))
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, atol=near, rtol=100 * near)
    wanted = plain_of(module, gradients_as_weights(supernet))
    for (name, gradient), of in zip(wanted.named_parameters(), reference.parameters(), strict=True):
        of_none = torch.zeros_like(of) if of.grad is None else of.grad
        torch.testing.assert_close(
            gradient.data,
            of_none,
            atol=near,
            rtol=100 * near,
            msg=lambda told, n=name: f"{n}: {told}",
        )


@pytest.mark.parametrize("variant", COMPARED)
def test_logits_and_all_gradients_equal_the_formula(plain: ModuleType, variant: str) -> None:
    compare(plain, made(variant).double(), drawn(variant))


@pytest.mark.parametrize("variant", ["regular", "unas"])
def test_single_precision_is_near_the_formula(plain: ModuleType, variant: str) -> None:
    """Whose kernels' gradients are put together from parts."""
    compare(plain, made(variant), drawn(variant) / 4, near=1e-4)


def test_a_mixed_pass_dispatches_few_operations_and_never_waits() -> None:
    """Forward and backward at the published size; operation by operation it is 20,000."""
    supernet = open_darts().supernet(NetworkShape(classes=10, width=16, cells=8))
    weights = torch.full((28, 8), 0.125, requires_grad=True)
    with Counted() as counted:
        supernet(torch.randn(2, 3, 16, 16), weights).sum().backward()
    assert sum(counted.counts.values()) <= MOST_OPERATIONS
    assert counted.counts["aten::_local_scalar_dense"] == 0


@pytest.mark.parametrize("variant", ["regular", "unas", "s1"])
@pytest.mark.parametrize("side", [8, 9])
def test_weights_per_example_equal_the_formula(plain: ModuleType, variant: str, side: int) -> None:
    compare(plain, made(variant, side=side).double(), drawn(variant, 3), side)


@pytest.mark.parametrize("partial", [2, 4])
@pytest.mark.parametrize("variant", ["regular", "deep_all_skip", "unas"])
def test_partial_channels_equal_the_formula(plain: ModuleType, variant: str, partial: int) -> None:
    compare(plain, made(variant, width=8, partial=partial).double(), drawn(variant))


@pytest.mark.parametrize("leading", [(), (3,)], ids=["for all", "per example"])
@pytest.mark.parametrize("variant", ["regular", "s1"])
def test_weighed_edges_equal_the_formula(
    plain: ModuleType, variant: str, leading: tuple[int, ...]
) -> None:
    supernet = made(variant, width=8, partial=4).double()
    supernet.weighs_edges = True
    compare(plain, supernet, drawn(variant, *leading))


@pytest.mark.parametrize("track", [True, False], ids=["running", "batch"])
def test_statistics_follow_the_formula(plain: ModuleType, track: bool) -> None:
    supernet = made(track_running_stats=track).double()
    reference, weights = plain_of(plain, supernet), drawn("regular")
    for batch in (4, 6):
        supernet(images_of(batch=batch), weights, None)
        reference(images_of(batch=batch), weights)
    supernet.eval()
    reference.eval()
    ours, theirs = (n(images_of(batch=5), weights) for n in (supernet, reference))
    torch.testing.assert_close(ours, theirs, atol=1e-9, rtol=1e-9)


def test_weights_per_example_equal_one_by_one() -> None:
    supernet, images = made().double().eval(), images_of()
    weights = drawn("regular", 3)
    together = supernet(images, weights)
    for place in range(3):
        alone = supernet(images[place : place + 1], weights[place])
        torch.testing.assert_close(together[place], alone[0], atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize("variant", ["regular", "unas", "s1", "wide_all_skip"])
def test_the_networks_keep_the_contract(variant: str) -> None:
    check_networks(open_darts(variant), cells=3, samples=1)


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("track", [True, False], ids=["running", "batch"])
@pytest.mark.parametrize("variant", ["regular", "unas", "s3", "deep_all_skip"])
def test_one_hot_supernet_equals_the_network_that_inherits(
    variant: str, training: bool, track: bool
) -> None:
    space, supernet = open_darts(variant), made(variant, track_running_stats=track).double()
    for _ in range(2):
        supernet(images_of(), drawn(variant))
    supernet.train(training)
    generator = torch.Generator().manual_seed(0)
    for _ in range(3):
        arch = space.sample(generator)
        network = space.inherit(arch, supernet).double()
        with torch.no_grad():
            found = supernet(images_of(), space.weights(arch).double())
            torch.testing.assert_close(found, network(images_of()), atol=1e-6, rtol=1e-6)


def test_frozen_parameters_get_no_gradient() -> None:
    supernet, weights = made().double(), drawn("regular").requires_grad_()
    with supernet.frozen():
        loss = supernet(images_of(), weights).square().sum()
    loss.backward()
    assert weights.grad is not None
    assert all(p.grad is None and p.requires_grad for p in supernet.parameters())


def test_what_is_not_active_is_not_computed() -> None:
    space, supernet = open_darts(), made().double()
    active = space.weights(space.parse("DARTS_V2")).bool()
    weights = drawn("regular").requires_grad_()
    supernet(images_of(), weights, active).square().sum().backward()
    assert weights.grad is not None
    assert not weights.grad[~active].any()
    learned = sum(int(p.grad is not None and bool(p.grad.any())) for p in supernet.parameters())
    assert 0 < learned < sum(1 for _ in supernet.parameters()) / 2


@pytest.mark.parametrize(("variant", "size", "partial", "count"), PUBLISHED)
def test_supernets_have_the_published_number_of_weights(
    variant: str, size: tuple[int, int], partial: int, count: int
) -> None:
    width, cells = size
    with torch.device("meta"):
        supernet = open_darts(variant).supernet(
            NetworkShape(classes=10, width=width, cells=cells), partial=partial
        )
    assert sum(p.numel() for p in supernet.parameters()) == count


def test_large_images_triple_the_width_of_unas_supernet_alone() -> None:
    shape = NetworkShape(classes=3, width=4, cells=3, image_size=(96, 96))
    assert open_darts("unas").supernet(shape).shape.width == 12
    supernet = open_darts().supernet(shape)
    assert supernet.shape.width == 4
    assert supernet.cells[0].place.halved  # type: ignore[union-attr]
    assert supernet(torch.randn(1, 3, 96, 96), open_darts().mask / 8).shape == (1, 3)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("leading", [(), (3,)], ids=["shared", "per example"])
def test_lower_precision_stays_near(dtype: torch.dtype, leading: tuple[int, ...]) -> None:
    supernet, images = made(), images_of().float()
    weights = (drawn("regular", *leading).float() / 4).requires_grad_()
    labels, gradients, losses = torch.tensor([0, 1, 2]), [], []
    for enabled in (False, True):
        with torch.autocast("cpu", dtype, enabled=enabled):
            logits = supernet(images, weights)
        losses.append(cross_entropy(logits.float(), labels))
        gradients.append(torch.autograd.grad(losses[-1], weights)[0].flatten())
    assert abs(losses[0] - losses[1]) < 0.1
    assert torch.cosine_similarity(*gradients, dim=0) > 0.9


# --- more channels -------------------------------------------------------------------------------


@pytest.mark.parametrize("track", [True, False], ids=["running", "batch"])
@pytest.mark.parametrize("variant", ["regular", "deep_all_skip"])
def test_a_widened_supernet_equals_the_formula(
    plain: ModuleType, variant: str, track: bool
) -> None:
    supernet = made(variant, width=8, partial=4, track_running_stats=track).double()
    supernet(images_of(), drawn(variant))
    supernet.use_channels(2, torch.Generator().manual_seed(0))
    compare(plain, supernet, drawn(variant))
    supernet.use_channels(1, torch.Generator().manual_seed(1))
    compare(plain, supernet, drawn(variant))


def test_widening_copies_channels_and_momenta_alike(plain: ModuleType) -> None:
    """Old channels come first; the others are copies of them, and so are their momenta."""
    supernet = made(width=8, partial=4)
    assert sum(1 for _ in supernet.use_channels(2, torch.Generator().manual_seed(0))) > 0
    fresh = made(width=8, partial=4)
    olds = {id(p): p.detach().clone() for p in fresh.parameters()}
    grown = fresh.use_channels(2, torch.Generator().manual_seed(0))
    assert {id(g.new) for g in grown} <= {id(p) for p in fresh.parameters()}
    for change in grown:
        old = olds[id(change.old)]
        numbers = torch.arange(1.0, old.numel() + 1).view(old.shape)
        momentum = change.grow(numbers)
        assert momentum.shape == change.new.shape
        picked = momentum.flatten().long() - 1
        assert torch.equal(change.new.detach().flatten(), old.flatten()[picked])


def test_widening_draws_from_its_generator_alone() -> None:
    first, second, third = (made(width=8, partial=4) for _ in range(3))
    state = torch.get_rng_state()
    for supernet, seed in ((first, 0), (second, 0), (third, 1)):
        supernet.use_channels(1, torch.Generator().manual_seed(seed))
    assert torch.equal(torch.get_rng_state(), state)
    pairs = [
        torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True)
    ]
    assert all(pairs)
    assert not all(
        torch.equal(a, b) for a, b in zip(first.parameters(), third.parameters(), strict=True)
    )


def test_widened_states_are_restored() -> None:
    supernet, weights = made(width=8, partial=2), drawn("regular").float()
    supernet.use_channels(1, torch.Generator().manual_seed(0))
    other = made(width=8)
    other.load_state_dict(supernet.state_dict())
    ours, theirs = (n(images_of().float(), weights) for n in (supernet, other))
    assert torch.equal(ours, theirs)


def test_channels_that_cannot_be_divided_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be divided by 3"):
        made(partial=3)
    with pytest.raises(ValueError, match="cannot be divided by 16"):
        made(width=8, partial=16)
    with pytest.raises(ValueError, match="cannot be halved"):
        made(width=7, side=96)
    supernet = made(width=12, partial=4)
    before = [p.detach().clone() for p in supernet.parameters()]
    with pytest.raises(ValueError, match="of 12 channels cannot become 1/6"):
        supernet.use_channels(6, torch.Generator())
    for factor in (5, 8):
        with pytest.raises(ValueError, match="cannot become"):
            supernet.use_channels(factor, torch.Generator())
    assert supernet.partial == 4
    assert all(torch.equal(a, b) for a, b in zip(before, supernet.parameters(), strict=True))
    with pytest.raises(ValueError, match="partial channels"):
        open_darts().inherit(open_darts().parse("DARTS_V2"), supernet)


@pytest.mark.parametrize("side", [8, 12], ids=["even maps", "odd maps"])
def test_a_pass_changes_no_module(side: int) -> None:
    """Whether maps can be split into blocks is the pass's own: networks may be in two at once."""

    def plainly(supernet: Any) -> list[dict[str, Any]]:
        kept = (int, float, str, bool, list, tuple)
        return [
            {name: value for name, value in vars(module).items() if isinstance(value, kept)}
            for module in supernet.modules()
        ]

    supernet, weights = made("s1", side=side), drawn("s1").float()
    before = plainly(supernet)
    for active in (None, weights > 0.5):
        supernet(images_of(side).float(), weights, active)
    assert plainly(supernet) == before
