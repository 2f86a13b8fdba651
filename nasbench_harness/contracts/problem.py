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
class FittedGradient(Protocol):
    """Capability of a problem: a training step tells what the weights would have to do as well."""

    def fit_gradient(
        self, weights: torch.Tensor, active: torch.Tensor | None = None
    ) -> tuple[Log, torch.Tensor]:
        """`fit`, and the gradient in `weights`, in their shape, of the mean loss it descended.

        Both come from one pass. It is the gradient before the step, and nothing of it is clipped.
        Where no network weights are trained, it is that of the training losses.
        """


@runtime_checkable
class ChosenLosses(Protocol):
    """Capability of a problem: options that are not run have a gradient all the same.

    Their weights are then added to the maps, as plain numbers.
    """

    def chosen_losses(
        self, weights: torch.Tensor, split: Split, active: torch.Tensor
    ) -> torch.Tensor:
        """`losses`, but for what is not `active`: its weight is added to its decision's map.

        So a weight of 0 changes no loss, and has the gradient of the map's sum. `weights` are
        [D, K]. HarnessError where the network has no maps that numbers can be added to.
        """


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
class NetworkWeights(Protocol):
    """Capability of a problem: `fit` trains network weights, which can be asked as they are."""

    def evaluated_losses(
        self, weights: torch.Tensor, split: Split, active: torch.Tensor | None = None
    ) -> torch.Tensor:
        """As `losses`, of the network as it is evaluated: nothing is dropped out, nothing kept.

        Batch norms use their running statistics where they have any.
        """


@runtime_checkable
class TunedTraining(Protocol):
    """Capability of a problem: the training of its network weights can end in a tuning."""

    def use_tuning(self, epoch: int, share: float, *, decays: bool) -> None:
        """Before the first step: from `epoch` on a fresh optimiser trains the network weights.

        It begins with `share` of the first learning rate, which stays, or where it `decays` falls
        along a cosine to the last one. What schedule there is before it ends where it begins.
        `epoch` is one of the search, and not its first.
        """


@runtime_checkable
class FreshWeights(Protocol):
    """Capability of a problem: its network weights can be drawn anew."""

    def renew_weights(self) -> None:
        """From now on the network has weights as at the start of a search, of another draw.

        Every call draws others, the same in every search of the seed. The optimiser stays.
        """


@runtime_checkable
class EdgeWeights(Protocol):
    """Capability of a problem: its edges can be weighed against each other, beside their options.

    The rows of such weights do not sum to 1 each, but together over the edges that enter a node.
    """

    def use_edge_weights(self) -> None:
        """From now on all that an edge brings weighs what its row sums to (PC-DARTS).

        Also the channels that bypass its operations, which weigh 1 without it. HarnessError where
        the network has no nodes that several edges enter.
        """


@runtime_checkable
class StandAloneAccuracy(Protocol):
    """Capability of a problem: the accuracy of single architectures, each trained on its own."""

    def query(self, arch: Architecture) -> float:
        """Accuracy, percent, or another number of which more is better; counts as one query."""


@runtime_checkable
class ProxyScores(Protocol):
    """Capability of a problem: zero-cost proxies of its untrained networks; see `Proxy`."""

    def proxy(self, candidate: torch.Tensor | Architecture, name: str) -> float:
        """On this step's training batch, of an architecture alone or of a mixture [D, K].

        An architecture's network has fresh weights, the same at every step; a mixture is scored
        as the supernet is, options of weight 0 left out. More is better; not a finite number where
        the proxy has none. UnknownNameError for a proxy that is not installed.
        """


@runtime_checkable
class EvaluatedProxies(Protocol):
    """Capability of a problem: proxies of its untrained networks as these are evaluated."""

    def evaluated_proxy(self, candidate: torch.Tensor | Architecture, name: str) -> float:
        """As `ProxyScores.proxy`, with batch norms that use their running statistics.

        Of a mixture [D, K] every option is run, also where it weighs 0: a proxy that counts what it
        sees, such as ReLUs, sees as many whatever is taken out.
        """


@runtime_checkable
class StepMemory(Protocol):
    """Capability of a problem: what a search step takes of the memory is known before it is run."""

    def step_bytes(self, active: torch.Tensor) -> int:
        """Bytes of a step in which these options, host-side bool [D, K], are run and no other.

        All that has to be there at once: parameters and buffers of the whole supernet, the state of
        its optimiser, the batch, and of what is run the gradients and whatever the way back keeps.
        """


@runtime_checkable
class SynapticFlow(Protocol):
    """Capability of a problem: what flows through its untrained supernet; no data are read.

    Every parameter and buffer is replaced by its absolute value, the input is one image of ones,
    and R is the sum of all logits.
    """

    def flow(
        self, weights: torch.Tensor, active: torch.Tensor | None = None, *, norms: bool
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """R [] and its gradient [D, K] in the weights, in float64, of any precision of `weights`.

        With `norms` batch norms normalise, by this image alone; without they pass their input on.
        """
