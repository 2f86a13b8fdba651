"""The files that the official table of NAS-Bench-201 gains, from the data beside the project."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def gains_upstream(reference_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the unchanged files of the companion, under the names a pull gives them."""
    from nasbench_harness.spaces.nb201.tables.sources import GAINS_FILES

    folder = tmp_path_factory.mktemp("gains")
    for pinned in GAINS_FILES:
        packed = reference_data / "more" / "upstream" / f"{Path(pinned.path).name}.gz"
        if not packed.is_file():
            pytest.skip(f"no reference data in {packed}")
        (folder / pinned.file).parent.mkdir(exist_ok=True)
        (folder / pinned.file).write_bytes(gzip.decompress(packed.read_bytes()))
    return folder
