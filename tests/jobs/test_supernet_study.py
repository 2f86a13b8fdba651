"""Studies on real images, small enough for a test: what they write, and that nothing is lost."""

from __future__ import annotations

import json
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from nasbench_harness.errors import HarnessError
from nasbench_harness.hardware import DeviceError, Hardware
from nasbench_harness.jobs.driver import Callbacks, run_job
from nasbench_harness.jobs.executors.local import LocalExecutor
from nasbench_harness.jobs.study import run_study
from nasbench_harness.store.checkpoints import CHECKPOINT, PREVIOUS
from nasbench_harness.store.files import read_json
from nasbench_harness.store.journals import read_journal
from nasbench_harness.store.outcomes import Status
from nasbench_harness.store.studies import reproduce
from nasbench_harness.study.config import build_config
from nasbench_harness.study.notation import ConfigError
from nasbench_harness.study.planning import plan
from nasbench_harness.study.recipes import tags
from nasbench_harness.study.spec import TrialSpec

TINY = {"width": 2, "cells": 1, "batch_size": 16}
SPENT = {"seconds", "search_seconds", "search_cpu_hours", "peak_memory_mb"}
"""What differs between two runs of the same trial."""


def config(methods: str = "darts", sets: tuple[str, ...] = (), **given: Any) -> Any:
    values = {
        "methods": methods, "search": "supernet", "dataset": "digits", "recipe": "quick",
        "table": "analog", "seeds": "0,", "epochs": 3, "limit": 120, "random": False,
        "network": TINY, **given,
    }  # fmt: skip
    return build_config(None, values, list(sets))


def only_trial(methods: str = "darts", sets: tuple[str, ...] = (), **given: Any) -> TrialSpec:
    (spec,) = plan(config(methods, sets, **given))
    return spec


