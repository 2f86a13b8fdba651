"""The command line: thin, every command one call into the engine."""

from nasbench_harness.cli import compare, data, plugins, query, report, run, train
from nasbench_harness.cli.app import app

__all__ = ["app", "compare", "data", "main", "plugins", "query", "report", "run", "train"]


def main() -> None:
    """Entry point of the `nasharness` command."""
    app()
