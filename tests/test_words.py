"""The engine has no word of a plugin: no method, space, table, option or fact of one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from nasbench_harness import registry

FACTS = {
    "15625", "6466", "nor_conv", "relax_gap", "nas-bench-201", "nats-bench", "skip_connect",
    "genotype",
}  # fmt: skip
"""What no list of plugins tells."""
ENGLISH = {"graph", "identity", "none", "official", "proxy", "random", "skip"}
"""Plugins and options that are words as well; `test_arrows` forbids tables' names as strings."""
ALLOWED = {"problems/landscape/kind.py": "a command to paste, for what to do next"}
"""Files whose texts for people name a plugin, and why; commands in `examples(...)` may anyway."""


class Word(NamedTuple):
    """A plugin's word, and where it stands."""

    file: str
    line: int
    word: str


def plugins_words() -> set[str]:
    """Names of methods, spaces, tables and benchmarks, and spaces' options."""
    names = {
        name
        for plugins in (registry.methods, registry.spaces, registry.tables)
        for name in plugins.names()
    }
    spaces = [registry.open_space(name) for name in registry.spaces.names()]
    options = {o for space in spaces for d in space.decisions for o in d.options}
    options = {option for option in options if not option.isdecimal()}  # numbers are no words
    return (names | options | FACTS) - ENGLISH


def texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Names and constants with their lines; no docstring, nothing within `examples(...)`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue  # a docstring
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "examples":
            continue
        line = getattr(node, "lineno", 0)
        for name in ("id", "attr", "arg", "name", "value"):
            value = getattr(node, name, None)
            if isinstance(value, str | int | float):
                yield line, str(value)
        yield from texts(node)


def words_in(source: str, words: set[str]) -> Iterator[tuple[int, str]]:
    longest = sorted(map(re.escape, words), key=len, reverse=True)
    # Of an identifier the parts between underscores count too: NB201_SEED, find_darts.
    pattern = re.compile(rf"(?<![a-z0-9])({'|'.join(longest)})(?![a-z0-9])", re.IGNORECASE)
    for line, text in texts(ast.parse(source)):
        for found in pattern.finditer(text):
            yield line, found[1].lower()


@pytest.fixture(scope="module")
def found(checkout: Path) -> list[Word]:
    engine, words = checkout / "nasbench_harness", plugins_words()
    return [
        Word(path.relative_to(engine).as_posix(), line, word)
        for path in sorted(engine.rglob("*.py"))
        for line, word in words_in(path.read_text(encoding="utf-8"), words)
    ]


def test_the_engine_has_no_word_of_a_plugin(found: list[Word]) -> None:
    assert [word for word in found if word.file not in ALLOWED] == []


def test_nothing_is_allowed_that_is_not_there(found: list[Word]) -> None:
    assert set(ALLOWED) == {word.file for word in found} & set(ALLOWED)


def test_what_is_allowed_is_text_for_people(checkout: Path) -> None:
    """Not a name, nor a string that something could be compared with."""
    words = plugins_words()
    for file in ALLOWED:
        source = (checkout / "nasbench_harness" / file).read_text(encoding="utf-8")
        for line, text in texts(ast.parse(source)):
            if list(words_in(repr(text), words)):
                assert re.search(r"[ (`]", text), f"{file}:{line}: {text}"


def test_words_are_known_at_all() -> None:
    assert {"drnas", "nb201", "analog", "nor_conv_3x3", "skip_connect"} <= plugins_words()
    assert not ENGLISH & plugins_words()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("x = 'unas'", ["unas"]),
        ("if method == 'DrNAS': pass", ["drnas"]),
        ("NB201_SEED = 1", ["nb201"]),
        ("size = 15_625", ["15625"]),
        ("def find_darts(): pass", ["darts"]),
        ("f(edas=1)", ["edas"]),
        ("row.relax_gap", ["relax_gap"]),
        ("f'{x} nor_conv_1x1'", ["nor_conv_1x1"]),
        ("'''Of nb201.'''\nx = 1  # unas", []),
        ("def f():\n    '''Of nb201.'''", []),
        ("command(epilog=examples('run -m unas'))", []),
        ("command(epilog=words('run -m unas'))", ["unas"]),
        ("x = 'dartsboard'", []),
    ],
)
def test_words_are_found_where_they_count(source: str, words: list[str]) -> None:
    assert [word for _, word in words_in(source, plugins_words())] == words
