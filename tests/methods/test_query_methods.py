"""Random search, regularised evolution and REINFORCE."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import torch
from scipy.stats import chisquare
from torch import Tensor

from nasbench_harness import registry
from nasbench_harness.contracts import Architecture, StandAloneAccuracy
from nasbench_harness.methods.random import RandomSearch, RandomSettings
from nasbench_harness.methods.rea import REASettings, RegularisedEvolution
from nasbench_harness.methods.reinforce import REINFORCE, REINFORCESettings
from nasbench_harness.problems.landscape.objective import Landscape
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.testing import toy_problem


def evolve(steps: int, **settings: int) -> tuple[RegularisedEvolution, Landscape]:
    problem = toy_problem(options=(4, 4, 4), steps=steps)
    searcher = RegularisedEvolution(problem, REASettings(**settings), seed=0)
    for _ in range(steps):
        problem.advance()
        searcher.step()
    return searcher, problem


def test_random_search_answers_with_the_best_it_saw() -> None:
    problem = toy_problem(steps=30)
    searcher = RandomSearch(problem, RandomSettings(), seed=0)
    seen = []
    for _ in range(30):
        problem.advance()
        seen.append(float(searcher.step()["score"]))
    assert problem.score(searcher.architecture()) == max(seen)


@pytest.mark.parametrize("name", ["random", "rea", "reinforce"])
def test_query_methods_need_accuracies_of_single_architectures(name: str) -> None:
    method = registry.methods.load(name)
    assert method.requires(method.Settings()) == (StandAloneAccuracy,)
    assert isinstance(toy_problem(), StandAloneAccuracy)


@pytest.mark.parametrize("name", ["random", "rea", "reinforce"])
def test_query_methods_use_that_capability_only(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = toy_problem(steps=5)
    queried = []
    monkeypatch.setattr(problem, "score", None)
    monkeypatch.setattr(problem, "query", lambda arch: queried.append(arch) or 50.0)
    method = registry.methods.load(name)
    searcher = method(problem, method.Settings(), 0)
    for _ in range(5):
        problem.advance()
        searcher.step()
    assert len(queried) == 5


@pytest.mark.parametrize("name", ["random", "rea", "reinforce"])
def test_an_unknown_accuracy_spoils_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = toy_problem(steps=30)
    query, asked = problem.query, []

    def sometimes(arch: Architecture) -> float:
        asked.append(arch)
        return math.nan if len(asked) % 3 == 1 else query(arch)

    monkeypatch.setattr(problem, "query", sometimes)
    method = registry.methods.load(name)
    searcher = method(problem, method.Settings(), 0)
    for _ in range(30):
        problem.advance()
        searcher.step()
    assert bool(searcher.scores().isfinite().all())
    assert math.isfinite(searcher.best_score)
    assert searcher.architecture() in [arch for n, arch in enumerate(asked) if n % 3]


def test_a_tournament_is_not_won_by_an_unknown_accuracy() -> None:
    searcher, _ = evolve(10, population=10, tournament=200)
    best = max(searcher.population, key=lambda member: member[1])[0]
    searcher.population = [(arch, math.nan) for arch, _ in searcher.population] + [(best, 1.0)]
    assert searcher.parent() == best


@pytest.mark.parametrize("recipe", ["quick", "sampling"])
def test_random_sampling_asks_for_nothing(recipe: str) -> None:
    settings = RandomSettings(**RandomSearch.recipes[recipe].settings)
    assert RandomSearch.requires(settings) == ()
    problem = toy_problem(steps=3)
    searcher = RandomSearch(problem, settings, seed=4)
    first = searcher.architecture()
    for _ in range(3):
        problem.advance()
        assert searcher.step() == {}
    assert searcher.architecture() == first
    assert problem.queries == 0


def test_random_sampling_is_uniform() -> None:
    problem, settings = toy_problem(options=(4, 4, 4)), RandomSettings(ask=False)
    drawn = [RandomSearch(problem, settings, seed).architecture().choices for seed in range(2_000)]
    for choices in zip(*drawn, strict=True):
        counts = Counter(choices)
        assert chisquare([counts[k] for k in range(4)]).pvalue > 1e-3


def test_one_query_a_step() -> None:
    _, problem = evolve(25)
    assert problem.queries == 25


def test_population_stays_constant_and_the_oldest_dies() -> None:
    problem = toy_problem(steps=40)
    searcher = RegularisedEvolution(problem, REASettings(population=5), seed=0)
    for step in range(40):
        before = list(searcher.population)
        problem.advance()
        searcher.step()
        if step >= 5:
            assert len(searcher.population) == 5
            assert searcher.population[:-1] == before[1:]


def test_child_differs_in_exactly_one_decision() -> None:
    """On the benchmark: bred by the space, from the searcher's own random numbers."""
    space, generator = NB201(), torch.Generator().manual_seed(0)
    parent = space.sample(generator)
    neighbours = space.neighbours(parent)
    for _ in range(100):
        assert space.mutate(parent, generator) in neighbours


