"""What trainings of published recipes have beside an SGD with a cosine."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from nasbench_harness.contracts import AuxiliaryHead, DropPath, NetworkShape, SmoothedLoss
from nasbench_harness.errors import HarnessError
from nasbench_harness.spaces.darts import open_darts
from nasbench_harness.training.equipment import equip
from nasbench_harness.training.settings import TrainingSettings
from nasbench_harness.training.training import learning_rate


def network(side: int = 16) -> Any:
    space = open_darts()
    shape = NetworkShape(classes=5, width=4, cells=3, image_size=(side, side))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return space.network(space.parse("DARTS_V2"), shape)


def settings(**given: Any) -> TrainingSettings:
    return TrainingSettings(**given)


IMAGES = torch.randn(6, 3, 16, 16, generator=torch.Generator().manual_seed(1))
LABELS = torch.tensor([0, 1, 2, 3, 4, 0])


def test_rates_grow_in_even_steps_and_then_follow_a_cosine() -> None:
    asked = settings(epochs=10, learning_rate=0.5, warmup_epochs=5)
    assert [learning_rate(asked, epoch) for epoch in range(6)] == [0.1, 0.2, 0.3, 0.4, 0.5, 0.5]
    assert learning_rate(asked, 9) < 0.1


def test_rates_that_fall_by_a_factor_or_along_a_line() -> None:
    by_factor = settings(epochs=250, learning_rate=0.1, schedule="exponential")
    assert learning_rate(by_factor, 2) == 0.1 * 0.97**2
    line = settings(epochs=4, learning_rate=0.4, schedule="linear")
    assert [learning_rate(line, epoch) for epoch in range(4)] == pytest.approx([0.4, 0.3, 0.2, 0.1])


def test_a_second_classifier_counts_by_its_weight_in_training_only() -> None:
    made = network()
    assert isinstance(made, AuxiliaryHead)
    equip(made, settings(auxiliary_weight=0.5), seed=3)
    made.train()
    loss, logits = made.loss(IMAGES, LABELS)
    with torch.no_grad():
        own, auxiliary = made._both(IMAGES)
    assert torch.allclose(logits, own)
    expected = cross_entropy(own, LABELS) + 0.5 * cross_entropy(auxiliary, LABELS)
    assert torch.allclose(loss, expected)
    made.eval()
    assert made._both(IMAGES)[1] is None


def test_the_second_classifier_leaves_the_networks_weights_alone() -> None:
    plain, equipped = network(), network()
    equip(equipped, settings(auxiliary_weight=0.4), seed=3)
    own = plain.state_dict()
    assert all(torch.equal(value, equipped.state_dict()[name]) for name, value in own.items())


def test_paths_are_dropped_in_proportion_to_the_epochs() -> None:
    made = network()
    assert isinstance(made, DropPath)
    equip(made, settings(drop_path=0.9), seed=0)
    made.begin_epoch(0.0)
    assert torch.equal(made(IMAGES), made(IMAGES))  # running statistics do not count in training
    made.begin_epoch(0.5)
    assert made._dropped == 0.45
    assert not torch.equal(made(IMAGES), made(IMAGES))
    made.eval()
    assert torch.equal(made(IMAGES), made(IMAGES))


def test_smoothed_labels_reach_a_loss_of_the_networks_own() -> None:
    made = network()
    assert isinstance(made, SmoothedLoss)
    equip(made, settings(label_smoothing=0.1), seed=0)
    loss, logits = made.loss(IMAGES, LABELS)
    assert torch.allclose(loss, cross_entropy(logits, LABELS, label_smoothing=0.1))


@pytest.mark.parametrize("setting", ["auxiliary_weight", "drop_path"])
def test_networks_that_cannot_are_told_in_a_sentence(setting: str) -> None:
    with pytest.raises(HarnessError, match=f"leave `{setting}` at 0"):
        equip(nn.Linear(2, 2), settings(**{setting: 0.2}), seed=0)


def test_new_settings_at_rest_leave_the_names_of_trainings_alone() -> None:
    assert set(settings().identity()) == {
        "epochs", "batch_size", "learning_rate", "momentum", "nesterov", "weight_decay", "width",
        "cells", "precision", "split", "evaluate_every",
    }  # fmt: skip
