"""Which real faults a check of tiny supernets finds: `ci/supernet.yaml`, with its own margins.

Fourteen faults of the methods, those of the landscape's proof, and six of the engine. The slow test
prints a row of the table in `docs/regression.md` for each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

import pytest

from nasbench_harness.errors import ExitCode
from nasbench_harness.reports.regression.baseline import Baseline
from nasbench_harness.reports.regression.check import CheckReport, check_results
from nasbench_harness.reports.regression.series import COSTS, MEMORY, Measured
from nasbench_harness.reports.regression.studyfile import read_study_file
from nasbench_harness.reports.regression.verdicts import CheckVerdict
from nasbench_harness.study.config import StudyConfig, build_config

from .engine_faults import FAULTS, faulty
from .mutants import MUTANTS, Mutant, planted, run_methods, with_mutant

SIGNALS = (
    "oneshot_accuracy", "oneshot_accuracy_mixture", "mean_train_accuracy",
    "entropy", "mean_train_loss", "valid_loss", "concentration",
)  # fmt: skip
"""What searches ended with, and four numbers that they record on their way."""
ENGINE = "drnas"
"""Whose searches get the engine's faults."""
METHODS = [mutant for mutant in MUTANTS if mutant.method != "random"]
FOUND = (
    "darts: gradient's sign flipped",
    "darts: derived by argmin",
    "drnas: gradient's sign flipped",
    "drnas: concentration without + 1",
    "edas: gradient's sign flipped",
    "edas: every edge relaxed",
    "edas: other edges clamped uniformly",
    "unas: temperature ten times as high",
    "unas: temperature a tenth",
)
"""Faults of methods that fail the check: a regression, or a search that moved."""
OPEN = ("no batch norm between the cells",)
"""Of the engine: measured with twelve seeds only, which could not tell its losses from chance."""


@dataclass(frozen=True)
class Supernets:
    """The study of the true methods, and the margins that we ship."""

    folder: Path
    config: StudyConfig
    true: Measured
    margins: Mapping[str, float]

    def check(self, method: str, fault: str) -> CheckReport:
        """The whole study with a fault in one method's searches."""
        mutants = {mutant.name: mutant for mutant in METHODS}
        plant = planted(mutants[fault]) if fault in mutants else faulty(fault)
        place = self.folder / fault.replace(" ", "-").replace(":", "").replace("'", "")
        mutated = run_methods(self.config, place, method, plant, SIGNALS)
        tell(self.true, mutated)
        again = with_mutant(measured_again(self.true), mutated)
        return check_results(Baseline(self.true, self.margins), again)


def measured_again(true: Measured) -> Measured:
    """Memory never is the same twice, so that it is tested beside what a fault moves."""
    found = [
        replace(
            one, values={seed: value + 0.3 * (-1) ** seed for seed, value in one.values.items()}
        )
        if one.key.metric == MEMORY
        else one
        for one in true.series
    ]
    return replace(true, series=tuple(found))


def tell(true: Measured, mutated: Measured) -> None:
    """Print how much every accuracy lost, and how much what was recorded on the way fell."""
    before = {one.key: one.values for one in true.series}
    for one in mutated.series:
        if one.key.metric not in COSTS and one.values:
            lost = [before[one.key][seed] - value for seed, value in one.values.items()]
            print(f"    {one.key.metric}: {fmean(lost):.3g} less")


@pytest.fixture(scope="module")
def supernets(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> Supernets:
    """Sixteen seeds of the true methods."""
    folder = tmp_path_factory.mktemp("supernets")
    study, margins = read_study_file(checkout / "ci" / "supernet.yaml")
    config = build_config(None, study, [])
    true = run_methods(config, folder / "true", metrics=SIGNALS)
    return Supernets(folder, config, true, margins)


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_of_the_engine_can_be_planted(fault: str) -> None:
    with faulty(fault):
        pass


@pytest.mark.slow
@pytest.mark.parametrize("mutant", METHODS, ids=lambda mutant: mutant.name)
def test_faults_of_methods(supernets: Supernets, mutant: Mutant) -> None:
    report = supernets.check(mutant.method, mutant.name)
    told = verdicts(report)
    print(f"\n| `{mutant.method}` | {mutant.fault} | {told} |")
    assert report.exit_code == ExitCode.CHECK_FAILED or mutant.name not in FOUND, told


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_faults_of_the_engine(supernets: Supernets, fault: str) -> None:
    report = supernets.check(ENGINE, fault)
    print(f"\n| `{ENGINE}` | {fault} | {verdicts(report)} |")
    assert report.exit_code == ExitCode.CHECK_FAILED or fault in OPEN


def verdicts(report: CheckReport) -> str:
    """What was found of every accuracy that did not stay."""
    found = [
        f"{one.metric}: {one.verdict}"
        for one in report.findings
        if one.metric not in COSTS and one.verdict is not CheckVerdict.UNCHANGED
    ]
    return ", ".join(found) or "unchanged"
