"""The conformance kit passes what is right and finds what is wrong."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from nasbench_harness import registry
from nasbench_harness.contracts import (
    Architecture,
    Column,
    CompleteTable,
    Log,
    PlainData,
    Problem,
    Recipe,
    Role,
    Value,
)
from nasbench_harness.errors import HarnessError
from nasbench_harness.methods.drnas import DrNAS, DrNASSettings
from nasbench_harness.methods.random import RandomSearch
from nasbench_harness.testing import (
    TOY_METRIC,
    ToySpace,
    ToyTable,
    check_data,
    check_networks,
    check_searcher,
    check_space,
    check_table,
)


@pytest.mark.parametrize("name", registry.spaces.names())
def test_every_space_keeps_the_contract(name: str) -> None:
    check_space(registry.open_space(name))


def test_networks_of_nb201_keep_the_contract() -> None:
    check_networks(registry.open_space("nb201"))


def test_networks_that_inherit_other_weights_are_found_out() -> None:
    from nasbench_harness.spaces.nb201 import NB201

    class Forgetful(NB201):
        def inherit(self, arch: Architecture, supernet: Any) -> Any:
            return self.network(arch, supernet.shape)

    with pytest.raises(AssertionError, match="inherited weights"):
        check_networks(Forgetful())


def test_embedded_table_keeps_the_contract() -> None:
    table = registry.open_table("analog")
    check_table(table, registry.open_space(table.space))


def test_toys_keep_the_contract() -> None:
    check_space(ToySpace())
    check_table(ToyTable(), ToySpace())


@pytest.mark.parametrize("name", registry.data.names())
def test_all_data_keep_the_contract(name: str) -> None:
    check_data(registry.open_data(name))


def test_installed_benchmark_keeps_the_contract(official: CompleteTable) -> None:
    (table,) = registry.open_data("nb201").tables
    assert table == official.name
    check_data(registry.open_data("nb201"))


class Leaves(PlainData):
    name, what, how, citation = "leaves", "leaves", "by foot", "@misc{leaves,\n  title = {L}\n}"

    def __init__(self, **changes: Any) -> None:
        vars(self).update(changes)

    def is_installed(self) -> bool:
        return True

    def verify(self) -> list[tuple[str, bool]]:
        return [("green", True)]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"what": ""}, "what must say something"),
        ({"citation": "Leaves, 2020"}, "entries of citation"),
        ({"citation": "@misc{leaves"}, "braces"),
        ({"tables": ("a", "a")}, "brought once"),
        ({"is_installed": lambda: None}, "True or False"),
        ({"verify": list}, "must check something"),
        ({"verify": lambda: [("green", False)]}, "must verify: green"),
        ({"is_installed": lambda: False}, "must raise a HarnessError"),
    ],
)
def test_faulty_data_are_found_out(changes: dict[str, Any], sentence: str) -> None:
    check_data(Leaves())
    with pytest.raises(AssertionError, match=sentence):
        check_data(Leaves(**changes))


# --- broken methods ----------------------------------------------------------------------------


class UsesGlobalRandomness(RandomSearch):
    def step(self) -> Log:
        random.random()
        return super().step()


class ForgetsItsSeed(DrNAS):
    def __init__(self, problem: Problem, settings: DrNASSettings, seed: int) -> None:
        super().__init__(problem, settings, torch.seed())


class ForgetsItsOptimiser(DrNAS):
    def load_state_dict(self, state: Any) -> None:
        fresh = self.adam([self.alpha]).state_dict()
        super().load_state_dict({**state, "optimizer": fresh})


class KeepsAnObjectInItsState(RandomSearch):
    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "space": self.space}


class IgnoresTheMask(DrNAS):
    def scores(self) -> Tensor:
        return self.alpha.detach().softmax(-1)


class GivesLogits(DrNAS):
    def scores(self) -> Tensor:
        return self.alpha.detach().masked_fill(~self.mask, 0.0)


class KeepsTheGraph(DrNAS):
    def scores(self) -> Tensor:
        return self.concentration() * self.mask


class TransposesItsScores(DrNAS):
    def scores(self) -> Tensor:
        return super().scores().T

    def architecture(self) -> Architecture:
        return self.problem.space.derive(self.scores().T)


class LogsWhatItDoesNotDeclare(DrNAS):
    def step(self) -> Log:
        return {**super().step(), "mood": 1.0}


class DeclaresWhatEveryStudyHas(DrNAS):
    columns = (*DrNAS.columns, Column("entropy", Value.NUMBER, Role.RECORD, "its own", "nats"))  # type: ignore[assignment]


class DeclaresNoColumn(DrNAS):
    columns = ("valid_loss",)  # type: ignore[assignment]


class DeclaresTwice(DrNAS):
    columns = (  # type: ignore[assignment]
        *DrNAS.columns, Column("valid_loss", Value.NUMBER, Role.RECORD, "loss", "percent"),
    )  # fmt: skip


BROKEN_METHODS = [
    (LogsWhatItDoesNotDeclare, "writes `mood` into history and declares no such column"),
    (DeclaresWhatEveryStudyHas, "the column `entropy` of history, which all studies have"),
    (DeclaresNoColumn, "declares 'valid_loss' as a column of history"),
    (DeclaresTwice, "`valid_loss` of history otherwise twice: unit `percent` and `nats`"),
    (UsesGlobalRandomness, "global random state"),
    (ForgetsItsSeed, "global random state|same seed"),
    (ForgetsItsOptimiser, "resumed from its state"),
    (IgnoresTheMask, "0 where the mask is False"),
    (GivesLogits, "must not be negative"),
    (KeepsTheGraph, "must be detached"),
    (TransposesItsScores, r"scores\(\) must be \(3, 4\)"),
]


@pytest.mark.parametrize(("method", "complaint"), BROKEN_METHODS)
def test_broken_method_is_found(method: type[Any], complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        check_searcher(method)


ONE_EPOCH = {"epochs": "D"}


@pytest.mark.parametrize(
    ("members", "complaint"),
    [
        ({"recipes": {"x": Recipe(1, "us")}}, "recipe x: `epochs` must have a tag"),
        (
            {"recipes": {"x": Recipe(1, "us", {"beta1": 0.1}, tags=ONE_EPOCH)}},
            r"`settings\.beta1` must have a tag",
        ),
        (
            {"recipes": {"x": Recipe(1, "us", tags={**ONE_EPOCH, "settings.beta1": "D"})}},
            r"a tag for `settings\.beta1`, which it does not set",
        ),
        ({"recipes": {"x": Recipe(1, "us", tags={"epochs": "Z"})}}, "the tag 'Z' of `epochs`"),
        ({"version": 1}, "version must be text"),
        ({"version": ""}, "version must be text"),
        ({"citation": ("a", "b")}, "citation must be BibTeX as text"),
        ({"fidelity": "as published"}, "fidelity must be a contracts.Fidelity"),
    ],
)
def test_faulty_recipes_and_texts_are_found(members: dict[str, Any], complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        check_searcher(type("Faulty", (DrNAS,), members))


def test_a_recipe_with_a_network_setting_that_is_none_is_found() -> None:
    tags = {"epochs": "D", "network.widht": "D"}
    recipe = Recipe(1, "us", network={"widht": 4}, tags=tags)
    with pytest.raises(HarnessError, match="`network of recipe x` has no setting `widht`"):
        check_searcher(type("Faulty", (DrNAS,), {"recipes": {"x": recipe}}))


def test_state_that_needs_unpickling_is_found() -> None:
    with pytest.raises(Exception, match="Weights only load failed"):
        check_searcher(KeepsAnObjectInItsState)


# --- broken spaces and tables ------------------------------------------------------------------


class RanksBackwards(ToySpace):
    def rank(self, arch: Architecture) -> int:
        return self.size - 1 - super().rank(arch)


class MissesNeighbours(ToySpace):
    def neighbours(self, arch: Architecture) -> list[Architecture]:
        return super().neighbours(arch)[1:]


class DerivesTheWorst(ToySpace):
    def derive(self, scores: Tensor) -> Architecture:
        return super().derive(-scores)


class SamplesAsItLikes(ToySpace):
    def sample(self, generator: torch.Generator) -> Architecture:
        return super().sample(torch.Generator().manual_seed(random.getrandbits(32)))


class ReadsAnything(ToySpace):
    def parse(self, text: str) -> Architecture:
        try:
            return super().parse(text)
        except Exception:
            return next(iter(self.enumerate()))


class PadsWithTrue(ToySpace):
    @property
    def mask(self) -> Tensor:
        return torch.ones_like(super().mask)


class EnumeratesShuffled(ToySpace):
    def enumerate(self) -> Iterator[Architecture]:
        return iter(list(super().enumerate())[::-1])


BROKEN_SPACES: Sequence[tuple[type[ToySpace], str]] = [
    (RanksBackwards, "place in enumerate"),
    (EnumeratesShuffled, "place in enumerate"),
    (MissesNeighbours, "neighbours must be mutual"),
    (DerivesTheWorst, "must give it back"),
    (SamplesAsItLikes, "obey its generator"),
    (ReadsAnything, "must raise InvalidArchitectureError"),
    (PadsWithTrue, "mask must be True for the 3 options"),
]


@pytest.mark.parametrize(("space", "complaint"), BROKEN_SPACES)
def test_broken_space_is_found(space: type[ToySpace], complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        check_space(space())


class Sparse:
    """A benchmark that knows the architectures whose first choice is 0."""

    name, space, version, caveat = "sparse", "toy", "1", "Random numbers."
    content_hash = "sparse-1"
    metrics = ToyTable().metrics

    def value(self, metric: str, arch: Architecture) -> float:
        if metric not in self.metrics:
            raise HarnessError(f"There is no `{metric}`.")
        if arch.choices[0]:
            raise HarnessError(f"`sparse` has nothing of {arch}.")
        return 10.0 * sum(arch.choices)

    def lookup(self, arch: Architecture) -> dict[str, float]:
        return {TOY_METRIC: self.value(TOY_METRIC, arch)}

    def search_metric(self, dataset: str, *, queries: bool = False) -> str:
        return TOY_METRIC

    def report_metric(self, dataset: str) -> str:
        return TOY_METRIC

    def training_seconds(self, metric: str, arch: Architecture) -> float | None:
        return None


def test_a_benchmark_that_knows_some_architectures_keeps_the_contract() -> None:
    assert not isinstance(Sparse(), CompleteTable)
    check_table(Sparse(), ToySpace())


class CanBeWrittenTo(ToyTable):
    def tensor(self, metric: str) -> Any:
        return self.accuracy if metric == TOY_METRIC else super().tensor(metric)


class Disagrees(ToyTable):
    def value(self, metric: str, arch: Architecture) -> float:
        return super().value(metric, arch) + 1

    def lookup(self, arch: Architecture) -> dict[str, float]:
        return {TOY_METRIC: self.value(TOY_METRIC, arch)}


class Contradicts(ToyTable):
    def value(self, metric: str, arch: Architecture) -> float:
        return super().value(metric, arch) + 1

    def lookup(self, arch: Architecture) -> dict[str, float]:
        return {TOY_METRIC: super().value(TOY_METRIC, arch)}


class Forgets(ToyTable):
    def value(self, metric: str, arch: Architecture) -> float:
        raise HarnessError(f"{arch} is not there.")


class Unfinished(Sparse):
    """Has a part of what makes a complete table."""

    def best(self, metric: str) -> float:
        return 90.0


class InventsMetrics(ToyTable):
    def value(self, metric: str, arch: Architecture) -> float:
        return super().value(TOY_METRIC, arch)


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        (CanBeWrittenTo, "read-only"),
        (Disagrees, "agree with itself"),
        (Contradicts, "agree with lookup"),
        (Forgets, "complete table must know"),
        (Unfinished, "best needs all of"),
        (InventsMetrics, "unknown metric"),
    ],
)
def test_broken_table_is_found(table: type[ToyTable], complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        check_table(table(), ToySpace())
