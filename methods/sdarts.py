"""SDARTS: Stabilizing DARTS via Perturbation (Chen & Hsieh, ICML 2020, arXiv 2002.05283).

DARTS whose network weights are trained under a mixture that was moved a little, at random (SDARTS-
RS) or against them (SDARTS-ADV), so that the validation loss becomes flat in alpha. How far the
weights move grows with the epochs.
"""

from __future__ import annotations

from nasbench_harness.methods.setups.sdarts import SDARTSSettings, SDARTSSetup
from nasbench_harness.methods.shared.relaxed import RelaxedSearcher


class SDARTS(SDARTSSetup, RelaxedSearcher[SDARTSSettings]):
    """DARTS with perturbed weights, a part that is shared; only the step of w differs.

        alpha <- alpha - Adam(grad_alpha L_val(w, softmax(alpha)))
        w     <- w - SGD(grad_w L_train(w, m')),  |m' - softmax(alpha)| <= eps
        m' random, or what raises L_train most in a few steps; then divided by its sum

    Where there are no network weights, as on a table, nothing of it is left but DARTS.

    >>> from nasbench_harness.testing import ToyTrained, ToySpace
    >>> problem = ToyTrained(ToySpace(), steps=200)
    >>> sdarts = SDARTS(problem, SDARTSSettings(learning_rate=0.05, weight_decay=0.0), seed=0)
    >>> for _ in range(200):
    ...     problem.advance()
    ...     log = sdarts.step()
    >>> str(sdarts.architecture())
    '0-3-1'
    """

    batched = True
