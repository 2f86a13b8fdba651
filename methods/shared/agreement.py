"""Do two batches want the same of an operation: cosines between gradients of its weights.

Operation-level early stopping (OLES) takes what a training and a validation batch agree on for what
can be learned, and the rest for what would be learned by heart.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity

from nasbench_harness.contracts import OperationGradient, OperationPlace


def row_cosines(one: Tensor, other: Tensor, operations: int) -> Tensor:
    """[operations] of gradients [operations * C, ...] of a parameter that so many share.

    Along an operation's C rows, the output channels, for every place of the other dimensions; the
    mean over these places. Rows of zeros have cosine 0.
    """
    a, b = (each.reshape(operations, len(each) // operations, -1) for each in (one, other))
    return cosine_similarity(a, b, dim=1).mean(dim=-1)


class GradientAgreement:
    """Cosines by operation, which are numbered by their places in ascending order."""

    def __init__(self, gradients: Sequence[OperationGradient], device: torch.device) -> None:
        """`gradients` of any batch: only whose they are counts."""
        owners = [one.places for one in gradients]
        self.places: list[OperationPlace] = sorted(set(chain.from_iterable(owners)))
        numbers = {place: number for number, place in enumerate(self.places)}
        self._numbers = [
            torch.tensor([numbers[place] for place in places], device=device) for places in owners
        ]
        ones = [torch.ones(len(one), device=device) for one in self._numbers]
        self._parameters = self._by_operation(ones)

    def __call__(self, one: Sequence[Tensor], other: Sequence[Tensor]) -> Tensor:
        """[n]: the mean over each operation's parameters, of the gradients of two batches."""
        pairs = zip(one, other, self._numbers, strict=True)
        cosines = [row_cosines(a, b, len(numbers)) for a, b, numbers in pairs]
        return self._by_operation(cosines) / self._parameters

    def _by_operation(self, values: Sequence[Tensor]) -> Tensor:
        """[n]: sums of what parameters have for each operation they belong to."""
        total = values[0].new_zeros(len(self.places))
        for each, numbers in zip(values, self._numbers, strict=True):
            total.index_add_(0, numbers, each)
        return total
