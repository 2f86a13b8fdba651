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
    "edas": {"entropy_weight": 0.01, "skip_drop": 0.3, "warmup_fraction": 0.25},
    "edas[one_hot]": {"scoring": "one_hot", "clamp": "eps_argmax", "log_relax_gap": True},
    "edas[relaxed]": {"entropy_weight": 0.01, "trained_on": "relaxed", "edge_policy": "entropy"},
    "gdas": {},
    "gdas[exact]": {"unchosen": "exact", "arch_before_weight": True},
    "unas": {"sample_per": "batch", "warmup_epochs": 1},
    "unas[light]": {"sample_per": "batch", "least_weight": 0.15, "gap": "batch_mean"},
    "unas[baseline]": {"sample_per": "batch", "control_variate": "baseline"},
    "reinmax": {},
    "reinmax[straight_through]": {"estimator": "straight_through"},
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
            # Adam divides by 1e-8 where an edge leads nowhere, and a gradient is rounding alone.
            torch.testing.assert_close(searchers[run].alpha, single.alpha, rtol=1e-12, atol=1e-11)
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


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("places", [0, 4])
def test_a_run_trains_what_it_picks(supernet_problem: Build, optimizer: str, places: int) -> None:
    """By itself an optimiser leaves alone what has no gradient, with momentum and weight decay."""
    settings = {"optimizer": optimizer, "weight_decay": 0.1, "clip_norm": 1.0}
    runs, generator = 3, torch.Generator().manual_seed(1)
    alone, problems = (
        [doubled(supernet_problem(seed=seed, **settings)) for seed in range(runs)] for _ in range(2)
    )
    for problem, place in zip(problems, (2, 0, 3), strict=True):
        problem.places, problem.place = places, place
    joint = JointSharing(problems, GroupedSupernet)
    for _ in range(8):
        choices = torch.randint(5, (runs, 6), generator=generator)
        active = torch.nn.functional.one_hot(choices, 5).bool()
        weights = active * torch.rand(runs, 6, 5, generator=generator, dtype=torch.float64)
        joint.advance()
        valid = joint.losses(weights, "valid", active)
        told = joint.fit(weights, active)["train_loss"]
        for run, problem in enumerate(alone):
            problem.advance()
            own = problem.losses(weights[run], "valid", active[run])
            torch.testing.assert_close(valid[run], own, **EXACT)
            wanted = problem.fit(weights[run], active[run])["train_loss"]
            torch.testing.assert_close(told[run], wanted, **EXACT)
            theirs, ours = problem.state_dict(), problems[run].state_dict()
            for part in ("network", "optimizer", "batches"):
                torch.testing.assert_close(ours[part], theirs[part], **EXACT)


def test_a_mixture_with_zeros_is_one_of_the_others(supernet_problem: Build) -> None:
    """Whoever has none trains all, beside those who leave something out."""
    alone, problems = ([doubled(supernet_problem(seed=s)) for s in range(2)] for _ in range(2))
    joint = JointSharing(problems, GroupedSupernet)
    weights = torch.full((2, 6, 5), 0.2, dtype=torch.float64)
    weights[0, :, 2:4] = 0.0
    for _ in range(3):
        joint.advance()
        joint.fit(weights)
        for run, problem in enumerate(alone):
            problem.advance()
            problem.fit(weights[run])
            theirs, ours = problem.state_dict(), problems[run].state_dict()
            torch.testing.assert_close(ours["network"], theirs["network"], **EXACT)
            torch.testing.assert_close(ours["optimizer"], theirs["optimizer"], **EXACT)


def test_weights_for_each_example_are_refused(supernet_problem: Build) -> None:
    joint = JointSharing([supernet_problem(seed=seed) for seed in range(RUNS)], GroupedSupernet)
    joint.advance()
    with pytest.raises(HarnessError, match="same weights for all examples"):
        joint.losses(torch.full((RUNS, 16, 6, 5), 0.2), "valid")


def test_other_precisions_are_refused(supernet_problem: Build) -> None:
    problems = [supernet_problem(seed=seed, precision="bf16") for seed in range(RUNS)]
    with pytest.raises(HarnessError, match="search each run by itself"):
        JointSharing(problems, GroupedSupernet)
