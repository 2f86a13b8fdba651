"""Supernets of searches that differ in their seed only, trained as one wide network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from nasbench_harness.contracts import Log, Progress, Split
from nasbench_harness.errors import HarnessError
from nasbench_harness.problems.supernet.weight_sharing import WeightSharing

Grouping = Callable[[Sequence[Any]], Any]
"""Supernets of one shape to a network of all: images [R, B, C, H, W] and weights [R, D, K] to
logits [R, B, classes]. It has `frozen` as a supernet and `clip_gradients`, and its parameters are
the runs' one after another in their first dimension, in memory that the supernets share."""


class JointSharing:
    """R problems side by side: weights [R, D, K], losses [R, B].

    Each run has its own weights, images and order, and the numbers that it has alone but for
    rounding. What is counted, measured and saved stays with the single problems, whose weights,
    statistics and momenta are parts of the joint ones at every time.
    """

    def __init__(self, problems: Sequence[WeightSharing], group: Grouping) -> None:
        """`problems` stand at the same step; HarnessError where they cannot be trained as one."""
        self.problems = problems
        first = problems[0]
        _check(first)
        self.space, self.device, self.dtype = first.space, first.device, first.dtype
        self.batch_size, self._clip_norm = first.batch_size, first.settings.clip_norm
        self.network = group([problem.supernet for problem in problems])
        self._batch: dict[Split, tuple[Tensor, Tensor]] = {}
        self._join_optimizers()

    def _join_optimizers(self) -> None:
        """One of all, whose momenta the single ones share."""
        self._single = [problem.optimizer for problem in self.problems]
        options = {k: v for k, v in self._single[0].param_groups[0].items() if k != "params"}
        self._optimizer = torch.optim.SGD(self.network.parameters(), **options)
        if not options["momentum"]:
            return
        places = {
            parameter.data_ptr(): optimizer.state[parameter]
            for optimizer in self._single
            for parameter in optimizer.param_groups[0]["params"]
        }
        for parameter in self.network.parameters():
            states = [places[p.data_ptr()] for p in parameter.detach().chunk(len(self.problems))]
            whole = torch.cat([state["momentum_buffer"] for state in states])
            for state, part in zip(states, whole.chunk(len(states)), strict=True):
                state["momentum_buffer"] = part
            self._optimizer.state[parameter]["momentum_buffer"] = whole

    @property
    def progress(self) -> Progress:
        """The step that all of them are in."""
        return self.problems[0].progress

    def advance(self) -> None:
        """Draw every run's batches; learning rates and fresh optimisers are theirs."""
        for problem in self.problems:
            problem.advance()
        if self.problems[0].optimizer is not self._single[0]:
            self._join_optimizers()
        self._optimizer.param_groups[0]["lr"] = self._single[0].param_groups[0]["lr"]
        splits: tuple[Split, ...] = ("train", "valid")
        for split in splits:
            drawn = [problem.batch(split) for problem in self.problems]
            images, labels = zip(*drawn, strict=True)
            self._batch[split] = torch.stack(images), torch.stack(labels)

    def losses(self, weights: Tensor, split: Split, active: Tensor | None = None) -> Tensor:
        """Cross-entropy per run and example, [R, B]; no network's weights get a gradient."""
        with self.network.frozen():
            return self._losses(weights, split, active)[0]

    def _losses(
        self, weights: Tensor, split: Split, active: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """With the logits [R, B, classes]."""
        if active is not None or weights.dim() != 3:
            raise HarnessError(
                "Supernets are trained as one where all operations are mixed, with the same weights"
                " for all examples; search each run by itself."
            )
        images, labels = self._batch[split]
        logits: Tensor = self.network(images, weights)
        losses = cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none")
        return losses.view(labels.shape), logits

    def fit(self, weights: Tensor, active: Tensor | None = None) -> Log:
        """One step of every network along its own loss."""
        self._optimizer.zero_grad()
        losses, logits = self._losses(weights.detach(), "train", active)
        means = losses.mean(dim=-1)
        means.sum().backward()  # type: ignore[no-untyped-call]
        if self._clip_norm:
            self.network.clip_gradients(self._clip_norm)
        self._optimizer.step()
        means = means.detach()
        for problem, loss, own in zip(self.problems, means, logits.detach(), strict=True):
            problem.count(loss, own)
        return {"train_loss": means}


def _check(problem: WeightSharing) -> None:
    """HarnessError with what stands in the way."""
    settings, network = problem.settings, problem.supernet
    if settings.optimizer != "sgd" or settings.precision != "fp32":
        raise HarnessError(
            "Supernets are trained as one by `sgd` in `fp32` only, not by"
            f" `{settings.optimizer}` in `{settings.precision}`; search each run by itself."
        )
    if any(isinstance(module, nn.Dropout) for module in network.modules()):
        raise HarnessError(
            f"The supernet of `{problem.space.name}` drops out, which no run could draw by itself"
            " in a network of several; search each run by itself."
        )
