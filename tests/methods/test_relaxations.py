"""How discrete choices become weights; those of a method alone are tested with it."""

from __future__ import annotations

import torch

from nasbench_harness.methods.shared.relaxations import (
    draw,
    gumbel,
    gumbel_hard,
    gumbel_soft,
    masked_softmax,
)

MASK = torch.tensor([[True, True, True], [True, True, False]])
LOGITS = torch.tensor([[0.3, -1.0, 2.0], [1.0, 0.5, 9.0]], dtype=torch.float64)


def test_options_that_do_not_exist_weigh_nothing_and_have_no_gradient() -> None:
    logits = LOGITS.clone().requires_grad_()
    weights = masked_softmax(logits, MASK)
    assert torch.all(weights[~MASK] == 0)
    weights.square().sum().backward()
    assert logits.grad is not None
    assert torch.all(logits.grad[~MASK] == 0)
    assert torch.all(logits.grad[MASK] != 0)


def test_a_hard_sample_is_the_soft_one_at_no_temperature() -> None:
    perturbed = LOGITS.clone().requires_grad_()
    hard = gumbel_hard(perturbed)
    assert not hard.requires_grad
    assert hard.tolist() == [[0, 0, 1], [0, 0, 1]]
    assert torch.allclose(gumbel_soft(perturbed, 1e-3), hard)
    assert torch.allclose(gumbel_soft(perturbed, 1e6), torch.full_like(hard, 1 / 3), atol=1e-5)


def test_noise_is_finite_where_a_generator_draws_0_and_the_same_elsewhere() -> None:
    for dtype in (torch.float32, torch.float64):
        uniforms = torch.rand(50, 2, 3, dtype=dtype, generator=torch.Generator().manual_seed(0))
        uniforms[0, 0, 0] = 5e-324 if dtype == torch.float64 else 1e-45  # the least above 0
        assert uniforms.all()
        assert torch.equal(gumbel(uniforms), -(-uniforms.log()).log())
        nothing = torch.zeros(2, 2, 3, dtype=dtype)
        assert gumbel(nothing).isfinite().all()
        uniforms[1] = 0.0
        uniforms[2, :, 1] = 0.0
        log_p = LOGITS.to(dtype).log_softmax(-1).requires_grad_()
        sample = draw(log_p, uniforms, 0.5)
        (sample.soft * LOGITS.to(dtype)).sum().backward()
        assert sample.soft.isfinite().all()
        assert log_p.grad is not None
        assert log_p.grad.isfinite().all()
