"""What a polynomial of main effects and pairs is worth on average under independent decisions.

Of weights m, one row per decision, the multilinear extension is meant that a complete table has as
well, f(m) = sum over z of f(z) * product over e of m[e, z_e], with its exact gradient: what is
found out about a method on one can be tried on the other. It costs a product with a matrix,
however many architectures there are: with s_i the sum of row i and n_i = m_i / s_i,
f(m) = (product of all s_i) * (b + sum of <u_i, n_i> + sum over i < j of <n_i, U_ij n_j>).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from nasbench_harness.contracts import Polynomial

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Form:
    """A polynomial laid out for products: D decisions of K options are D * K numbers."""

    constant: float
    single: Array
    """[D, K]."""
    pairs: Array
    """[D * K, D * K], symmetric."""
    mask: Array
    """[D, K]: 1 where there is such an option, else 0."""


def form_of(polynomial: Polynomial, mask: Tensor, whole: float) -> Form:
    """A polynomial divided by `whole`, for the options of `mask` [D, K]."""
    size = polynomial.single.size
    there = mask.numpy().astype(np.float64)
    pairs = np.ascontiguousarray(polynomial.pairs.reshape(size, size) / whole)
    return Form(polynomial.constant / whole, polynomial.single * there / whole, pairs, there)


def expectation(form: Form, weights: Tensor) -> Tensor:
    """f(weights) of weights [..., D, K], with the leading shape.

    Every example is computed as it is by itself. The gradient is closed-form, and can be taken
    once, not twice.
    """
    value: Tensor = _PolynomialMean.apply(weights, form)
    return value


class _PolynomialMean(Function):
    @staticmethod
    def forward(ctx: Any, weights: Tensor, form: Form) -> Tensor:
        rows = weights.detach().numpy().reshape(-1, *weights.shape[-2:]) * form.mask
        sums = rows.sum(axis=-1)
        shares = rows / np.where(sums == 0, 1.0, sums)[..., None]
        flat = shares.reshape(len(rows), 1, -1)  # a product for each: a taller one rounds otherwise
        partial = form.single + (flat @ form.pairs).reshape(rows.shape)
        mean = form.constant + (shares * (form.single + partial)).sum(axis=(-2, -1)) / 2
        if ctx.needs_input_grad[0]:
            fixed = mean[:, None, None] + partial - (shares * partial).sum(-1, keepdims=True)
            gradient = fixed * _others(sums)[..., None] * form.mask
            ctx.save_for_backward(torch.from_numpy(gradient.reshape(weights.shape)))
        value = mean * sums.prod(axis=-1)
        return torch.from_numpy(value).reshape(weights.shape[:-2])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (gradient,) = ctx.saved_tensors
        return grad[..., None, None] * gradient, None


def _others(sums: Array) -> Array:
    """[N, D]: the product of all other rows' sums, exact where some are 0."""
    ones = np.ones((len(sums), 1))
    before = np.cumprod(np.concatenate([ones, sums[:, :-1]], axis=1), axis=1)
    after = np.cumprod(np.concatenate([ones, sums[:, :0:-1]], axis=1), axis=1)[:, ::-1]
    product: Array = before * after
    return product
