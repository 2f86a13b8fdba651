"""The official API on its own file beside the converted table, in one run.

To reach: open and first answer at least 100 times faster. The file is in the official structure,
built with the official package's own classes (257 of the 15,625 cells, curves of full length,
invented numbers): the real one is sixty times as large.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture

from nasbench_harness import registry
from nasbench_harness.spaces.nb201.tables.importing import import_table
from nasbench_harness.tables.columns import ColumnTable

INDICES = range(0, 15_625, 61)


def _builder(archs: list[str]) -> Any:
    """The tests' builder of official files."""
    path = Path(__file__).resolve().parent.parent / "tests/spaces/importing/conftest.py"
    spec = importlib.util.spec_from_file_location("official_files", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module.Builder("nas_201_api", archs)


@pytest.fixture(scope="module")
def official_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    space: Any = registry.open_space("nb201")
    path = tmp_path_factory.mktemp("official") / "NAS-Bench-201.pth"
    archs = [str(space.at_index(index)) for index in range(space.size)]
    torch.save(_builder(archs).pth(INDICES), path)
    return path


@pytest.fixture(scope="module")
def converted(official_file: Path) -> Path:
    folder = official_file.with_name("table")
    import_table(official_file, folder, allow_missing=True)
    return folder


def test_official_api_open_and_first_answer(
    benchmark: BenchmarkFixture, official_file: Path
) -> None:
    """Its own loader is refused by current torch, so that it is given the loaded content."""
    from nas_201_api import NASBench201API

    def first_answer() -> float:
        content = torch.load(official_file, weights_only=False)
        api = NASBench201API(content, verbose=False)
        return float(api.get_more_info(61, "cifar10", hp="200", is_random=False)["test-accuracy"])

    assert benchmark.pedantic(first_answer, rounds=3) > 0


def test_converted_table_open_and_first_answer(
    benchmark: BenchmarkFixture, converted: Path
) -> None:
    space: Any = registry.open_space("nb201")
    arch = space.at_index(61)
    assert benchmark(lambda: ColumnTable(converted).value("cifar10_test_200ep", arch)) > 0
