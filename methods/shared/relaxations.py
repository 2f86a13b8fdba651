"""How discrete choices become weights that can be differentiated, or are drawn.

Softmax, Gumbel-softmax (soft, hard, or conditioned on the choice) and Dirichlet. Rows are
decisions, the last axis their options; options that do not exist weigh exactly 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import FunctionCtx

Generators = torch.Generator | Sequence[torch.Generator]
TINY = 1e-30
"""Stands in for the probability of an option that does not exist: never drawn, no gradient."""


def masked_softmax(logits: Tensor, mask: Tensor) -> Tensor:
    """Softmax over the last axis among the options that exist; exactly 0 elsewhere."""
    return masked_log_softmax(logits, mask).exp()


def masked_log_softmax(logits: Tensor, mask: Tensor) -> Tensor:
    """Its logarithm; minus infinity where masked, with zero gradient there."""
    return logits.masked_fill(~mask, -torch.inf).log_softmax(dim=-1)


def entropy(log_p: Tensor, mask: Tensor) -> Tensor:
    """Entropy of each row, in nats: [..., D]."""
    safe = log_p.masked_fill(~mask, 0.0)
    return -(log_p.exp() * safe).sum(dim=-1)


def one_hot(choices: Tensor, options: int, dtype: torch.dtype) -> Tensor:
    """[..., D] indices to [..., D, K] weights."""
    return torch.nn.functional.one_hot(choices, options).to(dtype)


def categorical(p: Tensor, generator: Generators) -> Tensor:
    """One index per row, in proportion to p [..., K].

    With a generator for every run of [R, ..., K] each draws its own part: an exponential time per
    option, of which the first is chosen, as `torch.multinomial` does for one draw.
    """
    if isinstance(generator, torch.Generator):
        return torch.multinomial(p, 1, generator=generator).squeeze(-1)
    if not bool(p.sum().isfinite()):
        raise RuntimeError("probabilities are not finite")
    runs = zip(p, generator, strict=True)
    times = torch.stack([torch.empty_like(own).exponential_(generator=g) for own, g in runs])
    return (p / times).argmax(dim=-1)


# --- Gumbel ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sample:
    """n correlated draws, of every run where runs are joined: one-hot z, soft zeta, log p(z)."""

    discrete: Tensor
    """z [..., n, D, K], one-hot."""
    soft: Tensor
    """Value of zeta, gradient of zeta - zeta~: [..., n, D, K]."""
    log_p: Tensor
    """log p(z), differentiable: [..., n]."""


def gumbel(uniforms: Tensor) -> Tensor:
    """Gumbel noise of uniform numbers in [0, 1); 0 counts as the least normal number above it."""
    return -(-_log(uniforms)).log()


def _log(uniforms: Tensor) -> Tensor:
    """Finite at 0 too, which a generator may draw; what is above 0 stays as it is."""
    return uniforms.masked_fill(uniforms == 0, torch.finfo(uniforms.dtype).tiny).log()


def gumbel_hard(perturbed: Tensor) -> Tensor:
    """One-hot of the largest of log p + Gumbel noise [..., K]: a draw of p, without gradient."""
    chosen = perturbed.detach().argmax(dim=-1, keepdim=True)
    return torch.zeros_like(perturbed.detach()).scatter_(-1, chosen, 1.0)


def gumbel_soft(perturbed: Tensor, temperature: float) -> Tensor:
    """Their softmax at a temperature: the concrete relaxation of that draw."""
    return (perturbed / temperature).softmax(dim=-1)


def straight_through(hard: Tensor, soft: Tensor) -> Tensor:
    """The value of `hard`, exactly, with the gradient of `soft`."""
    return hard + (soft - soft.detach())


def reinmax(logits: Tensor, mask: Tensor, hard: Tensor, temperature: float) -> Tensor:
    """The value of `hard`, a draw of p = softmax(logits), with ReinMax' gradient (Heun's rule).

    Of what comes back, g, the logits get 2 J(q) g - J(p) g / 2 with J(x) = diag(x) - x x' and
    q = (softmax(logits / temperature) + hard) / 2 (Liu et al. 2023, arXiv 2304.08612). Its sum over
    the options is 0 as it is, so that there is no mean to subtract.
    """
    with torch.no_grad():
        middle = (masked_softmax(logits / temperature, mask) + hard) / 2
        shift = middle.log() - logits
    q = masked_softmax(shift + logits, mask)
    return straight_through(hard, 2 * q - masked_softmax(logits, mask) / 2)


def draw(log_p: Tensor, uniforms: Tensor, temperature: float) -> Sample:
    """Gumbel-max samples z of p with zeta and zeta~, from uniforms [..., n, D, K] in [0, 1).

    Only p carries gradient: the uniforms v behind zeta~ follow from z and u and are detached, so
    that zeta~ is the soft sample conditioned on z. In value zeta and zeta~ are equal. Options that
    do not exist have log p = -inf and are never drawn.
    """
    log_p = log_p.unsqueeze(-3)
    finite = log_p.clamp(min=torch.finfo(log_p.dtype).min)  # keeps 0 * log p at 0
    log_u = _log(uniforms)
    perturbed = finite - (-log_u).log()
    discrete = gumbel_hard(perturbed)
    zeta = gumbel_soft(perturbed, temperature)
    zeta_tilde = gumbel_soft(condition(log_p.exp(), log_u, discrete), temperature)
    log_p_chosen = (discrete * finite).sum(dim=(-2, -1))
    return Sample(discrete, zeta - zeta_tilde + zeta_tilde.detach(), log_p_chosen)


def condition(p: Tensor, log_u: Tensor, discrete: Tensor) -> Tensor:
    """a~ [..., n, D, K]: the perturbed logits given z and log u, a function of p with v held fixed.

    For the chosen option a~ = -log(-log v), for another one -log(-log v / p - log v_chosen).
    """
    chosen = discrete.bool()
    safe = p.clamp(min=TINY)
    with torch.no_grad():
        log_v_chosen = (discrete * log_u / safe).sum(dim=-1, keepdim=True)
        log_v = torch.where(chosen, log_v_chosen, log_u - p * log_v_chosen)
        floor = log_v_chosen.masked_fill(chosen, 0.0)
    return -(-log_v / safe.masked_fill(chosen, 1.0) - floor).log()


# --- Dirichlet ------------------------------------------------------------------------------------


class _Dirichlet(Function):
    """torch.distributions.Dirichlet.rsample with a generator of one's own, or one a run."""

    @staticmethod
    def forward(ctx: FunctionCtx, beta: Tensor, generator: Generators) -> Tensor:
        if isinstance(generator, torch.Generator):
            theta = torch._sample_dirichlet(beta, generator=generator)
        else:
            runs = zip(beta, generator, strict=True)
            theta = torch.stack([torch._sample_dirichlet(own, generator=g) for own, g in runs])
        ctx.save_for_backward(theta, beta)
        return theta

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        theta, beta = ctx.saved_tensors
        total = beta.sum(dim=-1, keepdim=True).expand_as(beta)
        implicit = torch._dirichlet_grad(theta, beta, total)
        return implicit * (grad - (theta * grad).sum(dim=-1, keepdim=True)), None


def dirichlet(concentration: Tensor, generator: Generators) -> Tensor:
    """A sample of Dirichlet(concentration) per row, with its pathwise gradient (float64 inside).

    With a generator for every run of [R, ..., K], each draws its own part.
    """
    theta: Tensor = _Dirichlet.apply(concentration.double(), generator)
    return theta.to(concentration.dtype)
