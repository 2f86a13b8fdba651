"""Ray: what is refused before anything runs and, on a cluster of two nodes, what runs.

Those that need Ray skip where it is not installed; those that start a cluster are slow.
"""

from __future__ import annotations

import importlib
import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from nasbench_harness.errors import HarnessError
from nasbench_harness.hardware import Hardware
from nasbench_harness.jobs.driver import run_job
from nasbench_harness.jobs.executors import clusters
from nasbench_harness.jobs.executors.clusters import connect
from nasbench_harness.jobs.executors.deaths import RETRIES
from nasbench_harness.jobs.executors.ray import RayExecutor, while_lost
from nasbench_harness.jobs.executors.requests import ClusterError, Request
from nasbench_harness.jobs.job import Spec
from nasbench_harness.store.checkpoints import saved_share
from nasbench_harness.store.outcomes import Outcome, Status
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan

HERE = Path(__file__).parent
SPENT = ("search_seconds", "cohort")
needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed")


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ClusterError, match=r"pip install 'nasbench-harness\[ray\]'"):
        RayExecutor(Request(1))


@needs_ray
@pytest.mark.parametrize("address", ["nowhere", "host:", "ray://host:10001", ":6379"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ClusterError, match="takes auto, local or HOST:PORT"):
        connect(address)


@needs_ray
def test_address_that_does_not_answer_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens there
        with pytest.raises(ClusterError, match="Nothing answers at"):
            connect(f"127.0.0.1:{taken.getsockname()[1]}")


@pytest.mark.parametrize(
    ("device", "gpus", "words"),
    [
        ("cuda:1", 1.0, "write --device cuda"),
        ("cpu", 0.5, "leave one out"),
        ("cuda", 0.0, "add --gpus-per-trial 1"),
    ],
)
def test_device_that_contradicts_the_request_is_refused(
    device: str, gpus: float, words: str
) -> None:
    with pytest.raises(HarnessError, match=words):
        RayExecutor(Request(1, gpus), Hardware(device))


class Dwindling:
    """A cluster that has one node less whenever somebody looks, down to one."""

    def __init__(self, nodes: int) -> None:
        self._left = nodes + 1

    def nodes(self) -> list[dict[str, Any]]:
        self._left = max(1, self._left - 1)
        return [{"NodeID": str(n), "Alive": n < self._left} for n in range(9)]


def test_nodes_are_asked_anew_where_some_were_lost_meanwhile() -> None:
    asked: list[int] = []

    def ask() -> list[str]:
        asked.append(len(asked))
        if len(asked) < 3:
            raise ClusterError("A node cannot run trials.")
        return ["unseeing"]

    assert while_lost(Dwindling(9), ask) == ["unseeing"]
    assert len(asked) == 3


def test_node_that_is_there_and_cannot_run_trials_is_told_of() -> None:
    asked: list[int] = []

    def ask() -> list[str]:
        asked.append(len(asked))
        raise ClusterError("A node cannot run trials.")

    with pytest.raises(ClusterError, match="A node cannot"):
        while_lost(Dwindling(3), ask)
    assert len(asked) == 2  # of three nodes one was lost meanwhile, and then the last stayed


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two nodes with a CPU each, beside a head that runs nothing."""
    pytest.importorskip("ray", reason="ray is not installed")
    from ray.cluster_utils import Cluster

    store = {"object_store_memory": 80_000_000}
    head = {"num_cpus": 0, "include_dashboard": False, **store}
    paths = (str(HERE), *os.environ.get("PYTHONPATH", "").split(os.pathsep))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
        found = Cluster(initialize_head=True, head_node_args=head)
        found.workers = [found.add_node(num_cpus=1, **store) for _ in range(2)]
        yield found
    import ray

    ray.shutdown()
    found.shutdown()


def planned(methods: str, seeds: int = 2, **given: Any) -> list[Any]:
    asked = {"methods": methods, "seeds": seeds, "random": False, **given}
    return plan(build_config(None, asked, []))


def answers(specs: list[Any], folder: Path) -> list[dict[str, Any]]:
    results = [json.loads((folder / s.trial_id / "result.json").read_text()) for s in specs]
    return [{k: v for k, v in result.items() if k not in SPENT} for result in results]


def alone(specs: list[Any], folder: Path) -> list[dict[str, Any]]:
    for spec in specs:
        run_job(spec, folder / spec.trial_id)
    return answers(specs, folder)


def ended(executor: RayExecutor, specs: list[Spec], folder: Path) -> list[Outcome]:
    return [event for event in executor.run(specs, folder) if isinstance(event, Outcome)]


@pytest.mark.slow
def test_results_are_those_of_this_machine(cluster: Any, tmp_path: Path) -> None:
    specs = planned("drnas,rea", steps=40)
    executor = RayExecutor(Request(1), address=cluster.address)
    outcomes = ended(executor, specs, tmp_path / "ray")
    assert sorted(o.trial_id for o in outcomes) == sorted(s.trial_id for s in specs)
    assert {o.status for o in outcomes} == {Status.DONE}
    assert answers(specs, tmp_path / "ray") == alone(specs, tmp_path / "alone")
    assert not [name for _, _, names in os.walk(tmp_path) for name in names if "lease" in name]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("request_", "words"), [(Request(1, 0.5), "0.5 GPUs"), (Request(3), "asks for 3 CPUs")]
)
def test_trial_that_fits_no_node_is_refused(cluster: Any, request_: Request, words: str) -> None:
    with pytest.raises(ClusterError, match=words):
        RayExecutor(request_, address=cluster.address)


@pytest.fixture
def unshared(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nodes write is not seen here; what runs there writes into folders of its own."""
    monkeypatch.setattr(clusters, "SEEN_SECONDS", 0.0)
    monkeypatch.setattr(clusters, "_arrives", lambda *of: False)


@pytest.mark.slow
@pytest.mark.usefixtures("unshared")
def test_results_come_from_nodes_that_do_not_see_the_folder(cluster: Any, tmp_path: Path) -> None:
    specs = planned("drnas,rea", steps=40)
    outcomes = ended(RayExecutor(Request(1), address=cluster.address), specs, tmp_path / "ray")
    assert sorted(o.trial_id for o in outcomes) == sorted(s.trial_id for s in specs)
    assert {o.status for o in outcomes} == {Status.DONE}
    assert answers(specs, tmp_path / "ray") == alone(specs, tmp_path / "alone")
    for spec in specs:
        names = [path.name for path in sorted((tmp_path / "ray" / spec.trial_id).iterdir())]
        assert names == ["history.jsonl", "result.json", "trial.json"]


@pytest.mark.slow
@pytest.mark.usefixtures("unshared")
def test_what_was_saved_on_such_a_node_is_gone_on_with(cluster: Any, tmp_path: Path) -> None:
    specs = planned("drnas", steps=4_000)
    executor = RayExecutor(Request(1), address=cluster.address)
    with closing(executor.run(specs, tmp_path / "ray")) as events:
        first = next(events)
    folder = tmp_path / "ray" / first.trial_id
    assert json.loads((folder / "result.json").read_text())["status"] == "interrupted"
    assert (folder / "checkpoint.pt").exists()
    outcomes = ended(executor, specs, tmp_path / "ray")
    assert [o.status for o in outcomes] == [Status.DONE] * len(specs)
    assert answers(specs, tmp_path / "ray") == alone(specs, tmp_path / "alone")
    assert not (folder / "checkpoint.pt").exists()


@pytest.mark.slow
def test_closing_lets_trials_save_themselves(cluster: Any, tmp_path: Path) -> None:
    specs = planned("drnas", steps=100_000)
    executor = RayExecutor(Request(1), address=cluster.address)
    with closing(executor.run(specs, tmp_path)) as events:
        first = next(events)
    folder = tmp_path / first.trial_id
    assert json.loads((folder / "result.json").read_text())["status"] == "interrupted"
    assert (folder / "checkpoint.pt").exists()


@pytest.mark.slow
def test_memory_that_is_estimated_is_what_ray_keeps(cluster: Any, tmp_path: Path) -> None:
    import ray

    executor = RayExecutor(
        Request(1), address=cluster.address, host_bytes=lambda specs, hardware: 300_000_000
    )
    kept = set()
    with closing(executor.run(planned("drnas", steps=100_000), tmp_path)) as events:
        for _ in range(8):
            next(events)
            of_nodes = ray.available_resources()["memory"]
            kept.add(round((ray.cluster_resources()["memory"] - of_nodes) / 1e9, 1))
    assert 2 * 1.2 in kept  # two trials on two nodes


@pytest.mark.slow
def test_more_memory_than_any_node_has_is_cut_down_and_told(cluster: Any, tmp_path: Path) -> None:
    specs, told = planned("rea", 1, steps=20), list[str]()
    executor = RayExecutor(
        Request(1), address=cluster.address, told=told.append,
        host_bytes=lambda specs, hardware: 10**15,
    )  # fmt: skip
    assert [outcome.status for outcome in ended(executor, specs, tmp_path)] == [Status.DONE]
    (note,) = told
    assert "estimated to take 1e+06 GB of memory, more than any node has" in note


@pytest.mark.slow
def test_memory_that_somebody_says_is_not_estimated(cluster: Any, tmp_path: Path) -> None:
    def refusing(specs: Any, hardware: Hardware) -> int:
        raise AssertionError

    executor = RayExecutor(Request(1, 0, 0.5), address=cluster.address, host_bytes=refusing)
    specs = planned("rea", 1, steps=20)
    assert [outcome.status for outcome in ended(executor, specs, tmp_path)] == [Status.DONE]


@pytest.mark.slow
def test_less_is_asked_for_where_the_only_node_with_the_memory_is_lost(
    cluster: Any, tmp_path: Path
) -> None:
    large = cluster.add_node(num_cpus=1, memory=10**13, object_store_memory=80_000_000)
    specs, told, outcomes = planned("drnas", 1, steps=4_000), list[str](), list[Outcome]()
    executor = RayExecutor(
        Request(1), address=cluster.address, told=told.append,
        host_bytes=lambda specs, hardware: 9 * 10**12,
    )  # fmt: skip
    for event in executor.run(specs, tmp_path / "ray"):
        if isinstance(event, Outcome):
            outcomes.append(event)
        elif large is not None:
            assert not told
            cluster.remove_node(large, allow_graceful=False)
            large = None
    assert large is None
    assert len(told) == 1
    assert [outcome.status for outcome in outcomes] == [Status.DONE]
    assert answers(specs, tmp_path / "ray") == alone(specs, tmp_path / "alone")


@pytest.fixture
def deadly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(HERE))
    monkeypatch.setenv("NASHARNESS_TOLL", str(tmp_path / "toll"))
    return importlib.import_module("deadly")


