"""Settings and recipes of RADARS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import NonNegativeInt

from nasbench_harness.contracts import (
    Basis,
    Column,
    Fidelity,
    Passes,
    Role,
    SearchOutline,
    StepCost,
    StepMemory,
    Value,
)
from nasbench_harness.errors import HarnessError
from nasbench_harness.fields.recipes import recipe_file
from nasbench_harness.methods.setups.alpha import AlphaSettings
from nasbench_harness.methods.setups.citations import RADARS_BIBTEX
from nasbench_harness.methods.setups.columns import REWARD, VALID_LOSS
from nasbench_harness.settings import setting


class RADARSSettings(AlphaSettings):
    """All of them design decisions of this project; alpha is that of the search in a subspace."""

    learning_rate: float = setting(
        0.01, "Adam's step on alpha in a subspace", role="rate", tag="D", gt=0
    )
    beta1: float = setting(0.5, "Adam's decay of the first moment", tag="D", ge=0, lt=1)
    beta2: float = setting(0.999, "Adam's decay of the second moment", tag="D", ge=0, lt=1)
    init_scale: float = setting(
        1e-3, "standard deviation of alpha as a subspace is begun", tag="D", ge=0
    )
    options: int = setting(2, "B, the options of a decision that are run at most", tag="D", ge=1)
    proposals: int = setting(
        20, "subspaces that are tried before every decision loses an option", tag="D", ge=1
    )
    proposal_epochs: int = setting(
        2, "epochs of the search in each of them", unit="epochs", tag="D", ge=1
    )
    policy_rate: float = setting(0.1, "Adam's step on the policy's logits", tag="D", gt=0)
    baseline_momentum: float = setting(
        0.9, "momentum of the moving average of the reward", tag="D", ge=0, lt=1
    )
    final: Literal["darts", "drnas"] = setting(
        "darts", "what searches the subspace that is left", tag="D"
    )
    memory_limit: NonNegativeInt = setting(
        0,
        "what a step may take of the memory: subspaces that take more are run with fewer options;"
        " 0: no limit",
        unit="bytes",
        tag="D",
    )

    def rounds(self, options: int) -> int:
        """How often decisions of so many options lose one before they have B."""
        return max(options - self.options, 0)

    def pruning_epochs(self, options: int) -> int:
        """Epochs until then."""
        return self.rounds(options) * self.proposals * self.proposal_epochs


class RADARSSetup:
    """What can be read of the method without torch."""

    Settings = RADARSSettings
    citation = RADARS_BIBTEX
    fidelity = Fidelity(
        Basis.ABSTRACT,
        gist="a policy prunes for DARTS",
        against="What the abstract says: reinforcement learning prunes, differentiable search"
        " follows, memory is bounded; nothing else was at hand.",
        deviations=(
            "Policy, proposals, rewards, pruning and every number are decisions of this project.",
            "The memory of a step is counted before it is run, and not measured.",
        ),
        cost=StepCost(
            Passes(1, 1), Passes(1, 1),
            "of `options` options a decision; the validation images once more for each proposal",
        ),
        tests=("tests/methods/test_radars.py",),
    )  # fmt: skip
    reading = "RADARS as reconstructed from its abstract"
    columns = (
        VALID_LOSS,
        REWARD,
        Column(
            "subspaces", Value.NUMBER, Role.RECORD,
            "subspaces that were proposed so far, the one that is left at last among them", "count",
            missing="other methods",
        ),
        Column(
            "options_left", Value.NUMBER, Role.RECORD,
            "options that no pruning has removed, over all decisions", "count",
            missing="other methods",
        ),
        Column(
            "options_run", Value.NUMBER, Role.RECORD,
            "most options of a decision that this step ran", "count", missing="other methods",
        ),
        Column(
            "step_bytes", Value.NUMBER, Role.RECORD,
            "what this step took of the memory, counted before it was run", "bytes",
            missing="other methods, and where nothing is trained",
        ),
    )  # fmt: skip
    queries = False
    batched: ClassVar[bool] = False
    version = "1"
    recipes = recipe_file("nasbench_harness.methods.recipes", "radars")

    @classmethod
    def requires(cls, settings: RADARSSettings) -> Sequence[type]:
        """A memory that can be counted where it is limited."""
        return (StepMemory,) if settings.memory_limit else ()

    @classmethod
    def check_search(cls, settings: RADARSSettings, outline: SearchOutline) -> None:
        """HarnessError for too few epochs, or too little memory; see `SearchCheck`."""
        options = max(
            sum(name not in settings.excluded for name in decision.options)
            for decision in outline.space.decisions
        )
        pruning = settings.pruning_epochs(options)
        if outline.epochs <= pruning:
            raise HarnessError(
                f"`radars` prunes {options} options down to {settings.options} in {pruning} epochs"
                f" ({settings.rounds(options)} rounds of {settings.proposals} proposals of"
                f" {settings.proposal_epochs}) before it searches what is left, and the search has"
                f" {outline.epochs}; give it more --epochs, or fewer `proposals` or"
                " `proposal_epochs`."
            )
        if settings.memory_limit and outline.step_bytes is not None:
            from nasbench_harness.methods.shared.fitting import check_memory
            from nasbench_harness.methods.shared.options import searched_mask

            mask = searched_mask(outline.space, settings.excluded)
            check_memory(mask, settings.memory_limit, outline.step_bytes)
