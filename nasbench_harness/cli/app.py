"""The command line's frame: the application, its errors and exit codes, shell completion.

Importing this package must stay cheap: torch, pandas and matplotlib are imported by the commands
that use them, so that `--help`, `list` and `query` answer at once.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from nasbench_harness import __version__
from nasbench_harness.errors import ExitCode, HarnessError
from nasbench_harness.frame import DEBUG, debugging, ended, give_up, settle, stoppable
from nasbench_harness.streams import guarded

COMMANDS = (
    "run", "train", "resume", "watch", "report", "compare", "baseline", "check", "query", "show",
    "list", "data",
)  # fmt: skip


COMPLETING = "_NASHARNESS_COMPLETE"
"""Set by a shell that asks for names: nothing but names may be printed."""


class _Group(TyperGroup):
    """Turns whatever a command raises into one sentence and the right exit code."""

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(super().list_commands(ctx), key=COMMANDS.index)

    def invoke(self, ctx: Any) -> Any:
        try:
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


_NOT_TYPERS = (HarnessError, KeyboardInterrupt, OSError, EOFError, SystemExit, typer.Abort)
"""What Typer would end with codes of its own, or silently."""


app = typer.Typer(
    name="nasharness",
    cls=_Group,
    help="Compare differentiable architecture search methods on equal terms.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
list_app = typer.Typer(help="What is installed: methods, spaces, tables.", no_args_is_help=True)
show_app = typer.Typer(help="One method, space or architecture in detail.", no_args_is_help=True)
data_app = typer.Typer(help="Install, check and cite tables and images.", no_args_is_help=True)
app.add_typer(data_app, name="data")
app.add_typer(list_app, name="list")
app.add_typer(show_app, name="show")


def names(kind: str) -> Any:
    """Shell completion from the names of one registry."""

    def complete(incomplete: str) -> list[str]:
        from nasbench_harness import registry

        before, comma, last = incomplete.rpartition(",")
        names = getattr(registry, kind).names()
        return [f"{before}{comma}{name}" for name in names if name.startswith(last)]

    return complete


JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


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
