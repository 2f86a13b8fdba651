"""Does a method keep the contract of `Searcher`."""

from __future__ import annotations

import io
import random as python_random
from collections.abc import Callable, Sequence
from typing import Any
from unittest import SkipTest

import numpy as np
import torch

from nasbench_harness.contracts import (
    GradientEstimator,
    JointSearcher,
    Kind,
    MixtureSearcher,
    Multilinear,
    Problem,
    Searcher,
    SearchSpace,
    keeps_front,
)
from nasbench_harness.errors import UnknownNameError
from nasbench_harness.problems.base import PlainKind
from nasbench_harness.problems.kinds import kinds
from nasbench_harness.registry import lacking
from nasbench_harness.testing.columns import check_logged
from nasbench_harness.testing.parts import ToyParts
from nasbench_harness.testing.problems import ToyChannels, ToyTrained, ToyUntrained
from nasbench_harness.testing.recipes import check_recipes, check_texts
from nasbench_harness.testing.toys import ToySpace, toy_problem

MakeProblem = Callable[[], Problem]
LARGEST_FRONT = 1_000
"""Architectures of a front that are kept of a trial, at most."""
FEW = 3
"""Steps that the settings of every recipe are tried for."""


def check_searcher(
    method: type[Searcher],
    settings: Any = None,
    *,
    make_problem: MakeProblem | None = None,
    steps: int = 12,
) -> None:
    """Does a method keep the contract of `Searcher`, under `settings` (by default its own).

    It is tried on a toy that has what it `requires`; where no toy has, it is skipped
    (`unittest.SkipTest`, which pytest understands) unless `make_problem` makes a problem that has.

    Same seed, same run; a state saved on the way and loaded elsewhere goes on identically; the
    state survives `torch.load(weights_only=True)`; scores have the space's shape and respect its
    mask; the answer is an architecture of the space; global random state is left alone; settings
    are validated and every recipe is valid, can be stepped and tags its numbers; what is logged is
    declared. A
    `GradientEstimator` gives gradients of the space's shape, and goes on as if nobody had asked for
    them. A `JointSearcher` steps several runs as each goes alone, bit for bit, also where they are
    interrupted and go on in other company.
    """
    chosen = settings if settings is not None else method.Settings()
    make_problem = _fitting(method, chosen, make_problem)
    _check_setup(method)

    def make(problem: Problem, seed: int) -> Searcher:
        return method(problem, chosen, seed)

    before = _global_random_state()
    first = _trace(make, make_problem, steps)
    assert _global_random_state() == before, "a searcher must not touch global random state"
    again = _trace(make, make_problem, steps)
    assert first == again, "the same seed must give the same run"
    check_logged(method, {name for log, *_ in first for name in log})
    for interrupt in (1, steps // 2, steps - 1):
        resumed = _trace(make, make_problem, steps, interrupt=interrupt)
        assert first == resumed, "a searcher resumed from its state must go on as if uninterrupted"
    asked = _trace(make, make_problem, steps, each_step=_check_estimator)
    assert first == asked, "a searcher whose gradient was estimated must go on as if not asked"
    _check_joint(make, make_problem, chosen, steps)
    assert _global_random_state() == before, "an estimate must not touch global random state"


def _fitting(method: type[Searcher], settings: Any, given: MakeProblem | None) -> MakeProblem:
    """What makes a problem that a method can search; SkipTest where no toy can be."""
    required = method.requires(settings)
    toys = (
        toy_problem,
        lambda: ToyChannels(ToySpace()),
        lambda: ToyUntrained(ToySpace()),
        lambda: ToyTrained(ToySpace(free=("o0",))),
        lambda: ToyParts(ToySpace(free=("o0",))),
    )
    for make in [given] if given else toys:
        problem = make()
        if not _wanting(problem, required):
            return make
    wanting = ", ".join(f"`{capability.__name__}`" for capability in _wanting(problem, required))
    if given:
        raise AssertionError(f"the method requires {wanting}, and the given problem has none")
    raise SkipTest(f"no toy problem has all that is required ({wanting}): give a `make_problem`")


def _wanting(problem: Problem, required: Sequence[type]) -> list[type]:
    return [capability for capability in required if lacking(problem, capability)]


def _check_setup(method: type[Searcher]) -> None:
    assert isinstance(method.queries, bool), "a method says whether it queries architectures"
    check_texts(method)
    check_recipes(method)
    for name, recipe in method.recipes.items():
        settings = method.Settings.build(f"recipe {name}", recipe.settings)
        try:
            _check_recipe_steps(method, settings)
        except UnknownNameError:  # an option of the space that it is for, which no toy has
            if recipe.space is None:
                raise
    for row in method.Settings.explain():
        assert row["meaning"], f"setting {row['name']} must explain itself"


def _check_recipe_steps(method: type[Searcher], settings: Any) -> None:
    try:
        make_problem = _fitting(method, settings, None)
    except SkipTest:
        return
    _trace(lambda problem, seed: method(problem, settings, seed), make_problem, FEW)


def _trace(
    make: Callable[[Problem, int], Searcher],
    make_problem: Callable[[], Problem],
    steps: int,
    interrupt: int | None = None,
    each_step: Callable[[Searcher, Problem], None] = lambda searcher, problem: None,
) -> list[Any]:
    """Everything observable of a run; at step `interrupt` it moves into fresh objects."""
    problem = make_problem()
    searcher = make(problem, 7)
    trace: list[Any] = []
    for step in range(steps):
        if step == interrupt:
            state = _through_file({"s": searcher.state_dict(), "p": problem.state_dict()})
            problem = make_problem()
            searcher = make(problem, 8)
            searcher.load_state_dict(state["s"])
            problem.load_state_dict(state["p"])
        problem.advance()
        log = searcher.step()
        assert isinstance(log, dict), "step() returns a dict of numbers"
        trace.append(({k: float(v) for k, v in log.items()}, *_answers(searcher, problem.space)))
        each_step(searcher, problem)
    return trace


def _check_estimator(searcher: Searcher, problem: Problem) -> None:
    if not isinstance(searcher, GradientEstimator) or not isinstance(problem, Multilinear):
        return
    before = searcher.state_dict(), problem.state_dict()
    scores = searcher.scores()
    for gradient in (searcher.estimate(), searcher.exact()):
        assert gradient.shape == problem.space.mask.shape, "a gradient is [D, K]"
        assert not gradient.requires_grad, "a gradient is detached"
    assert torch.equal(scores, searcher.scores()), "an estimate must not update anything"
    searcher.load_state_dict(before[0])
    problem.load_state_dict(before[1])


def _check_joint(
    make: Callable[[Problem, int], Searcher],
    make_problem: Callable[[], Problem],
    settings: Any,
    steps: int,
) -> None:
    """Three runs stepped as one are, at every step and bit for bit, what each is alone.

    In the middle two of them go on from their states without the third.
    """
    problems = [make_problem() for _ in range(3)]
    runs = [make(problem, seed) for seed, problem in enumerate(problems)]
    first = runs[0]
    if not isinstance(first, JointSearcher) or not first.joins(settings):
        return
    kind = _kind_of(problems[0])
    if not kind.joins(problems[0]):
        return
    single = [(make_problem(), seed) for seed in range(3)]
    alone = [(problem, make(problem, seed)) for problem, seed in single]
    half = steps // 2
    _step_joined(runs, problems, alone, half)
    states = [
        _through_file({"s": run.state_dict(), "p": problem.state_dict()})
        for run, problem in zip(runs, problems, strict=True)
    ]
    problems = [make_problem() for _ in range(2)]
    runs = [make(problem, seed) for seed, problem in enumerate(problems)]
    for run, problem, state in zip(runs, problems, states[1:], strict=True):
        problem.load_state_dict(state["p"])
        run.load_state_dict(state["s"])
    _step_joined(runs, problems, alone[1:], steps - half)


def _step_joined(
    runs: Sequence[Any],
    problems: Sequence[Problem],
    alone: Sequence[tuple[Problem, Searcher]],
    steps: int,
) -> None:
    """Runs stepped as one are, step by step, what those alone are."""
    joint_problem = _kind_of(problems[0]).join(problems)
    joint = runs[0].join(runs, joint_problem)
    for _ in range(steps):
        joint_problem.advance()
        joint.step()
        joint.part(runs)
        for run, (problem, other) in zip(runs, alone, strict=True):
            problem.advance()
            other.step()
            same = _plain(run.state_dict()) == _plain(other.state_dict())
            assert same, "runs that are stepped as one must go on as each does alone"
            assert _answers(run, problem.space) == _answers(other, problem.space)


def _kind_of(problem: Problem) -> Kind:
    """The kind that such a problem is of; a plain one, which joins nothing, where none is."""
    return next((kind for kind in kinds() if isinstance(problem, kind.problem())), PlainKind())


def _answers(searcher: Searcher, space: SearchSpace) -> tuple[Any, ...]:
    scores = searcher.scores()
    mask = space.mask
    assert scores.shape == mask.shape, f"scores() must be {tuple(mask.shape)}"
    assert not scores.requires_grad, "scores() must be detached"
    assert bool((scores >= 0).all()), "scores() must not be negative"
    assert bool((scores[~mask] == 0).all()), "scores() must be 0 where the mask is False"
    if isinstance(searcher, MixtureSearcher):
        mixture = searcher.mixture()
        assert mixture.shape == mask.shape, f"mixture() must be {tuple(mask.shape)}"
        assert not mixture.requires_grad, "mixture() must be detached"
        assert bool((mixture[~mask] == 0).all()), "mixture() must be 0 where the mask is False"
    arch = searcher.architecture()
    assert space.parse(str(arch)) == arch, "architecture() must be one of the space's"
    return scores.tolist(), arch.choices, _front(searcher, space)


def _front(searcher: Searcher, space: SearchSpace) -> list[str]:
    """What a `FrontSearcher` tells, all of it architectures of the space, each once."""
    if not keeps_front(searcher):
        return []
    texts = [str(arch) for arch in searcher.front()]
    assert all(str(space.parse(text)) == text for text in texts), "front() is of the space's"
    assert len(set(texts)) == len(texts), "front() must have each architecture once"
    assert len(texts) <= LARGEST_FRONT, f"front() must have at most {LARGEST_FRONT} architectures"
    return texts


def _plain(state: Any) -> Any:
    """The same with lists for tensors, which compare exactly."""
    if isinstance(state, dict):
        return {name: _plain(value) for name, value in state.items()}
    if isinstance(state, list | tuple):
        return [_plain(value) for value in state]
    return state.tolist() if isinstance(state, torch.Tensor) else state


def _through_file(state: Any) -> Any:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=True)


def _global_random_state() -> tuple[Any, ...]:
    numpy_state = np.random.get_state(legacy=True)
    return (
        torch.get_rng_state().tolist(),
        python_random.getstate(),
        tuple(np.asarray(part).tolist() for part in numpy_state),
    )
