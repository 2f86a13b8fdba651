"""A step on a space's supernet as published codes write it, to tell the harness's own against."""

from __future__ import annotations

import torch
from torch.nn.functional import cross_entropy
from torch.nn.utils import clip_grad_norm_

from nasbench_harness import registry
from nasbench_harness.bench.searches import CLASSES
from nasbench_harness.contracts import NetworkShape, PlainlyWritten
from nasbench_harness.networks.precision import Precision
from nasbench_harness.problems.supernet.weight_sharing import WeightSharing


class PlainStep:
    """A step in the first order: the architecture's gradient, then one of the network's weights.

    As published code has it: every backward pass computes every gradient. One batch, drawn before.
    """

    def __init__(self, network: torch.nn.Module, problem: WeightSharing) -> None:
        """On the batch that the problem drew last, with its settings."""
        self._network, settings = network.to(problem.device), problem.settings
        self._batch = problem.batch("train")
        self._precision = Precision(settings.precision, problem.device)
        shape = problem.space.mask.shape
        self._alpha = torch.zeros(shape, device=problem.device, requires_grad=True)
        self._parameters = list(network.parameters())
        self._adam = torch.optim.Adam([self._alpha], lr=3e-4)
        self._sgd = torch.optim.SGD(
            self._parameters, lr=settings.learning_rate, momentum=settings.momentum,
            weight_decay=settings.weight_decay,
        )  # fmt: skip
        self._clip_norm = settings.clip_norm

    def __call__(self) -> None:
        """One step."""
        self._adam.zero_grad()
        self._loss().backward()  # type: ignore[no-untyped-call]
        self._adam.step()
        self._sgd.zero_grad()
        self._loss().backward()  # type: ignore[no-untyped-call]
        if self._clip_norm:
            clip_grad_norm_(self._parameters, self._clip_norm)
        self._sgd.step()

    def _loss(self) -> torch.Tensor:
        images, labels = self._batch
        with self._precision():
            logits = self._network(images.contiguous(), self._alpha.softmax(dim=-1))
        return cross_entropy(logits.float(), labels)


def plain_step(problem: WeightSharing) -> PlainStep | None:
    """Beside a search on images that were drawn; None where the space has no such supernet."""
    space = registry.open_space(problem.space.name)
    if not isinstance(space, PlainlyWritten):
        return None
    return PlainStep(space.plain_supernet(_shape(problem)), problem)


def _shape(problem: WeightSharing) -> NetworkShape:
    """Of its supernet."""
    images, (width, cells) = problem.held_out, (problem.settings.width, problem.settings.cells)
    assert width is not None
    assert cells is not None
    return NetworkShape(
        classes=CLASSES, width=width, cells=cells, in_channels=images.channels,
        image_size=images.size,
    )  # fmt: skip
