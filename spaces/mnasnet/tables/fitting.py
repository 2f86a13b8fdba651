"""From the measurements to the benchmark: what is predicted, what is counted, what was measured.

Accuracy and latencies are polynomials of main effects and pairs (931 terms), fitted to nine tenths
of the networks; the last tenth says how far they are off. A network that was measured twice counts
once, with its mean. Parameters and multiply-adds are sums over the seven blocks, exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from nasbench_harness.contracts import Architecture, HeldOut, Metric, Polynomial
from nasbench_harness.errors import HarnessError
from nasbench_harness.spaces.mnasnet.space import BLOCKS, PARTS, MnasNet
from nasbench_harness.spaces.mnasnet.tables import ACCEL, DATASET, DEVICES, LATENCY, TOP1
from nasbench_harness.spaces.mnasnet.tables.archive import Measurement
from nasbench_harness.spaces.mnasnet.tables.source import ARCHIVE
from nasbench_harness.tables.additive import AdditiveCost, fit_additive
from nasbench_harness.tables.fitted import FittedSource, Terms, write_fitted
from nasbench_harness.tables.highest import highest
from nasbench_harness.tables.polynomials import (
    errors_of,
    fit_polynomial,
    held_out,
    predictions,
)

VERSION = "42603572, fit 1"
"""The commit of the measurements, and which way of fitting to them this is."""
RIDGE = 10.0
"""Ours: from 1 to 30 the error on the held-out tenth is the same to 0.002 points."""
SHARE, SEED = 0.1, "accel 0"
MILLION = 1e6

Measurements = Mapping[str, Mapping[str, float]]


def build(measurements: Sequence[Measurement], file: Path) -> None:
    """Write the benchmark; HarnessError where the measurements are not what they should be."""
    columns = _columns(measurements)
    choices = {one.arch.text: one.arch.choices for one in measurements}
    noise = _noise(measurements)
    fits = {
        TOP1: _fit(columns["measured_top1"], choices, noise),
        **{
            f"{LATENCY}{device}": _fit(columns[f"measured_latency_ms_{device}"], choices, None)
            for device in DEVICES
        },
    }
    polynomials = {name: fit[0] for name, fit in fits.items()}
    errors = {name: fit[1] for name, fit in fits.items()}
    best = _best(polynomials[TOP1])
    terms = Terms(
        metrics=[*_predicted(errors), *COUNTED, *MEASURED],
        polynomials=polynomials,
        held_out=errors,
        additive={
            "params": _counted(measurements, lambda one: one.params),
            "flops": _counted(measurements, lambda one: one.flops),
        },
        measured=columns,
        highest={TOP1: best.text} if best else {},
    )
    about = FittedSource(
        name=ACCEL,
        space=MnasNet.name,
        version=VERSION,
        source=f"{ARCHIVE.repository} {ARCHIVE.commit[:10]}, {ARCHIVE.path}",
        source_sha256=ARCHIVE.sha256,
        caveat=_caveat(columns["measured_top1"], errors[TOP1], polynomials[TOP1], best),
    )
    write_fitted(file, about, terms)


def _columns(measurements: Sequence[Measurement]) -> Measurements:
    """What was measured of each network, by its text; means where it was done twice."""
    told: dict[str, Callable[[Measurement], float]] = {
        "measured_top1": lambda one: one.top1,
        "measured_top5": lambda one: one.top5,
    }
    for device in DEVICES:
        told[f"measured_latency_ms_{device}"] = lambda one, d=device: one.latencies[d]  # type: ignore[misc]
    found: dict[str, dict[str, float]] = {}
    for name, of in told.items():
        runs: dict[str, list[float]] = {}
        for one in measurements:
            if not math.isnan(value := of(one)):
                runs.setdefault(one.arch.text, []).append(value)
        found[name] = {text: fmean(values) for text, values in sorted(runs.items())}
    return found


def _noise(measurements: Sequence[Measurement]) -> float | None:
    """Mean distance of the two accuracies of networks that were trained twice."""
    runs: dict[str, list[float]] = {}
    for one in measurements:
        runs.setdefault(one.arch.text, []).append(one.top1)
    apart = [max(values) - min(values) for values in runs.values() if len(values) > 1]
    return fmean(apart) if apart else None


def _fit(
    column: Mapping[str, float], choices: Mapping[str, tuple[int, ...]], noise: float | None
) -> tuple[Polynomial, HeldOut]:
    texts = sorted(column)
    measured = np.array([column[text] for text in texts])
    chosen = np.array([choices[text] for text in texts])
    apart = held_out(texts, SHARE, SEED)
    polynomial = fit_polynomial(chosen[~apart], measured[~apart], _counts(), RIDGE)
    off = errors_of(predictions(polynomial, chosen[apart]), measured[apart], noise)
    return polynomial, off


def _best(polynomial: Polynomial) -> Architecture | None:
    """The network of the highest prediction; None where that is not proved."""
    found = highest(polynomial, _counts(), _blocks())
    return None if found is None else MnasNet().architecture(found)


def _blocks() -> list[tuple[int, ...]]:
    """The decisions of each block."""
    size = len(PARTS)
    return [tuple(range(at, at + size)) for at in range(0, BLOCKS * size, size)]


def _counts() -> list[int]:
    return [len(decision.options) for decision in MnasNet.decisions]


def _counted(
    measurements: Sequence[Measurement], of: Callable[[Measurement], float]
) -> AdditiveCost:
    """A count of the network, in ones: a table for every block."""
    chosen: NDArray[np.int64] = np.array([one.arch.choices for one in measurements])
    try:
        fitted, _ = fit_additive(chosen, [of(one) for one in measurements], _counts(), _blocks())
    except ValueError as error:
        raise HarnessError(f"The measurements do not tell what a block costs ({error}).") from error
    cost = fitted.in_ones(MILLION)
    for one in measurements:
        if cost.of(one.arch.choices) != round(MILLION * of(one)):
            raise HarnessError(f"The counts of {one.arch} are no sums over its blocks.")
    return cost


# --- what the numbers are ----------------------------------------------------------------------


def _predicted(errors: Mapping[str, HeldOut]) -> list[Metric]:
    told = [_metric(TOP1, "ImageNet top-1", "%", errors[TOP1], searched=True)]
    for device, name in DEVICES.items():
        metric = f"{LATENCY}{device}"
        told.append(_metric(metric, f"latency on {name}", "ms", errors[metric], searched=False))
    return told


def _metric(name: str, of: str, unit: str, off: HeldOut, *, searched: bool) -> Metric:
    points = "points" if unit == "%" else unit
    return Metric(
        name,
        f"{of} as a polynomial predicts it, off by {off.mae:.2g} {points} on held-out networks",
        unit,
        DATASET,
        "valid" if searched else "",
        None,
        searched,
        searched,
        quantity="predicted accuracy" if searched else "predicted latency",
    )


COUNTED = [
    Metric("params", "parameters", "count", DATASET, "", None, False, False),
    Metric("flops", "multiply-adds of one image", "count", DATASET, "", None, False, False),
]
MEASURED = [
    Metric("measured_top1", "ImageNet top-1 of a network that was trained, by a shortened recipe",
           "%", DATASET, "valid", None, False, False, seeds="1-2 (mean)"),
    Metric("measured_top5", "ImageNet top-5 of a network that was trained, by a shortened recipe",
           "%", DATASET, "valid", None, False, False, seeds="1-2 (mean)"),
    *(
        Metric(f"measured_latency_ms_{device}", f"latency on {name}, of networks it was measured"
               " of", "ms", DATASET, "", None, False, False)
        for device, name in DEVICES.items()
    ),
]  # fmt: skip


def _caveat(
    measured: Mapping[str, float], off: HeldOut, polynomial: Polynomial, best: Architecture | None
) -> str:
    return (
        f"`{ACCEL}` predicts: a polynomial was fitted here to nine tenths of the {len(measured):,}"
        " networks that Accel-NASBench trained, once each, by a shortened ImageNet recipe. On the"
        f" {off.architectures:,} others its top-1 is off by {off.mae:.2f} points on average"
        f" ({off.best_mae:.2f} on the best tenth of them; R2 {off.r2:.3f}, rank correlation"
        f" {off.spearman:.3f}){_noise_told(off)}.{_highest_told(measured, polynomial, best)} Its"
        " latencies are predicted too; parameters and multiply-adds are exact."
    )


def _noise_told(off: HeldOut) -> str:
    if off.noise is None:
        return ""
    return f"; two trainings of one network are {off.noise:.2f} apart on average"


def _highest_told(
    measured: Mapping[str, float], polynomial: Polynomial, best: Architecture | None
) -> str:
    """How far predictions go beyond what was trained."""
    if best is None:
        return ""
    return (
        f" The highest of all predictions is {polynomial.at(best.choices):.2f} %, while no network"
        f" that was trained has more than {max(measured.values()):.2f} %: how far predictions are"
        " off up there nobody measured."
    )
