"""The files of `nas-bench-graph`: of the installed package, or of its wheel, pulled.

The package is never imported. Nothing of it is shipped with this project.
"""

from __future__ import annotations

import hashlib
import importlib.util
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nasbench_harness.contracts.data import ProgressCallback
from nasbench_harness.errors import reason
from nasbench_harness.spaces.nbgraph.tables.schema import DATA, PACKAGE, VERSION
from nasbench_harness.tables.columns import TableError
from nasbench_harness.tables.library import data_folder, installing
from nasbench_harness.tables.pinned import PinnedFile, check, fetch

Benches = Callable[[str], bytes]
"""Gives the file of a data set, checked."""
SHA256 = {
    "cora": "5e69b2f9bb08d8927d9ffd4921f8494a3cea349c9c3a461334cb9dc9e11701a8",
    "citeseer": "99c7f79b73372636305bf73fb32a58b63c57bd1871a152dd62ec72d984c8c50f",
    "pubmed": "10b4dcf6cfd3a24f6059f7d541a4a872960b4adac0b3dba26abed1bb9a3d904d",
    "cs": "71ae8469930517160b024f52db6000a4897f1aff5d765beb27bb60952ed5bd31",
    "physics": "1e309bafee0b832c8b84fa3c039c36992bc0a910238b128f26b7e9190d7f2aea",
    "photo": "5511b4dc3f63fa988792177227db7901290fb9b27fc6c02e3036b29e134ed6df",
    "computers": "fdb3dc0cf405d62322f0ab9614b2083c2a5e6576c2f43e4f2214be64bc62b1b3",
    "arxiv": "7ee21a7653297a806c0ed1be3efe6ecc06acc84e48e942da0bfde0e5d287debe",
}
"""Of `light/<data set>.bench` in the package."""


@dataclass(frozen=True)
class Wheel(PinnedFile):
    """A wheel of the Python Package Index; `repository` is the project, `commit` the release."""

    @property
    def address(self) -> str:
        """Where the index keeps it."""
        return f"https://files.pythonhosted.org/packages/{self.path}"


_WHEEL = "nas_bench_graph-1.4.0-py3-none-any.whl"
WHEEL = Wheel(
    file=_WHEEL,
    repository=PACKAGE,
    commit=VERSION,
    path=f"c0/0d/3f638d82eb82c5f51164cbd4e255a7f9397fae633a0b4f8e111d97e98539/{_WHEEL}",
    bytes=5_868_117,
    sha256="f6ea43836262f1ee8d60c35bbbd20aa2536ee1f8492025e3b0b90096f5afc6ad",
)


def package_file(dataset: str) -> Path | None:
    """A data set's file in the installed package, which is not imported; None without one."""
    spec = importlib.util.find_spec(PACKAGE.replace("-", "_"))
    return (
        Path(spec.origin).with_name("light") / f"{dataset}.bench" if spec and spec.origin else None
    )


def of_wheel(
    *, origin: Path | None = None, mirror: str | None = None, progress: ProgressCallback | None
) -> Benches:
    """The files of the wheel: of one in the folder `origin`, or else of a download."""
    if origin is None:
        origin = data_folder() / "downloads" / DATA
        with installing(origin):
            fetch(origin, [WHEEL], mirror=mirror, progress=progress)
    check(origin, [WHEEL])
    path = origin / WHEEL.file

    def read(dataset: str) -> bytes:
        with zipfile.ZipFile(path) as wheel:
            return wheel.read(f"nas_bench_graph/light/{dataset}.bench")

    return read


def of_package(dataset: str) -> bytes:
    """The file of the installed package; TableError if it is not the one of the release."""
    path = package_file(dataset)
    assert path is not None  # as whoever asks has seen
    advice = f"`pip install --force-reinstall {PACKAGE}=={VERSION}` brings it again"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TableError(f"{path} cannot be read ({reason(error)}); {advice}.") from error
    found = hashlib.sha256(data).hexdigest()
    if found != SHA256[dataset]:
        raise TableError(
            f"{path} is not the file of {PACKAGE} {VERSION} (SHA-256 expected"
            f" {SHA256[dataset][:12]}, found {found[:12]}); {advice}."
        )
    return data
