"""What gradient methods share: architecture parameters, their optimiser and random generator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

from nasbench_harness.contracts import Architecture, Problem
from nasbench_harness.methods.setups.alpha import AlphaSettings

S = TypeVar("S", bound=AlphaSettings)


class AlphaSearcher(Generic[S]):
    """A searcher whose state is alpha [D, K] under Adam; a method adds its `step`."""

    queries = False

    def __init__(self, problem: Problem, settings: S, seed: int) -> None:
        self.problem, self.settings = problem, settings
        self.mask = problem.space.mask.to(problem.device)
        self.generator = torch.Generator(problem.device).manual_seed(seed)
        self.alpha = (settings.init_scale * self.normal(self.mask.shape)).requires_grad_()
        self.optimizer = self.adam([self.alpha])

    @classmethod
    def requires(cls, settings: S) -> Sequence[type]:
        """No optional capability."""
        return ()

    def scores(self) -> Tensor:
        """softmax(alpha), 0 where masked."""
        return masked_softmax(self.alpha.detach(), self.mask)

    def architecture(self) -> Architecture:
        """The space's discretisation of the scores."""
        return self.problem.space.derive(self.scores())

    def state_dict(self) -> dict[str, Any]:
        """Alpha, Adam's moments and the generator."""
        return {
            "alpha": self.alpha.detach().clone(),
            "optimizer": self.optimizer.state_dict(),
            "generator": self.generator.get_state(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`."""
        with torch.no_grad():
            self.alpha.copy_(state["alpha"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.generator.set_state(state["generator"].cpu())

    def adam(self, parameters: Sequence[Tensor]) -> torch.optim.Adam:
        """The settings' Adam (coupled weight decay, not AdamW)."""
        s = self.settings
        return torch.optim.Adam(
            parameters,
            lr=s.learning_rate,
            betas=(s.beta1, s.beta2),
            weight_decay=s.weight_decay,
            fused=True,
        )

    def descend(self, loss: Tensor) -> None:
        """One Adam step of alpha along the gradient of `loss`; nothing else is updated.

        None where the loss does not depend on alpha: the discrete choices around a relaxed one may
        leave a network whose output nothing reaches.
        """
        self.optimizer.zero_grad()
        if loss.requires_grad:
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()

    def gradient(self, loss: Tensor) -> Tensor:
        """Of a scalar in alpha, [D, K], updating nothing; 0 where alpha does not matter."""
        if not loss.requires_grad:
            return torch.zeros_like(self.alpha)
        (found,) = torch.autograd.grad(loss, self.alpha)
        return found

    def normal(self, shape: Sequence[int]) -> Tensor:
        """Standard normal numbers from this searcher's own generator."""
        return torch.randn(*shape, generator=self.generator, **self._like())

    def uniform(self, shape: Sequence[int]) -> Tensor:
        """Uniform numbers in [0, 1) from this searcher's own generator."""
        return torch.rand(*shape, generator=self.generator, **self._like())

    def _like(self) -> dict[str, Any]:
        return {"dtype": self.problem.dtype, "device": self.problem.device}


def masked_softmax(logits: Tensor, mask: Tensor) -> Tensor:
    """Softmax over the last axis among the options that exist; exactly 0 elsewhere."""
    return masked_log_softmax(logits, mask).exp()


def masked_log_softmax(logits: Tensor, mask: Tensor) -> Tensor:
    """Its logarithm; minus infinity where masked, with zero gradient there."""
    return logits.masked_fill(~mask, -torch.inf).log_softmax(dim=-1)


def entropy(log_p: Tensor, mask: Tensor) -> Tensor:
    """Entropy of each row, in nats: [..., D]."""
    safe = log_p.masked_fill(~mask, 0.0)
    return -(log_p.exp() * safe).sum(dim=-1)


def one_hot(choices: Tensor, options: int, dtype: torch.dtype) -> Tensor:
    """[..., D] indices to [..., D, K] weights."""
    return torch.nn.functional.one_hot(choices, options).to(dtype)
