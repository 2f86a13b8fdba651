"""Searches that differ in their seed only, stepped as one: what they share of torch.

Each keeps its own alpha, Adam and generator, and finds what it would find alone, bit for bit: every
operation on the stacked numbers computes a row as it computes the row by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

Moments = tuple[list[Tensor], list[Tensor], list[Tensor]]
"""Of each parameter the first and second moment, and how often it was updated."""


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
        self._gradient = torch.zeros(alpha.shape, dtype=alpha.dtype, device=alpha.device)
        self._gradients = list(self._gradient)
        self._moments: Moments | None = None
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
        self._moments[2][0].add_(1)
        _fused_adam(group, self._parameters, self._gradients, self._moments)

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


class JointRowAdam:
    """The Adams of R runs, each with a parameter a row, one row of every run in one call."""

    def __init__(self, optimizers: Sequence[torch.optim.Adam]) -> None:
        """Moments and counts stay each row's own; a row without gradient has none."""
        self._optimizers = optimizers
        self._rows: list[list[Tensor]] = [each.param_groups[0]["params"] for each in optimizers]
        self._states = [
            [dict(optimizer.state.get(row, {})) for row in rows]
            for optimizer, rows in zip(optimizers, self._rows, strict=True)
        ]

    def step(self, places: Sequence[int], gradient: Tensor) -> None:
        """One step of every run's row at its place along its gradient [R, K]."""
        moved = [
            (self._rows[run][place], own, self._states[run][place])
            for run, (place, own) in enumerate(zip(places, gradient, strict=True))
            if self._states[run][place] or self._first_step(run, place, own)
        ]
        if not moved:
            return
        rows, gradients, states = map(list, zip(*moved, strict=True))
        counts = [state["step"] for state in states]
        torch._foreach_add_(counts, 1)
        means, squares = ([state[name] for state in states] for name in ("exp_avg", "exp_avg_sq"))
        moments = (means, squares, counts)
        _fused_adam(self._optimizers[0].param_groups[0], rows, gradients, moments)

    def _first_step(self, run: int, place: int, gradient: Tensor) -> bool:
        """By itself, which makes the moments where there are none yet; False: it is done."""
        optimizer, row = self._optimizers[run], self._rows[run][place]
        row.grad = gradient
        optimizer.step()
        row.grad = None
        self._states[run][place] = dict(optimizer.state[row])
        return False

    def part(self) -> None:
        """Give each optimizer its moments and counts, whatever was loaded into it meanwhile."""
        for optimizer, rows, states in zip(self._optimizers, self._rows, self._states, strict=True):
            for row, state in zip(rows, states, strict=True):
                if state:
                    optimizer.state[row].update(state)


def _fused_adam(
    group: dict[str, Any],
    parameters: list[Tensor],
    gradients: list[Tensor],
    moments: Moments,
) -> None:
    """What `torch.optim.Adam(fused=True)` calls, after it has counted."""
    means, squares, counts = moments
    torch._fused_adam_(
        parameters,
        gradients,
        means,
        squares,
        [],
        counts,
        amsgrad=False,
        lr=group["lr"],
        beta1=group["betas"][0],
        beta2=group["betas"][1],
        weight_decay=group["weight_decay"],
        eps=group["eps"],
        maximize=False,
    )
