"""A space with networks from another package: losses of their own, drop path, its own costs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, dropout

from nasbench_harness import registry
from nasbench_harness.contracts import (
    Architecture,
    Cost,
    EpochAware,
    Grown,
    NetworkShape,
    SearchSpace,
    TrainingLoss,
)
from nasbench_harness.errors import HarnessError
from nasbench_harness.hardware import Hardware
from nasbench_harness.images.datasets import open_dataset
from nasbench_harness.jobs.driver import Callbacks, run_job
from nasbench_harness.jobs.job import Spec, open_job
from nasbench_harness.networks.chance import Chance
from nasbench_harness.networks.schedules import Cosine, cosine
from nasbench_harness.registry import Registry
from nasbench_harness.spaces.nb201 import shared_weights
from nasbench_harness.store.checkpoints import CHECKPOINT
from nasbench_harness.store.files import read_json
from nasbench_harness.store.journals import read_journal
from nasbench_harness.store.outcomes import Status
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan
from nasbench_harness.tables.library import is_installed, tables_of
from nasbench_harness.testing import check_costs, check_networks
from nasbench_harness.testing.toy_networks import (
    AUXILIARY,
    DROP_PATH,
    ToyNetwork,
    ToyNetworks,
    ToySupernet,
)
from nasbench_harness.training.planning import TrainingRequest
from nasbench_harness.training.planning import plan as plan_trainings
from nasbench_harness.training.settings import find_recipe, network_space, recipe_settings

SHAPE = NetworkShape(classes=10, width=4, cells=2, in_channels=1, image_size=(8, 8))
CPU = Hardware("cpu")


@pytest.fixture
def toynets(
    install_plugin: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> Iterator[ToyNetworks]:
    """The space, as a package brings it."""
    source = "from nasbench_harness.testing.toy_networks import ToyNetworks\n"
    install_plugin("spaces", "toynets", "toynets_plugin:ToyNetworks", source)
    monkeypatch.setattr(registry, "spaces", Registry("space", opened=SearchSpace))
    registry.open_space.cache_clear()
    yield ToyNetworks()
    registry.open_space.cache_clear()


def outcome_of(folder: Path) -> tuple[Any, ...]:
    """Result and history without what clock and machine decide."""
    result, history = read_json(folder / "result.json"), read_journal(folder / "history.jsonl")
    for row in (result, *history):
        for name in [n for n in row if n.startswith(("seconds", "search_", "peak_memory"))]:
            del row[name]
    return result, history


def after(polls: int) -> Callbacks:
    left = iter(range(polls))
    return Callbacks(stopped=lambda: next(left, None) is None)


def stopped_and_gone_on_with(spec: Spec, folder: Path, steps: int) -> dict[str, Any]:
    """Run with a stop after so many steps; other random numbers are drawn around both parts.

    Returns the checkpoint that was gone on from.
    """
    torch.manual_seed(1)
    outcome = run_job(spec, folder, after(steps), CPU)
    assert outcome.status is Status.INTERRUPTED, outcome
    state: dict[str, Any] = torch.load(folder / CHECKPOINT, weights_only=True)
    torch.manual_seed(2)
    before = torch.get_rng_state()
    outcome = run_job(spec, folder, Callbacks(), CPU)
    assert outcome.status is Status.DONE, outcome
    assert torch.equal(torch.get_rng_state(), before)
    return state


# --- the kit -----------------------------------------------------------------------------------


def test_the_worked_space_keeps_every_contract() -> None:
    space = ToyNetworks()
    check_networks(space)
    check_costs(space)
    every = list(space.enumerate())
    assert len(set(every)) == space.size == 27
    for rank, arch in enumerate(every):
        assert (space.rank(arch), space.parse(str(arch))) == (rank, arch)
        assert space.derive(space.weights(arch)) == arch
        assert all(arch in space.neighbours(other) for other in space.neighbours(arch))


@pytest.mark.parametrize("name", registry.spaces.names())
def test_costs_of_installed_spaces_keep_the_contract(name: str) -> None:
    """Asked about a data set of a benchmark that can be opened here."""
    told = {"cifar10"} if tables_of(name) else {""}
    for table in tables_of(name):
        if is_installed(table):
            told = {metric.dataset for metric in registry.open_table(table).metrics.values()}
    check_costs(registry.open_space(name), dataset=min(told))


class DrawsAtTheEpoch(ToyNetwork):
    def begin_epoch(self, fraction: float) -> None:
        self.dropped = fraction * float(torch.rand(()))


class CountsEpochs(ToyNetwork):
    def begin_epoch(self, fraction: float) -> None:
        self.dropped += 0.1


class DropsWhenEvaluated(ToyNetwork):
    def _drop(self, values: Tensor) -> Tensor:
        kept = torch.rand(len(values), 1, 1, 1) >= self.dropped
        return values * kept


class LosesItsLogits(ToyNetwork):
    def loss(self, images: Tensor, labels: Tensor) -> Any:
        return super().loss(images, labels)[0]


class KeepsExamplesApart(ToyNetwork):
    def loss(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        logits = self(images)
        return cross_entropy(logits, labels, reduction="none"), logits


@pytest.mark.parametrize(
    ("network", "sentence"),
    [
        (DrawsAtTheEpoch, "must draw nothing"),
        (CountsEpochs, "depend on its fraction alone"),
        (DropsWhenEvaluated, "left to chance"),
        (LosesItsLogits, "mean loss and the logits"),
        (KeepsExamplesApart, r"mean over the batch"),
    ],
)
def test_faulty_networks_are_found_out(network: type[ToyNetwork], sentence: str) -> None:
    class Faulty(ToyNetworks):
        def network(self, arch: Architecture, shape: NetworkShape) -> ToyNetwork:
            return network(shape, super().network(arch, shape).pairs)

        def inherit(self, arch: Architecture, supernet: Any) -> ToyNetwork:
            return ToyNetworks().inherit(arch, supernet)

    with pytest.raises(AssertionError, match=sentence):
        check_networks(Faulty())


PARAMS = Cost("params", "parameters", "count")


@pytest.mark.parametrize(
    ("costs", "sentence"),
    [
        (("params",), "is a `Cost`"),
        ((PARAMS, PARAMS), "names of their own"),
        ((replace(PARAMS, name="a b"),), "cannot be a cost's name"),
        ((replace(PARAMS, name="none"),), "no cost is held"),
        ((replace(PARAMS, unit=""),), "must tell its unit"),
        ((replace(PARAMS, meaning=""),), "must tell what it is"),
        ((replace(PARAMS, scale=0.0),), "scale above 0"),
        ((replace(PARAMS, metric="column"),), "is of the space"),
    ],
)
def test_faulty_costs_are_found_out(costs: Any, sentence: str) -> None:
    space = ToyNetworks()
    space.costs = costs
    with pytest.raises(AssertionError, match=sentence):
        check_costs(space)


# --- what is descended -------------------------------------------------------------------------


class ComputesWhatIsNotActive(ToySupernet):
    def forward(  # type: ignore[override]
        self, images: Tensor, weights: Tensor, active: Tensor | None = None
    ) -> Tensor:
        return super().forward(images, weights)


class HidesAWeight(ToySupernet):
    def __init__(self, shape: NetworkShape) -> None:
        super().__init__(shape)
        self.hidden = torch.rand(())

    def forward(  # type: ignore[override]
        self, images: Tensor, weights: Tensor, active: Tensor | None = None
    ) -> Tensor:
        return self.hidden * super().forward(images, weights, active)


class WidensSomethingElse(ToySupernet):
    def use_channels(self, factor: int, generator: torch.Generator) -> list[Grown]:
        return [Grown(self.head.weight, torch.nn.Parameter(torch.zeros(1)), lambda tensor: tensor)]


@pytest.mark.parametrize(
    ("supernet", "sentence"),
    [
        (ComputesWhatIsNotActive, "not active must count as of weight 0"),
        (HidesAWeight, r"all that is in its state_dict\(\)"),
        (WidensSomethingElse, "parameters that are new in the network"),
    ],
)
def test_faulty_supernets_are_found_out(supernet: type[ToySupernet], sentence: str) -> None:
    class Faulty(ToyNetworks):
        def supernet(
            self, shape: NetworkShape, *, track_running_stats: bool = True, partial: int = 1
        ) -> ToySupernet:
            return supernet(shape)

    with pytest.raises(AssertionError, match=sentence):
        check_networks(Faulty())


class DropsOut(ToySupernet):
    def _drop(self, values: Tensor) -> Tensor:
        return dropout(values, training=self.training)


class DropsOutAlone(ToyNetwork):
    def _drop(self, values: Tensor) -> Tensor:
        return dropout(values, training=self.training)


class Dropping(ToyNetworks):
    """What is not active draws nothing, so that the numbers of a pass differ with it."""

    def supernet(
        self, shape: NetworkShape, *, track_running_stats: bool = True, partial: int = 1
    ) -> ToySupernet:
        super().supernet(shape, partial=partial)
        return DropsOut(shape)

    def network(self, arch: Architecture, shape: NetworkShape) -> ToyNetwork:
        return DropsOutAlone(shape, super().network(arch, shape).pairs)


def test_networks_that_drop_out_keep_the_contract() -> None:
    check_networks(Dropping())


def test_faults_of_networks_that_drop_out_are_found() -> None:
    class Ignores(DropsOut):
        def forward(self, images: Tensor, weights: Tensor, active: Any = None) -> Tensor:  # type: ignore[override]
            return super().forward(images, weights)

    class Faulty(Dropping):
        def supernet(self, shape: NetworkShape, **facts: Any) -> ToySupernet:
            super().supernet(shape, **facts)
            return Ignores(shape)

    with pytest.raises(AssertionError, match="not active must count as of weight 0"):
        check_networks(Faulty())


def test_partial_channels_may_be_fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Fixed(shared_weights.CellSupernet):
        use_channels = None  # type: ignore[assignment]

    monkeypatch.setattr(shared_weights, "CellSupernet", Fixed)
    check_networks(registry.open_space("nb201"), samples=1)


def test_a_plain_supernet_gives_logits() -> None:
    class Plainly(ToyNetworks):
        def plain_supernet(self, shape: NetworkShape) -> torch.nn.Module:
            return self.supernet(shape)

    class Fixed(Plainly):
        def plain_supernet(self, shape: NetworkShape) -> torch.nn.Module:
            return Detached(shape)

    class Detached(ToySupernet):
        def forward(self, images: Tensor, weights: Tensor, active: Any = None) -> Tensor:  # type: ignore[override]
            return super().forward(images, weights.detach())

    check_networks(Plainly())
    with pytest.raises(AssertionError, match="`plain_supernet` is differentiable in the weights"):
        check_networks(Fixed())


def test_networks_have_both_capabilities() -> None:
    space = ToyNetworks()
    for network in (space.supernet(SHAPE), space.network(space.unrank(5), SHAPE)):
        assert isinstance(network, TrainingLoss)
        assert isinstance(network, EpochAware)


def test_shared_weights_descend_the_loss_of_their_own_and_alpha_the_cross_entropy(
    toynets: ToyNetworks,
) -> None:
    job: Any = open_job(searches("darts")[0], CPU)
    problem = job.run.problem
    problem.advance()
    weights = torch.full((3, 3), 1 / 3)
    auxiliary = problem.supernet.auxiliary.weight.detach().clone()
    images, labels = problem._batch["train"]
    logits, early = problem.supernet._both(images, problem.supernet._scales(weights, None))
    plain, other = cross_entropy(logits, labels), cross_entropy(early, labels)
    assert torch.allclose(problem.losses(weights, "train").mean(), plain)
    told = problem.fit(weights)["train_loss"]
    assert torch.allclose(told, plain + AUXILIARY * other)
    assert not torch.equal(problem.supernet.auxiliary.weight, auxiliary)


def test_epochs_are_told_as_the_fraction_that_lies_behind(
    toynets: ToyNetworks, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told: list[float] = []
    monkeypatch.setattr(ToyNetwork, "begin_epoch", lambda self, fraction: told.append(fraction))
    (search,) = searches("darts")
    run_job(search, tmp_path / "search", Callbacks(), CPU)
    assert told == [0.0, 1 / 3, 2 / 3]
    told.clear()
    run_job(trainings(epochs=4)[0], tmp_path / "training", Callbacks(), CPU)
    assert told == [0.0, 0.25, 0.5, 0.75]


def test_an_evaluation_sees_neither_auxiliary_head_nor_drop_path(
    toynets: ToyNetworks, tmp_path: Path
) -> None:
    job: Any = open_job(trainings(epochs=2)[0], CPU)
    while not job.advance():
        pass
    training = job._training
    training.network.begin_epoch(0.9)
    assert training.network.dropped == 0.9 * DROP_PATH
    loss, _ = training.evaluate()
    parts = training._evaluated
    training.network.eval()
    with torch.no_grad():
        logits = training.network(training._augment.test(parts.pixels))
    assert loss == pytest.approx(float(cross_entropy(logits, parts.labels)), rel=1e-5)


# --- through the driver ------------------------------------------------------------------------


def searches(methods: str, **given: Any) -> list[Any]:
    """On 60 digits a half: three steps an epoch, three epochs."""
    basics: dict[str, Any] = {
        "methods": methods, "space": "toynets", "search": "supernet", "dataset": "digits",
        "table": "none", "recipe": "quick", "limit": 120, "epochs": 3, "seeds": "1",
        "random": False, "network": {"batch_size": 20, "split": "halves"},
    }  # fmt: skip
    return plan(build_config(None, {**basics, **given}, []), CPU)


def trainings(**changes: Any) -> list[Any]:
    """On 120 digits: three steps an epoch."""
    space = network_space("toynets")
    settings = recipe_settings(space, find_recipe(space, "short"), changes)
    arch = registry.open_space("toynets").parse("0:conv3+2:skip")
    request = TrainingRequest("toynets", [arch], "digits", settings, None, 120, CPU)
    return plan_trainings(request).specs


@pytest.mark.parametrize("method", ["darts[order=second]", "edas", "drnas"])
def test_a_search_is_gone_on_with_bit_for_bit(
    method: str, toynets: ToyNetworks, tmp_path: Path
) -> None:
    (spec,) = searches(method)
    assert (spec.epoch_steps, spec.steps) == (3, 9)
    assert run_job(spec, tmp_path / "whole", Callbacks(), CPU).status is Status.DONE
    state = stopped_and_gone_on_with(spec, tmp_path / "parts", 5)
    assert state["problem"]["chance"]
    assert outcome_of(tmp_path / "parts") == outcome_of(tmp_path / "whole")
    assert outcome_of(tmp_path / "whole")[0]["weights"] >= 0


def test_a_training_is_gone_on_with_bit_for_bit(toynets: ToyNetworks, tmp_path: Path) -> None:
    spec = trainings(epochs=3)[0]
    assert run_job(spec, tmp_path / "whole", Callbacks(), CPU).status is Status.DONE
    state = stopped_and_gone_on_with(spec, tmp_path / "parts", 5)
    assert state["training"]["chance"]
    assert outcome_of(tmp_path / "parts") == outcome_of(tmp_path / "whole")


def test_sizes_and_recipes_are_the_spaces(toynets: ToyNetworks) -> None:
    """The recipe of a method has sizes too; none is the space's."""
    small = {"batch_size": 20, "split": "halves", "width": None, "cells": None}
    (search,) = searches("darts", network=small)
    assert (search.network["width"], search.network["cells"]) == (4, 1)
    (search,) = searches("darts", network={**small, "width": 5})
    assert (search.network["width"], search.network["cells"]) == (5, 1)
    first, second = trainings()
    assert (first.seed, second.seed) == (0, 1)
    assert {name: first.settings[name] for name in ("epochs", "width", "cells")} == {
        "epochs": 2, "width": 6, "cells": 2,
    }  # fmt: skip


