"""The section `check:` of a study file, which a run has no use for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from nasbench_harness.errors import UnknownNameError
from nasbench_harness.notation import ConfigError

SECTION, MARGINS = "check", "margins"


def read_study_file(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The study's own keys, and the margins of its section `check:`.

    Written as `check: {margins: {accuracy: 0.2}}`. ConfigError if the file cannot be read.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"The config {path} cannot be read ({error.strerror}).") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(
            f"The config {path} is no YAML: {' '.join(str(error).split())}"
        ) from error
    if not isinstance(content, dict):
        raise ConfigError(f"The config {path} must hold `key: value` lines.")
    section = content.pop(SECTION, None) or {}
    if not isinstance(section, dict) or not isinstance(section.get(MARGINS) or {}, dict):
        raise ConfigError(f"`{SECTION}` of {path} must look like `check: {{margins: {{...}}}}`.")
    for key in section:
        if key != MARGINS:
            raise UnknownNameError(f"key in `{SECTION}` of {path}", str(key), [MARGINS])
    return content, dict(section.get(MARGINS) or {})
