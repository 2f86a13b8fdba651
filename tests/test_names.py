"""One name, one thing: no two classes, protocols or types of the package are called alike."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

PARTS = ("nasbench_harness", "methods", "spaces", "reports")
TYPE = re.compile(r"_?[A-Z]\w*[a-z]\w*")
"""How classes and types are written, unlike functions and constants."""


def named(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Names of a module's classes and types, each with what makes it another than its namesake."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield node.name, ""
        elif isinstance(node, ast.Assign) and TYPE.fullmatch(ast.unparse(node.targets[0])):
            yield ast.unparse(node.targets[0]), ast.unparse(node.value)


def shared(modules: dict[str, str]) -> dict[str, list[str]]:
    """Names that stand for several things, and the modules that have them."""
    meanings: dict[str, dict[str, str]] = defaultdict(dict)
    for module, source in modules.items():
        for name, meaning in named(ast.parse(source)):
            meanings[name][module] = meaning or f"class in {module}"
    return {name: list(of) for name, of in meanings.items() if len(set(of.values())) > 1}


def test_every_name_of_a_type_stands_for_one_thing(checkout: Path) -> None:
    files = [path for part in PARTS for path in sorted((checkout / part).rglob("*.py"))]
    sources = {str(p.relative_to(checkout)): p.read_text(encoding="utf-8") for p in files}
    assert len(sources) > 300
    assert shared(sources) == {}


def test_namesakes_are_found() -> None:
    modules = {
        "a": "class Row: ...\nSplit = Literal['x']\nArray = NDArray[float]",
        "b": "Row = dict\nSplit = Literal['y']\nArray = NDArray[float]\nROW = 1\ndef Row2(): ...",
        "c": "class _Group: ...",
        "d": "class _Group: ...",
    }
    assert shared(modules) == {"Row": ["a", "b"], "Split": ["a", "b"], "_Group": ["c", "d"]}
