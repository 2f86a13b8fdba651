"""`--help` of every command: whole names, defaults, and examples that can be pasted."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
import typer.main

from nasbench_harness.cli import app
from nasbench_harness.problems.kinds import kinds

Run = Callable[..., subprocess.CompletedProcess[str]]
ROOT: Any = typer.main.get_command(app)
WIDTHS = (60, 80, 120, 200)
NAMES = re.compile(r"--[a-z][a-z-]*")


def commands(command: Any = ROOT, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command and group, by the words that call it."""
    yield path
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*path, name))


def find(path: tuple[str, ...]) -> Any:
    command: Any = ROOT
    for name in path:
        command = command.commands[name]
    return command


ALL = list(commands())
LEAVES = [path for path in ALL if not hasattr(find(path), "commands")]


def context_of(path: tuple[str, ...]) -> Any:
    command, context = ROOT, ROOT.make_context("nasharness", [], resilient_parsing=True)
    for name in path:
        command = command.commands[name]
        context = command.make_context(name, [], parent=context, resilient_parsing=True)
    return context


@cache
def help_of(path: tuple[str, ...], width: int) -> str:
    """What `--help` prints in a terminal of so many columns."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(width))
        return str(context_of(path).get_help())


def test_help_is_what_the_command_prints(nasharness: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert nasharness("run", "--help").stdout.strip() == help_of(("run",), 60).strip()


def examples(path: tuple[str, ...]) -> list[str]:
    _, title, block = help_of(path, 80).partition("\nExample")
    return [line.strip() for line in _joined(block).splitlines()[1:]] if title else []


def _joined(block: str) -> str:
    """Lines that go on behind a backslash as the shell reads them."""
    return re.sub(r"\\\n +", "", block)


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_examples_fit_a_terminal(path: tuple[str, ...]) -> None:
    assert max(map(len, help_of(path, 80).splitlines())) <= 80


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_option_stands_there_uncut(path: tuple[str, ...], width: int) -> None:
    shown = set(NAMES.findall(help_of(path, width)))
    for parameter in find(path).params:
        if parameter.param_type_name == "option":
            assert {name for name in parameter.opts if name.startswith("--")} <= shown


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_no_name_is_broken_at_a_hyphen(path: tuple[str, ...], width: int) -> None:
    """What is told of options in texts is told with whole names as well."""
    assert not re.search(r"(?m)\w-$|--$", help_of(path, width))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_no_line_but_an_example_is_wider_than_the_terminal(
    path: tuple[str, ...], width: int
) -> None:
    text, _, _ = help_of(path, width).partition("\nExample")
    assert max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_every_option_tells_its_default(path: tuple[str, ...]) -> None:
    text = " ".join(help_of(path, 80).split())
    context = context_of(path)
    for parameter in find(path).params:
        switch = getattr(parameter, "is_flag", False) and not parameter.secondary_opts
        if parameter.param_type_name == "option" and not parameter.required and not switch:
            _, meaning = parameter.get_help_record(context)
            assert "[default: " in meaning, parameter.name
            meaning = re.sub(r"default: \((.+)\)([;\]])", r"default: \1\2", meaning)
            assert " ".join(meaning.split()) in text


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_no_markup_is_left_and_none_is_swallowed(path: tuple[str, ...]) -> None:
    text = help_of(path, 80)
    assert "\\[" not in text
    assert not re.search(r"[│╭╰|] *$", text, re.MULTILINE)


@pytest.mark.parametrize("path", [path for path in LEAVES if path], ids=" ".join)
def test_every_command_has_an_example(path: tuple[str, ...]) -> None:
    assert examples(path)


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_examples_can_be_pasted(path: tuple[str, ...]) -> None:
    """Each line is a whole command that the command's own parser takes."""
    for line in examples(path):
        words = shlex.split(re.split(r" \| | >> ", line)[0])
        assert words[0] == "nasharness"
        called: list[str] = []
        command: Any = ROOT
        while hasattr(command, "commands"):
            command = command.commands[words[len(called) + 1]]
            called.append(words[len(called) + 1])
        assert tuple(called[: len(path)]) == path or not path
        rest = [word for word in words[len(called) + 1 :] if word != "--help"]
        command.make_context(" ".join(called), rest)


def test_options_of_run_are_grouped() -> None:
    text = help_of(("run",), 80)
    headings = re.findall(r"^(\S.*):$", text, re.MULTILINE)
    assert headings == [
        "What to compare", "Searches on a table (landscape)", "Searches on images (supernet)",
        "Watching", "What is written", "Where it runs", "Options", "Examples",
    ]  # fmt: skip
    assert text.index("--width") > text.index("Searches on images")


@pytest.mark.parametrize(
    ("option", "default"),
    [
        ("seeds", "10"), ("table", "the space's own, if it has one"),
        ("jobs", "cores; 1 on a GPU"), ("noise", "0"), ("device", "auto"), ("space", "nb201"),
        ("dataset", "cifar10"), ("recipe", "landscape; paper for supernets"),
        ("out", "runs/<name>"), ("precision", "fp32"),
    ],
)  # fmt: skip
def test_default_of_run(option: str, default: str) -> None:
    told = " ".join(help_of(("run",), 80).split()).partition(f" --{option} ")[2]
    assert re.search(rf"^[^\[]*(\[t[^\[]*)?\[default: {re.escape(default)}[];]", told)


def test_options_of_every_study_tell_what_they_mean_to_each_kind_of_problem() -> None:
    told = " ".join(help_of(("run",), 80).split())
    for kind in kinds():
        assert set(kind.meanings) == {"search", "diagnose", "diagnose_every", "batch_size"}
        for words in kind.meanings.values():
            assert f"{words} ({kind.name})" in told
    assert "method.setting=value, or network.setting=value." in told
    assert not set("{}") & set(told)


def test_what_kinds_suggest_to_run_stands_among_the_examples() -> None:
    suggested = [line for kind in kinds() for line in kind.suggestions if "nasharness" in line]
    assert suggested
    assert set(suggested) <= set(examples(("run",)))


def test_defaults_that_are_told_are_those_of_a_study() -> None:
    """A default in words must not go its own way."""
    from nasbench_harness.study.config import StudyConfig, build_config

    config = build_config(None, {"methods": "unas"}, [])
    assert config.seeds == tuple(range(10))
    told = {parameter.name: parameter.show_default for parameter in find(("run",)).params}
    for name in ("space", "dataset", "search", "noise"):
        assert (
            str(told[name]) == f"{getattr(config, name):g}"
            if name == "noise"
            else getattr(config, name)
        )
    assert StudyConfig.model_fields["batch_size"].default == 1
    assert build_config(None, {"methods": "unas", "search": "supernet"}, []).recipe == "paper"
