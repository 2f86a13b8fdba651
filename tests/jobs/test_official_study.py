"""Studies on the official table: who looks at what, at which cost, with which noise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nasbench_harness import registry
from nasbench_harness.errors import HarnessError
from nasbench_harness.jobs.driver import run_job
from nasbench_harness.problems.landscape.objective import Landscape
from nasbench_harness.store.files import read_json
from nasbench_harness.store.journals import read_journal
from nasbench_harness.store.outcomes import Status
from nasbench_harness.study.config import build_config, split_datasets, with_cost
from nasbench_harness.study.planning import plan
from nasbench_harness.study.spec import TrialSpec
from nasbench_harness.tables.columns import ColumnTable

pytestmark = pytest.mark.usefixtures("official")

Planned = Callable[..., dict[str, TrialSpec]]


@pytest.fixture
def planned() -> Planned:
    """Trials of one seed by method."""

    def make(methods: str = "darts,rea", cost: str | None = None, **given: Any) -> Any:
        chosen = {"methods": methods, "seeds": "0,", "steps": 20, **given}
        config = with_cost(build_config(None, chosen, []), cost, 8.0 if cost else None)
        return {spec.method: spec for spec in plan(config)}

    return make


def test_official_is_the_default_where_it_is_installed(planned: Planned) -> None:
    assert {spec.table for spec in planned().values()} == {"official"}


@pytest.mark.parametrize(
    ("dataset", "key"),
    [
        ("cifar10", "cifar10valid"),
        ("cifar100", "cifar100"),
        ("imagenet16-120", "imagenet16_120"),
    ],
)
def test_queries_look_at_the_short_training_gradients_at_the_long(
    planned: Planned, dataset: str, key: str
) -> None:
    specs = planned(dataset=dataset)
    assert specs["darts"].search_metric == f"{key}_val_200ep"
    assert specs["rea"].search_metric == specs["random"].search_metric == f"{key}_val_12ep"
    judged = {spec.report_metric for spec in specs.values()}
    assert judged == {f"{key.removesuffix('valid')}_test_200ep"}


def test_metrics_can_be_chosen_for_all(planned: Planned) -> None:
    specs = planned(search_metric="valid@12", report_metric="test@12").values()
    assert {spec.search_metric for spec in specs} == {"cifar10valid_val_12ep"}
    assert {spec.report_metric for spec in specs} == {"cifar10_test_12ep"}


def test_search_on_a_test_metric_needs_to_be_allowed(planned: Planned) -> None:
    with pytest.raises(HarnessError, match=r"oracle study.*--allow-test-search"):
        planned(search_metric="test@200")
    specs = planned(search_metric="test@200", allow_test_search=True)
    assert specs["darts"].search_metric == "cifar10_test_200ep"


def test_unknown_metric_lists_what_there_is(planned: Planned) -> None:
    with pytest.raises(HarnessError, match=r"valid@200.*|Known: .*valid@200"):
        planned(search_metric="valid@90")


def test_all_data_sets_are_studies_of_their_own(tmp_path: Path) -> None:
    config = build_config(None, {"methods": "rea", "dataset": "all"}, [])
    parts = list(split_datasets(config, tmp_path))
    assert [part.dataset for part, _ in parts] == ["cifar10", "cifar100", "imagenet16-120"]
    assert len({place for _, place in parts}) == 3


def test_simulated_cost_is_the_training_time_of_the_queries(
    planned: Planned, official: ColumnTable, tmp_path: Path
) -> None:
    spec = planned("random")["random"]
    assert run_job(spec, tmp_path).status is Status.DONE
    hours = [row["simulated_gpu_hours"] for row in read_journal(tmp_path / "history.jsonl")]
    assert hours == sorted(hours)
    mean = official.column("train_time_cifar10valid_200ep_s").mean() * 12 / 200 / 3600
    assert 0.5 < hours[-1] / (20 * mean) < 1.6
    assert read_json(tmp_path / "result.json")["simulated_gpu_hours"] == hours[-1]


def test_methods_that_train_nothing_have_no_simulated_cost(
    planned: Planned, tmp_path: Path
) -> None:
    run_job(planned("drnas")["drnas"], tmp_path)
    assert read_json(tmp_path / "result.json")["simulated_gpu_hours"] is None


def test_noise_of_seeds_draws_the_runs_behind_the_mean(official: ColumnTable) -> None:
    metric = "cifar10valid_val_200ep"
    space = registry.open_space("nb201")
    problem = Landscape(
        space, official, metric=metric, dataset="cifar10", steps=200, epochs=1, noise="seeds"
    )
    arch = space.unrank(777)
    runs = {official.value(f"{metric}_seed{seed}", arch) for seed in (777, 888, 999)}
    known = {round(run, 6) for run in runs if not np.isnan(run)}
    drawn = set()
    for _ in range(60):
        problem.advance()
        drawn.add(round(problem.score(arch), 6))
    assert drawn == known


def test_noise_of_seeds_needs_runs(planned: Planned) -> None:
    with pytest.raises(HarnessError, match="no single runs behind `cifar100_val_200ep`"):
        planned("darts", dataset="cifar100", random=False, noise="seeds")


def test_noise_of_seeds_is_repeatable(planned: Planned, tmp_path: Path) -> None:
    spec = planned("drnas", random=False, noise="seeds")["drnas"]
    for name in ("a", "b"):
        assert run_job(spec, tmp_path / name).status is Status.DONE
    first, second = (read_journal(tmp_path / n / "history.jsonl") for n in ("a", "b"))
    assert [r["architecture"] for r in first] == [r["architecture"] for r in second]
    assert [r["valid_loss"] for r in first] == [r["valid_loss"] for r in second]


def test_latency_is_a_cost(planned: Planned, official: ColumnTable, tmp_path: Path) -> None:
    spec = planned("unas", cost="latency:pixel3")["unas"]
    assert spec.settings["cost"] == "latency:pixel3"
    assert spec.settings["cost_target"] == 8.0
    assert spec.label == "unas[cost=latency:pixel3,cost_target=8.0]"
    assert run_job(spec, tmp_path).status is Status.DONE


def test_latency_pressure_finds_faster_cells(
    planned: Planned, official: ColumnTable, tmp_path: Path
) -> None:
    space = registry.open_space("nb201")

    def latency(name: str, **settings: Any) -> float:
        inside = ",".join(f"{key}={value}" for key, value in settings.items())
        spec = planned(f"unas[{inside}]", steps=800)["unas"]
        run_job(spec, tmp_path / name)
        found = read_json(tmp_path / name / "result.json")["architecture"]
        return official.value("latency_ms_pixel3", space.parse(found))

    free = latency("free", temperature=0.4)
    held = latency("held", cost="latency:pixel3", cost_target=5, cost_weight=0.05, cost_ramp=1)
    assert held < 0.7 * free


def test_unknown_device_is_suggested(planned: Planned) -> None:
    with pytest.raises(HarnessError, match="Did you mean `latency:pixel3`"):
        planned("unas[cost=latency:pixle3]")


def test_cost_without_a_method_that_takes_one(planned: Planned) -> None:
    with pytest.raises(HarnessError, match="None of these methods takes a cost"):
        planned("drnas", cost="params")
