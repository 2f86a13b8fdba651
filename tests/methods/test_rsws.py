"""Random search with weight sharing: uniform training, then the best of a sample."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from scipy.stats import chisquare
from torch import Tensor

from nasbench_harness.methods.rsws import RandomSearchWeightSharing, RSWSSettings
from nasbench_harness.problems.landscape.objective import Landscape
from nasbench_harness.testing import toy_problem


def search(steps: int, **settings: Any) -> tuple[RandomSearchWeightSharing, Landscape, list[Any]]:
    """Run to the end, and what the network was fitted with."""
    problem = toy_problem(options=(4, 4, 4), steps=steps)
    fitted: list[tuple[Tensor, Tensor]] = []
    problem.fit = lambda *given: fitted.append(given) or {}  # type: ignore[method-assign,func-returns-value]
    searcher = RandomSearchWeightSharing(problem, RSWSSettings(**settings), seed=0)
    for _ in range(steps):
        problem.advance()
        searcher.step()
    return searcher, problem, fitted


def test_network_weights_see_uniform_architectures() -> None:
    _, _, fitted = search(3_000, candidates=1)
    weights = torch.stack([given[0] for given in fitted])
    assert torch.all(weights.sum(-1) == 1)
    for counts in weights.sum(dim=0):
        assert chisquare(counts.numpy()).pvalue > 1e-3


def test_one_operation_an_edge_is_computed() -> None:
    _, _, fitted = search(20)
    assert all(torch.equal(active, weights.bool()) for weights, active in fitted)
    assert all(weights.sum(-1).tolist() == [1, 1, 1] for weights, _ in fitted)


def test_answer_before_the_selection_is_the_last_draw() -> None:
    problem = toy_problem(steps=100)
    searcher = RandomSearchWeightSharing(problem, RSWSSettings(), seed=0)
    answers = set()
    for _ in range(20):
        problem.advance()
        searcher.step()
        answers.add(searcher.architecture().choices)
    assert len(answers) > 5
    assert problem.queries == 0


def test_last_step_selects_the_best_of_the_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = toy_problem(options=(4, 4, 4), steps=1)
    searcher = RandomSearchWeightSharing(problem, RSWSSettings(candidates=30), seed=0)
    scored: dict[Any, float] = {}
    score = problem.score
    monkeypatch.setattr(problem, "score", lambda arch: scored.setdefault(arch, score(arch)))
    problem.advance()
    log = searcher.step()
    assert len(scored) > 15
    assert log["best_score"] == max(scored.values())
    assert scored[searcher.architecture()] == max(scored.values())


def test_on_a_landscape_the_selection_is_counted_as_queries() -> None:
    _, problem, _ = search(5, candidates=30)
    assert problem.queries == 30


def test_published_settings() -> None:
    recipe = RandomSearchWeightSharing.recipes["nb201"]
    assert (recipe.epochs, RSWSSettings(**recipe.settings).candidates) == (250, 100)
    assert (recipe.network["nesterov"], recipe.network["weight_decay"]) == (True, 5e-4)
    assert (recipe.network["learning_rate"], recipe.network["clip_norm"]) == (0.025, 5.0)
