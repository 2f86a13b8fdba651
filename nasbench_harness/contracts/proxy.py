"""Zero-cost proxies: numbers that rank networks before any training, from fresh weights.

A proxy is found by entry point (group `nasbench_harness.proxies`): a name, and a `Proxy`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Probe:
    """What a proxy looks at: an untrained network and one batch, both its own to change."""

    network: torch.nn.Module
    """Images [B, channels, H, W] to logits [B, classes], in training mode."""
    images: torch.Tensor
    """float [B, channels, H, W], normalised."""
    labels: torch.Tensor
    """int64 [B]."""
    generator: torch.Generator
    """On the CPU; with it and torch's global generators all that is drawn is of the same seed."""


@dataclass(frozen=True)
class Proxy:
    """A score of a network without training; more is better."""

    name: str
    """That of its entry point."""
    score: Callable[[Probe], float]
    """Not a finite number where its formula has none; computed in the network's precision unless
    it says otherwise."""
    reads: Literal["nothing", "images", "labels"]
    """What of the batch it depends on, but for the images' shape; `labels`: images as well."""
    citation: str = ""
    """BibTeX of where it was published."""
