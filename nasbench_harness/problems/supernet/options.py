"""What only a search on images can be asked."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, WithJsonSchema

from nasbench_harness.problems.supernet.network_settings import NetworkSettings
from nasbench_harness.settings import Holds, Settings, option

AUTO = "auto"
ALPHA_RATE, PUBLISHED, SCALED = "alpha_rate", "published", "scaled"
"""The option and its values: what becomes of the architecture's learning rate where a search has
fewer epochs than its recipe."""


def _layout(value: Any) -> Any:
    return None if value == AUTO else value


class SupernetOptions(Settings):
    """Keys of a study file and options of the command line."""

    epochs: int | None = option(None, "Passes over the training half.", told="the recipe's", ge=1)
    limit: int | None = option(None, "Use so many of the training images.", told="all", ge=1)
    image_size: int | None = option(
        None,
        "Side the images of a folder are resized or cropped to, pixels.",
        told="theirs; streamed 224",
        ge=1,
        le=1024,
    )
    image_layout: Annotated[
        Literal["parts", "classes"] | None,
        BeforeValidator(_layout),
        WithJsonSchema({"enum": ["parts", "classes", AUTO]}),
    ] = option(
        None,
        "Folders of folder:PATH: parts (train, test, ...), classes, or auto.",
        told=AUTO,
        values="layouts",
    )
    stream: bool | None = option(
        None,
        "Decode the images of a folder as they are needed, not all of them once.",
        told="if --image-size takes more than 16 GB",
    )
    alpha_rate: Literal["published", "scaled"] = option(
        PUBLISHED,
        "Learning rate of the architecture: published, or scaled to a shorter search (times"
        " the recipe's epochs / epochs).",
        told=PUBLISHED,
    )
    cohort: int | None = option(
        None,
        "Train so many seeds of a method as one wide network; they are another study than seeds"
        " alone.",
        told="each alone",
        ge=2,
        le=64,
    )
    network: Annotated[dict[str, Any], Holds(NetworkSettings)] = option(
        {}, "What is changed of every recipe's supernet and its training."
    )
