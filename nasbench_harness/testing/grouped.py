"""Does a space whose supernets can be one wide network keep the contract of `GroupingSpace`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from nasbench_harness.contracts import NetworkShape

RUNS = 2
EXACT: dict[str, Any] = {"atol": 1e-10, "rtol": 1e-10}


def check_grouped(space: Any, shape: NetworkShape) -> None:
    """A `WideSupernet` of two gives each what it gives alone, in 64 bits.

    Logits, gradients of the weights and of the parameters, and statistics; and the supernets share
    its memory.
    """
    chosen = torch.stack([space.weights(_drawn(space, run)).bool() for run in range(RUNS)])
    for active in (None, chosen):
        _check_pass(space, shape, active)


def _drawn(space: Any, seed: int) -> Any:
    return space.sample(torch.Generator().manual_seed(seed))


def _check_pass(space: Any, shape: NetworkShape, active: torch.Tensor | None) -> None:
    singles = [space.supernet(shape).double() for _ in range(RUNS)]
    others = [space.supernet(shape).double() for _ in range(RUNS)]
    for single, other in zip(singles, others, strict=True):
        other.load_state_dict(single.state_dict())
    wide = space.grouped(singles)
    images = torch.randn(RUNS, 4, shape.in_channels, *shape.image_size, dtype=torch.float64)
    weights = (torch.rand(RUNS, *space.mask.shape) * space.mask).double().requires_grad_()
    logits = wide(images, weights, active)
    assert logits.shape == (RUNS, 4, shape.classes), "a wide network gives logits [R, B, classes]"
    logits.square().sum().backward()
    assert weights.grad is not None, "logits must be differentiable in the weights"
    for run, other in enumerate(others):
        own = weights[run].detach().requires_grad_()
        expected = other(images[run], own, None if active is None else active[run])
        expected.square().sum().backward()
        assert torch.allclose(logits[run], expected, **EXACT), "every run has its own logits"
        gradient = torch.zeros_like(own) if own.grad is None else own.grad
        assert torch.allclose(weights.grad[run], gradient, **EXACT), "and its own gradients"
    _check_learners(wide.learners(weights, active), wide, singles, others)
    _check_clipped(wide, others)
    with torch.no_grad():
        for parameter in wide.parameters():
            parameter.sub_(parameter.grad)
    for single, other in zip(singles, others, strict=True):
        with torch.no_grad():
            for parameter in other.parameters():
                parameter.sub_(0.0 if parameter.grad is None else parameter.grad)
        for name, value in other.state_dict().items():
            assert torch.allclose(single.state_dict()[name], value, **EXACT), (
                f"`{name}` of a single network must be a part of the wide one's memory"
            )


def _check_learners(
    learners: Sequence[Sequence[bool]] | None, wide: Any, singles: list[Any], others: list[Any]
) -> None:
    """Those that have a gradient alone."""
    names = [{p: name for name, p in single.named_parameters()} for single in singles]
    for place, (whole, parts) in enumerate(zip(wide.parameters(), wide.parts(), strict=True)):
        for run, (piece, part) in enumerate(zip(whole.chunk(RUNS), parts, strict=True)):
            name = names[run].get(part, "")
            there = piece.data_ptr() if name else 0
            assert there == part.data_ptr(), (
                "`parts` must be the single networks' parameters, a part of the wide one's memory"
            )
            alone = others[run].get_parameter(name).grad is not None
            assert alone == (learners is None or learners[place][run]), (
                f"`learners` must tell whether `{name}` has a gradient by itself"
            )


def _check_clipped(wide: Any, others: list[Any]) -> None:
    """Of every run by itself."""
    wide.clip_gradients(0.5)
    for other in others:
        torch.nn.utils.clip_grad_norm_(other.parameters(), 0.5)
