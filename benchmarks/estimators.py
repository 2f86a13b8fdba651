"""Bias and variance of every method's architecture gradient, over one set of points.

    python benchmarks/estimators.py --out estimators

At each point, a fixed alpha on the NAS-Bench-201 landscape, every method draws its gradient many
times over, and the exact gradient of the expected accuracy is computed beside. Writes
`estimators.csv` (a row a method and point), `estimators.md` (the table of docs/results.md) and
`estimators.svg`. A diagnosed study (`nasharness run --diagnose`) tells the same where each search
happens to be; here all are at the same places.
"""

from __future__ import annotations

import argparse
import csv
import math
import statistics
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nasbench_harness import open_table, registry
from nasbench_harness.problems.estimators import compare
from nasbench_harness.problems.landscape.objective import Landscape

METRIC = "cifar10_baseline_accuracy"
SCALES = (0.1, 1.0, 2.0)
"""Standard deviations of alpha: nearly uniform, in the middle of a search, nearly decided."""
WARM_UP = 50
"""Steps at a point before anything is drawn, for a moving average to know where it is."""
Row = dict[str, float | str]


def _at(temperature: float) -> dict[str, float]:
    return {"temperature_start": temperature, "temperature_end": temperature}


ROWS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "darts": ("darts", {}),
    "drnas": ("drnas", {}),
    "unas": ("unas", {}),
    "unas, no control variate": ("unas", {"control_variate": "none"}),
    "edas": ("edas", {}),
    "edas, clamp=argmax": ("edas", {"clamp": "argmax"}),
    "reinforce": ("reinforce", {}),
    "straight-through, temperature 1": ("reinmax", {"estimator": "straight_through", **_at(1.0)}),
    "straight-through, temperature 2": ("reinmax", {"estimator": "straight_through", **_at(2.0)}),
    "reinmax, temperature 1": ("reinmax", _at(1.0)),
    "reinmax, temperature 2": ("reinmax", _at(2.0)),
    "gdas, temperature 10": ("gdas", _at(10.0)),
    "gdas, temperature 1": ("gdas", _at(1.0)),
    "gdas, temperature 0.1": ("gdas", _at(0.1)),
    "gdas, temperature 1, unchosen=none": ("gdas", {"unchosen": "none", **_at(1.0)}),
    "snas, temperature 1": ("snas", _at(1.0)),
    "snas, temperature 0.1": ("snas", _at(0.1)),
}
"""What a row of the table is called, with a method and what differs from its landscape recipe."""


def points(each: int) -> Iterator[tuple[float, int, Tensor]]:
    """`each` alphas [6, 5] of every scale, the same for all methods."""
    generator = torch.Generator().manual_seed(0)
    for scale in SCALES:
        for place in range(each):
            yield scale, place, scale * torch.randn(6, 5, dtype=torch.float64, generator=generator)


def measured(label: str, alphas: list[tuple[float, int, Tensor]], draws: int) -> Iterator[Row]:
    """A row a point."""
    name, changes = ROWS[label]
    method = registry.methods.load(name)
    settings = method.Settings.build(name, method.recipes["landscape"].settings, changes)
    table, space = open_table("analog"), registry.open_space("nb201")
    for scale, place, alpha in alphas:
        problem = Landscape(space, table, metric=METRIC, dataset="cifar10", steps=10**9, epochs=1)
        searcher = method(problem, settings, seed=place)
        for _ in range(WARM_UP):
            problem.advance()
            searcher.step()
            searcher.alpha.data.copy_(alpha)
        searcher.alpha.data.copy_(alpha)
        estimates = torch.stack([searcher.estimate() for _ in range(draws)])
        yield {"row": label, "scale": scale, "point": place, **compare(estimates, searcher.exact())}


def summary(rows: list[Row]) -> Row:
    """Of one method: root mean squares over the points, the mean cosine, the median variance."""

    def values(name: str) -> list[float]:
        return [float(row[name]) for row in rows]

    bias = statistics.fmean(value**2 for value in values("gradient_bias"))
    chance = statistics.fmean(value**2 for value in values("gradient_bias_error"))
    return {
        "row": str(rows[0]["row"]),
        "bias": math.sqrt(bias),
        "chance": math.sqrt(chance),
        "beyond": math.sqrt(max(bias - chance, 0.0)),
        "variance": statistics.median(values("gradient_variance")),
        "cosine": statistics.fmean(values("gradient_cosine")),
    }


def verdict(row: Row) -> str:
    """Is a bias to be seen at all."""
    ratio = float(row["bias"]) / max(float(row["chance"]), 1e-9)
    return "biased" if ratio > 1.5 else "none seen"


def as_markdown(table: list[Row]) -> str:
    lines = [
        "| estimator | bias | by chance alone | bias beyond chance | | variance | cosine |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in table:
        numbers = [float(row[name]) for name in ("bias", "chance", "beyond", "variance", "cosine")]
        bias, chance, beyond, variance, cosine = numbers
        lines.append(
            f"| {row['row']} | {bias:.3f} | {chance:.3f} | {beyond:.3f} | {verdict(row)} |"
            f" {variance:.3g} | {cosine:.3f} |"
        )
    return "\n".join(lines) + "\n"


def draw(table: list[Row], path: Path) -> None:
    """Bias beyond chance against variance, a dot an estimator."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, 4.5), layout="constrained")
    axes = figure.subplots()
    for row in table:
        x, y = max(float(row["variance"]), 1e-3), max(float(row["beyond"]), 1e-3)
        biased = verdict(row) == "biased"
        axes.plot(x, y, "o", color="#b2182b" if biased else "#2166ac", markersize=5)
        axes.annotate(str(row["row"]), (x, y), xytext=(4, 3), textcoords="offset points", size=7)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("variance of one draw, share of the exact gradient's squared length")
    axes.set_ylabel("bias beyond chance, share of its length")
    axes.margins(x=0.25)
    figure.savefig(path)


def main() -> None:
    form = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--out", type=Path, default=Path("estimators"))
    parser.add_argument("--points", type=int, default=4, help="of every scale of alpha")
    parser.add_argument("--draws", type=int, default=2000, help="of every gradient")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    asked.out.mkdir(parents=True, exist_ok=True)
    alphas = list(points(asked.points))
    rows: list[Row] = []
    table: list[Row] = []
    for label in ROWS:
        own = list(measured(label, alphas, asked.draws))
        rows += own
        table.append(summary(own))
        print(as_markdown(table[-1:]).splitlines()[-1], flush=True)
    with (asked.out / "estimators.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    (asked.out / "estimators.md").write_text(as_markdown(table))
    draw(table, asked.out / "estimators.svg")


if __name__ == "__main__":
    main()
