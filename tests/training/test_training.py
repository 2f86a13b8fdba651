"""The training itself: its optimiser, its epochs, what it learns and what it costs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import cast

import pytest
import torch

from nasbench_harness import registry
from nasbench_harness.contracts import Architecture, NetworkSpace
from nasbench_harness.errors import HarnessError
from nasbench_harness.images.parts import ImageDataset, Images
from nasbench_harness.images.splits import shuffled_halves
from nasbench_harness.networks.meters import DivergedError
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.training.images import training_images
from nasbench_harness.training.settings import TrainingSettings
from nasbench_harness.training.training import Training, build_network, count_costs

MakeTraining = Callable[..., Training]


def epoch(training: Training) -> dict[str, float | int | None]:
    while not training.step():
        pass
    return training.record()


def pictures(side: int) -> Images:
    pixels = torch.arange(20 * 3 * side**2).remainder(251).to(torch.uint8)
    return Images(pixels.view(20, 3, side, side), torch.arange(20) % 10)


@pytest.fixture
def cifar_like(digits: ImageDataset) -> ImageDataset:
    """Ten classes of 32x32 colour images, so that the network is the benchmark's own."""
    part = pictures(32)
    mean = std = (0.5, 0.5, 0.5)
    return replace(digits, name="made-up", train=part, test=part, mean=mean, std=std, padding=4)


def test_learns_the_digits(
    make_training: MakeTraining, digits: ImageDataset, small: TrainingSettings
) -> None:
    training = make_training(small, dataset=digits)
    first, last = epoch(training), epoch(training)
    assert training.finished
    assert last["test_accuracy"] > 50  # type: ignore[operator]  # chance is 10
    assert last["train_loss"] < 0.7 * first["train_loss"]  # type: ignore[operator]


