"""Settings of parts that methods of the DARTS family are composed of, and what these parts need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, PositiveInt, field_validator, model_validator

from nasbench_harness.contracts import (
    Column,
    EdgeWeights,
    NetworkWeights,
    PartialChannels,
    SearchSpace,
    SkipRates,
)
from nasbench_harness.methods.setups.columns import EARLY_STOP, VALID_LOSS
from nasbench_harness.methods.setups.skips import counted_skips
from nasbench_harness.methods.setups.stages import StagedSettings
from nasbench_harness.settings import setting

Rate = Annotated[float, Field(ge=0, lt=1)]


class ComposedSettings(StagedSettings):
    """Stages and partial channels, edges weighed against each other, perturbed weights, skips."""

    edge_normalisation: bool = setting(
        False,
        "edges that enter a node are weighed against each other by parameters of their own"
        " (PC-DARTS)",
        tag="D",
        later=True,
    )
    perturbation: Literal["none", "random", "adversarial"] = setting(
        "none",
        "what is added to the mixing weights where the network weights are trained (SDARTS)",
        tag="D",
        later=True,
    )
    perturbation_start: float = setting(
        0.03, "largest change of a weight in the first epoch", tag="C", ge=0, le=1, later=True
    )
    perturbation_end: float = setting(
        0.3, "what it grows to along a line", tag="C", ge=0, le=1, later=True
    )
    perturbation_steps: PositiveInt = setting(
        7, "steps of the adversary, each of 2/steps of the largest change", tag="C", later=True
    )
    skip_dropout: list[Rate] = setting(
        [],
        "share of what skips pass on that is dropped out in the network, at the start of every"
        " stage: one number, or one per stage, as [0.1,0.4,0.7] (P-DARTS); [] drops nothing",
        role="stages",
        tag="D",
        later=True,
    )
    skip_dropout_decay: float = setting(
        0.2,
        "it falls by exp(-decay) an epoch where alpha is trained, and along a line in a warm-up",
        tag="C",
        ge=0,
        later=True,
    )
    kept_skips: int | None = setting(
        None,
        "skips that the answer keeps at most: the one with the smallest preference gives way until"
        " there are no more (P-DARTS, which keeps 2); null: as many as are derived",
        tag="D",
        ge=0,
        later=True,
    )
    stop_above_skips: int | None = setting(
        None,
        "end the search, alpha and network weights, before an epoch at whose start more skips are"
        " derived than this; null: never",
        tag="D",
        ge=0,
        later=True,
    )
    skip_cells: Literal["first", "all"] = setting(
        "first",
        "whose skips these two count: of the first type of cell, such as the normal one, or of all",
        tag="C",
        later=True,
    )

    @field_validator("skip_dropout", mode="before")
    @classmethod
    def _one_rate_is_a_list(cls, value: Any) -> Any:
        return [value] if isinstance(value, int | float) else value

    @model_validator(mode="after")
    def _rates_agree(self) -> Self:
        if len(self.skip_dropout) not in (0, 1, self.stages):
            raise ValueError(
                "skip_dropout must have one number, or one per stage of partial_channels or"
                " kept_options"
            )
        return self

    def check_space(self, space: SearchSpace) -> None:
        """HarnessError as well where there are no skips to count."""
        super().check_space(space)
        if self.counts_skips:
            counted_skips(space, every_cell=self.skip_cells == "all")

    @property
    def counts_skips(self) -> bool:
        """Does something depend on how many skips are derived."""
        return self.kept_skips is not None or self.stop_above_skips is not None


class RelaxedSettings(ComposedSettings):
    """DARTS' own values of the first order."""

    weight_decay: float = setting(
        1e-3, "L2 pull on the architecture parameters, added to their gradient", tag="C", ge=0
    )
    arch_before_weight: bool = setting(
        True, "update alpha before the network weights within a step", tag="C"
    )


def needed_by(settings: ComposedSettings) -> Sequence[type]:
    """The optional capabilities that a problem must have for these parts."""
    parts = (
        (PartialChannels, settings.has_partial_channels),
        (EdgeWeights, settings.edge_normalisation),
        (NetworkWeights, settings.perturbation != "none"),
        (SkipRates, bool(settings.skip_dropout)),
    )
    return tuple(capability for capability, wanted in parts if wanted)


class ComposedSetup:
    """What can be read of such a method without torch."""

    columns: ClassVar[Sequence[Column]] = (VALID_LOSS, EARLY_STOP)
    queries = False
    batched: ClassVar[bool] = True
    version = "1"
    always_needs: ClassVar[Sequence[type]] = ()
    """Capabilities beside those of the parts that are chosen."""

    @classmethod
    def requires(cls, settings: ComposedSettings) -> Sequence[type]:
        """What the method needs, and the parts that are chosen."""
        return tuple(dict.fromkeys((*cls.always_needs, *needed_by(settings))))

    @classmethod
    def runs_all(cls, settings: ComposedSettings) -> bool:
        """Where no option is left out, from the start or later; see `WholeMixture`."""
        return not settings.excluded and not settings.kept_options

    @classmethod
    def channel_parts(cls, settings: ComposedSettings) -> Sequence[int]:
        """One for each stage, or one for all."""
        return settings.partial_channels
