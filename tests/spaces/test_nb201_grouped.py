"""Supernets as one wide network: each does what it does alone, for a fraction of the operations."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils._python_dispatch import TorchDispatchMode

from nasbench_harness.contracts import NetworkShape
from nasbench_harness.spaces.nb201.grouped import GroupedSupernet
from nasbench_harness.spaces.nb201.shared_weights import CellSupernet

SMALL = NetworkShape(classes=10, width=4, cells=1)
EXACT: dict[str, Any] = {"atol": 1e-12, "rtol": 1e-12}
WARM_UP, STEPS, CLIP = 2, 6, 0.5


def supernets(runs: int, *, track: bool = True, **options: Any) -> list[CellSupernet]:
    made = []
    for seed in range(runs):
        torch.manual_seed(seed)
        made.append(CellSupernet(SMALL, track_running_stats=track, **options).double())
    return made


def batches(runs: int, steps: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Images [R, B, ...] and labels [R, B], of every run its own."""
    generator = torch.Generator().manual_seed(7)
    for _ in range(steps):
        images = torch.randn(runs, 4, 3, 8, 8, generator=generator, dtype=torch.float64)
        yield images, torch.randint(10, (runs, 4), generator=generator)


@dataclass
class Search:
    """First order DARTS with warm-up and clipping, of one supernet or of several as one."""

    network: nn.Module
    alpha: Tensor
    losses: list[Tensor] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.alpha.requires_grad_()
        self._weights = torch.optim.SGD(
            self.network.parameters(),
            lr=0.1,
            momentum=0.9,
            weight_decay=3e-4,
            nesterov=True,
            fused=True,
        )
        self._alphas = torch.optim.Adam([self.alpha], lr=0.1)

    def step(self, train: tuple[Tensor, Tensor], valid: tuple[Tensor, Tensor], step: int) -> None:
        if step >= WARM_UP:
            self._alphas.zero_grad()
            with self.network.frozen():  # type: ignore[operator]
                self._loss(valid, self.alpha.softmax(-1)).backward()
            self._alphas.step()
        self._weights.zero_grad()
        self._loss(train, self.alpha.detach().softmax(-1)).backward()
        if isinstance(self.network, GroupedSupernet):
            self.network.clip_gradients(CLIP)
        else:
            nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
        self._weights.step()

    def _loss(self, batch: tuple[Tensor, Tensor], weights: Tensor) -> Tensor:
        """The sum over runs of the mean over examples, which is recorded."""
        images, labels = batch
        logits = self.network(images, weights)
        each = cross_entropy(logits.flatten(0, -2), labels.flatten(), reduction="none")
        means = each.view(labels.shape).mean(-1)
        self.losses.append(means.detach())
        return means.sum()


@pytest.mark.parametrize("track", [True, False], ids=["running", "batch"])
def test_each_run_equals_itself_alone(track: bool) -> None:
    runs = 3
    singles = supernets(runs, track=track)
    alphas = torch.randn(
        runs, 6, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1)
    )
    alone = [Search(copy.deepcopy(s), a.clone()) for s, a in zip(singles, alphas, strict=True)]
    together = Search(GroupedSupernet(singles), alphas.clone())
    drawn = list(batches(runs, 2 * STEPS))
    for step in range(STEPS):
        train, valid = drawn[2 * step : 2 * step + 2]
        together.step(train, valid, step)
        for run, search in enumerate(alone):
            own = [(images[run], labels[run]) for images, labels in (train, valid)]
            search.step(own[0], own[1], step)
            torch.testing.assert_close(together.alpha[run], search.alpha, **EXACT)
            wanted, found = search.network.state_dict(), singles[run].state_dict()
            torch.testing.assert_close(found, wanted, **EXACT)
            for ours, theirs in zip(together.losses, search.losses, strict=True):
                torch.testing.assert_close(ours[run], theirs, **EXACT)


# --- what each run has picked ------------------------------------------------------------------

CUT = [[0, 1, 2, 3, 4, 1], [3, 0, 0, 0, 0, 0], [0, 3, 2, 0, 0, 0], [3, 2, 0, 0, 0, 3]]
"""Options by edge: whole, and such that node 0, all of the cell or a part of it is cut off."""


def picks(runs: int) -> Tensor:
    """Options that are chosen, [R, 6, 5]: of the last run all of an edge, of some nothing there."""
    chosen = torch.stack([torch.eye(5, dtype=torch.bool)[CUT[run % 4]] for run in range(runs)])
    chosen[-1, 2] = True
    return chosen


def passed(network: nn.Module, *given: Tensor) -> tuple[Tensor, Tensor]:
    """Loss a run, and the gradient in the weights, of which not chosen ones are not 0."""
    images, labels, weights, active = given
    point = weights.clone().requires_grad_()
    logits = network(images, point, active)
    each = cross_entropy(logits.flatten(0, -2), labels.flatten(), reduction="none")
    losses = each.view(labels.shape).mean(-1)
    losses.sum().backward()
    return losses.detach(), torch.zeros_like(point) if point.grad is None else point.grad


