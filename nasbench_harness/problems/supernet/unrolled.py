"""The gradient through one look-ahead step of the network's weights (DARTS, eq. 7 and 8).

As in the authors' code the step has momentum and weight decay, and the product with the second
derivative is a central difference along the validation gradient. On a network with ReLUs that
averages over kinks which a derivative does not see; with a small enough difference the two agree
(a test compares them).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from nasbench_harness.contracts import Split

EPSILON = 0.01
"""Length of the difference, over the norm of the direction."""

Loss = Callable[[Tensor, Split], Tensor]


def unrolled_gradient(
    loss: Loss, weights: Tensor, optimizer: torch.optim.Optimizer, weight_decay: float
) -> Tensor:
    """Of the validation loss at w' = w - rate * step, in the mixing weights [D, K].

    `loss(weights, split)` is the mean loss of the step's batch. The network's weights end exactly
    as they were.
    """
    group = optimizer.param_groups[0]
    rate, parameters = group["lr"], list(group["params"])
    before = [p.detach().clone() for p in parameters]
    point = weights.detach()
    step = _step(loss, point, optimizer, weight_decay)
    _set(parameters, torch._foreach_sub(before, step, alpha=rate))
    gradient, direction = _both(loss, point, parameters)
    epsilon = EPSILON / torch.stack(torch._foreach_norm(direction)).norm()
    shift = torch._foreach_mul(direction, epsilon)
    bent = []
    for sign in (1, -1):
        _set(parameters, torch._foreach_add(before, shift, alpha=sign))
        at = point.clone().requires_grad_()
        bent.append(torch.autograd.grad(loss(at, "train"), at)[0])
    _set(parameters, before)
    second: Tensor = rate * (bent[0] - bent[1]) / (2 * epsilon)
    return gradient - second


def _step(
    loss: Loss, weights: Tensor, optimizer: torch.optim.Optimizer, weight_decay: float
) -> list[Tensor]:
    """momentum * buffer + dL_train/dw + decay * w, of every parameter."""
    group = optimizer.param_groups[0]
    parameters = list(group["params"])
    momentum = group.get("momentum", 0.0)
    steps = []
    gradients = _gradients(loss(weights, "train"), parameters)
    for parameter, gradient in zip(parameters, gradients, strict=True):
        step = gradient + weight_decay * parameter.detach()
        buffer = optimizer.state[parameter].get("momentum_buffer")
        steps.append(step if buffer is None else step + momentum * buffer)
    return steps


def _both(loss: Loss, weights: Tensor, parameters: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
    """Gradients of the validation loss, in the mixing weights and in the network's parameters."""
    at = weights.clone().requires_grad_()
    first, *others = _gradients(loss(at, "valid"), [at, *parameters])
    return first, others


def _gradients(loss: Tensor, points: Sequence[Tensor]) -> Sequence[Tensor]:
    """0 for what the loss does not use, such as an auxiliary head in the validation loss."""
    return torch.autograd.grad(loss, points, allow_unused=True, materialize_grads=True)


@torch.no_grad()
def _set(parameters: Sequence[Tensor], values: Sequence[Tensor]) -> None:
    torch._foreach_copy_(list(parameters), list(values))
