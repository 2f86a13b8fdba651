"""What searches on supernets take of the memory of the machine that runs them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import torch

from nasbench_harness import registry
from nasbench_harness.contracts import NetworkShape, NetworkSpace
from nasbench_harness.images.feeding import evaluation_batch
from nasbench_harness.images.parts import Images
from nasbench_harness.networks.memory import pass_bytes
from nasbench_harness.problems.supernet.memory import built, unbuilt
from nasbench_harness.problems.supernet.network_settings import NetworkSettings
from nasbench_harness.problems.supernet.opened import images_of
from nasbench_harness.problems.supernet.weight_sharing import EVALUATION_BATCH

if TYPE_CHECKING:
    from nasbench_harness.hardware import Hardware
    from nasbench_harness.images.parts import ImageDataset, ImagePart
    from nasbench_harness.study.spec import TrialSpec

MARGIN = 1.5
"""Of what is counted of a network, for what kernels need and what an allocator rounds up; measured
by `benchmarks/host_memory.py`."""
DECODER_BYTES = 100_000_000
"""A process that decodes pictures."""


def host_bytes(specs: Sequence[TrialSpec], hardware: Hardware) -> int:
    """See `HostMemory`: images, and on a CPU a step of the network and an evaluation.

    All options are taken to be run, at once, with all channels: more than a method takes that draws
    some. Networks are built and counted here, alike ones once.
    """
    alike = {_facts(spec): spec for spec in specs}
    sizes = _Networks()
    return max(_of_one(spec, hardware, sizes) for spec in alike.values())


def _facts(spec: TrialSpec) -> tuple[str, str, int, str]:
    """What the memory depends on."""
    return spec.space, spec.image_digest, spec.places, json.dumps(spec.network, sort_keys=True)


def _of_one(spec: TrialSpec, hardware: Hardware, sizes: _Networks) -> int:
    dataset = images_of(spec, hardware, workers=0)
    seeds = max(1, spec.places)
    # Read, and chosen from for each seed anew.
    taken = _held(dataset) * (1 + seeds)
    on_host = hardware.device == "cpu"
    if dataset.streamed:
        taken += DECODER_BYTES * hardware.decoders(torch.device("cpu" if on_host else "cuda"))
    if on_host:
        settings = NetworkSettings.build("network", spec.network)
        taken += round(MARGIN * seeds * sizes.bytes_of(spec.space, settings, dataset))
    return taken


def _held(dataset: ImageDataset) -> int:
    """Pixels and labels that are in memory."""
    parts = (dataset.train, dataset.valid, dataset.test)
    return sum(_part_bytes(part) for part in parts if part is not None)


def _part_bytes(part: ImagePart) -> int:
    return part.pixels.nbytes + part.labels.nbytes if isinstance(part, Images) else 0


class _Networks:
    """Networks that were counted."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], int] = {}

    def bytes_of(self, space: str, settings: NetworkSettings, dataset: ImageDataset) -> int:
        """Of a step, and of an evaluation, which allocators keep apart."""
        shape = settings.shape(dataset)
        evaluated = evaluation_batch(dataset.train, EVALUATION_BATCH, settings.batch_size)
        evaluated = min(evaluated, len(dataset.train))
        key = (
            space, shape, settings.batch_size, settings.track_running_stats, evaluated,
            settings.optimizer, settings.momentum > 0,
        )  # fmt: skip
        if key not in self._known:
            self._known[key] = _counted(space, settings, shape, evaluated)
        return self._known[key]


def _counted(space: str, settings: NetworkSettings, shape: NetworkShape, evaluated: int) -> int:
    opened = registry.open_space(space)
    network = unbuilt(
        cast("NetworkSpace", opened), shape, track_running_stats=settings.track_running_stats
    )
    every = opened.mask
    weights = every / every.sum(dim=-1, keepdim=True)
    step = built(network, settings, shape)(every)
    return step + pass_bytes(network, shape, weights, evaluated)
