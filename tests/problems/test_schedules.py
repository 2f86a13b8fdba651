"""Learning rates beside torch's own optimisers and schedulers, used as the authors' codes do."""

from __future__ import annotations

import io
import itertools
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import pytest
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR

from nasbench_harness.methods.drnas import DrNAS, DrNASSettings
from nasbench_harness.methods.unas import UNAS
from nasbench_harness.networks.schedules import Cosine, Tuned, cosine
from nasbench_harness.problems.supernet.network_settings import NetworkSettings
from nasbench_harness.problems.supernet.weight_sharing import WeightSharing

Build = Callable[..., WeightSharing]
WHOLE = {"width": 4, "cells": 1, "batch_size": 100}
"""One step an epoch, on the hundred images of either half."""
START, END = 0.025, 0.001


def rate_of(optimizer: torch.optim.Optimizer) -> float:
    rate: float = optimizer.param_groups[0]["lr"]
    return rate


def walked(
    schedulers: Iterator[tuple[torch.optim.Optimizer, CosineAnnealingLR | None]],
) -> Iterator[float]:
    """The rate of every epoch; the scheduler steps after it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of schedulers whose optimiser takes no steps
        for optimizer, scheduler in schedulers:
            yield rate_of(optimizer)
            if scheduler:
                scheduler.step()


def drnas_rates(stages: Sequence[int], warmup: int = 0) -> list[float]:
    """A new SGD at every stage, under a new scheduler that loads the old one's state.

    While it warms up its rate is set by hand before every epoch.
    """

    def made() -> tuple[torch.optim.Optimizer, CosineAnnealingLR]:
        sgd = torch.optim.SGD([torch.zeros(1, requires_grad=True)], START, momentum=0.9)
        return sgd, CosineAnnealingLR(sgd, float(sum(stages)), eta_min=END)

    def schedulers() -> Iterator[tuple[torch.optim.Optimizer, CosineAnnealingLR]]:
        optimizer, scheduler = made()
        for stage in range(len(stages)):
            if stage:
                state = scheduler.state_dict()
                optimizer, scheduler = made()
                scheduler.load_state_dict(state)
            for epoch in range(sum(stages[:stage]), sum(stages[: stage + 1])):
                if epoch < warmup:
                    optimizer.param_groups[0]["lr"] = START * (epoch + 1) / warmup
                yield optimizer, scheduler

    return list(walked(schedulers()))


def unas_rates(warmup: int, joint: int, start: float, end: float) -> list[float]:
    """An Adam without a scheduler, then a new one under a cosine of its own."""

    def schedulers() -> Iterator[tuple[torch.optim.Optimizer, CosineAnnealingLR | None]]:
        alone = torch.optim.Adam([torch.zeros(1, requires_grad=True)], start)
        yield from ((alone, None) for _ in range(warmup))
        adam = torch.optim.Adam([torch.zeros(1, requires_grad=True)], start)
        scheduler = CosineAnnealingLR(adam, float(joint), eta_min=end)
        yield from ((adam, scheduler) for _ in range(joint))

    return list(walked(schedulers()))


def stages_of(epochs: int, stages: int = 2) -> list[int]:
    bounds = [math.ceil(stage * epochs / stages) for stage in range(stages + 1)]
    return [last - first for first, last in pairwise(bounds)]


# --- DrNAS: begins again when the channels are widened -----------------------------------------


def progressive(build: Build, epochs: int, **changes: object) -> tuple[WeightSharing, DrNAS]:
    recipe = DrNAS.recipes["nb201_progressive"]
    network = {**recipe.network, **WHOLE, **changes}
    problem = build(steps=epochs, epochs=epochs, **network)
    settings = DrNASSettings(
        **{**recipe.settings, "warmup_epochs": epochs}
    )  # alpha is not at issue
    return problem, DrNAS(problem, settings, seed=0)


def trained(problem: WeightSharing, searcher: DrNAS, epochs: int) -> list[float]:
    rates = []
    for _ in range(epochs):
        problem.advance()
        searcher.step()
        rates.append(problem.observe(searcher.scores(), searcher.architecture())["learning_rate"])
    return rates


@pytest.fixture
def one_image(supernet_problem: Build) -> Build:
    """Accuracies of an image alone, which nobody looks at."""
    return lambda **given: supernet_problem(**{"evaluated_images": 1, **given})


@pytest.mark.parametrize("epochs", [100, 25, 6])
def test_progressive_recipe_trains_at_the_authors_rates(
    epochs: int, one_image: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem, searcher = progressive(one_image, epochs)
    rates: list[float] = []
    monkeypatch.setattr(problem, "fit", lambda *_: rates.append(rate_of(problem._optimizer)) or {})
    for _ in range(epochs):
        problem.advance()
        searcher.step()
    assert problem.supernet.partial == 2
    assert rates == pytest.approx(drnas_rates(stages_of(epochs)), rel=0, abs=1e-12)


@pytest.mark.parametrize("epochs", [50, 12])
def test_a_rate_that_grows_first_is_that_of_the_authors(epochs: int) -> None:
    schedule, stages = Cosine(START, END, epochs, warmup=5), stages_of(epochs)
    rates = [schedule.rate(n, stages[0] * (n >= stages[0])) for n in range(epochs)]
    assert rates == pytest.approx(drnas_rates(stages, warmup=5), rel=0, abs=1e-12)
    assert rates[:5] == pytest.approx([START * (n + 1) / 5 for n in range(5)])


def test_a_search_grows_its_rate_first(one_image: Build) -> None:
    problem, searcher = progressive(one_image, 12, learning_rate_warmup=5)
    found = trained(problem, searcher, 6)
    assert found == pytest.approx(drnas_rates([6, 6], warmup=5)[:6], rel=0, abs=1e-12)


def test_the_second_half_is_twice_as_fast_as_one_cosine() -> None:
    """From 0.025 again, where a cosine over everything would be at half of it."""
    schedule = Cosine(START, END, 100)
    assert schedule.rate(50, restarted=50) == pytest.approx(START, abs=1e-15)
    for epoch in range(50, 100):
        twice = END + 2 * (cosine(START, END, epoch, 100) - END)
        assert schedule.rate(epoch, restarted=50) == pytest.approx(twice, abs=1e-12)


@pytest.mark.parametrize("done", [4, 5, 6, 8])
def test_a_resumed_search_records_the_same_rates(done: int, one_image: Build) -> None:
    """Checkpoints before the restart, right before and after it, and later."""
    problem, searcher = progressive(one_image, 10)
    before = trained(problem, searcher, done)
    file = io.BytesIO()
    torch.save({"problem": problem.state_dict(), "searcher": searcher.state_dict()}, file)
    file.seek(0)
    state = torch.load(file, weights_only=True)
    fresh, resumed = progressive(one_image, 10)
    fresh.load_state_dict(state["problem"])
    resumed.load_state_dict(state["searcher"])
    rates = before + trained(fresh, resumed, 10 - done)
    assert rates == pytest.approx(drnas_rates([5, 5]), rel=0, abs=1e-12)


def test_a_cycle_for_every_stage_begins_with_the_restart(one_image: Build) -> None:
    rates = trained(*progressive(one_image, 8, cycles=2, constant_epochs=1), 8)
    first = [START, *(cosine(START, END, epoch, 3) for epoch in range(3))]
    expected = first + [cosine(START, END, epoch, 4) for epoch in range(4)]
    assert rates == pytest.approx(expected, rel=0, abs=1e-12)


@pytest.mark.parametrize("recipe", ["nb201_progressive", "darts", "imagenet"])
def test_all_progressive_recipes_restart_as_the_authors_do(recipe: str) -> None:
    """Their three scripts make the new cosine take the old one's state over."""
    network = NetworkSettings.build("network", DrNAS.recipes[recipe].network)
    assert network.restart_when_widened
    assert network.cycles == 1


