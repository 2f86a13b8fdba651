"""Does what brings data keep the contract of `DataSource`."""

from __future__ import annotations

from nasbench_harness.contracts import DataSource, bibtex_entries
from nasbench_harness.errors import HarnessError


def check_data(source: DataSource) -> None:
    """Does what brings a benchmark or images keep the contract of `DataSource`.

    It names itself and how it gets here, its BibTeX is BibTeX, it knows whether it is there; what
    is there verifies, and what is not says so in a sentence.
    """
    for member in ("name", "what", "how"):
        text = getattr(source, member)
        assert isinstance(text, str), f"{member} must be a text"
        assert text, f"{member} must say something"
    assert len(set(source.tables)) == len(source.tables), "a table is brought once"
    assert source.size >= 0, "size is a number of bytes"
    for entry in bibtex_entries(source.citation):
        assert entry.startswith("@"), "entries of citation are apart by an empty line"
        assert entry.count("{") == entry.count("}") > 0, "braces of citation must be closed"
    installed = source.is_installed()
    assert isinstance(installed, bool), "is_installed answers True or False"
    if installed:
        assert all(isinstance(name, str) for name in source.facts()), "facts have names"
        _check_facts(source)
    else:
        _check_refusal(source)


def _check_facts(source: DataSource) -> None:
    checks = source.verify()
    assert checks, "verify must check something"
    for fact, holds in checks:
        assert isinstance(fact, str), "a fact is told in words"
        assert holds is True, f"what is installed must verify: {fact}"


def _check_refusal(source: DataSource) -> None:
    try:
        source.verify()
    except HarnessError:
        return
    raise AssertionError("verify must raise a HarnessError where nothing is installed")
