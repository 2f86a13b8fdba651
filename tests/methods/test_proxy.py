"""Random search by a proxy, and the proxies of a search's networks."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from nasbench_harness.errors import UnknownNameError
from nasbench_harness.methods.proxy import ProxySearch, ProxySettings
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.testing import ToySpace, ToyUntrained
from tests.methods.test_freedarts import searched


def test_the_answer_is_the_best_of_all_that_were_drawn() -> None:
    problem = ToyUntrained(ToySpace())
    search = ProxySearch(problem, ProxySettings(candidates=4), seed=3)
    same = torch.Generator().manual_seed(3)
    drawn = []
    for _ in range(3):
        problem.advance()
        log = search.step()
        drawn += [problem.space.sample(same) for _ in range(4)]
        best = max(problem.proxy(arch, "synflow") for arch in drawn)
        assert log == {"best_proxy": best}
        assert problem.proxy(search.architecture(), "synflow") == best


def test_what_has_no_finite_score_is_the_last_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    problem: Any = ToyUntrained(ToySpace())
    values = iter([math.nan, math.inf, -5.0, math.nan])
    monkeypatch.setattr(problem, "proxy", lambda arch, name: next(values))
    archs = list(problem.space.enumerate())[:4]
    drawn = iter(archs)
    monkeypatch.setattr(problem.space, "sample", lambda generator: next(drawn))
    search = ProxySearch(problem, ProxySettings(candidates=4), 0)
    assert search.step() == {"best_proxy": -5.0}
    assert search.architecture() == archs[2]


def test_a_problem_scores_architectures_by_fresh_networks_of_its_size() -> None:
    problem, space = searched(), NB201()
    arch = space.at_index(9930)
    problem.advance()
    network = space.network(arch, problem._shape)
    assert problem.proxy(arch, "params") == sum(p.numel() for p in network.parameters())
    first = problem.proxy(arch, "nwot")
    assert first == problem.proxy(arch, "nwot")
    assert first != searched_other().proxy(arch, "nwot")
    with pytest.raises(UnknownNameError, match="no proxy called"):
        problem.proxy(arch, "nothing")


def searched_other() -> Any:
    problem = searched(seed=1)
    problem.advance()
    return problem


def test_a_problem_scores_mixtures_and_stays_as_it_was() -> None:
    problem = searched()
    problem.advance()
    before = {name: value.clone() for name, value in problem.supernet.state_dict().items()}
    whole = torch.ones(6, 5)
    without = whole.clone()
    without[:, 3] = 0
    scores = [problem.proxy(weights, "nwot") for weights in (whole, without)]
    assert all(math.isfinite(score) for score in scores)
    assert scores[0] != scores[1]
    after = problem.supernet.state_dict()
    assert all(torch.equal(before[name], value) for name, value in after.items())
