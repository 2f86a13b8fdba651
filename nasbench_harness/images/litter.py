"""What operating systems, NAS boxes and editors leave in folders: no pictures, and no classes."""

from __future__ import annotations

NAMES = frozenset(
    {
        # macOS and its file servers; hidden names (.DS_Store, ._x.jpg, .Trashes) are litter anyway
        "__macosx", "icon\r", "network trash folder", "temporary items",
        # Windows
        "thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "$recycle.bin",
        "system volume information",
        # Linux
        "lost+found",
        # Synology, QNAP, NetApp and Android
        "@eadir", "@tmp", "@sharebin", "#recycle", "#snapshot", "@recycle", "@recently-snapshot",
        "~snapshot", "lost.dir",
        # Python
        "__pycache__",
    }
)  # fmt: skip
"""Whole names of files and folders, in lower case."""


def is_litter(name: str) -> bool:
    """Is a file or folder of this name nobody's data.

    That is every hidden one (`.DS_Store`, `._cat.jpg`, `.git`, `.ipynb_checkpoints`, `.Trash-1000`,
    `.@__thumb`), backups and locks of editors (`cat.jpg~`, `~$cat.jpg`), and the `NAMES`.
    """
    return name.startswith((".", "~$")) or name.endswith("~") or name.lower() in NAMES
