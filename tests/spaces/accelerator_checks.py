"""Whole searches of the other spaces with supernets on a pretended accelerator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nasbench_harness import registry
from nasbench_harness.contracts import NetworkSpace
from tests.methods.whole_searches import GRADIENT, Allowed, check_whole_search, planned

SLOW = pytest.mark.slow
STAGES: Allowed = {("to the host", "shared/stages.py:keep"): 1}
"""The options that are left, once a stage."""
THREE = {"cells": 3}
CASES: list[Any] = [
    ("darts", "darts", THREE, {}),
    ("darts", "edas", THREE, {GRADIENT: 1}),
    pytest.param("darts", "drnas[warmup_epochs=0,partial_channels=2]", THREE, STAGES, marks=SLOW),
    pytest.param(
        "darts", "unas[sample_per=batch,warmup_epochs=0]", THREE, {GRADIENT: 4}, marks=SLOW
    ),
    ("transnas101", "darts", {}, {}),
    pytest.param("transnas101", "gdas[unchosen=none]", {}, {GRADIENT: 1}, marks=SLOW),
    pytest.param("nbmacro", "darts", {}, {}, marks=SLOW),
    ("nbmacro", "edas", {}, {GRADIENT: 1}),
    pytest.param("proxyless", "edas", {}, {GRADIENT: 1}, marks=SLOW),
]


@pytest.mark.parametrize(("space", "method", "network", "allowed"), CASES)
def test_a_search_of_a_space(
    space: str, method: str, network: dict[str, Any], allowed: Allowed, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    recipe = "paper" if space == "darts" else "quick"
    spec = planned(method, space, recipe=recipe, network=network)
    check_whole_search(spec, allowed, tmp_path, monkeypatch)


def test_every_space_with_a_supernet_is_checked() -> None:
    spaces = {name: registry.open_space(name) for name in registry.spaces.names()}
    with_networks = {name for name, space in spaces.items() if isinstance(space, NetworkSpace)}
    checked = {getattr(case, "values", case)[0] for case in CASES}
    assert with_networks - {"nb201"} == checked
