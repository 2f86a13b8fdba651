"""Scores of untrained stand-alone networks on one batch of images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nasbench_harness.contracts import Architecture, NetworkShape, NetworkSpace, Proxy
from nasbench_harness.errors import HarnessError
from nasbench_harness.images.augment import Augment
from nasbench_harness.images.feeding import measured
from nasbench_harness.images.parts import ImageDataset
from nasbench_harness.networks.untrained import fresh_network, proxy_score
from nasbench_harness.seeding import stream_seed


@dataclass(frozen=True)
class Scoring:
    """What networks are scored by, and on what."""

    proxies: Sequence[Proxy]
    shape: NetworkShape
    batch: tuple[Tensor, Tensor]
    """Images and labels, on the device of the networks."""
    seed: int
    """Of weights, and of what a proxy draws; every architecture begins with it."""

    def of(self, space: NetworkSpace, arch: Architecture) -> dict[str, float]:
        """By proxy; not a finite number where one has none. HarnessError where it cannot be."""
        weights, drawn = (stream_seed(self.seed, what) for what in ("network", "proxy"))
        network = fresh_network(space, arch, self.shape, weights).to(self.batch[0].device)
        return {
            proxy.name: proxy_score(proxy, network, self.batch, drawn) for proxy in self.proxies
        }


def sized_for(
    space: NetworkSpace, dataset: ImageDataset, width: int | None, cells: int | None
) -> NetworkShape:
    """Networks for these images, as large as the space evaluates them where nobody says."""
    size = space.shapes.evaluation
    return NetworkShape(
        classes=len(dataset.classes),
        width=width or size.width,
        cells=cells or size.cells,
        in_channels=dataset.train.channels,
        image_size=dataset.train.size,
    )


def random_batch(
    dataset: ImageDataset, size: int, seed: int, device: torch.device
) -> tuple[Tensor, Tensor]:
    """So many different training images, normalised and not augmented, and their labels.

    HarnessError where there are not so many, or less than two, which tell nothing apart.
    """
    count = len(dataset.train)
    if not 2 <= size <= count:
        raise HarnessError(
            f"A batch of {size} cannot be taken from {count:,} training images of"
            f" `{dataset.name}`; choose --batch-size from 2 to {count}."
        )
    generator = torch.Generator().manual_seed(stream_seed(seed, "batch"))
    chosen = dataset.train.select(torch.randperm(count, generator=generator)[:size])
    augment = Augment(dataset, device=device, channels_last=False)
    return next(measured(chosen.to(device), augment, size))


def score_architectures(
    scoring: Scoring,
    space: NetworkSpace,
    archs: Sequence[Architecture],
    told: Callable[[int, int], None] = lambda done, of: None,
) -> list[dict[str, float]]:
    """A score by proxy for each; `told` hears of every architecture."""
    scores = []
    for done, arch in enumerate(archs, start=1):
        scores.append(scoring.of(space, arch))
        told(done, len(archs))
    return scores
