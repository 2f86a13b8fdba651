"""Random search with weight sharing, "RSPS" in tables (Li & Talwalkar, UAI 2019, arXiv 1902.07638).

Every step trains the shared weights under one uniformly drawn architecture. In the last step a
number of uniform architectures are scored with the weights they inherit, and the best is the
answer. Nothing is learned about the space before: what it does better than random sampling is all
due to the ranking by shared weights. Where nothing is shared, on a landscape, a score is the exact
accuracy, and the method becomes random search that asks as many times in its last step.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from nasbench_harness.contracts import Architecture, Log, Problem
from nasbench_harness.hardware import onto
from nasbench_harness.methods.setups.rsws import RandomSearchWeightSharingSetup, RSWSSettings
from nasbench_harness.methods.shared.queries import restored


class RandomSearchWeightSharing(RandomSearchWeightSharingSetup):
    """Shared weights under uniform architectures, then the best of a sample.

        z ~ uniform;  w <- w - SGD(grad_w L_train(w, z))
        answer = argmax over `candidates` uniform z of accuracy(w, z), in the last step

    Design decisions of this project: all cells share the draw, which is never redrawn; candidates
    are scored on the whole search-validation data (the authors: one batch of 512 images).

    >>> from nasbench_harness.testing import toy_problem
    >>> problem = toy_problem(steps=20)
    >>> rsws = RandomSearchWeightSharing(problem, RSWSSettings(candidates=10), seed=0)
    >>> for _ in range(20):
    ...     problem.advance()
    ...     log = rsws.step()
    >>> str(rsws.architecture())
    '1-2-0'
    """

    def __init__(self, problem: Problem, settings: RSWSSettings, seed: int) -> None:
        self.problem, self.space, self.settings = problem, problem.space, settings
        self.generator = torch.Generator().manual_seed(seed)
        self.answer: Architecture = self.space.sample(self.generator)

    def step(self) -> Log:
        """Train the shared weights under a uniform architecture; select in the last step."""
        self.answer = self.space.sample(self.generator)
        weights = self.scores()
        log = self.problem.fit(onto(weights, self.problem.device), weights.bool())
        progress = self.problem.progress
        return log | self.select() if progress.step + 1 == progress.steps else log

    def select(self) -> Log:
        """The best of uniform candidates, by the score with shared weights."""
        drawn = [self.space.sample(self.generator) for _ in range(self.settings.candidates)]
        scores = [self.problem.score(arch) for arch in drawn]
        best = max(range(len(drawn)), key=scores.__getitem__)
        self.answer = drawn[best]
        return {"best_score": scores[best], "mean_score": sum(scores) / len(scores)}

    def scores(self) -> Tensor:
        """The weights of the answer, on the host."""
        return self.space.weights(self.answer).to(self.problem.dtype)

    def architecture(self) -> Architecture:
        """The selected architecture; before the selection the one drawn last."""
        return self.answer

    def state_dict(self) -> dict[str, Any]:
        """The answer and the generator."""
        return {"answer": str(self.answer), "generator": self.generator.get_state()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`."""
        self.answer = restored(self.space, state["answer"])
        self.generator.set_state(state["generator"].cpu())
