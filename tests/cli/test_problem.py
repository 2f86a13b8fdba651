"""`nasharness show problem`."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_one_problem_is_told_with_what_each_number_means(nasharness: Run) -> None:
    shown = nasharness("show", "problem", "nbmacro").stdout
    assert "nbmacro/cifar10: column cifar10_test_50ep of table `nbmacro`" in shown
    assert "6,561" in shown
    assert "where a local search stops" in " ".join(shown.split())


def test_several_stand_side_by_side(nasharness: Run) -> None:
    words = ["show", "problem", "nb201/cifar10", "nbmacro/cifar10"]
    told = json.loads(nasharness(*words, "--json").stdout)
    assert [facts["problem"] for facts in told] == words[2:]
    assert [facts["size"] for facts in told] == [15_625, 6561]
    assert told[1]["ascent_rank"] == 3
    shown = nasharness(*words).stdout
    assert "local maxima" in shown
    assert all(name in shown for name in words[2:])


def test_what_has_no_landscape_is_said(nasharness: Run) -> None:
    cases = {
        ("nbmacroo",): "Did you mean `nbmacro`",
        ("nbmacro/cifar100",): "cifar10",
        ("nbmacro", "--table", "analog"): "Table `analog` is about `nb201`, not `nbmacro`.",
        ("nbmacro", "--table", "none"): "no complete table of `nbmacro`",
    }
    for words, said in cases.items():
        assert said in " ".join(nasharness("show", "problem", *words, code=2).stderr.split())
