"""What the weights of a network descend: the cross-entropy, or a loss of the network's own."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from nasbench_harness.contracts import EpochAware, TrainingLoss


def training_loss(
    network: nn.Module,
    compiled: Any,
    batch: tuple[Tensor, Tensor],
    mixing: tuple[Any, ...] = (),
    label_smoothing: float = 0.0,
) -> tuple[Tensor, Tensor]:
    """The mean loss [] that is descended, and the logits [B, classes], in 32 bits or more.

    `compiled` is the network as it is run where it has no loss of its own; `mixing` is what a
    supernet is given beside the images: weights and which choices are active. A loss of the
    network's own smooths labels itself (`SmoothedLoss`).
    """
    images, labels = batch
    own: Any = network if isinstance(network, TrainingLoss) else None
    if own is not None:
        loss, logits = own.loss(images, labels, *mixing)
        return at_least_32_bits(loss), at_least_32_bits(logits)
    logits = at_least_32_bits(compiled(images, *mixing))
    return cross_entropy(logits, labels, label_smoothing=label_smoothing), logits


def at_least_32_bits(x: Tensor) -> Tensor:
    """What a network in less precision gave, in 32 bits; the rest as it is."""
    return x.float() if x.dtype.itemsize < 4 else x


def begin_epoch(network: nn.Module, epoch: int, epochs: int) -> None:
    """Tell a network that wants to know how many of the epochs lie behind."""
    if isinstance(network, EpochAware):
        network.begin_epoch(min(epoch, epochs - 1) / epochs)
