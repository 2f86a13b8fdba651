"""Decoded images are kept as plain tensors, so that opening them again takes no time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock

from nasbench_harness.errors import reason
from nasbench_harness.files import replacing
from nasbench_harness.images.errors import ImageDataError
from nasbench_harness.images.parts import Decoded, Images
from nasbench_harness.tables.analog import cache_folder

_LAYOUT = 1  # raised when the way images become tensors changes


def cached(place: str, content: str, read: Callable[[], Decoded]) -> Decoded:
    """What `read` gives, from the cache where it is of the same `content`.

    `place` names what is read (one entry each in the cache), `content` tells whether it is still
    the same, such as the listing of all files with their sizes and times. A second process waits
    for the first. Raises ImageDataError where the cache cannot be written.
    """
    name = hashlib.sha256(f"{_LAYOUT}\n{place}".encode()).hexdigest()[:24]
    path = cache_folder() / "images" / f"{name}.pt"
    key = hashlib.sha256(content.encode(errors="surrogateescape")).hexdigest()
    if decoded := _load(path, key):
        return decoded
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path.with_suffix(".lock")).acquire()
    except OSError as error:
        raise _not_kept(path, error) from error
    with lock:
        return _load(path, key) or _store(path, key, read())


def _load(path: Path, key: str) -> Decoded | None:
    """The cached images; None where there are none, of other content, or damaged."""
    try:
        state: dict[str, Any] = torch.load(path, weights_only=True, mmap=True)
        if state["key"] != key:
            return None
        parts = {name: Images(p["pixels"], p["labels"]) for name, p in state["parts"].items()}
        return Decoded(tuple(state["classes"]), **parts)
    except Exception:  # a damaged file fails in any way it likes, and is written again
        return None


def _store(path: Path, key: str, decoded: Decoded) -> Decoded:
    parts = {name: {"pixels": p.pixels, "labels": p.labels} for name, p in decoded.parts.items()}
    try:
        with replacing(path) as temporary:
            torch.save({"key": key, "classes": list(decoded.classes), "parts": parts}, temporary)
    except (OSError, RuntimeError) as error:  # torch reports a full disk as RuntimeError
        raise _not_kept(path, error) from error
    return decoded


def _not_kept(path: Path, error: Exception) -> ImageDataError:
    return ImageDataError(
        f"The decoded images cannot be kept in {path.parent} ({reason(error)}); set"
        " NASHARNESS_CACHE to a folder that can be written to and has room."
    )
