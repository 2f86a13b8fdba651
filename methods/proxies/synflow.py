"""Synaptic flow, the product of all weights along all paths (Tanaka et al., 2020).

Tanaka, Kunin, Yamins & Ganguli, NeurIPS 2020; as a proxy by Abdelfattah et al., ICLR 2021.
"""

from __future__ import annotations

import math

import torch

from nasbench_harness.contracts import Probe, Proxy
from nasbench_harness.methods.proxies.shared import gradients, weights
from nasbench_harness.methods.setups.citations import SYNFLOW_BIBTEX, ZERO_COST_BIBTEX
from nasbench_harness.networks.passes import Homogeneous


def synflow(probe: Probe) -> float:
    """log of sum |w dR/dw|: R is the sum of logits, the input one image of ones [C: NASLib].

    Every parameter and buffer is replaced by its absolute value, batch norms pass their input on,
    and all is float64, for deep networks overflow less. Minus infinity where nothing flows.
    """
    network = probe.network.double().eval()
    for values in network.state_dict().values():
        values.abs_()
    ones = torch.ones(1, *probe.images.shape[1:], dtype=torch.float64, device=probe.images.device)
    own = weights(network)
    with Homogeneous():
        total = network(ones).sum()
    found = zip(own, gradients(total, own), strict=True)
    flow = float(sum((weight.detach() * gradient).abs().sum() for weight, gradient in found))
    return math.log(flow) if flow > 0 else -math.inf


PROXY = Proxy(
    "synflow", synflow, reads="nothing", citation=f"{SYNFLOW_BIBTEX}\n\n{ZERO_COST_BIBTEX}"
)
