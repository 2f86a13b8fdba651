"""Where the images of `folder:PATH` lie: how to find them, never what tells them from others.

This file needs neither torch nor numpy.
"""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = "folder:"


def is_folder(dataset: str) -> bool:
    """Is it anybody's folder, not a data set with a name."""
    return dataset.startswith(FOLDER)


def absolute(dataset: str, base: Path | None = None) -> str:
    """`folder:PATH` as it is understood from everywhere; other names stay as they are.

    A relative path starts at `base`, by default the working folder; `~` is the home folder. A
    symbolic link stays one, so that it may be turned to another place.
    """
    if not is_folder(dataset):
        return dataset
    path = os.path.expanduser(dataset.removeprefix(FOLDER))
    path = os.path.join(base or os.getcwd(), path)
    # What `..` leaves behind a link is not what stands before it in the text.
    plain = os.path.realpath(path) if ".." in Path(path).parts else os.path.abspath(path)
    return f"{FOLDER}{plain}"


def place_name(dataset: str) -> str:
    """The name of the folder without the way to it: `imgs` of `folder:/data/imgs/`."""
    if not is_folder(dataset):
        return dataset
    return Path(absolute(dataset).removeprefix(FOLDER)).name or "images"
