"""Supernets of searches that differ in their seed only, trained as one wide network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from nasbench_harness.contracts import (
    ChosenLosses,
    Log,
    ShiftedMaps,
    Split,
    WideSupernet,
)
from nasbench_harness.errors import HarnessError
from nasbench_harness.hardware import onto
from nasbench_harness.problems.joint import JointProblem
from nasbench_harness.problems.supernet.asked import check_supernet_has
from nasbench_harness.problems.supernet.network_settings import NetworkSettings
from nasbench_harness.problems.supernet.weight_sharing import WeightSharing

Grouping = Callable[[Sequence[Any]], Any]
"""Supernets of one shape to a `WideSupernet` of all; see `GroupingSpace`."""


class JointSharing(JointProblem[WeightSharing]):
    """R problems side by side: weights [R, D, K], losses [R, B].

    Each run has its own weights, images and order, what it chooses to run, and the numbers that it
    has alone but for rounding. What is counted, measured and saved stays with the single problems,
    whose weights and statistics are parts of the joint ones at every time, and whose optimisers
    step these.

    The network has as many places as were planned, and every run is in its own of them, however
    many there are: where nobody is, there is a copy of the first run that learns nothing. So the
    same operations run on numbers of the same shapes at the same places whoever the companions
    are, and whether they are still there; what is in other places changes no bit of a run.
    """

    def __init__(self, problems: Sequence[WeightSharing], group: Grouping) -> None:
        """`problems` stand at the same step, and were gone on with before, if they are at all.

        Where they say no places, there are as many as runs. HarnessError where they cannot be
        trained as one.
        """
        super().__init__(problems)
        first = problems[0]
        check_settings(first.settings)
        _check_network(first)
        self._clip_norm = first.settings.clip_norm
        self._runs = _placed(problems)
        self._places = [self._runs.index(run) for run in range(len(problems))]
        self._all = self._places == list(range(len(self._runs)))
        supernets = [
            deepcopy(first.supernet) if run is None else problems[run].supernet
            for run in self._runs
        ]
        try:
            self.network = group(supernets)
        except ValueError as error:
            raise HarnessError(f"The supernets cannot be trained as one: {error}.") from error
        parts = cast("WideSupernet", self.network).parts()
        self._parts = [[of_one[place] for place in self._places] for of_one in parts]
        self._batch: dict[Split, tuple[Tensor, Tensor]] = {}

    def advance(self) -> None:
        """Draw every run's batches; learning rates and fresh optimisers are theirs."""
        super().advance()
        splits: tuple[Split, ...] = ("train", "valid")
        for split in splits:
            drawn = [problem.batch(split) for problem in self.problems]
            images, labels = zip(*(drawn[run or 0] for run in self._runs), strict=True)
            self._batch[split] = torch.stack(images), torch.stack(labels)

    def losses(self, weights: Tensor, split: Split, active: Tensor | None = None) -> Tensor:
        """Cross-entropy per run and example, [R, B]; no network's weights get a gradient."""
        with cast("WideSupernet", self.network).frozen():
            return self._losses(weights, split, active)[0]

    def _losses(
        self, weights: Tensor, split: Split, active: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """With the logits [R, B, classes]; `active` is [R, D, K]."""
        if weights.dim() != 3:
            raise HarnessError(
                "Supernets are trained as one with the same weights for all examples of a run;"
                " search each run by itself."
            )
        images, labels = self._batch[split]
        active = None if active is None else self._at_places(active)
        logits: Tensor = self.network(images, self._at_places(weights), active)
        losses = cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none")
        losses = losses.view(labels.shape)
        return (losses, logits) if self._all else (self._of_runs(losses), self._of_runs(logits))

    def _at_places(self, of_runs: Tensor) -> Tensor:
        """What runs have [R, ...], at their places; that of the first, detached, at empty ones."""
        if self._all:
            return of_runs
        return torch.stack(
            [of_runs[0].detach() if run is None else of_runs[run] for run in self._runs]
        )

    def _of_runs(self, of_places: Tensor) -> Tensor:
        """[R, ...] of what the network has at its places, in the order of the runs."""
        return torch.stack([of_places[place] for place in self._places])

    def fit(self, weights: Tensor, active: Tensor | None = None) -> Log:
        """One step of every network along its own loss."""
        return self._fit(weights.detach(), active)

    def _fit(self, weights: Tensor, active: Tensor | None) -> Log:
        network = cast("WideSupernet", self.network)
        self.network.zero_grad()
        losses, logits = self._losses(weights, "train", active)
        means = losses.mean(dim=-1)
        means.sum().backward()  # type: ignore[no-untyped-call]
        if self._clip_norm:
            network.clip_gradients(self._clip_norm)
        self._step(network.learners(weights, active))
        means = means.detach()
        for problem, loss, own in zip(self.problems, means, logits.detach(), strict=True):
            problem.count(loss, own)
        return {"train_loss": means}

    def _step(self, learners: Sequence[Sequence[bool]] | None) -> None:
        """Step every run's own optimiser on what it has a gradient of (see `WideSupernet`)."""
        for place, parameter in enumerate(self.network.parameters()):
            assert parameter.grad is not None
            gradients = parameter.grad.chunk(len(self._runs))
            for run, part in enumerate(self._parts[place]):
                learns = learners is None or learners[place][run]
                part.grad = gradients[self._places[run]] if learns else None
        for problem in self.problems:
            problem.optimizer.step()
            problem.optimizer.zero_grad()

    # --- capabilities --------------------------------------------------------------------------

    def fit_gradient(self, weights: Tensor, active: Tensor | None = None) -> tuple[Log, Tensor]:
        """A step whose pass goes back to the weights too, [R, D, K]; see `FittedGradient`."""
        point = weights.detach().requires_grad_()
        log = self._fit(point, active)
        return log, torch.zeros_like(point) if point.grad is None else point.grad

    def chosen_losses(self, weights: Tensor, split: Split, active: Tensor) -> Tensor:
        """Losses [R, B] with what is not active added as numbers; see `ChosenLosses`."""
        check_supernet_has(self.network, ChosenLosses, self.space.name)
        rest = weights.masked_fill(onto(active, weights.device), 0.0).sum(dim=-1)
        with cast("ShiftedMaps", self.network).shifted(self._at_places(rest)):
            return self.losses(weights, split, active)

    def evaluated_losses(
        self, weights: Tensor, split: Split, active: Tensor | None = None
    ) -> Tensor:
        """The losses as the networks are evaluated, [R, B]; see `NetworkWeights`."""
        self.network.eval()
        try:
            return self.losses(weights, split, active)
        finally:
            self.network.train()


def _placed(problems: Sequence[WeightSharing]) -> list[int | None]:
    """By place the number of the run that has it; None where it is empty."""
    if not problems[0].places:
        return list(range(len(problems)))
    placed: list[int | None] = [None] * problems[0].places
    for run, problem in enumerate(problems):
        if placed[problem.place] is not None:
            raise HarnessError("Two seeds have the same place of a network of several.")
        placed[problem.place] = run
    return placed


def check_settings(settings: NetworkSettings) -> None:
    """HarnessError where networks that are trained so cannot be trained as one."""
    if settings.precision != "fp32":
        raise HarnessError(
            f"Supernets are trained as one in `fp32` only, not in `{settings.precision}`; search"
            " each run by itself."
        )


def _check_network(problem: WeightSharing) -> None:
    """HarnessError with what stands in the way."""
    if any(isinstance(module, nn.Dropout) for module in problem.supernet.modules()):
        raise HarnessError(
            f"The supernet of `{problem.space.name}` drops out, which no run could draw by itself"
            " in a network of several; search each run by itself."
        )
