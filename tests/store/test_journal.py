"""A journal against a plain list: whatever happens in whatever order, they agree."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from nasbench_harness.store.journals import Journal, read_journal

ROWS = st.dictionaries(
    st.text(max_size=4),
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    max_size=3,
)
NO_OBJECTS = st.sampled_from([b"[1]", b"{", b'{"a":', b"nonsense", b"", b"\xff\x00", b"17"])


class JournalMachine(RuleBasedStateMachine):
    """Append, tear, damage, cut back, close and go on, in any order."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "history.jsonl"
        self.rows: list[dict[str, Any]] = []
        self.torn = False
        self.journal: Journal | None = Journal(self.path)

    @precondition(lambda self: self.journal)
    @rule(row=ROWS)
    def append(self, row: dict[str, Any]) -> None:
        assert self.journal
        self.journal.append(row)
        self.rows.append(row)

    @precondition(lambda self: self.journal)
    @rule()
    def sync(self) -> None:
        assert self.journal
        self.journal.sync()

    @precondition(lambda self: self.journal)
    @rule()
    def close(self) -> None:
        assert self.journal
        self.journal.close()
        self.journal = None

    @precondition(lambda self: not self.journal)
    @rule()
    def resume(self) -> None:
        self.journal = Journal(self.path)
        self.torn = False

    @precondition(lambda self: not self.journal)
    @rule(data=st.data())
    def cut_back(self, data: st.DataObject) -> None:
        keep = data.draw(st.integers(0, len(self.rows) + 2))
        self.journal = Journal(self.path, keep=keep)
        self.rows = self.rows[:keep]
        self.torn = False

    @precondition(lambda self: not self.journal and not self.torn)
    @rule(row=ROWS, share=st.floats(0, 0.99))
    def tear(self, row: dict[str, Any], share: float) -> None:
        """A line that a crash left unfinished."""
        line = json.dumps(row).encode()
        with self.path.open("ab") as file:
            file.write(line[: int(len(line) * share)])
        self.torn = True

    @precondition(lambda self: not self.journal and not self.torn)
    @rule(damage=NO_OBJECTS, row=ROWS)
    def damage(self, damage: bytes, row: dict[str, Any]) -> None:
        """A line that is no object: it and all after it are cut off before the next is written."""
        with self.path.open("ab") as file:
            file.write(damage + b"\n" + json.dumps(row).encode() + b"\n")
        self.resume()

    @precondition(lambda self: not self.journal and not self.torn)
    @rule(row=ROWS)
    def rewrite(self, row: dict[str, Any]) -> None:
        """Begin anew, as a trial without a checkpoint does."""
        self.journal = Journal(self.path, keep=0)
        self.journal.append(row)
        self.rows = [row]

    @invariant()
    def agrees(self) -> None:
        if hasattr(self, "path"):
            assert read_journal(self.path) == self.rows
            if self.journal:
                assert self.journal.length == len(self.rows)

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            if self.journal:
                self.journal.close()
            self.folder.cleanup()


TestJournal = JournalMachine.TestCase
TestJournal.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
