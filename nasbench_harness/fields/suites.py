"""Suites as files: what their problems are, in the keys of a study file.

about: Every problem of two small spaces
problems:
  - {space: nb201, table: analog, dataset: cifar10}
  - {name: another, space: nb201, table: analog, dataset: cifar10, steps: 100}
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nasbench_harness.contracts import Suite, SuiteProblem
from nasbench_harness.errors import HarnessError, nearest, reason
from nasbench_harness.fields.scalars import shown
from nasbench_harness.fields.yaml_text import load_yaml

ABOUT, PROBLEMS, NAME, SPACE = "about", "problems", "name", "space"


class SuiteError(HarnessError):
    """A suite that cannot be used."""


def read_suite(path: Path, name: str = "") -> Suite:
    """The suite in a file, by default called as the file; SuiteError says what is wrong with it."""
    what = f"The suite file {path}"
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SuiteError(f"{what} cannot be read ({reason(error)}).") from error
    content = load_yaml(text, what)
    if not isinstance(content, dict):
        raise SuiteError(f"{what} must hold `{ABOUT}: TEXT` and `{PROBLEMS}:` with a list below.")
    if wrong := next((key for key in content if key not in (ABOUT, PROBLEMS)), None):
        hint = nearest(wrong, (ABOUT, PROBLEMS))
        meant = f" Did you mean `{hint}`?" if hint else ""
        raise SuiteError(f"{what} has no key `{wrong}`.{meant} Known: {ABOUT}, {PROBLEMS}.")
    about, problems = content.get(ABOUT), content.get(PROBLEMS)
    if not isinstance(about, str):
        raise SuiteError(f"{what}: `{ABOUT}` cannot be {shown(about)}: expected text.")
    if not isinstance(problems, list) or not problems:
        raise SuiteError(f"{what}: `{PROBLEMS}` must be a list with `{SPACE}: NAME` in each item.")
    read = tuple(_problem(f"{what}: problem {i}", one) for i, one in enumerate(problems, start=1))
    return Suite(name or path.stem, about.strip(), read)


def _problem(what: str, keys: Any) -> SuiteProblem:
    if not isinstance(keys, Mapping) or not isinstance(keys.get(SPACE), str):
        raise SuiteError(f"{what} cannot be {shown(keys)}: expected `{SPACE}: NAME` in it.")
    name = keys.get(NAME, "")
    if not isinstance(name, str):
        raise SuiteError(f"{what}: `{NAME}` cannot be {shown(name)}: expected text.")
    if name.startswith(".") or "/" in name or "\\" in name:
        raise SuiteError(
            f"{what}: `{NAME}` cannot be {shown(name)}: it is the name of a folder, without `/`."
        )
    return SuiteProblem({key: value for key, value in keys.items() if key != NAME}, name)
