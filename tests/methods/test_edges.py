"""Edge normalisation, against a softmax written out."""

from __future__ import annotations

import math

import torch

from nasbench_harness.methods.shared.edges import EdgeNormalisation
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.testing import ToySpace

LOGITS = torch.tensor([0.3, -1.0, 2.0, 0.5, 0.1, -0.7], dtype=torch.float64)
NODES = ((0,), (1, 2), (3, 4, 5))
"""Which edges of NAS-Bench-201 enter each node."""


def test_shares_are_a_softmax_over_the_edges_of_a_node() -> None:
    shares = EdgeNormalisation(NB201(), LOGITS.clone()).shares().detach()
    for node in NODES:
        whole = sum(math.exp(LOGITS[edge]) for edge in node)
        for edge in node:
            assert abs(float(shares[edge]) - math.exp(LOGITS[edge]) / whole) < 1e-12


def test_rows_are_multiplied_by_their_edge_s_share() -> None:
    edges = EdgeNormalisation(NB201(), LOGITS.clone())
    rows = torch.rand(6, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = torch.stack([row * share for row, share in zip(rows, edges.shares(), strict=True)])
    assert torch.equal(edges.weighed(rows), expected)


def test_gradient_is_that_of_finite_differences() -> None:
    space, target = ToySpace(), torch.tensor([0.2, 0.9, 0.4], dtype=torch.float64)

    def value(logits: torch.Tensor) -> torch.Tensor:
        return (EdgeNormalisation(space, logits).shares() * target).sum()

    point = torch.tensor([0.1, -0.4, 0.8], dtype=torch.float64)
    assert torch.autograd.gradcheck(value, (point.clone().requires_grad_(),), atol=1e-8)
    (gradient,) = torch.autograd.grad(value(leaf := point.clone()), leaf)
    assert gradient[2] == 0  # the only edge of its node
