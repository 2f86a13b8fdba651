"""How much the flow of gradients gains by each weight being there (Wang et al., 2020).

Wang, Zhang & Grosse, ICLR 2020; summed over a network as a proxy by Abdelfattah et al., ICLR 2021.
"""

from __future__ import annotations

import torch

from nasbench_harness.contracts import Probe, Proxy
from nasbench_harness.methods.proxies.shared import batch_loss, gradients, weights
from nasbench_harness.methods.setups.citations import GRASP_BIBTEX, ZERO_COST_BIBTEX


def grasp(probe: Probe) -> float:
    """Sum of -w dz/dw with z = <g, dL/dw> at g = dL/dw held fixed: -w H g [C: NASLib].

    At temperature 1.
    """
    own = weights(probe.network)
    first = gradients(batch_loss(probe), own, create_graph=True)
    z = torch.stack([(gradient.detach() * gradient).sum() for gradient in first]).sum()
    second = gradients(z, own)
    return float(-sum((w.detach() * h).sum() for w, h in zip(own, second, strict=True)))


PROXY = Proxy("grasp", grasp, reads="labels", citation=f"{GRASP_BIBTEX}\n\n{ZERO_COST_BIBTEX}")
