"""A supernet that a space cannot have is refused before anything is planned."""

from __future__ import annotations

from typing import Any

import pytest

from nasbench_harness.study.config import build_config
from nasbench_harness.study.notation import ConfigError
from nasbench_harness.study.planning import plan

SEARCH: dict[str, Any] = {
    "search": "supernet", "dataset": "digits", "recipe": "quick", "epochs": 1, "limit": 64,
    "seeds": 1, "random": False, "table": "none",
}  # fmt: skip


def planned(methods: str, space: str, **network: int) -> None:
    network = {"batch_size": 32, **network}
    given = {**SEARCH, "methods": methods, "space": space, "network": network}
    plan(build_config(None, given, []))


@pytest.mark.parametrize(
    ("methods", "space", "network", "words"),
    [
        ("darts,drnas[partial_channels=[4,3]]", "darts", {}, "8 channels cannot be divided by 3"),
        ("drnas[partial_channels=[64]]", "darts", {}, "8 channels cannot be divided by 64"),
        ("drnas[partial_channels=[4,2]]", "proxyless", {}, "pass all of their channels"),
        ("drnas[partial_channels=[4,3]]", "nb201", {"width": 8}, "width 8 cannot be divided by 3"),
        ("drnas[partial_channels=[4,2]]", "nbmacro", {}, "pass all of their channels"),
        ("darts", "nbmacro", {"cells": 2}, "cells is 1, not 2"),
        ("darts", "proxyless", {"cells": 3}, "cells is 1, not 3"),
    ],
)
def test_what_a_space_has_no_supernet_for_is_refused(
    methods: str, space: str, network: dict[str, int], words: str
) -> None:
    with pytest.raises(ConfigError, match=r"The network that `d.* cannot be built: ") as refused:
        planned(methods, space, **network)
    assert words in str(refused.value)


def test_partial_channels_that_divide_are_planned() -> None:
    planned("drnas[partial_channels=[4,2]]", "darts", width=12)
