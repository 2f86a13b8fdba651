"""A problem over any space, without table, network or image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from nasbench_harness.contracts import Architecture, Cost, Log, Progress, SearchSpace, Split


class ToyProblem:
    """Accuracy as a made-up smooth function of the weights: 100 sigmoid(<weights, values>) percent.

    For spaces whose architectures cannot be listed, which have no landscape. Losses are minus the
    accuracy as a fraction, both splits are the same, and there are no network weights.
    """

    def __init__(
        self, space: SearchSpace, *, steps: int = 20, batch_size: int = 1, seed: int = 0
    ) -> None:
        """`seed` makes the values up: two problems of a seed are the same."""
        self.space = space
        self.device, self.dtype = torch.device("cpu"), torch.float64
        self.batch_size = batch_size
        self.queries = 0
        self._steps, self._step = steps, -1
        generator = torch.Generator().manual_seed(seed)
        self._values = torch.randn(space.mask.shape, generator=generator, dtype=self.dtype)

    @property
    def progress(self) -> Progress:
        """The current step; an epoch is one."""
        step = max(self._step, 0)
        return Progress(step, self._steps, step, self._steps)

    def advance(self) -> None:
        """Begin the next step."""
        self._step += 1

    def losses(self, weights: Tensor, split: Split, active: Tensor | None = None) -> Tensor:
        """Minus the accuracy as a fraction, [B]."""
        value = -self._accuracy(weights)
        return value if value.ndim else value.expand(self.batch_size)

    def fit(self, weights: Tensor, active: Tensor | None = None) -> Log:
        """Nothing to train."""
        return {}

    def score(self, candidate: Tensor | Architecture) -> float:
        """Percent."""
        if isinstance(candidate, Architecture):
            candidate = self.space.weights(candidate).to(self.dtype)
        with torch.no_grad():
            return 100 * float(self._accuracy(candidate).mean())

    def query(self, arch: Architecture) -> float:
        """Percent; counts."""
        self.queries += 1
        return self.score(arch)

    @property
    def costs(self) -> Mapping[str, Cost]:
        """The space's, by name."""
        return {cost.name: cost for cost in self.space.costs}

    def cost(self, arch: Architecture, what: str) -> float:
        """The space's."""
        return self.space.cost(arch, what, "toy")

    def unrolled_gradient(self, weights: Tensor) -> Tensor:
        """The plain gradient, as without network weights."""
        point = weights.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(self.losses(point, "valid").mean(), point)
        return gradient

    def fit_gradient(self, weights: Tensor, active: Tensor | None = None) -> tuple[Log, Tensor]:
        """Nothing to train, and the plain gradient."""
        return {}, self.unrolled_gradient(weights)

    def observe(self, weights: Tensor, arch: Architecture) -> dict[str, float]:
        """The accuracy of a mixture, percent."""
        del arch
        return {"toy_accuracy_mixture": self.score(weights)}

    def check(self) -> None:
        """It cannot diverge."""

    def conclude(self, arch: Architecture) -> dict[str, float]:
        """The accuracy of the answer, and the queries made."""
        return {"toy_accuracy": self.score(arch), "queries": float(self.queries)}

    def state_dict(self) -> dict[str, Any]:
        """Step and queries."""
        return {"step": self._step, "queries": self.queries}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on after the step of `state`."""
        self._step, self.queries = state["step"], state["queries"]

    def _accuracy(self, weights: Tensor) -> Tensor:
        """[...] of weights [..., D, K], a fraction."""
        return (weights * self._values).sum(dim=(-2, -1)).sigmoid()


class ToyChannels(ToyProblem):
    """The same with maps and channels: the fewer of these pass, the less the accuracy tells."""

    factor = 1

    def use_channels(self, factor: int) -> None:
        """1/factor of them; ValueError where they would become fewer after the first step."""
        if factor < 1 or (self._step >= 0 and factor > self.factor):
            raise ValueError(f"channels cannot go from 1/{self.factor} to 1/{factor}")
        self.factor = factor

    def chosen_losses(self, weights: Tensor, split: Split, active: Tensor) -> Tensor:
        """The weights of what is not active count as they are, whatever their options' values."""
        values = torch.where(active, self._values, 1.0)
        value = -(weights * values / self.factor).sum(dim=(-2, -1)).sigmoid()
        return value.expand(self.batch_size)

    def state_dict(self) -> dict[str, Any]:
        """With the factor."""
        return {**super().state_dict(), "factor": self.factor}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """With the factor."""
        super().load_state_dict(state)
        self.factor = state["factor"]

    def _accuracy(self, weights: Tensor) -> Tensor:
        return super()._accuracy(weights / self.factor)


