"""A study in a real notebook: one line tells how far it is, without a widget or a warning."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from nasbench_harness.watch.notebook import in_notebook

nbclient = pytest.importorskip("nbclient", reason="the package nbclient is not installed")
pytest.importorskip("ipykernel", reason="the package ipykernel is not installed")


def executed(folder: Path, monkeypatch: pytest.MonkeyPatch, *cells: str) -> list[list[Any]]:
    """What the cells of a notebook leave, each in one list."""
    from nbformat.v4 import new_code_cell, new_notebook

    kernel = folder / "jupyter" / "kernels" / "here"
    kernel.mkdir(parents=True)
    words = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    facts = {"argv": words, "display_name": "here", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(facts))
    monkeypatch.setenv("JUPYTER_PATH", str(folder / "jupyter"))
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    client = nbclient.NotebookClient(
        notebook, kernel_name="here", timeout=180, resources={"metadata": {"path": str(folder)}}
    )
    client.execute()
    return [cell.outputs for cell in notebook.cells]


def test_a_line_tells_how_far_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = "nh.run('rea', seeds=2, steps=20, jobs=1, out='s')"
    first, again = executed(
        tmp_path, monkeypatch, f"import nasbench_harness as nh\nstudy = {run}", f"study = {run}"
    )
    assert [output.output_type for output in first] == ["display_data"]
    assert first[0].data == {"text/plain": "s: 100%, 4 of 4 trials ended"}
    assert again[0].data == {"text/plain": "s: every trial is done."}


def test_this_is_no_notebook() -> None:
    assert not in_notebook()
