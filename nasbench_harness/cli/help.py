"""What `--help` looks like: options in groups, nothing cut, examples that can be copied.

Plain text, as click lays it out: a name that is too long for its column gets a line of its own, and
what it means is folded at words. So it reads the same in a narrow terminal, a pipe and a log.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from nasbench_harness.errors import UnknownNameError
from nasbench_harness.fields.scalars import AmbiguousScalarError, read_scalar

COMPARED = "What to compare"
MACHINE = "Where it runs"
OUTPUT = "What is written"
WATCHING = "Watching"
OPTIONS = "Options"
ARGUMENTS = "Arguments"
WIDEST = 100
"""Columns: longer lines are hard to read, however wide the terminal."""
NARROW = 80
"""Columns of an example."""
_WORD = r"(?:'[^']*'|[^\s'])+"
_WORDS = re.compile(rf"-\S+ (?!-){_WORD}|{_WORD}")
"""Of a command line; an option stays beside its value."""
HYPHEN = "\N{NON-BREAKING HYPHEN}"
"""Stands for `-` while text is folded, so that no option or name is broken at it."""


def examples(*lines: str) -> str:
    """An epilog with an example a line; `\\b` keeps click from filling the paragraph."""
    title = "Example:" if len(lines) == 1 else "Examples:"
    return "\n".join(["\b", title, *(part for line in lines for part in example_lines(line))])


def example_lines(line: str) -> list[str]:
    """A command in lines that a terminal holds, which can be pasted all the same."""
    lines = ["  "]
    for word in _WORDS.findall(line):
        added = lines[-1] + (" " if lines[-1].strip() else "") + word
        if len(added) <= NARROW - len(" \\") or not lines[-1].strip():
            lines[-1] = added
        else:
            lines.append(f"      {word}")
    return [*(f"{part} \\" for part in lines[:-1]), lines[-1]]


def holds_number(parameter: Any) -> bool:
    """Is this an option or argument that holds whole or decimal numbers."""
    return parameter.type_descriptor.annotation in (int, float)


def holds_path(parameter: Any) -> bool:
    """Is this an option or argument that holds paths."""
    return parameter.type_descriptor.annotation in (Path, list[Path])


def _read_once(parameter: Any) -> None:
    """Refuse numbers with two readings, as study files do, before the parser takes one of them."""
    process = parameter.process_value

    def read(ctx: Any, value: Any) -> Any:
        try:
            if isinstance(value, str):
                read_scalar(value.strip())
        except AmbiguousScalarError as error:
            raise typer.BadParameter(f"{error}.", ctx=ctx, param=parameter) from error
        return process(ctx, value)

    parameter.process_value = read


def _refuse_empty(parameter: Any) -> None:
    """Refuse an empty text for a path, which would stand for the folder one is in."""
    process = parameter.process_value

    def read(ctx: Any, value: Any) -> Any:
        given = value if isinstance(value, list | tuple) else [value]
        if "" in given:
            raise typer.BadParameter(
                "it is empty; name a file or folder.", ctx=ctx, param=parameter
            )
        return process(ctx, value)

    parameter.process_value = read


class _Once:
    """Refuses an option that takes one value and is given more often; the last would win."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the line."""
        again = list(args)
        rest: list[str] = super().parse_args(ctx, args)  # type: ignore[misc]
        if not ctx.resilient_parsing:
            _, _, order = self.make_parser(ctx).parse_args(args=again)  # type: ignore[attr-defined]
            for parameter, count in Counter(order).items():
                if count > 1 and _takes_one(parameter):
                    told = f"it is given {count} times and takes one value; keep one of them."
                    raise typer.BadParameter(told, ctx=ctx, param=parameter)
        return rest


def _takes_one(parameter: Any) -> bool:
    """Has an option one value, or two names that contradict each other."""
    if parameter.param_type_name != "option" or parameter.multiple:
        return False
    return not parameter.is_flag or bool(parameter.secondary_opts)


class Command(_Once, TyperCommand):
    """A command whose options stand under the heading of their `rich_help_panel`."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for parameter in filter(holds_number, self.params):
            _read_once(parameter)
        for parameter in filter(holds_path, self.params):
            _refuse_empty(parameter)

    def get_help(self, ctx: Any) -> str:
        """The whole text."""
        return super().get_help(ctx).replace(HYPHEN, "-")

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        """Write what the command does."""
        _write_text(self.help, formatter)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments and options, group by group."""
        _write_groups(ctx, formatter, self.get_params(ctx))

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples, at the margin."""
        write_epilog(self.epilog, formatter)


class Group(_Once, TyperGroup):
    """Commands under a common name, each with its whole first sentence."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the line; where it names no command of a group, what there is."""
        if not args and ctx.parent is not None and not ctx.resilient_parsing:
            names = ", ".join(self.list_commands(ctx))
            sys.stderr.write(f"Error: `{ctx.command_path}` of what? Name one of {names}.\n\n")
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is named; a usage error names those that there are."""
        name = args[0]
        names = self.list_commands(ctx)
        if not ctx.resilient_parsing and not name.startswith("-") and name not in names:
            told = UnknownNameError(f"command `{ctx.command_path} ...`", name, names)
            ctx.fail(str(told))
        return super().resolve_command(ctx, args)

    def get_help(self, ctx: Any) -> str:
        """The whole text."""
        return super().get_help(ctx).replace(HYPHEN, "-")

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        """Write what the commands are for."""
        _write_text(self.help, formatter)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write options, then commands."""
        _write_groups(ctx, formatter, self.get_params(ctx))
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write every command with what it is for, folded where it is long."""
        commands = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [(name, _purpose(command.help or "")) for name, command in commands if command]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples, at the margin."""
        write_epilog(self.epilog, formatter)


def _write_groups(ctx: Any, formatter: Any, parameters: Iterable[Any]) -> None:
    groups: dict[str, list[tuple[str, str]]] = {}
    for parameter in parameters:
        if record := parameter.get_help_record(ctx):
            is_argument = parameter.param_type_name == "argument"
            usual = ARGUMENTS if is_argument else OPTIONS
            panel = getattr(parameter, "rich_help_panel", None) or usual
            groups.setdefault(panel, []).append((record[0], _meaning(record[1])))
    for panel in sorted(groups, key=lambda panel: (panel != ARGUMENTS, panel == OPTIONS)):
        with formatter.section(panel):
            formatter.write_dl(groups[panel])


def _meaning(text: str) -> str:
    """The second column: a default that is told in words without typer's parentheses."""
    return _unbroken(re.sub(r"\[default: \((.+)\)([;\]])", r"[default: \1\2", text))


def _write_text(text: str | None, formatter: Any) -> None:
    if text:
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(_unbroken(inspect.cleandoc(text)))


def _unbroken(text: str) -> str:
    return text.replace("-", HYPHEN)


def write_epilog(epilog: str | None, formatter: Any) -> None:
    """Write examples, at the margin."""
    if epilog:
        formatter.write_paragraph()
        formatter.write_text(inspect.cleandoc(epilog))


def _purpose(text: str) -> str:
    """The first paragraph of a help text, on one line."""
    return _unbroken(" ".join(inspect.cleandoc(text).partition("\n\n")[0].split()))
