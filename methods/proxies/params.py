"""Number of parameters, the plainest of proxies (in NAS-Bench-Suite-Zero in millions)."""

from __future__ import annotations

from nasbench_harness.contracts import Probe, Proxy
from nasbench_harness.methods.setups.citations import SUITE_ZERO_BIBTEX


def params(probe: Probe) -> float:
    """A count: larger networks are often better ones."""
    return float(sum(parameter.numel() for parameter in probe.network.parameters()))


PROXY = Proxy("params", params, reads="nothing", citation=SUITE_ZERO_BIBTEX)
