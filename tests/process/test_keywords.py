"""What the command line says of options, as Python says it."""

from __future__ import annotations

import pytest

from nasbench_harness.errors import UnknownNameError
from nasbench_harness.process.keywords import as_keywords, in_keywords


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("try `--methods unas,drnas`.", 'try `methods="unas,drnas"`.'),
        ("give `--table NAME`, or", 'give `table="NAME"`, or'),
        ("choose another --out (only", "choose another `out` (only"),
        ("give it more --epochs, or", "give it more `epochs`, or"),
        ("leave --report-metric out", "leave `report_metric` out"),
        ("`--set unas.cost_ramp=...`", '`settings={"unas.cost_ramp": ...}`'),
        ("`--limit 3` leaves", "`limit=3` leaves"),
        ("add `--no-random`", "add `random=False`"),
        ("`nasharness run --seeds 3` goes on", "`nasharness run --seeds 3` goes on"),
        ("a well-known -- dash", "a well-known -- dash"),
    ],
)
def test_options_become_keywords(told: str, said: str) -> None:
    assert as_keywords(told) == said


def test_errors_keep_their_kind() -> None:
    with pytest.raises(UnknownNameError, match="try `seeds`"), in_keywords():
        raise UnknownNameError("thing", "x", ["y"], "try `--seeds`")
