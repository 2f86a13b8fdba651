"""The searches that are measured: a method's recipe, on images of CIFAR-10's size.

They are noise, which takes as long; for whole searches CIFAR-10 itself where it is installed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import cast

import torch

from nasbench_harness import registry
from nasbench_harness.bench.asked import EAGER, FULL, HALF, REDUCED, BenchRequest
from nasbench_harness.bench.refusal import NotMeasurableError
from nasbench_harness.errors import HarnessError
from nasbench_harness.hardware import Hardware
from nasbench_harness.images.datasets import dataset_names, open_dataset, to_fetch
from nasbench_harness.images.parts import ImageDataset, Images
from nasbench_harness.images.splits import search_split
from nasbench_harness.jobs.run import Run
from nasbench_harness.jobs.search import SearchJob
from nasbench_harness.problems.supernet import KIND
from nasbench_harness.problems.supernet.network_settings import NetworkSettings
from nasbench_harness.problems.supernet.weight_sharing import WeightSharing
from nasbench_harness.seeding import stream_seed
from nasbench_harness.settings import named
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan
from nasbench_harness.study.spec import TrialSpec

REAL, PLANNED_ON = "cifar10", "digits"
"""The images of published searches, and those that are always there, which plans are made on."""
NOISE = "noise"
CLASSES = 10
WHOLE, SOME, SMALL = "whole", "some", "small"
"""All images, where searches are measured on half of them; as many as single steps need, which are
opened sooner and take as long; small ones, for checks."""
NOISE_OF = {WHOLE: (50_000, 3, 32), SOME: (10_000, 3, 32), SMALL: (200, 1, 8)}
"""Images, channels and pixels a side."""
TINY_NETWORK = {"width": 4, "cells": 1, "batch_size": 8, "evaluated_images": 32}
SMALL_NETWORK = {"width": 8, "cells": 1, "batch_size": 16, "evaluated_images": 32}
"""Of checks, which compare numbers and not speeds."""


@cache
def images(much: str) -> ImageDataset:
    """What is searched on: of `WHOLE` CIFAR-10 where it is installed, else noise."""
    if much == WHOLE and REAL in dataset_names() and to_fetch(REAL, None) is None:
        with contextlib.suppress(HarnessError):  # broken files are not what this is about
            return open_dataset(REAL)
    count, channels, side = NOISE_OF[much]
    generator = torch.Generator().manual_seed(0)
    shape = (count, channels, side, side)
    pixels = torch.randint(256, shape, dtype=torch.uint8, generator=generator)
    part = Images(pixels, torch.arange(count) % CLASSES)
    return ImageDataset(
        name=NOISE, train=part, valid=None, test=None, classes=tuple(map(str, range(CLASSES))),
        mean=(0.5,) * channels, std=(0.25,) * channels, padding=side // 8, flip=True,
        digest="", table_dataset=None,
    )  # fmt: skip


def _of_size(asked: BenchRequest, much: str) -> str:
    return SMALL if asked.tiny else much


@cache
def planned(  # noqa: PLR0913 - what is measured, and how
    asked: BenchRequest, method: str, *, warm: bool = False, much: str = SOME,
    arithmetic: str = FULL, cohort: int = 1,
) -> TrialSpec:  # fmt: skip
    """The search of a method by the recipe that is asked for, on `images`.

    `warm` leaves its warm-up out, so that the first step is one of the whole search's. Nothing is
    looked up. `cohort` seeds of it are one network. NotMeasurableError where the method makes no
    such search.
    """
    _refuse_queries(method)
    size = TINY_NETWORK if asked.tiny else SMALL_NETWORK if much == SMALL else {}
    precision = REDUCED if arithmetic == REDUCED else FULL
    given = {
        "methods": method, "search": KIND.name, "space": asked.space, "dataset": PLANNED_ON,
        "table": "none", "seeds": "0,", "random": False, "recipe": asked.recipe,
        "network": {**size, "precision": precision},
        **({"cohort": cohort} if cohort > 1 else {}),
    }  # fmt: skip
    try:
        (spec,) = plan(build_config(None, given, _without_warmup(method) if warm else []))
    except HarnessError as error:
        raise NotMeasurableError(str(error)) from error
    return _on_images(spec, images(_of_size(asked, much)))


def _refuse_queries(method: str) -> None:
    """A method that asks for accuracies steps no supernet."""
    if registry.open_setup(method, "queries").queries:  # type: ignore[attr-defined]
        raise NotMeasurableError(f"`{method}` asks for accuracies and trains no network")


def _without_warmup(method: str) -> list[str]:
    name = named(registry.open_setup(method).Settings, "warmup")
    return [f"{method}.{name}=0"] if name else []


def _on_images(spec: TrialSpec, on: ImageDataset) -> TrialSpec:
    """The same with the epochs that it has on those images."""
    network, part = NetworkSettings.build("network", spec.network), cast("Images", on.train)
    dots = replace(on, train=Images(part.pixels[:, :1, :1, :1], part.labels))  # to copy less
    train, _ = search_split(
        dots, network.split, train_share=network.train_share, valid_share=network.valid_share
    )
    steps = max(1, len(train) // network.batch_size)
    return replace(spec, images=on.name, epoch_steps=steps, steps=spec.epochs * steps)


def opened(
    asked: BenchRequest, spec: TrialSpec, *, compile_mode: str = EAGER, much: str = SOME,
    seed: int = 0,
) -> SearchJob:  # fmt: skip
    """The search at its first step, on the device."""
    spec = replace(spec, seed=seed)
    hardware = Hardware(device=asked.device, threads=asked.threads, compile=compile_mode)  # type: ignore[arg-type]
    device, space = hardware.open(), registry.open_space(spec.space)
    problem = WeightSharing(
        space, images(_of_size(asked, much)), NetworkSettings.build("network", spec.network),
        steps=spec.steps, epochs=spec.epochs, seed=stream_seed(seed, "problem"), device=device,
        compile_mode=compile_mode, places=spec.places, place=spec.place,
    )  # fmt: skip
    method = registry.methods.load(spec.method)
    settings = method.Settings.build(spec.method, spec.settings)
    searcher = method(problem, settings, stream_seed(seed, "searcher"))
    run = Run(spec, space, None, problem, searcher, hardware)
    return SearchJob(run)


def problem_of(job: SearchJob) -> WeightSharing:
    """Of a search that was opened here."""
    return cast("WeightSharing", job.run.problem)


def check_modes(asked: BenchRequest, arithmetic: str, compile_mode: str) -> None:
    """NotMeasurableError where the device has no such arithmetic, or cannot be captured."""
    if torch.device(asked.device).type == "cuda":
        if arithmetic == HALF and torch.cuda.get_device_capability(asked.device)[0] < 8:
            raise NotMeasurableError("TF32 needs a GPU of compute capability 8.0 or more")
        return
    if arithmetic == HALF:
        raise NotMeasurableError("TF32 is arithmetic of CUDA devices")
    if compile_mode != EAGER:
        raise NotMeasurableError("captured and compiled steps are measured on CUDA devices")


@contextlib.contextmanager
def arithmetic_of(name: str) -> Iterator[None]:
    """Within it fp32 convolutions and products are in TF32, or for `fp32` in nothing less.

    As they are without it afterwards. Entered after a search was opened, which sets the same.
    """
    before = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    full = name == FULL
    torch.set_float32_matmul_precision("highest" if full else "high")
    torch.backends.cudnn.allow_tf32 = not full
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before[0])
        torch.backends.cudnn.allow_tf32 = before[1]
