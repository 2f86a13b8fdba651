"""Latency tables from the layers of a space: measured, found for a search, and held exactly."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from nasbench_harness import registry
from nasbench_harness.contracts import NetworkShape
from nasbench_harness.errors import HarnessError, UnknownNameError
from nasbench_harness.hardware import Hardware, describe_machine
from nasbench_harness.methods.setups.unas import UNASSettings
from nasbench_harness.methods.shared.costs import LinearCost
from nasbench_harness.networks.latency import measure_latencies
from nasbench_harness.problems.landscape.objective import Landscape
from nasbench_harness.study.config import build_config
from nasbench_harness.study.cost_notes import cost_notes
from nasbench_harness.study.costs import layer_costs
from nasbench_harness.study.heldcost import held_costs
from nasbench_harness.study.latencies import settle_latencies
from nasbench_harness.study.planning import plan
from nasbench_harness.study.spec import TrialSpec
from nasbench_harness.tables import latencies
from nasbench_harness.tables.latencies import LatencyTable, MeasuredShape, keep
from nasbench_harness.tables.within import costs_of

SPACE = registry.open_space("nbmacro")
DIGITS = NetworkShape(classes=10, width=2, cells=1, in_channels=1, image_size=(8, 8))
Planned = Callable[..., TrialSpec]


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where tables are kept, empty at first; and nothing that other tests offered."""
    monkeypatch.setenv("NASHARNESS_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(latencies, "_offered", {})
    return tmp_path / "data"


def made_up(**changes: Any) -> LatencyTable:
    """A table of nbmacro on digits with numbers that nobody measured."""
    draw = np.random.default_rng(0)
    facts: dict[str, Any] = {
        "space": "nbmacro", "space_version": SPACE.version, "device": "cpu",
        "machine": describe_machine(torch.device("cpu")), "threads": 1,
        "shape": MeasuredShape.of(DIGITS), "batch": 24, "passes": 10,
        "constant": 0.5, "constant_spread": 0.0,
        "layers": draw.random((8, 3)).round(4).tolist(), "spreads": np.zeros((8, 3)).tolist(),
    }  # fmt: skip
    return LatencyTable.model_validate({**facts, **changes})


def on_digits(cost: str, **network: int) -> TrialSpec:
    given = {
        "methods": "unas", "space": "nbmacro", "search": "supernet", "dataset": "digits",
        "recipe": "quick", "limit": 120, "seeds": "0,", "random": False, "table": "none",
        "network": {"width": 2, **network}, "cost": cost, "target": 2.0,
    }  # fmt: skip
    (spec,) = plan(build_config(None, given, []))
    return spec


# --- measuring ---------------------------------------------------------------------------------


def test_every_option_of_every_layer_is_measured() -> None:
    heard: list[tuple[int, int]] = []
    before = torch.get_rng_state()
    table = measure_latencies(
        SPACE, DIGITS, Hardware(device="cpu"), batch=2, passes=3, whole=2,
        told=lambda done, of: heard.append((done, of)),
    )  # fmt: skip
    assert [len(row) for row in table.layers] == [len(row) for row in table.spreads] == [3] * 8
    assert table.constant > 0
    assert min(time for row in table.layers for time in row[1:]) > 0
    assert (table.space, table.device, table.batch, table.passes) == ("nbmacro", "cpu", 2, 3)
    assert table.shape == MeasuredShape.of(DIGITS)
    assert table.whole is not None
    assert table.whole.networks == 2
    assert heard == [(number, 5) for number in range(1, 6)]
    assert torch.equal(before, torch.get_rng_state())


def test_spaces_without_layers_by_themselves_are_refused() -> None:
    with pytest.raises(HarnessError, match="does not give its layers one by one"):
        measure_latencies(
            registry.open_space("nb201"), DIGITS, Hardware(), batch=1, passes=3, whole=0
        )


def test_networks_that_there_are_not_are_refused() -> None:
    deep = NetworkShape(classes=10, width=2, cells=2)
    with pytest.raises(HarnessError, match="cells is 1, not 2"):
        measure_latencies(SPACE, deep, Hardware(device="cpu"), batch=1, passes=3, whole=0)


# --- which table a search holds ----------------------------------------------------------------


def test_a_device_stands_for_the_table_of_exactly_these_networks() -> None:
    table = made_up()
    keep(table)
    keep(made_up(shape=MeasuredShape.of(DIGITS).model_copy(update={"width": 4})))
    keep(made_up(batch=1))
    keep(made_up(machine="another processor"))
    spec = on_digits("latency:cpu")
    assert spec.roles["cost"] == spec.overrides["cost"] == f"latency:{table.name}"
    held = held_costs(spec)
    assert held is not None
    assert [(one.unit, one.target) for one in held] == [("ms", 2.0)]


def test_trials_of_two_measurements_are_two_trials() -> None:
    first = keep(made_up()).stem
    one = on_digits(f"latency:{first}")
    second = keep(made_up(constant=0.6)).stem
    other = on_digits(f"latency:{second}")
    assert on_digits(f"latency:{first}").trial_id == one.trial_id != other.trial_id
    with pytest.raises(HarnessError, match="Several latency tables of `nbmacro` fit") as found:
        on_digits("latency:cpu")
    assert first in str(found.value)
    assert second in str(found.value)


def test_tables_of_other_threads_are_told_apart() -> None:
    """How many the search itself has is no part of what it finds, and nothing is refused."""
    one, four = made_up(), made_up(threads=4)
    keep(four)
    spec = on_digits("latency:cpu")
    said = f"`latency:{four.name}` is of 4 threads, whatever --threads says of the search."
    assert said in list(cost_notes([spec]))
    keep(one)
    with pytest.raises(HarnessError, match="Several latency tables of `nbmacro` fit") as found:
        on_digits("latency:cpu")
    assert f"`latency:{one.name}` (1 thread)" in str(found.value)
    assert f"`latency:{four.name}` (4 threads)" in str(found.value)
    assert not any(
        "whatever --threads" in n for n in cost_notes([on_digits(f"latency:{one.name}")])
    )


def test_a_file_is_kept_and_named_by_its_content(tmp_path: Path, data: Path) -> None:
    table = made_up(device="cuda", machine="a card")
    file = tmp_path / "there.json"
    file.write_text(table.model_dump_json())
    spec = on_digits(f"latency:{file},params")
    assert spec.roles["cost"] == f"latency:{table.name}+params"
    file.unlink()
    kept = data / "latency" / "nbmacro" / f"{table.name}.json"
    assert not kept.exists()  # a plan writes nothing
    latencies.keep_offered([table.name])
    assert kept.is_file()
    assert on_digits(f"latency:{table.name},params").trial_id == spec.trial_id


def test_a_table_of_other_networks_is_refused() -> None:
    table = made_up()
    keep(table)
    with pytest.raises(HarnessError, match="width 2, cells 1, and the networks of this search"):
        on_digits(f"latency:{table.name}", width=3)
    with pytest.raises(HarnessError, match="--width 3 --cells 1` measures one") as found:
        on_digits("latency:cpu", width=3)
    assert f"there are `latency:{table.name}`, of other networks" in str(found.value)


def test_a_table_of_another_space_or_version_is_refused(tmp_path: Path) -> None:
    for number, changes in enumerate(
        ({"space": "proxyless"}, {"space_version": "0"}, {"layers": [[1.0]], "spreads": [[0.0]]})
    ):
        file = tmp_path / f"{number}.json"
        file.write_text(made_up(**changes).model_dump_json())
        with pytest.raises(HarnessError, match="is a latency table of version"):
            on_digits(f"latency:{file}")
        keep(made_up(**changes))
    assert layer_costs(SPACE) == ()


@pytest.mark.parametrize(
    ("cost", "error", "said"),
    [
        ("latency:cpu", HarnessError, "There is no latency table of `nbmacro`"),
        ("latency:pixel", UnknownNameError, "There is no cost of space `nbmacro`"),
        ("latency:none.json", HarnessError, "cannot be read as a latency table"),
    ],
)
def test_without_a_table_a_sentence_says_so(cost: str, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        on_digits(cost)


def test_a_device_that_is_not_here_has_no_table() -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has one")
    with pytest.raises(HarnessError, match="measured on this machine's cuda, and it has none"):
        settle_latencies("unas", UNASSettings(cost="latency:cuda"), SPACE, DIGITS)


def test_settings_without_such_a_cost_are_left_alone() -> None:
    for cost in ("none", "params", "latency:measured", "params+latency:measured"):
        settings = UNASSettings(cost=cost)
        assert settle_latencies("unas", settings, SPACE, DIGITS) is settings


# --- what is held of it ------------------------------------------------------------------------


def landscape() -> Landscape:
    table = registry.open_complete("nbmacro")
    metric = table.search_metric("cifar10")
    return Landscape(SPACE, table, metric=metric, dataset="cifar10", steps=10, epochs=1)


def test_the_mean_is_that_of_all_architectures() -> None:
    """Of a cost that adds up no architecture has to be asked."""
    table = made_up()
    keep(table)
    cost = LinearCost(landscape(), f"latency:{table.name}", target=0.0)
    p = torch.rand(3, 8, 3, dtype=torch.float64).softmax(dim=-1)
    every = list(product(range(3), repeat=8))
    joint = [
        torch.stack([p[:, place, choice] for place, choice in enumerate(z)]).prod(dim=0)
        for z in every
    ]
    enumerated = sum(share * cost.of(SPACE.unrank(rank)) for rank, share in enumerate(joint))
    assert torch.allclose(cost.expected(p), torch.as_tensor(enumerated), atol=1e-12)
    assert torch.allclose(cost.expected_excess(p[0]), cost.expected(p[0]), atol=1e-12)


def test_the_mean_excess_is_exact_on_either_side_of_the_least() -> None:
    """Below every architecture by the sum, above some by the enumeration of all."""
    table = made_up()
    keep(table)
    problem, p = landscape(), torch.rand(8, 3, dtype=torch.float64).softmax(dim=-1)
    least = table.additive.least()
    for target in (0.5 * least, least, 1.5 * least):
        cost = LinearCost(problem, f"latency:{table.name}", target=target)
        excesses = torch.tensor(
            [max(cost.of(arch) - target, 0) for arch in SPACE.enumerate()], dtype=torch.float64
        )
        enumerated = excesses.reshape([3] * 8)
        for row in p.flip(0):
            enumerated = enumerated @ row
        assert float(cost.expected_excess(p)) == pytest.approx(float(enumerated), abs=1e-12)


def test_counts_of_networks_are_told_in_their_own_unit() -> None:
    cost = LinearCost(landscape(), "params", target=0.0)
    arch = SPACE.parse("22212220")
    assert float(cost.expected(SPACE.weights(arch).double())) == pytest.approx(cost.of(arch))


def test_what_is_no_sum_has_no_such_mean() -> None:
    from nasbench_harness.testing import toy_problem

    cost = LinearCost(toy_problem(), "params", target=0.0)
    with pytest.raises(ValueError, match="`params` is no sum over decisions"):
        cost.expected(torch.ones(1))


def test_landscapes_hold_it_too_and_know_what_everything_costs() -> None:
    table = made_up()
    keep(table)
    given = {
        "methods": "unas", "space": "nbmacro", "seeds": "0,", "random": False,
        "cost": f"latency:{table.name}", "target": 3.0,
    }  # fmt: skip
    (spec,) = plan(build_config(None, given, []))
    held = held_costs(spec)
    assert held is not None
    costs = costs_of(spec, next(iter(held)))
    arch = SPACE.parse("01201201")
    assert costs[SPACE.rank(arch)] == table.additive.of(arch.choices)
