"""The section `check:` of a study file, which a run has no use for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nasbench_harness.errors import UnknownNameError
from nasbench_harness.study.config import CHECK, read_yaml
from nasbench_harness.study.notation import ConfigError

SECTION, MARGINS = CHECK, "margins"


def read_study_file(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The study's own keys, and the margins of its section `check:`.

    Written as `check: {margins: {accuracy: 0.2}}`. ConfigError if the file cannot be read.
    """
    content = read_yaml(path)
    section = content.pop(SECTION, None) or {}
    if not isinstance(section, dict) or not isinstance(section.get(MARGINS) or {}, dict):
        raise ConfigError(f"`{SECTION}` of {path} must look like `check: {{margins: {{...}}}}`.")
    for key in section:
        if key != MARGINS:
            raise UnknownNameError(f"key in `{SECTION}` of {path}", str(key), [MARGINS])
    return content, dict(section.get(MARGINS) or {})
