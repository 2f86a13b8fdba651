"""How a weight-sharing search builds and trains its supernet: one validated class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from pydantic import model_validator

from nasbench_harness.contracts import NetworkShape, NetworkSize
from nasbench_harness.settings import Settings, setting

if TYPE_CHECKING:
    from nasbench_harness.images.parts import ImageDataset


class NetworkSettings(Settings):
    """What a recipe's `network` may say; the defaults are DrNAS's, the sizes the space's."""

    width: int | None = setting(
        None,
        "channels of the first stage; none: as the space has them for a search",
        ge=1,
        shortcut={
            "text": "Channels of the supernet's first stage.",
            "told": "the recipe's or space's",
        },
    )
    cells: int | None = setting(
        None,
        "cells per stage; none: as the space has them for a search",
        ge=1,
        shortcut={"text": "Cells per stage of the supernet.", "told": "the recipe's or space's"},
    )
    batch_size: int = setting(64, "images of a batch, of either half", unit="images", ge=1)
    optimizer: Literal["sgd", "adam"] = setting("sgd", "optimiser of the network weights")
    learning_rate: float = setting(0.025, "its step at the start", gt=0)
    learning_rate_min: float = setting(0.001, "its step at the end of a cosine over epochs", ge=0)
    learning_rate_warmup: int = setting(
        0,
        "epochs at the start in which it grows in even steps to its whole; the cosine counts them",
        unit="epochs",
        ge=0,
        later=True,
    )
    constant_epochs: int = setting(
        0,
        "epochs at the first learning rate; the cosine, of several the first, runs over those that"
        " are left",
        unit="epochs",
        ge=0,
        later=True,
    )
    cycles: int = setting(
        1,
        "whole cosines that follow each other, each with a fresh optimiser, such as one for every"
        " stage of a progressive search (ours)",
        ge=1,
        later=True,
    )
    restart_when_widened: bool = setting(
        False,
        "begin again with the first learning rate when more channels pass through the operations;"
        " the cosine goes on from there in proportion and the momenta stay, as in authors' code",
        later=True,
    )
    momentum: float = setting(0.9, "momentum of SGD", ge=0, lt=1)
    nesterov: bool = setting(False, "Nesterov's form of the momentum")
    weight_decay: float = setting(3e-4, "L2 pull on the network weights", ge=0)
    clip_norm: float = setting(
        5.0,
        "largest norm of the gradient of all network weights, without that of the architecture"
        " parameters, which some authors' codes count in, so that their"
        " steps are shorter where it clips; 0 never clips",
        ge=0,
    )
    reset_optimizer_epoch: int = setting(
        0, "begin with a fresh optimiser at this epoch; 0: never", unit="epochs", ge=0
    )
    split: Literal["published", "halves", "per_class"] = setting(
        "published", "which images train the weights and which the architecture"
    )
    train_share: float = setting(0.5, "share of the images that train the weights", gt=0, lt=1)
    valid_share: float | None = setting(
        None,
        "share of each class that trains the architecture, of the split per_class; none: what is"
        " left of it",
        gt=0,
        lt=1,
        later=True,
    )
    cutout: int = setting(0, "side of the square cut out of training images", unit="pixels", ge=0)
    augmentation: Literal["random", "none"] = setting(
        "random",
        "how images of both halves are fed: cropped and mirrored at random, or none of it, as for"
        " tests (streamed ones cut from the centre)",
        later=True,
    )
    track_running_stats: bool = setting(
        True, "keep running statistics in the batch norms of the cells"
    )
    evaluation: Literal["batch", "running"] = setting(
        "batch",
        "statistics of the batch norms when one-shot accuracy is measured: of the evaluated batch"
        " (our choice: a derived cell does not see the mixture's activations), or the running ones",
    )
    evaluated_images: int = setting(
        1000, "search-validation images behind each recorded accuracy", unit="images", ge=1
    )
    precision: Literal["fp32", "bf16", "fp16"] = setting(
        "fp32",
        "arithmetic of the network; its weights are kept in fp32",
        shortcut={"text": "Arithmetic of the supernet: fp32, bf16 or fp16.", "told": "fp32"},
    )

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.cutout and self.augmentation == "none":
            raise ValueError(
                "images that are not augmented have no square cut out: set cutout to 0"
            )
        return self

    def shape(self, images: ImageDataset) -> NetworkShape:
        """Of networks of this size for these images; ValueError where no size is said."""
        if self.width is None or self.cells is None:
            raise ValueError("the settings say no size")
        return NetworkShape(
            classes=len(images.classes),
            width=self.width,
            cells=self.cells,
            in_channels=images.train.channels,
            image_size=images.train.size,
        )

    def sized(self, size: NetworkSize) -> Self:
        """The same with the space's size where nobody said another."""
        sizes = {"width": self.width or size.width, "cells": self.cells or size.cells}
        return self.model_copy(update=sizes)
