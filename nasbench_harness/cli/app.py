"""The command line's frame: the application, its errors and exit codes, shell completion.

Importing this package must stay cheap: torch, pandas and matplotlib are imported by the commands
that use them, so that `--help`, `list` and `query` answer at once.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
import sys
from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any

import typer

from nasbench_harness import __version__
from nasbench_harness.cli.help import OUTPUT, WIDEST, Group, examples
from nasbench_harness.cli.wording import reword
from nasbench_harness.errors import ExitCode, HarnessError
from nasbench_harness.process.folding import columns, fold
from nasbench_harness.process.frame import DEBUG, debugging, ended, give_up, settle, stoppable
from nasbench_harness.process.names import user_path
from nasbench_harness.process.streams import guarded

COMMANDS = (
    "run", "train", "evaluate", "score", "calibrate", "resume", "watch", "report", "compare",
    "push", "cite", "baseline", "check", "query", "show", "list", "data", "latency", "bench",
)  # fmt: skip


COMPLETING = "_NASHARNESS_COMPLETE"
"""Set by a shell that asks for names: nothing but names may be printed."""
_HOME = re.compile(r"(--?[a-z-]+=?)?(~.*)", re.DOTALL)
"""A path below a home folder, alone or behind its option."""


class _Group(Group):
    """Turns whatever a command raises into one sentence and the right exit code."""

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(super().list_commands(ctx), key=COMMANDS.index)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, [_with_home(word) for word in args])

    def make_context(self, *args: Any, **options: Any) -> Any:
        with _in_short():
            return super().make_context(*args, **options)

    def invoke(self, ctx: Any) -> Any:
        try:
            with _in_short():
                return super().invoke(ctx)
        except _NOT_TYPERS as error:
            raise SystemExit(int(give_up(error))) from error

    def main(self, *args: Any, **options: Any) -> Any:
        if not options.get("standalone_mode", True):
            return super().main(*args, **options)
        with guarded(), stoppable():
            code = ended(lambda: self._standalone(*args, **options))
            raise SystemExit(int(settle(code)))

    def _standalone(self, *args: Any, **options: Any) -> Any:
        try:
            return super().main(*args, **options)
        except Exception:
            if COMPLETING in os.environ and not debugging():
                raise SystemExit(int(ExitCode.UNEXPECTED)) from None
            raise


@contextlib.contextmanager
def _in_short() -> Iterator[None]:
    """Within it, what the parser finds wrong is told in a sentence and a line of what to read."""
    try:
        yield
    except _USAGE as error:
        if isinstance(error, typer.BadParameter):
            reword(error)
        if type(error).show is _USAGE.show:
            error.show = partial(_show, error)
        raise


def _show(error: Any, file: Any = None) -> None:
    where = f"\nSee `{error.ctx.command_path} --help`." if error.ctx else ""
    stream = file or sys.stderr
    stream.write(f"{fold(f'Error: {error.format_message()}{where}', columns(stream))}\n")


def _with_home(word: str) -> str:
    """`~/x` and `--out=~/x` as a shell expands them where they are not quoted."""
    found = _HOME.fullmatch(word)
    return f"{found[1] or ''}{user_path(found[2])}" if found else word


_USAGE: Any = typer.BadParameter.__base__
"""Click's UsageError, which typer has under no name of its own."""
_NOT_TYPERS = (HarnessError, KeyboardInterrupt, OSError, EOFError, SystemExit, typer.Abort)
"""What Typer would end with codes of its own, or silently."""


app = typer.Typer(
    name="nasharness",
    cls=_Group,
    help="Compare differentiable architecture search methods on equal terms.",
    epilog=examples(
        "nasharness run --methods unas,drnas --space nb201",
        "nasharness list methods",
        "nasharness run --help",
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDEST},
)
list_app = typer.Typer(
    cls=Group, help="What is installed: methods, spaces, tables.", no_args_is_help=True
)
show_app = typer.Typer(
    cls=Group, help="One method, space, problem or architecture in detail.", no_args_is_help=True
)
data_app = typer.Typer(
    cls=Group, help="Install, check and cite tables and images.", no_args_is_help=True
)
latency_app = typer.Typer(
    cls=Group, help="Measure what layers take on a device, for searches to hold.",
    no_args_is_help=True,
)  # fmt: skip
bench_app = typer.Typer(
    cls=Group, help="Check and time searches on this machine.", no_args_is_help=True
)
app.add_typer(bench_app, name="bench")
app.add_typer(data_app, name="data")
app.add_typer(latency_app, name="latency")
app.add_typer(list_app, name="list")
app.add_typer(show_app, name="show")


def finite(value: float | None) -> float | None:
    """For options that hold a number: `nan` and `inf` are none."""
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"{value} is no number that can be used here.")
    return value


JsonOption = Annotated[
    bool, typer.Option("--json", help="Print JSON for scripts.", rich_help_panel=OUTPUT)
]


def _version(value: bool) -> None:
    if value:
        sys.stdout.write(f"nasharness {__version__}\n")
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    if debug:
        os.environ[DEBUG] = "1"
