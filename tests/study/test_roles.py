"""What the engine asks of settings goes by role, and what a method calls them is its own affair."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nasbench_harness import registry
from nasbench_harness.errors import HarnessError
from nasbench_harness.settings import Settings, by_role, named, roles, setting
from nasbench_harness.store.files import read_json
from tests.commands import Run

METHOD = '''
"""A method with words of its own."""

import torch

from nasbench_harness.contracts import Recipe
from nasbench_harness.settings import Settings, setting


class Knobs(Settings):
    partial_channels: int = setting(3, "of its own meaning")
    kept_options: str = setting("some", "of its own meaning")
    warmup_epochs: str = setting("none at all", "of its own meaning")
    cost: int = setting(7, "of its own meaning")
    cost_target: str = setting("far", "of its own meaning")
    scores_: float = setting(1.0, "of its own meaning")


class Own:
    Settings = Knobs
    version = "1"
    queries = False
    recipes = {"landscape": Recipe(epochs=100, steps=12, source="made up")}

    def __init__(self, problem, settings, seed):
        self.problem = problem
        self.alpha = torch.zeros(problem.space.mask.shape, dtype=problem.dtype)

    @classmethod
    def requires(cls, settings):
        return ()

    def step(self):
        return {}

    def scores(self):
        return self.alpha.softmax(-1)

    def architecture(self):
        return self.problem.space.derive(self.scores())

    def state_dict(self):
        return {"alpha": self.alpha.clone()}

    def load_state_dict(self, state):
        self.alpha.copy_(state["alpha"])
'''
HOLDER = METHOD.replace('cost: int = setting(7, "of its own meaning")', (
    'price: str = setting("none", "what to hold down", role="cost")'
)).replace('cost_target: str = setting("far", "of its own meaning")', (
    'budget: float = setting(0.0, "how much is free", role="cost_target")\n'
    '    rest: int = setting(0, "epochs of rest", role="warmup")\n'
    '    phases: list[int] = setting([1], "a value a phase", role="stages")'
)).replace("steps=12, source", 'steps=12, settings={"rest": 50}, source')  # fmt: skip
MIXING = (
    METHOD
    + """
    def mixture(self):
        weights = torch.zeros_like(self.alpha)
        weights[:, 3] = 0.5
        return weights
