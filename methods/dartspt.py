"""DARTS-PT: Rethinking Architecture Selection in Differentiable NAS (Wang et al., ICLR 2021).

arXiv 2108.04392. A supernet is trained as in DARTS; then decisions are settled one by one, not by
the largest alpha but by what the supernet loses without an option, and it is tuned between them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from nasbench_harness.contracts import Log, NetworkWeights, Problem, TunedTraining
from nasbench_harness.hardware import onto
from nasbench_harness.methods.setups.dartspt import DARTSPTSettings, DARTSPTSetup
from nasbench_harness.methods.shared.relaxations import masked_softmax
from nasbench_harness.methods.shared.relaxed import RelaxedSearcher
from nasbench_harness.methods.shared.settling import Settling, parts_of, rounds_left


class DARTSPT(DARTSPTSetup, Settling, RelaxedSearcher[DARTSPTSettings]):
    """Perturbation-based selection after `training_epochs` of DARTS' first order.

        e random among the undecided;  k = argmin_k accuracy(m with m_ek = 0), not renormalised
        m_e <- one-hot(k);  then tune alpha of the others, and w

    Where an architecture keeps fewer edges of a node than there are, nodes follow, in random order:
    those edges stay without which the accuracy is least. It is that of all search-validation
    images; on a table, whose values may count from anywhere, the expectation over what is left
    (ours). With `perturbation=random` the supernet is that of SDARTS-RS.

    >>> from nasbench_harness.testing import toy_problem
    >>> problem = toy_problem(steps=200)
    >>> settings = DARTSPTSettings(learning_rate=0.05, weight_decay=0.0, training_epochs=100)
    >>> dartspt = DARTSPT(problem, settings, seed=0)
    >>> for _ in range(200):
    ...     problem.advance()
    ...     log = dartspt.step()
    >>> str(dartspt.architecture())
    '1-2-0'
    """

    def __init__(self, problem: Problem, settings: DARTSPTSettings, seed: int) -> None:
        super().__init__(problem, settings, seed)
        self.parts = parts_of(problem.space)
        self.rounds = rounds_left(self.parts, self.kept)
        self.left = self.rounds
        """Rounds of all, and those to come."""
        first, epochs = settings.training_epochs, problem.progress.epochs
        self.starts = round_epochs(self.rounds, first, epochs)
        if settings.fixed_alpha:
            self.alpha.data.zero_()
        if isinstance(problem, TunedTraining) and 0 < first < epochs:
            problem.use_tuning(first, settings.tuning_rate, decays=settings.tuning_decays)

    def step(self) -> Log:
        """What is due is settled; then alpha and the network weights are trained as ever."""
        epoch = self.problem.progress.epoch
        due = sum(epoch >= start for start in self.starts)
        while self.rounds - self.left < due:
            self.settle_round()
        return super().step() | {"settled": float(self.settled)}

    def update_alpha(self) -> Log:
        """As in DARTS; nothing where no decision depends on it any more."""
        if self.settings.fixed_alpha or not self.left:
            return {}
        return super().update_alpha()

    def relaxed(self) -> Tensor:
        """softmax(alpha) of the options that are left; 0 on edges that were left out."""
        exists = self.mask.any(dim=-1, keepdim=True)
        return masked_softmax(self.alpha, self.mask | ~exists) * exists

    @property
    def settled(self) -> int:
        """Decisions with at most one option left."""
        host = self.problem.space.mask if self.active is None else self.active
        return int((host.sum(dim=-1) <= 1).sum())

    # --- see `Settling` ------------------------------------------------------------------------

    @property
    def kept(self) -> Tensor:
        """What is left, on the host."""
        return self.problem.space.mask.cpu() if self.active is None else self.active

    def leave(self, kept: Tensor) -> None:
        """Options that are taken out are neither run nor trained from now on."""
        self.keep(onto(kept, self.device))
        self.left = rounds_left(self.parts, kept)

    def mixed(self) -> Tensor:
        """What the network is trained with, but for SDARTS' noise."""
        return self.composed(self.relaxed()).detach()

    def worth(self, weights: Tensor) -> float:
        """Accuracy, percent, of the supernet on all search-validation images.

        Of a table the expectation over what is left of every decision. Without the division every
        option would be judged by its weight first, and that more as values are further from 0:
        where they are negative the least likely would be kept.
        """
        if not isinstance(self.problem, NetworkWeights):
            left, whole = (rows.sum(dim=-1, keepdim=True) for rows in (weights, self.mixed()))
            weights = torch.where(left > 0, weights * whole / left, weights)
        return self.problem.score(weights)

    def below(self, count: int) -> int:
        """By the own generator."""
        return int(torch.randint(count, (), generator=self.generator, device=self.device))

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`."""
        super().load_state_dict(state)
        self.left = rounds_left(self.parts, self.kept)


def round_epochs(rounds: int, first: int, epochs: int) -> list[int]:
    """The epoch that each round begins: even over those from `first` on, the last in the last.

    As in the authors' codes: of 6 in 25 epochs 0, 5, 10, 15, 20 and 24, of 17 in 81 all multiples
    of 5 up to 80.
    """
    tuning = epochs - first
    return [first + min(n * tuning // max(rounds - 1, 1), tuning - 1) for n in range(rounds)]
