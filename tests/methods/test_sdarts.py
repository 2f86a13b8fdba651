"""SDARTS: what the network is trained under, how it grows, and that alpha knows nothing of it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from nasbench_harness.contracts import NetworkWeights
from nasbench_harness.methods.darts import DARTS, DARTSSettings
from nasbench_harness.methods.sdarts import SDARTS, SDARTSSettings
from nasbench_harness.testing import ToySpace, ToyTrained

STEPS = 10


def make(**settings: Any) -> tuple[SDARTS, list[Tensor]]:
    """The method, and the weights that the network was trained under so far."""
    problem, seen = ToyTrained(ToySpace(), steps=STEPS), []
    fit = problem.fit

    def watched(weights: Tensor, active: Tensor | None = None) -> Any:
        seen.append(weights.clone())
        return fit(weights, active)

    problem.fit = watched  # type: ignore[method-assign]
    return SDARTS(problem, SDARTSSettings(**settings), seed=3), seen


@pytest.mark.parametrize("kind", ["random", "adversarial"])
def test_the_network_is_trained_on_the_simplex_around_the_mixture(kind: str) -> None:
    searcher, seen = make(perturbation=kind)
    for _ in range(STEPS):
        searcher.problem.advance()
        searcher.step()
        moved, clean = seen[-1], searcher.scores()
        assert torch.allclose(moved.sum(-1), torch.ones(3, dtype=moved.dtype), atol=1e-14)
        assert not torch.equal(moved, clean)
        assert (moved[~searcher.mask] == 0).all()


def test_the_radius_grows_along_a_line_of_epochs() -> None:
    searcher, _ = make()
    radii = []
    for _ in range(STEPS):
        searcher.problem.advance()
        radii.append(searcher.radius)
    expected = [0.03 + (0.3 - 0.03) * epoch / STEPS for epoch in range(STEPS)]
    assert max(abs(one - other) for one, other in zip(radii, expected, strict=True)) < 1e-15


def test_the_adversary_is_worse_for_the_network_than_the_mixture() -> None:
    searcher, seen = make(perturbation="adversarial", perturbation_start=0.3)
    for _ in range(STEPS):
        searcher.problem.advance()
        before = searcher.problem.state_dict()
        searcher.step()
        after = searcher.problem.state_dict()
        searcher.problem.load_state_dict(before)
        losses = [searcher._train_loss(rows) for rows in (seen[-1], searcher.scores())]
        searcher.problem.load_state_dict(after)
        assert losses[0] > losses[1]


def test_alpha_steps_at_the_clean_mixture() -> None:
    """Where `fit` trains nothing the two cannot be told apart."""
    searcher, _ = make(perturbation="random")
    searcher.problem.fit = lambda *_: {}  # type: ignore[method-assign]
    darts = DARTS(ToyTrained(ToySpace(), steps=STEPS), DARTSSettings(), seed=3)
    darts.problem.fit = lambda *_: {}  # type: ignore[method-assign]
    for _ in range(STEPS):
        for each in (searcher, darts):
            each.problem.advance()
            each.step()
    assert torch.equal(searcher.alpha, darts.alpha)


def test_a_problem_without_network_weights_is_refused() -> None:
    assert SDARTS.requires(SDARTSSettings()) == (NetworkWeights,)
    assert SDARTS.requires(SDARTSSettings(perturbation="none")) == ()
