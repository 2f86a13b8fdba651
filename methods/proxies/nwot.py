"""How differently the ReLUs of a network see the images of a batch (NASWOT, Mellor, 2021).

Mellor, Turner, Storkey & Crowley, ICML 2021.
"""

from __future__ import annotations

import torch
from torch import Tensor

from nasbench_harness.contracts import Probe, Proxy
from nasbench_harness.methods.proxies.shared import NO_VALUE
from nasbench_harness.methods.setups.citations import NASWOT_BIBTEX
from nasbench_harness.networks.passes import WatchedReLUs


@torch.no_grad()
def nwot(probe: Probe) -> float:
    """log |det K|, K = sum over ReLUs of X X' + (1 - X)(1 - X)' [C: NASLib].

    X [B, units] is 1 where a ReLU lets its input through. Minus infinity where two images are seen
    alike; not a number in a network without ReLUs.
    """
    images = len(probe.images)
    kernel = torch.zeros(images, images, dtype=torch.float64, device=probe.images.device)
    seen = 0

    def see(output: Tensor) -> None:
        nonlocal seen
        seen += 1
        codes = (output > 0).flatten(1).to(probe.images.dtype)
        kernel.add_(codes @ codes.T + (1 - codes) @ (1 - codes).T)

    with WatchedReLUs(see):
        probe.network(probe.images)
    return float(torch.linalg.slogdet(kernel).logabsdet) if seen else NO_VALUE


PROXY = Proxy("nwot", nwot, reads="images", citation=NASWOT_BIBTEX)
