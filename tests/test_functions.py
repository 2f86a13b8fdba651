"""Functions of the engine are short: each does one thing that its name says."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ENGINE = Path(__file__).parents[1] / "nasbench_harness"
LONGEST = 45
Function = ast.FunctionDef | ast.AsyncFunctionDef


@pytest.mark.parametrize("path", sorted(ENGINE.rglob("*.py")), ids=lambda path: path.stem)
def test_no_function_is_longer_than_45_lines(path: Path) -> None:
    """Its docstring and its parameters counted, its decorators not."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, Function)]
    lengths = {f.name: (f.end_lineno or f.lineno) - f.lineno + 1 for f in functions}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}
