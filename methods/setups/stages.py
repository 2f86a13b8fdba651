"""Settings of searches in stages."""

from __future__ import annotations

from typing import Any, Self

from pydantic import PositiveInt, field_validator, model_validator

from nasbench_harness.contracts import SearchSpace
from nasbench_harness.errors import HarnessError
from nasbench_harness.methods.setups.alpha import AlphaSettings
from nasbench_harness.settings import setting


class StagedSettings(AlphaSettings):
    """One stage that drops nothing, unless somebody says more; DrNAS' authors' values."""

    warmup_epochs: int = setting(
        0,
        "epochs at the start of every stage that leave alpha alone",
        unit="epochs",
        role="warmup",
        tag="C",
        ge=0,
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
    def _stages_agree(self) -> Self:
        channels, kept = self.partial_channels, self.kept_options
        if len(channels) not in (1, self.stages) or len(kept) not in (0, self.stages):
            raise ValueError("partial_channels and kept_options must have one number per stage")
        if any(numbers != sorted(numbers, reverse=True) for numbers in (channels, kept)):
            raise ValueError("partial_channels and kept_options cannot grow from stage to stage")
        return self

    def check_space(self, space: SearchSpace) -> None:
        """HarnessError as well where even the last stage keeps more options than there are."""
        super().check_space(space)
        gone = set(self.excluded)
        most = max(len(set(d.options) - gone) for d in self.searched(space))
        if self.kept_options and self.kept_options[-1] > most:
            raise HarnessError(
                f"`kept_options` keeps {self.kept_options[-1]} options of every decision, of which"
                f" `{space.name}` has {most} at most, and so drops none; write fewer, or leave it"
                " out."
            )

    @property
    def stages(self) -> int:
        """How many stages of equal length (1: the search is not progressive)."""
        return max(len(self.partial_channels), len(self.kept_options))

    @property
    def has_partial_channels(self) -> bool:
        """Do only some of the channels pass through the operations, in any stage."""
        return max(self.partial_channels) > 1
