"""nasbench-harness: compare differentiable architecture search methods on equal terms."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nasbench_harness.contracts import Benchmark, CompleteTable
    from nasbench_harness.face import (
        StudyResults,
        SuiteResults,
        open_space,
        open_study,
        run,
        run_suite,
    )
    from nasbench_harness.store.results import Results

__all__ = [
    "StudyResults",
    "SuiteResults",
    "load_results",
    "open_benchmark",
    "open_space",
    "open_study",
    "open_table",
    "run",
    "run_suite",
]

__version__ = "0.2.0"

# In a checkout `methods/`, `spaces/` and `reports/` stand beside this folder, not inside it: with
# the checkout on the package's path they are sub-packages there too, as in an installed wheel.
_checkout = Path(__file__).resolve().parent.parent
if (_checkout / "pyproject.toml").is_file() and (_checkout / "methods").is_dir():
    __path__.append(str(_checkout))


def open_table(name: str | None = None) -> CompleteTable:
    """A complete table by name; `nb201` is the official NAS-Bench-201 table, and the default.

    HarnessError if there is none of that name, it is not installed, or it is a benchmark that knows
    some architectures of its space only, which `open_benchmark` opens.
    """
    from nasbench_harness import registry

    return registry.open_complete(_table_name(name))


def open_benchmark(name: str | None = None) -> Benchmark:
    """A benchmark by name, complete or not: `value` and `lookup` of single architectures.

    HarnessError if there is none of that name or it is not installed.
    """
    from nasbench_harness import registry

    return registry.open_table(_table_name(name))


def _table_name(name: str | None) -> str:
    """A table's own name, also of one that is called by the benchmark it is of."""
    from nasbench_harness import registry
    from nasbench_harness.tables.library import tables_of

    name = name or tables_of(registry.default_space())[0]
    if name not in registry.tables.names() and name in registry.data.names():
        name = next(iter(registry.open_data(name).tables), name)
    return name


def load_results(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    columns: str | Iterable[str] | None = None,
    methods: str | Iterable[str] | None = None,
) -> Results:
    """The trials and the recorded steps of one or more studies, as two data frames.

    `paths` are study folders, or folders of them such as `runs`; HarnessError if one cannot be
    read. Of large ones only these `columns` of the steps, and these `methods`, are read. More in
    `nasbench_harness.store.results.load_results`.

        trials, history = load_results("runs/unas-drnas-nb201")
        trials.groupby("method")["regret"].describe()
    """
    from nasbench_harness.store import results

    return results.load_results(paths, columns=columns, methods=methods)


def __getattr__(name: str) -> Any:
    """The rest of the face is imported when it is asked for."""
    if name in __all__:
        from nasbench_harness import face

        return getattr(face, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
