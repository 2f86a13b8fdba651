"""What one written word means, and what has two readings."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasbench_harness.fields.scalars import (
    AmbiguousScalarError,
    read_number,
    read_scalar,
    said,
    shown,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None), ("~", None), ("null", None), ("NULL", None), ("none", "none"),
        ("true", True), ("FALSE", False), ("yes", "yes"), ("no", "no"), ("off", "off"),
        ("0", 0), ("-0", 0), ("10", 10), ("+5", 5), ("0x1F", 31), ("0o17", 15), ("0xg", "0xg"),
        ("1.5", 1.5), (".5", 0.5), ("1.", 1.0), ("1e3", 1000.0), ("-1.5E-3", -0.0015),
        ("010.5", 10.5), ("1_000", 1000), ("-12_345_678", -12345678), ("1_000.5", 1000.5),
        (".inf", math.inf), ("-.Inf", -math.inf), ("inf", "inf"), ("infinity", "infinity"),
        ("2024-01-01", "2024-01-01"), ("1-3", "1-3"), ("3,7", "3,7"), ("cuda:1", "cuda:1"),
        ("latency:pixel3", "latency:pixel3"), ("1e", "1e"), ("_1", "_1"), ("007bond", "007bond"),
        ("Größe", "Größe"),
    ],
)  # fmt: skip
def test_word(text: str, value: object) -> None:
    found = read_scalar(text)
    assert found == value
    assert type(found) is type(value)


def test_word_for_no_number_is_none() -> None:
    assert math.isnan(read_scalar(".nan"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("010", "`10`"), ("00", "`0`"), ("08", "`8`"), ("-010", "`-10`"), ("0_1", "`1`"),
        ("1:30", "decimal"), ("1:30:00.5", "decimal"), ("0b101", "decimal"),
        ("1_0", "`10`"), ("1__000", "`1000`"), ("1_", "`1`"), ("1_0.5", "`10.5`"),
        ("３", "`3`"), ("²", "`2`"), ("1０", "`10`"), ("٣", "`3`"), ("−5", "`-5`"),
        ("1e−3", "`1e-3`"), ("9" * 5000, "too large"),
    ],
)  # fmt: skip
def test_word_with_two_readings_is_refused_with_what_to_write(text: str, instead: str) -> None:
    with pytest.raises(AmbiguousScalarError, match=instead) as caught:
        read_scalar(text)
    assert len(str(caught.value)) < 200


@given(st.text() | st.text("0123456789_.:-+eExob ", max_size=12))
def test_any_word_is_read_or_refused(text: str) -> None:
    try:
        value = read_scalar(text)
    except AmbiguousScalarError:
        return
    if isinstance(value, int) and not isinstance(value, bool) and "x" not in text:
        assert "o" in text or value == int(text)  # the number that people read


@given(st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False))
def test_number_as_python_writes_it_is_that_number(number: float) -> None:
    assert read_scalar(repr(number)) == number
    assert read_number(repr(number)) == float(number)


@pytest.mark.parametrize("text", ["", "nan", "inf", "-inf", "1_0", "²", "３", "0x10", "1e999", "a"])
def test_what_is_no_finite_decimal_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no decimal number"):
        read_number(text)


@pytest.mark.parametrize(
    "value",
    [10**5000, "a" * 10**6, [[[[[1]]]]] * 10**4, {"a": "b" * 10**6}],
    ids=["whole number", "text", "list", "mapping"],
)
def test_value_is_shown_shortly(value: object) -> None:
    assert len(shown(value)) < 300


def test_short_value_is_shown_as_it_is() -> None:
    assert shown("many") == "'many'"
    assert shown(1.5) == "1.5"


@pytest.mark.parametrize(
    ("value", "short", "word"),
    [
        (None, "null", "nothing"),
        (True, "true", "true"),
        (False, "false", "false"),
        (0, "0", "0"),
        ({}, "{}", "nothing"),
        ({"width": None, "flip": True}, None, "{width: nothing, flip: true}"),
        (["params", "flops"], None, "params,flops"),
        ("cifar10", "'cifar10'", "cifar10"),
    ],
)
def test_nothing_is_told_as_python_writes_it(value: object, short: str | None, word: str) -> None:
    assert short is None or shown(value) == short
    assert said(value) == word
