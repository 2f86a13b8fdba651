"""The sum over layers of the norm of their weights, a proxy of NASLib."""

from __future__ import annotations

from nasbench_harness.contracts import Probe, Proxy
from nasbench_harness.methods.proxies.shared import weights
from nasbench_harness.methods.setups.citations import SUITE_ZERO_BIBTEX


def l2_norm(probe: Probe) -> float:
    """Sum over layers of |w|_2, at fresh weights [C: NASLib]."""
    return float(sum(weight.detach().norm() for weight in weights(probe.network)))


PROXY = Proxy("l2_norm", l2_norm, reads="nothing", citation=SUITE_ZERO_BIBTEX)
