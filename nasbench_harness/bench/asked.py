"""What is to be measured: device, space, methods and size; and the measurements of it, in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SEEDS = (1, 2, 4, 8, 16)
"""Seeds of a cohort."""
FULL, HALF, REDUCED = "fp32", "tf32", "bf16"
"""Arithmetic: fp32 throughout; with convolutions and products in TF32, as the harness runs fp32 on
a GPU; bf16 under autocast."""
EAGER, CAPTURED, COMPILED = "none", "graph", "inductor"
"""What `--compile` says."""
RECIPE_SECONDS = 8.0
"""Of the epochs of a method's recipe; what is left of them is extrapolated."""


@dataclass(frozen=True)
class BenchRequest:
    """Everything that the numbers depend on beside the machine and the release."""

    device: str
    space: str
    methods: tuple[str, ...]
    tiny: bool
    recipe: str
    threads: int = 1


@dataclass(frozen=True)
class BenchItem:
    """One number or check, measured at once or not at all."""

    part: str
    name: str
    function: str
    """`module:function` of the package, called with the request and what is `given`."""
    limit: float
    """Seconds that it may take, the start of a process included."""
    given: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What the file calls it."""
        return f"{self.part}/{self.name}"


MACHINE = BenchItem("machine", "facts", "machine:facts", 120.0)
"""Always measured first: the others belong to it."""
PARTS = ("checks", "pass", "steps", "recipe", "cohort", "tests")


def measurements(asked: BenchRequest) -> list[BenchItem]:
    """All there is to measure, what is worth most first."""
    return [
        BenchItem("checks", "pass", "checks:network_passes", 60.0),
        *_passes((HALF, EAGER), (FULL, EAGER), (REDUCED, EAGER), (HALF, CAPTURED)),
        *_passes((REDUCED, CAPTURED), (HALF, COMPILED)),
        *_steps(asked.methods, HALF, EAGER),
        *(
            BenchItem("checks", method, "checks:search", 45.0, {"method": method})
            for method in asked.methods
        ),
        *(
            BenchItem("cohort", str(seeds), "cohorts:step", 60.0, {"seeds": seeds})
            for seeds in SEEDS
        ),
        *_recipes(asked.methods),
        *_steps(asked.methods, REDUCED, EAGER),
        *_steps(asked.methods, HALF, CAPTURED),
        BenchItem("tests", "cuda", "checkout:cuda_tests", 180.0),
        *_steps(asked.methods, FULL, EAGER),
        *_passes((REDUCED, COMPILED)),
        *_steps(asked.methods, HALF, COMPILED),
    ]


def _passes(*modes: tuple[str, str]) -> Iterator[BenchItem]:
    for arithmetic, compiled in modes:
        given = {"arithmetic": arithmetic, "compile_mode": compiled}
        name, limit = mode_name(arithmetic, compiled), _limit(compiled)
        yield BenchItem("pass", name, "steps:mixed_pass", limit, given)


def _steps(methods: Sequence[str], arithmetic: str, compiled: str) -> Iterator[BenchItem]:
    for method in methods:
        given = {"method": method, "arithmetic": arithmetic, "compile_mode": compiled}
        name, limit = f"{method} {mode_name(arithmetic, compiled)}", _limit(compiled)
        yield BenchItem("steps", name, "steps:search_step", limit, given)


def mode_name(arithmetic: str, compiled: str) -> str:
    """A way to run, as measurements are named by it: `tf32`, `tf32 graph`."""
    return arithmetic if compiled == EAGER else f"{arithmetic} {compiled}"


def _limit(compiled: str) -> float:
    """Seconds; compilers take their time."""
    return 150.0 if compiled == COMPILED else 45.0


def _recipes(methods: Sequence[str]) -> Iterator[BenchItem]:
    for method in methods:
        given = {"method": method, "seconds": RECIPE_SECONDS}
        yield BenchItem("recipe", method, "recipes:whole_search", 45.0, given)
