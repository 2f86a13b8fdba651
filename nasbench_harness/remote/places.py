"""A folder at an address of fsspec; whatever its driver raises becomes a sentence."""

from __future__ import annotations

import contextlib
import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from nasbench_harness.errors import HarnessError, reason

EXTRA = "storage"
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(::|://)")
_READ_ONLY = ("http", "https")
_BUCKETS = ("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "oss", "obs", "r2")
"""Where folders are part of names: to make one is to make a bucket, which nobody asked for."""


class StorageError(HarnessError):
    """An address that cannot be read from or written to."""


def is_address(text: str) -> bool:
    """Whether that is an address such as `s3://bucket/name`, and no path."""
    return bool(_ADDRESS.match(text))


class Place:
    """What lies at an address; names are paths from there, with slashes.

    StorageError where the driver cannot do what is asked for.
    """

    def __init__(self, address: str) -> None:
        """StorageError if there is no such kind of address, or its driver is not installed."""
        self.address = without_password(address)
        self._files, root = _opened(address, self.address)
        self._root = root.rstrip("/")
        kinds = self._files.protocol
        self._kinds = (kinds,) if isinstance(kinds, str) else tuple(kinds)

    def within(self, name: str) -> Place:
        """The folder of that name there."""
        inner = copy.copy(self)
        inner.address = f"{self.address.rstrip('/')}/{name}"
        inner._root = f"{self._root}/{name}"
        return inner

    @property
    def name(self) -> str:
        """The last part of the address."""
        return self._root.rpartition("/")[2] or "study"

    def refuse_read_only(self) -> None:
        """StorageError where nothing can be written to such addresses."""
        if set(_READ_ONLY) & set(self._kinds):
            raise StorageError(
                f"{self.address} can only be read from; push to where it is served from, such as"
                " s3:// or file://."
            )

    def names(self) -> set[str]:
        """Files and folders right there; none where there is not even the folder."""
        with self._reaching("read"):
            try:
                found = self._files.ls(self._root or "/", detail=False)
            except FileNotFoundError:
                return set()
        return {str(path).rstrip("/").rpartition("/")[2] for path in found}

    def sizes(self) -> dict[str, int]:
        """Bytes of every file there, by name."""
        with self._reaching("read"):
            try:
                found = self._files.find(self._root, detail=True)
            except FileNotFoundError:
                return {}
        start = f"{self._root}/"
        return {
            str(path).removeprefix(start): int(facts["size"] or 0) for path, facts in found.items()
        }

    def read(self, name: str) -> bytes | None:
        """A whole file; None if it is not there."""
        with self._reaching("read"):
            try:
                return bytes(self._files.cat_file(self._at(name)))
            except (FileNotFoundError, NotADirectoryError):
                return None

    def write(self, name: str, content: bytes) -> None:
        """Make or replace a small file."""
        with self._reaching("written to"):
            self._make_parent(name)
            self._files.pipe_file(self._at(name), content)

    def send(self, name: str, path: Path) -> None:
        """Make or replace a file by one of this machine."""
        with self._reaching("written to"):
            self._make_parent(name)
            self._files.put_file(str(path), self._at(name))

    def fetch(self, name: str, path: Path) -> None:
        """Write a file there to one of this machine."""
        with self._reaching("read"):
            self._files.get_file(self._at(name), str(path))

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        with self._reaching("written to"), contextlib.suppress(FileNotFoundError):
            self._files.rm_file(self._at(name))

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _make_parent(self, name: str) -> None:
        if not set(_BUCKETS) & set(self._kinds):
            self._files.makedirs(self._at(name).rpartition("/")[0], exist_ok=True)

    @contextlib.contextmanager
    def _reaching(self, done: str) -> Iterator[None]:
        """Every driver fails in its own way; `done` is what is done to the address."""
        try:
            yield
        except PermissionError as error:
            raise StorageError(
                f"{self.address} may not be {done} ({_why(error)}); give its driver keys of"
                " somebody who may, or choose another address."
            ) from error
        except FileNotFoundError as error:
            raise StorageError(
                f"{self.address} cannot be {done}: there is no such place ({_why(error)}); make the"
                " bucket or folder first, or choose another address."
            ) from error
        except Exception as error:
            raise StorageError(
                f"{self.address} cannot be {done}: {_why(error)}; nothing is lost here, and the"
                " same command can be given again."
            ) from error


def without_password(address: str) -> str:
    """The address without the password that may stand in it."""
    try:
        parts = urlsplit(address)
        password = parts.password
    except ValueError:
        return address
    if not password:
        return address
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _opened(address: str, shown: str) -> tuple[Any, str]:
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise StorageError(
            f"{shown} needs the package fsspec: pip install 'nasbench-harness[{EXTRA}]'."
        ) from error
    try:
        files, root = url_to_fs(address)
        files.invalidate_cache()
    except ImportError as error:
        raise StorageError(
            f"{shown} needs a package that is not here: {_missing(error)}"
        ) from error
    except ValueError as error:
        if str(error).startswith("Protocol not known"):
            raise StorageError(_unknown(address, shown)) from error
        raise StorageError(f"{shown} is no address that can be used: {_why(error)}.") from error
    except Exception as error:
        raise StorageError(f"{shown} cannot be opened: {_why(error)}.") from error
    return files, str(root)


def _missing(error: ImportError) -> str:
    """Which one, in the words of fsspec where it knows; a full stop at the end."""
    known = re.search(r"s3fs|gcsfs|adlfs", str(error))
    package = known[0] if known else ""
    return f"pip install {package}." if package else f"{_why(error)}."


def _unknown(address: str, shown: str) -> str:
    scheme = re.split("::|://", address)[0]
    return (
        f"{shown} cannot be used: no kind of address is called `{scheme}`; fsspec knows s3://,"
        " gs://, abfs://, sftp://, file:// and others."
    )


def _why(error: BaseException) -> str:
    return reason(error).rstrip(".")
