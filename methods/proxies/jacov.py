"""How little the Jacobians of a batch's images are correlated (Mellor et al., 2020).

The first version of "Neural Architecture Search without Training"; nwot is the score of the second.
"""

from __future__ import annotations

import torch

from nasbench_harness.contracts import Probe, Proxy
from nasbench_harness.methods.proxies.shared import NO_VALUE, correlation, jacobian
from nasbench_harness.methods.setups.citations import NASWOT_BIBTEX

K = 1e-5
"""Keeps the logarithm finite [C: NASLib]."""


def jacov(probe: Probe) -> float:
    """-sum of log(v + k) + 1 / (v + k) over the eigenvalues v of the correlations [C: NASLib].

    Correlations are of the flattened Jacobians of the images; in float64. Not a number where an
    image does not reach the logits.
    """
    correlations = correlation(jacobian(probe))
    if not bool(correlations.isfinite().all()):
        return NO_VALUE
    v = torch.linalg.eigvalsh(correlations) + K
    return float(-(v.log() + 1 / v).sum())


PROXY = Proxy("jacov", jacov, reads="images", citation=NASWOT_BIBTEX)
