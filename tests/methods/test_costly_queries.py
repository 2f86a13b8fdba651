"""Random search and regularised evolution where costs are held."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest

from nasbench_harness.contracts import Architecture, Cost, FrontSearcher, keeps_front
from nasbench_harness.methods.random import RandomSearch, RandomSettings
from nasbench_harness.methods.rea import REASettings, RegularisedEvolution
from nasbench_harness.methods.shared import costlyqueries
from nasbench_harness.problems.landscape.objective import Landscape
from nasbench_harness.settings import Settings, setting
from nasbench_harness.testing import check_searcher, toy_problem

METHODS = {"random": (RandomSearch, RandomSettings), "rea": (RegularisedEvolution, REASettings)}
STEPS = 60


class Costly(Landscape):
    """With a second cost that pulls against the first."""

    @property
    def costs(self) -> Mapping[str, Cost]:
        """`params`, and what is left of it."""
        return {**super().costs, "left": Cost("left", "what is left", "count", told_in="", scale=2)}

    def cost(self, arch: Architecture, what: str) -> float:
        """In its unit."""
        return 2.0 * (9 - sum(arch.choices)) if what == "left" else super().cost(arch, what)


def costly() -> Landscape:
    problem = toy_problem(options=(4, 4, 4), steps=STEPS)
    problem.__class__ = Costly
    return problem


def searched(name: str, problem: Landscape | None = None, **settings: Any) -> Any:
    """The searcher, and what it asked for with scores."""
    method, of = METHODS[name]
    problem = problem or costly()
    searcher, asked = method(problem, of(**settings), seed=0), []
    query = problem.query

    def noted(arch: Architecture) -> float:
        asked.append((arch, query(arch)))
        return asked[-1][1]

    problem.query = noted  # type: ignore[method-assign]
    for _ in range(STEPS):
        problem.advance()
        searcher.step()
    return searcher, asked


def params(arch: Architecture) -> float:
    return float(sum(arch.choices))


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("target", [1, 3, 5])
def test_the_answer_is_the_most_accurate_within_the_target(name: str, target: float) -> None:
    searcher, asked = searched(name, cost="params", cost_target=target)
    within = [(score, arch) for arch, score in asked if params(arch) <= target]
    assert within, "the test needs answers within"
    assert searcher.architecture() == max(within, key=lambda one: one[0])[1]


@pytest.mark.parametrize("name", METHODS)
def test_where_nothing_keeps_the_targets_the_least_violation_is_the_answer(name: str) -> None:
    searcher, asked = searched(name, cost="params+left", cost_target=[0.5, 1.0])
    excess = [
        max(params(arch) - 0.5, 0) / 0.5 + max(9 - params(arch) - 1, 0) / 1 for arch, _ in asked
    ]
    least = [one for one, over in zip(asked, excess, strict=True) if over == min(excess)]
    assert min(excess) > 0
    assert searcher.architecture() == max(least, key=lambda one: one[1])[0]


@pytest.mark.parametrize("name", METHODS)
def test_without_a_target_the_most_accurate_is_the_answer(name: str) -> None:
    searcher, asked = searched(name, cost="params")
    assert searcher.architecture() == max(asked, key=lambda one: one[1])[0]


@pytest.mark.parametrize(
    ("name", "cost"), list(product(METHODS, ["params", "left", "params+left"]))
)
def test_the_front_is_what_nothing_asked_for_dominates(name: str, cost: str) -> None:
    searcher, asked = searched(name, cost=cost)
    assert isinstance(searcher, FrontSearcher)

    def point(arch: Architecture, score: float) -> tuple[float, ...]:
        each = {"params": params(arch), "left": 9 - params(arch)}
        return (-score, *(each[one] for one in cost.split("+")))

    points = {arch.text: point(arch, score) for arch, score in asked}
    expected = {
        text
        for text, mine in points.items()
        if not any(
            other != mine and all(a <= b for a, b in zip(other, mine, strict=True))
            for other in points.values()
        )
    }
    assert {arch.text for arch in searcher.front()} == expected
    scores = [-points[arch.text][0] for arch in searcher.front()]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("name", METHODS)
def test_without_a_cost_there_is_no_front_and_nothing_else_in_the_state(name: str) -> None:
    searcher, _ = searched(name)
    assert list(searcher.front()) == []
    assert not {"archive", "best_costs"} & set(searcher.state_dict())


def test_a_held_cost_leaves_the_draws_of_random_search_as_they_are() -> None:
    _, plain = searched("random")
    _, held = searched("random", cost="params", cost_target=3)
    assert plain == held


@pytest.mark.parametrize("name", METHODS)
def test_what_was_known_before_costs_keeps_its_identity(name: str) -> None:
    settings = METHODS[name][1]()
    assert not {"cost", "cost_target"} & set(settings.identity())
    assert {"cost", "cost_target"} <= set(METHODS[name][1](cost="a", cost_target=1).identity())


def test_a_large_archive_forgets_the_most_crowded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(costlyqueries, "LARGEST_FRONT", 3)
    whole = searched("random", cost="params+left")[0]
    assert len(whole.front()) == 3


@pytest.mark.parametrize("name", METHODS)
def test_an_unknown_accuracy_is_no_answer_where_another_is_known(name: str) -> None:
    problem = costly()
    query = problem.query
    problem.query = lambda arch: query(arch) if params(arch) > 2 else math.nan  # type: ignore[method-assign]
    searcher, _ = searched(name, problem, cost="params", cost_target=9)
    assert params(searcher.architecture()) > 2
    assert all(params(arch) > 2 for arch in searcher.front())


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize(
    "settings",
    [
        {"cost": "params"},
        {"cost": "params", "cost_target": 3},
        {"cost": "params+left", "cost_target": [3, 0]},
    ],
)
def test_contract(name: str, settings: dict[str, Any]) -> None:
    method, of = METHODS[name]
    check_searcher(method, settings=of(**settings), make_problem=costly)


def test_evolution_under_a_target_spends_its_queries_within_it() -> None:
    _, free = searched("rea", population=10)
    _, held = searched("rea", population=10, cost="params", cost_target=2)
    share = [sum(params(arch) <= 2 for arch, _ in asked[10:]) for asked in (free, held)]
    assert share[1] > share[0]


def test_a_subclass_may_have_settings_without_costs() -> None:
    class Own(Settings):
        population: int = setting(5, "alive at a time")
        tournament: int = setting(2, "drawn")

    class Mine(RegularisedEvolution):
        Settings = Own

    problem = toy_problem(steps=10)
    searcher = Mine(problem, Own(), 0)  # type: ignore[arg-type]
    for _ in range(10):
        problem.advance()
        searcher.step()
    assert searcher.front() == []


def test_a_front_that_is_no_method_is_none() -> None:
    class Other:
        front = ("a",)

    assert not keeps_front(Other())
    assert keeps_front(RegularisedEvolution(toy_problem(steps=1), REASettings(), 0))
