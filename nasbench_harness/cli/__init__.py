"""The command line: thin, every command one call into the engine."""

from nasbench_harness.__main__ import main
from nasbench_harness.cli import (
    baseline,
    bench,
    calibrate,
    check,
    cite,
    compare,
    data,
    evaluate,
    latency,
    methods,
    plugins,
    problem,
    push,
    query,
    report,
    run,
    score,
    suites,
    train,
    watch,
)
from nasbench_harness.cli.app import app

__all__ = [
    "app", "baseline", "bench", "calibrate", "check", "cite", "compare", "data", "evaluate",
    "latency", "main", "methods", "plugins", "problem", "push", "query", "report", "run", "score",
    "suites", "train", "watch",
]  # fmt: skip
