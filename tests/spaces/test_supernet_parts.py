"""What supernets tell of their insides: whose parameters are whose, and cells by themselves."""

from __future__ import annotations

from itertools import chain
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from nasbench_harness import registry
from nasbench_harness.contracts import (
    CellShifts,
    NetworkShape,
    OperationParameters,
    OperationPlace,
)

SPACES = ("nb201", "darts", "darts[variant=s1]", "transnas101", "nbmacro", "proxyless")
OF_CELLS = SPACES[:4]
CELLS = {"nb201": 1, "darts": 4, "darts[variant=s1]": 4}
SIDE = 16


def made(name: str, **options: Any) -> tuple[Any, Any, Tensor]:
    """A space, its supernet in float64, and images."""
    space = registry.open_space(name)
    size = space.shapes.search
    width = 4 if name in CELLS else 8
    cells = CELLS.get(name, size.cells)
    shape = NetworkShape(classes=3, width=width, cells=cells, image_size=(SIDE, SIDE))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        supernet = space.supernet(shape, **options).double()
        images = torch.randn(2, 3, SIDE, SIDE, dtype=torch.float64)
    return space, supernet, images


def uniform(space: Any) -> Tensor:
    mask = space.mask.double()
    weights: Tensor = mask / mask.sum(dim=-1, keepdim=True)
    return weights


def learning(supernet: Any) -> set[OperationPlace]:
    """The operations of which some row has a gradient."""
    found = set()
    for parameter, places in supernet.operation_parameters():
        if parameter.grad is not None:
            for place, rows in zip(places, parameter.grad.chunk(len(places)), strict=True):
                found |= {place} if rows.any() else set()
    return found


@pytest.mark.parametrize("name", SPACES)
def test_each_operation_learns_where_it_is_active(name: str) -> None:
    """Where a single option of a decision is run, no other one of that decision has a gradient."""
    space, supernet, images = made(name)
    assert isinstance(supernet, OperationParameters)
    places = set(chain.from_iterable(one.places for one in supernet.operation_parameters()))
    decisions = range(len(space.decisions))
    for decision in (decisions[0], decisions[-1]):
        for option in {1, len(space.decisions[decision].options) - 1}:
            active = space.mask.clone()
            active[decision] = False
            active[decision, option] = True
            supernet.zero_grad()
            supernet(images, uniform(space), active).square().sum().backward()
            expected = {p for p in places if p.decision != decision or p.option == option}
            assert {p for p in learning(supernet) if p.decision == decision} == {
                p for p in expected if p.decision == decision
            }


@pytest.mark.parametrize("name", SPACES)
def test_every_row_is_one_operation_s(name: str) -> None:
    _, supernet, _ = made(name)
    own = {id(parameter) for parameter in supernet.parameters()}
    found = supernet.operation_parameters()
    assert len({id(one.parameter) for one in found}) == len(found) > 0
    for parameter, places in found:
        assert id(parameter) in own
        assert len(parameter) % len(places) == 0
        assert len(set(places)) == len(places)
    again = supernet.operation_parameters()
    assert [one.places for one in again] == [one.places for one in found]


@pytest.mark.parametrize("name", ["nb201", "darts"])
def test_widened_operations_stand_where_they_stood(name: str) -> None:
    _, supernet, _ = made(name, partial=4)
    before = supernet.operation_parameters()
    supernet.use_channels(2, torch.Generator().manual_seed(0))
    after = supernet.operation_parameters()
    assert [one.places for one in after] == [one.places for one in before]
    assert all(
        len(new.parameter) == 2 * len(old.parameter) for new, old in zip(after, before, strict=True)
    )


def cells_of(supernet: Any) -> list[nn.Module]:
    cells = supernet.cells
    return list(cells() if callable(cells) and not isinstance(cells, nn.Module) else cells)


def outputs(supernet: Any, images: Tensor, weights: Tensor, shifts: Tensor | None) -> list[Tensor]:
    """What every cell makes, in evaluation mode."""
    seen: list[Tensor] = []
    hooks = [
        cell.register_forward_hook(lambda _m, _i, out: seen.append(out.clone()))
        for cell in cells_of(supernet)
    ]
    with torch.no_grad():
        if shifts is None:
            supernet(images, weights)
        else:
            with supernet.shifted_cells(shifts):
                supernet(images, weights)
    for hook in hooks:
        hook.remove()
    return seen


@pytest.mark.parametrize("name", OF_CELLS)
def test_a_shift_of_one_cell_moves_nothing_before_it(name: str) -> None:
    space, supernet, images = made(name)
    assert isinstance(supernet, CellShifts)
    weights, cells = uniform(space), len(supernet.cell_decisions())
    plain = outputs(supernet, images, weights, None)
    assert len(plain) == cells
    for cell in range(cells):
        shifts = torch.zeros(cells, *weights.shape, dtype=torch.float64)
        shifts[cell] = 0.01 * torch.randn(
            weights.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64
        )
        moved = outputs(supernet, images, weights, shifts)
        assert all(map(torch.equal, moved[:cell], plain[:cell]))
        assert not torch.equal(moved[cell], plain[cell])


@pytest.mark.parametrize("name", OF_CELLS)
def test_gradients_of_the_cells_add_up_and_stay_in_their_decisions(name: str) -> None:
    space, supernet, images = made(name)
    decisions = supernet.cell_decisions()
    weights = uniform(space).requires_grad_()
    supernet(images, weights).square().sum().backward()
    shifts = torch.zeros(len(decisions), *weights.shape, dtype=torch.float64, requires_grad=True)
    with supernet.shifted_cells(shifts):
        supernet(images, weights.detach()).square().sum().backward()
    assert weights.grad is not None
    assert shifts.grad is not None
    assert torch.allclose(shifts.grad.sum(dim=0), weights.grad, atol=1e-10)
    for own, gradient in zip(decisions, shifts.grad, strict=True):
        there = gradient.any(dim=-1).nonzero().flatten().tolist()
        assert set(there) <= set(own)
        assert there


@pytest.mark.parametrize("name", OF_CELLS)
def test_weights_per_example_are_shifted_alike(name: str) -> None:
    space, supernet, images = made(name)
    supernet.eval()
    weights, cells = uniform(space), len(supernet.cell_decisions())
    shifts = 0.01 * torch.ones(cells, *weights.shape, dtype=torch.float64)
    with torch.no_grad(), supernet.shifted_cells(shifts):
        one, each = supernet(images, weights), supernet(images, weights.expand(2, -1, -1))
    assert torch.allclose(one, each, atol=1e-10)
