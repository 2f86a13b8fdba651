"""The sum over layers of the norm of the loss's gradient (Abdelfattah et al., 2021)."""

from __future__ import annotations

from nasbench_harness.contracts import Probe, Proxy
from nasbench_harness.methods.proxies.shared import batch_loss, gradients, weights
from nasbench_harness.methods.setups.citations import ZERO_COST_BIBTEX


def grad_norm(probe: Probe) -> float:
    """Sum over layers of |dL/dw|_2 [C: NASLib]."""
    return float(
        sum(gradient.norm() for gradient in gradients(batch_loss(probe), weights(probe.network)))
    )


PROXY = Proxy("grad_norm", grad_norm, reads="labels", citation=ZERO_COST_BIBTEX)
