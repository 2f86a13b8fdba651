"""Searches that differ in their seed only, stepped as one: what they share of torch.

Each keeps its own alpha, Adam and generator, and finds what it would find alone, bit for bit: every
operation on the stacked numbers computes a row as it computes the row by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor


def stacked_apart(tensors: Sequence[Tensor]) -> Tensor:
    """[R, D, K] of R tensors [D, K], with a gap behind each.

    Kernels run over what lies in one piece, in vectors and a remainder, which some (elu, sigmoid)
    compute by another formula. Because of the gap each run is a piece, as it is alone.
    """
    first = tensors[0]
    rows, options = first.shape
    apart = first.new_empty(len(tensors), rows + 1, options)[:, :rows]
    with torch.no_grad():
        for place, tensor in zip(apart, tensors, strict=True):
            place.copy_(tensor)
    return apart


def drawn_apart(
    draw: Callable[[torch.Generator], Tensor], generators: Sequence[torch.Generator]
) -> Tensor:
    """[R, ...]: a draw of every generator."""
    return torch.stack([draw(generator) for generator in generators])


class JointAdam:
    """The Adams of R runs, each of one parameter, in one call; their states stay their own."""

    def __init__(self, optimizers: Sequence[torch.optim.Adam], alpha: Tensor) -> None:
        """`alpha` [R, ...] holds in its rows the parameters of the optimizers."""
        self._alpha, self._optimizers = alpha, optimizers
        self._parameters = [each.param_groups[0]["params"][0] for each in optimizers]
        self._gradient = torch.zeros(alpha.shape, dtype=alpha.dtype)
        self._gradients = list(self._gradient)
        self._moments: tuple[list[Tensor], list[Tensor], list[Tensor]] | None = None
        self.param_groups = optimizers[0].param_groups
        """Of the first; what a method sets there before a step counts for all."""

    def zero_grad(self) -> None:
        """Forget the gradient."""
        self._alpha.grad = None

    def step(self) -> None:
        """One step of every run along its row of the gradient."""
        assert self._alpha.grad is not None
        self._gradient.copy_(self._alpha.grad)
        group = self.param_groups[0]
        for optimizer in self._optimizers:
            optimizer.param_groups[0]["lr"] = group["lr"]
        if self._moments is None:
            self._first_step()
            return
        means, squares, steps = self._moments
        steps[0].add_(1)
        torch._fused_adam_(
            self._parameters,
            self._gradients,
            means,
            squares,
            [],
            steps,
            amsgrad=False,
            lr=group["lr"],
            beta1=group["betas"][0],
            beta2=group["betas"][1],
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            maximize=False,
        )

    def _first_step(self) -> None:
        """Each by itself, which makes the moments where there are none yet; one count for all."""
        for optimizer, parameter, gradient in zip(
            self._optimizers, self._parameters, self._gradients, strict=True
        ):
            parameter.grad = gradient
            optimizer.step()
            parameter.grad = None
        states = [o.state[p] for o, p in zip(self._optimizers, self._parameters, strict=True)]
        count = states[0]["step"]
        for state in states:
            assert state["step"] == count, "runs of a cohort have made the same updates"
            state["step"] = count
        means = [state["exp_avg"] for state in states]
        self._moments = means, [state["exp_avg_sq"] for state in states], [count] * len(states)

    def part(self) -> None:
        """Give each optimizer its moments and count, whatever was loaded into it meanwhile."""
        if self._moments is None:
            return
        runs = zip(self._optimizers, self._parameters, *self._moments, strict=True)
        for optimizer, parameter, mean, square, count in runs:
            own = {"step": count.clone(), "exp_avg": mean, "exp_avg_sq": square}
            optimizer.state[parameter].update(own)
