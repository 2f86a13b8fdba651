"""What methods declare that a step costs is what they make of a real network's passes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from torch import Tensor, nn

from nasbench_harness import registry
from nasbench_harness.contracts import Faithful, Passes
from nasbench_harness.settings import named
from tests.methods.tiny_supernet import supernet

DECLARING = [
    name
    for name in registry.methods.built_in()
    if isinstance(setup := registry.open_setup(name), Faithful)
    and setup.fidelity.cost is not None
    and not registry.open_setup(name, "queries").queries  # type: ignore[attr-defined]
]
OTHER_NETWORKS = {"freedarts", "proxy", "zerocostpt"}
"""What these pass through is no supernet that is trained, but copies or networks of their own."""


class Counted:
    """Passes of a problem's network by who asks for them."""

    def __init__(self, problem: Any) -> None:
        self.fitting = False
        self.forward = {True: 0, False: 0}
        self.backward = {True: 0, False: 0}
        problem.supernet.register_forward_hook(self._passed)
        for name in ("fit", "fit_gradient", "fit_cells"):
            setattr(problem, name, self._around(getattr(problem, name)))

    def passes(self, *, fitting: bool) -> Passes:
        return Passes(self.forward[fitting], self.backward[fitting])

    def _passed(self, module: nn.Module, inputs: Any, logits: Tensor) -> None:
        self.forward[self.fitting] += 1
        if logits.requires_grad:
            logits.register_hook(self._back)

    def _back(self, gradient: Tensor) -> None:
        self.backward[self.fitting] += 1

    def _around(self, call: Any) -> Any:
        def within(*arguments: Any) -> Any:
            with self._in_fitting():
                return call(*arguments)

        return within

    @contextmanager
    def _in_fitting(self) -> Iterator[None]:
        self.fitting = True
        yield
        self.fitting = False


def counted(name: str, **settings: Any) -> Counted:
    """The second step of a search, which warms nothing up."""
    method, problem = registry.methods.load(name), supernet()
    warmup = named(method.Settings, "warmup")
    given = {warmup: 0, **settings} if warmup else settings
    search = method(problem, method.Settings.build(name, given), seed=0)
    problem.advance()
    search.step()
    found = Counted(problem)
    problem.advance()
    search.step()
    return found


@pytest.mark.parametrize("name", sorted({*DECLARING} - OTHER_NETWORKS))
def test_a_step_makes_the_passes_that_are_declared(name: str) -> None:
    cost = registry.open_setup(name).fidelity.cost  # type: ignore[attr-defined]
    found = counted(name)
    assert found.passes(fitting=True) == cost.weights
    assert found.passes(fitting=False) == cost.architecture


@pytest.mark.parametrize(
    ("name", "settings", "weights", "architecture"),
    [
        ("darts", {"order": "second"}, Passes(1, 1), Passes(5, 4)),
        ("snas", {"levels": "two"}, Passes(1, 1), Passes(1, 1)),
        ("unas", {"gap_weight": 0.0}, Passes(1, 1), Passes(2, 1)),
        ("edas", {"scoring": "one_hot"}, Passes(1, 1), Passes(5, 0)),
        ("sdarts", {"perturbation": "adversarial"}, Passes(1, 1), Passes(1 + 9, 1 + 7)),
    ],
)
def test_so_do_other_settings(
    name: str, settings: dict[str, Any], weights: Passes, architecture: Passes
) -> None:
    """An adversary asks outside of the update of the weights, and is counted beside it."""
    found = counted(name, **settings)
    assert found.passes(fitting=True) == weights
    assert found.passes(fitting=False) == architecture