def test_where_memory_is_short_fewer_are_evaluated_at_a_time(
    make_training: MakeTraining, small: TrainingSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = make_training(small)
    loss, accuracy = training.evaluate()
    real, seen = training.network.forward, list[int]()

    def short(images: torch.Tensor) -> torch.Tensor:
        seen.append(len(images))
        if len(images) > small.batch_size:
            raise RuntimeError("CUDA out of memory. Tried to allocate 8.00 GiB")
        return cast("torch.Tensor", real(images))

    monkeypatch.setattr(training.network, "forward", short)
    assert training.evaluate() == (pytest.approx(loss, rel=1e-5), accuracy)
    assert max(seen) > small.batch_size


def test_learning_rate_is_a_cosine_to_zero_by_epochs(make_training: MakeTraining) -> None:
    training = make_training(TrainingSettings(epochs=4, batch_size=75, width=2, cells=1))
    rates = [epoch(training)["learning_rate"] for _ in range(4)]
    expected = [0.1 * (1 + math.cos(math.pi * t / 4)) / 2 for t in range(4)]
    assert rates == pytest.approx(expected)


def test_optimiser_is_the_recipe_s(make_training: MakeTraining) -> None:
    training = make_training()
    (group,) = training._optimizer.param_groups
    assert (group["lr"], group["momentum"], group["nesterov"]) == (0.1, 0.9, True)
    assert group["weight_decay"] == 5e-4
    assert len(group["params"]) == len(list(training.network.parameters()))


def test_every_image_is_seen_once_an_epoch(make_training: MakeTraining) -> None:
    training = make_training()
    assert training.steps_per_epoch == 3  # 150 images: 64, 64, 22
    assert [training.step() for _ in range(6)] == [False, False, True] * 2
    assert training._totals.state_dict()["images"] == 150


def test_evaluation_leaves_no_trace(make_training: MakeTraining) -> None:
    watched, alone = make_training(seed=1), make_training(seed=1)
    for _ in range(4):
        watched.step()
        alone.step()
        assert watched.evaluate() == watched.evaluate()
    for ours, theirs in zip(watched.network.parameters(), alone.network.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_evaluates_every_so_many_epochs_and_after_the_last(make_training: MakeTraining) -> None:
    settings = TrainingSettings(epochs=3, batch_size=150, width=2, cells=1, evaluate_every=2)
    training = make_training(settings)
    evaluated = [epoch(training)["test_accuracy"] is not None for _ in range(3)]
    assert evaluated == [False, True, True]


def test_a_seed_decides_weights_and_order_and_nothing_else_does(
    make_training: MakeTraining,
) -> None:
    torch.manual_seed(3)
    once = epoch(make_training(seed=5))
    torch.manual_seed(4)
    before = torch.get_rng_state()
    assert epoch(make_training(seed=5)) == once
    assert torch.equal(torch.get_rng_state(), before)
    assert epoch(make_training(seed=6)) != once


def test_goes_on_bit_for_bit_in_the_middle_of_an_epoch(make_training: MakeTraining) -> None:
    straight = make_training()
    expected = [epoch(straight), epoch(straight)]
    stopped = make_training()
    records = [epoch(stopped)]
    stopped.step()
    resumed = make_training(seed=999)  # whatever it began with is replaced
    resumed.load_state_dict(stopped.state_dict())
    records.append(epoch(resumed))
    assert records == expected
    for name, value in straight.network.state_dict().items():
        assert torch.equal(resumed.network.state_dict()[name], value), name


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_learns_too(make_training: MakeTraining, precision: str) -> None:
    settings = TrainingSettings(epochs=2, batch_size=50, width=2, cells=1, precision=precision)
    training = make_training(settings)
    first, last = epoch(training), epoch(training)
    assert last["train_loss"] < first["train_loss"]  # type: ignore[operator]
    assert all(p.dtype is torch.float32 for p in training.network.parameters())


def test_a_loss_that_is_no_number_names_the_step(make_training: MakeTraining) -> None:
    training = make_training()
    epoch(training)
    training.step()
    with torch.no_grad():
        next(training.network.parameters()).fill_(math.nan)
    with pytest.raises(DivergedError, match=r"since step 5; a smaller learning rate"):
        epoch(training)


@pytest.fixture
def small_maps(few_digits: ImageDataset) -> Callable[[int], Training]:
    """Trains a cell of small pictures whose last maps are one pixel, in batches of so many."""

    def make(batch: int) -> Training:
        space = registry.open_space("transnas101")
        settings = TrainingSettings(epochs=1, batch_size=batch, width=4, cells=5)
        network = build_network(
            cast("NetworkSpace", space), space.parse("333333"), few_digits, settings, 0
        )
        images = training_images(few_digits, "table")
        return Training(network, images, settings, seed=0, device=torch.device("cpu"))

    return make


def test_an_image_alone_in_the_last_batch_is_left_out_where_it_cannot_be_trained_on(
    small_maps: Callable[[int], Training], make_training: MakeTraining
) -> None:
    training = small_maps(149)  # of 150
    assert training.steps_per_epoch == 1
    assert epoch(training)["train_loss"] is not None
    kept = make_training(TrainingSettings(epochs=1, batch_size=149, width=2, cells=1))
    assert kept.steps_per_epoch == 2


def test_batches_of_one_image_that_cannot_be_trained_on_are_refused(
    small_maps: Callable[[int], Training],
) -> None:
    with pytest.raises(HarnessError, match=r"batches of one image of 8x8 .* `--batch-size` of 2"):
        small_maps(1)


@pytest.mark.parametrize("index", [9930, 13714, 0])
def test_costs_are_those_of_the_benchmark_but_for_the_bias(
    space: NB201, cifar_like: ImageDataset, index: int
) -> None:
    arch = space.at_index(index)
    network = build_network(space, arch, cifar_like, TrainingSettings(), seed=0)
    costs = count_costs(network, cifar_like)
    assert costs["params"] == space.cost(arch, "params", "cifar10")
    assert costs["flops"] == space.cost(arch, "flops", "cifar10") - 10
    assert network.training


def test_images_too_small_for_the_network(
    space: NB201, cell: Architecture, cifar_like: ImageDataset
) -> None:
    tiny = replace(cifar_like, train=pictures(1))
    network = build_network(space, cell, tiny, TrainingSettings(width=2, cells=1), seed=0)
    with pytest.raises(HarnessError, match="cannot read the 1x1 images of `made-up`"):
        count_costs(network, tiny)


def test_table_split_is_all_training_images_and_the_test_part(digits: ImageDataset) -> None:
    images = training_images(digits, "table")
    assert images.train is digits.train
    assert images.evaluated is digits.test
    assert (images.trained_on, images.evaluated_on) == (
        "1,438 training images",
        "359 test images",
    )


def test_search_split_is_the_published_one(digits: ImageDataset) -> None:
    images = training_images(digits, "search")
    first, second = shuffled_halves(len(digits.train))
    assert torch.equal(images.train.labels, digits.train.labels[first])
    assert torch.equal(images.evaluated.labels, digits.train.labels[second])
    assert images.evaluated_on == "719 search-validation images"


def test_no_test_part(digits: ImageDataset) -> None:
    with pytest.raises(HarnessError, match=r"no test part .* `--split search` holds out"):
        training_images(replace(digits, test=None), "table")
