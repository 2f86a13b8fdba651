"""Settings and recipes of EDAS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from nasbench_harness.contracts import Basis, Column, Fidelity, Passes, Role, StepCost, Value
from nasbench_harness.fields.recipes import recipe_file
from nasbench_harness.methods.setups.alpha import AlphaSettings
from nasbench_harness.methods.setups.citations import EDAS_BIBTEX
from nasbench_harness.methods.setups.columns import VALID_LOSS
from nasbench_harness.settings import setting


class EDASSettings(AlphaSettings):
    """All of them design decisions of this project."""

    beta1: float = setting(0.5, "Adam's decay of the first moment", tag="D", ge=0, lt=1)
    beta2: float = setting(0.999, "Adam's decay of the second moment", tag="D", ge=0, lt=1)
    learning_rate: float = setting(
        1.8e-3,
        "Adam's step on the relaxed row: DARTS' 3e-4 times the rows, six in NAS-Bench-201",
        role="rate",
        tag="D",
        gt=0,
    )
    init_scale: float = setting(
        0.0, "standard deviation of the initial architecture parameters", tag="D", ge=0
    )
    edge_policy: Literal["sweep", "uniform", "entropy"] = setting(
        "sweep",
        "which edge is relaxed: each once in random order, uniform, or by entropy",
        tag="D",
    )
    clamp: Literal["sample", "argmax", "eps_argmax"] = setting(
        "sample",
        "what the other edges are clamped to: a sample of p (unbiased), the best option, or the"
        " best but for a share of uniform draws",
        tag="D",
    )
    clamp_epsilon: float = setting(
        0.1, "share of uniform draws with clamp=eps_argmax", tag="D", ge=0, le=1
    )
    clamp_temperature_start: float = setting(
        1.0, "temperature of the clamped samples at the start", tag="D", gt=0
    )
    clamp_temperature_end: float = setting(
        1.0, "the same at the end, linear between", tag="D", gt=0
    )
    entropy_weight: float = setting(
        0.0, "bonus for the entropy of the relaxed row at the start, linear to 0", tag="D", ge=0
    )
    warmup_fraction: float = setting(
        0.0, "share of the epochs at the start that train network weights only", tag="D", ge=0, lt=1
    )
    skip_drop: float = setting(
        0.0,
        "chance p that what needs no training on the relaxed edge (a skip) is left out; scaled"
        " by 1 / (1 - p) otherwise, so that the gradient stays unbiased; nothing is with"
        " scoring=one_hot",
        tag="D",
        ge=0,
        lt=1,
        later=True,
    )
    scoring: Literal["soft", "one_hot"] = setting(
        "soft",
        "what the relaxed edge's options are scored by: the loss with the edge soft, or (ours, not"
        " published) the expected loss of the discrete architectures with each option in turn, a"
        " forward pass each",
        tag="D",
        later=True,
    )
    relaxed_per: Literal["network", "cell"] = setting(
        "network",
        "one edge is relaxed in a step, of all that are searched, or of each type of cell where the"
        " network has several",
        tag="D",
        later=True,
    )
    trained_on: Literal["discrete", "relaxed"] = setting(
        "discrete",
        "what the network weights are trained on after the warm-up: a discrete sample, or (ours,"
        " not published) the network with the soft edge that alpha was updated on",
        tag="D",
        later=True,
    )
    log_relax_gap: bool = setting(
        False,
        "log the loss with the relaxed edge minus the loss with its best option: one more forward"
        " pass a step, which running statistics of batch norms see too",
        tag="D",
        later=True,
    )


class EDASSetup:
    """What can be read of the method without torch."""

    Settings = EDASSettings
    citation = EDAS_BIBTEX
    fidelity = Fidelity(
        Basis.ABSTRACT,
        gist="one relaxed edge a step",
        against="What the abstract says: one edge is sampled and relaxed, the others are 0 or 1,"
        " and nothing is lost at derivation; nothing else of the paper and no code was at hand.",
        deviations=(
            "Schedules, clamps, exploration, every number and the topology rule of cells with kept"
            " edges are decisions of this project.",
            "scoring=one_hot, by which no network is ever mixed, is ours and published nowhere.",
        ),
        cost=StepCost(
            Passes(1, 1), Passes(1, 1),
            "of one operation an edge, but for the relaxed edge; with scoring=one_hot the"
            " architecture costs as many forward passes as that edge has options, none backward",
        ),
        tests=("tests/methods/test_edas.py", "tests/methods/test_factors.py"),
    )  # fmt: skip
    reading = "EDAS as reconstructed from its abstract"
    columns = (
        VALID_LOSS,
        Column(
            "relax_gap", Value.NUMBER, Role.RECORD,
            "loss with one decision relaxed, less that with its best option", "nats",
            missing="other methods, or not logged (`log_relax_gap`)",
        ),
    )  # fmt: skip
    queries = False
    batched: ClassVar[bool] = True
    version = "1"
    recipes = recipe_file("nasbench_harness.methods.recipes", "edas")

    @classmethod
    def requires(cls, settings: EDASSettings) -> Sequence[type]:
        """No optional capability."""
        return ()

    @classmethod
    def stays_alone(cls, settings: EDASSettings) -> str:
        """Where it may be that there is nothing to descend; see `ChosenMixture`.

        With an entropy bonus, or with losses of discrete architectures, there always is.
        """
        if settings.entropy_weight or settings.scoring == "one_hot":
            return ""
        return (
            "without an entropy bonus it makes no step where a network passes nothing on, which"
            " several as one cannot leave out for one of them (set `entropy_weight`)"
        )
