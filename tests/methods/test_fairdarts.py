"""FairDARTS: the zero-one loss, its gradients, and what is kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from nasbench_harness.contracts import NetworkWeights
from nasbench_harness.methods.fairdarts import FairDARTS, FairDARTSSettings
from nasbench_harness.problems.landscape.objective import Landscape
from nasbench_harness.spaces.darts import open_darts
from nasbench_harness.testing import ToyProblem, ToySpace, toy_problem


def test_gradient_is_exact(
    problem: Landscape, alpha: Tensor, expected_loss: Callable[[Tensor], Tensor],
    gradients: Callable[..., Tensor],
) -> None:  # fmt: skip
    searcher = FairDARTS(problem, FairDARTSSettings(zero_one_weight=0.7), seed=0)
    searcher.alpha.data.copy_(alpha)
    logits = alpha.clone().requires_grad_()
    sigma = 1 / (1 + (-logits).exp())
    loss = expected_loss(sigma) - 0.7 * ((sigma - 0.5) ** 2).mean()
    (expected,) = torch.autograd.grad(loss, logits)
    assert torch.allclose(gradients(searcher, problem, 1)[0], expected, atol=1e-14)


def test_the_zero_one_loss_is_least_at_zero_and_one() -> None:
    searcher = FairDARTS(ToyProblem(ToySpace()), FairDARTSSettings(), seed=0)
    values = []
    for logit in (-50.0, -1.0, 0.0, 1.0, 50.0):
        searcher.alpha.data.fill_(logit)
        values.append(float(searcher.penalty().detach()))
    assert values[0] == pytest.approx(-10 * 0.25, abs=1e-12)  # masked options count nothing
    assert values[4] == pytest.approx(-10 * 0.25, abs=1e-12)
    assert values[2] == 0
    assert values[0] < values[1] < values[2] > values[3] > values[4]


def test_on_a_table_every_sigmoid_would_rise() -> None:
    """So that it is refused there: whatever brings accuracy at all is worth more of it."""
    problem = toy_problem()
    searcher = FairDARTS(problem, FairDARTSSettings(), seed=0)
    problem.advance()
    assert (searcher.gradient(searcher.mixture_loss())[searcher.mask] < 0).all()
    assert FairDARTS.requires(searcher.settings) == (NetworkWeights,)


def test_operations_do_not_compete() -> None:
    searcher = FairDARTS(ToyProblem(ToySpace()), FairDARTSSettings(), seed=0)
    before = searcher.scores()
    searcher.alpha.data[0, 0] += 2
    changed = searcher.scores() != before
    assert changed.nonzero().tolist() == [[0, 0]]


def cell(threshold: float, **strong: float) -> str:
    """The normal cell derived where these edges have a strong separable 3x3 convolution."""
    space = open_darts()
    settings = FairDARTSSettings(excluded=("none",), threshold=threshold)
    searcher = FairDARTS(ToyProblem(space), settings, seed=0)
    searcher.alpha.data.fill_(-2.0)
    for row, decision in zip(searcher.alpha.data, space.decisions, strict=True):
        if decision.name in strong:
            row[decision.options.index("sep_conv_3x3")] = strong[decision.name]
    return str(searcher.architecture())


def test_at_most_two_edges_of_a_node_are_kept_and_only_those_above_the_threshold() -> None:
    strong = {"normal_2<-0": 3.0, "normal_4<-0": 2.0, "normal_4<-1": 3.0, "normal_4<-2": 4.0}
    text = cell(0.85, **strong)
    arch = open_darts().parse(text)
    rows = open_darts().weights(arch)
    kept = {
        decision.name: decision.options[int(row.argmax())]
        for decision, row in zip(open_darts().decisions, rows, strict=True)
        if row.any() and decision.name.startswith("normal")
    }
    brought = {name for name, option in kept.items() if option != "none"}
    assert brought == {"normal_2<-0", "normal_4<-1", "normal_4<-2"}
    assert {kept[name] for name in brought} == {"sep_conv_3x3"}


def test_without_a_threshold_every_node_keeps_two() -> None:
    assert "none" not in cell(0.0)


def test_where_nothing_can_be_absent_the_best_is_kept() -> None:
    searcher = FairDARTS(ToyProblem(ToySpace()), FairDARTSSettings(threshold=0.9), seed=0)
    best = searcher.alpha.detach().masked_fill(~searcher.mask, -torch.inf).argmax(-1)
    assert searcher.architecture().choices == tuple(best.tolist())
