"""Batches on a pretended accelerator: nothing of them makes the host wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nasbench_harness.images.augment import Augment
from nasbench_harness.images.datasets import open_dataset
from nasbench_harness.images.feeding import feed
from tests.pretended import Pretending

MakeFolder = Callable[..., Path]
COLOURS = (0.4, 0.4, 0.4, 0.2)


@pytest.fixture
def pretending() -> Iterator[Pretending]:
    with Pretending() as mode:
        yield mode


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("colours", [(), COLOURS], ids=["plain", "coloured"])
def test_a_batch_waits_for_nothing(
    stream: bool, colours: tuple[float, ...], make_folder: MakeFolder, pretending: Pretending
) -> None:
    folder: Path = make_folder({"": {"a": 25, "b": 20}}, size=(12, 10))
    dataset = open_dataset(f"folder:{folder}", image_size=8, stream=stream, workers=0)
    augment = Augment(dataset, device=pretending.device, cutout=2, color_jitter=colours)
    batches = feed(dataset.train.to(pretending.device), 10, seed=1, augment=augment)
    pretending.waits.clear()
    for _ in range(2 * len(batches)):  # an order of the next epoch too
        images, labels = batches.next()
    assert images.device == labels.device == pretending.device
    assert not pretending.waits