def test_children_are_bred_by_the_space() -> None:
    searcher, problem = evolve(10)
    state = searcher.generator.get_state()
    parent = searcher.parent()
    expected = problem.space.mutate(parent, searcher.generator)
    searcher.generator.set_state(state)
    problem.advance()
    searcher.step()
    assert searcher.population[-1][0] == expected


def former_mutation(space: NB201, arch: Architecture, generator: torch.Generator) -> Architecture:
    """As regularised evolution itself drew a mutation of any space up to 0.2.0."""

    def draw(below: int) -> int:
        return int(torch.randint(below, (), generator=generator))

    groups = list(dict.fromkeys(decision.group for decision in space.decisions))
    group = groups[draw(len(groups))]
    members = [i for i, d in enumerate(space.decisions) if d.group == group]
    chosen = members[draw(len(members))]
    options = len(space.decisions[chosen].options)
    shift = 1 + draw(options - 1)
    choices = list(arch.choices)
    choices[chosen] = (choices[chosen] + shift) % options
    return space.architecture(choices)


def test_nb201_mutates_with_the_random_numbers_of_earlier_versions() -> None:
    space = NB201()
    new, old = torch.Generator().manual_seed(3), torch.Generator().manual_seed(3)
    arch = space.sample(torch.Generator().manual_seed(0))
    for _ in range(300):
        child = space.mutate(arch, new)
        assert child == former_mutation(space, arch, old)
        arch = child


@pytest.mark.parametrize("method", [RegularisedEvolution, REINFORCE, RandomSearch])
def test_states_of_earlier_versions_are_read(method: Any) -> None:
    """They had an option for every decision where there is an architecture's text now."""

    def former(saved: Any) -> Any:
        return list(map(int, saved.split("-")))

    problem = toy_problem(steps=12)
    searcher = method(problem, method.Settings(), seed=1)
    for _ in range(6):
        problem.advance()
        searcher.step()
    state = searcher.state_dict()
    old = {**state, "best": former(state["best"])}
    if "population" in state:
        old["population"] = [(former(text), score) for text, score in state["population"]]
    resumed = method(problem, method.Settings(), seed=2)
    resumed.load_state_dict(old)
    assert str(resumed.state_dict()) == str(state)


def test_mutation_frequencies_of_nb201() -> None:
    """Uniform node, then uniform incoming edge: 1/3, 1/6, 1/6, 1/9, 1/9, 1/9."""
    space, generator = NB201(), torch.Generator().manual_seed(0)
    parent = space.architecture([0] * 6)
    counts = Counter(
        next(e for e, c in enumerate(space.mutate(parent, generator).choices) if c)
        for _ in range(9_000)
    )
    expected = [9_000 * share for share in (1 / 3, 1 / 6, 1 / 6, 1 / 9, 1 / 9, 1 / 9)]
    assert chisquare([counts[e] for e in range(6)], expected).pvalue > 1e-3


def test_tournament_winner_is_drawn_with_replacement() -> None:
    searcher, _ = evolve(10, tournament=1)
    drawn = {searcher.parent().choices for _ in range(300)}
    assert len(drawn) == len({arch.choices for arch, _ in searcher.population})


def test_answer_comes_from_the_whole_history() -> None:
    searcher, problem = evolve(60, population=3)
    best = max(score for _, score in searcher.population)
    assert problem.score(searcher.architecture()) >= best
    assert problem.score(searcher.architecture()) == pytest.approx(searcher.best_score)


def test_reinforce_follows_the_gradient_of_the_expected_accuracy(
    problem: Landscape, alpha: Tensor, exact_gradient: Tensor,
    gradients: Callable[..., Tensor], z_scores: Callable[[Tensor, Tensor], Tensor],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """With any constant baseline: E[-(r - b) grad log p] = grad E[-r], r in percent."""
    searcher = REINFORCE(problem, REINFORCESettings(), seed=3)
    searcher.alpha.data.copy_(alpha)
    monkeypatch.setattr(searcher, "update_baseline", lambda reward: 50.0)
    assert z_scores(gradients(searcher, problem, 12_000), 100 * exact_gradient).max() < 3


def test_reinforce_baseline_is_corrected_and_updated_before_use() -> None:
    searcher = REINFORCE(toy_problem(), REINFORCESettings(), seed=0)
    assert searcher.update_baseline(80.0) == pytest.approx(80.0)  # the first advantage is 0
    second = searcher.update_baseline(60.0)
    assert second == pytest.approx((0.9 * 0.1 * 80 + 0.1 * 60) / (0.9 * 0.1 + 0.1))
    advantage, ordinary = 60.0 - second, 60.0 - 80.0
    assert 0 < advantage / ordinary < 1


def test_reinforce_answers_with_the_best_it_sampled() -> None:
    problem = toy_problem(steps=40)
    searcher = REINFORCE(problem, REINFORCESettings(), seed=0)
    seen = []
    for _ in range(40):
        problem.advance()
        seen.append(float(searcher.step()["score"]))
    assert problem.score(searcher.architecture()) == max(seen)
