"""A search in stages: each begins with fewer options, more channels and a warm-up of its own.

Progressive learning of DrNAS (section 3.3). A single stage that drops nothing is a plain search.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, cast

import torch
from torch import Tensor

from nasbench_harness.contracts import PartialChannels, Problem, WideningCheck
from nasbench_harness.hardware import onto
from nasbench_harness.methods.setups.stages import StagedSettings
from nasbench_harness.methods.shared.alpha import AlphaSearcher

S = TypeVar("S", bound=StagedSettings)
N = TypeVar("N", int, float)


class StagedSearcher(AlphaSearcher[S]):
    """Alpha in stages of equal length; a method's step begins with `begin_stage`.

    `mask` [D, K] are the options that are left, `active` the same on the host, None for all, and
    `dropped` those that a stage dropped, None before it.
    """

    def __init__(self, problem: Problem, settings: S, seed: int) -> None:
        super().__init__(problem, settings, seed)
        self.stage = 0
        self.keep(self.best_options(0))
        if settings.has_partial_channels:
            if len({*settings.partial_channels}) > 1 and isinstance(problem, WideningCheck):
                problem.check_widening(*settings.partial_channels)
            self._use_channels(0)

    @classmethod
    def joins(cls, settings: S) -> bool:
        """Not where every run drops options of its own."""
        return super().joins(settings) and not settings.kept_options

    @property
    def warming_up(self) -> bool:
        """Is alpha to be left alone in this step."""
        return self.passed_epochs < self.settings.warmup_epochs

    @property
    def passed_epochs(self) -> int:
        """Epochs of the stage that lie behind."""
        return self.problem.progress.epoch - self.first_epoch(self.stage)

    def begin_stage(self) -> None:
        """Go on to the stage that this step belongs to."""
        epoch = self.problem.progress.epoch
        while self.stage + 1 < self.settings.stages and epoch >= self.first_epoch(self.stage + 1):
            self.next_stage()

    def first_epoch(self, stage: int) -> int:
        """Where a stage begins: stages are equal shares of the epochs."""
        return math.ceil(stage * self.problem.progress.epochs / self.settings.stages)

    def next_stage(self) -> None:
        """Drop the options with the smallest alpha, and widen what the supernet mixes."""
        self.stage += 1
        self.keep(self.best_options(self.stage))
        if self.settings.has_partial_channels:
            self._use_channels(self.stage)

    def best_options(self, stage: int) -> Tensor:
        """bool [D, K]: of the options that are left, those a stage keeps."""
        if not self.settings.kept_options:
            return self.mask
        count = min(of_stage(self.settings.kept_options, stage), self.mask.shape[1])
        ranked = self.alpha.detach().masked_fill(~self.mask, -torch.inf)
        best = torch.zeros_like(self.mask).scatter(-1, ranked.topk(count).indices, True)
        return best & self.mask

    def descend(self, loss: Tensor, clip_norm: float = 0.0) -> None:
        """As ever, but alpha of dropped options stays where it is: no momentum, no decay."""
        if self.dropped is None:
            super().descend(loss, clip_norm)
            return
        before = self.alpha.detach().clone()
        super().descend(loss, clip_norm)
        with torch.no_grad():
            self.alpha.copy_(torch.where(self.dropped, before, self.alpha))

    def state_dict(self) -> dict[str, Any]:
        """With the stage and the options that are left."""
        return {**super().state_dict(), "stage": self.stage, "mask": self.mask.clone()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`; the problem restores its channels itself."""
        super().load_state_dict(state)
        self.stage = state["stage"]
        self.keep(state["mask"].to(self.problem.device))

    def keep(self, mask: Tensor) -> None:
        """From now on only these options exist; the device is asked once a stage."""
        self.mask = mask
        host, whole = mask.cpu(), self.problem.space.mask.cpu()
        self.active = None if host.all() else host
        self.dropped = None if torch.equal(host, whole) else onto(whole & ~host, mask.device)

    def _use_channels(self, stage: int) -> None:
        problem = cast("PartialChannels", self.problem)
        problem.use_channels(of_stage(self.settings.partial_channels, stage))


def of_stage(numbers: Sequence[N], stage: int) -> N:
    """A stage's number; a single one holds for all stages."""
    return numbers[min(stage, len(numbers) - 1)]
