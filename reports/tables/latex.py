"""A table as a LaTeX `tabular` with the rules of booktabs."""

from __future__ import annotations

from nasbench_harness.reports.tables.printed import PrintedColumn, PrintedTable
from nasbench_harness.reports.words.marked import latex


def latex_table(table: PrintedTable, about: str) -> str:
    """The table as a `tabular` with rules of the booktabs package; `about` is a comment in it."""
    rows = [
        " & ".join(_one_line(text) for text in (head, *texts))
        for head, (_, texts) in zip(table.heads, table.cells, strict=True)
    ]
    head = " & ".join(["Method", *(latex(column.heading) for column in table.columns)])
    units = " & ".join(["", *(latex(column.unit) for column in table.columns)])
    lines = [
        f"% needs \\usepackage{{{_packages(table)}}}",
        "% " + " ".join(latex(about).split()),
        f"\\begin{{tabular}}{{l{''.join(_latex_column(column) for column in table.columns)}}}",
        "\\toprule",
        f"{head} \\\\",
        f"{units} \\\\",
        "\\midrule",
        *(f"{row} \\\\" for row in rows),
        "\\bottomrule",
        "\\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def _one_line(text: str) -> str:
    return " ".join(latex(text).split())


def _packages(table: PrintedTable) -> str:
    return "array,booktabs" if any(column.words for column in table.columns) else "booktabs"


def _latex_column(column: PrintedColumn) -> str:
    return rf">{{\raggedright\arraybackslash}}p{{{column.inches}in}}" if column.words else "r"
