"""A problem whose searcher chooses factors, where rows of decisions make no architecture.

A space that is no free product of its decisions may be one of others (`Factorised`). Methods that
draw every choice by itself then search these: `FactoredProblem` is the same problem with the
factors for decisions, and hands the network what the space expands them to.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, cast

import torch
from torch import Tensor

from nasbench_harness.contracts import (
    Architecture,
    Decision,
    Factorised,
    Log,
    Problem,
    SearchSpace,
    Split,
)
from nasbench_harness.methods.shared.parts import by_part
from nasbench_harness.methods.shared.placed import placed


class FactorSpace:
    """The factors of a space in the place of its decisions; all else is the space's."""

    def __init__(self, space: Factorised) -> None:
        self.space = space

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """The F factors."""
        return self.space.factors

    @cached_property
    def mask(self) -> Tensor:
        """bool [F, M]: True where the factor has so many options."""
        counts = torch.tensor([len(factor.options) for factor in self.space.factors])
        return torch.arange(int(counts.max())) < counts.unsqueeze(1)

    def derive(self, scores: Tensor) -> Architecture:
        """[F, M] preferences to an architecture."""
        return self.space.compose(scores)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.space, name)


class FactoredProblem:
    """A problem whose weights are those of factors, [F, M] or [B, F, M].

    Options of the network that weigh less than `least_weight` in all of a batch's samples are left
    out; the others keep their weight. Of a batch in `parts` every part leaves out its own.
    """

    def __init__(self, problem: Problem, least_weight: float = 0.0, parts: int = 1) -> None:
        self.problem, self.least_weight, self.parts = problem, least_weight, parts
        self.factorised = cast("Factorised", problem.space)
        self.space = cast("SearchSpace", FactorSpace(self.factorised))

    def losses(self, weights: Tensor, split: Split, active: Tensor | None = None) -> Tensor:
        """Losses of what the factors expand to."""
        expanded = self.expand(weights)
        needed = self.needed(expanded, active)
        (there,) = placed(self.problem.device, expanded)
        return self.problem.losses(there, split, needed)

    def fit(self, weights: Tensor, active: Tensor | None = None) -> Log:
        """One update of the network weights under what the factors expand to."""
        expanded = self.expand(weights)
        needed = self.needed(expanded, active)
        (there,) = placed(self.problem.device, expanded)
        return self.problem.fit(there, needed)

    def expand(self, weights: Tensor) -> Tensor:
        """[..., F, M] to [..., D, K], without light options."""
        expanded = self.factorised.expand(weights)
        if expanded.ndim > 2:
            return heavy_options(expanded, self.least_weight, self.parts)
        return heavy_options(expanded.unsqueeze(0), self.least_weight).squeeze(0)

    def needed(self, expanded: Tensor, active: Tensor | None) -> Tensor | None:
        """What must be computed of the space's decisions, on the host; None: all.

        What factors say is active, and else what is not left out: where weights are on a device, it
        is asked once a pass.
        """
        if active is not None:
            return self.factorised.expand(active.float()) > 0
        if not self.least_weight:
            return None
        return (expanded.detach() != 0).reshape(-1, *expanded.shape[-2:]).any(dim=0).cpu()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.problem, name)


def heavy_options(soft: Tensor, least: float, parts: int = 1) -> Tensor:
    """Soft samples [..., n, D, K] as networks mix them: without options that weigh less.

    What is left is not renormalised. An option stays for all n samples if it weighs enough in one
    of them; for those of its part where they are several parts.
    """
    if not least:
        return soft
    of_parts = by_part(soft.detach(), parts, -3)
    heavy = of_parts.amax(dim=-3, keepdim=True) >= least
    return soft * heavy.expand_as(of_parts).flatten(-4, -3)
