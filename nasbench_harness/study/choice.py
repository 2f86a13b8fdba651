"""A method of a study, with what the user changed of its recipe."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from nasbench_harness.study.canonical import canonical_settings
from nasbench_harness.study.spec import method_label


class MethodChoice(BaseModel):
    """A method with what the user changed of its recipe."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    settings: dict[str, Any] = Field(default_factory=dict)

    @property
    def label(self) -> str:
        """How tables name the row."""
        return method_label(self.name, canonical_settings(self.name, self.settings))
