"""PC-DARTS: gradients of alpha and of the edges, its warm-up, and what it derives from."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from nasbench_harness.contracts import EdgeWeights, MixtureSearcher, PartialChannels
from nasbench_harness.methods.pcdarts import PCDARTS, PCDARTSSettings
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.testing import ToySpace, ToyTrained

STEPS = 20


def make(**settings: Any) -> PCDARTS:
    searcher = PCDARTS(ToyTrained(NB201(), steps=STEPS), PCDARTSSettings(**settings), seed=4)
    generator = torch.Generator().manual_seed(1)
    assert searcher.edges is not None
    for parameter in (searcher.alpha, searcher.edges.logits):
        parameter.data.copy_(torch.randn(parameter.shape, generator=generator))
    return searcher


def mixture(alpha: Tensor, logits: Tensor) -> Tensor:
    """gamma_e softmax(alpha_e), node by node."""
    gamma = torch.cat([logits[:1].softmax(0), logits[1:3].softmax(0), logits[3:].softmax(0)])
    return gamma[:, None] * alpha.softmax(-1)


def test_mixture_and_scores_are_softmax_times_the_share_of_the_edge() -> None:
    searcher = make()
    assert searcher.edges is not None
    expected = mixture(searcher.alpha, searcher.edges.logits).detach()
    assert torch.allclose(searcher.composed(searcher.relaxed()), expected, atol=1e-14)
    assert torch.allclose(searcher.scores(), expected, atol=1e-14)
    assert isinstance(searcher, MixtureSearcher)
    assert torch.equal(searcher.mixture(), searcher.scores())


@pytest.mark.parametrize("which", ["alpha", "edges"])
def test_gradient_is_that_of_central_differences(which: str) -> None:
    searcher = make(warmup_epochs=0)
    assert searcher.edges is not None
    searcher.problem.advance()
    parameter = searcher.alpha if which == "alpha" else searcher.edges.logits
    (gradient,) = torch.autograd.grad(searcher.mixture_loss(), parameter)
    flat, eps = parameter.data.view(-1), 1e-5
    for place in range(len(flat)):
        ends = []
        for sign in (1, -1):
            flat[place] += sign * eps
            ends.append(float(searcher.mixture_loss()))
            flat[place] -= sign * eps
        assert abs((ends[0] - ends[1]) / (2 * eps) - float(gradient.view(-1)[place])) < 1e-10


def test_alpha_and_edges_move_together_after_the_warm_up_only() -> None:
    searcher = make(warmup_epochs=3)
    assert searcher.edges is not None
    moved = []
    for _ in range(5):
        before = searcher.alpha.detach().clone(), searcher.edges.logits.detach().clone()
        searcher.problem.advance()
        searcher.step()
        moved.append(
            not torch.equal(before[0], searcher.alpha)
            and not torch.equal(before[1], searcher.edges.logits)
        )
        if not moved[-1]:
            assert torch.equal(before[0], searcher.alpha)
            assert torch.equal(before[1], searcher.edges.logits)
    assert moved == [False, False, False, True, True]


def test_the_network_uses_a_quarter_of_its_channels_and_weighs_its_edges() -> None:
    problem = make().problem
    assert isinstance(problem, ToyTrained)
    assert problem.factor == 4
    assert problem.weighs_edges


def test_it_needs_channels_and_edges() -> None:
    assert set(PCDARTS.requires(PCDARTSSettings())) == {PartialChannels, EdgeWeights}
    plain = PCDARTSSettings(partial_channels=[1], edge_normalisation=False)
    assert PCDARTS.requires(plain) == ()


def test_without_its_parts_it_is_darts() -> None:
    plain = PCDARTSSettings(partial_channels=[1], edge_normalisation=False)
    searcher = PCDARTS(ToyTrained(ToySpace()), plain, seed=0)
    assert searcher.edges is None
    assert not isinstance(searcher, MixtureSearcher)
    assert torch.equal(searcher.scores(), searcher.relaxed().detach())
