"""How DARTS networks of publications were trained on their own.

Those for CIFAR 600 epochs with cutout and drop path, those for ImageNet 250 with smoothed labels;
all of them with a second classifier and clipped gradients. DARTS-Bench-Suite has neither so many
epochs nor the classifier. Numbers are those of the authors' code.
Our last epoch counts, as in DARTS' and UNAS' code; DrNAS' logs the best of all epochs.
"""

from __future__ import annotations

from collections.abc import Mapping

from nasbench_harness.contracts import TrainingRecipe
from nasbench_harness.spaces.darts.costs import IMAGENET

_SGD = {"momentum": 0.9, "nesterov": False, "clip_norm": 5.0}
_CIFAR = {
    **_SGD, "epochs": 600, "learning_rate": 0.025, "schedule": "cosine", "weight_decay": 3e-4,
    "cutout": 16, "drop_path": 0.2, "auxiliary_weight": 0.4,
}  # fmt: skip
_IMAGENET = {
    **_SGD, "epochs": 250, "weight_decay": 3e-5, "label_smoothing": 0.1, "auxiliary_weight": 0.4,
    "width": IMAGENET.width, "cells": IMAGENET.cells, "color_jitter": [0.4, 0.4, 0.4, 0.2],
}  # fmt: skip
_POOLS = "their poolings are followed by a batch norm without a map, ours by none"
_CROPS = "with random resized crops where images are streamed"

RECIPES: Mapping[str, TrainingRecipe] = {
    "darts_cifar": TrainingRecipe(
        "DARTS authors' code for CIFAR: 20 cells of 36 channels, 600 epochs.",
        {**_CIFAR, "batch_size": 96},
    ),
    "drnas_cifar": TrainingRecipe(
        "DrNAS authors' code for CIFAR. They report the best of all epochs, we the last;"
        f" {_POOLS}.",
        {**_CIFAR, "batch_size": 64, "drop_path": 0.3},
    ),
    "unas_cifar": TrainingRecipe(
        "UNAS authors' code for CIFAR-10; for CIFAR-100 they drop paths up to 0.3.",
        {**_CIFAR, "batch_size": 128, "learning_rate": 0.05, "warmup_epochs": 30},
    ),
    "darts_imagenet": TrainingRecipe(
        f"DARTS authors' code for ImageNet, {_CROPS}.",
        {
            **_IMAGENET, "batch_size": 128, "learning_rate": 0.1, "schedule": "exponential",
            "decay": 0.97,
        },
    ),
    "drnas_imagenet": TrainingRecipe(
        f"DrNAS authors' code for ImageNet, {_CROPS}; the last five epochs fall as the others here,"
        f" and less steeply there; {_POOLS}.",
        {
            **_IMAGENET, "batch_size": 768, "learning_rate": 0.5, "schedule": "linear",
            "warmup_epochs": 5,
        },
    ),
    "unas_imagenet": TrainingRecipe(
        "UNAS authors' code for ImageNet: 8 devices with 128 images each, as one batch, and the"
        f" rate that goes with it; {_CROPS}. 46 channels are those of their cell; of another cell"
        " they take the largest even number with fewer than 600 million multiply-adds.",
        {
            **_IMAGENET, "batch_size": 1024, "learning_rate": 0.8, "schedule": "cosine",
            "warmup_epochs": 5, "width": 46,
        },
    ),
    "darts_bench": TrainingRecipe(
        "DARTS-Bench-Suite authors' code (confopt), the second of its nine settings, on networks as"
        " large as the searched ones; the others are learning_rate 0.025, 0.1 or 0.01 with"
        " weight_decay 1e-4, 3e-4 or 1e-3. They train on the second half of CIFAR-10's training"
        " images and tell the mean and the best of nine test accuracies; choose a setting with"
        " `--split search`, which never looks at the test part.",
        {
            **_SGD, "epochs": 300, "batch_size": 512, "learning_rate": 0.025, "schedule": "cosine",
            "weight_decay": 3e-4, "cutout": 16, "drop_path": 0.3,
        },
    ),
    "quick": TrainingRecipe(
        "Our own: a small network for a few epochs, for CPUs. Without a second classifier, which"
        " would be ten times as large as the network.",
        {
            **_SGD, "epochs": 10, "batch_size": 64, "learning_rate": 0.05, "schedule": "cosine",
            "weight_decay": 3e-4, "width": 8, "cells": 5,
        },
    ),
}  # fmt: skip
