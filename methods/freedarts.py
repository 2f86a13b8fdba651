"""FreeDARTS: what flows through an untrained supernet says which operations to keep (Zhang, 2021).

arXiv 2106.11542, first called FreeNAS and its score FreeFlow. Nothing is trained and no image or
label is read. `freedarts_code` is what the authors' code does, in float64 and with a check, for
theirs has overflowed in float32 and then derived the cell without any operation. `freeflow` is our
own reading of the abstract with synaptic flow (Tanaka et al., NeurIPS 2020): without batch norms
and with gates of 1, so that what flows is conserved.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor

from nasbench_harness.contracts import Architecture, Log, Problem, SynapticFlow
from nasbench_harness.errors import HarnessError
from nasbench_harness.methods.setups.freedarts import FreeDARTSSettings, FreeDARTSSetup


class FreeDARTS(FreeDARTSSetup):
    """All in the first step; whatever follows changes nothing.

        R = sum of logits of an image of ones, every weight of the supernet in absolute value
        S = |a dR/da|,   a = alpha ~ 1e-3 N(0, 1)  (freedarts_code)   or  a = 1  (freeflow)

    `one_shot`: the answer is derived from S. `iterative`: the option with the least S whose
    decision has another is removed, and S computed again, until every decision has one.

    >>> from nasbench_harness.testing import ToySpace, ToyUntrained
    >>> problem = ToyUntrained(ToySpace(), steps=1)
    >>> search = FreeDARTS(problem, FreeDARTSSettings(weights="gates", pruning="iterative"), seed=0)
    >>> problem.advance()
    >>> log = search.step()
    >>> str(search.architecture())
    '2-1-0'
    """

    def __init__(self, problem: Problem, settings: FreeDARTSSettings, seed: int) -> None:
        self.problem, self.space, self.settings = problem, problem.space, settings
        self.mask = self.space.mask
        generator = torch.Generator().manual_seed(seed)
        drawn = torch.randn(self.mask.shape, generator=generator, dtype=torch.float64)
        alpha = settings.init_scale * (drawn.abs() if settings.absolute else drawn)
        mixed = alpha if settings.weights == "random" else torch.ones_like(alpha)
        self.weights: Tensor = mixed * self.mask
        """a [D, K], float64 on the host."""
        self.saliency: Tensor | None = None
        """S [D, K] of the last scoring, 0 where an option is gone; None before the first step."""

    def step(self) -> Log:
        """Score, and prune where that is iterative."""
        if self.saliency is not None:
            return {}
        kept = self.mask.clone()
        flow, self.saliency = self.score(kept)
        while self.settings.pruning == "iterative" and bool((kept.sum(dim=1) > 1).any()):
            kept.view(-1)[self.least(self.saliency, kept)] = False
            flow, self.saliency = self.score(kept)
        return {"flow": flow}

    def score(self, kept: Tensor) -> tuple[float, Tensor]:
        """R, and S [D, K] of the options that are left; HarnessError where it is not finite."""
        at = (self.weights * kept).to(self.problem.device, self._precision)
        problem = cast("SynapticFlow", self.problem)
        flow, gradient = problem.flow(at, kept, norms=self.settings.norms)
        saliency = (self.weights * gradient.cpu().double() * kept).abs()
        if not bool(flow.isfinite()) or not bool(saliency.isfinite().all()):
            raise HarnessError(
                f"What flows through the network is no finite number (R = {float(flow):.3g}), so"
                " that no operation can be scored by it; take fewer --cells or a smaller --width."
            )
        return float(flow), self.compared(
            saliency, kept
        ) if self.settings.per_operation else saliency

    @property
    def _precision(self) -> torch.dtype:
        """Double where the device has it."""
        return torch.float32 if self.problem.device.type == "mps" else torch.float64

    def compared(self, saliency: Tensor, kept: Tensor) -> Tensor:
        """Over the mean of the option of the same name where it is left."""
        names = [decision.options for decision in self.space.decisions]
        compared = saliency.clone()
        for name in {option for options in names for option in options}:
            places = [(d, o.index(name)) for d, o in enumerate(names) if name in o]
            rows, columns = torch.tensor(places).T
            mean = saliency[rows, columns].sum() / kept[rows, columns].sum().clamp(min=1)
            if mean > 0:
                compared[rows, columns] /= mean
        return compared

    @staticmethod
    def least(saliency: Tensor, kept: Tensor) -> int:
        """Where, in the flat scores, the least option stands whose decision has another."""
        several = kept & (kept.sum(dim=1, keepdim=True) > 1)
        return int(saliency.masked_fill(~several, torch.inf).argmin())

    def scores(self) -> Tensor:
        """S over the largest; before the first step all options alike."""
        found = self.mask.double() if self.saliency is None else self.saliency
        largest = found.max()
        shares = found / largest if largest > 0 else found
        return shares.to(self.problem.device, self.problem.dtype)

    def architecture(self) -> Architecture:
        """Derived from S as the space derives; of one whose options nothing passes, its first."""
        return self.space.derive(self.scores())

    def state_dict(self) -> dict[str, Any]:
        """What mixes, and the scores."""
        return {"weights": self.weights, "saliency": self.saliency}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`."""
        self.weights = state["weights"].cpu()
        self.saliency = None if state["saliency"] is None else state["saliency"].cpu()
