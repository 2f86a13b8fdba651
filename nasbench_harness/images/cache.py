"""Decoded images are kept as plain tensors, so that opening them again takes no time.

An entry is named by the content it was made of, not by where that lay. Beside the entries stand
notes that lead from the digest of planned images to their entry: a trial that knows the digest
needs not read all files again, and checks what it is given by that very digest.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock

from nasbench_harness.errors import reason
from nasbench_harness.images.errors import ImageDataError
from nasbench_harness.images.halves import Halved
from nasbench_harness.images.parts import Decoded, Images
from nasbench_harness.store.files import replacing, write_text
from nasbench_harness.tables.library import cache_folder

_LAYOUT = 4  # raised when the way images become tensors, or what is told of it, changes


def cached(place: str, content: str, read: Callable[[], Decoded]) -> Decoded:
    """What `read` gives, from the cache where it is of the same `content`.

    `content` tells all that the result depends on, such as the hashes of all files. `place` says
    where it was found: a place keeps one entry, the last, and any place finds an entry of the same
    content. A second process waits for the first. Raises ImageDataError where the cache cannot be
    written.
    """
    key = _hash(f"{_LAYOUT}\n{content}")
    if decoded := _find(key):
        return decoded
    path = _folder() / f"{_hash(place)[:12]}-{key[:32]}.pt"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path.parent / f"{key[:32]}.lock").acquire()
    except OSError as error:
        raise _not_kept(path, error) from error
    with lock:
        return _find(key) or _store(path, key, read())


def remember(digest: str, decoded: Decoded) -> None:
    """Note that images of this digest come from the entry of `decoded`, if they have one."""
    if not decoded.entry:
        return
    note = _note(digest)
    with contextlib.suppress(OSError):  # without a note the files are read once more
        if not note.exists() or note.read_text(encoding="utf-8") != decoded.entry:
            write_text(note, decoded.entry)


def recalled(digest: str) -> Decoded | None:
    """What was remembered for the digest; whoever takes it checks it by the digest."""
    with contextlib.suppress(OSError, ValueError):
        return _load(_folder() / Path(_note(digest).read_text(encoding="utf-8")).name)
    return None


def _folder() -> Path:
    return cache_folder() / "images"


def _note(digest: str) -> Path:
    return _folder() / f"{_hash(digest)[:32]}.digest"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()


def _find(key: str) -> Decoded | None:
    loaded = (_load(path, key) for path in sorted(_folder().glob(f"*-{key[:32]}.pt")))
    return next((decoded for decoded in loaded if decoded), None)


def _load(path: Path, key: str | None = None) -> Decoded | None:
    """The cached images; None where there are none, of other content, or damaged."""
    try:
        state: dict[str, Any] = torch.load(path, weights_only=True, mmap=True)
        if key is not None and state["key"] != key:
            return None
        parts = {name: Images(p["pixels"], p["labels"]) for name, p in state["parts"].items()}
        halved = state["halved"] and Halved(*state["halved"])
        return Decoded(
            tuple(state["classes"]),
            parts["train"],
            parts.get("valid"),
            parts.get("test"),
            notes=tuple(state["notes"]),
            entry=path.name,
            halved=halved,
        )
    except Exception:  # a damaged file fails in any way it likes, and is written again
        return None


def _store(path: Path, key: str, decoded: Decoded) -> Decoded:
    parts = {
        name: {"pixels": part.pixels, "labels": part.labels}
        for name, part in decoded.parts.items()
        if isinstance(part, Images)
    }
    state = {
        "key": key,
        "classes": list(decoded.classes),
        "notes": list(decoded.notes),
        "halved": decoded.halved and [decoded.halved.part, decoded.halved.official],
    }
    try:
        with replacing(path) as temporary:
            torch.save({**state, "parts": parts}, temporary)
    except (OSError, RuntimeError) as error:  # torch reports a full disk as RuntimeError
        raise _not_kept(path, error) from error
    for old in _earlier(path):
        with contextlib.suppress(OSError):  # a system may not delete what a trial still reads
            old.unlink()
    return replace(decoded, entry=path.name)


def _earlier(path: Path) -> Iterator[Path]:
    """Other entries that were made of the same place."""
    place = path.name.partition("-")[0]
    return (other for other in path.parent.glob(f"{place}-*.pt") if other != path)


def _not_kept(path: Path, error: Exception) -> ImageDataError:
    return ImageDataError(
        f"The decoded images cannot be kept in {path.parent} ({reason(error)}); set"
        " NASHARNESS_CACHE to a folder that can be written to and has room."
    )
