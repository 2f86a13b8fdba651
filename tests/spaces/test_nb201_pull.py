"""`data pull`: from a folder and over HTTP, resumed, refused, and never at the old table's cost."""

from __future__ import annotations

import pickle
import shutil
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from nasbench_harness.errors import ExitCode, HarnessError
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.spaces.nb201.tables import merge, official_folder, open_official, sources
from nasbench_harness.spaces.nb201.tables.pull import downloads_folder, pull
from nasbench_harness.tables import library, pinned
from nasbench_harness.tables.pickles import ForbiddenClassError
from nasbench_harness.tables.pinned import FetchError, PinnedFileError


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NASHARNESS_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(pinned, "RETRIES", 0)
    return tmp_path / "data"


@pytest.fixture
def upstream(reference_data: Path, tmp_path: Path) -> Path:
    """A copy of the source files that a test may damage."""
    folder = tmp_path / "upstream"
    shutil.copytree(reference_data / "nb201" / "upstream", folder)
    return folder


FILES = (*sources.source_files(), *sources.GAINS_FILES)


class Server(ThreadingHTTPServer):
    requests: list[str]


class Handler(SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.requests.append(self.path)  # type: ignore[attr-defined]
        super().do_GET()

    def log_message(self, *_: Any) -> None:
        """Be quiet."""


@pytest.fixture
def mirror(upstream: Path, gains_upstream: Path) -> Iterator[Server]:
    """The source files of table and companion over HTTP on this machine."""
    shutil.copytree(gains_upstream, upstream, dirs_exist_ok=True)
    server = Server(("127.0.0.1", 0), partial(Handler, directory=str(upstream)))
    server.requests = []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def address(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}"


def test_pull_from_a_folder(upstream: Path) -> None:
    table = pull(origin=upstream)
    assert library.is_installed("official")
    assert table.content_hash == open_official().content_hash
    assert table.best("cifar10_test_200ep") == pytest.approx(94.373333, abs=1e-5)


def test_pull_is_the_same_every_time(upstream: Path) -> None:
    assert pull(origin=upstream).content_hash == pull(origin=upstream).content_hash


def test_pull_over_http_tells_its_progress(mirror: Server) -> None:
    seen: list[tuple[int, int]] = []
    pull(mirror=address(mirror), progress=lambda done, total: seen.append((done, total)))
    assert len(mirror.requests) == len(FILES)
    assert seen[-1][0] == seen[-1][1] == sum(file.bytes for file in FILES)
    assert all(total == seen[-1][1] for _, total in seen)
    assert library.is_installed("official")


def test_what_is_there_is_not_downloaded_again(mirror: Server) -> None:
    pull(mirror=address(mirror))
    mirror.requests.clear()
    pull(mirror=address(mirror))
    assert mirror.requests == []


def test_interrupted_download_goes_on(mirror: Server, upstream: Path) -> None:
    hidden = upstream / "metric_vals.pkl"
    hidden.rename(upstream / "elsewhere")
    with pytest.raises(FetchError, match="pulling again goes on"):
        pull(mirror=address(mirror))
    assert not library.is_installed("official")
    (upstream / "elsewhere").rename(hidden)
    mirror.requests.clear()
    pull(mirror=address(mirror))
    assert 1 <= len(mirror.requests) < len(FILES)


def test_no_network_is_a_sentence_and_incomplete() -> None:
    with pytest.raises(FetchError, match="cannot be downloaded") as caught:
        pull(mirror="http://127.0.0.1:9")
    assert caught.value.exit_code is ExitCode.INCOMPLETE
    assert "--from DIR" in str(caught.value)


@pytest.mark.parametrize("cut", [True, False], ids=["truncated", "changed"])
def test_file_that_is_not_what_it_was(mirror: Server, upstream: Path, cut: bool) -> None:
    table = pull(origin=upstream)
    path = upstream / "latency" / "pixel3.pt"
    data = path.read_bytes()
    path.write_bytes(data[:1000] if cut else data.replace(b"archive", b"Archive", 1))
    with pytest.raises(PinnedFileError, match="is not the file it was"):
        pull(mirror=address(mirror))
    assert open_official().content_hash == table.content_hash  # the old one is untouched


def test_changed_file_in_a_folder(upstream: Path) -> None:
    with (upstream / "nats_bench.csv").open("ab") as file:
        file.write(b"\n")
    with pytest.raises(PinnedFileError, match=r"nats_bench\.csv is not the file of v-tao"):
        pull(origin=upstream)
    assert not library.is_installed("official")


def test_missing_file_in_a_folder(upstream: Path) -> None:
    (upstream / "metric_vals.pkl").unlink()
    with pytest.raises(PinnedFileError, match=r"metric_vals\.pkl cannot be read"):
        pull(origin=upstream)


def test_two_pulls_at_once(upstream: Path) -> None:
    folder = official_folder()
    folder.parent.mkdir(parents=True)
    lock = FileLock(folder.with_name(f".{folder.name}.lock"))
    with lock, pytest.raises(HarnessError, match="Another command is installing"):
        pull(origin=upstream)
    pull(origin=upstream)


def test_failed_build_leaves_the_old_table(upstream: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = pull(origin=upstream).content_hash

    def fails(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("nasbench_harness.spaces.nb201.tables.pull.write_columns", fails)
    with pytest.raises(OSError, match="No space left"):
        pull(origin=upstream)
    assert open_official().content_hash == before
    hidden = [p.name for p in official_folder().parent.iterdir()]
    assert not any(name.endswith((".new", ".old")) for name in hidden)


def test_not_installed_says_how() -> None:
    with pytest.raises(HarnessError, match="nasharness data pull nb201"):
        open_official()


def test_default_table_follows_what_is_installed(upstream: Path) -> None:
    assert library.default_table() == "analog"
    pull(origin=upstream)
    assert library.default_table() == "official"


def test_downloads_stay_out_of_the_cache_folder(data_folder: Path) -> None:
    assert downloads_folder().is_relative_to(data_folder)


# --- proofs of the order -----------------------------------------------------------------------


def merged(folder: Path) -> dict[str, Any]:
    space = NB201()
    cells = [space.at_index(index) for index in range(space.size)]
    return merge.merge(folder, cells, space.cost)


def swap_lines(path: Path) -> None:
    lines = path.read_text().splitlines()
    lines[5], lines[6] = lines[6], lines[5]
    path.write_text("\n".join(lines) + "\n")


def swap_values(path: Path) -> None:
    """Exchange the parameter counts of rows whose indices stay."""
    lines = path.read_text().splitlines()
    values = [line.split(",", 1) for line in lines]
    other = next(i for i in range(6, 99) if values[i][1] != values[5][1])
    values[5][1], values[other][1] = values[other][1], values[5][1]
    path.write_text("\n".join(map(",".join, values)) + "\n")


def cut_runs(path: Path) -> None:
    content = pickle.loads(path.read_bytes())
    for metrics in content.values():
        for name in metrics:
            metrics[name] = metrics[name][:-1]
    path.write_bytes(pickle.dumps(content))


Damage = Callable[[Path], None]
DISORDER: list[tuple[str, Damage, str]] = [
    ("nats_bench.csv", swap_lines, "its strings do not agree"),
    ("freerea/cifar10/params.csv", swap_values, "its parameter counts do not agree"),
    ("freerea/cifar100/params.csv", swap_lines, "its indices do not agree"),
    ("freerea/cifar100/accuracies.csv", swap_values, "its accuracies do not agree"),
    ("metric_vals.pkl", cut_runs, "its grouping of runs do not agree"),
]


@pytest.mark.parametrize(("file", "damage", "complaint"), DISORDER, ids=[d[0] for d in DISORDER])
def test_disorder_is_found(upstream: Path, file: str, damage: Damage, complaint: str) -> None:
    damage(upstream / file)
    with pytest.raises(merge.MergeError, match=complaint):
        merged(upstream)


def test_pickle_with_a_foreign_class_is_refused(upstream: Path) -> None:
    (upstream / "metric_vals.pkl").write_bytes(pickle.dumps({"cifar10": Path("/")}))
    with pytest.raises(ForbiddenClassError, match="asks for `pathlib"):
        merged(upstream)


def test_frame_of_another_form_is_refused(upstream: Path) -> None:
    (upstream / "mini-bench-arch-cell-accs.pd").write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(merge.MergeError, match="no data frame of the expected form"):
        merged(upstream)


def test_sources_are_pinned() -> None:
    files = sources.source_files()
    assert len({source.file for source in files}) == len(files) == 42
    assert all(len(source.commit) == 40 and len(source.sha256) == 64 for source in files)
    repositories = {source.repository for source in sources.SOURCES.values()}
    assert {source.repository for source in files} == repositories
