"""Zero-Cost-PT: Zero-Cost Operation Scoring in Differentiable Architecture Search (Xiang et al.).

arXiv 2106.06799. The selection of DARTS-PT in a supernet that is never trained: a zero-cost proxy
stands for its accuracy. Several orders of the decisions give several proposals, which the proxy
ranks as stand-alone networks. With NASWOT only images are read, no label.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor

from nasbench_harness.contracts import Architecture, EvaluatedProxies, Log, Problem
from nasbench_harness.errors import HarnessError
from nasbench_harness.methods.setups.zerocostpt import ZeroCostPTSettings, ZeroCostPTSetup
from nasbench_harness.methods.shared.options import searched_mask
from nasbench_harness.methods.shared.settling import Settling, parts_of, rounds_left


class ZeroCostPT(ZeroCostPTSetup, Settling):
    """A step is one round of decisions, or one of validation, on the batch of the step.

        e random among the undecided;  k = argmin_k proxy(supernet with m_ek = 0)
        m_e <- one-hot(k)
        answer = argmax over the proposals z of the mean of proxy(z) over the validation's batches

    m is uniform over the options that are left, and never renormalised within a decision. In a
    search of fewer steps several rounds share a batch; what steps are left over change nothing.

    >>> from nasbench_harness.testing import ToySpace, ToyUntrained
    >>> problem = ToyUntrained(ToySpace(), steps=20)
    >>> settings = ZeroCostPTSettings(proposals=2, validation_rounds=3)
    >>> search = ZeroCostPT(problem, settings, seed=0)
    >>> for _ in range(20):
    ...     problem.advance()
    ...     log = search.step()
    >>> str(search.architecture())
    '2-1-0'
    """

    def __init__(self, problem: Problem, settings: ZeroCostPTSettings, seed: int) -> None:
        self.problem, self.space, self.settings = problem, problem.space, settings
        self.generator = torch.Generator().manual_seed(seed)
        self.judged_by = f"proxy `{settings.proxy}`"
        self.parts = parts_of(self.space)
        self.whole = searched_mask(self.space, settings.excluded)
        self.rounds = max(1, rounds_left(self.parts, self.whole))
        self.done = 0
        """Rounds of decisions and of validation so far."""
        self.totals: dict[Architecture, float] = {}
        """The different proposals, each with the sum of its scores."""
        self._kept = self.whole.clone()

    def step(self) -> Log:
        """As many rounds as are due: one, unless the steps are too few for that."""
        progress, settings = self.problem.progress, self.settings
        rounds = settings.proposals * self.rounds + settings.validation_rounds
        share = math.ceil(rounds * (progress.step + 1) / progress.steps)
        while self.done < min(max(progress.step + 1, share), rounds):
            self.next_round()
        mean = self.totals[self.architecture()] / self.validated if self.validated > 0 else math.nan
        return {"validated_proxy": mean} if math.isfinite(mean) else {}

    @property
    def validated(self) -> int:
        """Rounds of validation so far; none where not above 0."""
        return self.done - self.settings.proposals * self.rounds

    def next_round(self) -> None:
        """Of decisions until all proposals are there, then of validation."""
        if self.validated >= 0:
            self.validate()
        else:
            self.settle_round()
            if not rounds_left(self.parts, self.kept):
                self.totals.setdefault(self.space.derive(self.mixed()), 0.0)
                self.leave(self.whole.clone())
        self.done += 1

    def validate(self) -> None:
        """Add every proposal's score on this step's batch; what has none is the last choice.

        HarnessError where none has one.
        """
        for arch in self.totals:
            score = self._proxies.evaluated_proxy(arch, self.settings.proxy)
            self.totals[arch] += score if math.isfinite(score) else -math.inf
        if not any(map(math.isfinite, self.totals.values())):
            raise HarnessError(
                f"No proposal can be chosen: {self.judged_by} is a finite number of none of their"
                " networks; take another, or another --batch-size."
            )

    @property
    def _proxies(self) -> EvaluatedProxies:
        return cast("EvaluatedProxies", self.problem)

    # --- see `Settling` ------------------------------------------------------------------------

    @property
    def kept(self) -> Tensor:
        """What is left in the proposal that is made now."""
        return self._kept

    def leave(self, kept: Tensor) -> None:
        """Go on with these."""
        self._kept = kept

    def mixed(self) -> Tensor:
        """Uniform over what is left of each decision."""
        return self.kept / self.kept.sum(dim=-1, keepdim=True).clamp(min=1)

    def worth(self, weights: Tensor) -> float:
        """The proxy of the whole supernet on this step's batch."""
        return self._proxies.evaluated_proxy(weights, self.settings.proxy)

    def below(self, count: int) -> int:
        """By the own generator."""
        return int(torch.randint(count, (), generator=self.generator))

    # --- the answer ----------------------------------------------------------------------------

    def architecture(self) -> Architecture:
        """The best proposal so far; before there is one, what is left now."""
        if not self.totals:
            return self.space.derive(self.mixed())
        return max(self.totals, key=self.totals.__getitem__)  # of equals the first

    def scores(self) -> Tensor:
        """The weights of the answer; before there is a proposal, what is left now."""
        found = self.space.weights(self.architecture()) if self.totals else self.mixed()
        return found.to(self.problem.device, self.problem.dtype)

    def state_dict(self) -> dict[str, Any]:
        """Rounds, proposals, what is left of the one that is made, and the generator."""
        return {
            "done": self.done,
            "totals": {str(arch): total for arch, total in self.totals.items()},
            "kept": self.kept.clone(),
            "generator": self.generator.get_state(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`."""
        self.done = state["done"]
        self.totals = {self.space.parse(text): total for text, total in state["totals"].items()}
        self.leave(state["kept"].cpu())
        self.generator.set_state(state["generator"].cpu())
