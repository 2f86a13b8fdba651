"""Perturbed mixing weights, against the arithmetic of one row and exact ascents."""

from __future__ import annotations

import torch
from torch import Tensor

from nasbench_harness.methods.shared.perturbations import (
    moved_against,
    moved_at_random,
    on_simplex,
)

MASK = torch.tensor([[True, True, True, False], [True, True, True, True]])
ROWS = torch.tensor([[0.7, 0.2, 0.1, 0.0], [0.25, 0.25, 0.25, 0.25]], dtype=torch.float64)


def uniforms(seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(2, 4, dtype=torch.float64, generator=generator)


def slope(rows: Tensor) -> Tensor:
    """A loss that is linear in the rows: the worst corner of the ball is known."""
    return (rows * torch.tensor([3.0, -1.0, 0.5, 2.0], dtype=torch.float64)).sum()


def test_weights_are_clipped_and_divided_by_their_sum() -> None:
    rows = torch.tensor([[1.2, -0.1, 0.6, 0.0], [0.1, 0.2, 0.3, 0.4]], dtype=torch.float64)
    expected = torch.tensor([[1 / 1.6, 0, 0.6 / 1.6, 0], [0.1, 0.2, 0.3, 0.4]], dtype=torch.float64)
    assert torch.allclose(on_simplex(rows, MASK), expected, atol=1e-15)


def test_of_a_row_that_vanishes_the_largest_option_stays() -> None:
    rows = torch.tensor([[-0.3, -0.1, -0.2, 5.0], [-1, -2, -3, -0.5]], dtype=torch.float64)
    expected = torch.tensor([[0, 1, 0, 0], [0, 0, 0, 1]], dtype=torch.float64)
    assert torch.equal(on_simplex(rows, MASK), expected)


def test_random_moves_are_bounded_before_they_are_divided() -> None:
    moved = uniforms(3)
    noise = 0.1 * (2 * moved - 1)
    assert noise.abs().max() <= 0.1
    found = moved_at_random(ROWS, MASK, 0.1, moved)
    for row, clean, step, there in zip(found, ROWS, noise, MASK, strict=True):
        values = [
            min(max(float(w + s), 0.0), 1.0) if t else 0.0
            for w, s, t in zip(clean, step, there, strict=True)
        ]
        expected = torch.tensor(values, dtype=torch.float64) / sum(values)
        assert torch.allclose(row, expected, atol=1e-15)


def test_rows_stay_on_the_simplex_and_masked_options_at_zero() -> None:
    for seed in range(5):
        for found in (
            moved_at_random(ROWS, MASK, 0.3, uniforms(seed)),
            moved_against(ROWS, MASK, 0.3, uniforms(seed), 7, slope),
        ):
            assert torch.allclose(found.sum(-1), torch.ones(2, dtype=torch.float64), atol=1e-15)
            assert (found >= 0).all()
            assert found[0, 3] == 0


def ascent(rows: Tensor, radius: float, start: Tensor, steps: int) -> Tensor:
    """The adversary of a linear loss, row by row in plain Python."""

    def clipped(row: list[float], there: list[bool]) -> list[float]:
        values = [min(max(w, 0.0), 1.0) if t else 0.0 for w, t in zip(row, there, strict=True)]
        return [value / sum(values) for value in values]

    found = []
    for clean, drawn, there in zip(rows.tolist(), start.tolist(), MASK.tolist(), strict=True):
        begin = [w + radius * (2 * u - 1) for w, u in zip(clean, drawn, strict=True)]
        point = clipped(begin, there)
        for _ in range(steps):
            ahead = [w + 2 * radius / steps * s for w, s in zip(point, (1, -1, 1, 1), strict=True)]
            moves = [min(max(a - c, -radius), radius) for a, c in zip(ahead, clean, strict=True)]
            point = clipped([c + m for c, m in zip(clean, moves, strict=True)], there)
        found.append(point)
    return torch.tensor(found, dtype=torch.float64)


def test_adversary_goes_along_the_sign_within_the_ball() -> None:
    found = moved_against(ROWS, MASK, 0.1, uniforms(1), 7, slope)
    assert torch.allclose(found, ascent(ROWS, 0.1, uniforms(1), 7), atol=1e-12)
    assert slope(found) > slope(ROWS)


def test_what_does_not_raise_the_loss_is_not_taken() -> None:
    def worst_at_home(rows: Tensor) -> Tensor:
        return -(rows - ROWS).square().sum()

    assert torch.equal(moved_against(ROWS, MASK, 0.2, uniforms(2), 1, worst_at_home), ROWS)


def test_the_given_rows_are_left_alone() -> None:
    rows = ROWS.clone().requires_grad_()
    moved_against(rows, MASK, 0.2, uniforms(0), 3, slope)
    assert rows.grad is None
    assert torch.equal(rows.detach(), ROWS)
