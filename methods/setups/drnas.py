"""Settings and recipes of DrNAS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from pydantic import PositiveInt, field_validator, model_validator

from nasbench_harness.contracts import PartialChannels, Recipe
from nasbench_harness.methods.networks import DARTS_FAMILY, QUICK, QUICK_EPOCHS, QUICK_SOURCE
from nasbench_harness.methods.setups.alpha import AlphaSettings
from nasbench_harness.methods.setups.citations import DRNAS_BIBTEX
from nasbench_harness.methods.setups.columns import VALID_LOSS
from nasbench_harness.settings import setting


class DrNASSettings(AlphaSettings):
    """The authors' values for NAS-Bench-201."""

    anchor: Literal["l2", "kl", "none"] = setting(
        "l2", "what keeps the concentration near 1: L2 on alpha (authors' default), KL, or nothing"
    )
    anchor_weight: float = setting(1e-3, "weight of the anchor", ge=0)
    weight_decay: float = setting(0.0, "further L2 on alpha; the l2 anchor is added to it", ge=0)
    concentration_floor: float = setting(
        0.0, "smallest concentration; above 0 tames very negative alpha (our addition)", ge=0
    )
    warmup_epochs: int = setting(
        0, "epochs at the start of every stage that leave alpha alone", unit="epochs", ge=0
    )
    scores: Literal["softmax", "mean"] = setting(
        "softmax", "what edges are ranked by: softmax of alpha (authors' code) or Dirichlet mean"
    )
    partial_channels: list[PositiveInt] = setting(
        [1],
        "1/k of the channels pass through the operations: one k, or one per stage, as [4,2]",
        min_length=1,
        later=True,
    )
    kept_options: list[PositiveInt] = setting(
        [],
        "options that every decision keeps, the best by alpha: one number per stage, as [5,3];"
        " [] keeps all",
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
    recipes = {  # noqa: RUF012 - ClassVar by the contract
        "landscape": Recipe(
            epochs=100,
            steps=2000,
            source="design decision of this project: Adam 0.05, no anchor, 2,000 steps",
            settings={"learning_rate": 0.05, "anchor": "none"},
        ),
        "nb201": Recipe(
            epochs=100,
            source="DrNAS authors' code [C], NAS-Bench-201 without progressive stages; but that"
            " their gradient clip counts alpha in, and ours does not",
            network=DARTS_FAMILY,
        ),
        "nb201_progressive": Recipe(
            epochs=100,
            source="DrNAS authors' code [C], NAS-Bench-201 with progressive stages: the learning"
            " rate of the weights begins again at 0.025 when the channels are widened, and goes on"
            " from there in proportion to one cosine over all epochs; but that their gradient clip"
            " counts alpha in, and ours does not",
            settings={"partial_channels": [4, 2], "kept_options": [5, 3], "warmup_epochs": 10},
            network={**DARTS_FAMILY, "restart_when_widened": True},
        ),
        "quick": Recipe(
            epochs=QUICK_EPOCHS,
            source=QUICK_SOURCE,
            settings={"learning_rate": 0.01},
            network=QUICK,
        ),
    }  # fmt: skip

    @classmethod
    def requires(cls, settings: DrNASSettings) -> Sequence[type]:
        """Partial channels need a problem that has channels."""
        return (PartialChannels,) if max(settings.partial_channels) > 1 else ()
