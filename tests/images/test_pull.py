"""`data pull` of images: from a folder, from mirrors in turn, and never half a file."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from typer.testing import CliRunner

from nasbench_harness.cli import app
from nasbench_harness.errors import ExitCode, HarnessError
from nasbench_harness.images import pull as pulling
from nasbench_harness.images import sources
from nasbench_harness.images.datasets import open_dataset
from nasbench_harness.images.pull import ImageDownloadError, pull

MakePublished = Callable[[str], Path]
ARCHIVE = "cifar-10-python.tar.gz"


@pytest.fixture(autouse=True)
def no_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulling, "RETRIES", 0)


class Handler(SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.requests.append(self.path)  # type: ignore[attr-defined]
        super().do_GET()

    def log_message(self, *_: Any) -> None:
        """Be quiet."""


class Server(ThreadingHTTPServer):
    requests: list[str]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@pytest.fixture
def serve() -> Iterator[Callable[[Path], Server]]:
    """Serves folders on this machine until the test is over."""
    servers: list[Server] = []

    def start(folder: Path) -> Server:
        server = Server(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
        server.requests = []
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


Serve = Callable[[Path], Server]


def offer(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Let the made-up CIFAR-10 be offered at these addresses."""
    source = sources.image_source("cifar10")
    file = replace(source.files[0], addresses=tuple(f"{a}/{ARCHIVE}" for a in addresses))
    monkeypatch.setitem(sources._SOURCES, "cifar10", replace(source, files=(file,)))


def installed() -> list[str]:
    return sorted(p.name for p in sources.images_folder().iterdir() if not p.name.startswith("."))


def test_pull_over_http_tells_its_progress(make_published: MakePublished, serve: Serve) -> None:
    server = serve(make_published("svhn"))
    seen: list[tuple[int, int]] = []
    found = pull("svhn", mirror=server.address, progress=lambda *now: seen.append(now))
    assert server.requests == ["/train_32x32.mat", "/test_32x32.mat"]
    assert seen[-1] == (found.bytes, found.bytes)
    assert installed() == ["test_32x32.mat", "train_32x32.mat"]
    assert len(open_dataset("svhn").train) == 40


def test_what_is_there_is_not_downloaded_again(make_published: MakePublished, serve: Serve) -> None:
    server = serve(make_published("svhn"))
    pull("svhn", mirror=server.address)
    (sources.images_folder() / "test_32x32.mat").unlink()
    server.requests.clear()
    pull("svhn", mirror=server.address)
    assert server.requests == ["/test_32x32.mat"]


def test_open_downloads_on_request_alone(
    make_published: MakePublished, serve: Serve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server = serve(make_published("cifar10"))
    offer(monkeypatch, server.address)
    with pytest.raises(HarnessError, match="not installed"):
        open_dataset("cifar10")
    assert server.requests == []
    assert len(open_dataset("cifar10", download=True).train) == 100
    open_dataset("cifar10", download=True)
    assert len(server.requests) == 1
    open_dataset("cifar10", download=True, data_dir=tmp_path / "elsewhere")
    assert (tmp_path / "elsewhere" / ARCHIVE).is_file()


def test_next_mirror_where_one_is_down_or_wrong(
    make_published: MakePublished, serve: Serve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    right = serve(make_published("cifar10"))
    (tmp_path / "wrong").mkdir()
    (tmp_path / "wrong" / ARCHIVE).write_bytes(b"<html>not here any more</html>")
    wrong = serve(tmp_path / "wrong")
    offer(monkeypatch, "http://127.0.0.1:9", wrong.address, right.address)
    pull("cifar10")
    assert len(wrong.requests) == len(right.requests) == 1
    assert installed() == [ARCHIVE]


def test_wrong_file_everywhere_leaves_nothing(
    make_published: MakePublished, serve: Serve, tmp_path: Path
) -> None:
    make_published("cifar10")
    (tmp_path / "wrong").mkdir()
    (tmp_path / "wrong" / ARCHIVE).write_bytes(b"cut")
    server = serve(tmp_path / "wrong")
    with pytest.raises(ImageDownloadError, match="is not the published file") as caught:
        pull("cifar10", mirror=server.address)
    assert caught.value.exit_code is ExitCode.INCOMPLETE
    assert installed() == []


def test_no_network_is_a_sentence(make_published: MakePublished) -> None:
    make_published("cifar10")
    with pytest.raises(ImageDownloadError, match="--mirror URL") as caught:
        pull("cifar10", mirror="http://127.0.0.1:9")
    assert "cannot be downloaded (ConnectionError)" in str(caught.value)


def test_damaged_file_is_replaced(make_published: MakePublished, serve: Serve) -> None:
    server = serve(make_published("cifar10"))
    pull("cifar10", mirror=server.address)
    (sources.images_folder() / ARCHIVE).write_bytes(b"damaged")
    pull("cifar10", mirror=server.address)
    assert len(open_dataset("cifar10").train) == 100


def test_from_a_folder(make_published: MakePublished) -> None:
    pull("cifar10", origin=make_published("cifar10"))
    assert len(open_dataset("cifar10").train) == 100


def test_imagenet16_only_from_a_folder(make_published: MakePublished) -> None:
    folder = make_published("imagenet16-120")
    with pytest.raises(HarnessError, match="--from DIR"):
        pull("imagenet16-120")
    pull("imagenet16-120", origin=folder)
    assert len(open_dataset("imagenet16-120").train) == 1200


def test_wrong_file_in_a_folder(make_published: MakePublished) -> None:
    folder = make_published("cifar10")
    (folder / ARCHIVE).write_bytes(b"another file")
    with pytest.raises(HarnessError, match="is not the published"):
        pull("cifar10", origin=folder)
    assert installed() == []


def test_nothing_in_a_folder(make_published: MakePublished, tmp_path: Path) -> None:
    make_published("cifar10")
    with pytest.raises(HarnessError, match=r"cifar-10-python\.tar\.gz cannot be read"):
        pull("cifar10", origin=tmp_path)


def test_two_pulls_at_once(make_published: MakePublished) -> None:
    folder = make_published("cifar10")
    sources.images_folder().mkdir(parents=True)
    lock = FileLock(sources.images_folder() / ".cifar10.lock")
    with lock, pytest.raises(HarnessError, match="Another command is installing"):
        pull("cifar10", origin=folder)
    pull("cifar10", origin=folder)


def test_command_pulls_lists_and_verifies(make_published: MakePublished) -> None:
    folder = make_published("svhn")
    command = CliRunner()
    told = command.invoke(app, ["data", "pull", "svhn", "--from", str(folder)])
    assert told.exit_code == 0, told.output
    found = sources.find_installed(sources.image_source("svhn"), sources.images_folder())
    found.check()
    assert command.invoke(app, ["data", "verify", "svhn"]).exit_code == 0
    found.paths[0].write_bytes(b"damaged")
    assert command.invoke(app, ["data", "verify", "svhn"]).exit_code == ExitCode.CHECK_FAILED
