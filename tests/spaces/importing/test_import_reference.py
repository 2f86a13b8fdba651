"""Official files made of the published numbers: both ways into the table end at the same place."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nasbench_harness.spaces.nb201.tables.importing import import_table
from nasbench_harness.tables.columns import ColumnTable

if TYPE_CHECKING:
    from nasbench_harness.spaces.nb201 import NB201

SOME = range(0, 15625, 97)
SEEDS = (777, 888, 999)
ACCURACIES = [
    "cifar10_test_200ep", "cifar100_test_200ep", "imagenet16_120_test_200ep",
    "cifar10valid_val_200ep", "cifar100_val_200ep", "imagenet16_120_val_200ep",
    "cifar100_valtest_200ep", "imagenet16_120_valtest_200ep",
    "cifar10valid_val_12ep", "cifar10_test_12ep", "cifar100_val_12ep", "cifar100_test_12ep",
    "imagenet16_120_val_12ep", "imagenet16_120_test_12ep", "n_seeds_200ep",
    "params_cifar10_m", "params_cifar100_m", "params_imagenet16_120_m",
]  # fmt: skip
SINGLES = ["cifar10valid_val_200ep", "cifar100_valtest_200ep", "imagenet16_120_valtest_200ep"]
OURS = {"cifar100": "cifar100", "ImageNet16-120": "imagenet16_120"}


class Published:
    """Last-epoch accuracies per run that average to the published ones.

    Single test results were never published: they are spread evenly around their mean here.
    """

    def __init__(self, folder: Path) -> None:
        import pandas as pd

        self.means = pd.read_parquet(folder / "nb201_official.parquet").set_index("index")
        trials = pd.read_parquet(folder / "nb201_trials_200ep.parquet")
        self.columns: Mapping[str, Mapping[int, float]] = self.means.to_dict()
        self.trials: Mapping[str, Mapping[tuple[int, int], float]] = trials.set_index(
            ["index", "seed"]
        ).to_dict()

    def seeds(self, index: int) -> tuple[int, ...]:
        """Seeds of the 200-epoch runs."""
        return SEEDS[: int(self.columns["n_seeds_200ep"][index])]

    def final(self, index: int, dataset: str, name: str, epochs: int, seed: int) -> float:
        """Accuracy after the last epoch."""
        if name == "train" or (dataset, name) == ("cifar10-valid", "ori-test"):
            return 50 + index / 1000 + seed / 1e5
        if epochs == 12:
            return self._twelve(index, dataset, name, seed)
        if dataset == "cifar10-valid":
            return self.trials["cifar10valid_val_200ep"][index, seed]
        if dataset == "cifar10":
            return self._spread("cifar10_test_200ep", index, seed)
        both = self.trials[f"{OURS[dataset]}_valtest_200ep"][index, seed]
        test = self._spread(f"{OURS[dataset]}_test_200ep", index, seed)
        return {"ori-test": both, "x-test": test, "x-valid": 2 * both - test}[name]

    def _spread(self, column: str, index: int, seed: int) -> float:
        seeds = self.seeds(index)
        return self.columns[column][index] + 0.3 * (seeds.index(seed) - (len(seeds) - 1) / 2)

    def _twelve(self, index: int, dataset: str, name: str, seed: int) -> float:
        if dataset == "cifar10-valid":
            offset = 0.2 if seed == 777 else -0.2
            return self.columns["cifar10valid_val_12ep"][index] + offset
        if dataset == "cifar10":
            return self.columns["cifar10_test_12ep"][index]
        val, test = (self.columns[f"{OURS[dataset]}_{s}_12ep"][index] for s in ("val", "test"))
        return {"x-valid": val, "x-test": test, "ori-test": (val + test) / 2}[name]


@pytest.fixture(scope="module")
def published(reference_data: Path) -> Published:
    return Published(reference_data / "nb201")


def check_published(table: ColumnTable, published: Published, space: NB201, indices: range) -> None:
    """Every column that was published has the published numbers."""
    order = [space.rank(space.at_index(index)) for index in indices]
    for name in ACCURACIES:
        theirs = published.means[name].loc[list(indices)]
        np.testing.assert_allclose(table.column(name)[order], theirs, atol=1e-5, err_msg=name)
    for name in SINGLES:
        for seed in SEEDS:
            theirs = [published.trials[name].get((index, seed), np.nan) for index in indices]
            mine = table.column(f"{name}_seed{seed}")[order]
            np.testing.assert_array_equal(mine, theirs, err_msg=f"{name} {seed}")


def make_pth(made: Any, path: Path, indices: range) -> dict[str, Any]:
    import torch

    content: dict[str, Any] = made.pth(indices)
    torch.save(content, path, _use_new_zipfile_serialization=False)
    return content


def converted_by_itself(path: Path, folder: Path, **options: Any) -> tuple[float, float]:
    """Seconds and the largest resident memory in MB of a conversion in a process of its own."""
    code = f"""
        import time
        from pathlib import Path
        from nasbench_harness.spaces.nb201.tables.importing import import_table
        start = time.perf_counter()
        if __name__ == "__main__":
            import_table(Path({str(path)!r}), Path({str(folder)!r}), **{options!r})
            lines = Path("/proc/self/status").read_text().splitlines()
            peak = next(int(x.split()[1]) / 1024 for x in lines if x.startswith("VmHWM:"))
            print(time.perf_counter() - start, peak)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    )
    seconds, peak = map(float, done.stdout.split())
    print(f"{path.name}: {seconds:.1f} s, {peak:.0f} MB", options)
    return seconds, peak


