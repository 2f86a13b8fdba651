"""The DARTS space keeps the contract, in every variant."""

from __future__ import annotations

import pytest

from nasbench_harness.spaces.darts import DARTSSpace
from nasbench_harness.spaces.darts.variants import VARIANTS
from nasbench_harness.testing.spaces import check_space


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_contract_is_kept(variant: str) -> None:
    check_space(DARTSSpace(variant), samples=10)
