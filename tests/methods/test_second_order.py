"""ReinMax beside the straight-through estimator, where the loss is not linear in a decision."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from nasbench_harness.methods.shared.relaxations import (
    masked_softmax,
    reinmax,
    straight_through,
)

K = 5
MASK = torch.tensor([True, True, True, False, True])
Relax = Callable[[Tensor, Tensor], Tensor]


def numbers(seed: int, *shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


def second(logits: Tensor, hard: Tensor) -> Tensor:
    return reinmax(logits, MASK, hard, 1.0)


def first(logits: Tensor, hard: Tensor) -> Tensor:
    return straight_through(hard, masked_softmax(logits, MASK))


def expected(relax: Relax, loss: Callable[[Tensor], Tensor], logits: Tensor) -> Tensor:
    """The estimator's mean over all draws of one decision."""
    p = masked_softmax(logits, MASK)
    mean = torch.zeros(K, dtype=torch.float64)
    for k in MASK.nonzero().flatten():
        leaf = logits.clone().requires_grad_()
        hard = torch.nn.functional.one_hot(k, K).double()
        (gradient,) = torch.autograd.grad(loss(relax(leaf, hard)), leaf)
        mean += p[k] * gradient
    return mean


def exact(loss: Callable[[Tensor], Tensor], logits: Tensor) -> Tensor:
    """Gradient of the expected loss of a one-hot draw."""
    leaf = logits.clone().requires_grad_()
    values = torch.stack([loss(row) for row in torch.eye(K, dtype=torch.float64)])
    (gradient,) = torch.autograd.grad((masked_softmax(leaf, MASK) * values).sum(), leaf)
    return gradient


def polynomial(seed: int, degree: int) -> Callable[[Tensor], Tensor]:
    """With every term of a degree, and of those below."""
    one, two, three = numbers(seed, K), numbers(seed + 1, K, K), numbers(seed + 2, K, K, K)

    def loss(m: Tensor) -> Tensor:
        value = one @ m
        if degree > 1:
            value = value + m @ two @ m
        if degree > 2:
            value = value + torch.einsum("abc,a,b,c->", three, m, m, m)
        return value

    return loss


def bias(relax: Relax, loss: Callable[[Tensor], Tensor], logits: Tensor) -> float:
    return float((expected(relax, loss, logits) - exact(loss, logits)).norm())


@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
def test_the_way_back_is_that_of_the_paper(temperature: float) -> None:
    """2 (q g - q <q, g>) - (p g - p <p, g>) / 2, less its mean over the options, which is 0."""
    logits, g = numbers(0, K).requires_grad_(), numbers(1, K)
    hard = torch.nn.functional.one_hot(torch.tensor(1), K).double()
    value = reinmax(logits, MASK, hard, temperature)
    assert torch.equal(value, hard)
    (found,) = torch.autograd.grad(value, logits, g)
    with torch.no_grad():
        p = masked_softmax(logits, MASK)
        q = (masked_softmax(logits / temperature, MASK) + hard) / 2
        expected = 2 * (q * g - q * (q @ g)) - (p * g - p * (p @ g)) / 2
    assert torch.allclose(found, expected, atol=1e-14)
    assert abs(float(expected.sum())) < 1e-14
    assert float(found[~MASK].abs()) == 0.0


def test_a_draw_that_could_hardly_be_has_a_finite_gradient() -> None:
    logits = torch.tensor([0.0, -900.0, 900.0, 0.0, 0.0], dtype=torch.float64).requires_grad_()
    for k in MASK.nonzero().flatten():
        hard = torch.nn.functional.one_hot(k, K).double()
        (found,) = torch.autograd.grad(reinmax(logits, MASK, hard, 0.1)[0], logits)
        assert found.isfinite().all()


@pytest.mark.parametrize("relax", [first, second])
def test_both_are_exact_for_a_linear_loss(relax: Relax) -> None:
    for seed in range(5):
        assert bias(relax, polynomial(seed, 1), numbers(seed + 50, K)) < 1e-14


def test_reinmax_is_exact_for_pairwise_terms_and_straight_through_is_not() -> None:
    for seed in range(5):
        loss, logits = polynomial(seed, 2), numbers(seed + 50, K)
        assert bias(second, loss, logits) < 1e-13
        assert bias(first, loss, logits) > 0.05


def test_beyond_pairwise_terms_reinmax_is_the_less_biased() -> None:
    ratios = []
    for seed in range(12):
        loss, logits = polynomial(seed, 3), numbers(seed + 50, K)
        assert bias(second, loss, logits) > 1e-3
        ratios.append(bias(second, loss, logits) / bias(first, loss, logits))
    assert sorted(ratios)[len(ratios) // 2] < 0.9
