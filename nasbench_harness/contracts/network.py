"""The networks of a space: all in one with shared weights, and each on its own."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from nasbench_harness.contracts.space import Architecture

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class NetworkShape:
    """How large a space's network is, what it reads and how many classes it tells apart."""

    classes: int
    in_channels: int = 3
    width: int = 16
    """Channels of the first stage."""
    cells: int = 5
    """Cells per stage."""


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
    that are not active are not computed, whatever their weight.
    """

    def __call__(
        self, images: torch.Tensor, weights: torch.Tensor, active: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Logits [B, classes], differentiable in `weights` and in the network's parameters."""

    def frozen(self) -> AbstractContextManager[None]:
        """Within it a forward pass leaves the network's parameters out of the graph."""

    def use_channels(self, factor: int, generator: torch.Generator) -> list[Grown]:
        """Widen the mixed operations to 1/factor of the channels; see `PartialChannels`."""


@runtime_checkable
class NetworkSpace(Protocol):
    """A space whose architectures can be built and trained."""

    def supernet(
        self, shape: NetworkShape, *, track_running_stats: bool = True, partial: int = 1
    ) -> torch.nn.Module:
        """A fresh `Supernet`; 1/partial of the channels pass through the mixed operations."""

    def network(self, arch: Architecture, shape: NetworkShape) -> torch.nn.Module:
        """The stand-alone network of one architecture: images [B, ...] to logits."""

    def inherit(self, arch: Architecture, supernet: torch.nn.Module) -> torch.nn.Module:
        """The stand-alone network of `arch` with the weights it has in `supernet`."""