@pytest.mark.slow
def test_trial_that_dies_at_one_place_for_ever_fails(
    cluster: Any, tmp_path: Path, deadly: Any
) -> None:
    """Though it saves itself there each time."""
    (spec,) = planned("rea", 1, steps=40)
    dying = deadly.Dying(**{f.name: getattr(spec, f.name) for f in fields(spec)})
    (outcome,) = ended(RayExecutor(Request(1), address=cluster.address), [dying], tmp_path / "ray")
    assert outcome.status is Status.FAILED
    assert outcome.error.startswith("Its node or worker process died 4 times at the same place")
    assert deadly.toll() == RETRIES + 1 == 4
    assert saved_share(tmp_path / "ray" / spec.trial_id) == deadly.STEP / 40


@pytest.mark.slow
@pytest.mark.parametrize("shared", [True, False])
def test_what_dies_before_a_trial_has_begun_is_not_its_fault(
    cluster: Any, tmp_path: Path, deadly: Any, shared: bool, request: pytest.FixtureRequest
) -> None:
    if not shared:
        request.getfixturevalue("unshared")
    (spec,) = planned("rea", 1, steps=40)
    born = deadly.Stillborn(**{f.name: getattr(spec, f.name) for f in fields(spec)})
    (outcome,) = ended(RayExecutor(Request(1), address=cluster.address), [born], tmp_path / "ray")
    assert outcome == Outcome(spec.trial_id, Status.DONE)
    assert deadly.toll() == RETRIES + 2


