"""What there is to tell of methods: facts that are there, and a page that is up to date."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from nasbench_harness import registry
from nasbench_harness.contracts import Basis, Fidelity, Passes, StepCost
from nasbench_harness.study.methods_document import MEANINGS, document
from nasbench_harness.study.told import Described, cost_sentence, describe, formula

BUILT_IN = registry.methods.built_in()
GIST = 26


def declared(name: str) -> Fidelity:
    found = describe(name).fidelity
    if found is None:
        pytest.skip(f"{name} declares nothing")
    return found


def test_document_is_what_methods_declare(checkout: Path) -> None:
    written = (checkout / "docs" / "methods.md").read_text(encoding="utf-8")
    assert written == document(), (
        "run `python -m nasbench_harness.study.methods_document >docs/methods.md`"
    )


def test_document_tells_of_every_built_in_method(checkout: Path) -> None:
    written = (checkout / "docs" / "methods.md").read_text(encoding="utf-8")
    assert [line[3:] for line in written.splitlines() if line.startswith("## ")] == BUILT_IN


@pytest.mark.parametrize("name", BUILT_IN)
def test_tests_that_are_named_are_there(name: str, checkout: Path) -> None:
    for path in declared(name).tests:
        tree = ast.parse((checkout / path).read_text(encoding="utf-8"))
        assert any(
            isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
            for node in tree.body
        ), path


@pytest.mark.parametrize("name", BUILT_IN)
def test_what_is_declared_is_told(name: str) -> None:
    one = declared(name)
    assert one.against.endswith(".")
    assert all(text.endswith(".") for text in one.deviations)
    assert 0 < len(one.gist) <= GIST
    assert one.tests


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_method_has_a_formula_and_a_year(name: str) -> None:
    assert len(formula(name).splitlines()) >= 1
    assert not formula(name).startswith((" ", ">>>"))
    assert describe(name).year in range(1990, 2100)
    assert describe(name).fault == ""


def test_what_a_word_of_basis_means_is_told() -> None:
    assert set(MEANINGS) == set(Basis)


def test_what_is_known_of_the_abstract_only_is_said_to_be() -> None:
    assert describe("edas").basis == "abstract only"
    assert "EDAS as reconstructed from its abstract" in describe("edas").summary


@pytest.mark.parametrize(
    ("name", "needs"),
    [("darts", "any"), ("unas", "any; costs"), ("rea", "queries; costs"), ("reinforce", "queries"),
     ("sdarts", "supernet"), ("freedarts", "supernet"), ("proxy", "supernet")],
)  # fmt: skip
def test_what_a_method_needs_follows_from_its_recipes(name: str, needs: str) -> None:
    assert describe(name).needs == needs


def test_the_gist_of_a_method_that_declares_none_is_its_summary_s() -> None:
    summary = "ABC: Annealed Best Cells (Doe, 2021, arXiv 1234.5678), of 3."
    one = Described("abc", summary, "other 1", 2021, (), False, False, None)
    assert one.gist == "Annealed Best Cells"
    assert one.basis == ""


def test_costs_are_told_in_passes() -> None:
    cost = StepCost(Passes(1, 1), Passes(), "one pass for both")
    told = "network weights 1 forward and 1 backward, architecture no pass; one pass for both"
    assert cost_sentence(cost) == told
    assert cost_sentence(StepCost(Passes(), Passes(), "nothing is trained")) == "nothing is trained"


def test_the_formula_is_read_without_the_method() -> None:
    assert (
        formula("random") == "z ~ uniform;  answer = argmax over the z drawn so far of accuracy(z)"
    )
