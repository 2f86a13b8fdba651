"""A small finished study, and addresses to push it to."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from nasbench_harness.reports import write_report
from nasbench_harness.store.studies import Study, open_study
from tests.held_studies import make


@pytest.fixture(scope="session")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of two methods with its report; not to be written to."""
    folder = tmp_path_factory.mktemp("reported") / "few"
    make(folder, "rea,drnas")
    write_report(folder)
    return folder


@pytest.fixture
def study(reported: Path, tmp_path: Path) -> Study:
    """A copy of it."""
    shutil.copytree(reported, tmp_path / "few")
    return open_study(tmp_path / "few")


@pytest.fixture(params=["memory", "file"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """One where nothing is, in two file systems of fsspec."""
    if request.param == "file":
        yield f"file://{tmp_path}/away/few"
        return
    yield "memory://away/few"
    memory = fsspec.filesystem("memory")
    if memory.exists("/away"):
        memory.rm("/away", recursive=True)