def test_every_widening_restarts_by_itself(one_image: Build) -> None:
    problem = one_image(
        steps=9, epochs=9, **{**WHOLE, "learning_rate": START, "restart_when_widened": True}
    )
    problem.use_channels(4)
    rates = []
    for epoch in range(9):
        problem.advance()
        if epoch in (3, 6):
            problem.use_channels({3: 2, 6: 1}[epoch])
        rates.append(rate_of(problem._optimizer))
    assert rates == pytest.approx(drnas_rates([3, 3, 3]), rel=0, abs=1e-12)


def test_momenta_go_through_a_restart(one_image: Build) -> None:
    problem = one_image(steps=4, epochs=4, **WHOLE, restart_when_widened=True)
    problem.use_channels(4)
    for _ in range(2):
        problem.advance()
        problem.fit(torch.full((6, 5), 0.2))
    stem = problem.supernet.stem[0].weight  # type: ignore[index]
    momentum = problem._optimizer.state[stem]["momentum_buffer"].clone()
    assert momentum.abs().sum() > 0
    problem.use_channels(2)
    assert torch.equal(problem._optimizer.state[stem]["momentum_buffer"], momentum)


def test_without_the_option_widening_leaves_the_cosine_alone(one_image: Build) -> None:
    rates = trained(*progressive(one_image, 6, restart_when_widened=False), 6)
    assert rates == [cosine(START, END, epoch, 6) for epoch in range(6)]


