"""The images that a trial was planned with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nasbench_harness.images.datasets import open_dataset

if TYPE_CHECKING:
    from nasbench_harness.hardware import Hardware
    from nasbench_harness.images.parts import ImageDataset
    from nasbench_harness.study.spec import TrialSpec


def images_of(spec: TrialSpec, hardware: Hardware, workers: int) -> ImageDataset:
    """As they are now, which its digest may contradict; so many processes decode what is streamed.

    ImageDataError where they are not there.
    """
    return open_dataset(
        spec.images,
        data_dir=hardware.data_dir,
        image_size=spec.image_size,
        image_layout=spec.image_layout,
        limit=spec.image_limit,
        planned=spec.image_digest,
        stream=bool(spec.image_stream),
        workers=workers,
    )