def outcome_of(folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Result and history, without what the clock and the memory say."""
    result = {k: v for k, v in read_json(folder / "result.json").items() if k not in SPENT}
    rows = read_journal(folder / "history.jsonl")
    return result, [{k: v for k, v in row.items() if k not in SPENT} for row in rows]


# --- what a trial writes -----------------------------------------------------------------------


def test_history_has_a_row_per_epoch(tmp_path: Path) -> None:
    spec = only_trial()
    assert run_job(spec, tmp_path).status is Status.DONE
    result, rows = outcome_of(tmp_path)
    assert [row["step"] for row in rows] == [spec.epoch_steps * e for e in (1, 2, 3)]
    assert [row["epoch"] for row in rows] == [0, 1, 2]
    expected = {
        "mean_train_loss", "mean_train_accuracy", "valid_loss", "oneshot_accuracy_mixture",
        "oneshot_accuracy_derived", "discretisation_gap", "entropy", "skip_connections",
        "learning_rate", "cifar10_baseline_accuracy",
    }  # fmt: skip
    assert expected <= set(rows[-1])
    assert len(rows[-1]["probabilities"]) == 6
    assert result["device"] == "cpu"
    assert result["architecture"] == rows[-1]["architecture"]
    assert 0 <= result["oneshot_accuracy"] <= 100
    assert not (tmp_path / CHECKPOINT).exists()


def test_diagnosed_epochs_have_their_columns(tmp_path: Path) -> None:
    run_job(only_trial(diagnose_every=2), tmp_path)
    rows = outcome_of(tmp_path)[1]
    assert ["kendall_tau" in row for row in rows] == [False, True, True]
    assert {"alpha_gradient_norm", "alpha_gradient_variance", "hessian_eigenvalue"} <= set(rows[1])


@pytest.mark.parametrize("methods", ["darts", "unas", "drnas", "edas", "rsws"])
def test_diagnosing_changes_nothing_else(methods: str, tmp_path: Path) -> None:
    extra = ("network.evaluated_images=40",)
    sets = (*extra, "rsws.candidates=3") if methods == "rsws" else extra
    run_job(only_trial(methods, sets, epochs=2), tmp_path / "plain")
    run_job(only_trial(methods, sets, epochs=2, diagnose_every=1), tmp_path / "diagnosed")
    (plain, _), (diagnosed, _) = (outcome_of(tmp_path / n) for n in ("plain", "diagnosed"))
    assert plain == diagnosed


def test_a_study_has_its_tables_and_every_row_its_command(tmp_path: Path) -> None:
    study = config("edas", random=True, seeds="2")
    done = run_study(study, tmp_path / "study", LocalExecutor(2))
    assert done.counts() == {Status.DONE: 4}
    assert set(done.trials["images"]) == {"digits"}
    assert set(done.trials["network_width"]) == {2}
    again = run_study(study, tmp_path / "study", LocalExecutor(1))
    assert again.trials.equals(done.trials)


def test_the_command_of_a_row_plans_the_same_trial() -> None:
    import shlex

    spec = only_trial("unas", ("unas.temperature=0.5",), image_size=None)
    words = shlex.split(reproduce(spec))
    options = dict(zip(words[2::2], words[3::2], strict=False))
    sets = [words[i + 1] for i, word in enumerate(words) if word == "--set"]
    assert options["--search"] == "supernet"
    given = {
        "methods": options["--methods"], "search": "supernet", "dataset": options["--dataset"],
        "recipe": options["--recipe"], "seeds": options["--seeds"], "table": options["--table"],
        "epochs": int(options["--epochs"]), "limit": int(options["--limit"]), "random": False,
    }  # fmt: skip
    (again,) = plan(build_config(None, given, sets))
    assert again.trial_id == spec.trial_id


def test_fingerprint_is_of_the_images_not_of_their_place() -> None:
    spec = asdict(only_trial())
    assert (
        TrialSpec(**{**spec, "images": "folder:/elsewhere"}).fingerprint == only_trial().fingerprint
    )
    assert TrialSpec(**{**spec, "image_layout": "parts"}).fingerprint == only_trial().fingerprint
    assert TrialSpec(**{**spec, "image_digest": "other"}).fingerprint != only_trial().fingerprint


# --- stopped, killed, damaged ------------------------------------------------------------------


@pytest.fixture
def stopping() -> Callable[[int], Callbacks]:
    """Callbacks that stop a trial after so many steps."""

    def make(steps: int) -> Callbacks:
        polls = count(1)
        return Callbacks(stopped=lambda: next(polls) == steps)

    return make


@pytest.mark.parametrize(
    ("methods", "sets"),
    [
        ("darts[order=second]", ()),
        ("drnas[partial_channels=[2,1],kept_options=[5,3]]", ()),
        ("unas", ("unas.warmup_epochs=1",)),
        ("edas", ()),
        ("rsws", ("rsws.candidates=3",)),
    ],
    ids=str,
)
def test_stopped_and_resumed_trial_ends_the_same(
    methods: str, sets: tuple[str, ...], tmp_path: Path, stopping: Callable[[int], Callbacks]
) -> None:
    spec = only_trial(methods, sets)
    run_job(spec, tmp_path / "whole")
    for steps in (4, 2):  # in the middle of an epoch, twice
        outcome = run_job(spec, tmp_path / "parts", stopping(steps))
        assert outcome.status is Status.INTERRUPTED
    assert run_job(spec, tmp_path / "parts").status is Status.DONE
    assert outcome_of(tmp_path / "whole") == outcome_of(tmp_path / "parts")


def test_killed_at_random_and_resumed_ends_the_same(tmp_path: Path) -> None:
    """SIGKILL, wherever it hits; on the CPU the end is bit-identical."""
    spec = only_trial("drnas", epochs=12)
    run_job(spec, tmp_path / "whole")
    (tmp_path / "spec.json").write_text(json.dumps(asdict(spec)))
    code = (
        "import json, sys; from pathlib import Path;"
        "from nasbench_harness.jobs.driver import run_job;"
        "from nasbench_harness.study.spec import TrialSpec;"
        "spec = TrialSpec(**json.loads(Path(sys.argv[1]).read_text()));"
        "run_job(spec, Path(sys.argv[2]))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "spec.json"), str(tmp_path / "killed")]
    chance = random.Random(7)
    process = subprocess.Popen(command)
    while not (tmp_path / "killed" / CHECKPOINT).exists() and process.poll() is None:
        time.sleep(0.005)
    time.sleep(chance.random() * 0.15)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "the trial ended before it could be killed"
    assert run_job(spec, tmp_path / "killed").status is Status.DONE
    assert outcome_of(tmp_path / "whole") == outcome_of(tmp_path / "killed")


def test_worker_that_lost_its_parent_stops_and_the_study_is_resumed_whole(tmp_path: Path) -> None:
    """SIGKILL of the command itself: its worker notices, and nothing runs twice."""
    run_study(config("drnas", epochs=25), tmp_path / "whole", LocalExecutor(1))
    words = [
        "run", "-m", "drnas", "--search", "supernet", "--dataset", "digits", "--recipe", "quick",
        "--table", "analog", "--seeds", "0,", "--epochs", "25", "--limit", "120", "--no-random",
        "--width", "2", "--cells", "1", "--batch-size", "16", "--no-report", "--out", "killed",
    ]  # fmt: skip
    code = "from nasbench_harness.cli import main; main()"
    command = [sys.executable, "-c", code]
    process = subprocess.Popen([*command, *words], cwd=tmp_path, stderr=subprocess.DEVNULL)
    trials = tmp_path / "killed" / "trials"
    while not list(trials.glob(f"*/{CHECKPOINT}")) and process.poll() is None:
        time.sleep(0.01)
    process.kill()
    process.wait()
    subprocess.run(
        [*command, "resume", "killed", "--no-report"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    (killed,), (whole,) = trials.iterdir(), (tmp_path / "whole" / "trials").iterdir()
    assert outcome_of(killed) == outcome_of(whole)


def test_damaged_checkpoint_falls_back_to_the_one_before(
    tmp_path: Path, stopping: Callable[[int], Callbacks]
) -> None:
    spec = only_trial()
    run_job(spec, tmp_path / "whole")
    run_job(spec, tmp_path / "parts", stopping(2 * spec.epoch_steps + 1))
    last = tmp_path / "parts" / CHECKPOINT
    assert (tmp_path / "parts" / PREVIOUS).exists()
    content = bytearray(last.read_bytes())
    content[len(content) // 2] ^= 0xFF
    last.write_bytes(content)
    assert run_job(spec, tmp_path / "parts").status is Status.DONE
    assert outcome_of(tmp_path / "whole") == outcome_of(tmp_path / "parts")


def test_checkpoint_of_another_setting_is_refused(
    tmp_path: Path, stopping: Callable[[int], Callbacks]
) -> None:
    run_job(only_trial(), tmp_path, stopping(3))
    outcome = run_job(only_trial(sets=("network.learning_rate=0.1",)), tmp_path)
    assert outcome.status is Status.FAILED
    assert "belongs to another trial" in outcome.error


def test_diverged_trial_keeps_its_record_and_the_others_go_on(tmp_path: Path) -> None:
    study = config("darts,drnas", sets=("network.learning_rate=1e30", "network.clip_norm=0"))
    done = run_study(study, tmp_path / "study", LocalExecutor(1))
    assert done.counts() == {Status.FAILED: 2}
    assert all("no finite number any more since step" in o.error for o in done.failures)


def test_images_that_changed_are_refused(tmp_path: Path) -> None:
    spec = TrialSpec(**{**asdict(only_trial()), "image_digest": "0" * 64})
    outcome = run_job(spec, tmp_path)
    assert outcome.status is Status.FAILED
    assert "have changed since" in outcome.error


def test_out_of_memory_names_what_to_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nasbench_harness.problems.supernet.weight_sharing import WeightSharing

    def full(*_: object) -> None:
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(WeightSharing, "fit", full)
    outcome = run_job(only_trial(), tmp_path)
    assert outcome.error.startswith(
        "Out of memory; a smaller --batch-size or --width, `--precision bf16` or fewer --jobs need"
    )


# --- what is refused before anything runs ------------------------------------------------------


@pytest.mark.parametrize(
    ("methods", "given", "said"),
    [
        ("rea", {}, "stand alone accuracy"),
        ("darts", {"noise": 1.0}, "about landscapes"),
        ("darts", {"dataset": "digit"}, "Did you mean `digits`"),
        ("darts", {"dataset": "folder:/nowhere"}, "/nowhere"),
        ("darts", {"network": {"widht": 4}}, "Did you mean `width`"),
        ("darts", {"network": {"batch_size": 500}}, "too few for batches of 500"),
        ("unas[warmup_epochs=3]", {}, "leaves the architecture alone for 3 epochs"),
        ("drnas[warmup_epochs=2,kept_options=[5,3]]", {}, "2 stages of 1 epoch;"),
        ("darts", {"steps": 1000}, "give one of --epochs and --steps"),
        ("darts", {"search": "landscape", "recipe": "landscape"}, "is about supernets"),
        ("darts[cost=params]", {}, "has no setting `cost`"),
        ("unas[cost='latency:toaster']", {}, "toaster"),
    ],
)  # fmt: skip
def test_what_cannot_run_is_refused_at_once(methods: str, given: dict[str, Any], said: str) -> None:
    with pytest.raises(HarnessError, match=re.escape(said)):
        plan(config(methods, **given))


def test_warmups_shrink_with_the_epochs_and_the_new_optimiser_comes_after() -> None:
    spec = only_trial("unas", recipe="paper", epochs=20, network={**TINY, "train_share": 0.5})
    assert spec.settings["warmup_epochs"] == 3
    assert spec.network["reset_optimizer_epoch"] == spec.network["constant_epochs"] == 3
    small = {**TINY, "batch_size": 8}  # of the tenth that is for the architecture
    whole = only_trial("unas", recipe="paper", epochs=None, network=small)
    assert (whole.settings["warmup_epochs"], whole.epochs) == (15, 100)
    assert whole.network["reset_optimizer_epoch"] == whole.network["constant_epochs"] == 15


@pytest.mark.parametrize(
    ("methods", "sets", "expected"),
    [
        ("unas[warmup_epochs=5]", (), (5, 5)),
        ("unas[warmup_epochs=0]", (), (None, 0)),
        ("unas", ("network.constant_epochs=7",), (7, 3)),
        ("unas", ("network.reset_optimizer_epoch=7",), (3, 7)),
    ],
)
def test_what_ends_with_the_warm_up_follows_it_unless_it_is_set(
    methods: str, sets: tuple[str, ...], expected: tuple[int | None, int]
) -> None:
    network = {**TINY, "train_share": 0.5}
    spec = only_trial(methods, sets, recipe="paper", epochs=20, network=network)
    found = (spec.network.get("constant_epochs"), spec.network["reset_optimizer_epoch"])
    assert found == expected


# --- learning rates that go with the batch -----------------------------------------------------


def rates(methods: str = "unas", sets: tuple[str, ...] = (), **given: Any) -> tuple[float, float]:
    """Of the logits and of the network's weights."""
    network = {**TINY, "train_share": 0.5, "batch_size": 32}
    spec = only_trial(methods, sets, recipe="paper", epochs=20, network=network, **given)
    return spec.settings["learning_rate"], spec.network["learning_rate"]


def test_rates_of_unas_go_with_the_batch() -> None:
    """The authors multiply both by batch / 64, and leave the rates they end at."""
    assert rates() == (5e-4, 1.5e-4)
    spec = only_trial("unas", recipe="paper", limit=400, network={**TINY, "batch_size": 40})
    assert spec.settings["learning_rate_min"] == 3e-4
    assert spec.network["learning_rate_min"] == 1e-4


def test_the_authors_batch_on_four_devices_doubles_the_rates() -> None:
    """128 images together: 2e-3 and 6e-4, as their commands train on CIFAR."""
    network = {**TINY, "train_share": 0.5, "batch_size": 128}
    spec = only_trial("unas", recipe="paper", epochs=20, limit=300, network=network)
    assert (spec.settings["learning_rate"], spec.network["learning_rate"]) == (2e-3, 6e-4)


def test_rates_that_are_set_are_taken_as_they_are() -> None:
    assert rates("unas[learning_rate=0.01]") == (0.01, 1.5e-4)
    assert rates(sets=("network.learning_rate=0.02",)) == (5e-4, 0.02)


@pytest.mark.parametrize("methods", ["darts", "drnas", "edas", "unas[recipe=quick]"])
def test_other_recipes_have_one_rate_for_every_batch(methods: str) -> None:
    small = only_trial(methods, recipe="paper", network={**TINY, "batch_size": 8})
    large = only_trial(methods, recipe="paper", network={**TINY, "batch_size": 40})
    assert small.settings["learning_rate"] == large.settings["learning_rate"]
    assert small.network["learning_rate"] == large.network["learning_rate"]


# --- the architecture's learning rate in a shorter search --------------------------------------


def alpha(methods: str, **given: Any) -> float:
    """The learning rate of the architecture."""
    given = {"recipe": "paper", "network": TINY, **given}
    rate: float = only_trial(methods, **given).settings["learning_rate"]
    return rate


@pytest.mark.parametrize(("methods", "published"), [("darts", 50), ("drnas", 100), ("edas", 100)])
def test_a_scaled_rate_grows_as_epochs_are_left_out(methods: str, published: int) -> None:
    usual = alpha(methods, epochs=20)
    scaled = alpha(methods, epochs=20, alpha_rate="scaled")
    assert scaled == pytest.approx(usual * published / 20, rel=1e-12)
    assert alpha(methods, epochs=published, alpha_rate="scaled") == usual
    assert alpha(methods, epochs=2 * published, alpha_rate="scaled") == usual


def test_a_scaled_rate_goes_with_the_batch_as_well_and_not_over_one_that_is_set() -> None:
    network = {**TINY, "train_share": 0.5, "batch_size": 32}
    scaled = {"network": network, "epochs": 20, "alpha_rate": "scaled"}
    assert alpha("unas", **scaled) == pytest.approx(5 * 5e-4, rel=1e-12)
    assert alpha("unas[learning_rate=0.01]", **scaled) == 0.01
    assert only_trial("unas", recipe="paper", **scaled).settings["learning_rate_min"] == 3e-4


def test_a_scaled_rate_names_other_trials_and_is_reproduced() -> None:
    """Of a method that has no such rate too: whoever reads the table sees one study."""
    usual, said = only_trial("darts"), only_trial("darts", alpha_rate="published")
    scaled = only_trial("darts", alpha_rate="scaled")
    assert usual.trial_id == said.trial_id != scaled.trial_id
    assert "--alpha-rate" not in reproduce(usual)
    assert "--alpha-rate scaled" in reproduce(scaled)
    assert scaled.settings["learning_rate"] > usual.settings["learning_rate"]
    assert tags(scaled)["learning_rate"] == "D"


def test_a_landscape_has_no_batch_of_images() -> None:
    landscape = {"search": "landscape", "limit": None, "epochs": None, "network": {}}
    spec = only_trial("unas", recipe="paper", dataset="cifar10", batch_size=8, **landscape)
    assert spec.settings["learning_rate"] == 1e-3


def test_the_recipes_of_the_authors_run(tmp_path: Path) -> None:
    """A constant rate in the warm-up and a cosine after it; a rate that starts again."""
    methods = "drnas[recipe=nb201_progressive,warmup_epochs=0],unas[warmup_epochs=2]"
    network = {"width": 4, "cells": 1, "batch_size": 16, "train_share": 0.5}
    study = config(methods, recipe="paper", epochs=4, network=network)
    assert run_study(study, tmp_path / "study", LocalExecutor(1)).counts() == {Status.DONE: 2}
    histories = {
        path.parent.name[:5]: [row["learning_rate"] for row in read_journal(path)]
        for path in (tmp_path / "study" / "trials").glob("*/history.jsonl")
    }
    drnas, unas = histories["drnas"], histories["unas-"]
    assert drnas[2] == pytest.approx(drnas[0])
    assert drnas[1] > drnas[3]
    assert unas[:3] == [7.5e-5] * 3
    assert unas[3] == pytest.approx((7.5e-5 + 1e-4) / 2)


def test_steps_alone_decide_how_many_epochs_there_are() -> None:
    spec = only_trial(epochs=None, steps=10)
    assert (spec.steps, spec.epoch_steps, spec.epochs) == (10, 3, 4)


def test_a_recipe_for_one_method_alone() -> None:
    methods = "darts,drnas[recipe=nb201_progressive,warmup_epochs=0]"
    plain, staged = plan(config(methods, network={**TINY, "width": 4}))
    assert plain.network["learning_rate"] != staged.network["learning_rate"]
    assert staged.settings["kept_options"] == [5, 3]
    assert staged.label == "drnas[recipe=nb201_progressive,warmup_epochs=0]"


def test_batches_of_one_image_are_batches_of_one_image() -> None:
    assert only_trial(batch_size=1, network={"width": 2, "cells": 1}).network["batch_size"] == 1


def test_a_method_that_cannot_run_fails_alone(tmp_path: Path) -> None:
    done = run_study(config("darts,rea"), tmp_path / "study", LocalExecutor(1))
    assert done.counts() == {Status.DONE: 1, Status.FAILED: 1}
    assert "stand alone accuracy" in done.failures[0].error


def test_network_that_cannot_be_built_is_a_sentence(tmp_path: Path) -> None:
    planned = only_trial("drnas[partial_channels=4]", network={**TINY, "width": 8})
    spec = replace(planned, network={**planned.network, "width": 6})  # as no plan has it
    outcome = run_job(spec, tmp_path)
    assert outcome.error == "The supernet cannot be built: width 6 cannot be divided by 4."


def test_measured_latency_is_a_cost_on_images_only() -> None:
    assert only_trial("unas[cost='latency:measured',warmup_epochs=0]").settings["cost"]
    with pytest.raises(HarnessError, match="measured"):
        plan(build_config(None, {"methods": "unas[cost='latency:measured']"}, []))


def test_unavailable_devices_are_named() -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA device")
    with pytest.raises(DeviceError, match="no CUDA device"):
        Hardware("cuda:1").open()
    with pytest.raises(DeviceError, match="There is no device `gpu`"):
        Hardware("gpu").open()
    with pytest.raises(DeviceError, match="CUDA graphs need"):
        Hardware("cpu", compile="graph").open()


def test_methods_and_network_are_set_side_by_side() -> None:
    spec = only_trial("unas", ("unas.temperature=0.7", "network.precision=bf16"))
    assert spec.settings["temperature"] == 0.7
    assert spec.network["precision"] == "bf16"
    assert spec.network_overrides == {**TINY, "precision": "bf16"}


def test_one_batch_size_for_every_supernet() -> None:
    assert only_trial(batch_size=8, network={"width": 2, "cells": 1}).network["batch_size"] == 8
    with pytest.raises(ConfigError):
        plan(config(batch_size=8, network=TINY, search="landscape", recipe="landscape"))
