"""The table that comes with the package, and what it was made of."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from nasbench_harness import registry
from nasbench_harness.contracts import CompleteTable
from nasbench_harness.errors import UnknownNameError
from nasbench_harness.spaces.transnas101 import TransNAS101
from nasbench_harness.spaces.transnas101.tables import TABLE, make
from nasbench_harness.spaces.transnas101.tasks import TASKS
from nasbench_harness.tables.columns import TableError
from nasbench_harness.tables.metrics import default_dataset
from nasbench_harness.testing import check_data, check_table

if TYPE_CHECKING:
    from nasbench_harness.study.config import StudyConfig
    from nasbench_harness.study.spec import TrialSpec

SPACE = TransNAS101()
FOLDER = files("nasbench_harness.spaces.transnas101.tables")
HEAVY = ("numpy", "pandas", "pyarrow", "torch", "matplotlib", "scipy")


@pytest.fixture(scope="module")
def table() -> CompleteTable:
    return registry.open_complete("transnas101")


@pytest.fixture(scope="module")
def more(reference_data: Path) -> Path:
    """The originals beside the project, and what others made of them."""
    folder = reference_data / "more"
    if not (folder / "upstream" / "all_benchmarks_zen.zip").is_file():
        pytest.skip(f"no reference data in {folder}")
    return folder


def test_it_keeps_the_contract(table: CompleteTable) -> None:
    check_table(table, SPACE)


def test_its_data_source_keeps_the_contract() -> None:
    source = registry.open_data("transnas101")
    check_data(source)
    assert "MIT" in source.licence
    assert "Apache-2.0" in source.licence


def test_search_and_report_share_the_one_number_and_the_caveat_says_so(
    table: CompleteTable,
) -> None:
    for task in TASKS:
        assert table.search_metric(task) == table.report_metric(task) == f"{task}_valid"
    for said in ("judged by", "single training", "last epoch"):
        assert said in table.caveat


def test_every_number_has_a_quantity_and_a_unit(table: CompleteTable) -> None:
    told = {m.dataset: (m.quantity, m.unit, m.whole) for m in table.metrics.values()}
    assert told == {
        "class_object": ("top-1 accuracy", "%", 100.0),
        "class_scene": ("top-1 accuracy", "%", 100.0),
        "room_layout": ("negative L2 loss", "", 1.0),
        "jigsaw": ("top-1 accuracy", "%", 100.0),
        "segmentsemantic": ("pixel accuracy", "%", 100.0),
        "normal": ("SSIM", "", 1.0),
        "autoencoder": ("SSIM", "", 1.0),
    }


def test_the_task_where_nothing_is_said(table: CompleteTable) -> None:
    assert default_dataset(table) == "class_object"


def test_a_task_that_does_not_exist_gets_the_nearest(table: CompleteTable) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean `class_scene`"):
        table.report_metric("class_scenes")


def test_nobody_knows_what_a_retraining_moves(table: CompleteTable) -> None:
    assert {table.retraining_noise(name) for name in table.metrics} == {None}  # type: ignore[attr-defined]


def test_a_look_up_imports_nothing_heavy(table: CompleteTable) -> None:
    code = (
        "import sys; from nasbench_harness import registry;"
        "arch = registry.open_space('transnas101').parse('332132');"
        "table = registry.open_table('transnas101');"
        "assert round(table.lookup(arch)['class_scene_valid'], 4) == 54.9363;"
        "registry.open_space('transnas101').cost(arch, 'params', 'jigsaw');"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- the files beside it -----------------------------------------------------------------------


def test_the_provenance_tells_of_this_very_file() -> None:
    told = json.loads((FOLDER / "transnas101.json").read_text())
    data = (FOLDER / "transnas101.parquet").read_bytes()
    assert told["sha256"] == TABLE.sha256 == hashlib.sha256(data).hexdigest()
    assert told["content_sha256"] == TABLE.content_sha256
    assert told["source"] == make.SOURCE
    assert told["benchmark"] == make.BENCHMARK


def test_it_is_small() -> None:
    assert len((FOLDER / "transnas101.parquet").read_bytes()) < 100_000


@pytest.mark.parametrize("of", [make.SOURCE, make.BENCHMARK], ids=["carrier", "benchmark"])
def test_notices_come_with_the_package(of: dict[str, str]) -> None:
    text = (FOLDER / f"LICENSE-{of['licence']}").read_text()
    assert of["notice"] in text
    assert {"MIT": "MIT License", "Apache-2.0": "Apache License"}[of["licence"]] in text


# --- against the original ----------------------------------------------------------------------


def test_the_file_is_made_of_the_original(more: Path, tmp_path: Path) -> None:
    import pyarrow

    make.make(more / "upstream" / "all_benchmarks_zen.zip", tmp_path)
    told = json.loads((tmp_path / "transnas101.json").read_text())
    kept = json.loads((FOLDER / "transnas101.json").read_text())
    assert told["content_sha256"] == kept["content_sha256"]
    if kept["arrow"] == pyarrow.__version__:
        shipped = (FOLDER / "transnas101.parquet").read_bytes()
        assert (tmp_path / "transnas101.parquet").read_bytes() == shipped
        assert told == kept


def test_another_original_is_refused(tmp_path: Path) -> None:
    (tmp_path / "zen.zip").write_bytes(b"PK")
    with pytest.raises(TableError, match="is not naslib/data/zc_benchmarks/all_benchmarks_zen"):
        make.make(tmp_path / "zen.zip", tmp_path)
    with pytest.raises(TableError, match="cannot be read"):
        make.make(tmp_path / "none.zip", tmp_path)


def test_numbers_equal_the_reference(more: Path, table: CompleteTable) -> None:
    frame = pd.read_csv(more / "transnas101_micro" / "transnas101_micro.csv.gz")
    ranks = [SPACE.rank(SPACE.parse(text)) for text in frame["arch"]]
    assert sorted(ranks) == list(range(SPACE.size))
    for task in TASKS:
        found = table.column(f"{task}_valid")[ranks]
        assert np.array_equal(found, frame[f"{task}_valid_final"].to_numpy()), task


def test_costs_equal_the_reference_in_every_task(more: Path) -> None:
    told = json.loads((more / "transnas101_micro" / "cost_formula.json").read_text())
    assert set(told["per_task"]) == set(TASKS)
    for task, formulas in told["per_task"].items():
        for what, (constant, *rest) in formulas.items():
            by_edge = np.insert(np.array(rest).reshape(6, 3), 0, 0.0, axis=1)
            for arch in SPACE.enumerate():
                expected = constant + by_edge[np.arange(6), arch.choices].sum()
                assert SPACE.cost(arch, what, task) == expected, (task, what, arch)


def test_costs_of_a_name_that_does_not_exist() -> None:
    arch = SPACE.unrank(0)
    with pytest.raises(UnknownNameError, match="Did you mean `jigsaw`"):
        SPACE.cost(arch, "params", "jigsav")
    with pytest.raises(UnknownNameError, match="Did you mean `flops`"):
        SPACE.cost(arch, "flop", "jigsaw")
    assert SPACE.cost(arch, "params", "") == SPACE.cost(arch, "params", "class_object")


# --- studies -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("recipe", "kind"), [("landscape", "landscape"), ("quick", "supernet")])
def test_methods_have_our_own_recipes_for_it_as_for_any_space(recipe: str, kind: str) -> None:
    from nasbench_harness.study.recipes import find_recipe

    for method in registry.methods.names():
        recipes = registry.open_setup(method).recipes
        if recipe not in recipes:  # what needs networks has none for tables
            continue
        found = find_recipe(method, recipe, SPACE.name, kind)
        if f"nb201_{recipe}" not in recipes:
            assert found == find_recipe(method, recipe, "nb201", kind)
        assert found.recipe.space is None


def test_all_are_the_seven_tasks_in_studies_of_their_own(
    configured: Callable[..., StudyConfig],
) -> None:
    from nasbench_harness.study.config import split_datasets

    config = configured("darts", space="transnas101", dataset="all")
    assert config.table == "transnas101"
    parts = list(split_datasets(config, Path("S")))
    assert [(part.dataset, str(folder)) for part, folder in parts] == [
        (task, f"S/{task}") for task in TASKS
    ]


def test_a_study_searches_on_what_it_is_judged_by_and_is_no_oracle(
    planned: Callable[..., list[TrialSpec]],
) -> None:
    for spec in planned("darts,rea", space="transnas101", dataset="normal", seeds="1"):
        assert spec.search_metric == spec.report_metric == "normal_valid"


def test_a_plan_says_that_search_and_report_share_the_number(tmp_path: Path) -> None:
    words = ["run", "-m", "rea", "--space", "transnas101", "--dataset", "jigsaw", "--dry-run"]
    done = subprocess.run(
        [sys.executable, "-m", "nasbench_harness", *words],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    told = " ".join(done.stdout.split())
    assert "look at `jigsaw_valid`, the very number that answers are judged by" in told
