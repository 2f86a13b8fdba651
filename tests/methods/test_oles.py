"""OLES: cosines of what two batches want, and weights that are frozen by them."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from nasbench_harness.contracts import OperationGradient, OperationGradients, OperationPlace
from nasbench_harness.errors import HarnessError
from nasbench_harness.methods.oles import OLES, OLESSettings
from nasbench_harness.methods.shared.agreement import GradientAgreement, row_cosines
from nasbench_harness.problems.supernet.weight_sharing import WeightSharing
from nasbench_harness.testing import ToyParts, ToySpace
from nasbench_harness.testing.toy_networks import ToyNetworks
from tests.methods.tiny_supernet import STEPS, supernet, tiny_images


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


# --- the cosine ----------------------------------------------------------------------------------


def test_the_cosine_is_along_the_output_channels() -> None:
    """Written out: one for each input channel and place of the kernel, then their mean."""
    one, other = random(4, 3, 2, 2), random(4, 3, 2, 2, seed=1)
    cosines = []
    for i in range(3):
        for y in range(2):
            for x in range(2):
                a, b = one[:, i, y, x], other[:, i, y, x]
                cosines.append(float(a @ b / (a.norm() * b.norm())))
    found = row_cosines(one, other, 1)
    assert found.shape == (1,)
    assert abs(float(found) - sum(cosines) / len(cosines)) < 1e-12


def test_operations_that_share_a_parameter_have_cosines_of_their_own() -> None:
    one, other = random(6, 3, 1, 1), random(6, 3, 1, 1, seed=1)
    alone = [row_cosines(one[i : i + 2], other[i : i + 2], 1) for i in (0, 2, 4)]
    assert torch.allclose(row_cosines(one, other, 3), torch.cat(alone), atol=1e-15)


def test_parameters_of_an_operation_count_alike() -> None:
    first, second = OperationPlace(0, 0, 1), OperationPlace(0, 1, 1)
    shapes = [(4, 2), (2, 3), (2, 5)]
    owners = [(first, second), (second,), (first,)]
    one = [random(*shape, seed=n) for n, shape in enumerate(shapes)]
    other = [random(*shape, seed=n + 9) for n, shape in enumerate(shapes)]
    gradients = [OperationGradient(g, own) for g, own in zip(one, owners, strict=True)]
    agreement = GradientAgreement(gradients, torch.device("cpu"))
    assert agreement.places == [first, second]
    shared = row_cosines(one[0], other[0], 2)
    expected = [
        (float(shared[0]) + float(row_cosines(one[2], other[2], 1))) / 2,
        (float(shared[1]) + float(row_cosines(one[1], other[1], 1))) / 2,
    ]
    assert torch.allclose(
        agreement(one, other), torch.tensor(expected, dtype=torch.float64), atol=1e-12
    )


# --- freezing ------------------------------------------------------------------------------------


class Batches(ToyParts):
    """Operations of 64 weights whose gradients are given: `wanted` for a split of a step."""

    def __init__(self, wanted: Callable[[str, int], Tensor]) -> None:
        super().__init__(ToySpace((3, 3)), steps=100)
        self.wanted, self.kept, self.split = wanted, set[OperationPlace](), "train"

    def fit(self, weights: Tensor, active: Tensor | None = None) -> dict[str, Any]:
        self.split = "train"
        return {}

    def operation_losses(self, weights: Tensor, split: Any, active: Tensor | None = None) -> Tensor:
        self.split = split
        return self.losses(weights, split, active)

    def operation_gradients(self) -> list[OperationGradient]:
        places = tuple(self._places())
        gradient = self.wanted(self.split, max(self._step, 0)).reshape(64 * len(places), 1)
        return [OperationGradient(gradient, places)]

    def freeze_operations(self, frozen: Any) -> None:
        self.kept = set(frozen)


def searched(problem: ToyParts, steps: int, **settings: Any) -> tuple[OLES, list[Any]]:
    searcher, logs = OLES(problem, OLESSettings(**settings), seed=0), []
    for _ in range(steps):
        problem.advance()
        logs.append(searcher.step())
    return searcher, logs


def test_equal_batches_have_cosine_one_and_freeze_nothing() -> None:
    problem = Batches(lambda _split, _step: random(6 * 64))
    _, logs = searched(problem, 50)
    assert "gradient_matching" not in logs[0]  # no w step before it
    assert all(abs(float(log["gradient_matching"]) - 1) < 1e-12 for log in logs[1:])
    assert problem.kept == set()


def test_independent_targets_freeze_everything() -> None:
    problem = Batches(lambda split, step: random(6 * 64, seed=2 * step + (split == "train")))
    searcher, logs = searched(problem, 21)
    assert problem.kept == set(problem._places())
    assert bool(searcher.frozen.all())
    assert abs(float(logs[-1]["gradient_matching"])) < 0.1
    assert float(logs[-1]["frozen_operations"]) == 1


def halfway(cosine: float) -> Callable[[str, int], Tensor]:
    """Gradients with this cosine, the same at all steps."""
    one = torch.zeros(6, 64, dtype=torch.float64)
    one[:, 0] = 1.0
    other = cosine * one
    other[:, 1] = (1 - cosine**2) ** 0.5
    return lambda split, _step: one if split == "train" else other


@pytest.mark.parametrize(
    ("cosine", "exact", "steps", "frozen"),
    [
        (0.399, False, 20, False),  # of 19 steps with a gradient before them
        (0.399, False, 21, True),
        (0.401, False, 99, False),
        (0.399, True, 99, False),  # 21 * 0.399 / 20 = 0.419
        (0.380, True, 21, False),
        (0.380, True, 22, True),  # below 20 * 0.4 / 21 = 0.38095
        (0.382, True, 99, False),
    ],
)
def test_the_mean_of_twenty_cosines_decides(
    cosine: float, exact: bool, steps: int, frozen: bool
) -> None:
    problem = Batches(halfway(cosine))
    searched(problem, steps, exact_counter=exact)
    assert bool(problem.kept) is frozen


def test_sums_begin_anew_after_a_judgement() -> None:
    """Twenty good steps do not make up for the next twenty."""
    good, bad = halfway(1.0), halfway(0.3)
    problem = Batches(lambda split, step: (good if step <= 20 else bad)(split, step))
    searcher, _ = searched(problem, 40)
    assert not problem.kept
    problem.advance()
    searcher.step()
    assert problem.kept == set(problem._places())


def test_what_was_frozen_stays_frozen() -> None:
    good, bad = halfway(1.0), halfway(0.3)
    problem = Batches(lambda split, step: (bad if step <= 20 else good)(split, step))
    searched(problem, 90)
    assert problem.kept == set(problem._places())


def test_added_gradients_are_compared_with_one_of_them() -> None:
    """Of length 1 each and with cosine c: (1 + c) / sqrt(2 + 2 c) = sqrt((1 + c) / 2)."""
    problem = Batches(halfway(0.2))
    _, logs = searched(problem, 5, added_gradients=True)
    assert abs(float(logs[-1]["gradient_matching"]) - 0.6**0.5) < 1e-12


# --- on a network --------------------------------------------------------------------------------


def rows(problem: WeightSharing, place: OperationPlace) -> Tensor:
    """The weights of an operation of the network."""
    for parameter, places in problem.supernet.operation_parameters():  # type: ignore[operator]
        if place in places:
            return parameter.detach().chunk(len(places))[places.index(place)].clone()  # type: ignore[no-any-return]
    raise AssertionError(place)


UNIFORM = torch.full((6, 5), 0.2)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_frozen_weights_do_not_move_although_there_is_momentum(optimizer: str) -> None:
    problem = supernet(optimizer=optimizer, momentum=0.9, weight_decay=0.1)
    frozen, other = OperationPlace(0, 1, 3), OperationPlace(0, 2, 3)
    problem.advance()
    problem.fit(UNIFORM)
    problem.freeze_operations([frozen])
    before, learning = rows(problem, frozen), rows(problem, other)  # of one parameter
    for _ in range(3):
        problem.advance()
        problem.fit(UNIFORM)
    assert torch.equal(rows(problem, frozen), before)
    assert not torch.equal(rows(problem, other), learning)


def test_gradients_of_frozen_weights_count_in_no_norm() -> None:
    """With all but one operation frozen, and the rest of the network: clipped by what is left."""
    problem = supernet()
    problem.advance()
    problem.fit(UNIFORM)
    places = [p for _, own in problem.supernet.operation_parameters() for p in own]  # type: ignore[operator]
    problem.freeze_operations(places)
    problem.advance()
    problem.fit(UNIFORM)
    assert all(not one.gradient.any() for one in problem.operation_gradients())


def test_the_way_back_of_alpha_gives_the_gradient_that_a_pass_of_its_own_would() -> None:
    problem = supernet()
    searcher = OLES(problem, OLESSettings(), seed=0)  # type: ignore[arg-type]
    problem.advance()
    before = [p.detach().clone() for p in problem.supernet.parameters()]
    searcher.update_alpha()
    found = problem.operation_gradients()
    assert all(map(torch.equal, before, problem.supernet.parameters()))
    own = [one.parameter for one in problem.supernet.operation_parameters()]  # type: ignore[operator]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        fresh = supernet()
        twin = OLES(fresh, OLESSettings(), seed=0)  # type: ignore[arg-type]
    fresh.advance()
    loss = torch.nn.functional.cross_entropy(
        fresh.supernet(fresh._batch["valid"][0], twin.relaxed().detach()),
        fresh._batch["valid"][1],
    )
    parameters = [one.parameter for one in fresh.supernet.operation_parameters()]  # type: ignore[operator]
    expected = torch.autograd.grad(loss, parameters)
    assert len(own) == len(expected)
    for one, gradient in zip(found, expected, strict=True):
        assert torch.allclose(one.gradient, gradient, atol=1e-6)


def test_the_rest_of_the_network_gets_no_gradient_of_alpha() -> None:
    problem = supernet()
    problem.advance()
    problem.operation_losses(UNIFORM.clone().requires_grad_(), "valid").mean().backward()  # type: ignore[no-untyped-call]
    assert problem.supernet.head.classifier.weight.grad is None  # type: ignore[union-attr]
    assert all(parameter.requires_grad for parameter in problem.supernet.parameters())


def through_file(state: Any) -> Any:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=True)


def test_a_search_that_froze_something_goes_on_bit_for_bit() -> None:
    settings = OLESSettings(window=2, threshold=0.6, added_gradients=True)
    problem = supernet(learning_rate=0.1)
    searcher = OLES(problem, settings, seed=3)  # type: ignore[arg-type]
    for step in range(STEPS):
        problem.advance()
        searcher.step()
        if step == STEPS // 2:
            state = through_file({"s": searcher.state_dict(), "p": problem.state_dict()})
            assert 0 < int(searcher.frozen.sum()) < len(searcher.frozen)
    again = supernet(learning_rate=0.1)
    other = OLES(again, settings, seed=8)  # type: ignore[arg-type]
    other.load_state_dict(state["s"])
    again.load_state_dict(state["p"])
    for _ in range(STEPS // 2 + 1, STEPS):
        again.advance()
        other.step()
    assert torch.equal(searcher.alpha, other.alpha)
    assert torch.equal(searcher.frozen, other.frozen)
    for one, twin in zip(problem.supernet.parameters(), again.supernet.parameters(), strict=True):
        assert torch.equal(one, twin)


def test_a_network_that_cannot_tell_is_refused_in_a_sentence() -> None:
    from nasbench_harness.problems.supernet.network_settings import NetworkSettings

    settings = NetworkSettings.build("network", {"width": 4, "cells": 1, "batch_size": 4})
    problem = WeightSharing(
        ToyNetworks(), tiny_images(), settings, steps=4, epochs=1, seed=0, device="cpu"
    )
    with pytest.raises(HarnessError, match="cannot tell which weights are which operation's"):
        OLES(problem, OLESSettings(), seed=0)  # type: ignore[arg-type]


def test_it_needs_gradients_of_operations() -> None:
    assert OLES.requires(OLESSettings()) == (OperationGradients,)
