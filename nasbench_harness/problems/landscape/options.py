"""What only a search on a table can be asked."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from nasbench_harness.settings import Settings, option


class LandscapeOptions(Settings):
    """Keys of a study file and options of the command line."""

    noise: Annotated[float, Field(ge=0)] | Literal["seeds"] = option(
        0.0,
        "Gaussian noise on every evaluation, in points or the metric's own unit, or 'seeds': one of"
        " the training runs behind a mean.",
        told="0",
    )
    search_metric: str | None = option(
        None,
        "What searches look at: 'valid@12', or a column.",
        told="the table's",
        values="search_metrics",
    )
    allow_test_search: bool = option(
        False, "Let a search look at a test metric; the report says so."
    )
