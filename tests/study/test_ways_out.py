"""What a refusal advises must be possible."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from nasbench_harness import registry
from nasbench_harness.errors import HarnessError
from nasbench_harness.study.spec import TrialSpec
from nasbench_harness.testing import ToySpace, ToyTable

Plan = Callable[..., list[TrialSpec]]


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A space that lists its architectures and builds no networks."""
    monkeypatch.setattr(registry, "open_space", lambda name: ToySpace())


@pytest.mark.usefixtures("toy")
@pytest.mark.parametrize("search", ["landscape", "supernet"])
def test_a_space_without_networks_and_table_has_neither_search(search: str, planned: Plan) -> None:
    given: dict[str, Any] = {"search": search, "table": "none"}
    if search == "supernet":
        given["dataset"] = "digits"
    with pytest.raises(HarnessError, match="--table NAME") as told:
        planned("darts", seeds="0,", random=False, **given)
    for other in ("supernet", "landscape"):
        assert f"--search {other}" not in str(told.value)


@pytest.mark.usefixtures("toy")
def test_a_space_without_networks_may_have_a_table(
    planned: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("study.planning", "problems.supernet.planning"):
        monkeypatch.setattr(f"nasbench_harness.{module}.find_table", lambda name: ToyTable())
    with pytest.raises(HarnessError, match="`--search landscape` searches its table"):
        planned(
            "darts", seeds="0,", random=False, search="supernet", dataset="digits", table="analog"
        )


def test_a_space_with_networks_may_train_a_supernet(planned: Plan) -> None:
    with pytest.raises(HarnessError, match="or train a supernet with `--search supernet`"):
        planned("darts", seeds="0,", random=False, table="none")
