"""Supernets of several seeds trained as one: each run is what it is alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import pytest
import torch

from nasbench_harness import registry
from nasbench_harness.contracts import Problem
from nasbench_harness.errors import HarnessError
from nasbench_harness.problems.supernet.joint import JointSharing
from nasbench_harness.problems.supernet.weight_sharing import WeightSharing
from nasbench_harness.spaces.nb201.grouped import GroupedSupernet

Build = Callable[..., WeightSharing]
EXACT: dict[str, Any] = {"atol": 1e-12, "rtol": 1e-12}
RUNS, STEPS = 2, 4
SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "darts": {},
    "drnas": {"warmup_epochs": 1},
    "betadarts": {"decay_weight": 0.5},
    "fairdarts": {},
    "dartsminus": {},
    "sdarts": {"perturbation": "random", "perturbation_end": 0.1},
    "sdarts[adversarial]": {
        "perturbation": "adversarial", "perturbation_end": 0.1, "perturbation_steps": 2,
    },
    "snas": {"levels": "two"},
    "snas[single]": {"levels": "single"},
}  # fmt: skip


class Doubled(WeightSharing):
    """In 64 bits, in which a sum in another order is hardly another one."""

    def advance(self) -> None:
        super().advance()
        for split, (images, labels) in self._batch.items():
            self._batch[split] = images.double(), labels


def doubled(problem: WeightSharing) -> WeightSharing:
    problem.__class__ = Doubled
    problem.dtype = torch.float64
    problem.supernet.double()
    problem._optimizer = problem._make_optimizer()
    return problem


def searches(build: Build, case: str) -> tuple[list[WeightSharing], list[Any]]:
    name = case.partition("[")[0]
    method: Any = registry.methods.load(name)
    settings = method.Settings.build(name, SETTINGS[case])
    problems = [
        doubled(build(steps=STEPS, epochs=STEPS, seed=seed, clip_norm=1.0, reset_optimizer_epoch=2))
        for seed in range(RUNS)
    ]
    return problems, [method(p, settings, seed=seed) for seed, p in enumerate(problems)]


def one_step_epochs(problems: list[WeightSharing], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WeightSharing, "steps_per_epoch", property(lambda problem: 1))
    assert {problem.steps_per_epoch for problem in problems} == {1}


@pytest.mark.parametrize("places", [0, RUNS + 1])
@pytest.mark.parametrize("method", SETTINGS)
def test_a_run_is_what_it_is_alone(
    supernet_problem: Build, method: str, places: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through warm-up, both phases, a schedule of rates and a fresh optimiser."""
    alone, singles = searches(supernet_problem, method)
    problems, searchers = searches(supernet_problem, method)
    for problem, place in zip(problems, (2, 0), strict=True):
        problem.places, problem.place = places, place
    one_step_epochs([*alone, *problems], monkeypatch)
    joint = JointSharing(problems, GroupedSupernet)
    searcher = type(searchers[0]).join(searchers, cast("Problem", joint))
    for _ in range(STEPS):
        joint.advance()
        log = searcher.step()
        searcher.part(searchers)
        for run, (problem, single) in enumerate(zip(alone, singles, strict=True)):
            problem.advance()
            wanted = single.step()
            torch.testing.assert_close(log["train_loss"][run], wanted["train_loss"], **EXACT)
            torch.testing.assert_close(searchers[run].alpha, single.alpha, **EXACT)
            theirs, ours = problem.state_dict(), problems[run].state_dict()
            for part in ("network", "optimizer", "batches"):
                torch.testing.assert_close(ours[part], theirs[part], **EXACT)
            torch.testing.assert_close(ours["meters"], theirs["meters"])


def test_a_run_goes_on_alone(supernet_problem: Build) -> None:
    """From what the single problem saves while it is a part of the joint one."""
    problems, _ = searches(supernet_problem, "darts")
    (apart, *_), _ = searches(supernet_problem, "darts")
    joint = JointSharing(problems, GroupedSupernet)
    weights = torch.full((RUNS, 6, 5), 0.2, dtype=torch.float64)
    joint.advance()
    joint.fit(weights)
    apart.load_state_dict(problems[0].state_dict())
    joint.advance()
    apart.advance()
    wanted = joint.fit(weights)["train_loss"][0]
    torch.testing.assert_close(apart.fit(weights[0])["train_loss"], wanted, **EXACT)


def test_a_place_that_nobody_has_changes_no_bit_of_the_others(supernet_problem: Build) -> None:
    """In 32 bits, where the network is as wide with companions or without."""
    weights = torch.rand(3, 6, 5, generator=torch.Generator().manual_seed(1))
    ended = []
    for seeds in ([0, 1, 2], [1]):
        problems = [supernet_problem(seed=seed) for seed in seeds]
        for problem, seed in zip(problems, seeds, strict=True):
            problem.places, problem.place = 3, seed
        joint = JointSharing(problems, GroupedSupernet)
        for _ in range(STEPS):
            joint.advance()
            joint.fit(weights[seeds])
        of = problems[seeds.index(1)]
        losses = joint.losses(weights[seeds], "valid")[seeds.index(1)]
        ended.append((losses, of.state_dict()["network"], of.state_dict()["optimizer"]))
    torch.testing.assert_close(*ended, atol=0, rtol=0)


def test_chosen_operations_are_refused(supernet_problem: Build) -> None:
    joint = JointSharing([supernet_problem(seed=seed) for seed in range(RUNS)], GroupedSupernet)
    joint.advance()
    chosen = torch.ones(6, 5, dtype=torch.bool)
    with pytest.raises(HarnessError, match="all operations are mixed"):
        joint.losses(torch.full((RUNS, 6, 5), 0.2), "valid", chosen)


@pytest.mark.parametrize("changes", [{"optimizer": "adam"}, {"precision": "bf16"}])
def test_other_training_is_refused(supernet_problem: Build, changes: dict[str, str]) -> None:
    problems = [supernet_problem(seed=seed, **changes) for seed in range(RUNS)]
    with pytest.raises(HarnessError, match="search each run by itself"):
        JointSharing(problems, GroupedSupernet)
