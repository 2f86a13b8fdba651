"""Does a space that builds networks keep the contract of `NetworkSpace` and `Supernet`."""

from __future__ import annotations

from typing import Any

import torch

from nasbench_harness.contracts import Architecture, NetworkShape


def check_networks(space: Any, *, image_size: int = 16, samples: int = 5) -> None:
    """Does a space that builds networks keep the contract of `NetworkSpace` and `Supernet`.

    Logits have the shape asked for; they are differentiable in the weights and, but for within
    `frozen()`, in the parameters; weights may come one per example; an architecture's
    weights give what the stand-alone network with inherited weights gives.
    """
    shape = NetworkShape(classes=3, in_channels=2, width=4, cells=1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        images, supernet = torch.randn(4, 2, image_size, image_size), space.supernet(shape)
    mask = space.mask
    weights = (mask / mask.sum(dim=1, keepdim=True)).requires_grad_()
    logits = supernet(images, weights)
    assert logits.shape == (4, 3), "a supernet gives logits [B, classes]"
    per_example = supernet(images, weights.expand(4, *mask.shape))
    assert torch.allclose(logits, per_example, atol=1e-4), "weights may be [D, K] or [B, D, K]"
    logits.square().sum().backward()
    assert weights.grad is not None, "logits must be differentiable in the weights"
    parameters = list(supernet.parameters())
    assert any(p.grad is not None for p in parameters), "and in the network's parameters"
    _check_frozen(supernet, images, weights)
    generator = torch.Generator().manual_seed(0)
    for _ in range(samples):
        _check_inherited(space, supernet, space.sample(generator), images)


def _check_frozen(supernet: Any, images: torch.Tensor, weights: torch.Tensor) -> None:
    supernet.zero_grad()
    with supernet.frozen():
        logits = supernet(images, weights)
    logits.square().sum().backward()
    grads = [p.grad for p in supernet.parameters()]
    assert all(g is None or not g.any() for g in grads), "frozen() leaves the parameters out"


def _check_inherited(space: Any, supernet: Any, arch: Architecture, images: torch.Tensor) -> None:
    chosen = space.weights(arch)
    network = space.inherit(arch, supernet)
    with torch.no_grad():
        expected, found = network(images), supernet(images, chosen, chosen.bool())
    assert torch.allclose(expected, found, atol=1e-4), (
        f"its weights must give what the network of {arch} gives with inherited weights"
    )
