"""Fewer of the training images of a data set, the classes as even as they can be."""

from __future__ import annotations

import random
from collections import defaultdict

from nasbench_harness.images.errors import ImageDataError
from nasbench_harness.images.parts import ImagePart


def limited(
    name: str, images: ImagePart, classes: tuple[str, ...], limit: int, seed: int
) -> ImagePart:
    """`limit` of the images in their order, as many of each class as of any other if there are."""
    chance = random.Random(seed)
    positions = by_class(images, chance)
    turns = [(turn, place) for of_class in positions for turn, place in enumerate(of_class)]
    chance.shuffle(turns)  # so that what does not divide goes to no class in particular
    turns.sort(key=lambda turn: turn[0])
    kept = images.select(sorted(place for _, place in turns[:limit]))
    if len(kept) != limit or int(kept.labels.bincount(minlength=len(classes)).min()) < 2:
        raise ImageDataError(
            f"{limit} training images of `{name}` cannot be kept: there are {len(images)}, and each"
            f" of the {len(classes)} classes needs two; choose a limit from {2 * len(classes)} to"
            f" {len(images)}."
        )
    return kept


def by_class(images: ImagePart, chance: random.Random) -> list[list[int]]:
    """The positions of the images of each class, in random order."""
    positions: dict[int, list[int]] = defaultdict(list)
    for position, label in enumerate(images.labels.tolist()):
        positions[label].append(position)
    for of_class in positions.values():
        chance.shuffle(of_class)
    return [positions[label] for label in sorted(positions)]
