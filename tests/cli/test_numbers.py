"""Numbers on the command line: what has two readings is refused, as in study files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from nasbench_harness.cli import app
from nasbench_harness.cli.help import holds_number
from nasbench_harness.study.notation import ConfigError, parse_seeds


def _options(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _options(command, (*path, name))
        else:
            for parameter in filter(holds_number, command.params):
                yield (*path, name, parameter.opts[0])


OPTIONS = list(_options(typer.main.get_command(app)))


def _told(*words: str) -> str:
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 2, done.output
    return " ".join(done.stderr.replace("│", " ").split())


def test_options_that_hold_numbers_are_found() -> None:
    assert {("run", "--steps"), ("query", "--index")} <= set(OPTIONS)


@pytest.mark.parametrize("text", ["010", "1_0", "0b11", "8,010"])
def test_a_target_with_two_readings_is_refused(text: str) -> None:
    told = _told("run", "-m", "unas", "--cost", "params", "--target", text)
    assert f"`target` cannot be read: `{text.rpartition(',')[2]}`" in told


@pytest.mark.parametrize("text", ["010", "1_0", "1:30", "0b11"])
@pytest.mark.parametrize("words", OPTIONS, ids=" ".join)
def test_a_number_with_two_readings_is_refused(words: tuple[str, ...], text: str) -> None:
    told = _told(*words, text)
    assert words[-1] in told
    assert f"`{text}`" in told


def test_an_index_with_leading_zeros_is_refused() -> None:
    assert "`012340` has leading zeros" in _told("query", "012340")


@pytest.mark.parametrize("text", ["007", "01-03", "0-03", "3,07", "00"])
def test_seeds_with_leading_zeros_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="leading zeros"):
        parse_seeds(text)
