"""What is wrong with a plugin is one sentence that names it, and is told as early as can be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from nasbench_harness import registry
from nasbench_harness.errors import HarnessError
from nasbench_harness.jobs.driver import run_job
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.store.journals import read_journal
from nasbench_harness.store.outcomes import Outcome, Status
from nasbench_harness.study.spec import TrialSpec

Plan = Callable[..., list[TrialSpec]]
Ended = Callable[..., Outcome]


@pytest.fixture
def ended(planned: Plan, tmp_path: Path) -> Ended:
    """Runs a short trial of a method."""

    def run(method: str = "darts") -> Outcome:
        (spec,) = planned(method, seeds="0,", random=False, steps=8)
        return run_job(spec, tmp_path / "t")

    return run


def history(tmp_path: Path) -> list[dict[str, Any]]:
    return read_journal(tmp_path / "t" / "history.jsonl")


@pytest.fixture
def logging(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes a method log something else."""

    def log(**values: Any) -> None:
        method = registry.methods.load("darts")
        step = method.step
        monkeypatch.setattr(method, "batched", False)
        monkeypatch.setattr(method, "step", lambda self: {**step(self), **values})

    return log


# --- what a method logs ------------------------------------------------------------------------


def test_text_is_kept(ended: Ended, logging: Callable[..., None], tmp_path: Path) -> None:
    logging(phase="warm", flag=True, tensor=torch.tensor(0.5))
    assert ended().status is Status.DONE
    for row in history(tmp_path):
        assert (row["phase"], row["flag"], row["tensor"]) == ("warm", 1.0, 0.5)


@pytest.mark.parametrize(
    "name", ["regret", "accuracy", "regret_anything", "step", "cost", "cifar10_baseline_accuracy"]
)
def test_what_every_study_has_is_not_a_method_s(
    name: str, ended: Ended, logging: Callable[..., None], tmp_path: Path
) -> None:
    logging(**{name: 1.0})
    outcome = ended()
    assert outcome.status is Status.FAILED
    assert outcome.error.startswith(f"The method `darts` logs `{name}`, which every study has")
    assert history(tmp_path) == []


@pytest.mark.parametrize("value", [[1, 2], torch.ones(3), None, {"a": 1}])
def test_what_is_neither_number_nor_text_is_told(
    value: Any, ended: Ended, logging: Callable[..., None]
) -> None:
    logging(odd=value)
    assert ended().error.startswith("The method `darts` logs what is neither a number nor text (")


# --- shapes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("member", ["scores", "mixture"])
@pytest.mark.parametrize(
    ("given", "told"),
    [(torch.ones(6), "[6]"), (torch.ones(5, 6), "[5, 6]"), (torch.tensor(1.0), "[]"),
     ([[1.0]], "a list")],
)  # fmt: skip
def test_a_wrong_shape_names_method_and_member(
    member: str, given: Any, told: str, ended: Ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry.methods.load("darts"), member, lambda self: given, raising=False)
    error = ended().error
    assert error.startswith("The method `darts` (")
    assert error.endswith(f") gives {told} in its `{member}`, not a tensor [6, 5].")


# --- spaces ------------------------------------------------------------------------------------


def _raise(self: Any, arch: Any) -> Any:
    raise RuntimeError("no facts.")


@pytest.mark.parametrize(
    ("member", "broken", "told"),
    [
        ("describe", _raise, "fails in its `describe`: RuntimeError: no facts."),
        ("weights", _raise, "fails in its `weights`: RuntimeError: no facts."),
        ("weights", lambda self, arch: torch.ones(6), "for `weights`, not [6, 5]."),
        ("weights", lambda self, arch: torch.ones(6, 5), "must be inverse (`nasbench_harness."),
    ],
)
def test_a_fault_of_a_space_is_told_before_the_first_step(
    member: str, broken: Any, told: str, ended: Ended, monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:  # fmt: skip
    monkeypatch.setattr(NB201, member, broken)
    outcome = ended()
    assert outcome.status is Status.FAILED
    assert outcome.error.startswith("The space `nb201` (")
    assert told in outcome.error
    assert history(tmp_path) == []


def test_trying_a_space_changes_no_search(
    ended: Ended, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    from nasbench_harness.jobs.trying import try_space

    try_space(NB201())
    assert torch.equal(torch.get_rng_state(), before)


PROPERTY = """
class Space:
    @property
    def name(self):
        raise RuntimeError("not yet")
"""


def test_a_property_that_raises_is_a_sentence(install_plugin: Callable[..., None]) -> None:
    members = [m for m in registry.members_of(registry.SearchSpace) if m != "name"]
    source = PROPERTY + "".join(f"    {member} = None\n" for member in members)
    install_plugin("spaces", "odd", "odd_plugin:Space", source)
    spaces: Any = registry.Registry("space", opened=registry.SearchSpace)
    with pytest.raises(HarnessError, match=r"space `odd` \(odd_plugin:Space, .*RuntimeError: not"):
        spaces.open("odd")
