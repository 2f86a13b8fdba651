"""Gumbel-softmax samples of rows with two options, of which everything can be integrated.

Of two options the noises differ by a logistic number L: the first weighs sigmoid((d + L) / tau),
d being the difference of the logits, and is drawn where d + L > 0.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

NODES = 16
"""Of Gauss-Legendre on either side of where the draw changes."""


def share(gap: Tensor) -> Tensor:
    """E[sigmoid(d + L)], in closed form: r (r - 1 - ln r) / (r - 1)^2 with r = exp(d)."""
    r = gap.exp()
    return r * (r - 1 - gap) / (r - 1) ** 2


def slope(gap: Tensor) -> Tensor:
    """Its derivative in d."""
    at = gap.detach().clone().requires_grad_()
    (found,) = torch.autograd.grad(share(at).sum(), at)
    return found


def nodes(gap: float) -> tuple[np.ndarray, np.ndarray]:
    """Values of sigmoid(L), which is uniform, with their weights; cut where d + L is 0."""
    x, weight = np.polynomial.legendre.leggauss(NODES)
    cut = 1 / (1 + math.exp(gap))
    parts = [(0.0, cut), (cut, 1.0)]
    points = [low + (high - low) * (x + 1) / 2 for low, high in parts]
    weights = [(high - low) / 2 * weight for low, high in parts]
    return np.concatenate(points), np.concatenate(weights)


def integral(gap: float, of: Callable[[Tensor], Tensor], temperature: float) -> Tensor:
    """E of a function of the first option's weight."""
    points, weights = (torch.from_numpy(values) for values in nodes(gap))
    logistic = points.log() - (-points).log1p()
    return (of(torch.sigmoid((gap + logistic) / temperature)) * weights).sum()


def perturbations(gaps: list[float]) -> Iterator[tuple[Tensor, float]]:
    """Uniform numbers [D, 2] behind the noise, on a grid of all rows, with their weights."""
    rows = [list(zip(*nodes(gap), strict=True)) for gap in gaps]
    for places in itertools.product(*rows):
        uniforms = [_behind(point) for point, _ in places]
        weight = math.prod(weight for _, weight in places)
        yield torch.tensor(uniforms, dtype=torch.float64), weight


def _behind(point: float) -> tuple[float, float]:
    """Two uniform numbers whose Gumbel noises differ by the logit of `point`; one noise is 0."""
    zero = math.exp(-1.0)
    if point > 0.5:
        return math.exp(-(1 - point) / point), zero
    return zero, math.exp(-point / (1 - point))


def moments(searcher: Any) -> tuple[Tensor, Tensor]:
    """Mean and second moment [D, 2] of a searcher's estimates, by quadrature over its noise."""
    gaps = (searcher.alpha[:, 0] - searcher.alpha[:, 1]).tolist()
    mean, square = (torch.zeros_like(searcher.alpha.detach()) for _ in range(2))
    for uniforms, weight in perturbations(gaps):
        searcher.uniform = lambda shape, drawn=uniforms: drawn
        estimate = searcher.estimate()
        mean += weight * estimate
        square += weight * estimate.square()
    return mean, square
