"""The networks of a space: all in one with shared weights, and each on its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from nasbench_harness.contracts.space import Architecture

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class NetworkSize:
    """How wide and how deep a space's network is, where nobody says otherwise."""

    width: int
    """Channels of the first stage."""
    cells: int
    """Cells of a stage; of the whole network in a space without stages."""


@dataclass(frozen=True)
class NetworkSizes:
    """The two sizes of a space that was published: searched small, evaluated large."""

    search: NetworkSize
    """Of the network that is searched."""
    evaluation: NetworkSize
    """Of an answer that is trained on its own."""
    staged: bool = True
    """Are cells counted by stage; else those of the whole network are."""


@dataclass(frozen=True, kw_only=True)
class NetworkShape:
    """How large a space's network is, what it reads and how many classes it tells apart."""

    classes: int
    width: int
    """Channels of the first stage."""
    cells: int
    """Cells of a stage; of the whole network in a space without stages."""
    in_channels: int = 3
    image_size: tuple[int, int] = (32, 32)
    """Height and width of the images, pixels."""


@dataclass(frozen=True)
class Tabled:
    """Which trainings of a recipe a benchmark of the space holds the accuracy of."""

    epochs: tuple[int, ...]
    """Lengths it has, each with a learning rate schedule of its own."""
    images: Mapping[str, int]
    """Training images by data set, as the benchmark calls it; fewer are another training."""


@dataclass(frozen=True)
class TrainingRecipe:
    """A published or own way to train one architecture of a space on its own."""

    text: str
    """Where it is from, and where ours deviates."""
    settings: Mapping[str, Any]
    """Of `training.settings.TrainingSettings`; sizes are the space's where it names none."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """Trained with unless somebody says."""
    tabled: Tabled | None = None
    """None: no benchmark has such trainings."""


@dataclass(frozen=True)
class Grown:
    """A parameter that was replaced by a larger one, and how its companions grow with it."""

    old: torch.nn.Parameter
    new: torch.nn.Parameter
    grow: Callable[[torch.Tensor], torch.Tensor]
    """A tensor of the old shape (a momentum) to the new shape."""


class Supernet(Protocol):
    """All networks of a space in one, with shared weights: a `torch.nn.Module`.

    Images are float [B, channels, H, W]. `weights` and `active` are those of a `Problem`; choices
    that are not active are not computed, whatever their weight. What it draws (dropout) is from
    torch's global generators, which whoever trains it sets to numbers of the run's own.
    """

    def __call__(
        self, images: torch.Tensor, weights: torch.Tensor, active: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Logits [B, classes], differentiable in `weights` and in the network's parameters."""

    def frozen(self) -> AbstractContextManager[None]:
        """Within it a forward pass leaves the network's parameters out of the graph."""


@runtime_checkable
class SupernetCheck(Protocol):
    """Capability of a space: what its supernet cannot be is told before one is built.

    A study that asks for it is then refused, where otherwise each of its trials would fail.
    """

    def check_supernet(self, shape: NetworkShape, *, partial: int = 1) -> None:
        """ValueError where `supernet` of this shape, with 1/partial of the channels, raises one."""


@runtime_checkable
class PlainlyWritten(Protocol):
    """Capability of a space: its supernet also as published codes write it, with nothing shared.

    What the speed of the space's own is told against: `nasharness bench gpu`.
    """

    def plain_supernet(self, shape: NetworkShape) -> torch.nn.Module:
        """A fresh one: images [B, channels, H, W] and weights [D, K] to logits [B, classes]."""


@runtime_checkable
class Widening(Protocol):
    """Capability of a supernet with partial channels: more of them can pass later.

    Without it 1/partial of the channels pass as long as it lives; a search that widens on the way
    is refused.
    """

    def use_channels(self, factor: int, generator: torch.Generator) -> list[Grown]:
        """Widen the mixed operations to 1/factor of the channels; see `PartialChannels`."""


