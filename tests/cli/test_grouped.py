"""Options in groups: what typer sees, and what the command gets."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from nasbench_harness.cli.options.grouped import grouped


@dataclass(frozen=True)
class Machine:
    device: Annotated[str, typer.Option(help="Where.")] = "auto"
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", min=1)] = None


got: list[object] = []


@grouped
def command(
    name: str,
    machine: Machine,
    *,
    loud: Annotated[bool, typer.Option("--loud")] = False,
) -> None:
    got.append((name, machine, loud))


def test_fields_are_parameters_in_their_order() -> None:
    assert list(inspect.signature(command).parameters) == ["name", "device", "jobs", "loud"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["x"], ("x", Machine(), False)),
        (["x", "--device", "cpu", "-j", "3", "--loud"], ("x", Machine("cpu", 3), True)),
    ],
)
def test_a_command_gets_its_groups(words: list[str], expected: object) -> None:
    app = typer.Typer()
    app.command()(command)
    got.clear()
    assert CliRunner().invoke(app, words).exit_code == 0
    assert got == [expected]


def test_what_is_declared_counts() -> None:
    app = typer.Typer()
    app.command()(command)
    assert CliRunner().invoke(app, ["x", "--jobs", "0"]).exit_code == 2
