"""EDAS as reconstructed from its abstract (Hong, Ahn & Kim 2019, arXiv 1912.01237).

Efficient and Differentiable Architecture Search. The abstract tells: cell search is a binary
optimisation in which relaxing every edge makes the derived network collapse; so one edge is sampled
and relaxed while all others are clamped to 0 or 1, and nothing is lost at derivation. Schedules,
regularisers and numbers below are design decisions of this project.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add
from typing import cast

import torch
from torch import Tensor

from nasbench_harness.contracts import Log, Problem
from nasbench_harness.hardware import onto
from nasbench_harness.methods.setups.edas import EDASSettings, EDASSetup
from nasbench_harness.methods.shared.options import free_options
from nasbench_harness.methods.shared.placed import placed
from nasbench_harness.methods.shared.relaxations import (
    categorical,
    entropy,
    masked_log_softmax,
    masked_softmax,
    one_hot,
)
from nasbench_harness.methods.shared.rows import RowIndex
from nasbench_harness.methods.shared.schedules import line
from nasbench_harness.methods.shared.sweeps import SweepSearcher
from nasbench_harness.methods.shared.topology import Topology


class EDAS(EDASSetup, SweepSearcher[EDASSettings]):
    """One relaxed edge a step; every other edge is one-hot.

        e drawn,  z ~ p = softmax(alpha / tau_p)
        alpha_e <- alpha_e - Adam(grad L_val(w, m)),  m_e = softmax(alpha_e),  m_i = z_i elsewhere
        w       <- w - SGD(grad_w L_train(w, z')),  z' ~ p, one-hot

    The temperature tau_p goes from `clamp_temperature_start` to `clamp_temperature_end`. With
    scoring=one_hot (ours) no network is ever mixed: the row descends the expected loss of its
    options, each measured on the discrete architecture that has it,

        alpha_e <- alpha_e - Adam(grad sum_k softmax(alpha_e)_k L_val(w, z with z_e = k))

    With relaxed_per=cell one edge of each type of cell is relaxed in a step, all of them in one
    network; with trained_on=relaxed (ours) w descends on that network too.

    >>> from nasbench_harness.testing import toy_problem
    >>> problem = toy_problem(steps=300)
    >>> edas = EDAS(problem, EDASSettings(learning_rate=0.15), seed=0)
    >>> for _ in range(300):
    ...     problem.advance()
    ...     log = edas.step()
    >>> str(edas.architecture())
    '1-3-0'
    """

    batched = True

    @property
    def on_host(self) -> bool:
        """Yes: what rows are clamped to says what runs."""
        return True

    def __init__(self, problem: Problem, settings: EDASSettings, seed: int) -> None:
        apart = settings.relaxed_per == "cell"
        super().__init__(problem, settings, seed, settings.edge_policy, by_cell=apart)
        self.free = free_options(problem.space).to(self.device)
        self.topology = Topology(problem.space)

    def step(self) -> Log:
        """Relax an edge and update its row; then fit a fully discrete sample, or the same again."""
        log: Log = {}
        progress = self.problem.progress
        if progress.epoch >= self.settings.warmup_fraction * progress.epochs:
            log, mixed = self.update_rows([self.next_edge(cell) for cell in range(len(self.cells))])
            if self.settings.trained_on == "relaxed":
                return log | self.fit(*mixed)
        clamped = self.discrete(self.sample())
        return log | self.fit(clamped, clamped.bool())

    def fit(self, weights: Tensor, active: Tensor) -> Log:
        """Train what weights [D, K] need."""
        return self.problem.fit(onto(weights, self.problem.device), active)

    def update_rows(self, edges: Sequence[RowIndex]) -> tuple[Log, tuple[Tensor, Tensor]]:
        """Gradient of the validation loss with edges soft and the others clamped; that network."""
        kept, rows = self.kept(self.clamp()), [self.row(edge) for edge in edges]
        log_p = self.log_p(edges, rows)
        mixed = self.mixed(edges, log_p, kept)
        objective, loss = self.objective(edges, log_p, kept, mixed)
        log: Log = {"valid_loss": loss}
        if self.settings.log_relax_gap:
            together = [edges] if self.settings.scoring == "soft" else [[edge] for edge in edges]
            best = [self.loss_at_best(self.around(some, kept), some) for some in together]
            log["relax_gap"] = loss - reduce(add, best) / len(best)
        self.descend_rows(objective, edges, rows)
        return log, (mixed[0].detach(), mixed[1])

    def objective(
        self, edges: Sequence[RowIndex], log_p: Sequence[Tensor], kept: Tensor,
        mixed: tuple[Tensor, Tensor],
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        """Loss less entropy bonus as a function of rows; the loss itself, detached.

        Of several edges that are scored by discrete architectures, each by itself, it is the mean.
        """
        one_hot, bonus = self.settings.scoring == "one_hot", self.entropy_bonus()
        pairs = list(zip(edges, log_p, strict=True))
        soft = [p.exp() for p in log_p] if one_hot else [mixed[0]]
        spreads = [entropy(p, self.mask[e]) for e, p in pairs] if bonus else []
        run = placed(self.problem.device, *soft, *spreads)
        if one_hot:
            losses = [
                self.expected_loss(edge, p, self.around([edge], kept))
                for edge, p in zip(edges, run, strict=False)
            ]
        else:
            losses = [self.problem.losses(run[0], "valid", mixed[1]).mean(dim=-1)]
        objective = reduce(add, losses)
        loss = objective.detach() / len(losses)
        if bonus:
            objective = objective - bonus * reduce(add, run[len(soft) :])
        return objective, loss

    def mixed(
        self, edges: Sequence[RowIndex], log_p: Sequence[Tensor], kept: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Weights [D, K] with rows at their probabilities, the others clamped; what they need."""
        soft = [row.exp() for row in log_p]
        if self.settings.scoring == "soft":
            soft = [self.drop_skip(edge, p) for edge, p in zip(edges, soft, strict=True)]
        return self.relax(self.around(edges, kept), edges, soft)

    def log_p(self, edges: Sequence[RowIndex], rows: Sequence[Tensor]) -> list[Tensor]:
        """log softmax of rows [K], each among its options."""
        pairs = zip(edges, rows, strict=True)
        return [masked_log_softmax(row, self.mask[edge]) for edge, row in pairs]

    def expected_loss(self, edge: RowIndex, p: Tensor, clamped: Tensor) -> Tensor:
        """Mean under p [K] of the validation losses of the discrete architectures around a row."""
        losses = self.option_losses(edge, clamped)
        return (p * losses.to(p.dtype)).sum(dim=-1)

    @torch.no_grad()
    def option_losses(self, edge: RowIndex, clamped: Tensor) -> Tensor:
        """Validation loss with each option of the row in turn, one-hot [K]: a forward pass each.

        What is no option of a row counts as its first, so that joined runs whose rows differ in
        length see as many passes as each does alone.
        """
        options = torch.arange(self.mask.shape[-1], device=self.mask.device)
        choices = torch.where(self.mask[edge], options, 0)
        losses = [self.loss_with(clamped, [edge], [choice]) for choice in choices.unbind(dim=-1)]
        return torch.stack(losses, dim=-1)

    def entropy_bonus(self) -> float:
        """Weight of the entropy now: linear to 0."""
        return self.settings.entropy_weight * (1 - self.problem.progress.fraction)

    def relax(
        self, clamped: Tensor, edges: Sequence[RowIndex], soft: Sequence[Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Weights [D, K] with some rows soft and the rest clamped, and which choices they need."""
        weights, active = clamped.clone(), clamped.bool()
        for edge, row in zip(edges, soft, strict=True):
            weights[self.at(edge)] = row
            active[self.at(edge)] = self.mask[edge]
        return weights, active

    def drop_skip(self, edge: RowIndex, soft: Tensor) -> Tensor:
        """Drop-path on the skip of the relaxed row [K]: 0, or 1 / (1 - p) of its weight."""
        p = self.settings.skip_drop
        if not p:
            return soft
        kept = (self.uniform([1]) >= p).to(soft.dtype) / (1 - p)
        return soft * torch.where(self.free[edge], kept, 1.0)

    @torch.no_grad()
    def loss_at_best(self, clamped: Tensor, edges: Sequence[RowIndex]) -> Tensor:
        """Validation loss with relaxed edges at their best options, as after derivation."""
        rows = (self.row(edge).masked_fill(~self.mask[edge], -torch.inf) for edge in edges)
        return self.loss_with(clamped, edges, [row.argmax(dim=-1) for row in rows])

    def loss_with(
        self, clamped: Tensor, edges: Sequence[RowIndex], choices: Sequence[Tensor]
    ) -> Tensor:
        """Validation loss of the clamped architecture with one option at each of some rows."""
        discrete = clamped.clone()
        for edge, choice in zip(edges, choices, strict=True):
            discrete[self.at(edge)] = self._one_hot(choice)
        weights = onto(discrete, self.problem.device)
        return self.problem.losses(weights, "valid", discrete.bool()).mean(dim=-1)

    def discrete(self, drawn: Tensor) -> Tensor:
        """The architecture of rows drawn for every decision, [D, K]; rows it keeps are drawn too.

        Where all rows are as likely, as in the warm-up, every one of them is then trained.
        """
        if self.topology.whole:
            return drawn
        return self.topology.kept(drawn, self.clamp_probabilities(), self.uniform([len(drawn)]))

    def kept(self, clamped: Tensor) -> Tensor:
        """The same of clamped rows, which are the likeliest ones where clamps are no samples."""
        if self.settings.clamp == "sample":
            return self.discrete(clamped)
        return self.topology.kept(clamped, self.scores())

    def around(self, edges: Sequence[RowIndex], kept: Tensor) -> Tensor:
        """An architecture with room for relaxed edges, each in its node's weaker one's place."""
        if self.topology.whole:
            return kept
        scores = self.scores()
        for edge in edges:
            kept = self.topology.with_room(kept, cast("int", edge), scores)
        return kept

    def clamp(self) -> Tensor:
        """One-hot [D, K]: a sample of p, or its mode, with or without exploration."""
        if self.settings.clamp == "sample":
            return self.sample()
        best = self.scores().argmax(dim=-1)
        if self.settings.clamp == "eps_argmax":
            explore = self.uniform(self.mask.shape[:1]) < self.settings.clamp_epsilon
            best = torch.where(explore, self._draw(self.mask.expand_as(self.alpha)), best)
        return self._one_hot(best)

    def sample(self) -> Tensor:
        """z ~ p at the clamp temperature, one-hot [D, K]."""
        return self._one_hot(self._draw(self.clamp_probabilities()))

    def clamp_probabilities(self) -> Tensor:
        """p at the clamp temperature, [D, K]."""
        first, last = self.settings.clamp_temperature_start, self.settings.clamp_temperature_end
        temperature = line(first, last, self.problem.progress.fraction)
        return masked_softmax(self.alpha.detach() / temperature, self.mask)

    # --- the estimator (see `GradientEstimator`) -----------------------------------------------

    def estimate(self) -> Tensor:
        """Gradients of rows times those of their cell, 0 elsewhere: as one step of many sees it."""
        edges = [self.draw_edge(cell) for cell in range(len(self.cells))]  # as a place in a sweep
        kept, rows = self.kept(self.clamp()), [self.row(edge) for edge in edges]
        log_p = self.log_p(edges, rows)
        objective, _ = self.objective(edges, log_p, kept, self.mixed(edges, log_p, kept))
        found = torch.zeros_like(self.alpha)
        if objective.requires_grad:
            gradients = torch.autograd.grad(objective, rows)
            for edge, cell, gradient in zip(edges, self.cells, gradients, strict=True):
                found[edge] = len(cell) * gradient
        return found

    def exact(self) -> Tensor:
        """Gradient of E[L(z)] less the entropy bonus under p: our reading of the abstract.

        Clamps that are no samples of p, or at another temperature, do not follow it.
        """
        log_p = masked_log_softmax(self.alpha, self.mask)
        spread = entropy(log_p, self.mask).sum()
        p, spread = placed(self.problem.device, log_p.exp(), spread)
        loss = self.problem.losses(p, "valid").mean()
        return self.gradient(loss - self.entropy_bonus() * spread)

    def _draw(self, p: Tensor) -> Tensor:
        """One option per row, in proportion to `p`."""
        return categorical(p.to(self.problem.dtype), self.generators or self.generator)

    def _one_hot(self, choices: Tensor) -> Tensor:
        return one_hot(choices, self.mask.shape[1], self.problem.dtype)