class ToyUntrained(ToyProblem):
    """The same with what can be told of untrained networks: proxies, and what flows.

    A proxy of any name is the sum of |value| of what is chosen, with the name's length in front. R
    is the product over the decisions of what their weights let through of their |values|.
    """

    def proxy(self, candidate: Tensor | Architecture, name: str) -> float:
        """See `ProxyScores`."""
        if isinstance(candidate, Architecture):
            candidate = self.space.weights(candidate)
        return len(name) * float((candidate.to(self.dtype) * self._values.abs()).sum())

    def evaluated_proxy(self, candidate: Tensor | Architecture, name: str) -> float:
        """See `EvaluatedProxies`; there is nothing that differs in training."""
        return self.proxy(candidate, name)

    def flow(
        self, weights: Tensor, active: Tensor | None = None, *, norms: bool
    ) -> tuple[Tensor, Tensor]:
        """See `SynapticFlow`; norms make every decision's part one of at most 1."""
        point = weights.detach().to(self.dtype).requires_grad_()
        let = point * self._values.abs()
        parts = (let if active is None else let * active).sum(dim=-1)
        total = (parts.tanh() if norms else parts).prod()
        (gradient,) = torch.autograd.grad(total, point)
        return total.detach(), gradient


class ToyTrained(ToyChannels):
    """The same with network weights: a number beside the value of every option, which `fit` trains.

    A step of 0.1 along the gradient; trained, everything is a little better than it was.
    """

    def __init__(self, space: SearchSpace, *, steps: int = 20, batch_size: int = 1, seed: int = 0):
        super().__init__(space, steps=steps, batch_size=batch_size, seed=seed)
        self.trained = torch.zeros_like(self._values)
        self.weighs_edges, self.renewed = False, 0

    def fit(self, weights: Tensor, active: Tensor | None = None) -> Log:
        """A step of the network weights."""
        self.trained.requires_grad_()
        loss = self.losses(weights.detach(), "train", active).mean()
        (gradient,) = torch.autograd.grad(loss, self.trained)
        self.trained = self.trained.detach() - 0.1 * gradient
        return {}

    def evaluated_losses(
        self, weights: Tensor, split: Split, active: Tensor | None = None
    ) -> Tensor:
        """The losses: there is nothing that differs in training."""
        return self.losses(weights, split, active)

    def renew_weights(self) -> None:
        """Small numbers of chance in the place of what was trained."""
        self.renewed += 1
        generator = torch.Generator().manual_seed(self.renewed)
        self.trained = 0.1 * torch.randn(self._values.shape, generator=generator, dtype=self.dtype)

    def use_edge_weights(self) -> None:
        """Rows may weigh what they like."""
        self.weighs_edges = True

    def state_dict(self) -> dict[str, Any]:
        """With the network weights."""
        own = {"trained": self.trained.detach().clone(), "renewed": self.renewed}
        return {**super().state_dict(), **own}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """With the network weights."""
        super().load_state_dict(state)
        self.trained, self.renewed = state["trained"].clone(), state["renewed"]

    def _accuracy(self, weights: Tensor) -> Tensor:
        return (weights / self.factor * (self._values + self.trained)).sum(dim=(-2, -1)).sigmoid()
