"""The kit tells what is wrong with a wide network of several supernets."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

import pytest
import torch
from torch import Tensor

from nasbench_harness.contracts import NetworkShape
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.spaces.nb201.grouped import GroupedSupernet
from nasbench_harness.testing.grouped import check_grouped

SHAPE = NetworkShape(classes=3, width=4, cells=1, in_channels=2, image_size=(8, 8))


class Apart(NB201):
    """With a memory of its own."""

    def grouped(self, networks: Sequence[torch.nn.Module]) -> GroupedSupernet:
        return super().grouped(deepcopy(networks))


class Mixed(NB201):
    """With runs in another order."""

    def grouped(self, networks: Sequence[torch.nn.Module]) -> GroupedSupernet:
        return super().grouped(networks[::-1])


class Together(NB201):
    """That clips all runs as one."""

    def grouped(self, networks: Sequence[torch.nn.Module]) -> GroupedSupernet:
        class Clipping(GroupedSupernet):
            def clip_gradients(self, norm: float) -> None:
                torch.nn.utils.clip_grad_norm_(self.parameters(), norm)

        return Clipping(networks)  # type: ignore[arg-type]


class Everyone(NB201):
    """That says of all parameters that all runs train them."""

    def grouped(self, networks: Sequence[torch.nn.Module]) -> GroupedSupernet:
        class Learning(GroupedSupernet):
            def learners(self, weights: Tensor, active: Tensor | None = None) -> None:
                return None

        return Learning(networks)  # type: ignore[arg-type]


def test_what_keeps_the_contract_passes() -> None:
    check_grouped(NB201(), SHAPE)


@pytest.mark.parametrize(
    ("space", "said"),
    [
        (Apart(), "a part of the wide one's memory"),
        (Mixed(), "every run has its own logits"),
        (Together(), "a part of the wide one's memory"),
        (Everyone(), "`learners` must tell"),
    ],
)
def test_faults_are_told(space: NB201, said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        check_grouped(space, SHAPE)
