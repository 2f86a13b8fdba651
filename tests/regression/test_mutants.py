"""Which real faults the default check finds, on the seeds of its baseline and on fresh ones.

Every loss of more than 0.3 points in mean regret must be a regression in both, and every change of
any seed must be told in the first. The fast proof has fewer steps and seeds, and the faults that
show by then; the slow one is the check of our own CI, and prints the table of `docs/regression.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import pytest

from nasbench_harness import registry
from nasbench_harness.errors import ExitCode
from nasbench_harness.reports.regression.baseline import Baseline, read_baseline
from nasbench_harness.reports.regression.check import CheckReport, check_results
from nasbench_harness.reports.regression.outputs import loud
from nasbench_harness.reports.regression.series import COSTS, Measured
from nasbench_harness.reports.regression.verdicts import CheckVerdict, Finding
from nasbench_harness.study.config import StudyConfig, build_config

from .mutants import MUTANTS, NOTHING, Mutant, faulty_copy, planted, search, with_mutant

LOST = 0.3
"""Points of mean regret that no fault may cost without being found."""
FRESH = 100
"""The first of the fresh seeds."""
EARLY = (
    "darts: derived by argmin",
    "drnas: concentration without + 1",
    "random: answers the last draw",
    "darts: gradient's sign flipped",
    "drnas: gradient's sign flipped",
    "edas: gradient's sign flipped",
    "unas: gradient's sign flipped",
)
"""Faults that eight seeds tell after 200 steps."""


@dataclass(frozen=True)
class Tier:
    """One of the two ways to run a study again: on the seeds of the baseline, or on fresh ones."""

    config: StudyConfig
    true: Measured


@dataclass(frozen=True)
class Proof:
    """A study of the true methods, once as baseline and once with fresh seeds."""

    folder: Path
    same: Tier
    fresh: Tier

    @property
    def baseline(self) -> Baseline:
        """With the shipped margins."""
        return Baseline(self.same.true)

    def check(self, tier: Tier, mutant: Mutant) -> Outcome:
        """The whole study with one method's fault in it."""
        kind = "same" if tier is self.same else "fresh"
        place = self.folder / f"{kind} {mutant.name}".replace(" ", "-").replace("/", "-")
        mutated = search(tier.config, place, mutant)
        report = check_results(self.baseline, with_mutant(tier.true, mutated))
        before, after = (accuracies(found, mutant.method) for found in (tier.true, mutated))
        return Outcome(before, after, report, mutant.method)


@dataclass(frozen=True)
class Outcome:
    """What a fault did, and what the check said."""

    before: dict[int, float]
    """Accuracy of the true method by seed."""
    after: dict[int, float]
    """With the fault, on the same seeds."""
    report: CheckReport
    method: str

    @property
    def lost(self) -> float:
        """Rise of the mean regret, points."""
        return fmean(self.before.values()) - fmean(self.after.values())

    @property
    def finding(self) -> Finding:
        """About the method's accuracy."""
        (found,) = [
            f for f in self.report.findings if f.name == self.method and f.metric not in COSTS
        ]
        return found


def accuracies(results: Measured, method: str) -> dict[int, float]:
    (found,) = [
        dict(one.values)
        for one in results.series
        if one.key.method == method and one.key.metric not in COSTS
    ]
    return found


def prove(folder: Path, checkout: Path, **given: object) -> Proof:
    """Run the study of our own CI, or a smaller one, with the true methods."""
    study = checkout / "ci" / "study.yaml"
    same = build_config(study, given, [])
    first, count = FRESH, len(same.seeds)
    fresh = build_config(study, {**given, "seeds": f"{first}-{first + count - 1}"}, [])
    tiers = [
        Tier(config, search(config, folder / str(config.seeds[0]))) for config in (same, fresh)
    ]
    return Proof(folder, *tiers)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> Proof:
    """200 steps and eight seeds."""
    return prove(tmp_path_factory.mktemp("small"), checkout, steps=200, seeds="0-7")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> Proof:
    """The check of our own CI."""
    return prove(tmp_path_factory.mktemp("whole"), checkout)


