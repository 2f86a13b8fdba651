"""DrNAS: the distribution, its pathwise gradient and its anchors."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.distributions import Dirichlet, kl_divergence
from torch.nn.functional import elu

from nasbench_harness.methods.drnas import DrNAS, DrNASSettings
from nasbench_harness.methods.shared.relaxations import dirichlet
from nasbench_harness.problems.landscape.objective import Landscape
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.testing import ToyTrained, toy_problem

SAMPLES = 100_000


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(5)


def test_concentration_is_elu_plus_one(problem: Landscape) -> None:
    searcher = DrNAS(problem, DrNASSettings(), seed=0)
    searcher.alpha.data[0, :3] = torch.tensor([0.0, -3.0, 2.0])
    beta = searcher.concentration()[0, :3].tolist()
    assert beta == pytest.approx([1.0, 0.049787068, 3.0])


def test_the_total_concentration_is_logged_after_the_step() -> None:
    problem = toy_problem(options=(2, 4), steps=5)
    searcher = DrNAS(problem, DrNASSettings(learning_rate=0.1), seed=0)
    problem.advance()
    log = searcher.step()
    alpha = searcher.alpha.detach()
    rows = [(elu(alpha[0, :2]) + 1).sum(), (elu(alpha[1]) + 1).sum()]
    assert float(log["concentration"]) == pytest.approx(float(sum(rows)) / 2, abs=1e-12)


@pytest.mark.parametrize("clip_norm", [0.0, 1e-4, 1e4])
def test_the_gradient_of_alpha_is_clipped_as_torch_does_it(clip_norm: float) -> None:
    problem = toy_problem(options=(2, 4), steps=5)
    settings = DrNASSettings(anchor="kl", clip_norm=clip_norm)
    searcher, same = (DrNAS(problem, settings, seed=0) for _ in range(2))
    problem.advance()
    searcher.step()
    gradient = same.gradient(same.anchored(same.loss_at(same.sample())))
    same.alpha.grad = gradient.clone()
    if clip_norm:
        torch.nn.utils.clip_grad_norm_([same.alpha], clip_norm)
    assert searcher.alpha.grad is not None
    assert torch.allclose(searcher.alpha.grad, same.alpha.grad, rtol=1e-12, atol=0)
    assert (torch.equal(same.alpha.grad, gradient)) == (clip_norm != 1e-4)


def test_mean_and_variance_of_the_samples(
    generator: torch.Generator, z_scores: Callable[[Tensor, Tensor], Tensor]
) -> None:
    beta = torch.tensor([0.3, 1.0, 2.5, 0.7], dtype=torch.float64)
    theta = dirichlet(beta.expand(SAMPLES, -1), generator)
    total = beta.sum()
    assert z_scores(theta, beta / total).max() < 4
    variance = beta * (total - beta) / (total**2 * (total + 1))
    assert torch.allclose(theta.var(dim=0), variance, rtol=0.03)


def test_pathwise_gradient_of_the_mean(
    generator: torch.Generator, z_scores: Callable[[Tensor, Tensor], Tensor]
) -> None:
    beta = torch.tensor([0.3, 1.0, 2.5, 0.7], dtype=torch.float64)
    leaf = beta.repeat(SAMPLES, 1).requires_grad_()
    (gradient,) = torch.autograd.grad(dirichlet(leaf, generator)[:, 1].sum(), leaf)
    total = beta.sum()
    truth = (torch.eye(4, dtype=torch.float64)[1] * total - beta[1]) / total**2
    assert z_scores(gradient, truth).max() < 4


def test_same_estimator_as_the_library_s_sampler(generator: torch.Generator) -> None:
    beta = torch.rand(50, 5, dtype=torch.float64, generator=generator) + 0.2
    ours, theirs = beta.clone().requires_grad_(), beta.clone().requires_grad_()
    torch.manual_seed(1)
    expected = Dirichlet(theirs).rsample()
    found = dirichlet(ours, torch.Generator().manual_seed(1))
    assert torch.equal(found, expected)
    weights = torch.rand(50, 5, dtype=torch.float64, generator=generator)
    (found * weights).sum().backward()
    (expected * weights).sum().backward()
    assert torch.allclose(ours.grad, theirs.grad)  # type: ignore[arg-type]


def test_mean_gradient_is_that_of_the_mean_mixture(
    problem: Landscape, alpha: Tensor, expected_loss: Callable[[Tensor], Tensor],
    gradients: Callable[..., Tensor], z_scores: Callable[[Tensor, Tensor], Tensor],
) -> None:  # fmt: skip
    """E over theta of the gradient of f(theta) equals the gradient of f(beta / beta_0)."""
    searcher = DrNAS(problem, DrNASSettings(anchor="none"), seed=2)
    searcher.alpha.data.copy_(alpha)
    leaf = alpha.clone().requires_grad_()
    beta = elu(leaf) + 1
    (truth,) = torch.autograd.grad(expected_loss(beta / beta.sum(-1, keepdim=True)), leaf)
    assert z_scores(gradients(searcher, problem, 8_000), truth).max() < 3


def test_value_of_the_mean_mixture(problem: Landscape, alpha: Tensor) -> None:
    """E f(theta) = f(E theta): f is multilinear and the rows are independent."""
    beta = (elu(alpha) + 1).expand(SAMPLES, -1, -1)
    theta = dirichlet(beta, torch.Generator().manual_seed(3))
    values = problem.losses(theta, "valid")
    truth = problem.losses(beta[0] / beta[0].sum(-1, keepdim=True), "valid")
    assert abs(values.mean() - truth) / (values.std() / SAMPLES**0.5) < 4


def test_kl_anchor_matches_the_library(problem: Landscape, alpha: Tensor) -> None:
    searcher = DrNAS(problem, DrNASSettings(), seed=0)
    searcher.alpha.data.copy_(alpha)
    beta = searcher.concentration().detach()
    truth = kl_divergence(Dirichlet(beta), Dirichlet(torch.ones_like(beta))).sum()
    assert searcher.divergence().item() == pytest.approx(float(truth), abs=1e-12)


def test_kl_anchor_vanishes_at_the_uniform(problem: Landscape) -> None:
    searcher = DrNAS(problem, DrNASSettings(init_scale=0.0), seed=0)
    assert abs(searcher.divergence().item()) < 1e-12


def test_kl_anchor_ignores_options_that_do_not_exist() -> None:
    searcher = DrNAS(toy_problem(options=(3, 2)), DrNASSettings(), seed=0)
    beta = searcher.concentration().detach()
    pieces = [beta[0], beta[1, :2]]
    truth = sum(kl_divergence(Dirichlet(b), Dirichlet(torch.ones_like(b))) for b in pieces)
    assert searcher.divergence().item() == pytest.approx(float(truth), abs=1e-12)


def test_l2_anchor_pulls_alpha_to_zero(problem: Landscape, monkeypatch: pytest.MonkeyPatch) -> None:
    searcher = DrNAS(problem, DrNASSettings(anchor="l2", anchor_weight=0.1, init_scale=1.0), seed=0)
    monkeypatch.setattr(problem, "losses", lambda weights, *_: 0.0 * weights.sum().expand(1))
    before = searcher.alpha.detach().abs().sum()
    for _ in range(200):
        problem.advance()
        searcher.step()
    assert searcher.alpha.detach().abs().sum() < 0.97 * before


def test_samples_of_a_ragged_space_are_dirichlet_over_what_exists(
    z_scores: Callable[[Tensor, Tensor], Tensor],
) -> None:
    searcher = DrNAS(toy_problem(options=(3, 2)), DrNASSettings(init_scale=1.0), seed=0)
    with torch.no_grad():
        drawn = torch.stack([searcher.sample() for _ in range(20_000)])
    assert torch.all(drawn[:, 1, 2] == 0)
    assert torch.allclose(drawn.sum(-1), torch.ones(len(drawn), 2, dtype=torch.float64))
    kept = searcher.concentration().detach()[1, :2]
    assert z_scores(drawn[:, 1, :2], kept / kept.sum()).max() < 4


def test_warm_up_leaves_alpha_alone() -> None:
    problem = toy_problem(steps=10)
    searcher = DrNAS(problem, DrNASSettings(warmup_epochs=5), seed=0)
    start = searcher.alpha.detach().clone()
    moved = []
    for _ in range(10):
        problem.advance()
        searcher.step()
        moved.append(not torch.equal(searcher.alpha, start))
    assert moved == [False] * 5 + [True] * 5


def test_every_forward_pass_draws_afresh(problem: Landscape) -> None:
    searcher = DrNAS(problem, DrNASSettings(), seed=0)
    assert not torch.equal(searcher.sample(), searcher.sample())


def test_parts_of_other_methods_go_together_with_samples() -> None:
    """Partial channels, edge normalisation and perturbed weights: settings, no code of its own."""
    space = NB201()
    settings = DrNASSettings(
        partial_channels=[4], edge_normalisation=True, perturbation="adversarial"
    )
    problem = ToyTrained(space, steps=10)
    searcher = DrNAS(problem, settings, seed=0)
    assert searcher.edges is not None
    assert problem.factor == 4
    before = searcher.edges.logits.detach().clone()
    for _ in range(10):
        problem.advance()
        searcher.step()
    assert not torch.equal(before, searcher.edges.logits)
    rows = searcher.alpha.detach().softmax(-1) * searcher.edges.shares().detach()[:, None]
    assert torch.allclose(searcher.scores(), rows, atol=1e-14)


def test_parts_that_are_not_asked_for_leave_the_trial_s_name() -> None:
    """They were added later; see `Settings.identity`."""
    assert not {"edge_normalisation", "perturbation"} & set(DrNASSettings().identity())
