"""Multiply-adds of one image (in NAS-Bench-Suite-Zero in millions)."""

from __future__ import annotations

import torch
from torch.utils.flop_counter import FlopCounterMode

from nasbench_harness.contracts import Probe, Proxy
from nasbench_harness.methods.setups.citations import SUITE_ZERO_BIBTEX


@torch.no_grad()
def flops(probe: Probe) -> float:
    """A count of those of convolutions and matrix products, as everywhere in the harness."""
    with FlopCounterMode(display=False) as counter:
        probe.network.eval()(probe.images[:1])
    return float(counter.get_total_flops() // 2)


PROXY = Proxy("flops", flops, reads="nothing", citation=SUITE_ZERO_BIBTEX)
