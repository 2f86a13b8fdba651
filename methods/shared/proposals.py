"""A policy that proposes subspaces: some options of every decision, drawn without replacement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nasbench_harness.methods.shared.relaxations import masked_log_softmax


@dataclass(frozen=True)
class Proposal:
    """A subspace with the order in which its options were drawn."""

    ranked: Tensor
    """[D, K] 1 for the option that was drawn first, 2 for the second, ...; 0 for the others."""

    def cut(self, most: int) -> Proposal:
        """With no more than so many of each decision; the first draws are a draw themselves."""
        return Proposal(torch.where(self.ranked <= most, self.ranked, 0))


class SubspacePolicy:
    """Logits [D, K] of independent categoricals over the options that are left, on the host.

        pi = softmax(logits);  B draws a decision:  p(k_1) p(k_2 | not k_1) ...

    A decision with B options or fewer has no choice: it proposes all, with probability 1.
    """

    def __init__(self, mask: Tensor, options: int, learning_rate: float) -> None:
        """`mask` bool [D, K] is what there is, `options` is B."""
        self.mask, self.most = mask.cpu(), options
        self.left = self.mask.clone()
        """bool [D, K]: what no pruning has removed."""
        self.logits = torch.zeros(mask.shape, dtype=torch.float64).requires_grad_()
        self.optimizer = torch.optim.Adam([self.logits], lr=learning_rate)

    @property
    def crowded(self) -> bool:
        """Has any decision more than B options left."""
        return bool((self.left.sum(dim=1) > self.most).any())

    def probabilities(self) -> Tensor:
        """pi [D, K], 0 where nothing is left."""
        return masked_log_softmax(self.logits.detach(), self.left).exp()

    def sample(self, generator: torch.Generator) -> Proposal:
        """B options of every decision, or all where it has no more."""
        ranked = torch.zeros(self.mask.shape, dtype=torch.long)
        for row, left, p in zip(ranked, self.left, self.probabilities(), strict=True):
            count = min(self.most, int(left.sum()))
            likely = p.clamp(min=torch.finfo(p.dtype).tiny) * left
            drawn = torch.multinomial(likely, count, generator=generator)
            row[drawn] = torch.arange(1, count + 1)
        return Proposal(ranked)

    def log_p(self, proposal: Proposal) -> Tensor:
        """[] the sum of the log-probabilities of its draws, each given those before."""
        free = self.left.sum(dim=1, keepdim=True) > self.most
        remaining, total = self.left, self.logits.new_zeros(())
        for place in range(1, int(proposal.ranked.max()) + 1):
            drawn = (proposal.ranked == place) & free
            log_p = masked_log_softmax(self.logits, remaining)
            total = total + log_p.masked_fill(~drawn, 0.0).sum()
            remaining = remaining & ~drawn
        return total

    def follow(self, proposal: Proposal, advantage: float) -> None:
        """One Adam step of REINFORCE."""
        self.optimizer.zero_grad()
        (-advantage * self.log_p(proposal)).backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()

    def prune(self) -> None:
        """Every decision with more than B options loses the least likely, of equals the first."""
        likely = self.logits.detach().masked_fill(~self.left, torch.inf)
        least = torch.zeros_like(self.left).scatter(1, likely.argmin(dim=1, keepdim=True), True)
        self.left = self.left & ~(least & (self.left.sum(dim=1, keepdim=True) > self.most))

    def ranked(self) -> Tensor:
        """[D, K]: 1 for the likeliest option that is left, 2 for the next, ...; else 0."""
        likely = self.logits.detach().masked_fill(~self.left, -torch.inf)
        order = likely.argsort(dim=1, descending=True, stable=True).argsort(dim=1)
        return torch.where(self.left, order + 1, 0)

    def state_dict(self) -> dict[str, Any]:
        """Logits, Adam's moments, and what is left."""
        return {
            "logits": self.logits.detach().clone(),
            "optimizer": self.optimizer.state_dict(),
            "left": self.left.clone(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`."""
        with torch.no_grad():
            self.logits.copy_(state["logits"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.left = state["left"].cpu()
