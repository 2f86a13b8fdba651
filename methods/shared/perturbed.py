"""Alpha as the logits of a categorical a decision, drawn by Gumbel noise at a temperature."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import Tensor

from nasbench_harness.methods.setups.temperatures import TemperatureSettings
from nasbench_harness.methods.shared.alpha import AlphaSearcher
from nasbench_harness.methods.shared.placed import placed
from nasbench_harness.methods.shared.relaxations import (
    gumbel,
    masked_log_softmax,
    masked_softmax,
)
from nasbench_harness.methods.shared.schedules import line, passed_epochs

S = TypeVar("S", bound=TemperatureSettings)


class PerturbedSearcher(AlphaSearcher[S]):
    """Alpha [D, K] are logits of p, of which every pass of a step draws anew."""

    def perturbed(self) -> Tensor:
        """log p plus fresh Gumbel noise, minus infinity where masked: its argmax is a draw of p."""
        noise = gumbel(self.uniform(self.mask.shape))
        return masked_log_softmax(self.alpha, self.mask) + noise

    @property
    def temperature(self) -> float:
        """That of this step's epoch."""
        s, progress = self.settings, self.problem.progress
        share = passed_epochs(progress.epoch, progress.epochs, reached=s.temperature_reached)
        return line(s.temperature_start, s.temperature_end, share)

    def told_temperature(self) -> Tensor:
        """The same for the log, of every run where runs are joined."""
        return torch.full(self.alpha.shape[:-2], self.temperature, dtype=torch.float64)

    def exact(self) -> Tensor:
        """Gradient of E[L(z)] under p; see `GradientEstimator`. No relaxation is in it."""
        (p,) = placed(self.problem.device, masked_softmax(self.alpha, self.mask))
        return self.gradient(self.problem.losses(p, "valid").mean())
