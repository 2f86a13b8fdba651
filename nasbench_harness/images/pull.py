"""Getting the files of a published data set: from a folder, from mirrors, from its publisher."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from nasbench_harness.contracts.data import ProgressCallback
from nasbench_harness.errors import ExitCode
from nasbench_harness.images.errors import ImageDataError
from nasbench_harness.images.halves import HalvesSource, check_halves, find_halves
from nasbench_harness.images.sources import (
    ImageSource,
    LocalFiles,
    PublishedFile,
    check_file,
    find,
    image_source,
    images_folder,
    is_published,
)
from nasbench_harness.store.files import replacing, share
from nasbench_harness.tables import library
from nasbench_harness.tables.pinned import PinnedFileError, fetch

RETRIES = 2


class ImageDownloadError(ImageDataError):
    """A download that did not succeed; what is there already is kept."""

    exit_code = ExitCode.INCOMPLETE


def pull(
    name: str,
    *,
    folder: Path | None = None,
    origin: Path | None = None,
    mirror: str | None = None,
    progress: ProgressCallback | None = None,
) -> LocalFiles:
    """Put the files of a published data set in `folder` (default: the user's data folder).

    What is there and right is kept. `origin` is a folder to copy them from, `mirror` the address of
    one; otherwise their own addresses are tried in turn. A file takes its place whole and with the
    right sum, or not at all. The list of the official halves, where there is one, comes after the
    images; a folder or a mirror need not have it.

    Raises ImageDataError where a file is not the published one or nobody offers it, and
    ImageDownloadError where no address answers.
    """
    source = image_source(name)
    folder = folder or images_folder()
    with library.installing(folder / name):
        found = find(source, folder)
        if found is not None and not found.packed:
            found.check()
        elif found is None or not _is_whole(found):
            _pull_files(source, folder, origin, mirror, progress)
            found = find(source, folder)
        if source.halves:
            _pull_halves(source.halves, folder, origin, mirror)
    assert found is not None
    return found


def _is_whole(found: LocalFiles) -> bool:
    return all(is_published(*pair) for pair in zip(found.paths, found.files, strict=True))


def _pull_halves(
    source: HalvesSource, folder: Path, origin: Path | None, mirror: str | None
) -> None:
    """The list beside the images; a folder or mirror of the images alone is no fault."""
    if origin is None:
        with suppress(PinnedFileError):  # the images are whole, and runs tell what is done without
            fetch(folder, [source.file], mirror=mirror)
    elif path := find_halves(source, [origin]):
        check_halves(source, path)
        with replacing(folder / source.file.file) as temporary:
            shutil.copyfile(path, temporary)
            check_halves(source, temporary)


def _pull_files(
    source: ImageSource,
    folder: Path,
    origin: Path | None,
    mirror: str | None,
    progress: ProgressCallback | None,
) -> None:
    if origin is None and mirror is None and not source.downloadable:
        raise ImageDataError(
            f"{source.title} is offered at no address that needs no account; get the files"
            f" {source.files[0].name}, ... of {source.unpacked} from its publishers and name their"
            " folder with `--from DIR`."
        )
    total, done = sum(file.bytes for file in source.files), 0
    for file in source.files:
        counter = _Counter(done, total, progress)
        if (there := folder / file.name).exists() and folder != images_folder():
            check_file(there, file)  # in a folder of the user's own nothing is replaced
        if origin is not None:
            _copy(source, file, origin, folder)
        else:
            _download(file, folder, mirror, counter)
        done += file.bytes
        counter.show(done)


def _copy(source: ImageSource, file: PublishedFile, origin: Path, folder: Path) -> None:
    """Copy a file once its sum is right."""
    path = origin / file.name
    inner = origin / source.unpacked / file.name
    if inner.is_file() and not path.is_file():
        path = inner
    check_file(path, file)
    if path.resolve() == (folder / file.name).resolve():
        return
    with replacing(folder / file.name) as temporary:
        shutil.copyfile(path, temporary)
        check_file(temporary, file)


def _download(file: PublishedFile, folder: Path, mirror: str | None, counter: _Counter) -> None:
    import pooch

    pooch.get_logger().setLevel("CRITICAL")
    addresses = (f"{mirror.rstrip('/')}/{file.name}",) if mirror else file.addresses
    fresh = not (folder / file.name).exists()
    failures: list[str] = []
    for address in addresses:
        fetcher = pooch.create(
            path=folder,
            base_url="",
            registry={file.name: f"md5:{file.md5}"},
            urls={file.name: address},
            retry_if_failed=RETRIES,
        )
        try:
            fetcher.fetch(file.name, downloader=pooch.HTTPDownloader(progressbar=counter))
        except ValueError:  # pooch's word for a file of another sum
            failures.append(f"{address} is not the published file (MD5 {file.md5} expected)")
        except OSError as error:
            failures.append(f"{address} cannot be downloaded ({type(error).__name__})")
        else:
            if fresh:
                share(folder / file.name)  # pooch makes files for the user alone
            return
    raise ImageDownloadError(
        f"{'; '.join(failures)}. What is there is kept, so pulling again goes on; `--mirror URL` or"
        " `--from DIR` take the file from elsewhere."
    )


class _Counter:
    """What pooch takes for a progress bar: adds up what has arrived of all files."""

    def __init__(self, before: int, everything: int, progress: ProgressCallback | None) -> None:
        self._before, self._everything, self._progress = before, everything, progress
        self._arrived = 0
        self.total = 0  # pooch sets it to the size of the file

    def show(self, done: int) -> None:
        """Tell how much is there."""
        if self._progress:
            self._progress(done, max(self._everything, done))

    def update(self, arrived: int) -> None:
        """So many bytes more have arrived."""
        self._arrived += arrived
        self.show(self._before + self._arrived)

    def reset(self) -> None:
        """The download begins, or ends: pooch sets the bar back and fills it at once."""
        self._arrived = 0

    def close(self) -> None:
        """Nothing to close."""
