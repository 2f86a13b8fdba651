"""PC-DARTS: Partial Channel Connections (Xu et al., ICLR 2020, arXiv 1907.05737).

DARTS in which only 1/k of the channels passes through the mixed operations; which edges a node
keeps is settled by parameters of the edges, for alpha under ever other channels fluctuates.
"""

from __future__ import annotations

from nasbench_harness.methods.setups.pcdarts import PCDARTSSettings, PCDARTSSetup
from nasbench_harness.methods.shared.relaxed import RelaxedSearcher


class PCDARTS(PCDARTSSetup, RelaxedSearcher[PCDARTSSettings]):
    """DARTS with partial channels and edge normalisation, which both are parts that are shared.

        m_ek = gamma_e softmax(alpha_e)_k,  gamma = softmax(b) over the edges that enter a node
        (alpha, b) <- (alpha, b) - Adam(grad L_val(w, m)), not before `warmup_epochs`
        w          <- w - SGD(grad_w L_train(w, m))

    What bypasses the operations of an edge weighs gamma_e as well. Answers are derived from m.

    >>> from nasbench_harness.testing import ToyTrained, ToySpace
    >>> problem = ToyTrained(ToySpace(), steps=200)
    >>> settings = PCDARTSSettings(learning_rate=0.05, warmup_epochs=0)
    >>> pcdarts = PCDARTS(problem, settings, seed=0)
    >>> for _ in range(200):
    ...     problem.advance()
    ...     log = pcdarts.step()
    >>> str(pcdarts.architecture())
    '0-3-1'
    """

    batched = True
