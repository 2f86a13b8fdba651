"""The command line: thin, every command one call into the engine."""

from nasbench_harness.cli import data, plugins, query, run
from nasbench_harness.cli.app import app

__all__ = ["app", "data", "main", "plugins", "query", "run"]


def main() -> None:
    """Entry point of the `nasharness` command."""
    app()
