"""What is known of a study's size of network: whether architectures trained alone at it rank as
the benchmark does.

`nasharness calibrate` leaves a file in its folder. A report looks for them in the folders beside
the study's, and in no others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from nasbench_harness.reports.statistics.correlation import FEWEST, kendall, kendall_interval
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.words.images import trained
from nasbench_harness.reports.words.marked import count, name
from nasbench_harness.reports.words.numerals import percent
from nasbench_harness.training.calibration import FILE, Agreement, Calibration, read_calibration


def agreement(accuracies: Sequence[float], values: Sequence[float]) -> Agreement:
    """Kendall's tau-b of two rankings of the same architectures, with its interval."""
    low, high = kendall_interval(accuracies, values)
    tau = kendall(accuracies, values)
    return Agreement(tau=_known(tau), low=_known(low), high=_known(high))


def calibrations(data: StudyData) -> list[Calibration]:
    """Those beside the study that were made at its size: same images, limit, width and cells.

    None for a study whose methods differ in size, or that looked nothing up.
    """
    sizes = {(spec.network.get("width"), spec.network.get("cells")) for spec in trained(data)}
    if len(sizes) != 1 or not data.looked_up:
        return []
    (size,) = sizes
    found = [read_calibration(path) for path in _files(data.study.folder)]
    return [one for one in found if one and (one.width, one.cells) == size and _fits(one, data)]


def sentences(data: StudyData) -> list[str]:
    """What they say, marked."""
    return [sentence(one) for one in calibrations(data) if one.agreement.tau is not None]


def sentence(calibration: Calibration) -> str:
    """What one says: marked."""
    number = len(calibration.architectures)
    seeds = count(len(calibration.seeds), "seed")
    return (
        f"{number} random architectures trained alone at this size"
        f" ({count(calibration.epochs, 'epoch')} on {calibration.trained_on}, {seeds} each),"
        f" beside {name(calibration.metric)} of table {name(calibration.table)}:"
        f" {tau_words(calibration)}."
    )


def tau_words(calibration: Calibration) -> str:
    """`Kendall's tau 0.81 (95 % CI 0.52 to 0.94)`, and what that does not exclude."""
    found, number = calibration.agreement, len(calibration.architectures)
    if found.tau is None:
        return "no Kendall's tau, since one of the two is the same for all"
    said = f"Kendall's tau {percent(found.tau)}"
    if found.low is None or found.high is None:
        why = f"fewer than {FEWEST} architectures" if number < FEWEST else "too few differ"
        return f"{said} (no interval: {why})"
    bounds = f"{said} (95 % CI {percent(found.low)} to {percent(found.high)})"
    if found.low <= 0 <= found.high:
        return f"{bounds}, which may be no agreement at all"
    return bounds


def _known(number: float) -> float | None:
    return None if math.isnan(number) else float(number)


def _files(study: Path) -> list[Path]:
    return sorted(study.resolve().parent.glob(f"*/{FILE}"))


def _fits(one: Calibration, data: StudyData) -> bool:
    spec = data.study.specs[0]
    return (
        one.space == spec.space
        and one.image_digest == spec.image_digest
        and one.limit == spec.image_limit
        and one.table_hash == spec.table_hash
    )
