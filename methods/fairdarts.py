"""FairDARTS: Eliminating Unfair Advantages (Chu et al., ECCV 2020, arXiv 1911.12126).

Every operation has a sigmoid of its own, so that none wins by another's loss, and a zero-one loss
drives the sigmoids to 0 and 1, so that little is lost when some are kept and the others are not.
"""

from __future__ import annotations

from torch import Tensor

from nasbench_harness.contracts import Problem
from nasbench_harness.methods.setups.fairdarts import FairDARTSSettings, FairDARTSSetup
from nasbench_harness.methods.shared.options import absent_options, open_or_absent
from nasbench_harness.methods.shared.relaxed import RelaxedSearcher


class FairDARTS(FairDARTSSetup, RelaxedSearcher[FairDARTSSettings]):
    """Gradient steps under sigmoids, with the zero-one loss on alpha.

        s     =  sigma(alpha)
        alpha <- alpha - Adam(grad_alpha L_val(w, s) - lambda mean (s - 0.5)^2)
        w     <- w - SGD(grad_w L_train(w, s))

    An answer keeps of every decision the best operation, where its sigmoid is above `threshold`;
    else it keeps `none`, where the space has that. How many edges a node keeps is the space's.

    On a table, where no accuracy is below 0, every sigmoid would rise to 1: it needs networks.

    >>> from nasbench_harness.testing import ToySpace, ToyTrained
    >>> problem = ToyTrained(ToySpace(), steps=200)
    >>> settings = FairDARTSSettings(learning_rate=0.05, weight_decay=0.0, zero_one_weight=0.1)
    >>> fairdarts = FairDARTS(problem, settings, seed=0)
    >>> for _ in range(200):
    ...     problem.advance()
    ...     log = fairdarts.step()
    >>> str(fairdarts.architecture())
    '0-2-0'
    """

    batched = True

    def __init__(self, problem: Problem, settings: FairDARTSSettings, seed: int) -> None:
        super().__init__(problem, settings, seed)
        self.absent = absent_options(problem.space)
        self.mixture = self.scores  # rows do not sum to 1; see `MixtureSearcher`

    def relaxed(self) -> Tensor:
        """sigma(alpha), 0 where masked."""
        return self.alpha.sigmoid() * self.mask

    def penalty(self) -> Tensor:
        """-lambda times the mean squared distance from 0.5: least where all sigmoids are 0 or 1."""
        distance = (self.alpha.sigmoid() - 0.5).square() * self.mask
        return -self.settings.zero_one_weight * distance.sum(dim=(-2, -1)) / self.mask.sum()

    def preferences(self) -> Tensor:
        """What is above the threshold."""
        return self.kept()

    def kept(self) -> Tensor:
        """[D, K] on the host: sigmoids above the threshold, else `none`, else the row as it is."""
        rows = self.scores().cpu()
        above = self.relaxed().detach().cpu() > self.settings.threshold
        return open_or_absent(rows, above, self.absent)
