"""How much the loss depends on each channel being there, to second order (Turner, 2020).

Theis et al., 2018, and BlockSwap (Turner et al., ICLR 2020); as a proxy by Abdelfattah et al.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from nasbench_harness.contracts import Probe, Proxy
from nasbench_harness.methods.proxies.shared import batch_loss, gradients, layers
from nasbench_harness.methods.setups.citations import FISHER_BIBTEX, ZERO_COST_BIBTEX


def fisher(probe: Probe) -> float:
    """Sum over channels of 1/2 mean over images of (sum over places of a dL/da)^2 [C: NASLib].

    a is what a convolution or linear layer puts out, before norm and ReLU; a channel of a linear
    layer has one place. A layer that is called twice counts twice.
    """
    outputs: list[Tensor] = []

    def keep(module: Any, inputs: Any, output: Tensor) -> None:
        outputs.append(output)

    for layer in layers(probe.network):
        layer.register_forward_hook(keep)
    loss = batch_loss(probe)
    found = zip(outputs, gradients(loss, outputs), strict=True)
    return float(sum(_of_layer(output.detach(), gradient) for output, gradient in found))


def _of_layer(output: Tensor, gradient: Tensor) -> Tensor:
    """Of maps [B, C, H, W], or features [B, C]."""
    of_channel = (
        (output * gradient).flatten(2).sum(dim=2) if output.dim() > 2 else output * gradient
    )
    return of_channel.square().mean(dim=0).sum() / 2


PROXY = Proxy("fisher", fisher, reads="labels", citation=f"{FISHER_BIBTEX}\n\n{ZERO_COST_BIBTEX}")
