"""Where reports go: not among a study's own files, and in the place of those of before.

Version 0.1.0 kept no list of what it wrote (see `nasbench_harness.store.ownership`). Its folders
are told by what it wrote into them, so that they go on being replaced without a question; since no
content tells an edit, what is replaced there is kept as `NAME.before`.
"""

from __future__ import annotations

from pathlib import Path

from nasbench_harness.errors import HarnessError
from nasbench_harness.store.ownership import refuse_foreign
from nasbench_harness.store.studies import STUDY

PAGE, MARKDOWN, DOCUMENT = "index.html", "report.md", "main.tex"
FIRST_LINE = "% Everything that this folder has, at the size it is made for: pdflatex main.tex"
"""Of `main.tex`, in every version."""
_TITLE = "· nasbench-harness</title>".encode()
_DRAWN = b"Matplotlib"
_HEAD = 1 << 16


def is_report(folder: Path, name: str) -> bool:
    """Whether `folder` is a report without a list, and its file `name` of a kind it has."""
    return _TITLE in _head(folder / PAGE) and _is_ours(folder / name)


def is_paper(folder: Path, name: str) -> bool:
    """The same of what a paper needs."""
    return _head(folder / DOCUMENT).startswith(FIRST_LINE.encode()) and _is_ours(folder / name)


def _is_ours(path: Path) -> bool:
    """A picture says what drew it, and a table what it needs; other files go by their names."""
    if path.suffix in (".svg", ".png", ".pdf"):
        return _DRAWN in path.read_bytes()
    if path.suffix == ".tex" and path.name != DOCUMENT:
        return _head(path).startswith(b"% needs \\usepackage")
    return True


def _head(path: Path) -> bytes:
    if not path.is_file():
        return b""
    with path.open("rb") as file:
        return file.read(_HEAD)


def refuse_report(out: Path) -> None:
    """Refuse a folder that a report cannot go to, before it is written, which takes a while."""
    refuse_study(out)
    refuse_foreign(out, (PAGE, MARKDOWN), is_report)


def refuse_paper(out: Path) -> None:
    """The same of what a paper needs."""
    refuse_study(out)
    refuse_foreign(out, (DOCUMENT,), is_paper)


def refuse_study(out: Path) -> None:
    """A report among the files of a study would be taken for some of them."""
    place = out.resolve()
    if (place / STUDY).is_file():
        raise HarnessError(
            f"{out} is a study's folder, and a report has one of its own: choose {out / 'report'}"
            " or any other --out."
        )
    for study in place.parents:
        inside = place.relative_to(study).parts[0]
        if inside in ("trials", "tensorboard") and (study / STUDY).is_file():
            raise HarnessError(
                f"{out} lies among the {inside} of the study {study}; choose another --out."
            )
