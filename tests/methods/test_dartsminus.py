"""DARTS-: the skip beside the mixture, and its weight."""

from __future__ import annotations

import pytest
import torch

from nasbench_harness.contracts import NetworkShape, NetworkWeights
from nasbench_harness.errors import HarnessError
from nasbench_harness.methods.dartsminus import DARTSMinus, DARTSMinusSettings
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.testing import ToySpace, ToyTrained

STEPS = 10


@pytest.fixture
def searcher() -> DARTSMinus:
    return DARTSMinus(ToyTrained(NB201(), steps=STEPS), DARTSMinusSettings(), seed=0)


def test_the_weight_falls_from_one_to_zero_along_a_line_of_epochs(searcher: DARTSMinus) -> None:
    weights = []
    for _ in range(STEPS):
        searcher.problem.advance()
        weights.append(searcher.skip_weight)
    expected = [(STEPS - epoch) / STEPS for epoch in range(STEPS)]
    assert max(abs(one - other) for one, other in zip(weights, expected, strict=True)) < 1e-15


def test_a_skip_of_that_weight_stands_beside_every_mixture(searcher: DARTSMinus) -> None:
    for _ in range(4):
        searcher.problem.advance()
    rows = searcher.relaxed().detach()
    beside = searcher.composed(rows) - rows
    expected = torch.zeros(6, 5, dtype=rows.dtype)
    expected[:, 1] = 0.7  # skip_connect
    assert torch.allclose(beside, expected, atol=1e-15)


def test_in_the_network_it_is_another_path() -> None:
    """One cell, each edge by itself: with the weight at the skip, x beta more reaches the node."""
    shape = NetworkShape(classes=3, width=4, cells=1, image_size=(8, 8))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        supernet = NB201().supernet(shape).double()
        cell = supernet.stages[0][0]
        x = torch.randn(2, 4, 8, 8, dtype=torch.float64)
    from nasbench_harness.spaces.nb201.mixing import Mixing

    rows = torch.zeros(6, 5, dtype=torch.float64)
    rows[3] = torch.tensor([0.1, 0.2, 0.3, 0.25, 0.15])  # 3<-0, the only way through
    more = rows.clone()
    more[3, 1] += 0.6
    with torch.no_grad():
        difference = cell(x, Mixing(more, None)) - cell(x, Mixing(rows, None))
    assert torch.allclose(difference, 0.6 * x, atol=1e-6)


def test_answers_know_nothing_of_it(searcher: DARTSMinus) -> None:
    searcher.problem.advance()
    assert torch.equal(searcher.scores(), searcher.relaxed().detach())


def test_a_skip_that_is_not_searched_stays_beside() -> None:
    settings = DARTSMinusSettings(excluded=("skip_connect",))
    searcher = DARTSMinus(ToyTrained(NB201(), steps=STEPS), settings, seed=0)
    searcher.problem.advance()
    assert (searcher.composed(searcher.relaxed())[:, 1] == 1).all()
    assert searcher.active is None or bool(searcher.active.all())


def test_a_space_without_skips_is_refused_in_a_sentence() -> None:
    with pytest.raises(HarnessError, match="has no skip"):
        DARTSMinus(ToyTrained(ToySpace()), DARTSMinusSettings(), seed=0)


def test_it_needs_network_weights_once() -> None:
    assert DARTSMinus.requires(DARTSMinusSettings()) == (NetworkWeights,)
    both = DARTSMinusSettings(perturbation="random")
    assert DARTSMinus.requires(both) == (NetworkWeights,)
