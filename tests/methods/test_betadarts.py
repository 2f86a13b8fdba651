"""beta-DARTS: the decay, its weight, and the gradient of both."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from nasbench_harness.methods.betadarts import BetaDARTS, BetaDARTSSettings
from nasbench_harness.problems.landscape.objective import Landscape
from nasbench_harness.testing import ToyProblem, ToySpace, toy_problem


def test_gradient_is_the_loss_s_and_a_share_of_softmax(
    alpha: Tensor, exact_gradient: Tensor, gradients: Callable[..., Tensor]
) -> None:
    problem: Landscape = toy_problem(options=(4, 4, 4), steps=10, seed=3)
    for _ in range(5):
        problem.advance()
    searcher = BetaDARTS(problem, BetaDARTSSettings(decay_weight=2.0), seed=0)
    searcher.alpha.data.copy_(alpha)
    expected = exact_gradient + 2.0 * 5 / 10 * alpha.softmax(-1) / 3
    assert torch.allclose(gradients(searcher, problem, 1)[0], expected, atol=1e-14)


def test_the_weight_grows_by_half_an_epoch_in_both_published_recipes() -> None:
    for recipe in ("nb201", "darts"):
        found = BetaDARTS.recipes[recipe]
        weight = BetaDARTSSettings(**found.settings).decay_weight
        assert weight / found.epochs == 0.5


def test_options_that_do_not_exist_count_nothing() -> None:
    searcher = BetaDARTS(ToyProblem(ToySpace(), steps=2), BetaDARTSSettings(), seed=0)
    searcher.problem.advance()
    searcher.problem.advance()
    rows = [a[:k].logsumexp(0) for a, k in zip(searcher.alpha, (3, 4, 2), strict=True)]
    expected = 50 / 2 * sum(rows) / 3
    assert abs(float(searcher.penalty() - expected)) < 1e-12


def test_nothing_decays_in_the_first_epoch() -> None:
    searcher = BetaDARTS(ToyProblem(ToySpace()), BetaDARTSSettings(), seed=0)
    searcher.problem.advance()
    assert searcher.penalty() == 0
