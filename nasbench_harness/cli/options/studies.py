"""Studies that are read: folders of this machine, or addresses they were pushed to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nasbench_harness import registry
from nasbench_harness.errors import HarnessError


def study_place(text: str) -> Path:
    """The folder; of an address one with the study from there, until the command ends.

    StorageError if no whole study is there; HarnessError where a method was written.
    """
    from nasbench_harness.remote.places import is_address

    if not is_address(text):
        _refuse_method(text)
        return Path(text)
    from nasbench_harness.remote.fetching import fetch

    return fetch(text)


def _refuse_method(text: str) -> None:
    """HarnessError where that is a method, and no folder."""
    method = text.partition("[")[0]
    if method in registry.methods.names() and not Path(text).exists():
        raise HarnessError(
            f"`{text}` is a method, where the folder of a study was expected, such as"
            f" runs/{method}-{registry.default_space()}; `nasharness run` makes one."
        )


ReadStudies = Annotated[
    list[Path],
    typer.Argument(metavar="RUN", help="Study folders, or addresses.", parser=study_place),
]
ComparedStudies = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="RUN", help="Study folders, or addresses; at least one.", parser=study_place
    ),
]
CheckedStudies = Annotated[
    list[Path] | None,
    typer.Argument(metavar="RUN", help="Study folders to check, or addresses.", parser=study_place),
]
