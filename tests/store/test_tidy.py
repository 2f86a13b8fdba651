"""Tables on disk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from nasbench_harness.store.tidy import read_parquet, write_table

FRAME = pd.DataFrame({"trial": ["a", "b"], "seed": [0, 1], "curve": [[0.5], [0.25, 0.125]]})


def test_a_table_comes_back(tmp_path: Path) -> None:
    write_table(tmp_path / "trials", FRAME)
    pd.testing.assert_frame_equal(
        read_parquet(tmp_path / "trials.parquet").to_pandas(), FRAME, check_dtype=False
    )


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are counted in /proc")
def test_no_thread_that_could_abort_the_process_reads_it(tmp_path: Path) -> None:
    write_table(tmp_path / "trials", FRAME)
    script = (
        "import os, pathlib, pyarrow.parquet\n"
        "from nasbench_harness.store.tidy import read_parquet\n"
        "threads = lambda: len(os.listdir('/proc/self/task'))\n"
        "before = threads()\n"
        "read_parquet(pathlib.Path('trials.parquet'))\n"
        "print(threads() - before)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert run.stdout == "0\n"