"""
)

RUN = (
    "run", "-m", "own", "--table", "analog", "--seeds", "1", "--no-random", "--no-report",
    "-j", "1", "-o", "S",
)  # fmt: skip


def only_trial(folder: Path) -> Path:
    (trial,) = (folder / "S" / "trials").iterdir()
    return trial


def test_a_method_may_call_its_settings_as_it_likes(
    install_plugin: Callable[..., None], nasharness: Run, tmp_path: Path
) -> None:
    install_plugin("methods", "own", "own_method:Own", METHOD)
    nasharness(*RUN)
    result = read_json(only_trial(tmp_path) / "result.json")
    assert result["status"] == "done"
    assert "cost" not in result
    nasharness("report", "S")


def test_a_cost_is_held_by_the_setting_of_that_role(
    install_plugin: Callable[..., None], nasharness: Run, tmp_path: Path
) -> None:
    install_plugin("methods", "own", "own_method:Own", HOLDER)
    nasharness(*RUN, "--cost", "params", "--target", "0.5")
    (trial,) = read_json(tmp_path / "S" / "study.json")["trials"]
    assert (trial["settings"]["price"], trial["settings"]["budget"]) == ("params", 0.5)
    assert trial["settings"]["rest"] == 50
    result = read_json(only_trial(tmp_path) / "result.json")
    assert (result["cost_name"], result["cost_target"]) == ("params", 0.5)
    done = nasharness(*RUN[:-1], "T", "--cost", "params")
    assert "(in brackets `budget=...`)" in " ".join(done.stderr.split())
    done = nasharness(*RUN[:-1], "T", "--cost", "params,flops", "--target", "1", code=2)
    assert (
        "`own` holds one cost at a time, and is to hold 2 (params+flops); choose one of them, as"
        " `own[price=params]`."
    ) in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("bracket", "said"),
    [
        ("rest=100", "has 100 epochs; give it more --epochs, or fewer warm-up epochs with"
         " `--set own.rest=...`"),
        ("phases=[4,2]", "2 stages of 50 epochs"),
    ],
)  # fmt: skip
def test_warm_up_and_stages_go_by_role(
    bracket: str, said: str, install_plugin: Callable[..., None], nasharness: Run
) -> None:
    install_plugin("methods", "own", "own_method:Own", HOLDER)
    done = nasharness(*RUN, "-m", f"own[{bracket}]", code=2)
    assert said in " ".join(done.stderr.split())


def test_an_unknown_role_is_told_in_one_sentence(
    install_plugin: Callable[..., None], nasharness: Run
) -> None:
    install_plugin("methods", "own", "own_method:Own", HOLDER.replace('"warmup"', '"warmpu"'))
    done = nasharness(*RUN, code=2)
    assert "no role of a setting called `warmpu`. Did you mean `warmup`?" in done.stderr
    assert "`Knobs.rest`" in done.stderr


def test_a_role_for_one_is_for_one() -> None:
    with pytest.raises(HarnessError, match=r"`Two\.b` has the role `cost` and so has `a`"):

        class Two(Settings):
            a: str = setting("none", "one", role="cost")
            b: str = setting("none", "another", role="cost")


def test_roles_are_inherited() -> None:
    class One(Settings):
        speed: float = setting(1.0, "how fast", role="rate")

    class More(One):
        first: list[int] = setting([1], "a stage", role="stages")
        second: list[int] = setting([1], "a stage", role="stages")

    assert roles(More) == {"rate": ("speed",), "stages": ("first", "second")}
    assert (named(More, "rate"), named(More, "cost")) == ("speed", None)
    assert by_role(More, {"speed": 3.0, "other": 1}) == {"rate": 3.0}


def test_roles_of_our_methods() -> None:
    drnas, unas = (registry.open_setup(name).Settings for name in ("drnas", "unas"))
    assert named(drnas, "warmup") == named(unas, "warmup") == "warmup_epochs"
    assert roles(drnas)["stages"] == ("partial_channels", "kept_options", "skip_dropout")
    assert (named(unas, "cost"), named(unas, "cost_target")) == ("cost", "cost_target")


# --- mixtures ----------------------------------------------------------------------------------


@pytest.mark.parametrize("source", [METHOD, MIXING], ids=["scores", "mixture"])
def test_a_problem_observes_the_mixture(
    source: str, install_plugin: Callable[..., None], nasharness: Run, tmp_path: Path
) -> None:
    """Which need not sum to 1; without one it is the scores, and answers are of the scores."""
    install_plugin("methods", "own", "own_method:Own", source)
    nasharness(*RUN)
    lines = (only_trial(tmp_path) / "history.jsonl").read_text().splitlines()
    last: dict[str, Any] = json.loads(lines[-1])
    table = registry.open_table("analog")
    space = registry.open_space("nb201")
    metric = table.search_metric("cifar10")
    convolutions = table.value(metric, space.derive(one_hot(3)))
    mean = float(table.column(metric).mean())
    expected = convolutions / 2**6 if source == MIXING else mean
    assert last["expected_accuracy"] == pytest.approx(expected)
    assert last["entropy"] == pytest.approx(1.6094379)
    assert last["architecture"] == str(space.derive(one_hot(0)))


def one_hot(option: int) -> Any:
    import torch

    weights = torch.zeros(6, 5)
    weights[:, option] = 1.0
    return weights


def test_a_mixture_that_is_not_finite_fails_its_trial(
    install_plugin: Callable[..., None], nasharness: Run, tmp_path: Path
) -> None:
    install_plugin("methods", "own", "own_method:Own", MIXING.replace("0.5", "float('nan')"))
    nasharness(*RUN, code=3)
    assert "not finite at step 1" in read_json(only_trial(tmp_path) / "result.json")["error"]
