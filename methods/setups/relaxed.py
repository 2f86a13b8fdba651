"""Settings of parts that methods of the DARTS family are composed of, and what these parts need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import PositiveInt

from nasbench_harness.contracts import Column, EdgeWeights, NetworkWeights, PartialChannels
from nasbench_harness.methods.setups.columns import VALID_LOSS
from nasbench_harness.methods.setups.stages import StagedSettings
from nasbench_harness.settings import setting


class ComposedSettings(StagedSettings):
    """Stages and partial channels, edges weighed against each other, perturbed weights."""

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
    )
    return tuple(capability for capability, wanted in parts if wanted)


class ComposedSetup:
    """What can be read of such a method without torch."""

    columns: ClassVar[Sequence[Column]] = (VALID_LOSS,)
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
    def channel_parts(cls, settings: ComposedSettings) -> Sequence[int]:
        """One for each stage, or one for all."""
        return settings.partial_channels