@pytest.mark.parametrize("track", [True, False], ids=["running", "batch"])
def test_each_run_has_what_it_picks(track: bool) -> None:
    """Losses, gradients and statistics, also of what leads nowhere, and which have no gradient."""
    runs = 5
    singles = supernets(runs, track=track)
    alone = [copy.deepcopy(single) for single in singles]
    together, chosen = GroupedSupernet(singles), picks(runs)
    weights = torch.rand(runs, 6, 5, dtype=torch.float64)
    for images, labels in batches(runs, 2):
        losses, gradients = passed(together, images, labels, weights, chosen)
        learners = together.learners(weights, chosen)
        assert learners is not None
        for run, network in enumerate(alone):
            wanted = passed(network, images[run], labels[run], weights[run], chosen[run])
            torch.testing.assert_close((losses[run], gradients[run]), wanted, **EXACT)
            torch.testing.assert_close(singles[run].state_dict(), network.state_dict(), **EXACT)
            names = {value.data_ptr(): name for name, value in singles[run].named_parameters()}
            for parameter, learn in zip(together.parameters(), learners, strict=True):
                assert parameter.grad is not None
                own = network.get_parameter(names[parameter.chunk(runs)[run].data_ptr()]).grad
                assert learn[run] == (own is not None)
                gradient = parameter.grad.chunk(runs)[run]
                wanted = torch.zeros_like(gradient) if own is None else own
                torch.testing.assert_close(gradient, wanted, **EXACT)
        for network in (*alone, together):
            network.zero_grad()


def test_zeros_name_themselves_where_weights_have_no_gradient() -> None:
    """As in a single supernet: what weighs 0 is not run, and its statistics stay."""
    singles = supernets(2)
    alone = [copy.deepcopy(single) for single in singles]
    together = GroupedSupernet(singles)
    images, _ = next(batches(2, 1))
    weights = torch.rand(2, 6, 5, dtype=torch.float64) * picks(2)
    assert together.learners(weights) == together.learners(weights, weights != 0)
    assert together.learners(weights.clone().requires_grad_()) is None
    logits = together(images, weights)
    for run, network in enumerate(alone):
        torch.testing.assert_close(logits[run], network(images[run], weights[run]), **EXACT)
        torch.testing.assert_close(singles[run].state_dict(), network.state_dict(), **EXACT)


@pytest.mark.parametrize("chooses", [True, False])
def test_numbers_are_added_to_maps(chooses: bool) -> None:
    singles = supernets(3)
    alone = [copy.deepcopy(single) for single in singles]
    together, chosen = GroupedSupernet(singles), picks(3) if chooses else None
    images, _ = next(batches(3, 1))
    weights, shifts = torch.rand(3, 6, 5).double(), torch.randn(3, 6).double().requires_grad_()
    with together.frozen(), together.shifted(shifts):
        logits = together(images, weights, chosen)
    (found,) = torch.autograd.grad(logits.square().sum(), shifts)
    for run, network in enumerate(alone):
        own = shifts[run].detach().requires_grad_()
        with network.frozen(), network.shifted(own):
            own_choice = None if chosen is None else chosen[run]
            wanted = network(images[run], weights[run], own_choice)
        torch.testing.assert_close(logits[run], wanted, **EXACT)
        (gradient,) = torch.autograd.grad(wanted.square().sum(), own)
        torch.testing.assert_close(found[run], gradient, **EXACT)


def test_what_others_pick_changes_no_bit() -> None:
    """In 32 bits; nor whether they pick anything."""
    images, _ = next(batches(3, 1))
    weights, chosen = torch.rand(3, 6, 5), picks(3)
    ended = []
    for rest in (chosen, torch.ones_like(chosen), torch.zeros_like(chosen)):
        picked = torch.cat([chosen[:1], rest[1:]])
        singles = [single.float() for single in supernets(3)]
        together = GroupedSupernet(singles)
        logits = together(images.float(), weights, picked)
        logits.square().sum().backward()
        gradients = [p.grad.chunk(3)[0] for p in together.parameters() if p.grad is not None]
        ended.append((logits[0], gradients, singles[0].state_dict()))
    for other in ended[1:]:
        torch.testing.assert_close(other, ended[0], atol=0, rtol=0)


def test_it_is_evaluated_by_running_statistics() -> None:
    singles = supernets(2)
    together = GroupedSupernet(singles)
    images, _ = next(batches(2, 1))
    weights = torch.rand(2, 6, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    together(images, weights)
    together.eval()
    for run, single in enumerate(singles):
        wanted = single.eval()(images[run], weights[run])
        torch.testing.assert_close(together(images, weights)[run], wanted, **EXACT)


class Counted(TorchDispatchMode):
    """How many operations were dispatched."""

    count = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        del types
        self.count += 1
        return func(*args, **(kwargs or {}))


def operations(network: nn.Module, batch: tuple[Tensor, Tensor], alpha: Tensor) -> int:
    """Of a step in both phases, with the way back and the optimisers."""
    search = Search(network, alpha)
    search.step(batch, batch, WARM_UP)  # momenta are there
    with Counted() as counted:
        search.step(batch, batch, WARM_UP)
    return counted.count


def test_a_step_of_eight_dispatches_a_fifth_for_each() -> None:
    runs = 8
    images, labels = next(batches(runs, 1))
    alpha = torch.zeros(runs, 6, 5, dtype=torch.float64)
    alone = operations(supernets(1)[0], (images[0], labels[0]), alpha[0].clone())
    together = operations(GroupedSupernet(supernets(runs)), (images, labels), alpha)
    assert 5 * together <= runs * alone


def test_supernets_of_two_shapes_are_refused() -> None:
    other = CellSupernet(NetworkShape(classes=10, width=8, cells=1))
    with pytest.raises(ValueError, match="different shapes"):
        GroupedSupernet([*supernets(1), other])


def test_partial_channels_are_refused() -> None:
    with pytest.raises(ValueError, match="partial channels"):
        GroupedSupernet(supernets(2, partial=2))
