"""Text with method names in it, and its escapes for HTML, Markdown and LaTeX.

Sentences are written once, with labels marked by `name`; each output renders them its own way.
Labels look like `unas[temperature=0.4,cost=params]` and may hold any character.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

from nasbench_harness.process.names import printable

_OPEN, _CLOSE = "\ue000", "\ue001"  # private use: in no label and no error message
_MARKED = re.compile(f"{_OPEN}(.*?){_CLOSE}", re.DOTALL)


def name(label: str) -> str:
    """Mark a label inside a sentence."""
    return f"{_OPEN}{_clean(label)}{_CLOSE}"


def plain(text: str) -> str:
    """The sentence as bare text."""
    return printable(_MARKED.sub(r"\1", text))


def html(text: str) -> str:
    """The sentence as HTML, names in `<code>`."""
    return _MARKED.sub(r"<code>\1</code>", escape(text))


def markdown(text: str) -> str:
    """The sentence as Markdown, names as code."""
    pieces = _MARKED.split(text)
    return "".join(
        markdown_code(piece) if i % 2 else _markdown_text(piece) for i, piece in enumerate(pieces)
    )


def markdown_code(text: str) -> str:
    """A code span that survives backticks inside."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    padding = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{padding}{' '.join(text.split())}{padding}{fence}"


def markdown_cell(text: str) -> str:
    """Finished Markdown inside a table, whose columns are parted by `|` even in code."""
    return text.replace("|", r"\|")


def latex(text: str) -> str:
    """The sentence as LaTeX, names in typewriter."""
    pieces = _MARKED.split(text)
    return "".join(
        rf"\texttt{{{_latex_text(piece)}}}" if i % 2 else _latex_text(piece)
        for i, piece in enumerate(pieces)
    )


def listing(items: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(items[:-1]), *items[-1:]]))


def names(labels: Iterable[str]) -> str:
    """Marked labels as a list in words."""
    return listing([name(label) for label in labels])


def count(number: int, noun: str) -> str:
    """`1 seed`, `3 seeds`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def ranges(numbers: Iterable[int]) -> str:
    """`0-4, 7`: whole numbers with runs drawn together."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][-1] + 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    return ", ".join("–".join(map(str, run)) for run in runs)


def clipped(label: str, width: int) -> str:
    """A label for a figure, in one line of at most `width` characters."""
    return label if len(label) <= width else f"{label[: width - 1]}…"


def shortened(label: str, width: int) -> str:
    """A label for a figure, in at most two lines, broken where it reads best."""
    if len(label) <= width:
        return label
    cut = label.rfind(",", 0, width) + 1 or label.find("[", 0, width)
    cut = cut if cut > 0 else width
    return f"{label[:cut]}\n{clipped(label[cut:], width)}"


def _clean(label: str) -> str:
    return printable(label).replace(_OPEN, "").replace(_CLOSE, "")


def _markdown_text(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>#~$])", r"\\\1", text)


_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "–": "--",
    "−": "$-$",
    "±": r"$\pm$",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "…": r"\dots{}",
    **{character: "\\" + character for character in "{}_#$%&"},
}


def _latex_text(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in text)
