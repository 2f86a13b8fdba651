"""Latencies of once-for-all networks: what the authors' own tutorial prints."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from nasbench_harness.errors import HarnessError
from nasbench_harness.spaces.shared.once_for_all import (
    DEPTHS,
    EXPANSIONS,
    KERNELS,
    depth_of,
    expansion_of,
    kernel_of,
    read_latency,
)
from nasbench_harness.tables.additive import AdditiveCost

TUTORIAL = (
    ((5, 3), (3, 3)),
    ((5, 4), (3, 4)),
    ((7, 6), (7, 3), (3, 4)),
    ((5, 4), (5, 4), (7, 4), (3, 3)),
    ((3, 6), (3, 6), (5, 6)),
)
"""Kernel and expansion of the blocks of the network that the tutorial finds for Note10."""
NETS = {
    30: (((3, 3), (3, 3)), ((5, 4), (3, 3), (3, 4)), ((5, 4), (5, 4), (3, 3)),
         ((3, 6), (3, 4), (3, 4)), ((3, 6), (3, 6), (3, 4), (3, 3))),
}  # fmt: skip
"""A published network for images of 224 pixels, by the milliseconds of its name."""


def choices(stages: tuple[tuple[tuple[int, int], ...], ...], absent: int = 0) -> list[int]:
    """Options of all 45 decisions; of blocks that are not there it is `absent`."""
    found = [absent] * 45
    for number, blocks in enumerate(stages):
        found[depth_of(number)] = DEPTHS.index(len(blocks))
        for place, (kernel, expansion) in enumerate(blocks):
            found[kernel_of(4 * number + place)] = KERNELS.index(kernel)
            found[expansion_of(4 * number + place)] = EXPANSIONS.index(expansion)
    return found


@pytest.fixture(scope="module")
def tables(reference_data: Path) -> Path:
    folder = reference_data / "more" / "ofa_surrogate" / "note10"
    if not folder.is_dir():
        pytest.skip(f"no latency tables in {folder}")
    return folder


@pytest.fixture(scope="module")
def cost(tables: Path) -> AdditiveCost:
    return read_latency(tables / "192_lookup_table.yaml", 192)


def test_the_network_of_the_tutorial_takes_as_long_as_it_prints(cost: AdditiveCost) -> None:
    assert cost.of(choices(TUTORIAL)) == pytest.approx(24.73016685, abs=1e-8)


def test_blocks_that_are_not_there_take_nothing(cost: AdditiveCost) -> None:
    assert cost.of(choices(TUTORIAL, absent=2)) == cost.of(choices(TUTORIAL))


def test_a_published_network_is_as_fast_as_its_name_says(tables: Path) -> None:
    found = read_latency(tables / "224_lookup_table.yaml", 224).of(choices(NETS[30]))
    assert found == pytest.approx(30, abs=1.0)


def test_mean_and_gradient_are_those_of_all_networks(cost: AdditiveCost) -> None:
    """Of five decisions that act together, with the others fixed: 3^5 networks."""
    free = [kernel_of(2), expansion_of(2), kernel_of(3), expansion_of(3), depth_of(0)]
    fixed = torch.nn.functional.one_hot(torch.tensor(choices(TUTORIAL)), 3).double()
    logits = torch.randn(5, 3, dtype=torch.float64).requires_grad_()
    weights = fixed.index_put((torch.tensor(free),), logits.softmax(dim=-1))
    mean = cost.expected(weights)
    (gradient,) = torch.autograd.grad(mean, logits, retain_graph=True)
    truth = torch.zeros((), dtype=torch.float64)
    for picked in torch.cartesian_prod(*[torch.arange(3)] * 5).tolist():
        cell = choices(TUTORIAL)
        for place, option in zip(free, picked, strict=True):
            cell[place] = option
        chance = logits.softmax(dim=-1)[range(5), picked].prod()
        truth = truth + chance * cost.of(cell)
    (expected,) = torch.autograd.grad(truth, logits)
    assert mean.item() == pytest.approx(truth.item(), abs=1e-11)
    assert torch.allclose(gradient, expected, atol=1e-12)


def test_the_table_of_another_size_is_refused(tables: Path, tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=r"has no entry .*160x160x3.* of another size"):
        read_latency(tables / "192_lookup_table.yaml", 160)
    (tmp_path / "a.yaml").write_text("[1, 2")
    with pytest.raises(HarnessError, match="no latency table that can be read"):
        read_latency(tmp_path / "a.yaml", 192)
