"""Every method on every space with a supernet: it is refused as it is planned, or can be searched.

What the supernet of a space lacks for a method must never be found out by a trial.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch

from nasbench_harness import registry
from nasbench_harness.contracts import NetworkSpace
from nasbench_harness.errors import HarnessError
from nasbench_harness.hardware import Hardware
from nasbench_harness.problems.kinds import open_kind
from nasbench_harness.seeding import stream_seed
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan
from nasbench_harness.study.spec import TrialSpec

SEARCH: dict[str, Any] = {
    "search": "supernet", "dataset": "digits", "recipe": "quick", "limit": 64, "seeds": 1,
    "random": False, "table": "none",
}  # fmt: skip
NETWORKS: dict[str, dict[str, int]] = {
    "nb201": {"width": 4, "cells": 1}, "darts": {"width": 4, "cells": 4},
    "transnas101": {"width": 4}, "nbmacro": {"width": 8}, "proxyless": {"width": 8},
}  # fmt: skip
QUICK = ("nb201",)
"""The spaces of which every step is quick."""
PARTS = (
    "betadarts[kept_skips=1]", "betadarts[skip_dropout=0.1]", "betadarts[edge_normalisation=true]",
    "drnas[partial_channels=[4,2]]", "drnas[partial_channels=4]", "gdas[unchosen=summed]",
    "sdarts[perturbation=adversarial]", "twotemp[weights=trained]",
)  # fmt: skip
METHODS = (*sorted(registry.methods.built_in()), *PARTS)
LACKING = {
    "gdas[unchosen=summed]": ("darts", "transnas101", "nbmacro", "proxyless"),
    "lambdadarts": ("nbmacro", "proxyless"),
    "pcdarts": ("nbmacro", "proxyless"),
    "betadarts[edge_normalisation=true]": ("nbmacro", "proxyless"),
    "betadarts[skip_dropout=0.1]": ("transnas101", "nbmacro", "proxyless"),
    "drnas[partial_channels=[4,2]]": ("nbmacro", "proxyless"),
    "drnas[partial_channels=4]": ("nbmacro", "proxyless"),
}


def planned(method: str, space: str, **given: Any) -> TrialSpec:
    network = {"batch_size": 16, **NETWORKS[space.partition("[")[0]], **given.pop("network", {})}
    values = {**SEARCH, "methods": method, "space": space, "network": network, **given}
    return plan(build_config(None, values, []))[0]


def fault(method: str, space: str) -> str:
    """Why it is refused; empty where it is planned."""
    try:
        planned(method, space)
    except HarnessError as error:
        return str(error)
    return ""


def begun(spec: TrialSpec) -> None:
    """The first step of a trial."""
    space, hardware = registry.open_space(spec.space), Hardware(device="cpu")
    problem = open_kind(spec.problem).open(spec, space, None, hardware, torch.device("cpu"))
    method = registry.methods.load(spec.method)
    settings = method.Settings.build(spec.method, spec.settings)
    searcher = method(problem, settings, stream_seed(spec.seed, "searcher"))
    problem.advance()
    searcher.step()
    assert searcher.architecture().space == space.name


def test_these_are_all_spaces_with_supernets() -> None:
    opened = ((name, registry.open_space(name)) for name in registry.spaces.built_in())
    assert {name for name, space in opened if isinstance(space, NetworkSpace)} == set(NETWORKS)


def pairs(spaces: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(method, space) for space in spaces for method in METHODS]


def check(method: str, space: str) -> None:
    if refusal := fault(method, space):
        name = method.partition("[")[0]
        assert f"`{name}`" in refusal
        return
    begun(planned(method, space))


@pytest.mark.parametrize(("method", "space"), pairs(QUICK))
def test_a_pair_is_refused_or_begins(method: str, space: str) -> None:
    check(method, space)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "space"), pairs(("darts", "nbmacro", "proxyless", "transnas101"))
)
def test_so_it_is_with_large_networks(method: str, space: str) -> None:
    check(method, space)


@pytest.mark.parametrize(
    ("method", "space"), [(method, space) for method in LACKING for space in LACKING[method]]
)
def test_what_a_supernet_lacks_is_told_of_method_and_space(method: str, space: str) -> None:
    refusal = fault(method, space)
    assert f"`{method.partition('[')[0]}`" in refusal
    assert space in refusal


def test_cells_that_cannot_agree_are_refused_as_early() -> None:
    with pytest.raises(HarnessError, match="`lambdadarts` cannot search a network with fewer than"):
        planned("lambdadarts", "darts", network={"cells": 3})


def test_so_are_shifts_that_are_rounded_away() -> None:
    with pytest.raises(HarnessError, match=r"`lambdadarts` cannot be run.* are lost in bf16"):
        planned("lambdadarts", "nb201", network={"precision": "bf16"})


def test_so_is_an_option_that_zero_cost_pt_cannot_leave_out() -> None:
    with pytest.raises(HarnessError, match=r"`zerocostpt` cannot be run.*no option of the space"):
        planned("zerocostpt[excluded=[skipp]]", "nb201")


def test_so_are_skips_that_are_not_there() -> None:
    with pytest.raises(HarnessError, match=r"`betadarts` cannot be run.*no skip that could be"):
        planned("betadarts[kept_skips=1]", "darts[variant=s4]")
