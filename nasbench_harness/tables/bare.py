"""A table whose package says nothing of its files: what can be told of it all the same."""

from __future__ import annotations

from nasbench_harness import registry
from nasbench_harness.contracts import DataSource, PlainData
from nasbench_harness.errors import HarnessError, UnknownNameError
from nasbench_harness.tables.library import verify_columns


class BareTable(PlainData):
    """A `DataSource` made of a table alone."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.tables = (name,)

    @property
    def what(self) -> str:
        """The table by its name."""
        return f"the table `{self.name}`"

    @property
    def how(self) -> str:
        """The distribution that brings it."""
        return f"`pip install {registry.tables.origin(self.name).partition(' ')[0]}`"

    @property
    def citation(self) -> str:
        """What the table names itself (see `Citable`)."""
        return str(getattr(registry.open_table(self.name), "citation", ""))

    def is_installed(self) -> bool:
        """Can it be opened."""
        try:
            registry.open_table(self.name)
        except HarnessError:
            return False
        return True

    def verify(self) -> list[tuple[str, bool]]:
        """Read every column, which checks it where the table knows its sum."""
        verify_columns(registry.open_table(self.name))
        return [("every column can be read", True)]


def data_names() -> list[str]:
    """What `nasharness data verify` and `cite` know: data by their name, and tables by theirs."""
    return list(dict.fromkeys([*registry.data.names(), *registry.tables.names()]))


def find_data(name: str) -> DataSource:
    """Data by their own name or by that of a table they bring; UnknownNameError for others."""
    if name in registry.data.names():
        return registry.open_data(name)
    if name in registry.tables.names():
        return registry.data_of(name) or BareTable(name)
    raise UnknownNameError("table or set of images", name, data_names())
