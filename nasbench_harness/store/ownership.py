"""What the product has made: nothing else is ever replaced or removed.

A folder that is written again and again (a report, what a paper needs) keeps a list of its files
with their hashes in `.nasharness.json`. What stands in that list and has not been changed since is
ours. What a version without the list has written is known by its kind only, so it is kept beside
the new file, as `NAME.before`. Everything else is somebody's work: a name of ours that it holds is
refused, any other name is left alone.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, count
from pathlib import Path, PurePosixPath
from typing import Any

from filelock import FileLock

from nasbench_harness.errors import HarnessError, reason
from nasbench_harness.store.files import new_folder, write_json

MARKER, LOCK = ".nasharness.json", ".nasharness.lock"
ABOUT = "What nasharness wrote here, with SHA-256; it replaces and removes nothing else."
BEFORE = ".before"
NOT_WRITABLE = (errno.EROFS, errno.EACCES, errno.EPERM)

Recognise = Callable[[Path, str], bool]
"""Whether a folder without a list is ours, and its file of that relative path with it."""


class OwnershipError(HarnessError):
    """Something that the product has not made is in the way; it is left as it is."""


# --- single files ------------------------------------------------------------------------------


def claim(path: Path, what: str, ours: Callable[[bytes], bool]) -> None:
    """Refuse a file to write where another thing than `what` of ours is there already.

    Nothing is in the way where there is no file, an empty one, or no file at all but a pipe or
    /dev/stdout. `ours` is asked about the content of any other one. OwnershipError says what to do.
    """
    if path.is_dir():
        raise OwnershipError(f"{path} is a folder, where the name of {what} was expected.")
    if not path.is_file() or not path.stat().st_size or ours(path.read_bytes()):
        return
    raise OwnershipError(
        f"{path} is there already and is not {what} that nasharness wrote, so it is left as it is;"
        " give another name, or move it away."
    )


# --- folders -----------------------------------------------------------------------------------


def refuse_foreign(folder: Path, names: Iterable[str], recognise: Recognise) -> None:
    """Refuse at once, before there is anything to publish, where one of these is not ours."""
    if folder.is_dir():
        listed = _listed(folder)
        for name in names:
            _refuse_foreign(folder, name, listed, recognise, None)


@contextlib.contextmanager
def publishing(folder: Path, recognise: Recognise) -> Iterator[Path]:
    """Yield an empty folder to fill; its files then take their places in `folder`.

    Files of before that are ours and were not made anew are removed. Where anything fails, or
    something in the way is not ours (OwnershipError names it), `folder` stays as it was.
    """
    with _made(folder):
        with _writable(folder):
            fresh = new_folder(folder)
        try:
            yield fresh
            _refuse_lock(folder / LOCK)
            with _without_trace(folder), FileLock(folder / LOCK):
                _publish(fresh, folder, recognise)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)


@contextlib.contextmanager
def _without_trace(folder: Path) -> Iterator[None]:
    """Where nothing came of it, no lock stays behind in somebody's folder."""
    there = (folder / LOCK).exists()
    try:
        yield
    except BaseException:
        if not there and not os.path.lexists(folder / MARKER):
            (folder / LOCK).unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _made(folder: Path) -> Iterator[None]:
    """The folder is there; those that had to be made for it go again where all was for nothing."""
    for place in (folder, *folder.parents):
        if os.path.lexists(place) and not place.is_dir():
            kind = "a file" if place.exists() else "a link that leads nowhere"
            raise OwnershipError(f"{place} is {kind}, where a folder was expected; choose another.")
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    with _writable(folder):
        folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        for place in missing:
            with contextlib.suppress(OSError):
                (place / LOCK).unlink(missing_ok=True)
                place.rmdir()
        raise


