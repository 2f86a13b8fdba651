"""RADARS: reinforcement learning prunes a space, gradients search what is left (Yan et al., 2021).

arXiv 2109.05691. Only its abstract is known here: a policy iteratively prunes undesired candidates
until differentiable search fits into the memory of a device. The rest is our own design. Memory is
counted before anything is run, in bytes (`memory_limit`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nasbench_harness.contracts import Architecture, Log, Problem, StepMemory
from nasbench_harness.methods.drnas import DrNAS
from nasbench_harness.methods.setups.drnas import DrNASSettings
from nasbench_harness.methods.setups.radars import RADARSSettings, RADARSSetup
from nasbench_harness.methods.setups.relaxed import RelaxedSettings
from nasbench_harness.methods.shared.baseline import MovingBaseline
from nasbench_harness.methods.shared.fitting import check_memory, fitting, nearest
from nasbench_harness.methods.shared.options import searched_mask
from nasbench_harness.methods.shared.proposals import Proposal, SubspacePolicy
from nasbench_harness.methods.shared.queries import whole
from nasbench_harness.methods.shared.relaxed import RelaxedSearcher

Inner = RelaxedSearcher[Any] | DrNAS


@dataclass
class _Subspace:
    """The search that goes on, and what of the policy it came from."""

    kept: Tensor
    """bool [D, K]."""
    seed: int
    proposal: Proposal | None
    """None of what the policy has not drawn."""


class RADARS(RADARSSetup):
    """A search in a subspace, one subspace after the other; then one in what the pruning left.

        S ~ pi:  B options of every decision, drawn one after the other without replacement
        alpha, w <- n epochs of DARTS in S;  R = accuracy of what it derives
        b <- moving average of R;  pi <- pi + Adam((R - b) grad log p(S))
        after `proposals` of them every decision with more than B loses the option of the least pi

    Network weights are those of one supernet, which every subspace inherits. No option outside the
    subspace is run. Under a limit of the memory a subspace keeps as many of its draws as fit.

    >>> from nasbench_harness.testing import toy_problem
    >>> problem = toy_problem(steps=200)
    >>> settings = RADARSSettings(learning_rate=0.1, proposals=20, proposal_epochs=4)
    >>> radars = RADARS(problem, settings, seed=0)
    >>> for _ in range(200):
    ...     problem.advance()
    ...     log = radars.step()
    >>> str(radars.architecture())
    '0-2-1'
    """

    def __init__(self, problem: Problem, settings: RADARSSettings, seed: int) -> None:
        self.problem, self.settings = problem, settings
        mask = searched_mask(problem.space, settings.excluded)
        self.generator = torch.Generator().manual_seed(seed)
        self.policy = SubspacePolicy(mask, settings.options, settings.policy_rate)
        self.baseline = MovingBaseline(settings.baseline_momentum)
        self.step_bytes = problem.step_bytes if isinstance(problem, StepMemory) else None
        self.lightest = mask
        """bool [D, K]: a network that fits into the memory, where that is limited."""
        if settings.memory_limit and self.step_bytes is not None:
            self.lightest = check_memory(mask, settings.memory_limit, self.step_bytes)
        self.count, self.place = 0, 0
        self.reward: float | None = None
        self.subspace = self._propose()
        self.inner = self._search()

    # --- one step ---------------------------------------------------------------------------------

    def step(self) -> Log:
        """Go on to the subspace that this step belongs to, and search it."""
        place = min(self.problem.progress.epoch // self.settings.proposal_epochs, self.last)
        if place != self.place:
            self._learn()
            self.place = place
            self.subspace = self._left() if place == self.last else self._propose()
            self.inner = self._search()
        log = self.inner.step()
        wanted = {name: log[name] for name in ("valid_loss", "train_loss") if name in log}
        return wanted | self._told()

    @property
    def last(self) -> int:
        """How many subspaces are proposed, before the one that is left."""
        rounds = self.settings.rounds(int(self.policy.mask.sum(dim=1).max()))
        return rounds * self.settings.proposals

    def _told(self) -> Log:
        kept = self.subspace.kept
        log: Log = {
            "subspaces": self.count,
            "options_left": int(self.policy.left.sum()),
            "options_run": int(kept.sum(dim=1).max()),
        }
        if self.step_bytes is not None:
            log["step_bytes"] = self.step_bytes(kept)
        return log if self.reward is None else {**log, "reward": self.reward}

    # --- the policy -------------------------------------------------------------------------------

    def _propose(self) -> _Subspace:
        """A draw of the policy, as much of it as fits.

        Of one that does not fit with a single option for every decision the policy learns nothing.
        """
        drawn = self.policy.sample(self.generator)
        most, kept = self._fitting(drawn.ranked)
        return self._begun(kept, drawn.cut(most) if most else None)

    def _left(self) -> _Subspace:
        """What no pruning has removed, or as many of the likeliest as fit."""
        while self.policy.crowded:  # where epochs were skipped
            self.policy.prune()
        return self._begun(self._fitting(self.policy.ranked())[1], None)

    def _fitting(self, ranked: Tensor) -> tuple[int, Tensor]:
        """How many options of every decision fit, and which are run, bool [D, K]."""
        limit = self.settings.memory_limit
        if most := fitting(ranked, limit, self.step_bytes):
            return most, (ranked > 0) & (ranked <= most)
        assert self.step_bytes is not None
        return 0, nearest(ranked, self.lightest, limit, self.step_bytes)

    def _begun(self, kept: Tensor, proposal: Proposal | None) -> _Subspace:
        self.count += 1
        seed = int(torch.randint(2**31, (), generator=self.generator))
        return _Subspace(kept, seed, proposal)

    def _learn(self) -> None:
        """From the accuracy that the subspace led to; prune at the end of a round."""
        self.reward = self.worth(self.inner.architecture())
        if self.subspace.proposal is not None:
            self.policy.follow(self.subspace.proposal, self.baseline.advantage(self.reward))
        if self.count % self.settings.proposals == 0:
            self.policy.prune()

    def worth(self, arch: Architecture) -> float:
        """Validation accuracy with the weights it has, a fraction; of a table the number itself.

        Asked of its weights: where a table is searched that is no query, for the search saw the
        whole of it.
        """
        weights = self.problem.space.weights(arch)
        point = weights.to(self.problem.device, self.problem.dtype)
        return self.problem.score(point) / whole(self.problem)

    # --- the search in a subspace -----------------------------------------------------------------

    def _search(self) -> Inner:
        s, kept, seed = self.settings, self.subspace.kept, self.subspace.seed
        alpha = {
            "learning_rate": s.learning_rate, "beta1": s.beta1, "beta2": s.beta2,
            "weight_decay": s.weight_decay, "init_scale": s.init_scale,
        }  # fmt: skip
        inner: Inner
        if self.place == self.last and s.final == "drnas":
            inner = DrNAS(self.problem, DrNASSettings.build("radars", alpha), seed)
        else:
            inner = RelaxedSearcher(self.problem, RelaxedSettings.build("radars", alpha), seed)
        inner.keep(kept.to(self.problem.device))
        return inner

    def scores(self) -> Tensor:
        """Those of the search in the subspace; 0 outside of it."""
        return self.inner.scores()

    def architecture(self) -> Architecture:
        """What the search in the subspace answers."""
        return self.inner.architecture()

    # --- state ------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Policy, subspace, and the search in it."""
        proposal = self.subspace.proposal
        return {
            "policy": self.policy.state_dict(),
            "baseline": self.baseline.state(),
            "generator": self.generator.get_state(),
            "progress": (self.count, self.place),
            "reward": self.reward,
            "kept": self.subspace.kept,
            "seed": self.subspace.seed,
            "ranked": None if proposal is None else proposal.ranked,
            "inner": self.inner.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`."""
        self.policy.load_state_dict(state["policy"])
        self.baseline.load_state(state["baseline"])
        self.generator.set_state(state["generator"].cpu())
        self.count, self.place = state["progress"]
        self.reward, ranked = state["reward"], state["ranked"]
        proposal = None if ranked is None else Proposal(ranked.cpu())
        self.subspace = _Subspace(state["kept"].cpu(), state["seed"], proposal)
        self.inner = self._search()
        self.inner.load_state_dict(state["inner"])
