"""What methods of the DARTS family are composed of, whatever their mixing weights are.

Stages with partial channels, edges weighed against each other, and weights perturbed where the
network is trained: each is a setting, and they go together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, cast

import torch
from torch import Tensor

from nasbench_harness.contracts import EdgeWeights, Log, NetworkWeights, Problem
from nasbench_harness.methods.setups.relaxed import ComposedSettings, needed_by
from nasbench_harness.methods.shared.edges import EdgeNormalisation
from nasbench_harness.methods.shared.perturbations import moved_against, moved_at_random
from nasbench_harness.methods.shared.schedules import ramp
from nasbench_harness.methods.shared.stages import StagedSearcher

S = TypeVar("S", bound=ComposedSettings)


class ComposedSearcher(StagedSearcher[S]):
    """Alpha in stages; a method makes rows [D, K] of it, and gives the problem `composed` rows."""

    def __init__(self, problem: Problem, settings: S, seed: int) -> None:
        super().__init__(problem, settings, seed)
        self.edges: EdgeNormalisation | None = None
        if settings.edge_normalisation:
            logits = settings.init_scale * self.normal(self.mask.shape[:1])
            self.edges = EdgeNormalisation(problem.space, logits)
            self.optimizer = self.adam([self.alpha, self.edges.logits])
            self.mixture = self.scores  # its rows do not sum to 1; see `MixtureSearcher`
            cast("EdgeWeights", problem).use_edge_weights()

    @classmethod
    def requires(cls, settings: S) -> Sequence[type]:
        """What the parts need."""
        return needed_by(settings)

    @classmethod
    def joins(cls, settings: S) -> bool:
        """Not where edges have parameters of their own."""
        return super().joins(settings) and not settings.edge_normalisation

    # --- mixing weights ------------------------------------------------------------------------

    def composed(self, rows: Tensor) -> Tensor:
        """What the problem is given for a method's rows: each times its edge's share."""
        return rows if self.edges is None else self.edges.weighed(rows)

    def fit(self, rows: Tensor) -> Log:
        """One update of the network weights, under perturbed rows where the settings say so."""
        moved = self.perturbed(rows.detach())
        with torch.no_grad():
            weights = self.composed(moved)
        return self.train(weights)

    def train(self, weights: Tensor) -> Log:
        """One update of the network weights under these weights, as they are."""
        return self.problem.fit(weights, self.active)

    def perturbed(self, rows: Tensor) -> Tensor:
        """Rows moved at random or against the train batch; alpha knows nothing of it."""
        kind = self.settings.perturbation
        if kind == "none":
            return rows
        uniforms = self.uniform(self.mask.shape)
        if kind == "random":
            return moved_at_random(rows, self.mask, self.radius, uniforms)
        steps = self.settings.perturbation_steps
        return moved_against(rows, self.mask, self.radius, uniforms, steps, self._train_loss)

    @property
    def radius(self) -> float:
        """Largest change of a weight in this epoch."""
        first, last = self.settings.perturbation_start, self.settings.perturbation_end
        progress = self.problem.progress
        return first + ramp(last - first, progress.epoch, progress.epochs)

    def _train_loss(self, rows: Tensor) -> Tensor:
        """Of the train batch as the network is evaluated; see `NetworkWeights`."""
        problem = cast("NetworkWeights", self.problem)
        return problem.evaluated_losses(self.composed(rows), "train", self.active).mean()

    # --- state ---------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """With the parameters of the edges."""
        state = super().state_dict()
        return (
            state if self.edges is None else {**state, "edges": self.edges.logits.detach().clone()}
        )

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`."""
        super().load_state_dict(state)
        if self.edges is not None:
            with torch.no_grad():
                self.edges.logits.copy_(state["edges"])
