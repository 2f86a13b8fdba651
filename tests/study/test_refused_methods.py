"""Methods that a kind of problem leaves nothing of are refused before anything runs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nasbench_harness.errors import HarnessError
from nasbench_harness.study.spec import TrialSpec

Plan = Callable[..., list[TrialSpec]]


@pytest.mark.parametrize(
    ("methods", "lacks"),
    [
        ("sdarts", "network weights"),
        ("sdarts[perturbation=adversarial]", "network weights"),
        ("dartsminus", "network weights"),
        ("fairdarts", "network weights"),
        ("pcdarts", "partial channels"),
        ("pcdarts[partial_channels=1]", "edge weights"),
        ("darts,sdarts", "network weights"),
        ("zerocostpt", "evaluated proxies"),
        ("dartspt[perturbation=random]", "network weights"),
        ("oles", "operation gradients"),
        ("lambdadarts", "cell weights"),
    ],
)
def test_what_means_nothing_on_a_table_is_refused(methods: str, lacks: str, planned: Plan) -> None:
    with pytest.raises(HarnessError, match=f"needs a problem with {lacks}, and a landscape has"):
        planned(methods)


def test_where_it_can_be_searched_is_told(planned: Plan) -> None:
    with pytest.raises(HarnessError, match=r"search with --search supernet, leave the method out"):
        planned("oles")


@pytest.mark.parametrize("settings", ["edge_normalisation=true", "perturbation=random"])
@pytest.mark.parametrize("method", ["drnas", "betadarts"])
def test_so_are_parts_that_mean_nothing_there(method: str, settings: str, planned: Plan) -> None:
    with pytest.raises(HarnessError, match="and a landscape has none"):
        planned(f"{method}[{settings}]")


def test_what_a_recipe_is_not_called_is_told_as_ever(planned: Plan) -> None:
    with pytest.raises(HarnessError, match="recipe of `sdarts`"):
        planned("sdarts", recipe="no_such")


def test_methods_that_mean_something_are_planned(planned: Plan) -> None:
    found = planned("darts,betadarts,dartspt", seeds="0,", random=False)
    assert [spec.method for spec in found] == ["darts", "betadarts", "dartspt"]
    assert {spec.recipe for spec in found} == {"landscape"}
