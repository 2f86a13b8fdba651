"""Costs that add up: exact means and gradients, and the look-up tables that were published."""

from __future__ import annotations

import csv
import gzip
import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from nasbench_harness.tables.additive import AdditiveCost, CostPart, fit_additive

COUNTS = (3, 2, 4)


def cost() -> AdditiveCost:
    """A layer by itself, two that act together, and one of them once more."""
    draw = np.random.default_rng(0)
    alone, together = CostPart((0,), draw.random(3)), CostPart((2, 1), draw.random((4, 2)))
    return AdditiveCost(2.5, [alone, together, CostPart((2,), [1, 2, 3, 4])])


def enumerated(weights: Tensor) -> Tensor:
    """[N]: the mean over all architectures."""
    of = cost().of
    return sum(
        of(cell) * torch.stack([weights[:, d, k] for d, k in enumerate(cell)]).prod(dim=0)
        for cell in product(*map(range, COUNTS))
    )


def probabilities() -> Tensor:
    mask = torch.arange(4) < torch.tensor(COUNTS)[:, None]
    drawn = torch.rand(5, 3, 4, dtype=torch.float64) * mask
    return drawn / drawn.sum(dim=-1, keepdim=True)


def test_means_are_those_of_all_architectures() -> None:
    weights = probabilities()
    assert torch.allclose(cost().expected(weights), enumerated(weights), atol=1e-13)
    assert torch.allclose(cost().expected(weights[0]), enumerated(weights)[0], atol=1e-13)


def test_gradients_are_those_of_all_architectures_along_the_simplex() -> None:
    logits = torch.randn(5, 3, 4, dtype=torch.float64)
    logits[:, 0, 3] = logits[:, 1, 2:] = -torch.inf
    found = []
    for mean in (cost().expected, enumerated):
        point = logits.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(mean(point.softmax(dim=-1)).sum(), point)
        found.append(gradient.nan_to_num())
    assert torch.allclose(*found, atol=1e-13)
    assert torch.autograd.gradcheck(cost().expected, probabilities().requires_grad_())


def test_one_hot_weights_cost_what_the_architecture_costs() -> None:
    for cell in product(*map(range, COUNTS)):
        one_hot = torch.nn.functional.one_hot(torch.tensor(cell), 4).double()
        assert cost().expected(one_hot).item() == pytest.approx(cost().of(cell), abs=1e-13)


def test_a_table_of_other_axes_is_refused() -> None:
    with pytest.raises(ValueError, match="a table of 1 axes for the decisions"):
        AdditiveCost(0.0, [CostPart((0, 1), [1.0, 2.0])])


def test_it_is_kept_as_it_is() -> None:
    again = AdditiveCost.from_json(json.loads(json.dumps(cost().to_json())))
    assert [again.of(c) for c in product(*map(range, COUNTS))] == [
        cost().of(c) for c in product(*map(range, COUNTS))
    ]


def test_what_adds_up_is_fitted_exactly() -> None:
    cells = np.array(list(product(*map(range, COUNTS))))
    values = [cost().of(cell) for cell in cells]
    found, off = fit_additive(cells, values, COUNTS, [(0,), (1, 2)])
    assert off < 1e-12
    assert [found.of(cell) for cell in cells] == pytest.approx(values, abs=1e-12)
    _, off = fit_additive(cells, values, COUNTS, [(0,), (1,), (2,)])
    assert off > 0.01  # two act together


def test_too_few_measurements_are_refused() -> None:
    cells = np.array(list(product(*map(range, COUNTS))))[:5]
    with pytest.raises(ValueError, match="5 measurements tell 5 of 7 entries"):
        fit_additive(cells, np.arange(5.0), COUNTS, [(0,), (1,), (2,)])


# --- published look-up tables ------------------------------------------------------------------

LAYERS, BLOCKS, SKIP = 22, 9, 8
"""Of the FBNet space; the last of its blocks is skip."""


@pytest.fixture(scope="module")
def fbnet(reference_data: Path) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Choices of 5,000 FBNets, and what they take on each device (HELP, 2021)."""
    file = reference_data / "more" / "fbnet_latency" / "fbnet_help_latency_5000.csv.gz"
    if not file.is_file():
        pytest.skip(f"no FBNet latencies in {file.parent}")
    with gzip.open(file, "rt") as text:
        rows = list(csv.DictReader(text))
    choices = np.array([[int(digit) for digit in row["arch"]] for row in rows])
    return choices, _latencies(rows)


def _latencies(rows: list[dict[str, str]]) -> dict[str, np.ndarray]:
    return {n: np.array([float(row[n]) for row in rows]) for n in rows[0] if n != "arch"}


@pytest.mark.parametrize("device", ["eyeriss_ms", "fpga_ms", "pixel3_ms", "raspi4_ms"])
def test_fbnet_latencies_add_up_on_four_devices(
    device: str, fbnet: tuple[np.ndarray, dict[str, np.ndarray]], reference_data: Path
) -> None:
    """And the entries are those that were found before, relative to skip."""
    choices, latencies = fbnet
    groups = [(layer,) for layer in range(LAYERS)]
    found, off = fit_additive(choices, latencies[device], [BLOCKS] * LAYERS, groups)
    assert off <= 7e-5
    known = json.loads(
        (reference_data / "more" / "fbnet_latency" / "fbnet_additive_lut.json").read_text()
    )["devices"][device]
    assert found.of([SKIP] * LAYERS) == pytest.approx(known["const_all_skip"], abs=2e-4)
    for (_, table), entries in zip(found.parts, known["relative_to_skip"], strict=True):
        assert table - table[SKIP] == pytest.approx(np.array(entries), abs=2e-4)
    uniform = torch.full((LAYERS, BLOCKS), 1 / BLOCKS, dtype=torch.float64)
    assert float(found.expected(uniform)) == pytest.approx(
        found.constant + sum(table.mean() for _, table in found.parts), abs=1e-9
    )


def test_fbnet_latencies_do_not_add_up_where_they_were_measured_end_to_end(
    fbnet: tuple[np.ndarray, dict[str, np.ndarray]],
) -> None:
    choices, latencies = fbnet
    groups = [(layer,) for layer in range(LAYERS)]
    _, off = fit_additive(choices, latencies["samsung_s7_ms"], [BLOCKS] * LAYERS, groups)
    assert off > 10
