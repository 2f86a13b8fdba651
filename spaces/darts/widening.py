"""How the operations of a supernet grow when more of the channels pass through them.

New channels are copies of randomly chosen ones and nothing is rescaled, so that the widened network
is another function than before: as in DrNAS' code (Chen et al., ICLR 2021, section 3.3). Every
convolution draws its own; the statistics of a norm go with the channels that it normalises.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class CopiedChannels:
    """Copies channels of the kernels of several edges, and of what has their shape."""

    outputs: Tensor
    """[n, new]: of which of its old output channels each edge's are copies."""
    inputs: Tensor | None = None
    """[n, new] of its input channels; None: kernels of one input, which stay."""

    def __call__(self, kernels: Tensor) -> Tensor:
        """[n * old, ...] to [n * new, ...]."""
        grown = self.of(kernels)
        if self.inputs is not None:
            blocks = zip(grown.chunk(len(self.outputs)), self.inputs, strict=True)
            grown = torch.cat([block[:, columns] for block, columns in blocks])
        return grown.contiguous(memory_format=torch.channels_last)

    def of(self, values: Tensor) -> Tensor:
        """What goes with the output channels: [n * old, ...] to [n * new, ...]."""
        blocks = zip(values.chunk(len(self.outputs)), self.outputs, strict=True)
        return torch.cat([block[rows] for block, rows in blocks])

    def beside(self, other: CopiedChannels, old: int) -> CopiedChannels:
        """Each edge's output channels, then those of `other` behind its `old` own ones."""
        return CopiedChannels(torch.cat([self.outputs, other.outputs + old], dim=1))


def copies(edges: int, old: int, new: int, generator: torch.Generator) -> Tensor:
    """[edges, new], on the host: the old channels, then random ones of them."""
    drawn = torch.randint(old, (edges, new - old), generator=generator)
    return torch.cat([torch.arange(old).expand(edges, old), drawn], dim=1)
