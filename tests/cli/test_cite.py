"""`nasharness cite`: BibTeX of all that studies used."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nasbench_harness import registry
from nasbench_harness.contracts import bibtex_entries

Run = Callable[..., subprocess.CompletedProcess[str]]
GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "0.1.0"
ENTRY = re.compile(r"@(\w+)\{(\w+),\n((?:  .*\n)+)\}")


def keys(text: str) -> list[str]:
    return re.findall(r"^@\w+\{(\w+),", text, re.MULTILINE)


def test_study_on_a_table(nasharness: Run) -> None:
    told = nasharness("cite", str(GOLDEN / "landscape")).stdout
    assert keys(told) == [
        "nasbench_harness", "liu2019darts", "chen2021drnas", "vahdat2020unas", "li2019random",
        "dong2020nasbench201", "analognasbench",
    ]  # fmt: skip
    assert "version 0.1.0" in told
    assert "%" not in told


def test_study_on_images(nasharness: Run) -> None:
    told = nasharness("cite", str(GOLDEN / "supernet")).stdout
    assert {"hong2019edas", "alpaydin1998digits", "dong2020nasbench201"} < set(keys(told))


def test_several_studies_have_each_entry_once(nasharness: Run) -> None:
    folders = [str(GOLDEN / name) for name in ("landscape", "supernet", "landscape")]
    told = json.loads(nasharness("cite", *folders, "--json").stdout)
    assert told["without"] == []
    assert len(told["bibtex"]) == len(set(told["bibtex"])) == 9
    assert keys("\n".join(told["bibtex"])).count("liu2019darts") == 1


def changed(folder: Path, **values: Any) -> Path:
    """A copy of a study of 0.1.0 whose first trial says otherwise."""
    study = json.loads((GOLDEN / "supernet" / "study.json").read_text())
    study["trials"][0] |= values
    folder.mkdir()
    (folder / "study.json").write_text(json.dumps(study))
    return folder


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"method": "gone"}, "% method gone: is not installed here"),
        ({"space": "gone"}, "% space gone: is not installed here"),
        ({"table": "gone"}, "% table gone: is not installed here"),
        ({"images": "gone"}, "% images gone: is not installed here"),
        ({"images": "folder:/home/me/cats"}, "% images folder:cats: names nothing to cite"),
    ],
)
def test_what_has_no_entry_is_named_in_a_comment(
    nasharness: Run, tmp_path: Path, values: dict[str, Any], line: str
) -> None:
    told = nasharness("cite", str(changed(tmp_path / "s", **values))).stdout
    assert [one for one in told.splitlines() if one.startswith("%")] == [line]
    assert keys(told)[0] == "nasbench_harness"


def test_folder_that_holds_no_study(nasharness: Run, tmp_path: Path) -> None:
    assert "no study" in " ".join(nasharness("cite", str(tmp_path), code=2).stderr.split())


def everything_cited() -> dict[str, str]:
    """The citation of every built-in method, space, proxy and data source."""
    kinds: dict[str, tuple[list[str], Callable[[str], Any]]] = {
        "method": (registry.setups.names(), registry.open_setup),
        "space": (registry.spaces.names(), registry.open_space),
        "proxy": (registry.proxies.names(), registry.open_proxy),
        "data": (registry.data.names(), registry.open_data),
    }
    return {
        f"{kind} {name}": opened(name).citation
        for kind, (names, opened) in kinds.items()
        for name in names
    }


def test_every_built_in_thing_has_entries_that_parse() -> None:
    seen: dict[str, str] = {}
    for name, bibtex in everything_cited().items():
        assert bibtex_entries(bibtex), name
        for entry in bibtex_entries(bibtex):
            found = ENTRY.fullmatch(entry)
            assert found, (name, entry)
            assert entry.count("{") == entry.count("}")
            assert "  title = {" in found[3]
            assert seen.setdefault(found[2], entry) == entry, "one key, one entry"


def test_authors_have_their_names() -> None:
    """`Hong and Ahn` and `Zhang and others` were such as had not been looked up."""
    for name, bibtex in everything_cited().items():
        if not name.startswith(("method ", "proxy ")):
            continue
        for authors in re.findall(r"author = \{(.*?)\},?\n  \w+ =", bibtex, re.DOTALL):
            people = " ".join(authors.split()).split(" and ")
            assert all(re.fullmatch(r"[^,]+, \S.*", person) for person in people), (name, authors)


def test_accents_keep_their_backslash() -> None:
    told = "".join(everything_cited().values())
    assert r"Lu{\'i}s" in told
    assert r"{\L}ukasz" in told


def test_a_method_is_its_own_set_up_s_citation() -> None:
    """Found without torch and with it, what is cited is the same."""
    for name in registry.methods.names():
        method: Any = registry.methods.load(name)
        setup: Any = registry.open_setup(name)
        assert method.citation == setup.citation
