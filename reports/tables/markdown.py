"""A table in GitHub's Markdown."""

from __future__ import annotations

from nasbench_harness.reports.tables.printed import PrintedTable
from nasbench_harness.reports.words.marked import markdown, markdown_cell


def markdown_table(table: PrintedTable) -> str:
    """The table in GitHub's Markdown."""
    rules = [":--" if column.words else "--:" for column in table.columns]
    lines = [["Method", *table.headings], [":--", *rules]]
    for head, (_, texts) in zip(table.heads, table.cells, strict=True):
        cells = [
            markdown_cell(markdown(text)) if column.words else text
            for column, text in zip(table.columns, texts, strict=True)
        ]
        lines.append([markdown_cell(markdown(head)), *cells])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