# --- planting ----------------------------------------------------------------------------------


def test_the_installed_method_is_not_touched() -> None:
    true = registry.methods.load("darts")
    with planted(one_of("darts: gradient's sign flipped")):
        faulty = registry.methods.load("darts")
        assert faulty is not true
        assert (faulty.__name__, faulty.version) == (true.__name__, true.version)
    assert registry.methods.load("darts") is true


def test_a_mutant_whose_text_is_gone_is_no_mutant(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = Mutant("gone", "darts", "what darts never said", "anything")
    with pytest.raises(AssertionError, match="has changed"), planted(gone):
        pass
    twice = Mutant("twice", "darts", "self.", "this.")
    from nasbench_harness.methods import darts

    with pytest.raises(AssertionError, match="has changed"):
        faulty_copy(darts, twice, monkeypatch)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_every_mutant_can_be_planted(mutant: Mutant) -> None:
    with planted(mutant):
        assert registry.open_space("nb201").size == 15_625


# --- the proof ---------------------------------------------------------------------------------


def test_true_methods_raise_no_alarm(small: Proof) -> None:
    same = check_results(small.baseline, small.same.true)
    assert {f.verdict for f in same.findings} == {CheckVerdict.UNCHANGED}
    fresh = check_results(small.baseline, small.fresh.true)
    assert CheckVerdict.REGRESSION not in {f.verdict for f in fresh.findings}


def test_a_fault_that_is_none_passes(small: Proof) -> None:
    outcome = small.check(small.same, NOTHING)
    assert outcome.finding.verdict is CheckVerdict.UNCHANGED
    assert outcome.report.exit_code == ExitCode.DONE


@pytest.mark.parametrize("name", EARLY)
def test_early_faults_are_found(small: Proof, name: str) -> None:
    outcomes = assert_found(small, one_of(name))
    assert min(outcome.lost for outcome in outcomes) > LOST


def test_a_fault_that_costs_nothing_is_told_as_a_change(small: Proof) -> None:
    """Relaxing every edge of EDAS only takes noise out of its gradient: a table has no weights."""
    same, _ = assert_found(small, one_of("edas: every edge relaxed"))
    assert same.before != same.after
    assert same.finding.verdict is not CheckVerdict.REGRESSION


@pytest.mark.slow
def test_true_methods_pass_the_check_of_our_ci(whole: Proof, checkout: Path) -> None:
    kept = read_baseline(checkout / "baselines" / "nb201.json")
    for tier in (whole.same, whole.fresh):
        assert check_results(kept, tier.true).exit_code == ExitCode.DONE


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_faults_are_found_by_the_check_of_our_ci(whole: Proof, mutant: Mutant) -> None:
    cells = [f"`{mutant.method}`", mutant.fault]
    for outcome in assert_found(whole, mutant):
        cells += [f"{outcome.lost:.3f}", str(outcome.finding.verdict)]
    print(f"\n| {' | '.join(cells)} |")


def one_of(name: str) -> Mutant:
    (mutant,) = [mutant for mutant in MUTANTS if mutant.name == name]
    return mutant


def assert_found(proof: Proof, mutant: Mutant) -> tuple[Outcome, Outcome]:
    """Large losses are regressions in both tiers, and any change at all is told in the first."""
    same, fresh = proof.check(proof.same, mutant), proof.check(proof.fresh, mutant)
    if (same.lost + fresh.lost) / 2 > LOST:
        for outcome in (same, fresh):
            assert outcome.finding.verdict is CheckVerdict.REGRESSION, outcome
            assert outcome.report.exit_code == ExitCode.CHECK_FAILED
    assert (same.finding in loud(same.report.findings)) == (same.before != same.after)
    return same, fresh
