"""Every method's class shows its formula and an example that runs."""

from __future__ import annotations

import doctest
import importlib
import inspect

import pytest

from nasbench_harness import registry

METHODS = registry.methods.names()


@pytest.mark.parametrize("name", METHODS)
def test_the_example_of_a_class_runs(name: str) -> None:
    method = registry.methods.load(name)
    module = importlib.import_module(method.__module__)
    (example,) = doctest.DocTestFinder(recurse=False).find(method, globs=vars(module).copy())
    assert len(example.examples) >= 5
    assert doctest.DocTestRunner().run(example).failed == 0


@pytest.mark.parametrize("name", METHODS)
def test_the_formula_of_a_class_stands_before_its_example(name: str) -> None:
    told = inspect.getdoc(registry.methods.load(name)) or ""
    formula, sign, _ = told.partition(">>>")
    assert sign
    assert "\n\n    " in formula  # set off from the text
    assert "~" in formula or "<-" in formula or "=" in formula
