"""Random search by a zero-cost proxy: the best of many untrained networks (Abdelfattah, 2021).

Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS", ICLR 2021, section 4. Every step draws
architectures uniformly and scores a network of each, of fresh weights, on the step's batch.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor

from nasbench_harness.contracts import Architecture, Log, Problem, ProxyScores
from nasbench_harness.methods.setups.proxy import ProxySearchSetup, ProxySettings


class ProxySearch(ProxySearchSetup):
    """`candidates` uniform architectures a step.

        z_1 ... z_N ~ uniform;  answer = argmax over them, and the answer before, of proxy(z)

    The answer of earlier steps is scored again, so that all are compared on one batch. What has no
    finite score is the last choice.

    >>> from nasbench_harness.testing import ToySpace, ToyUntrained
    >>> problem = ToyUntrained(ToySpace(), steps=1)
    >>> search = ProxySearch(problem, ProxySettings(candidates=50), seed=0)
    >>> problem.advance()
    >>> log = search.step()
    >>> str(search.architecture())
    '2-1-0'
    """

    def __init__(self, problem: Problem, settings: ProxySettings, seed: int) -> None:
        self.problem, self.space, self.settings = problem, problem.space, settings
        self.generator = torch.Generator().manual_seed(seed)
        self.best: Architecture | None = None

    def step(self) -> Log:
        """Draw, score, keep the best."""
        drawn = [self.space.sample(self.generator) for _ in range(self.settings.candidates)]
        candidates = dict.fromkeys(drawn if self.best is None else [self.best, *drawn])
        scored = {arch: self.score(arch) for arch in candidates}
        self.best = max(scored, key=scored.__getitem__)  # of equals the one that was there first
        best = scored[self.best]
        return {"best_proxy": best} if math.isfinite(best) else {}

    def score(self, arch: Architecture) -> float:
        """More is better; minus infinity where the proxy has no finite value."""
        value = cast("ProxyScores", self.problem).proxy(arch, self.settings.name)
        return value if math.isfinite(value) else -math.inf

    def scores(self) -> Tensor:
        """The weights of the answer; before the first step all options alike."""
        found = self.space.mask.float() if self.best is None else self.space.weights(self.best)
        return found.to(self.problem.device, self.problem.dtype)

    def architecture(self) -> Architecture:
        """The best so far."""
        return self.space.derive(self.scores().cpu()) if self.best is None else self.best

    def state_dict(self) -> dict[str, Any]:
        """The best so far and the generator."""
        best = None if self.best is None else str(self.best)
        return {"best": best, "generator": self.generator.get_state()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`."""
        self.best = None if state["best"] is None else self.space.parse(state["best"])
        self.generator.set_state(state["generator"].cpu())
