"""EDAS as reconstructed from its abstract (Hong, Ahn & Kim 2019, arXiv 1912.01237).

Efficient and Differentiable Architecture Search. The abstract tells: cell search is a binary
optimisation in which relaxing every edge makes the derived network collapse; so one edge is sampled
and relaxed while all others are clamped to 0 or 1, and nothing is lost at derivation. Schedules,
regularisers and numbers below are design decisions of this project.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self, cast

import torch
from torch import Tensor

from nasbench_harness.contracts import Log, Problem
from nasbench_harness.methods.setups.edas import EDASSettings, EDASSetup
from nasbench_harness.methods.shared.options import free_options
from nasbench_harness.methods.shared.relaxations import (
    categorical,
    entropy,
    masked_log_softmax,
    masked_softmax,
    one_hot,
)
from nasbench_harness.methods.shared.rows import RowIndex, RowSearcher
from nasbench_harness.methods.shared.schedules import line
from nasbench_harness.methods.shared.topology import Topology


class EDAS(EDASSetup, RowSearcher[EDASSettings]):
    """One relaxed edge a step; every other edge is one-hot.

        e drawn,  z ~ p = softmax(alpha / tau_p)
        alpha_e <- alpha_e - Adam(grad L_val(w, m)),  m_e = softmax(alpha_e),  m_i = z_i elsewhere
        w       <- w - SGD(grad_w L_train(w, z')),  z' ~ p, one-hot

    The temperature tau_p goes from `clamp_temperature_start` to `clamp_temperature_end`. With
    scoring=one_hot (ours) no network is ever mixed: the row descends the expected loss of its
    options, each measured on the discrete architecture that has it,

        alpha_e <- alpha_e - Adam(grad sum_k softmax(alpha_e)_k L_val(w, z with z_e = k))

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

    def __init__(self, problem: Problem, settings: EDASSettings, seed: int) -> None:
        super().__init__(problem, settings, seed)
        self.queue: list[RowIndex] = []
        self.free = free_options(problem.space).to(problem.device)
        self.topology = Topology(problem.space)

    def step(self) -> Log:
        """Relax one edge and update its row; then fit a fully discrete sample."""
        log: Log = {}
        progress = self.problem.progress
        if progress.epoch >= self.settings.warmup_fraction * progress.epochs:
            log = self.update_row(self.next_edge())
        clamped = self.discrete(self.sample())
        return log | self.problem.fit(clamped, clamped.bool().cpu())

    def update_row(self, edge: RowIndex) -> Log:
        """Gradient of the validation loss with one edge soft and the others clamped."""
        clamped, row = self.around(edge, self.clamp()), self.row(edge)
        objective, loss = self.row_objective(edge, row, clamped)
        log: Log = {"valid_loss": loss}
        if self.settings.log_relax_gap:
            log["relax_gap"] = loss - self.loss_at_best(clamped, edge)
        self.descend_row(objective, edge, row)
        return log

    def row_objective(self, edge: RowIndex, row: Tensor, clamped: Tensor) -> tuple[Tensor, Tensor]:
        """Loss less entropy bonus as a function of one row; the loss itself, detached."""
        log_p = masked_log_softmax(row, self.mask[edge])
        score = self.expected_loss if self.settings.scoring == "one_hot" else self.soft_loss
        loss = score(edge, log_p.exp(), clamped)
        bonus = self.entropy_bonus()
        objective = loss - bonus * entropy(log_p, self.mask[edge]) if bonus else loss
        return objective, loss.detach()

    def soft_loss(self, edge: RowIndex, p: Tensor, clamped: Tensor) -> Tensor:
        """Validation loss with the row at its probabilities [K], the others clamped."""
        weights, active = self.relax(clamped, edge, self.drop_skip(edge, p))
        return self.problem.losses(weights, "valid", active).mean(dim=-1)

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
        losses = [self.loss_with(clamped, edge, choice) for choice in choices.unbind(dim=-1)]
        return torch.stack(losses, dim=-1)

    def entropy_bonus(self) -> float:
        """Weight of the entropy now: linear to 0."""
        return self.settings.entropy_weight * (1 - self.problem.progress.fraction)

    def relax(self, clamped: Tensor, edge: RowIndex, soft: Tensor) -> tuple[Tensor, Tensor]:
        """Weights [D, K] with row `edge` soft and the rest clamped, and which choices they need."""
        weights, active = clamped.clone(), clamped.bool()
        weights[self.at(edge)] = soft
        active[self.at(edge)] = self.mask[edge]
        return weights, active.cpu()

    def drop_skip(self, edge: RowIndex, soft: Tensor) -> Tensor:
        """Drop-path on the skip of the relaxed row [K]: 0, or 1 / (1 - p) of its weight."""
        p = self.settings.skip_drop
        if not p:
            return soft
        kept = (self.uniform([1]) >= p).to(soft.dtype) / (1 - p)
        return soft * torch.where(self.free[edge], kept, 1.0)

    @torch.no_grad()
    def loss_at_best(self, clamped: Tensor, edge: RowIndex) -> Tensor:
        """Validation loss with the relaxed edge at its best option, as after derivation."""
        best = self.row(edge).masked_fill(~self.mask[edge], -torch.inf).argmax(dim=-1)
        return self.loss_with(clamped, edge, best)

    def loss_with(self, clamped: Tensor, edge: RowIndex, choice: Tensor) -> Tensor:
        """Validation loss of the clamped architecture with one option at a row."""
        discrete = clamped.clone()
        discrete[self.at(edge)] = self._one_hot(choice)
        return self.problem.losses(discrete, "valid", discrete.bool().cpu()).mean(dim=-1)

    def discrete(self, drawn: Tensor) -> Tensor:
        """The architecture of rows drawn for every decision, [D, K]; rows it keeps are drawn too.

        Where all rows are as likely, as in the warm-up, every one of them is then trained.
        """
        if self.topology.whole:
            return drawn
        return self.topology.kept(drawn, self.clamp_probabilities(), self.uniform([len(drawn)]))

    def around(self, edge: RowIndex, drawn: Tensor) -> Tensor:
        """The same with room for a relaxed edge, which takes its node's weaker one's place.

        Without sampled clamps the rows are the likeliest ones.
        """
        if self.topology.whole:
            return drawn
        scores, sampled = self.scores(), self.settings.clamp == "sample"
        kept = self.discrete(drawn) if sampled else self.topology.kept(drawn, scores)
        return self.topology.with_room(kept, cast("int", edge), scores)

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

    def next_edge(self) -> RowIndex:
        """The decision to relax."""
        if self.settings.edge_policy != "sweep":
            return self.draw_edge()
        if not self.queue:
            order = self.drawn(self._order)
            self.queue = order.tolist() if order.ndim == 1 else list(order.unbind(dim=-1))
        return self.queue.pop()

    def draw_edge(self) -> RowIndex:
        """A decision by its entropy where that is the policy, else uniformly."""
        if self.settings.edge_policy == "entropy":
            weight = entropy(masked_log_softmax(self.alpha.detach(), self.mask), self.mask)
        else:
            weight = torch.ones(self.alpha.shape[:-1], device=self.problem.device)
        drawn = categorical(weight, self.generators or self.generator)
        return drawn if drawn.ndim else int(drawn)

    # --- the estimator (see `GradientEstimator`) -----------------------------------------------

    def estimate(self) -> Tensor:
        """A row's gradient times the number of rows, 0 elsewhere: as one step of many sees it."""
        edge = self.draw_edge()  # a place in a sweep is uniform
        row = self.row(edge)
        objective, _ = self.row_objective(edge, row, self.around(edge, self.clamp()))
        found = torch.zeros_like(self.alpha)
        if objective.requires_grad:
            (gradient,) = torch.autograd.grad(objective, row)
            found[edge] = len(self.rows) * gradient
        return found

    def exact(self) -> Tensor:
        """Gradient of E[L(z)] less the entropy bonus under p: our reading of the abstract.

        Clamps that are no samples of p, or at another temperature, do not follow it.
        """
        log_p = masked_log_softmax(self.alpha, self.mask)
        loss = self.problem.losses(log_p.exp(), "valid").mean()
        return self.gradient(loss - self.entropy_bonus() * entropy(log_p, self.mask).sum())

    # --- runs and state ------------------------------------------------------------------------

    @classmethod
    def join(cls, searchers: Sequence[Self], problem: Problem) -> Self:
        """With the rest of their sweeps, which are equally long."""
        joint = super().join(searchers, problem)
        queues = (searcher.queue for searcher in searchers)
        joint.queue = [torch.tensor(edges) for edges in zip(*queues, strict=True)]
        return joint

    def part(self, searchers: Sequence[Self]) -> None:
        """With the rest of its sweep."""
        super().part(searchers)
        edges = [torch.as_tensor(edge).tolist() for edge in self.queue]
        for place, searcher in enumerate(searchers):
            searcher.queue = [of_all[place] for of_all in edges]

    def state_dict(self) -> dict[str, Any]:
        """With the rest of the sweep."""
        return {**super().state_dict(), "queue": list(self.queue)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`."""
        super().load_state_dict(state)
        self.queue = list(state["queue"])

    def _draw(self, p: Tensor) -> Tensor:
        """One option per row, in proportion to `p`."""
        return categorical(p.to(self.problem.dtype), self.generators or self.generator)

    def _order(self, generator: torch.Generator) -> Tensor:
        """A random order of the decisions."""
        return torch.randperm(len(self.mask), generator=generator, device=self.problem.device)

    def _one_hot(self, choices: Tensor) -> Tensor:
        return one_hot(choices, self.mask.shape[1], self.problem.dtype)
