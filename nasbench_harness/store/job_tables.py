"""The tidy tables of a folder of jobs: gathered where they are old, checked where they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from nasbench_harness.errors import os_sentence
from nasbench_harness.process.names import shell_word
from nasbench_harness.store import gathering, versions
from nasbench_harness.store.folders import TABLES, FolderKind, JobFolder
from nasbench_harness.store.histories import HeldHistory, History, StoredHistory
from nasbench_harness.store.schema import Schema
from nasbench_harness.store.schema_check import untold, violation
from nasbench_harness.store.tidy import read_parquet, source_of, write_pieces, write_table

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

F = TypeVar("F", bound=JobFolder[Any])


def _nothing(jobs: JobFolder[Any]) -> Mapping[str, Any]:
    del jobs
    return {}


def _at_once(jobs: JobFolder[Any]) -> None:
    del jobs


def _as_they_are(trials: pa.Table, history: pa.Table) -> tuple[pa.Table, pa.Table]:
    return trials, history


@dataclass(frozen=True)
class Tables(Generic[F]):
    """What the tables of one kind of folder are made of."""

    trials: Callable[[F], pd.DataFrame]
    """One row per planned job."""
    history: Callable[[F], pa.Table]
    """One row per line of every job's history."""
    kind: FolderKind[Any]
    schema: Callable[[pa.Table, pa.Table], Schema]
    """What trials and history are to be, by all that was used in them."""
    again: str
    """The command that gathers them; `{}` is the folder."""
    config: Callable[[F], Mapping[str, Any]] = _nothing
    """What enters the tables beside specs, results and histories."""
    pieces: Callable[[F], Iterator[pa.Table] | None] = _at_once
    """The same history in pieces where it is too large for the memory; None where it is not."""
    completed: Callable[[pa.Table, pa.Table], tuple[pa.Table, pa.Table]] = _as_they_are
    """Adds columns that tables of the same schema were once gathered without."""

    def gather(self, jobs: F) -> pd.DataFrame:
        """Write `trials` and `history` as Parquet and CSV; returns the trials.

        Tables that were made of the very same plan and files are left as they are.
        """
        state = self._state(jobs)
        if _stand(jobs, state):
            stored: pd.DataFrame = self._read(jobs.folder / "trials.parquet").to_pandas()
            return stored
        trials = self.trials(jobs)
        write_table(jobs.folder / "trials", trials, source=state)
        pieces = self.pieces(jobs)
        if pieces is None:
            write_table(jobs.folder / "history", self.history(jobs), source=state)
        else:
            write_pieces(jobs.folder / "history", pieces, source=state)
        return trials

    def current(self, jobs: F) -> tuple[pa.Table, pa.Table]:
        """Trials and history as they are now: those gathered, or gathered anew where they are old.

        Nothing is written. The kind's error if the tables are not as the schema says.
        """
        if _stand(jobs, self._state(jobs)):
            return self.read(jobs.folder)
        return self._anew(jobs)

    def opened(self, jobs: F) -> tuple[pa.Table, History]:
        """The same, but of a history that stands on disk only what is asked of it is read."""
        if not _stand(jobs, self._state(jobs)):
            trials, history = self._anew(jobs)
            return trials, HeldHistory(history)
        path = jobs.folder / "history.parquet"
        trials, stored = self._read(jobs.folder / "trials.parquet"), self._stored(path)
        nothing = stored.fields.empty_table()
        whole = self.completed(trials, nothing)[1].column_names == nothing.column_names
        if not (whole and versions.is_current(trials, self.kind.upgrades)):
            trials, history = self.checked(jobs.folder, trials, self._read(path))
            return trials, HeldHistory(history)
        schema = self.schema(trials, nothing)
        always = {column.name for column in schema.columns("history") if column.always}
        self._refuse(
            jobs.folder, violation(trials, stored.read(always), schema, fields=stored.fields)
        )
        return self.completed(trials, nothing)[0], stored

    def read(self, folder: Path) -> tuple[pa.Table, pa.Table]:
        """The gathered trials and history; the kind's error if they are not as they should be."""
        trials, history = (self._read(folder / f"{name}.parquet") for name in TABLES)
        return self.checked(folder, trials, history)

    def untold(self, folder: Path) -> str:
        """Which columns of the gathered tables nobody declares, in a sentence; empty if all are."""
        import pyarrow.parquet as pq

        trials = self._read(folder / "trials.parquet")
        with (folder / "history.parquet").open("rb") as file:
            history = pq.read_schema(file).empty_table()
        return untold(trials, history, self.schema(trials, history))

    def checked(
        self, folder: Path, trials: pa.Table, history: pa.Table
    ) -> tuple[pa.Table, pa.Table]:
        """The tables as this version has them; an error if they are not as the schema says."""
        trials, history = versions.upgraded(trials, history, self.kind.upgrades)
        self._refuse(folder, violation(trials, history, self.schema(trials, history)))
        return self.completed(trials, history)

    def _refuse(self, folder: Path, fault: str) -> None:
        if fault:
            raise self.kind.error(
                f"The tables of {folder} are not as they should be: {fault}; delete them and gather"
                f" them anew with {self._again(folder)}."
            )

    def _anew(self, jobs: F) -> tuple[pa.Table, pa.Table]:
        """Gathered in memory."""
        import pyarrow as pa

        trials = pa.Table.from_pandas(self.trials(jobs), preserve_index=False)
        return self.checked(jobs.folder, trials, self.history(jobs))

    def _state(self, jobs: F) -> str:
        return gathering.state(jobs.trials_folder, jobs.specs, **self.config(jobs))

    def _again(self, folder: Path) -> str:
        return self.again.format(shell_word(folder))

    def _stored(self, path: Path) -> StoredHistory:
        return StoredHistory(path, partial(self._told, path))

    def _read(self, path: Path) -> pa.Table:
        with self._told(path):
            return read_parquet(path)

    @contextmanager
    def _told(self, path: Path) -> Iterator[None]:
        """What is wrong with a file that is read meanwhile, as the kind's error."""
        import pyarrow as pa

        folder = path.parent
        try:
            yield
        except FileNotFoundError as error:
            raise self.kind.error(
                f"The tables of {folder} cannot be read: there is no {path.name};"
                f" {self._again(folder)} gathers it."
            ) from error
        except PermissionError as error:
            raise self.kind.error(
                f"The tables of {folder} cannot be read: {os_sentence(error)}"
            ) from error
        except (OSError, pa.ArrowException) as error:
            text = " ".join(str(error).split())
            raise self.kind.error(
                f"The tables of {folder} cannot be read: {path.name} is damaged ({text}); delete"
                f" it and gather it anew with {self._again(folder)}."
            ) from error


def _stand(jobs: JobFolder[Any], state: str) -> bool:
    """Are the gathered tables of this state, or all that is left of the folder."""
    paths = [jobs.folder / name for name in TABLES]
    if jobs.elsewhere:
        return False
    if not jobs.trials_folder.is_dir():
        return all(path.with_suffix(".parquet").exists() for path in paths)
    return all(source_of(path) == state for path in paths)
