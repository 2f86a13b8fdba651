"""Pushed to and read from a real S3 server on this machine, that of moto.

Run by hand with `-m slow`, with the packages moto[server] and s3fs installed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

import pytest

from nasbench_harness.remote.fetching import fetch
from nasbench_harness.remote.places import StorageError
from nasbench_harness.remote.pushing import push, push_studies
from nasbench_harness.store.studies import Study, read_tables, studies_in

pytestmark = pytest.mark.slow


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of one that runs while these tests do."""
    pytest.importorskip("s3fs", reason="the package s3fs is not installed")
    pytest.importorskip("moto.server", reason="the package moto[server] is not installed")
    address = f"http://127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "moto.server", "-p", address.rpartition(":")[2]]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as running:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and running.poll() is None:
            with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=5):
                break
        yield address
        running.send_signal(signal.SIGTERM)


@pytest.fixture
def bucket(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An address in a new bucket; drivers find server and keys in the environment, as anywhere."""
    import s3fs

    for name, value in (
        ("AWS_ENDPOINT_URL", server),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    files = s3fs.S3FileSystem()
    files.mkdir("results")
    yield "s3://results/2026/few"
    files.rm("results", recursive=True)
    s3fs.S3FileSystem.clear_instance_cache()


def test_it_is_pushed_and_read(study: Study, bucket: str) -> None:
    assert push(study, bucket).sent
    assert not push(study, bucket).sent
    for here, there in zip(read_tables(study.folder), read_tables(fetch(bucket)), strict=True):
        assert here.equals(there)


def test_only_what_changed_is_sent(study: Study, bucket: str) -> None:
    push(study, bucket)
    page = study.folder / "report" / "index.html"
    page.write_bytes(page.read_bytes() + b"\n")
    assert list(push(study, bucket).sent) == ["report/index.html"]


def test_a_place_beside_another_study_is_free(study: Study, bucket: str) -> None:
    push(study, bucket)
    assert push(study, f"{bucket}-again").sent


def test_a_page_is_served_as_one(study: Study, bucket: str, server: str) -> None:
    push(study, bucket)
    import s3fs

    s3fs.S3FileSystem().chmod("results/2026/few/report/index.html", "public-read")
    page = urllib.request.urlopen(f"{server}/results/2026/few/report/index.html", timeout=20)
    assert page.headers["Content-Type"] == "text/html"


def test_several_are_pushed_and_read(study: Study, bucket: str) -> None:
    assert push_studies(study.folder.parent, [study], bucket).sent
    assert not push_studies(study.folder.parent, [study], bucket).sent
    assert [folder.name for folder in studies_in([fetch(bucket)])] == ["few"]


def test_buckets_are_not_made(study: Study, bucket: str) -> None:
    del bucket
    with pytest.raises(StorageError, match="there is no such place"):
        push(study, "s3://nobody-made-it/few")


def test_a_server_that_is_gone_is_told(
    study: Study, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import s3fs

    del bucket
    with monkeypatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
        s3fs.S3FileSystem.clear_instance_cache()
        with pytest.raises(StorageError, match=r"s3://results/few cannot be read: .*connect"):
            push(study, "s3://results/few")
    s3fs.S3FileSystem.clear_instance_cache()
