"""Settings and recipes of DrNAS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from pydantic import PositiveInt, field_validator, model_validator

from nasbench_harness.contracts import PartialChannels
from nasbench_harness.fields.recipes import recipe_file
from nasbench_harness.methods.setups.alpha import AlphaSettings
from nasbench_harness.methods.setups.citations import DRNAS_BIBTEX
from nasbench_harness.methods.setups.columns import VALID_LOSS
from nasbench_harness.settings import setting


class DrNASSettings(AlphaSettings):
    """The authors' values for NAS-Bench-201."""

    anchor: Literal["l2", "kl", "none"] = setting(
        "l2",
        "what keeps the concentration near 1: L2 on alpha (authors' default), KL, or nothing",
        tag="C",
    )
    anchor_weight: float = setting(1e-3, "weight of the anchor", tag="C", ge=0)
    weight_decay: float = setting(
        0.0, "further L2 on alpha; the l2 anchor is added to it", tag="C", ge=0
    )
    concentration_floor: float = setting(
        0.0,
        "smallest concentration; above 0 tames very negative alpha (our addition)",
        tag="D",
        ge=0,
    )
    warmup_epochs: int = setting(
        0,
        "epochs at the start of every stage that leave alpha alone",
        unit="epochs",
        role="warmup",
        tag="C",
        ge=0,
    )
    scores: Literal["softmax", "mean"] = setting(
        "softmax",
        "what edges are ranked by: softmax of alpha (authors' code) or Dirichlet mean",
        tag="C",
    )
    partial_channels: list[PositiveInt] = setting(
        [1],
        "1/k of the channels pass through the operations: one k, or one per stage, as [4,2]",
        role="stages",
        tag="C",
        min_length=1,
        later=True,
    )
    kept_options: list[PositiveInt] = setting(
        [],
        "options that every decision keeps, the best by alpha: one number per stage, as [5,3];"
        " [] keeps all",
        role="stages",
        tag="C",
        later=True,
    )

    @field_validator("partial_channels", "kept_options", mode="before")
    @classmethod
    def _one_number_is_a_list(cls, value: Any) -> Any:
        return [value] if isinstance(value, int) else value

    @model_validator(mode="after")
    def _stages_agree(self) -> DrNASSettings:
        channels, kept = self.partial_channels, self.kept_options
        if len(channels) not in (1, self.stages) or len(kept) not in (0, self.stages):
            raise ValueError("partial_channels and kept_options must have one number per stage")
        if any(numbers != sorted(numbers, reverse=True) for numbers in (channels, kept)):
            raise ValueError("partial_channels and kept_options cannot grow from stage to stage")
        return self

    @property
    def stages(self) -> int:
        """How many stages of equal length (1: the search is not progressive)."""
        return max(len(self.partial_channels), len(self.kept_options))


class DrNASSetup:
    """What can be read of the method without torch."""

    Settings = DrNASSettings
    citation = DRNAS_BIBTEX
    columns = (VALID_LOSS,)
    queries = False
    batched: ClassVar[bool] = True
    version = "1"
    recipes = recipe_file("nasbench_harness.methods.recipes", "drnas")

    @classmethod
    def requires(cls, settings: DrNASSettings) -> Sequence[type]:
        """Partial channels need a problem that has channels."""
        return (PartialChannels,) if max(settings.partial_channels) > 1 else ()
