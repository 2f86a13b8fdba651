"""Which part may import which: the arrows of the design point one way."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

PARTS = ("methods", "spaces", "reports")
LIGHT = (
    "contracts", "errors", "registry", "seeding", "settings",
    "store.files", "store.studies", "study.config",
)  # fmt: skip


class Import(NamedTuple):
    """One imported name, as a full dotted path."""

    file: str
    line: int
    name: str
    lazy: bool
    """Inside a function, or for the type checker only."""


def files(checkout: Path, part: str) -> list[Path]:
    return sorted((checkout / part).rglob("*.py"))


def module_of(checkout: Path, path: Path) -> list[str]:
    """Package a file's relative imports start from."""
    folders = list(path.relative_to(checkout).parent.parts)
    return folders if folders[0] == "nasbench_harness" else ["nasbench_harness", *folders]


def dotted(checkout: Path, path: Path) -> str:
    """The name a module is imported by."""
    names = [*module_of(checkout, path), path.stem]
    return ".".join(names[:-1] if path.stem == "__init__" else names)


def imports(checkout: Path, path: Path) -> Iterator[Import]:
    def walk(node: ast.AST, lazy: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            inner = lazy or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                inner = True
            for name in names(child):
                yield Import(str(path.relative_to(checkout)), child.lineno, name, lazy)  # type: ignore[attr-defined]
            yield from walk(child, inner)

    def names(node: ast.AST) -> list[str]:
        if isinstance(node, ast.Import):
            return [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            start = module_of(checkout, path)
            base = start[: len(start) - node.level + 1] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            return [f"{stem}.{alias.name}" for alias in node.names]
        return []

    yield from walk(ast.parse(path.read_text(encoding="utf-8")), lazy=False)


def reaching(found: list[Import], *parts: str) -> list[Import]:
    """The imports of something in these parts."""
    prefixes = [f"nasbench_harness.{part}" for part in parts] + list(parts)
    return [i for i in found if any(f"{i.name}.".startswith(f"{prefix}.") for prefix in prefixes)]


@pytest.fixture(scope="module")
def found(checkout: Path) -> dict[str, list[Import]]:
    """Every import of every part."""
    return {
        part: [i for path in files(checkout, part) for i in imports(checkout, path)]
        for part in ("nasbench_harness", *PARTS)
    }


def test_imports_are_found_at_all(found: dict[str, list[Import]]) -> None:
    assert reaching(found["methods"], "contracts")
    assert any(i.lazy for i in found["nasbench_harness"])


def test_no_module_imports_itself_by_way_of_others(
    checkout: Path, found: dict[str, list[Import]]
) -> None:
    """Lazy imports and those for the type checker count: a circle is one subject in two files."""
    modules = {dotted(checkout, path) for part in found for path in files(checkout, part)}
    graph: dict[str, set[str]] = {module: set() for module in modules}
    for i in (i for part in found.values() for i in part):
        module = dotted(checkout, checkout / i.file)
        target = i.name if i.name in modules else i.name.rpartition(".")[0]
        if target in modules - {module}:
            graph[module].add(target)
    assert sum(map(len, graph.values())) > 500
    while leaves := {module for module, imported in graph.items() if not imported}:
        graph = {m: imported - leaves for m, imported in graph.items() if m not in leaves}
    assert graph == {}


def test_few_modules_stand_outside_the_rooms(checkout: Path) -> None:
    assert len(list((checkout / "nasbench_harness").glob("*.py"))) <= 8


FACES = ("nasbench_harness/cli/", "nasbench_harness/face.py")
"""The two ways in for people: they write reports, which the engine does not know."""


def test_engine_imports_no_method_space_or_report(found: dict[str, list[Import]]) -> None:
    wrong = reaching(found["nasbench_harness"], *PARTS)
    assert [i for i in wrong if not i.file.startswith(FACES)] == []


def test_faces_import_nothing_but_reports_and_those_lazily(
    found: dict[str, list[Import]],
) -> None:
    cli = [i for i in found["nasbench_harness"] if i.file.startswith(FACES)]
    assert reaching(cli, "methods", "spaces") == []
    assert [i for i in reaching(cli, "reports") if not i.lazy] == []


def test_engine_names_no_module_of_a_plugin(checkout: Path) -> None:
    prefixes = tuple(f"nasbench_harness.{part}." for part in PARTS)
    for path in files(checkout, "nasbench_harness"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert not node.value.startswith(prefixes), f"{path}:{node.lineno}"


def test_engine_knows_no_table_of_a_space_by_name(checkout: Path) -> None:
    """No code decides by the name of somebody's table; only texts for people may have one."""
    names = {"analog", "official", "nb201-official"}
    for path in files(checkout, "nasbench_harness"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert node.value not in names, f"{path}:{node.lineno}"
    for room in ("tables", "images"):
        for path in files(checkout / "nasbench_harness", room):
            assert not re.search("analog|nb201", path.read_text(encoding="utf-8")), path


def test_contracts_import_nothing_of_ours(found: dict[str, list[Import]]) -> None:
    room = "nasbench_harness.contracts."
    ours = [i for i in found["nasbench_harness"] if f"{i.file}.".startswith(room.replace(".", "/"))]
    assert ours
    assert [i for i in ours if i.name.startswith("nasbench_harness") and room not in i.name] == []


@pytest.mark.parametrize(
    ("part", "others"),
    [
        ("methods", ("spaces", "reports")),
        ("spaces", ("methods", "reports")),
        ("reports", ("methods", "spaces")),
    ],
)
def test_parts_do_not_import_each_other(
    found: dict[str, list[Import]], part: str, others: tuple[str, ...]
) -> None:
    assert reaching(found[part], *others) == []


def test_methods_know_neither_files_nor_tables_nor_the_clock(
    found: dict[str, list[Import]],
) -> None:
    forbidden = (
        "cli", "jobs", "problems", "process", "registry", "store", "study", "tables", "watch"
    )  # fmt: skip
    assert reaching(found["methods"], *forbidden) == []
    outside = {"os", "pathlib", "time", "datetime", "random", "multiprocessing"}
    assert [i for i in found["methods"] if i.name.partition(".")[0] in outside] == []


@pytest.mark.parametrize("name", LIGHT)
def test_importing_the_engine_brings_nothing_heavy(name: str) -> None:
    code = (
        f"import sys, nasbench_harness.{name};"
        "heavy = ('torch', 'numpy', 'pandas', 'pyarrow', 'matplotlib', 'scipy', 'ray', 'submitit');"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- the checkout's own path -------------------------------------------------------------------


def from_checkout(checkout: Path, code: str, *options: str) -> str:
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONSAFEPATH", "PYTHONPATH")}
    done = subprocess.run(
        [sys.executable, *options, "-c", code],
        cwd=checkout, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()


@pytest.mark.parametrize("options", [(), ("-S",)], ids=["installed too", "not installed"])
def test_checkout_finds_the_folders_beside_the_package(
    checkout: Path, options: tuple[str, ...]
) -> None:
    code = "import nasbench_harness.methods as m; print(m.__file__)"
    assert Path(from_checkout(checkout, code, *options)) == checkout / "methods" / "__init__.py"


def test_checkout_without_an_install_opens_a_space(checkout: Path) -> None:
    code = "from nasbench_harness.spaces.nb201 import NB201; print(NB201().at_index(9930))"
    assert from_checkout(checkout, code, "-S").startswith("|nor_conv_3x3~0|+|nor_conv_3x3~0|")


def test_no_folder_is_importable_under_a_name_of_its_own(checkout: Path, tmp_path: Path) -> None:
    code = (
        "import importlib.util;"
        "print([n for n in ('methods', 'spaces', 'reports') if importlib.util.find_spec(n)])"
    )
    assert from_checkout(tmp_path, code) == "[]"
