"""A subset of elements, selected by gates at two temperatures (Colombo & Gao, 2021).

arXiv 2107.03375, "Differentiable Architecture Pruning for Transfer Learning". Only its abstract is
known here: sub-architectures are extracted from a large model by gradients, under a penalty on
their complexity and independently of the weights that are attached, by a relaxation with two
temperatures; meant for transfer with few examples. The rest is our own design.
"""

from __future__ import annotations

import torch
from torch import Tensor

from nasbench_harness.contracts import Architecture, FreshWeights, Log, Problem
from nasbench_harness.methods.setups.twotemp import TwoTemperatureSettings, TwoTemperatureSetup
from nasbench_harness.methods.shared.alpha import AlphaSearcher
from nasbench_harness.methods.shared.elements import cost_shares
from nasbench_harness.methods.shared.options import absent_options, open_or_absent
from nasbench_harness.methods.shared.relaxations import straight_through


class TwoTemperature(TwoTemperatureSetup, AlphaSearcher[TwoTemperatureSettings]):
    """Gates that are nearly hard forward, with the slope of soft ones backward.

        s     =  sigma(phi / T_h)
        phi_i <- phi_i - Adam([dL_val/ds_i at s + lambda c_i] sigma'(phi_i / T_s) / T_s)
        w     <- fresh ones before every step (resample), or w - SGD(grad_w L_train(w, s)) after it

    c_i is what option i has of the sum of all options' costs. An answer keeps of every decision the
    strongest gate that is open (above 0.5); `none`, where the space has that and no gate is.

    >>> from nasbench_harness.testing import toy_problem
    >>> problem = toy_problem(steps=200)
    >>> settings = TwoTemperatureSettings(learning_rate=0.05, weights="trained", mixing="mean")
    >>> twotemp = TwoTemperature(problem, settings, seed=0)
    >>> for _ in range(200):
    ...     problem.advance()
    ...     log = twotemp.step()
    >>> str(twotemp.architecture())
    '1-2-0'
    """

    def __init__(self, problem: Problem, settings: TwoTemperatureSettings, seed: int) -> None:
        super().__init__(problem, settings, seed)
        self.absent = absent_options(problem.space)
        shares = torch.zeros(self.mask.shape, dtype=torch.float64)
        if settings.complexity_weight:
            shares = cost_shares(problem, settings.complexity, self.mask.cpu())
        self.shares = shares.to(self.device, problem.dtype)
        """c [D, K], which sum to 1."""

    def step(self) -> Log:
        """Phi on weights of chance, or phi and network weights in turn."""
        if self.settings.weights == "trained":
            log = self.update_phi()
            return log | self.problem.fit(self.mixture_of(self.hard()).detach())
        assert isinstance(self.problem, FreshWeights)
        self.problem.renew_weights()
        return self.update_phi()

    def update_phi(self) -> Log:
        """Descend the validation loss and the complexity."""
        gates = self.gates()
        mixed = self.mixture_of(gates)
        loss, complexity = self.loss_at(mixed), self.complexity(mixed)
        self.descend(loss + self.settings.complexity_weight * complexity)
        above = (gates.detach() > 0.5) & self.mask
        told = {"complexity": complexity.detach(), "open_gates": above.sum().double()}
        return {"valid_loss": loss.detach(), **told}

    # --- gates ------------------------------------------------------------------------------------

    def hard(self) -> Tensor:
        """sigma(phi / T_h) [D, K], detached, 0 where masked."""
        return (self.alpha.detach() / self.settings.hard_temperature).sigmoid() * self.mask

    def gates(self) -> Tensor:
        """The same in value, with the gradient of sigma(phi / T_s)."""
        soft = (self.alpha / self.settings.soft_temperature).sigmoid() * self.mask
        return straight_through(self.hard(), soft)

    def mixture_of(self, gates: Tensor) -> Tensor:
        """What the problem is given for gates."""
        if self.settings.mixing == "sum":
            return gates
        tiny = torch.finfo(gates.dtype).tiny
        return gates / gates.sum(dim=-1, keepdim=True).clamp(min=tiny)

    def loss_at(self, mixed: Tensor) -> Tensor:
        """Mean validation loss."""
        return self.problem.losses(mixed, "valid").mean(dim=-1)

    def complexity(self, mixed: Tensor) -> Tensor:
        """Sum of c_i s_i, or of c_i times the weights that are left of the gates in a mean."""
        return (mixed * self.shares).sum()

    def objective(self, gates: Tensor) -> Tensor:
        """Both, with their weight."""
        mixed = self.mixture_of(gates)
        return self.loss_at(mixed) + self.settings.complexity_weight * self.complexity(mixed)

    # --- what is told -----------------------------------------------------------------------------

    def mixture(self) -> Tensor:
        """What it trains with; see `MixtureSearcher`."""
        return self.mixture_of(self.hard())

    def scores(self) -> Tensor:
        """sigma(phi / T_s), which tells apart gates that are all open."""
        return ((self.alpha.detach() / self.settings.soft_temperature).sigmoid()) * self.mask

    def architecture(self) -> Architecture:
        """The strongest open gate of every decision."""
        rows = self.scores().cpu()
        above = (self.alpha.detach().cpu() > 0) & self.mask.cpu()
        return self.problem.space.derive(open_or_absent(rows, above, self.absent))

    # --- the estimator (see `GradientEstimator`) ----------------------------------------------

    def estimate(self) -> Tensor:
        """The gradient that a step follows; nothing in it is random but batch and weights."""
        return self.gradient(self.objective(self.gates()))

    def exact(self) -> Tensor:
        """Gradient of the loss and the complexity at the hard gates themselves."""
        hard = (self.alpha / self.settings.hard_temperature).sigmoid() * self.mask
        return self.gradient(self.objective(hard))
