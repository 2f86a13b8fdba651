"""Settings that name what is not there are refused before anything runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from nasbench_harness.contracts import SpaceCheck
from nasbench_harness.errors import HarnessError
from nasbench_harness.methods.setups.dartsminus import DARTSMinusSettings
from nasbench_harness.methods.setups.drnas import DrNASSettings
from nasbench_harness.methods.setups.unas import UNASSettings
from nasbench_harness.spaces.darts import open_darts
from nasbench_harness.study.spec import TrialSpec
from nasbench_harness.testing import ToySpace

Plan = Callable[..., list[TrialSpec]]
SUPERNET: dict[str, Any] = {
    "search": "supernet", "dataset": "digits", "recipe": "quick", "epochs": 1, "limit": 64,
    "seeds": 1, "random": False, "table": "none",
}  # fmt: skip
EVERYTHING = "[none,skip_connect,nor_conv_1x1,nor_conv_3x3,avg_pool_3x3]"


@pytest.mark.parametrize(
    ("methods", "words"),
    [
        ("proxy[name=synflo]", "Did you mean `synflow`"),
        ("proxy[name='synflow[batch=1]']", "proxies have no parameters; write `synflow`"),
        ("proxy[candidates=0]", r"`proxy\.candidates` cannot be 0"),
        ("sdarts[excluded=[nonne]]", "`sdarts` cannot be run with these settings: .*nonne"),
        ("dartsminus[kept_options=[9]]", "keeps 9 options of every decision"),
    ],
)
def test_on_images(methods: str, words: str, planned: Plan) -> None:
    with pytest.raises(HarnessError, match=words):
        planned(methods, **SUPERNET)


@pytest.mark.parametrize("method", ["darts", "drnas", "edas", "gdas", "snas", "unas", "reinforce"])
def test_on_a_table_an_option_that_no_decision_has(method: str, planned: Plan) -> None:
    with pytest.raises(HarnessError, match=r"Did you mean `none`"):
        planned(f"{method}[excluded=[nonne]]", random=False)


def test_on_a_table_all_options_of_a_decision(planned: Plan) -> None:
    with pytest.raises(HarnessError, match="has no option left; exclude fewer"):
        planned(f"darts[excluded={EVERYTHING}]", random=False)


def test_on_a_table_more_options_than_there_are(planned: Plan) -> None:
    with pytest.raises(HarnessError, match=r"keeps 9 options .* `nb201` has 5 at most"):
        planned("drnas[kept_options=[9]]", random=False)


def test_stages_whose_last_one_drops_something_are_planned(planned: Plan) -> None:
    planned("drnas[kept_options=[9,3]]", random=False, seeds="1")
    planned("darts[excluded=[none,skip_connect]]", random=False, seeds="1")


def test_options_that_are_excluded_are_none_to_keep() -> None:
    space = ToySpace([3, 3])
    DrNASSettings(kept_options=[3]).check_space(space)
    with pytest.raises(HarnessError, match="has 2 at most"):
        DrNASSettings(kept_options=[3], excluded=("o1",)).check_space(space)


def test_a_search_by_factors_is_asked_for_its_factors() -> None:
    space = open_darts()
    settings = UNASSettings(excluded=("dil_conv_5x5",))
    settings.check_space(space)
    assert settings.searched(space) == space.factors
    with pytest.raises(HarnessError, match="no option of the space"):
        UNASSettings(excluded=("dil_conv_9x9",)).check_space(space)


def test_a_space_without_a_skip_has_nothing_for_dartsminus() -> None:
    DARTSMinusSettings().check_space(ToySpace(free=["o0"]))
    with pytest.raises(HarnessError, match="has no skip"):
        DARTSMinusSettings().check_space(ToySpace())


def test_settings_of_gradient_methods_can_be_asked() -> None:
    assert isinstance(DrNASSettings(), SpaceCheck)
