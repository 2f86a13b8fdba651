"""One option a decision is drawn and run, and alpha's gradient goes back through the draw.

Alpha is kept on the host, where the draws are made: a pass is told what to run without a device
having been asked. The gradient of alpha comes back once an update.
"""

from __future__ import annotations

from typing import TypeVar, cast

from torch import Tensor

from nasbench_harness.contracts import ChosenLosses, Log
from nasbench_harness.hardware import onto
from nasbench_harness.methods.setups.chosen import ChosenSettings
from nasbench_harness.methods.shared.perturbed import PerturbedSearcher
from nasbench_harness.methods.shared.placed import placed

S = TypeVar("S", bound=ChosenSettings)


class ChosenSearcher(PerturbedSearcher[S]):
    """Alpha and network weights in turn, each on a draw of its own; a method adds `choose`.

    Every decision is drawn, and every edge of the supernet runs what was drawn for it, also where
    the answer keeps some of them only.
    """

    @property
    def on_host(self) -> bool:
        """Yes: what was drawn says what runs."""
        return True

    def choose(self) -> Tensor:
        """A fresh draw: one-hot [D, K], exactly, with the method's gradient in alpha."""
        raise NotImplementedError

    def step(self) -> Log:
        """Alpha and network weights, in the recipe's order."""
        if self.settings.arch_before_weight:
            log = self.update_alpha()
            return log | self.fit()
        fitted = self.fit()
        return fitted | self.update_alpha()

    def fit(self) -> Log:
        """Train what a fresh draw runs."""
        drawn = self.choose().detach()
        return self.problem.fit(onto(drawn, self.problem.device), drawn.bool())

    def update_alpha(self) -> Log:
        """Descend the validation loss of a fresh draw."""
        loss = self.loss_at(self.choose())
        self.descend(loss)
        return {"valid_loss": loss.detach(), "temperature": self.told_temperature()}

    def loss_at(self, drawn: Tensor) -> Tensor:
        """Mean validation loss of a draw, with the gradient that the settings say."""
        problem, active = self.problem, drawn.detach().bool()
        (drawn,) = placed(problem.device, drawn)
        if self.settings.unchosen == "exact":
            losses = problem.losses(drawn, "valid")
        elif self.settings.unchosen == "none":
            losses = problem.losses(drawn, "valid", active)
        else:
            losses = cast("ChosenLosses", problem).chosen_losses(drawn, "valid", active)
        return losses.mean(dim=-1)

    def estimate(self) -> Tensor:
        """The gradient at a fresh draw; see `GradientEstimator`."""
        return self.gradient(self.loss_at(self.choose()))
