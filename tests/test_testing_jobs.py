"""The conformance kit on whole jobs, on what methods require, and on interrupted cohorts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol
from unittest import SkipTest

import pytest

from nasbench_harness import registry
from nasbench_harness.contracts import Log, PartialChannels, Searcher, UnrolledGradient
from nasbench_harness.methods.darts import DARTS
from nasbench_harness.methods.drnas import DrNAS
from nasbench_harness.methods.random import RandomSearch
from nasbench_harness.registry import lacking
from nasbench_harness.testing import (
    ToyChannels,
    ToyProblem,
    ToySpace,
    check_searcher,
    check_study,
    check_training,
    toy_problem,
)

# --- what methods require ----------------------------------------------------------------------


def test_methods_are_tried_on_a_toy_that_has_what_they_require() -> None:
    second = DARTS.Settings(order="second")
    assert DARTS.requires(second) == (UnrolledGradient,)
    check_searcher(DARTS, second)
    progressive = DrNAS.Settings.build("drnas", DrNAS.recipes["nb201_progressive"].settings)
    assert DrNAS.requires(progressive) == (PartialChannels,)
    assert lacking(toy_problem(), PartialChannels)
    check_searcher(DrNAS, progressive)


class ForgetsItsOptions(DrNAS):
    """Where it goes on after the first stage, it has all options again."""

    def load_state_dict(self, state: Any) -> None:
        super().load_state_dict({**state, "mask": self.problem.space.mask})


def test_what_is_wrong_under_what_they_require_is_found() -> None:
    staged = DrNAS.Settings.build("drnas", {"partial_channels": [4, 2], "kept_options": [4, 2]})
    check_searcher(DrNAS, staged)
    with pytest.raises(AssertionError, match="resumed from its state"):
        check_searcher(ForgetsItsOptions, staged)


class Telepathic(Protocol):
    """A capability that no toy has."""

    def read_mind(self) -> str:
        """Of the user."""


class NeedsTelepathy(RandomSearch):
    @classmethod
    def requires(cls, settings: Any) -> Sequence[type]:
        return (Telepathic,)


class TelepathicToy(ToyProblem):
    def read_mind(self) -> str:
        return "42"


def test_where_no_toy_has_it_the_check_is_skipped_and_says_so() -> None:
    with pytest.raises(SkipTest, match=r"`Telepathic`.*give a `make_problem`"):
        check_searcher(NeedsTelepathy)
    with pytest.raises(AssertionError, match="requires `Telepathic`, and the given problem has"):
        check_searcher(NeedsTelepathy, make_problem=toy_problem)
    check_searcher(NeedsTelepathy, make_problem=lambda: TelepathicToy(ToySpace()))


def test_toy_channels_count_and_are_kept() -> None:
    one, other = ToyChannels(ToySpace()), ToyChannels(ToySpace())
    one.use_channels(4)
    weights = one.space.mask.double()
    assert one.score(weights) != other.score(weights)
    one.advance()
    one.use_channels(2)
    with pytest.raises(ValueError, match="from 1/2 to 1/4"):
        one.use_channels(4)
    other.load_state_dict(one.state_dict())
    assert one.score(weights) == other.score(weights)


# --- recipes and cohorts -----------------------------------------------------------------------


class FailsUnderARecipe(DARTS):
    def step(self) -> Log:
        assert self.settings.learning_rate != DARTS.recipes["quick"].settings["learning_rate"]
        return super().step()


class LooksAtItsCompanions(DARTS):
    batched = True

    @classmethod
    def join(cls, searchers: Any, problem: Any) -> Any:
        joint = super().join(searchers, problem)
        joint.alpha.data.add_(1e-3 * (len(searchers) == 2))
        return joint


@pytest.mark.parametrize(
    ("method", "complaint"),
    [(FailsUnderARecipe, "^$|learning_rate"), (LooksAtItsCompanions, "as each does alone")],
)
def test_broken_recipe_and_other_company_are_found(method: type[Any], complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        check_searcher(method)


# --- whole jobs --------------------------------------------------------------------------------


@pytest.mark.parametrize("methods", ["drnas,rea", "unas[cost=params,cost_target=0.3]"])
def test_studies_of_ours_run_whatever_happens(methods: str, table_cache: None) -> None:
    check_study(methods, space="nb201", table="analog", seeds=2, steps=20)


FORGETFUL = """
from nasbench_harness.contracts import Column, Role, Value
from nasbench_harness.methods.rea import RegularisedEvolution

class Base(RegularisedEvolution):
    def step(self):
        self.count = getattr(self, "count", 0) + 1
        return {**super().step(), "count": float(self.count)}

class Undeclared(Base):
    def state_dict(self):
        return {**super().state_dict(), "count": getattr(self, "count", 0)}

    def load_state_dict(self, state):
        super().load_state_dict(state)
        self.count = state["count"]

class Forgetful(Base):
    columns = (*Base.columns, Column("count", Value.NUMBER, Role.RECORD, "steps"))

class Failing(Base):
    def step(self):
        raise ValueError("out of ideas")
"""


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("Undeclared", "Nobody declares the column `count`"),
        ("Forgetful", "killed end as if uninterrupted: .* differs in count"),
        ("Failing", "failed: ValueError: out of ideas"),
    ],
)
def test_a_study_of_a_broken_method_is_found(
    name: str,
    complaint: str,
    install_plugin: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    table_cache: None,
) -> None:
    install_plugin("methods", name.lower(), f"forgetful_plugin:{name}", FORGETFUL)
    monkeypatch.setattr(registry, "methods", registry.Registry("method", loaded=Searcher))
    with pytest.raises(AssertionError, match=complaint):
        check_study(name.lower(), space="nb201", table="analog", seeds=1, steps=20)


def test_trainings_of_ours_end_the_same_whatever_happens() -> None:
    arch = "|nor_conv_1x1~0|+|skip_connect~0|none~1|+|nor_conv_3x3~0|none~1|skip_connect~2|"
    small = {"epochs": 2, "batch_size": 40, "width": 2, "cells": 1}
    check_training(arch, space="nb201", dataset="digits", limit=120, **small)


def test_a_training_that_depends_on_where_it_goes_on_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from nasbench_harness.spaces.nb201 import NB201

    made = NB201.network

    def counted(self: Any, *words: Any) -> Any:
        network = made(self, *words)
        calls.append(1)
        network.register_forward_hook(lambda *_: _[2] * (1 + 1e-3 * len(calls)))
        return network

    calls: list[int] = []
    monkeypatch.setattr(NB201, "network", counted)
    with pytest.raises(AssertionError, match="were stopped and killed end as if uninterrupted"):
        check_training(
            "|none~0|+|none~0|none~1|+|nor_conv_1x1~0|none~1|none~2|", space="nb201",
            dataset="digits", limit=120, epochs=2, batch_size=40, width=2, cells=1,
        )  # fmt: skip