def check_without_a_node(cluster: Any, specs: list[Any], folder: Path) -> None:
    """They end as on one machine, though a node is lost as soon as one of them has begun."""
    killed, outcomes = False, []
    for event in RayExecutor(Request(1), address=cluster.address).run(specs, folder / "ray"):
        if isinstance(event, Outcome):
            outcomes.append(event)
        elif not killed:
            killed = True
            cluster.remove_node(cluster.workers.pop(), allow_graceful=False)
    assert killed
    assert [o.status for o in outcomes] == [Status.DONE] * len(specs)
    assert answers(specs, folder / "ray") == alone(specs, folder / "alone")


@pytest.mark.slow
def test_trials_of_a_lost_node_go_on_elsewhere(cluster: Any, tmp_path: Path) -> None:
    """The last test: it takes a node away."""
    check_without_a_node(cluster, planned("drnas,unas", steps=4_000), tmp_path)


@pytest.mark.slow
@pytest.mark.usefixtures("unshared")
def test_trials_of_a_lost_node_that_sees_no_folder_go_on(cluster: Any, tmp_path: Path) -> None:
    """After the last one: it takes a node away, too."""
    cluster.workers.append(cluster.add_node(num_cpus=1, object_store_memory=80_000_000))
    check_without_a_node(cluster, planned("drnas,unas", 1, steps=4_000), tmp_path)
