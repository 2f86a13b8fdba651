"""Real faults planted in copies of the methods, to see which of them the check finds.

A fault is a piece of a module's source and what stands in its place. The changed source becomes a
module of its own, whose class stands in for the method in the registry; the installed one is not
touched. Plans are made before, so that a fault has its method's config, settings and version.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from importlib import import_module
from inspect import getsource
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from nasbench_harness import registry
from nasbench_harness.jobs.cohort import cohorts, run_cohort
from nasbench_harness.reports.regression.series import Measured, read_results
from nasbench_harness.store.studies import plan_study
from nasbench_harness.study.config import StudyConfig
from nasbench_harness.study.planning import plan

SHARED = "nasbench_harness.methods.shared"


@dataclass(frozen=True)
class Mutant:
    """One fault: `old` stands exactly once in the module that `plugin` comes from."""

    fault: str
    method: str
    """Which method of the study is run with it."""
    old: str
    new: str
    plugin: str = ""
    """The method or space that holds it; the method itself if empty."""
    shared: str = ""
    """The module of `methods/shared` that `old` stands in instead, which the method imports."""

    @property
    def name(self) -> str:
        """Names it in tables and tests."""
        return f"{self.method}: {self.fault}"


MUTANTS = (
    Mutant(
        "gradient's sign flipped", "darts",
        "            self.descend(loss)", "            self.descend(-loss)",
    ),
    Mutant(
        "gradient's sign flipped", "drnas",
        "self.descend(self.anchored(loss), ", "self.descend(self.anchored(-loss), ",
    ),
    Mutant(
        "gradient's sign flipped", "edas",
        "self.descend_rows(objective,", "self.descend_rows(-objective,",
    ),
    Mutant(
        "gradient's sign flipped", "unas",
        "self.descend(surrogate)", "self.descend(-surrogate)",
    ),
    Mutant(
        "control variate dropped", "unas",
        "return (loss - control.detach()) * log_p + control", "return loss * log_p",
    ),
    Mutant(
        "control variate not put back", "unas",
        "return (loss - control.detach()) * log_p + control",
        "return (loss - control.detach()) * log_p",
    ),
    Mutant(
        "conditioned sample forgotten", "unas",
        "zeta - zeta_tilde + zeta_tilde.detach()", "zeta", shared="relaxations",
    ),
    Mutant(
        "temperature ten times as high", "unas",
        "uniforms, settings.temperature)", "uniforms, 10 * settings.temperature)",
        shared="factorised",
    ),
    Mutant(
        "temperature a tenth", "unas",
        "uniforms, settings.temperature)", "uniforms, settings.temperature / 10)",
        shared="factorised",
    ),
    Mutant(
        "concentration without + 1", "drnas",
        "beta = (elu(self.alpha) + 1).clamp(min=self.settings.concentration_floor)",
        "beta = elu(self.alpha).clamp(min=1e-3)",
    ),
    Mutant(
        "gradient not projected on the simplex", "drnas",
        "implicit * (grad - (theta * grad).sum(dim=-1, keepdim=True))", "implicit * grad",
        shared="relaxations",
    ),
    Mutant(
        "every edge relaxed", "edas",
        "weights, active = clamped.clone(), clamped.bool()",
        "weights, active = self.scores(), self.mask.clone()",
    ),
    Mutant(
        "other edges clamped uniformly", "edas",
        "            return self.sample()\n",
        "            return self._one_hot(self._draw(self.mask.to(self.problem.dtype)))\n",
    ),
    Mutant(
        "derived by argmin", "darts",
        "self.problem.space.derive(self.scores())", "self.problem.space.derive(-self.scores())",
        shared="alpha",
    ),
    Mutant(
        "answers the last draw", "random",
        "        return self.ask(self.space.sample(self.generator)) if self.settings.ask else {}",
        "        self.best = self.space.sample(self.generator)\n        return self.ask(self.best)",
    ),
)  # fmt: skip
NOTHING = Mutant("nothing", "unas", "sample = self.sample(self.samples)",
                 "sample = self.sample(self.samples)  # as it was")  # fmt: skip


@contextmanager
def planted(mutant: Mutant) -> Iterator[None]:
    """Let the copy with the fault stand in for the method, or for the space."""
    name = mutant.plugin or mutant.method
    space = mutant.plugin in registry.spaces.entries  # one may be called as a method is
    plugins: registry.Registry[Any] = registry.spaces if space else registry.methods
    with pytest.MonkeyPatch.context() as patch:
        original = plugins.load(name)
        copied = faulty_method(import_module(original.__module__), mutant, patch)
        patch.setitem(plugins._loaded, name, getattr(copied, original.__name__))
        registry.open_space.cache_clear()
        try:
            yield
        finally:
            registry.open_space.cache_clear()


def faulty_method(module: ModuleType, mutant: Mutant, patch: pytest.MonkeyPatch) -> ModuleType:
    """The module anew with the fault, which may stand in a shared one that it leans on."""
    if not mutant.shared:
        return faulty_copy(module, mutant, patch)
    shared = import_module(f"{SHARED}.{mutant.shared}")
    faulty = faulty_copy(shared, mutant, patch)
    for user in [m for name, m in sys.modules.items() if name.startswith(f"{SHARED}.")]:
        for name, true in list(vars(user).items()):
            if getattr(true, "__module__", "") == shared.__name__ and hasattr(faulty, name):
                patch.setattr(user, name, getattr(faulty, name))
    return copy_of(module, getsource(module), mutant, patch)


def faulty_copy(module: ModuleType, mutant: Mutant, patch: pytest.MonkeyPatch) -> ModuleType:
    """The module anew, from the changed source; it is importable as long as the patch holds."""
    source = getsource(module)
    assert source.count(mutant.old) == 1, f"{mutant.name}: {module.__name__} has changed"
    return copy_of(module, source.replace(mutant.old, mutant.new), mutant, patch)


def copy_of(
    module: ModuleType, source: str, mutant: Mutant, patch: pytest.MonkeyPatch
) -> ModuleType:
    """A module of that source, under a name of its own."""
    copied = ModuleType(f"{module.__name__}_with_a_fault")
    patch.setitem(sys.modules, copied.__name__, copied)
    exec(compile(source, f"<{mutant.name}>", "exec"), vars(copied))
    return copied


def search(config: StudyConfig, folder: Path, mutant: Mutant | None = None) -> Measured:
    """Run the study in this process; with a mutant its method alone, and with the fault."""
    if mutant is None:
        return run_methods(config, folder)
    return run_methods(config, folder, mutant.method, planted(mutant))


def run_methods(
    config: StudyConfig,
    folder: Path,
    method: str = "",
    fault: AbstractContextManager[None] | None = None,
    metrics: Sequence[str] = (),
) -> Measured:
    """Run a method of the study, or all of them, in this process and with the fault.

    It is planned before, so that the plan is that of the true code. What ends without a result is
    a result of the fault.
    """
    specs = [spec for spec in plan(config) if method in ("", spec.method)]
    folder.mkdir()
    plan_study(folder, config.model_dump(mode="json"), specs)
    with fault or nullcontext():
        for cohort in cohorts(specs, 1):  # as a check has it, and each as if it were alone
            list(run_cohort(cohort, folder / "trials"))
    found = read_results([folder], metrics)
    assert fault is not None or not found.unfinished()
    return found


def with_mutant(true: Measured, mutated: Measured) -> Measured:
    """The whole study, one method of it with the fault."""
    series = {one.key: one for one in true.series} | {one.key: one for one in mutated.series}
    return Measured(tuple(series.values()), true.versions)
