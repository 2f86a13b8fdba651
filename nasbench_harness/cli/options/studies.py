"""Studies that are read: folders of this machine, or addresses they were pushed to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def study_place(text: str) -> Path:
    """The folder; of an address one with the study from there, until the command ends.

    StorageError if no whole study is there.
    """
    from nasbench_harness.remote.places import is_address

    if not is_address(text):
        return Path(text)
    from nasbench_harness.remote.fetching import fetch

    return fetch(text)


ReadStudies = Annotated[
    list[Path],
    typer.Argument(metavar="RUN", help="Study folders, or addresses.", parser=study_place),
]
CheckedStudies = Annotated[
    list[Path] | None,
    typer.Argument(metavar="RUN", help="Study folders to check, or addresses.", parser=study_place),
]