class WideSupernet(Protocol):
    """R supernets of one shape as one wide network: a `torch.nn.Module`; see `GroupingSpace`.

    Every run has its own weights, images and statistics, and the numbers that it has alone but for
    rounding. Parameters are the runs' one after another in their first dimension, in memory that
    the supernets share: these have at every time their own weights and statistics.
    """

    def __call__(
        self, images: torch.Tensor, weights: torch.Tensor, active: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Logits [R, B, classes] of images [R, B, channels, H, W] and weights [R, D, K].

        What is not active, bool [R, D, K] on the host, may be computed, and has no effect on its
        run: neither on its logits nor on a gradient or a statistic. What others have active changes
        no bit of a run.
        """

    def frozen(self) -> AbstractContextManager[None]:
        """As a supernet's."""

    def parts(self) -> Sequence[Sequence[torch.nn.Parameter]]:
        """By parameter those of the R supernets, which lie in its memory."""

    def learners(
        self, weights: torch.Tensor, active: torch.Tensor | None = None
    ) -> Sequence[Sequence[bool]] | None:
        """By parameter, whether each run's part of it would have a gradient by itself, in a pass.

        Where it would have none, an optimiser leaves it alone, momentum and weight decay included;
        here the gradient is 0. None: all have one.
        """

    def clip_gradients(self, norm: float) -> None:
        """Of every run by itself, as `torch.nn.utils.clip_grad_norm_` clips those of one."""


@runtime_checkable
class ShiftedMaps(Protocol):
    """Capability of a supernet: numbers can be added to what its decisions bring."""

    def shifted(self, shifts: torch.Tensor) -> AbstractContextManager[None]:
        """Within it a forward pass adds shifts [D] to the maps that the decisions bring.

        Each to every element of its decision's map, in every cell; differentiable in them. In a
        `WideSupernet` they are [R, D].
        """


@runtime_checkable
class EdgeWeighing(Protocol):
    """Capability of a supernet: its nodes sum edges, which can be weighed against each other."""

    weighs_edges: bool
    """Do channels that bypass an edge's operations weigh what its row sums to; False: 1."""


@runtime_checkable
class TrainingLoss(Protocol):
    """Capability of a stand-alone network: it is trained by a loss of its own.

    Such as with an auxiliary head. Accuracies and the loss of the evaluated images never see it:
    these come from the network's logits.
    """

    def loss(self, images: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """What is descended on a batch, a mean [], and the logits [B, classes] beside it."""


@runtime_checkable
class SupernetLoss(Protocol):
    """The same of a supernet: by this its shared weights are trained, on training images.

    Architecture parameters follow the cross-entropy of the logits all the same.
    """

    def loss(
        self,
        images: torch.Tensor,
        labels: torch.Tensor,
        weights: torch.Tensor,
        active: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """What is descended on a batch, a mean [], and the logits [B, classes] beside it."""


@runtime_checkable
class AuxiliaryHead(Protocol):
    """Capability of a stand-alone network: a second classifier on the way, for its training only.

    It is a `TrainingLoss`, whose loss then counts that of the second classifier as well.
    """

    def add_auxiliary(self, weight: float) -> None:
        """Give it one, of fresh weights from torch's global generator; its loss counts `weight`.

        HarnessError where the network has no place for it.
        """


@runtime_checkable
class DropPath(Protocol):
    """Capability of a stand-alone network, an `EpochAware` one: paths are dropped in its training.

    The probability grows in proportion to the epochs that lie behind.
    """

    drop_path: float
    """The largest probability, 0 as it is made; whoever trains the network says it."""


@runtime_checkable
class SmoothedLoss(Protocol):
    """Capability of a network with a loss of its own: it is of smoothed labels."""

    label_smoothing: float
    """Share of the labels that is spread over all classes, 0 as it is made."""


@runtime_checkable
class EpochAware(Protocol):
    """Capability of a network of either kind: something in it changes with the epoch (drop path).

    It follows from the fraction alone and draws nothing: a training that is gone on with calls
    it again.
    """

    def begin_epoch(self, fraction: float) -> None:
        """An epoch begins; `fraction` of all epochs lie behind, 0 to below 1."""


@runtime_checkable
class NetworkSpace(Protocol):
    """A space whose architectures can be built and trained.

    Its networks may have the capabilities `TrainingLoss`, `SupernetLoss`, `Widening` and
    `EpochAware`.
    """

    @property
    def shapes(self) -> NetworkSizes:
        """How large networks are, where neither recipe nor user says otherwise."""

    @property
    def training_recipes(self) -> Mapping[str, TrainingRecipe]:
        """How single architectures are trained, by name; the first where nobody says another."""

    def supernet(
        self, shape: NetworkShape, *, track_running_stats: bool = True, partial: int = 1
    ) -> torch.nn.Module:
        """A fresh `Supernet`; 1/partial of the channels pass through the mixed operations."""

    def network(self, arch: Architecture, shape: NetworkShape) -> torch.nn.Module:
        """The stand-alone network of one architecture: images [B, ...] to logits."""

    def inherit(self, arch: Architecture, supernet: torch.nn.Module) -> torch.nn.Module:
        """The stand-alone network of `arch` with the weights it has in `supernet`."""


@runtime_checkable
class GroupingSpace(Protocol):
    """Capability of a space with networks: supernets of several runs are trained as one.

    A step of R runs then dispatches hardly more operations than one of a single run. Without it
    `--cohort` is refused.
    """

    def grouped(self, networks: Sequence[torch.nn.Module]) -> torch.nn.Module:
        """A `WideSupernet` of these, all as `supernet` made them; ValueError where it cannot be."""


@dataclass(frozen=True)
class Layer:
    """A part of a network by itself, with what it reads."""

    module: torch.nn.Module
    inputs: tuple[int, int, int]
    """Channels, height and width of the maps that come in."""


@runtime_checkable
class Layerwise(Protocol):
    """Capability of a space with networks: these are chains, with a layer for every decision.

    Every combination of options is an architecture, whose `choices` are the options. What layers
    take can then be measured one by one and added up: `nasharness latency build`.
    """

    def layer(self, decision: int, option: int, shape: NetworkShape) -> Layer:
        """An option of a decision, as it stands in a network of this size; fresh weights."""

    def around(self, shape: NetworkShape) -> Sequence[Layer]:
        """What every network has beside its layers, such as stem and head."""
