"""The supernet against a plain implementation of it, and against stand-alone networks."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot
from torch.utils._python_dispatch import TorchDispatchMode

from nasbench_harness.contracts import NetworkShape
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.spaces.nb201.encoding import EDGES
from nasbench_harness.spaces.nb201.network import Network
from nasbench_harness.spaces.nb201.plain import PerEdgeSupernet, copy_weights
from nasbench_harness.spaces.nb201.shared_weights import CellSupernet, _shuffle
from nasbench_harness.spaces.nb201.skeleton import Reduction

SMALL = NetworkShape(classes=10, width=8, cells=2)
MOST_OPERATIONS = 3000


@pytest.fixture
def batch() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(8, 3, 16, 16, generator=generator)
    return images, torch.randint(10, (8,), generator=generator)


def mixtures() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return {
        "mixed": torch.rand(6, 5, generator=generator).softmax(-1),
        "per example": torch.rand(8, 6, 5, generator=generator).softmax(-1),
        "one-hot": one_hot(torch.randint(5, (6,), generator=generator), 5).float(),
        "per example one-hot": one_hot(torch.randint(5, (8, 6), generator=generator), 5).float(),
        "off the simplex": 2 * torch.rand(6, 5, generator=generator) - 0.5,
    }


def pair(track: bool, seed: int = 0) -> tuple[Any, Any]:
    torch.manual_seed(seed)
    supernet = CellSupernet(SMALL, track_running_stats=track)
    reference = PerEdgeSupernet(SMALL, track_running_stats=track)
    copy_weights(reference, supernet)
    return supernet, reference


@pytest.mark.parametrize("track", [True, False], ids=["running", "batch"])
@pytest.mark.parametrize("mixture", mixtures())
def test_losses_and_gradients_equal_the_plain_supernet(
    batch: tuple[Tensor, Tensor], mixture: str, track: bool
) -> None:
    supernet, reference = pair(track)
    images, labels = batch
    ours, theirs = (mixtures()[mixture].requires_grad_() for _ in range(2))
    loss, wanted = (
        cross_entropy(supernet(images, ours), labels),
        cross_entropy(reference(images, theirs), labels),
    )
    loss.backward()
    wanted.backward()
    torch.testing.assert_close(loss, wanted, atol=1e-5, rtol=1e-5)
    assert ours.grad is not None
    torch.testing.assert_close(ours.grad, theirs.grad, atol=1e-4, rtol=1e-4)
    compare_parameters(supernet, reference)


def compare_parameters(supernet: Any, reference: Any) -> None:
    """Gradients of every network weight."""
    torch.testing.assert_close(
        supernet.stem[0].weight.grad, reference.stem[0].weight.grad, atol=1e-4, rtol=1e-4
    )
    for stage, cells in enumerate(reference.stages):
        for place, cell in enumerate(cells):
            mixed = supernet.stages[stage][place]
            for edge, (target, source) in enumerate(EDGES):
                for k, branches in ((2, mixed.conv1), (3, mixed.conv3)):
                    channels = branches[source].channels
                    first = (target - source - 1) * channels
                    ours = branches[source].weight.grad[first : first + channels]
                    theirs = cell.edges[edge][k].conv.weight.grad
                    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("mixture", mixtures())
def test_weights_without_gradient_give_the_same(batch: tuple[Tensor, Tensor], mixture: str) -> None:
    supernet, reference = pair(True)
    weights = mixtures()[mixture]
    wanted = reference(batch[0], weights)
    torch.testing.assert_close(supernet(batch[0], weights), wanted, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("mixture", ["mixed", "one-hot"])
def test_running_statistics_follow_the_plain_supernet(
    batch: tuple[Tensor, Tensor], mixture: str
) -> None:
    """What an edge did not compute, it learned nothing about; the rest agrees."""
    supernet, reference = pair(True)
    everything = torch.ones(6, 5, dtype=torch.bool)
    for _ in range(3):
        supernet(batch[0], mixtures()[mixture], everything)
        reference(batch[0], mixtures()[mixture])
    supernet.eval()
    reference.eval()
    weights = mixtures()["mixed"]
    torch.testing.assert_close(
        supernet(batch[0], weights), reference(batch[0], weights), atol=1e-4, rtol=1e-4
    )


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("track", [True, False], ids=["running", "batch"])
def test_one_hot_supernet_equals_the_network_that_inherits(
    space: NB201, batch: tuple[Tensor, Tensor], training: bool, track: bool
) -> None:
    """Fidelity test 9.1.5: copied weights, same mode, differences below 1e-5."""
    generator = torch.Generator().manual_seed(3)
    torch.manual_seed(0)
    supernet = CellSupernet(SMALL, track_running_stats=track)
    for _ in range(3):
        supernet(batch[0], mixtures()["mixed"])
    supernet.train(training)
    for _ in range(10):
        arch = space.sample(generator)
        network = space.inherit(arch, supernet)
        weights = one_hot(torch.tensor(arch.choices), 5).float()
        with torch.no_grad():
            expected, found = network(batch[0]), supernet(batch[0], weights)
        assert (expected - found).abs().max() < 1e-5


def test_inactive_choices_are_not_computed(batch: tuple[Tensor, Tensor]) -> None:
    supernet = CellSupernet(SMALL)
    active = torch.zeros(6, 5, dtype=torch.bool)
    active[:, 1] = True
    with counted() as counts:
        supernet(batch[0], torch.rand(6, 5, requires_grad=True), active)
    assert counts["aten::convolution"] == 1 + 2 * 3  # stem and reductions


def test_zero_weights_without_gradient_cost_nothing(batch: tuple[Tensor, Tensor]) -> None:
    supernet = CellSupernet(SMALL)
    with counted() as counts:
        supernet(batch[0], one_hot(torch.full((6,), 3), 5).float())
    assert counts["aten::convolution"] == 1 + 2 * 3 + 6 * 6  # one per edge, in six cells


def test_frozen_parameters_get_no_gradient(batch: tuple[Tensor, Tensor]) -> None:
    supernet = CellSupernet(SMALL)
    weights = mixtures()["mixed"].requires_grad_()
    with supernet.frozen():
        loss = cross_entropy(supernet(batch[0], weights), batch[1])
    loss.backward()
    assert weights.grad is not None
    assert all(p.grad is None and p.requires_grad for p in supernet.parameters())


# --- launches ----------------------------------------------------------------------------------


class counted(TorchDispatchMode):  # noqa: N801 - used as a context manager
    """Counts the ATen operations dispatched within."""

    def __enter__(self) -> Counter[str]:
        super().__enter__()
        self.counts: Counter[str] = Counter()
        return self.counts

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.counts[func.overloadpacket._qualified_op_name] += 1
        return func(*args, **(kwargs or {}))


def test_full_supernet_dispatches_few_operations_and_never_waits() -> None:
    """Forward and backward at width 16 with 5 cells a stage; the DrNAS code: 6,759 and 450."""
    supernet = CellSupernet(NetworkShape(classes=10, width=16, cells=5))
    weights = torch.full((6, 5), 0.2, requires_grad=True)
    images, labels = torch.randn(2, 3, 32, 32), torch.tensor([3, 5])
    with counted() as counts:
        cross_entropy(supernet(images, weights), labels).backward()
    assert sum(counts.values()) <= MOST_OPERATIONS
    assert counts["aten::_local_scalar_dense"] == 0


# --- sizes -------------------------------------------------------------------------------------


def parameters(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize(("partial", "count"), [(1, 1_686_106), (2, 476_506), (4, 174_106)])
def test_supernet_has_the_published_number_of_weights(partial: int, count: int) -> None:
    assert (
        parameters(CellSupernet(NetworkShape(classes=10, width=16, cells=5), partial=partial))
        == count
    )


def test_networks_have_the_benchmarks_number_of_parameters(space: NB201) -> None:
    """All 15,625 cells: one network for each number of convolutions of either size."""
    counts = {}
    for arch in space.enumerate():
        kinds = tuple(sum(c == k for c in arch.choices) for k in (2, 3))
        if kinds not in counts:
            with torch.device("meta"):
                counts[kinds] = parameters(
                    Network(arch.choices, NetworkShape(classes=10, width=16, cells=5))
                )
        assert counts[kinds] == space.cost(arch, "params", "cifar10")


@pytest.mark.parametrize("classes", [10, 100, 120])
def test_random_networks_have_the_exact_parameters_and_flops(space: NB201, classes: int) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    dataset = {10: "cifar10", 100: "cifar100", 120: "imagenet16-120"}[classes]
    side = 16 if classes == 120 else 32
    random_cells = random.Random(5)
    for index in random_cells.sample(range(space.size), 5):
        arch = space.at_index(index)
        with torch.device("meta"):
            network = space.network(arch, NetworkShape(classes=classes, width=16, cells=5))
            image = torch.zeros(1, 3, side, side)
        counter = FlopCounterMode(display=False)
        with counter, torch.no_grad():
            network.eval()(image)
        assert parameters(network) == space.cost(arch, "params", dataset)
        bias = classes  # the formula counts the classifier's bias, the counter does not
        assert counter.get_total_flops() / 2 + bias == space.cost(arch, "flops", dataset)


def test_pooling_leaves_ones_at_the_border(space: NB201) -> None:
    pool = space.network(space.at_index(7581), SMALL).stages[0][0].edges["1<-0"]  # type: ignore[index,union-attr]
    assert torch.equal(pool(torch.ones(1, 8, 5, 5)), torch.ones(1, 8, 5, 5))


def test_reductions_halve_the_size_and_double_the_channels() -> None:
    assert Reduction(4)(torch.randn(2, 4, 8, 8)).shape == (2, 8, 4, 4)


# --- partial channels --------------------------------------------------------------------------


def test_channels_bypass_the_operations_and_are_shuffled() -> None:
    """Of a cell of skips only the bypass and the mixed part remain, in shuffled order."""
    supernet = CellSupernet(NetworkShape(classes=10, width=8, cells=1), partial=4)
    cell = supernet.stages[0][0]  # type: ignore[index]
    from nasbench_harness.spaces.nb201.mixing import Mixing

    skips = one_hot(torch.tensor([1, 0, 0, 1, 0, 0]), 5).float()
    x = torch.randn(2, 8, 4, 4)
    out = cell(x, Mixing(skips, skips.bool()))
    # Node 3 takes the input's mixed part by the only skip, and the bypassed parts of all nodes.
    node1 = _shuffle(x, 4)
    node2 = _shuffle(torch.cat([torch.zeros_like(x[:, :2]), x[:, 2:] + node1[:, 2:]], 1), 4)
    bypassed = x[:, 2:] + node1[:, 2:] + node2[:, 2:]
    torch.testing.assert_close(out, _shuffle(torch.cat([x[:, :2], bypassed], 1), 4))


@pytest.mark.parametrize("leading", [(), (2,)], ids=["for all", "per example"])
def test_weighed_edges_weigh_their_bypass_too(leading: tuple[int, ...]) -> None:
    """Edge by edge as PC-DARTS has it, of a cell of `none` and skips."""
    from nasbench_harness.spaces.nb201.mixing import Mixing

    supernet = CellSupernet(NetworkShape(classes=10, width=8, cells=1), partial=4).double()
    supernet.weighs_edges = True
    weights = torch.zeros(*leading, 6, 5, dtype=torch.float64)
    weights[..., :2] = torch.rand(
        *leading, 6, 2, generator=torch.Generator().manual_seed(4)
    ).double()
    generator = torch.Generator().manual_seed(5)
    x = torch.randn(2, 8, 4, 4, dtype=torch.float64, generator=generator)
    nodes = [x]
    for edges in ((0,), (1, 2), (3, 4, 5)):
        brought = []
        for source, edge in enumerate(edges):
            scale = weights[..., edge, :].reshape(*(leading or (1,)), 5, 1, 1, 1)
            inner, outer = nodes[source][:, :2], nodes[source][:, 2:]
            parts = [scale[:, 1] * inner, scale.sum(dim=1) * outer]
            brought.append(_shuffle(torch.cat(parts, 1), 4))
        nodes.append(torch.stack(brought).sum(dim=0))
    active = torch.tensor([True, True, False, False, False]).expand(6, 5)
    out = supernet.stages[0][0](x, Mixing(weights, active))  # type: ignore[index]
    torch.testing.assert_close(out, nodes[-1], atol=1e-12, rtol=1e-10)
    supernet.weighs_edges = False
    assert not torch.allclose(supernet.stages[0][0](x, Mixing(weights, active)), out)  # type: ignore[index]


def test_shuffle_is_a_permutation() -> None:
    x = torch.arange(12.0).view(1, 12, 1, 1)
    shuffled = _shuffle(x, 3).flatten().tolist()
    assert shuffled == [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]


def test_widening_copies_channels() -> None:
    supernet = CellSupernet(NetworkShape(classes=10, width=8, cells=1), partial=4)
    branch = supernet.stages[0][0].conv3[0]  # type: ignore[index,union-attr]
    old = branch.weight.detach().clone().view(3, 2, 2, 3, 3)
    grown = supernet.use_channels(2, torch.Generator().manual_seed(0))
    new = branch.weight.detach().view(3, 4, 4, 3, 3)
    torch.testing.assert_close(new[:, :2, :2], old)
    for edge in range(3):
        sources = {tuple(row.flatten().tolist()) for row in old[edge]}
        assert all(tuple(row[:2].flatten().tolist()) in sources for row in new[edge])
    momentum = torch.randn_like(old.view(6, 2, 3, 3))
    companion = next(g for g in grown if g.new is branch.weight)
    assert companion.grow(momentum).shape == branch.weight.shape
    assert supernet(torch.randn(2, 3, 8, 8), mixtures()["mixed"]).shape == (2, 10)


def test_supernets_cannot_shrink() -> None:
    supernet = CellSupernet(NetworkShape(classes=10, width=8, cells=1), partial=2)
    with pytest.raises(ValueError, match="cannot become"):
        supernet.use_channels(4, torch.Generator())
    with pytest.raises(ValueError, match="partial channels"):
        NB201().inherit(NB201().at_index(0), supernet)


@pytest.mark.parametrize("dtype", [torch.bfloat16])
def test_lower_precision_stays_near(batch: tuple[Tensor, Tensor], dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    supernet = CellSupernet(SMALL)
    weights = mixtures()["mixed"].requires_grad_()
    exact = cross_entropy(supernet(batch[0], weights), batch[1])
    (wanted,) = torch.autograd.grad(exact, weights)
    with torch.autocast("cpu", dtype):
        logits = supernet(batch[0], weights)
    loss = cross_entropy(logits.float(), batch[1])
    (found,) = torch.autograd.grad(loss, weights)
    assert abs(loss.item() - exact.item()) < 0.05
    assert torch.cosine_similarity(found.flatten(), wanted.flatten(), dim=0) > 0.95


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_agrees_with_the_cpu(batch: tuple[Tensor, Tensor]) -> None:
    torch.manual_seed(0)
    supernet, weights = CellSupernet(SMALL), mixtures()["mixed"]
    wanted = supernet(batch[0], weights)
    found = supernet.cuda()(batch[0].cuda(), weights.cuda())
    torch.testing.assert_close(found.cpu(), wanted, atol=1e-3, rtol=1e-3)
