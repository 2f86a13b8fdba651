"""How good a method's architecture gradient is, against the exact one of a problem."""

from __future__ import annotations

import torch
from torch import Tensor

from nasbench_harness.contracts import GradientEstimator, Problem, Searcher

DRAWS = 64
"""Independent estimates behind each number."""


def diagnose(searcher: Searcher, problem: Problem) -> dict[str, float]:
    """The columns of a diagnosed step on a `Multilinear` problem; {} for other searchers.

    All are shares of the exact gradient's norm, or of its square, at the parameters and on the
    table (with its noise) of now; see `compare`. Searcher and problem go on as if not asked.
    """
    if not isinstance(searcher, GradientEstimator):
        return {}
    before = searcher.state_dict(), problem.state_dict()
    exact = searcher.exact()
    estimates = torch.stack([searcher.estimate() for _ in range(DRAWS)])
    searcher.load_state_dict(before[0])
    problem.load_state_dict(before[1])
    return compare(estimates, exact)


def compare(estimates: Tensor, exact: Tensor) -> dict[str, float]:
    """Independent estimates [N, D, K] of a gradient [D, K].

    `gradient_bias`: distance of their mean from the exact gradient. `gradient_bias_error`: what
    that distance would be, root mean square, if only chance parted them. `gradient_variance`:
    trace of their covariance, a share of the squared norm. `gradient_cosine`: of their mean with
    the exact gradient. Not finite where the exact gradient is 0.
    """
    mean, norm = estimates.mean(dim=0), exact.norm()
    spread = (estimates - mean).square().sum() / (len(estimates) - 1)
    return {
        "gradient_bias": float((mean - exact).norm() / norm),
        "gradient_bias_error": float((spread / len(estimates)).sqrt() / norm),
        "gradient_variance": float(spread / norm.square()),
        "gradient_cosine": float((mean * exact).sum() / (mean.norm() * norm)),
    }
