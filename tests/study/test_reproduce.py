"""The one command in every row plans the very trial that the row is about."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from nasbench_harness.cli import app
from nasbench_harness.cli import run as run_command
from nasbench_harness.store.studies import reproduce
from nasbench_harness.study.config import build_config, settled
from nasbench_harness.study.planning import plan
from nasbench_harness.study.spec import TrialSpec

Planned = Callable[[str], list[TrialSpec]]


@pytest.fixture
def planned_by(monkeypatch: pytest.MonkeyPatch) -> Planned:
    """What a command would run: everything is parsed and planned, nothing runs."""
    plans: list[list[TrialSpec]] = []

    def keep(parts: Any, *_: Any, **__: Any) -> None:
        plans.extend(plan(settled(work.args[0])) for _, work in parts)

    monkeypatch.setattr(run_command, "_run", keep)

    def specs(command: str) -> list[TrialSpec]:
        plans.clear()
        words = shlex.split(command)
        assert words[0] == "nasharness"
        done = CliRunner().invoke(app, words[1:])
        assert done.exit_code == 0, done.output
        (only,) = plans
        return only

    return specs


def number(low: float, high: float) -> st.SearchStrategy[str]:
    return st.floats(low, high, allow_nan=False).map(repr)


METHODS = st.one_of(
    st.sampled_from(["darts", "drnas", "edas", "random", "rea", "reinforce", "unas", "rsws"]),
    number(0.05, 5).map(lambda value: f"unas[temperature={value}]"),
    st.tuples(st.sampled_from(["params", "flops"]), number(0, 2)).map(
        lambda cost: f"unas[cost={cost[0]},cost_target={cost[1]}]"
    ),
    st.sampled_from(["unas[sample_per=batch,gap_weight=0.25]", "unas[learning_rate_min=null]"]),
    st.tuples(st.sampled_from(["l2", "kl", "none"]), number(1e-6, 1)).map(
        lambda anchor: f"drnas[anchor={anchor[0]},anchor_weight={anchor[1]}]"
    ),
    st.sampled_from(["drnas[recipe=nb201]", "darts[recipe=landscape]"]),
    st.integers(2, 50).map(lambda size: f"rea[population={size}]"),
)
LANDSCAPES = st.fixed_dictionaries(
    {"methods": METHODS, "seeds": st.integers(0, 2**31).map(lambda seed: f"{seed},")},
    optional={
        "steps": st.integers(1, 5000),
        "noise": st.floats(0, 3, allow_nan=False),
        "batch_size": st.integers(1, 64),
        "diagnose_every": st.integers(1, 9),
        "report_metric": st.sampled_from(["cifar10_baseline_accuracy", "cifar10_ptq_accuracy"]),
        "search_metric": st.sampled_from(["cifar10_baseline_accuracy", "cifar10_qat_accuracy"]),
    },
)
NETWORKS = st.lists(
    st.one_of(
        number(1e-3, 0.2).map(lambda value: f"network.learning_rate={value}"),
        st.integers(1, 8).map(lambda value: f"network.width={value}"),
        st.integers(1, 3).map(lambda value: f"network.cells={value}"),
        st.sampled_from(["network.optimizer=adam", "network.precision=bf16"]),
        st.integers(1, 16).map(lambda value: f"network.batch_size={value}"),
    ),
    max_size=3,
    unique_by=lambda text: text.partition("=")[0],
)
SUPERNETS = st.fixed_dictionaries(
    {
        "methods": st.sampled_from(
            ["darts", "drnas", "edas", "unas", "rsws", "random", "unas[temperature=0.7]"]
        ),
        "seeds": st.integers(0, 99).map(lambda seed: f"{seed},"),
        "recipe": st.sampled_from(["quick", "paper"]),
        "epochs": st.integers(20, 40),
    },
    optional={
        "limit": st.integers(200, 900),
        "diagnose_every": st.integers(1, 9),
        "steps": st.integers(1, 99),
    },
)
QUICKLY = settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)


@QUICKLY
@given(LANDSCAPES)
def test_on_a_landscape(planned_by: Planned, asked: dict[str, Any]) -> None:
    asked = {"random": False, "allow_test_search": True, **asked}
    (spec,) = plan(build_config(None, asked, []))
    (again,) = planned_by(reproduce(spec, allow_test_search=True))
    assert again.fingerprint == spec.fingerprint
    assert again.label == spec.label


@QUICKLY
@given(SUPERNETS, NETWORKS)
def test_on_a_supernet(planned_by: Planned, asked: dict[str, Any], network: list[str]) -> None:
    asked = {"random": False, "search": "supernet", "dataset": "digits", **asked}
    sets = ["network.batch_size=8", *network]
    sets = list({text.partition("=")[0]: text for text in sets}.values())
    (spec,) = plan(build_config(None, asked, sets))
    (again,) = planned_by(reproduce(spec))
    assert again.fingerprint == spec.fingerprint
    assert again.label == spec.label
