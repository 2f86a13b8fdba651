"""What proxies share: the weights that count, the loss of the batch, the Jacobian of its images.

The weights W are those of convolutions and linear layers, without biases and norms, as in the code
of Zero-Cost NAS and NASLib. L is the mean cross-entropy of the batch.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from nasbench_harness.contracts import Probe

NO_VALUE = float("nan")
"""Of a network that the formula gives no number for."""


def layers(network: nn.Module) -> list[nn.Conv2d | nn.Linear]:
    """Convolutions and linear layers."""
    return [part for part in network.modules() if isinstance(part, nn.Conv2d | nn.Linear)]


def weights(network: nn.Module) -> list[Tensor]:
    """W, a tensor a layer."""
    return [layer.weight for layer in layers(network)]


def batch_loss(probe: Probe) -> Tensor:
    """L, []."""
    return cross_entropy(probe.network(probe.images), probe.labels)


def gradients(
    total: Tensor, points: Sequence[Tensor], *, create_graph: bool = False
) -> tuple[Tensor, ...]:
    """d total / d point of each; 0 where it has no part in it, as in cells that nothing passes."""
    if not total.requires_grad:
        return tuple(torch.zeros_like(point) for point in points)
    return torch.autograd.grad(
        total, points, create_graph=create_graph, allow_unused=True, materialize_grads=True
    )


def jacobian(probe: Probe) -> Tensor:
    """[B, channels * H * W], float64: the gradient of the sum of all logits in each image.

    Batch norms see the whole batch, so that an image's row is not quite its own network's.
    """
    images = probe.images.requires_grad_()
    (rows,) = gradients(probe.network(images).sum(), [images])
    return rows.flatten(1).double()


def correlation(rows: Tensor) -> Tensor:
    """[N, N] correlations of rows [N, M] with each other, N >= 2; NaN where a row is constant."""
    centred = rows - rows.mean(dim=1, keepdim=True)
    unit: Tensor = centred / centred.norm(dim=1, keepdim=True)
    return (unit @ unit.T).clamp(-1, 1)