def test_states_of_earlier_versions_have_no_restart(one_image: Build) -> None:
    problem, fresh = one_image(**WHOLE), one_image(**WHOLE)
    problem.advance()
    state = problem.state_dict()
    del state["restarted"]
    fresh.load_state_dict(state)
    fresh.advance()
    assert rate_of(fresh._optimizer) == cosine(0.05, 0.001, 1, 4)


def test_a_constant_rate_can_restart() -> None:
    schedule = Cosine(START, START, 10)
    assert [schedule.rate(epoch, restarted=5) for epoch in range(10)] == [START] * 10


# --- UNAS: constant during the warm-up ---------------------------------------------------------


@pytest.mark.parametrize(("epochs", "warmup"), [(100, 15), (20, 3), (7, 1), (7, 0)])
def test_network_weights_of_unas_train_at_the_authors_rates(
    epochs: int, warmup: int, supernet_problem: Build
) -> None:
    """But for one epoch: they step their schedulers before it; see `methods.unas`."""
    network = {
        **UNAS.recipes["nb201"].network, "width": 2, "cells": 1, "batch_size": 20,
        "constant_epochs": warmup, "reset_optimizer_epoch": warmup,
    }  # fmt: skip
    problem = supernet_problem(steps=9 * epochs, epochs=epochs, **network)
    rates = []
    for _ in range(epochs):
        for _ in range(problem.steps_per_epoch):
            problem.advance()
        rates.append(rate_of(problem._optimizer))
    expected = unas_rates(warmup, epochs - warmup, 3e-4, 1e-4)
    assert rates == pytest.approx(expected, rel=0, abs=1e-12)
    assert len(set(rates[:warmup])) <= 1


def test_no_constant_epochs_is_the_cosine_to_the_last_bit() -> None:
    schedule = Cosine(START, END, 100)
    assert [schedule.rate(e) for e in range(100)] == [
        cosine(START, END, e, 100) for e in range(100)
    ]


def test_a_search_of_constant_epochs_alone_has_one_rate() -> None:
    assert {Cosine(START, END, 5, constant=5).rate(epoch) for epoch in range(5)} == {START}


def test_schedules_are_off_by_default() -> None:
    assert not {"constant_epochs", "restart_when_widened"} & set(NetworkSettings().identity())


# --- a tuning after the training (DARTS-PT) ----------------------------------------------------


def test_a_tuning_is_torchs_schedule_of_a_new_optimiser() -> None:
    """50 epochs of a cosine, then 81 of one that begins at a tenth, each with its own SGD."""
    tuned = Tuned(Cosine(START, END, 50), Cosine(START / 10, END, 81))
    found = [tuned.rate(epoch) for epoch in range(131)]
    expected: list[float] = []
    for rate, epochs in ((START, 50), (START / 10, 81)):
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)
        scheduler = CosineAnnealingLR(optimizer, epochs, eta_min=END)
        expected += list(walked(itertools.repeat((optimizer, scheduler), epochs)))
    assert found == pytest.approx(expected, rel=1e-9)
    assert [epoch for epoch in range(131) if tuned.begins(epoch)] == [50]


def test_cycles_and_restarts_are_those_of_the_training() -> None:
    cycled = Cosine(START, END, 10, cycles=2)
    tuned = Tuned(cycled, Cosine(0.01, 0.01, 5))
    assert [epoch for epoch in range(15) if tuned.begins(epoch)] == [5, 10]
    whole = Cosine(START, END, 10)
    restarted = Tuned(whole, Cosine(0.01, 0.01, 5))
    assert restarted.rate(7, 4) == whole.rate(7, 4) != whole.rate(7)
    assert [restarted.rate(epoch, 4) for epoch in range(10, 15)] == [0.01] * 5
