"""A space that is not the product of its decisions, and whose architectures nobody lists."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from nasbench_harness import registry
from nasbench_harness.contracts import Enumerable, SearchSpace
from nasbench_harness.errors import HarnessError
from nasbench_harness.store.files import read_json
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan
from nasbench_harness.tables.enumeration import enumerable
from nasbench_harness.testing import (
    ToyProblem,
    ToySpace,
    ToyUntrained,
    check_searcher,
    check_space,
)
from tests.commands import Aside
from tests.registries import install

SPACE = (Path(__file__).parent / "genotypes.py").read_text(encoding="utf-8")
TWISTED = """

class Twisted(Genotypes):
    name = "twisted"

    def weights(self, arch):
        return super().weights(arch).roll(1, dims=1)
"""
KIND = '''
"""A kind of problem that is there for any space."""

from nasbench_harness.contracts import StandAloneAccuracy
from nasbench_harness.problems.base import PlainKind


class Anywhere(PlainKind):
    name, plural, recipe = "anywhere", "anywheres", "landscape"
    capabilities = (StandAloneAccuracy,)
    concludes, observes = "toy_accuracy", "toy_accuracy_mixture"

    def problem(self):
        from nasbench_harness.testing import ToyProblem

        return ToyProblem

    def open(self, spec, space, table, hardware, device):
        return self.problem()(space, steps=spec.steps)


KIND = Anywhere()
'''
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def space(install_plugin: Callable[..., None]) -> SearchSpace:
    """As a process that starts now finds it."""
    install_plugin("spaces", "genotypes", "genotypes_plugin:Genotypes", SPACE)
    return registry.open_space("genotypes")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, table_cache: Path) -> Iterator[Aside]:
    """A process that has found two spaces, and a kind of problem to search them in."""
    site = tmp_path_factory.mktemp("site")
    install(site, "spaces", "genotypes", "genotypes_plugin:Genotypes", SPACE)
    install(site, "spaces", "twisted", "twisted_plugin:Twisted", SPACE + TWISTED)
    install(site, "problems", "anywhere", "anywhere_plugin:KIND", KIND)
    with Aside(site) as aside:
        yield aside


@pytest.fixture
def nasharness(installed: Aside, tmp_path: Path) -> Run:
    return partial(installed.run, tmp_path)


def test_it_keeps_the_contract(space: SearchSpace) -> None:
    check_space(space)
    assert not isinstance(space, Enumerable)


def test_it_is_no_product_of_its_decisions(space: SearchSpace) -> None:
    weights = space.weights(space.sample(torch.Generator().manual_seed(0)))
    assert len(weights) == 9
    assert sorted(weights.sum(dim=1).tolist()) == [0] * 3 + [1] * 6


def searches(method: str) -> bool:
    """Does it, as it is by default, need no more than a problem without networks has."""
    setup = registry.open_setup(method)
    problem = ToyUntrained(ToySpace())
    return all(isinstance(problem, needed) for needed in setup.requires(setup.Settings()))


NEEDED = {"monas": {"cost_range": [0.0, 10.0]}}
"""What has to be said where the architectures cannot be listed."""


@pytest.mark.parametrize("name", [name for name in registry.methods.names() if searches(name)])
def test_every_method_searches_it(name: str, space: SearchSpace) -> None:
    method = registry.methods.load(name)
    settings = method.Settings(**NEEDED.get(name, {}))
    check_searcher(method, settings, make_problem=lambda: ToyUntrained(space))


def test_least_and_largest_cost_of_what_cannot_be_listed_are_asked_for(space: SearchSpace) -> None:
    with pytest.raises(HarnessError, match="`genotypes` cannot be listed; say both in"):
        check_searcher(registry.methods.load("monas"), make_problem=lambda: ToyUntrained(space))


def test_evolution_beats_its_first_draw(space: SearchSpace) -> None:
    from nasbench_harness.methods.rea import REASettings, RegularisedEvolution

    problem = ToyProblem(space, steps=200)
    searcher = RegularisedEvolution(problem, REASettings(), seed=0)
    first = problem.score(searcher.architecture())
    for _ in range(200):
        problem.advance()
        searcher.step()
    assert problem.score(searcher.architecture()) > first + 5


@pytest.mark.usefixtures("space")
@pytest.mark.parametrize(
    ("search", "sentence"),
    [
        ("landscape", "The architectures of `genotypes` cannot be listed, and a landscape is"
                      " the mean over all of these."),
        ("supernet", "`genotypes`"),
    ],
)  # fmt: skip
def test_what_it_cannot_do_is_refused_in_a_sentence(search: str, sentence: str) -> None:
    given = {"methods": "rea", "space": "genotypes", "search": search, "dataset": "digits"}
    with pytest.raises(HarnessError) as caught:
        plan(build_config(None, given, []))
    assert sentence in str(caught.value)


def test_who_needs_all_of_them_says_what_for(space: SearchSpace) -> None:
    with pytest.raises(HarnessError, match="of `genotypes` cannot be listed, and a list has each"):
        enumerable(space, "a list has each")
    nb201 = registry.open_space("nb201")
    assert enumerable(nb201, "a list has each") is nb201


def result_of(study: Path) -> dict[str, Any]:
    (trial,) = (study / "trials").iterdir()
    return dict(read_json(trial / "result.json"))


def test_a_study_of_it_is_planned_run_and_gone_on_with(nasharness: Run, tmp_path: Path) -> None:
    words = ["-m", "rea", "--steps", "30", "--seeds", "1", "--no-random", "--no-report", "-j", "1"]
    asked = ["run", "--space", "genotypes", "--search", "anywhere", *words, "--out", "S"]
    done = nasharness(*asked)
    assert done.returncode == 0, done.stderr
    spec = read_json(tmp_path / "S" / "study.json")["trials"][0]
    assert (spec["space"], spec["table"], spec["report_metric"]) == (
        "genotypes",
        "",
        "toy_accuracy",
    )
    result = result_of(tmp_path / "S")
    assert result["queries"] == 30
    assert result["skips"] == result["architecture"].count("skip")
    (trial,) = (tmp_path / "S" / "trials").iterdir()
    (trial / "result.json").unlink()
    done = nasharness("resume", "S", "--no-report", "-j", "1")
    assert done.returncode == 0, done.stderr
    assert result_of(tmp_path / "S")["architecture"] == result["architecture"]


def test_a_space_that_contradicts_itself_fails_its_trials_in_a_sentence(
    nasharness: Run, tmp_path: Path
) -> None:
    words = ["-m", "rea", "--steps", "5", "--seeds", "1", "--no-random", "--no-report", "-j", "1"]
    done = nasharness("run", "--space", "twisted", "--search", "anywhere", *words, "--out", "S")
    assert done.returncode == 3
    error = result_of(tmp_path / "S")["error"]
    assert error.startswith(
        "The space `twisted` (twisted_plugin:Twisted, from plugin-twisted 1.5) derives"
    )
    assert "its `weights` and `derive` must be inverse" in error
    assert "Traceback" not in error


def test_it_is_shown_without_a_count(nasharness: Run) -> None:
    done = nasharness("show", "space", "genotypes")
    assert done.returncode == 0, done.stderr
    assert "too many architectures to list" in " ".join(done.stdout.split())
    shown = json.loads(nasharness("show", "space", "genotypes", "--json").stdout)
    assert shown["architectures"] is None
    assert len(shown["decisions"]) == 9
    done = nasharness("show", "arch", "conv0,skip1|conv0,pool2|pool1,skip3", "--space", "genotypes")
    assert done.returncode == 0, done.stderr
    done = nasharness("show", "arch", "12", "--space", "genotypes")
    assert done.returncode == 2
    assert "have no index; give an architecture string instead" in done.stderr