def test_networks_know_the_size_of_their_images(
    toynets: ToyNetworks, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes: list[NetworkShape] = []
    made = ToyNetwork.__init__

    def remembered(self: ToyNetwork, shape: NetworkShape, pairs: Any) -> None:
        shapes.append(shape)
        made(self, shape, pairs)

    monkeypatch.setattr(ToyNetwork, "__init__", remembered)
    open_job(searches("darts")[0], CPU)
    open_job(trainings()[0], CPU)
    size = open_dataset("digits").train.size
    assert {shape.image_size for shape in shapes} == {size}


def test_train_follows_a_recipe_of_the_space(
    toynets: ToyNetworks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["train", "0:conv3+2:skip", "--space", "toynets", "--dataset", "digits", "--device"]
    words += ["cpu", "--limit", "120", "--out", "t", "--json", "--recipe", "short"]
    with pytest.raises(HarnessError, match="Did you mean `short`"):
        find_recipe(network_space("toynets"), "shrot")
    command = [sys.executable, "-m", "nasbench_harness", *words]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == {"done": 2}


# --- chance ------------------------------------------------------------------------------------


def test_chance_is_the_run_s_own() -> None:
    one, other = (Chance(3, torch.device("cpu")) for _ in range(2))
    before = torch.get_rng_state()
    with one():
        first = torch.rand(3)
    torch.rand(5)
    with one():
        second = torch.rand(3)
    torch.set_rng_state(before)
    with other():
        assert torch.equal(torch.cat([first, second]), torch.rand(6))
    assert torch.equal(torch.get_rng_state(), before)


def test_chance_that_nobody_took_is_not_written_down() -> None:
    chance = Chance(3, torch.device("cpu"))
    with chance():
        pass
    assert chance.state_dict() == {}
    with chance():
        torch.rand(1)
    again = Chance(3, torch.device("cpu"))
    again.load_state_dict(chance.state_dict())
    assert torch.equal(again.state[0], chance.state[0])


def test_supernets_of_other_shapes_share_nothing() -> None:
    with pytest.raises(ValueError, match="all of their channels"):
        ToyNetworks().supernet(SHAPE, partial=4)
    assert isinstance(ToyNetworks().supernet(SHAPE), ToySupernet)


# --- costs of another package ------------------------------------------------------------------


def test_a_cost_of_the_space_is_held_down_and_recorded(
    toynets: ToyNetworks, tmp_path: Path
) -> None:
    """By its name, in its unit; without a complete table nobody knows the best within a target."""
    (spec,) = searches("unas", cost="weights", target=0.004)
    assert spec.settings["cost"] == "weights"
    assert run_job(spec, tmp_path, Callbacks(), CPU).status is Status.DONE
    result, history = outcome_of(tmp_path)
    cost = toynets.cost(toynets.parse(result["architecture"]), "weights", "")
    assert (result["weights"], result["cost"]) == (cost, cost / 1000)
    assert (result["cost_name"], result["cost_unit"]) == ("weights", "thousand")
    assert result["target_met"] == (cost <= 4)
    for row in history:
        cost = toynets.cost(toynets.parse(row["architecture"]), "weights", "")
        assert row["cost"] == cost / 1000
        assert "regret_within_target" not in row
    assert "regret_within_target" not in result


def test_costs_of_the_space_are_offered_and_others_refused(toynets: ToyNetworks) -> None:
    with pytest.raises(HarnessError, match=r"Did you mean `weights`\?.*latency:measured"):
        searches("unas", cost="weight", target=1)
    with pytest.raises(HarnessError, match="no cost that it is of; add `--cost weights`"):
        searches("unas", target=1)


def test_costs_that_are_no_costs_are_refused(
    toynets: ToyNetworks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(registry.open_space("toynets")), "costs", ("params",))
    with pytest.raises(HarnessError, match="`toynets` has 'params' among its costs; each must be"):
        searches("unas", cost="params")


def test_cycles_are_whole_cosines_one_after_the_other() -> None:
    schedule = Cosine(0.1, 0.0, epochs=50, cycles=2)
    first = [schedule.rate(epoch) for epoch in range(25)]
    assert first == [cosine(0.1, 0.0, epoch, 25) for epoch in range(25)]
    assert [schedule.rate(25 + epoch) for epoch in range(25)] == first
    assert [epoch for epoch in range(50) if schedule.begins(epoch)] == [25]


@pytest.mark.parametrize("epochs", [1, 3, 7])
def test_cycles_of_few_epochs_still_begin_with_the_first_rate(epochs: int) -> None:
    schedule = Cosine(0.1, 0.0, epochs=epochs, cycles=2)
    begun = [0, *(epoch for epoch in range(epochs) if schedule.begins(epoch))]
    assert [schedule.rate(epoch) for epoch in begun] == [0.1] * len(begun)
    assert len(begun) == min(2, epochs)


def test_the_first_cycle_begins_with_the_constant_epochs() -> None:
    """Its cosine runs over what is left of it; the cycles stay as long as the stages."""
    schedule = Cosine(0.1, 0.0, epochs=20, cycles=2, constant=4)
    expected = [0.1] * 4 + [cosine(0.1, 0.0, epoch, 6) for epoch in range(6)]
    expected += [cosine(0.1, 0.0, epoch, 10) for epoch in range(10)]
    assert [schedule.rate(epoch) for epoch in range(20)] == expected
    assert [epoch for epoch in range(20) if schedule.begins(epoch)] == [10]


def test_more_constant_epochs_than_a_cycle_has() -> None:
    schedule = Cosine(0.1, 0.0, epochs=20, cycles=2, constant=12)
    expected = [0.1] * 12 + [cosine(0.1, 0.0, epoch, 8) for epoch in range(8)]
    assert [schedule.rate(epoch) for epoch in range(20)] == expected


def test_a_restart_within_a_cycle_ends_with_it() -> None:
    schedule = Cosine(0.1, 0.01, epochs=20, cycles=2)
    rates = [schedule.rate(epoch, restarted=5 * (epoch >= 5)) for epoch in range(20)]
    alone = Cosine(0.1, 0.01, epochs=10)
    assert rates[:10] == [alone.rate(epoch, 5 * (epoch >= 5)) for epoch in range(10)]
    assert rates[5] == pytest.approx(0.1, abs=1e-15)
    assert rates[10:] == [alone.rate(epoch) for epoch in range(10)]


def test_a_restart_where_a_cycle_begins_changes_nothing() -> None:
    schedule = Cosine(0.1, 0.01, epochs=20, cycles=2)
    for epoch in range(10, 20):
        assert schedule.rate(epoch, restarted=10) == schedule.rate(epoch)


def test_a_rate_that_grows_first_does_so_in_the_first_of_several_cycles() -> None:
    schedule, alone = (
        Cosine(0.1, 0.0, epochs, 0, cycles, 3) for epochs, cycles in ((20, 2), (10, 1))
    )
    assert [schedule.rate(epoch) for epoch in range(10)] == [alone.rate(e) for e in range(10)]
    assert [schedule.rate(10 + e) for e in range(10)] == [
        cosine(0.1, 0.0, e, 10) for e in range(10)
    ]