@pytest.mark.parametrize("package", ["nas_201_api", "nats_bench"])
def test_published_numbers_arrive(
    package: str,
    builder: Callable[..., Any],
    published: Published,
    compare: Callable[[Path], Any],
    pth_api: Callable[..., Any],
    nats_api: Callable[..., Any],
    space: NB201,
    tmp_path: Path,
) -> None:
    made = builder(
        package, final=published.final, seeds=published.seeds, style=lambda index: "short"
    )
    if package == "nas_201_api":
        api = pth_api(make_pth(made, tmp_path / "file.pth", SOME))
        import_table(tmp_path / "file.pth", tmp_path / "table", allow_missing=True)
    else:
        folder = made.folder(tmp_path / "NATS-tss-v1_0-3ffb9-simple", SOME)
        api = nats_api(folder, SOME)
        import_table(folder, tmp_path / "table", allow_missing=True)
    check_published(ColumnTable(tmp_path / "table"), published, space, SOME)
    comparison = compare(tmp_path / "table")
    comparison.all(api, SOME, epochs=[-1, -2])
    assert comparison.compared > 10_000


@pytest.mark.slow
@pytest.mark.parametrize("package", ["nas_201_api", "nats_bench"])
def test_hundreds_of_cells_with_whole_curves(
    package: str,
    builder: Callable[..., Any],
    published: Published,
    compare: Callable[[Path], Any],
    pth_api: Callable[..., Any],
    nats_api: Callable[..., Any],
    tmp_path: Path,
) -> None:
    """Every data set, evaluation set, epoch and seed: three minutes."""
    indices = range(0, 15625, 61)
    made = builder(package, final=published.final, seeds=published.seeds)
    if package == "nas_201_api":
        content = make_pth(made, tmp_path / "file.pth", indices)
        converted_by_itself(tmp_path / "file.pth", tmp_path / "table", allow_missing=True)
        api = pth_api(content)
    else:
        folder = made.folder(tmp_path / "NATS-tss-v1_0-3ffb9-simple", indices)
        converted_by_itself(folder, tmp_path / "table", allow_missing=True)
        api = nats_api(folder, indices)
    comparison = compare(tmp_path / "table")
    comparison.all(api, indices)
    print(comparison.compared, "answers equal,", comparison.missing, "missing in both")
    assert comparison.compared > 1_000_000


@pytest.mark.slow
@pytest.mark.parametrize("package", ["nas_201_api", "nats_bench"])
def test_whole_benchmark(
    package: str,
    builder: Callable[..., Any],
    published: Published,
    compare: Callable[[Path], Any],
    pth_api: Callable[..., Any],
    nats_api: Callable[..., Any],
    space: NB201,
    tmp_path: Path,
) -> None:
    """All cells, both schedules, several seeds, curves of one epoch: some minutes, 4 GB."""
    from nasbench_harness.spaces.nb201.tables.verify import check_facts

    indices = range(space.size)
    made = builder(
        package, final=published.final, seeds=published.seeds, style=lambda index: "short"
    )
    if package == "nas_201_api":
        path = tmp_path / "NAS-Bench-201-v1_1-096897.pth"
        api = pth_api(make_pth(made, path, indices))
        converted_by_itself(path, tmp_path / "table", force=True)
    else:
        path = made.folder(tmp_path / "NATS-tss-v1_0-3ffb9-simple", indices)
        _, peak = converted_by_itself(path, tmp_path / "table")
        assert peak < 1000
        converted_by_itself(path, tmp_path / "again", jobs=2)
        again = ColumnTable(tmp_path / "again").content_hash
        assert ColumnTable(tmp_path / "table").content_hash == again
        api = nats_api(path, indices)
    table = ColumnTable(tmp_path / "table")
    check_published(table, published, space, indices)
    assert [fact for fact, holds in check_facts(table) if not holds] == []
    comparison = compare(tmp_path / "table")
    comparison.all(api, indices, epochs=[-1])
    print(comparison.compared, "answers equal,", comparison.missing, "missing in both")
    assert comparison.compared > 1_000_000
