"""What a searcher optimises: an exact table, or a supernet trained on images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from nasbench_harness.contracts.cost import Cost
from nasbench_harness.contracts.space import Architecture, SearchSpace

if TYPE_CHECKING:
    import torch

Split = Literal["train", "valid"]
Log = dict[str, "float | torch.Tensor"]
"""What a step is worth logging: numbers, or detached 0-d tensors that are only read when recorded,
so that logging never makes a device wait."""


@dataclass(frozen=True)
class Progress:
    """Where a search stands. Epochs carry the schedules; a landscape maps its steps to them."""

    step: int
    """Steps begun before this one: 0 in the first."""
    steps: int
    epoch: int
    epochs: int

    @property
    def fraction(self) -> float:
        """Share of the steps that lies behind, 0 to below 1."""
        return self.step / self.steps


class Problem(Protocol):
    """What a searcher optimises: an exact table, or a supernet trained on images.

    `weights` are float [D, K] or [B, D, K] (one architecture sample per example) and need not lie
    on the simplex. `active`, a host-side bool [D, K], names the choices that must be computed at
    all; None means all. The others count as of weight 0 and get no gradient, whatever the kind.
    """

    @property
    def space(self) -> SearchSpace:
        """What is searched."""

    @property
    def device(self) -> torch.device:
        """Where weights live."""

    @property
    def dtype(self) -> torch.dtype:
        """Precision of weights."""

    @property
    def batch_size(self) -> int:
        """B, the examples of a batch."""

    @property
    def progress(self) -> Progress:
        """The step that `advance` began last."""

    def advance(self) -> None:
        """Begin the next step: draw its batches (and its noise) and hold them fixed."""

    def losses(
        self, weights: torch.Tensor, split: Split, active: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Per-example losses [B] on this step's batch, differentiable in `weights`."""

    def fit(self, weights: torch.Tensor, active: torch.Tensor | None = None) -> Log:
        """One update of the shared network weights on the train batch; {} where there are none."""

    def score(self, candidate: torch.Tensor | Architecture) -> float:
        """Accuracy, percent, over the search-validation data: of a mixture or an architecture.

        On a table whatever is searched, in its own unit; more is better.
        """

    @property
    def costs(self) -> Mapping[str, Cost]:
        """The costs that `cost` tells, by name."""

    def cost(self, arch: Architecture, what: str) -> float:
        """Cost of the stand-alone network on this problem's dataset, in the cost's `unit`."""

    def observe(self, weights: torch.Tensor, arch: Architecture) -> dict[str, float]:
        """Facts about a mixture [D, K] for the history, such as its expected accuracy.

        `arch` is the answer if the search stopped now, which need not be what the space derives
        from the mixture.

        It leaves no trace: a search that is observed goes on as one that is not.
        """

    def check(self) -> None:
        """HarnessError if the search has gone wrong, with the step; called where it is recorded."""

    def conclude(self, arch: Architecture) -> dict[str, float]:
        """Facts about the answer of a finished search, and what the search took, for its result."""

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to go on after this step; `torch.load(weights_only=True)` reads it."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`."""


@runtime_checkable
class UnrolledGradient(Protocol):
    """Capability of a problem: the gradient through one look-ahead step of the network weights."""

    def unrolled_gradient(self, weights: torch.Tensor) -> torch.Tensor:
        """Gradient [D, K] of the validation loss at w' = w - xi dL_train/dw (DARTS, eq. 7-8)."""


@runtime_checkable
class Multilinear(Protocol):
    """Capability of a problem: its losses are multilinear in the rows of the weights.

    The expected loss of independent random rows is then the loss of their means, so that a
    searcher's gradient can be exact (see `GradientEstimator`).
    """

    @property
    def multilinear(self) -> Literal[True]:
        """Nothing but the sign of it."""


@runtime_checkable
class PartialChannels(Protocol):
    """Capability of a problem: only a part of the channels passes through mixed operations."""

    def use_channels(self, factor: int) -> None:
        """Let 1/factor of the channels through from now on.

        A smaller factor than before widens the operations: their weights, and the momentum of
        these, grow by copies of randomly chosen channels (DrNAS, section 3.3). Before the first
        step it only says how the network is built.
        """


@runtime_checkable
class WideningCheck(Protocol):
    """Capability of a problem with `PartialChannels` that cannot widen every network.

    A searcher that will widen asks before its first step.
    """

    def check_widening(self, *factors: int) -> None:
        """HarnessError where the channels of what was built are fixed, or a factor divides not."""


@runtime_checkable
class StandAloneAccuracy(Protocol):
    """Capability of a problem: the accuracy of single architectures, each trained on its own."""

    def query(self, arch: Architecture) -> float:
        """Accuracy, percent, or another number of which more is better; counts as one query."""
