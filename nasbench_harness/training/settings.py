"""How a single architecture is trained; recipes, by name, come from its space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import NonNegativeFloat, field_validator

from nasbench_harness import registry
from nasbench_harness.contracts import NetworkSize, NetworkSpace, TrainingRecipe
from nasbench_harness.errors import HarnessError, UnknownNameError
from nasbench_harness.settings import Settings, setting

MOST_HUE = 0.5
"""A change of hue by so much of the circle reaches all of it."""
FREE = frozenset({"epochs", "precision", "split", "evaluate_every"})
"""What may differ while a training is still the recipe's own."""


class TrainingSettings(Settings):
    """SGD, a rate that steps once an epoch, cross-entropy, random crop and mirror.

    Values are those of the space's recipe where it names them (`TrainingRecipe`); sizes are the
    space's for evaluation. Every image is seen once an epoch, the last batch is smaller; an image
    that is alone in it is left out where the network cannot be trained on one.
    """

    epochs: int = setting(200, "passes over the training images", unit="epochs", ge=1)
    batch_size: int = setting(256, "images of a batch", unit="images", ge=1)
    learning_rate: float = setting(0.1, "step of SGD in the first epoch", gt=0)
    momentum: float = setting(0.9, "momentum of SGD", ge=0, lt=1)
    nesterov: bool = setting(True, "Nesterov's form of the momentum")
    schedule: Literal["cosine", "linear", "exponential"] = setting(
        "cosine",
        "how the learning rate falls: a cosine to 0, a line to 0, or times `decay` every epoch",
        later=True,
    )
    decay: float = setting(
        0.97,
        "what an exponential learning rate is multiplied by every epoch",
        gt=0,
        le=1,
        later=True,
    )
    warmup_epochs: int = setting(
        0,
        "epochs in which the learning rate grows in even steps to its whole; the schedule follows",
        unit="epochs",
        ge=0,
        later=True,
    )
    weight_decay: float = setting(5e-4, "L2 pull on all parameters", ge=0)
    clip_norm: float = setting(
        0.0, "largest norm of the gradient of all parameters; 0 never clips", ge=0, later=True
    )
    label_smoothing: float = setting(
        0.0, "share of a label that is spread over all classes", ge=0, lt=1, later=True
    )
    cutout: int = setting(
        0, "side of the square cut out of training images", unit="pixels", ge=0, later=True
    )
    color_jitter: list[NonNegativeFloat] = setting(
        [],
        "how far brightness, contrast, saturation and hue (0.5 at most) of training images are"
        " changed at random: four numbers, as [0.4,0.4,0.4,0.2]; [] changes nothing",
        later=True,
    )
    drop_path: float = setting(
        0.0,
        "largest probability that a path of the network is dropped, which grows with the epochs",
        ge=0,
        lt=1,
        later=True,
    )
    auxiliary_weight: float = setting(
        0.0, "weight of a second classifier's loss; 0: there is none", ge=0, later=True
    )
    width: int | None = setting(
        None, "channels of the first stage; none: as the space has them", ge=1
    )
    cells: int | None = setting(None, "cells per stage; none: as the space has them", ge=1)
    precision: Literal["fp32", "bf16", "fp16"] = setting(
        "fp32", "arithmetic of the network; its weights are kept in fp32"
    )
    split: Literal["table", "search"] = setting(
        "table",
        "images: `table` trains on all training images and is evaluated on the test part, `search`"
        " trains on the search-training part and is evaluated on the search-validation part"
        " (`cifar10-valid` of the benchmark)",
    )
    evaluate_every: int = setting(
        1, "epochs between two evaluations; the last epoch always has one", unit="epochs", ge=1
    )

    @field_validator("color_jitter")
    @classmethod
    def _four_strengths(cls, value: list[float]) -> list[float]:
        if value and (len(value) != 4 or value[-1] > MOST_HUE):
            raise ValueError(f"four numbers, the last of them {MOST_HUE} at most")
        return value

    def sized(self, size: NetworkSize) -> TrainingSettings:
        """The same with the space's size where nobody said another."""
        sizes = {"width": self.width or size.width, "cells": self.cells or size.cells}
        return self.model_copy(update=sizes)


def network_space(name: str) -> NetworkSpace:
    """The space of that name; HarnessError if it builds no networks."""
    space = registry.open_space(name)
    if not isinstance(space, NetworkSpace):
        raise HarnessError(f"The space `{name}` builds no networks that can be trained.")
    return space


def find_recipe(space: NetworkSpace, name: str | None) -> TrainingRecipe:
    """A recipe of the space by name, the first for None; UnknownNameError if there is none."""
    recipes = space.training_recipes
    wanted = next(iter(recipes), "") if name is None else name
    if wanted not in recipes:
        raise UnknownNameError(f"training recipe of `{_name(space)}`", wanted, recipes)
    return recipes[wanted]


def recipe_settings(
    space: NetworkSpace, recipe: TrainingRecipe, *changes: Mapping[str, Any]
) -> TrainingSettings:
    """The settings of a recipe with `changes`, later ones winning, and a size."""
    built = TrainingSettings.build("train", recipe.settings, *changes)
    return built.sized(space.shapes.evaluation)


def usual_settings(space: str) -> dict[str, Any]:
    """What is trained with where nobody says otherwise; {} where the space is not installed."""
    try:
        opened = network_space(space)
        return recipe_settings(opened, find_recipe(opened, None)).identity()
    except HarnessError:
        return {}


def usual_defaults(usual: Mapping[str, Any]) -> dict[str, Any]:
    """What of a usual training stands for nothing where a training does not name it."""
    fields = TrainingSettings.model_fields
    return {name: fields[name].default for name in usual if fields[name].default is not None}


def is_tabled(space: NetworkSpace, settings: TrainingSettings) -> TrainingRecipe | None:
    """The recipe by which a benchmark has trained with these settings; None if none has."""
    for recipe in space.training_recipes.values():
        if recipe.tabled is None or settings.epochs not in recipe.tabled.epochs:
            continue
        own = recipe_settings(space, recipe).model_dump(exclude=set(FREE))
        if own == settings.sized(space.shapes.evaluation).model_dump(exclude=set(FREE)):
            return recipe
    return None


def _name(space: Any) -> str:
    return str(space.name)
