"""`nasharness score`, and `list proxies`."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

import pytest

from nasbench_harness import registry

Run = Callable[..., subprocess.CompletedProcess[str]]
SMALL = ("--width", "4", "--cells", "1", "--batch-size", "8", "--device", "cpu", "--threads", "1")
NONE = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"


def test_every_proxy_scores_by_itself_and_among_others(nasharness: Run) -> None:
    (row,) = json.loads(nasharness("score", "9930", *SMALL, "--json").stdout)
    assert set(row) == {"architecture", *registry.proxies.names()}
    asked = nasharness("score", "9930", "1462", *SMALL, "--proxy", "nwot,params", "--json")
    first, _ = json.loads(asked.stdout)
    assert first == {name: row[name] for name in ("architecture", "nwot", "params")}
    other = nasharness("score", "9930", *SMALL, "--proxy", "nwot", "--seed", "1", "--json")
    assert json.loads(other.stdout)[0]["nwot"] != row["nwot"]


def test_what_has_no_number_is_told_in_a_sentence(nasharness: Run) -> None:
    done = nasharness("score", "1651", "9930", *SMALL, "--proxy", "jacov,synflow,params")
    told = " ".join(done.stderr.split())
    assert f"No finite value of `jacov`, `synflow` for 1 of 2 architectures, such as `{NONE}`:" in (
        told
    )
    assert "nan" in done.stdout
    assert "width 4, cells 1, 8 images of digits, seed 0" in " ".join(done.stdout.split())
    done = nasharness("score", "1651", *SMALL, "--proxy", "jacov", "--json")
    assert json.loads(done.stdout) == [{"architecture": NONE, "jacov": None}]


def test_another_space_is_scored(nasharness: Run) -> None:
    words = ("--space", "nbmacro", "--width", "2", "--proxy", "zen,synflow", "--batch-size", "4")
    (row,) = json.loads(nasharness("score", "22212220", *words, "--json").stdout)
    assert row["zen"] > 0
    assert row["synflow"] > 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["9930", "--proxy", "synflw"], "no proxy called `synflw`. Did you mean `synflow`?"),
        (["9930", "--batch-size", "1"], "choose --batch-size from 2 to"),
        (["9930", "--batch-size", "99999"], "A batch of 99999 cannot be taken from"),
        (["0", "--space", "mnasnet"], "builds no networks"),
        (["9930", "--dataset", "nothing"], "nothing"),
    ],
)
def test_what_cannot_be_scored_is_refused(nasharness: Run, words: list[str], said: str) -> None:
    refused = nasharness("score", *words, code=2)
    assert said in " ".join(refused.stderr.split())


def test_proxies_are_listed(nasharness: Run) -> None:
    rows = json.loads(nasharness("list", "proxies", "--json").stdout)
    assert [row["name"] for row in rows] == registry.proxies.names()
    assert all(len(row["summary"]) > 20 for row in rows)
