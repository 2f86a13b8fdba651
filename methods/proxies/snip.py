"""Connection sensitivity, how much the loss depends on each weight being there (Lee, 2019).

Lee, Ajanthan & Torr, ICLR 2019; summed over a network as a proxy by Abdelfattah et al., ICLR 2021.
"""

from __future__ import annotations

from nasbench_harness.contracts import Probe, Proxy
from nasbench_harness.methods.proxies.shared import batch_loss, gradients, weights
from nasbench_harness.methods.setups.citations import SNIP_BIBTEX, ZERO_COST_BIBTEX


def snip(probe: Probe) -> float:
    """Sum of |dL/dm| for masks m = 1 on the weights, which is sum |w dL/dw| [C: NASLib]."""
    own = weights(probe.network)
    found = zip(own, gradients(batch_loss(probe), own), strict=True)
    return float(sum((weight.detach() * gradient).abs().sum() for weight, gradient in found))


PROXY = Proxy("snip", snip, reads="labels", citation=f"{SNIP_BIBTEX}\n\n{ZERO_COST_BIBTEX}")