@contextlib.contextmanager
def _writable(folder: Path) -> Iterator[None]:
    """A read-only disk, or somebody else's folder, as a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno not in NOT_WRITABLE:
            raise
        raise HarnessError(
            f"{folder} cannot be written to ({reason(error)}); choose another folder with --out."
        ) from error


def _publish(fresh: Path, folder: Path, recognise: Recognise) -> None:
    new = {name: _hash(fresh / name) for name in _files(fresh)}
    listed = _listed(folder)
    for name in new:
        _refuse_foreign(folder, name, listed, recognise, fresh / name)
    old = _kept(folder, new) if listed is None else listed
    # Both lists stand until all is in place, so that a kill in the middle orphans nothing.
    _write_list(folder, new, old)
    for name in new:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        os.replace(fresh / name, folder / name)
    for name in old.keys() - new.keys():
        _remove(folder, name, old)
    _write_list(folder, new, {})


def _kept(folder: Path, new: Mapping[str, str]) -> dict[str, list[str]]:
    """Copy what is to be replaced to `NAME.before`: no list says whether it was edited."""
    old = {}
    for name, content in new.items():
        path = folder / name
        if path.is_file() and path.stat().st_size and _hash(path) != content:
            old[name] = [_hash(path)]
            _keep(path)
    return old


def _keep(path: Path) -> None:
    """A copy under the first free name; none where there is one already, after a kill."""
    for ending in chain([BEFORE], (f"{BEFORE}-{number}" for number in count(2))):
        copy = path.with_name(path.name + ending)
        if not os.path.lexists(copy):
            shutil.copy2(path, copy)
            return
        if copy.is_file() and _hash(copy) == _hash(path):
            return


def _refuse_lock(path: Path) -> None:
    """Locking empties the file; ours is empty anyway."""
    if os.path.lexists(path) and (path.is_symlink() or not path.is_file() or path.stat().st_size):
        raise OwnershipError(_refusal(path, "is not the lock of nasharness"))


def _refuse_foreign(
    folder: Path,
    name: str,
    old: Mapping[str, list[str]] | None,
    recognise: Recognise,
    fresh: Path | None,
) -> None:
    """OwnershipError where `name` is somebody's; what is `fresh`, if it is made, is not."""
    path = folder / name
    for parent in path.relative_to(folder).parents:
        place = folder / parent
        if os.path.lexists(place) and not place.is_dir():
            raise OwnershipError(_refusal(place, "is no folder"))
    if not os.path.lexists(path):
        return
    if path.is_symlink() or not path.is_file():
        raise OwnershipError(_refusal(path, "is no file of its own"))
    content = _hash(path)
    if not path.stat().st_size or (fresh is not None and content == _hash(fresh)):
        return
    if old is None and recognise(folder, name):
        return
    if name not in (old or {}):
        raise OwnershipError(_refusal(path, "was not written by nasharness"))
    if content not in (old or {})[name]:
        raise OwnershipError(_refusal(path, "has been changed since nasharness wrote it"))


def _refusal(path: Path, why: str) -> str:
    return (
        f"{path} {why}, so it is left as it is and nothing is written; rename or move it away, or"
        " choose another folder with --out."
    )


def _remove(folder: Path, name: str, old: Mapping[str, list[str]]) -> None:
    """A file of before, unless somebody has changed it; and its folder, once that is empty."""
    path = folder / name
    if path.is_symlink() or not path.is_file() or _hash(path) not in old[name]:
        return
    if not path.resolve().is_relative_to(folder.resolve()):
        return
    path.unlink()
    for parent in path.relative_to(folder).parents:
        if parent != Path():
            with contextlib.suppress(OSError):
                (folder / parent).rmdir()


# --- the list ----------------------------------------------------------------------------------


def published(folder: Path) -> list[str]:
    """The files that `publishing` has put into a folder, as far as they are there; in order."""
    listed = _listed(folder) if folder.is_dir() else None
    return sorted(name for name in listed or {} if (folder / name).is_file())


def _files(folder: Path) -> list[str]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path.relative_to(folder).as_posix() for path in found)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _listed(folder: Path) -> dict[str, list[str]] | None:
    """The files that are ours with the contents we gave them; None where there is no list.

    OwnershipError where something else has the list's name. A list may come from anywhere with
    the folder, so names that lead out of it do not count.
    """
    path = folder / MARKER
    if not os.path.lexists(path):
        return None
    if path.is_symlink() or not path.is_file():
        raise OwnershipError(_refusal(path, "is no file of its own"))
    if not path.stat().st_size:
        return None
    try:
        files = _parsed(path.read_bytes())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise OwnershipError(
            _refusal(path, "is not the list that nasharness keeps of its files")
        ) from error
    return {name: hashes for name, hashes in files.items() if _is_inside(name)}


def _parsed(text: bytes) -> dict[str, list[str]]:
    content: Any = json.loads(text)
    files = {str(name): [str(one) for one in hashes] for name, hashes in content["files"].items()}
    if content != {"about": ABOUT, "files": files}:
        raise ValueError("other keys or values than a list has")
    return files


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\0" not in name


def _write_list(folder: Path, new: Mapping[str, str], old: Mapping[str, list[str]]) -> None:
    names = sorted({*new, *old})
    files = {
        name: sorted({*old.get(name, []), *([new[name]] if name in new else [])}) for name in names
    }
    write_json(folder / MARKER, {"about": ABOUT, "files": files})
