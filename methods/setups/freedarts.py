"""Settings and recipes of FreeDARTS, and of FreeFlow as its abstract tells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from nasbench_harness.contracts import (
    Basis,
    Column,
    Fidelity,
    Passes,
    Role,
    StepCost,
    SynapticFlow,
    Value,
)
from nasbench_harness.fields.recipes import recipe_file
from nasbench_harness.methods.setups.citations import FREEDARTS_BIBTEX, SYNFLOW_BIBTEX
from nasbench_harness.settings import Settings, setting


class FreeDARTSSettings(Settings):
    """Those of the authors' code on NAS-Bench-201."""

    weights: Literal["random", "gates"] = setting(
        "random",
        "what options are mixed by: small random alpha without a softmax, or a gate of 1 on each",
        tag="C",
    )
    init_scale: float = setting(1e-3, "standard deviation of random alpha", tag="C", gt=0)
    absolute: bool = setting(
        True,
        "take random alpha in absolute value, as all other weights; in the authors' code so on"
        " NAS-Bench-201 and not on the DARTS space",
        tag="C",
    )
    norms: bool = setting(
        True, "batch norms normalise; without them what flows in flows out of every layer", tag="C"
    )
    pruning: Literal["one_shot", "iterative"] = setting(
        "one_shot",
        "score all options once, or remove the least option of all, score again, and so on until"
        " every decision has one",
        tag="C",
    )
    per_operation: bool = setting(
        False,
        "divide scores by the mean of the same option over all decisions, so that options with"
        " more weights do not win everywhere",
        tag="D",
    )


class FreeDARTSSetup:
    """What can be read of the method without torch."""

    Settings = FreeDARTSSettings
    citation = f"{FREEDARTS_BIBTEX}\n\n{SYNFLOW_BIBTEX}"
    fidelity = Fidelity(
        Basis.CODE,
        gist="flow of untrained networks",
        against="`freedarts_code` as in the code of the anonymous submission, as read, scores"
        " against the formula written out; `freeflow` from the abstract alone.",
        deviations=(
            "Computed in float64 and checked: in float32 the authors' scores have overflowed.",
            "`freeflow`, without batch norms, with gates and removed step by step, is our reading"
            " of the abstract with synaptic flow.",
            "The criteria that read labels (SNIP, GraSP) are not there.",
        ),
        cost=StepCost(
            Passes(), Passes(1, 1),
            "in the first step only, of one image of ones; with pruning=iterative once more for"
            " each option that is removed",
        ),
        tests=("tests/methods/test_freedarts.py",),
    )  # fmt: skip
    columns = (
        Column(
            "flow", Value.NUMBER, Role.RECORD,
            "sum of the logits of one image of ones at absolute weights, of the options that are"
            " left when they are scored for the last time",
            missing="other methods, and after the first step",
        ),
    )  # fmt: skip
    queries = False
    batched: ClassVar[bool] = False
    version = "1"
    recipes = recipe_file("nasbench_harness.methods.recipes", "freedarts")

    @classmethod
    def requires(cls, settings: FreeDARTSSettings) -> Sequence[type]:
        """A network to flow through."""
        return (SynapticFlow,)
