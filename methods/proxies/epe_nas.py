"""How correlated the Jacobians of images of one class are (Lopes et al., 2021).

Lopes, Alirezazadeh & Alexandre, "EPE-NAS: Efficient Performance Estimation Without Training for
Neural Architecture Search", ICANN 2021.
"""

from __future__ import annotations

import torch
from torch import Tensor

from nasbench_harness.contracts import Probe, Proxy
from nasbench_harness.methods.proxies.shared import correlation, jacobian
from nasbench_harness.methods.setups.citations import EPE_NAS_BIBTEX

K = 1e-5
"""Keeps the logarithm finite [C: NASLib]."""
MANY = 100
"""Classes above which classes are compared with each other [C: NASLib]."""


def epe_nas(probe: Probe) -> float:
    """Sum over classes of |s|, s = sum of log(|r| + k) over their correlations r [C: NASLib].

    Correlations are of the flattened Jacobians of the images of a class; in float64. An image that
    is alone in its class is correlated with itself. Of more than 100 classes s is divided by the
    class's images, and the score is the sum of |s - s'| over all pairs over the number of classes
    in the batch. How many classes there are is what the network's logits say. Not a number where
    an image does not reach the logits.
    """
    rows = jacobian(probe)
    present = torch.unique(probe.labels)
    classes = probe.network(probe.images[:2]).shape[1]
    of_class = [_of_class(rows[probe.labels == label]) for label in present]
    s = torch.stack(of_class)
    if classes <= MANY:
        return float(s.abs().sum())
    sizes = torch.stack([(probe.labels == label).sum() for label in present])
    s = s / sizes
    return float((s[:, None] - s).abs().sum() / len(s))


def _of_class(rows: Tensor) -> Tensor:
    return (correlation(rows).abs() + K).log().sum()


PROXY = Proxy("epe_nas", epe_nas, reads="labels", citation=EPE_NAS_BIBTEX)
