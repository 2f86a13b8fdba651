"""The seven tasks of TransNAS-Bench-101: the benchmark's data sets.

Each is a task on indoor images of Taskonomy; a cell's network was trained on all of them. Input
sizes, classes and epochs are those of the benchmark's models and of its authors' configurations.
"""

from __future__ import annotations

from dataclasses import dataclass

from nasbench_harness.errors import UnknownNameError


@dataclass(frozen=True)
class Task:
    """A task, and the number by which the benchmark tells how well a network does it."""

    name: str
    what: str
    quantity: str
    unit: str
    epochs: int
    decoder: int
    """Parameters of what follows the cells."""
    decoder_flops: int
    """What that counts in a forward pass, with all that is the same for every cell."""
    image_size: int
    """Height and width of what the cells' network reads: images, or tiles of a puzzle."""


CLASS_OBJECT = "class_object"
"""The task where nothing is said."""
TASKS = {
    task.name: task
    for task in (
        Task(CLASS_OBJECT, "object classification, 100 classes", "top-1 accuracy", "%", 25,
             512 * 100 + 100, 92_672, 256),
        Task("class_scene", "scene classification, 63 classes", "top-1 accuracy", "%", 25,
             512 * 63 + 63, 73_728, 256),
        Task("room_layout", "regression of a room's layout, 9 numbers", "negative L2 loss", "", 25,
             512 * 9 + 9, 46_080, 256),
        Task("jigsaw", "which of 1,000 orders 9 tiles are in", "top-1 accuracy", "%", 10,
             9 * 512 * 1000 + 1000, 4_649_472, 64),
        Task("segmentsemantic", "semantic segmentation, 17 classes", "pixel accuracy", "%", 30,
             11_024_177, 935_591_936, 256),
        Task("normal", "surface normals", "SSIM", "", 30, 22_871_859, 1_622_474_752, 256),
        Task("autoencoder", "the image itself again", "SSIM", "", 30, 22_871_859, 1_622_474_752,
             256),
    )
}  # fmt: skip


def task_named(name: str) -> Task:
    """A task; class_object for an empty name. UnknownNameError for one that does not exist."""
    wanted = name or CLASS_OBJECT
    if wanted not in TASKS:
        raise UnknownNameError("task of transnas101", wanted, TASKS)
    return TASKS[wanted]
