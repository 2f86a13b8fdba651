"""What methods of the DARTS family are composed of, whatever their mixing weights are.

Stages with partial channels, edges weighed against each other, weights perturbed where the network
is trained, and skips that drop out, are counted or end the search: each is a setting, and they go
together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, cast

import torch
from torch import Tensor

from nasbench_harness.contracts import (
    Architecture,
    EdgeWeights,
    Log,
    NetworkWeights,
    Problem,
    SkipRates,
)
from nasbench_harness.methods.setups.relaxed import ComposedSettings, needed_by
from nasbench_harness.methods.shared.edges import EdgeNormalisation
from nasbench_harness.methods.shared.perturbations import moved_against, moved_at_random
from nasbench_harness.methods.shared.schedules import ramp
from nasbench_harness.methods.shared.skips import Skips
from nasbench_harness.methods.shared.stages import StagedSearcher, of_stage

S = TypeVar("S", bound=ComposedSettings)


class ComposedSearcher(StagedSearcher[S]):
    """Alpha in stages; a method makes rows [D, K] of it, and gives the problem `composed` rows."""

    def __init__(self, problem: Problem, settings: S, seed: int) -> None:
        super().__init__(problem, settings, seed)
        every = settings.skip_cells == "all"
        self.skips = Skips(problem.space, every_cell=every) if settings.counts_skips else None
        self.ended, self._asked = False, 0
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
        """Not where edges have parameters of their own, or each run ends at a time of its own."""
        apart = settings.edge_normalisation or settings.stop_above_skips is not None
        return super().joins(settings) and not apart

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
        return problem.evaluated_losses(self.composed(rows), "train", self.active).mean(dim=-1)

    # --- skips ---------------------------------------------------------------------------------

    def begin_stage(self) -> None:
        """Go on to the stage that this step belongs to, with its epoch's dropout."""
        super().begin_stage()
        if self.settings.skip_dropout:
            cast("SkipRates", self.problem).drop_skips(self.skip_rate)

    @property
    def skip_rate(self) -> float:
        """What skips drop out in this epoch, as in P-DARTS' code."""
        rate = of_stage(self.settings.skip_dropout, self.stage)
        passed, warmup = self.passed_epochs, self.settings.warmup_epochs
        if passed < warmup:
            length = self.first_epoch(self.stage + 1) - self.first_epoch(self.stage)
            return rate * (length - passed - 1) / length
        return rate * math.exp(-self.settings.skip_dropout_decay * (passed - warmup))

    def ends(self) -> bool:
        """Has the search ended, or does it now: asked once an epoch, after one that trained alpha.

        The answer is then what would be derived without any restriction.
        """
        most, epoch = self.settings.stop_above_skips, self.problem.progress.epoch
        if most is None or self.ended or epoch == self._asked:
            return self.ended
        self._asked = epoch
        if self.passed_epochs > self.settings.warmup_epochs:
            assert self.skips is not None
            found = self.problem.space.derive(self.preferences())
            self.ended = self.skips.count(found) > most
        return self.ended

    def preferences(self) -> Tensor:
        """What the answer is derived from, [D, K]."""
        return self.scores()

    def architecture(self) -> Architecture:
        """The space's discretisation, with no more skips than are to be kept."""
        if self.skips is None or self.settings.kept_skips is None:
            return self.problem.space.derive(self.preferences())
        return self.skips.at_most(self.preferences(), self.settings.kept_skips)

    # --- state ---------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """With the parameters of the edges, and whether the search has ended."""
        state = super().state_dict()
        if self.edges is not None:
            state["edges"] = self.edges.logits.detach().clone()
        if self.settings.stop_above_skips is not None:
            state["ended"] = [int(self.ended), self._asked]
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`."""
        super().load_state_dict(state)
        if self.edges is not None:
            with torch.no_grad():
                self.edges.logits.copy_(state["edges"])
        ended, self._asked = state.get("ended", (0, 0))
        self.ended = bool(ended)
