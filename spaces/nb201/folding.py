"""A 1x1 convolution and its batch norm as one matrix, found from the moments of the input alone.

The outputs of a linear map have the mean and the variance that its kernel makes of those of its
input: with kernel W [N, C], mean m and covariance S of the input, W m and the diagonal of W S W^T.
So nothing is convolved first to be normed then, and nothing of the size of the outputs is kept for
the way back: forward and back cost a product with the kernel each, and one of the input with
itself. A covariance needs the accuracy of its numbers: this is for float32 and float64.

Maps are seen as matrices [M, C], an example's pixel a row.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from nasbench_harness.spaces.nb201.norms import EPS, MOMENTUM, Norm

PARTS = 16
"""Of the rows of a map, at most, that are summed by themselves."""


class Folded(NamedTuple):
    """What a map goes through, `rows @ matrix.T + shift`, and what the way back needs."""

    matrix: Tensor
    """[N, C]"""
    shift: Tensor
    """[N]"""
    weight: Tensor
    """[N]: of the norm, by which the kernel becomes the matrix."""
    center: Tensor
    """[N]: the means of the outputs before the norm."""
    inverse: Tensor
    """[N]: of their standard deviations."""
    mean: Tensor | None
    """[C]: of the input; None where the norm takes running statistics."""
    spread: Tensor | None
    """[N, C]: the kernel times the covariance of the input."""


def fold(rows: Tensor, kernel: Tensor, scale: Tensor, norm: Norm) -> Folded:
    """Of input [M, C], kernel [N, C] and the norm's affine weight [N]; statistics are updated."""
    mean = spread = None
    if norm.training:
        count = len(rows)
        mean = _sums(rows) / count
        covariance = torch.addr(_products(rows, rows), mean, mean, beta=1 / count, alpha=-1)
        spread = kernel @ covariance
        center, variance = kernel @ mean, (spread * kernel).sum(dim=1).clamp_(min=0)
        if norm.mean is not None and norm.var is not None:
            norm.mean.lerp_(center, MOMENTUM)
            norm.var.lerp_(variance * (count / (count - 1)), MOMENTUM)
    else:
        assert norm.mean is not None
        assert norm.var is not None
        center, variance = norm.mean, norm.var
    inverse = (variance + EPS).rsqrt_()
    weight = scale * inverse
    shift = (center * weight).neg_()
    return Folded(kernel * weight[:, None], shift, weight, center, inverse, mean, spread)


def unfold(  # noqa: PLR0913
    grad: Tensor, sums: Tensor, rows: Tensor, kernel: Tensor, folded: Folded,
    *, into: Tensor | None, needs_kernel: bool,
) -> tuple[Tensor | None, Tensor]:  # fmt: skip
    """Gradients in kernel [N, C] and scale [N]; that in `rows` is added to `into` [M, C], if given.

    `grad` [M, N] is the gradient in `rows @ matrix.T + shift`, and `sums` [N] its sums over M.
    """
    products = _products(grad, rows)
    by_weight = torch.addcmul((products * kernel).sum(dim=1), sums, folded.center, value=-1)
    by_scale = by_weight * folded.inverse
    by_kernel = products.mul_(folded.weight[:, None]) if needs_kernel else None
    if into is not None:
        into.addmm_(grad, folded.matrix)
    if folded.mean is not None and folded.spread is not None:
        count = len(rows)
        by_variance = by_scale * folded.weight * folded.inverse  # minus twice the gradient in it
        if into is not None:
            by_covariance = (kernel.T * by_variance) @ kernel
            into.addmm_(rows, by_covariance, alpha=-1 / count)
            through_mean = torch.addmv(sums @ folded.matrix, by_covariance, folded.mean, alpha=-1)
            into.sub_(through_mean, alpha=1 / count)
        if by_kernel is not None:
            by_kernel.addr_(sums * folded.weight, folded.mean, alpha=-1)
            by_kernel.addcmul_(by_variance[:, None], folded.spread, value=-1)
    return by_kernel, by_scale


def _products(a: Tensor, b: Tensor) -> Tensor:
    """`a.T @ b` of matrices with many rows, which a library of products leaves to one thread."""
    return torch.bmm(_parted(a).transpose(1, 2), _parted(b)).sum(dim=0)


def _sums(rows: Tensor) -> Tensor:
    """[C]: the sum of [M, C] over M, by parts for the same reason."""
    return _parted(rows).sum(dim=1).sum(dim=0)


def _parted(rows: Tensor) -> Tensor:
    """[M, C] to [parts, M / parts, C]; how many does not depend on the number of threads."""
    return rows.reshape(math.gcd(len(rows), PARTS), -1, rows.shape[1])
