"""EDAS: Efficient and Differentiable Architecture Search (Hong, Ahn & Kim 2019, arXiv 1912.01237).

Known from the abstract: cell search is a binary optimisation in which relaxing every edge makes the
derived network collapse; so one edge is sampled and relaxed while all others are clamped to 0 or 1,
and nothing is lost at derivation. Schedules, regularisers and numbers below are design decisions of
this project, for the abstract does not tell them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import torch
from torch import Tensor

from nasbench_harness.contracts import Log, Problem, Recipe
from nasbench_harness.methods.alpha import (
    AlphaSearcher,
    AlphaSettings,
    entropy,
    masked_log_softmax,
    masked_softmax,
    one_hot,
)
from nasbench_harness.methods.networks import DARTS_FAMILY, QUICK, QUICK_EPOCHS, QUICK_SOURCE
from nasbench_harness.settings import setting

EDGES_NB201 = 6
SKIP = "skip_connect"
"""What NAS-Bench-201 and the DARTS space call the option that needs no training."""


class EDASSettings(AlphaSettings):
    """All of them design decisions of this project."""

    learning_rate: float = setting(
        EDGES_NB201 * 3e-4, "Adam's step on the relaxed row: DARTS' times the number of edges", gt=0
    )
    init_scale: float = setting(
        0.0, "standard deviation of the initial architecture parameters", ge=0
    )
    edge_policy: Literal["sweep", "uniform", "entropy"] = setting(
        "sweep", "which edge is relaxed: each once in random order, uniform, or by entropy"
    )
    clamp: Literal["sample", "argmax", "eps_argmax"] = setting(
        "sample",
        "what the other edges are clamped to: a sample of p (unbiased), the best option, or the"
        " best but for a share of uniform draws",
    )
    clamp_epsilon: float = setting(0.1, "share of uniform draws with clamp=eps_argmax", ge=0, le=1)
    clamp_temperature_start: float = setting(
        1.0, "temperature of the clamped samples at the start", gt=0
    )
    clamp_temperature_end: float = setting(1.0, "the same at the end, linear between", gt=0)
    entropy_weight: float = setting(
        0.0, "bonus for the entropy of the relaxed row at the start, linear to 0", ge=0
    )
    warmup_fraction: float = setting(
        0.0, "share of the epochs at the start that train network weights only", ge=0, lt=1
    )
    skip_drop: float = setting(
        0.0,
        "chance p that the relaxed edge's skip_connect is left out of the architecture step; scaled"
        " by 1 / (1 - p) otherwise, so that the gradient stays unbiased",
        ge=0,
        lt=1,
        later=True,
    )
    log_relax_gap: bool = setting(
        False,
        "log the loss with the relaxed edge minus the loss with its best option: one more forward"
        " pass a step, which running statistics of batch norms see too",
        later=True,
    )


class EDAS(AlphaSearcher[EDASSettings]):
    """One relaxed edge a step; every other edge is one-hot."""

    Settings = EDASSettings
    version = "1"
    recipes = {  # noqa: RUF012 - ClassVar by the contract
        "landscape": Recipe(
            epochs=100,
            steps=2000,
            source="design decision of this project: Adam 0.05 x 6 edges, no regulariser, "
            "2,000 steps",
            settings={"learning_rate": EDGES_NB201 * 0.05},
        ),
        "nb201": Recipe(
            epochs=100,
            source="design decision of this project",
            settings={
                "warmup_fraction": 0.2, "entropy_weight": 1e-2,
                "clamp_temperature_start": 2.0, "clamp_temperature_end": 0.5, "skip_drop": 0.1,
            },
            network=DARTS_FAMILY,
        ),
        "quick": Recipe(
            epochs=QUICK_EPOCHS,
            source=QUICK_SOURCE,
            settings={
                "learning_rate": EDGES_NB201 * 0.01, "warmup_fraction": 0.2, "entropy_weight": 1e-2,
                "clamp_temperature_start": 2.0, "clamp_temperature_end": 0.5, "skip_drop": 0.1,
            },
            network=QUICK,
        ),
    }  # fmt: skip

    def __init__(self, problem: Problem, settings: EDASSettings, seed: int) -> None:
        super().__init__(problem, settings, seed)
        # Adam skips a tensor without gradient altogether, moments included: one tensor per edge.
        self.rows = [row.clone().requires_grad_() for row in self.alpha.detach()]
        self.optimizer = self.adam(self.rows)
        self.queue: list[int] = []
        self.skips = self._find_skips()

    def step(self) -> Log:
        """Relax one edge and update its row; then fit a fully discrete sample."""
        log: Log = {}
        progress = self.problem.progress
        if progress.epoch >= self.settings.warmup_fraction * progress.epochs:
            log = self.update_row(self.next_edge())
        clamped = self.sample()
        return log | self.problem.fit(clamped, clamped.bool().cpu())

    def update_row(self, edge: int) -> Log:
        """Gradient of the validation loss with one edge soft and the others clamped."""
        clamped = self.clamp()
        objective, loss = self.row_objective(edge, clamped)
        log: Log = {"valid_loss": loss}
        if self.settings.log_relax_gap:
            log["relax_gap"] = loss - self.loss_at_best(clamped, edge)
        self.descend(objective)
        self._refresh()
        return log

    def row_objective(self, edge: int, clamped: Tensor) -> tuple[Tensor, Tensor]:
        """Loss less entropy bonus as a function of one row; the loss itself, detached."""
        log_p = masked_log_softmax(self.rows[edge], self.mask[edge])
        weights, active = self.relax(clamped, edge, self.drop_skip(edge, log_p.exp()))
        loss = self.problem.losses(weights, "valid", active).mean()
        bonus = self.entropy_bonus()
        objective = loss - bonus * entropy(log_p, self.mask[edge]) if bonus else loss
        return objective, loss.detach()

    def entropy_bonus(self) -> float:
        """Weight of the entropy now: linear to 0."""
        return self.settings.entropy_weight * (1 - self.problem.progress.fraction)

    def relax(self, clamped: Tensor, edge: int, soft: Tensor) -> tuple[Tensor, Tensor]:
        """Weights [D, K] with row `edge` soft and the rest clamped, and which choices they need."""
        active = clamped.bool()
        active[edge] = self.mask[edge]
        weights = torch.cat([clamped[:edge], soft.unsqueeze(0), clamped[edge + 1 :]])
        return weights, active.cpu()

    def drop_skip(self, edge: int, soft: Tensor) -> Tensor:
        """Drop-path on the skip of the relaxed row [K]: 0, or 1 / (1 - p) of its weight."""
        p = self.settings.skip_drop
        if not p:
            return soft
        kept = (self.uniform([1]) >= p).to(soft.dtype) / (1 - p)
        return soft * torch.where(self.skips[edge], kept, 1.0)

    @torch.no_grad()
    def loss_at_best(self, clamped: Tensor, edge: int) -> Tensor:
        """Validation loss with the relaxed edge at its best option, as after derivation."""
        best = self.rows[edge].masked_fill(~self.mask[edge], -torch.inf).argmax()
        discrete = clamped.clone()
        discrete[edge] = self._one_hot(best)
        return self.problem.losses(discrete, "valid", discrete.bool().cpu()).mean()

    def clamp(self) -> Tensor:
        """One-hot [D, K]: a sample of p, or its mode, with or without exploration."""
        if self.settings.clamp == "sample":
            return self.sample()
        best = self.scores().argmax(dim=-1)
        if self.settings.clamp == "eps_argmax":
            explore = self.uniform(best.shape) < self.settings.clamp_epsilon
            best = torch.where(explore, self._draw(self.mask.to(self.problem.dtype)), best)
        return self._one_hot(best)

    def sample(self) -> Tensor:
        """z ~ p at the clamp temperature, one-hot [D, K]."""
        s = self.settings
        share = self.problem.progress.fraction
        temperature = s.clamp_temperature_start + share * (
            s.clamp_temperature_end - s.clamp_temperature_start
        )
        return self._one_hot(
            self._draw(masked_softmax(self.alpha.detach() / temperature, self.mask))
        )

    def next_edge(self) -> int:
        """The decision to relax."""
        if self.settings.edge_policy == "sweep":
            if not self.queue:
                order = torch.randperm(
                    len(self.rows), generator=self.generator, device=self.problem.device
                )
                self.queue = order.tolist()
            return self.queue.pop()
        return self.draw_edge()

    def draw_edge(self) -> int:
        """A decision by its entropy where that is the policy, else uniformly."""
        if self.settings.edge_policy == "entropy":
            weight = entropy(masked_log_softmax(self.alpha.detach(), self.mask), self.mask)
        else:
            weight = torch.ones(len(self.rows), device=self.problem.device)
        return int(torch.multinomial(weight, 1, generator=self.generator))

    # --- the estimator (see `GradientEstimator`) -----------------------------------------------

    def estimate(self) -> Tensor:
        """A row's gradient times the number of rows, 0 elsewhere: as one step of many sees it."""
        edge = self.draw_edge()  # a place in a sweep is uniform
        objective, _ = self.row_objective(edge, self.clamp())
        found = torch.zeros_like(self.alpha)
        if objective.requires_grad:
            (row,) = torch.autograd.grad(objective, self.rows[edge])
            found[edge] = len(self.rows) * row
        return found

    def exact(self) -> Tensor:
        """Gradient of E[L(z)] less the entropy bonus under p: our reading of the abstract.

        Clamps that are no samples of p, or at another temperature, do not follow it.
        """
        log_p = masked_log_softmax(self.alpha, self.mask)
        loss = self.problem.losses(log_p.exp(), "valid").mean()
        return self.gradient(loss - self.entropy_bonus() * entropy(log_p, self.mask).sum())

    # --- state ---------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """With the rest of the sweep."""
        return {**super().state_dict(), "queue": list(self.queue)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`."""
        super().load_state_dict(state)
        self.queue = list(state["queue"])
        with torch.no_grad():
            for row, value in zip(self.rows, state["alpha"], strict=True):
                row.copy_(value)

    def _find_skips(self) -> Tensor:
        """bool [D, K]: the options that are skips."""
        skips = torch.zeros_like(self.mask, device="cpu")
        for row, decision in zip(skips, self.problem.space.decisions, strict=True):
            row[: len(decision.options)] = torch.tensor([o == SKIP for o in decision.options])
        return skips.to(self.problem.device)

    def _draw(self, p: Tensor) -> Tensor:
        """One option per row, in proportion to `p`."""
        return torch.multinomial(p, 1, generator=self.generator).squeeze(1)

    def _one_hot(self, choices: Tensor) -> Tensor:
        return one_hot(choices, self.mask.shape[1], self.problem.dtype)

    def _refresh(self) -> None:
        """Keep the stacked alpha equal to its rows."""
        with torch.no_grad():
            self.alpha.copy_(torch.stack(list(self.rows)))
