"""The official table beside what people use today, in one run.

To reach: open and first answer under 50 ms warm, not slower than reading the 2.2 MB pandas pickle
of the 12-epoch numbers, and at least 100 times faster than the official API on its own file.
Needs the reference data (NASHARNESS_REFERENCE_DATA); skipped without.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import warnings
from pathlib import Path

import pandas as pd
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.spaces.nb201.tables import open_official
from nasbench_harness.spaces.nb201.tables.pull import pull

METRIC = "cifar10_test_200ep"


@pytest.fixture(scope="module")
def upstream() -> Path:
    default = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
    folder = Path(os.environ.get("NASHARNESS_REFERENCE_DATA") or default) / "nb201" / "upstream"
    if not folder.is_dir():
        pytest.skip("no reference data")
    return folder


@pytest.fixture(scope="module", autouse=True)
def _installed(upstream: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    os.environ["NASHARNESS_DATA"] = str(tmp_path_factory.mktemp("data"))
    pull(origin=upstream)


def test_open_and_first_answer(benchmark: BenchmarkFixture) -> None:
    arch = NB201().unrank(11_663)
    assert benchmark(lambda: open_official().value(METRIC, arch)) == pytest.approx(
        94.3733, abs=1e-4
    )


def test_read_the_pandas_pickle(benchmark: BenchmarkFixture, upstream: Path) -> None:
    """What many scripts do today: unpickle a frame of six columns, find a string."""
    path = upstream / "mini-bench-arch-cell-accs.pd"
    warnings.simplefilter("ignore")

    def read() -> float:
        frame = pd.read_pickle(path)
        return float(frame.loc[frame["arch"] == 9930, "cifar10-val"].iloc[0])

    assert benchmark(read) == pytest.approx(84.746)


def test_one_metric_of_one_cell(benchmark: BenchmarkFixture) -> None:
    benchmark(open_official().value, METRIC, NB201().unrank(777))


def test_all_cells(benchmark: BenchmarkFixture) -> None:
    table = open_official()
    assert benchmark(lambda: table.column(METRIC).sum()) > 0


def test_query_top(benchmark: BenchmarkFixture) -> None:
    command = [str(Path(sysconfig.get_path("scripts")) / "nasharness"), "query", "--top", "10"]
    options = ["--by", "cifar100_test_200ep", "--max-latency", "pixel3=10"]
    benchmark.pedantic(
        subprocess.run, [[*command, *options]], {"check": True, "capture_output": True},
        rounds=15, warmup_rounds=2,
    )  # fmt: skip


def test_merge_and_install(benchmark: BenchmarkFixture, upstream: Path) -> None:
    benchmark.pedantic(pull, kwargs={"origin": upstream}, rounds=3)


def test_resident_memory(benchmark: BenchmarkFixture) -> None:
    """Megabytes above the bare interpreter, printed; the time is that of a whole process."""
    script = (
        "def resident():\n"
        "    pages = int(open('/proc/self/statm').read().split()[1])\n"
        "    return pages * 4096 / 1e6\n"
        "before = resident()\n"
        "from nasbench_harness.spaces.nb201 import NB201\n"
        "from nasbench_harness.spaces.nb201.tables import open_official\n"
        f"open_official().value({METRIC!r}, NB201().unrank(5))\n"
        "print(resident() - before)\n"
    )
    done = benchmark.pedantic(
        subprocess.run, [[sys.executable, "-c", script]],
        {"check": True, "capture_output": True, "text": True}, rounds=3,
    )  # fmt: skip
    benchmark.extra_info["megabytes"] = float(done.stdout)
    print(f"resident memory above the interpreter: {float(done.stdout):.1f} MB")
