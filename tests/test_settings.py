"""Hyper-parameters that explain themselves, and errors that name them."""

from __future__ import annotations

import re
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from nasbench_harness.settings import Settings, SettingsError, setting


class Knobs(Settings):
    """One setting of every kind."""

    rate: float = setting(0.1, "how fast", unit="points", gt=0, le=1)
    count: int = setting(4, "how many", ge=1)
    limit: float | None = setting(None, "where to stop; null: nowhere", ge=0, lt=9)
    flag: bool = setting(False, "whether at all")
    mode: Literal["slow", "fast"] = setting("slow", "which way")


def refused(**given: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        Knobs.build("toy", given)
    return str(caught.value)


# --- building ----------------------------------------------------------------------------------


def test_defaults() -> None:
    assert Knobs.build("toy").model_dump() == {
        "rate": 0.1, "count": 4, "limit": None, "flag": False, "mode": "slow",
    }  # fmt: skip


def test_later_layers_win() -> None:
    built = Knobs.build("toy", {"rate": 0.2, "count": 5}, {"rate": 0.3})
    assert (built.rate, built.count) == (0.3, 5)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Knobs.build("toy").rate = 0.5


def test_equal_settings_are_equal() -> None:
    assert Knobs.build("toy", {"rate": 0.1}) == Knobs.build("toy")


# --- errors ------------------------------------------------------------------------------------


def test_unknown_setting_gets_the_nearest_name() -> None:
    assert refused(raet=1) == (
        "`toy` has no setting `raet`. Did you mean `rate`? Known: rate, count, limit, flag, mode."
    )


def test_unknown_setting_without_a_near_name_lists_the_known() -> None:
    assert refused(qqq=1) == ("`toy` has no setting `qqq`. Known: rate, count, limit, flag, mode.")


def test_out_of_range_names_field_range_default_and_meaning() -> None:
    assert refused(rate=2) == (
        "`toy.rate` cannot be 2: expected a number > 0 and <= 1 (default 0.1; how fast)."
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"rate": 0}, "a number > 0 and <= 1"),
        ({"rate": "abc"}, "a number > 0 and <= 1"),
        ({"rate": None}, "a number > 0 and <= 1"),
        ({"rate": float("nan")}, "a number > 0 and <= 1"),
        ({"rate": [0.1]}, "a number > 0 and <= 1"),
        ({"count": 1.5}, "a whole number >= 1"),
        ({"count": 0}, "a whole number >= 1"),
        ({"limit": 9}, "a number >= 0 and < 9 or null"),
        ({"flag": "maybe"}, "true or false"),
        ({"mode": "sideways"}, "one of slow, fast"),
        ({"mode": 3}, "one of slow, fast"),
        ({"rate": True}, "a number > 0 and <= 1"),
        ({"rate": "nan"}, "a number > 0 and <= 1"),
        ({"rate": "0.1_0"}, "a number > 0 and <= 1"),
        ({"rate": 10**400}, "a number > 0 and <= 1"),
        ({"count": True}, "a whole number >= 1"),
        ({"count": "²"}, "a whole number >= 1"),
        ({"count": 2**63}, r"a whole number >= 1 (whole numbers go to 9223372036854775807)"),
        ({"flag": 2}, "true or false"),
        ({"mode": "no"}, "one of slow, fast"),
    ],
)
def test_wrong_value_names_what_is_allowed(given: dict[str, Any], expected: str) -> None:
    (name,) = given
    assert re.match(
        rf"`toy\.{name}` cannot be .*: expected {re.escape(expected)} \(", refused(**given)
    )


@pytest.mark.parametrize(
    ("word", "flag"), [("no", False), ("off", False), ("Yes", True), ("ON", True)]
)
def test_words_of_switches_are_flags_where_a_flag_is_declared(word: str, flag: bool) -> None:
    assert Knobs.build("toy", {"flag": word}).flag is flag


def test_number_in_quotes_is_a_number() -> None:
    assert Knobs.build("toy", {"rate": "0.5", "count": " 7 "}).rate == 0.5


def test_flag_among_the_words_of_a_setting_is_read_and_shown() -> None:
    class Switch(Settings):
        """A flag or a word."""

        when: Literal[True, False, "later"] = setting(True, "when")

    assert Switch.build("toy", {"when": "no"}).when is False
    with pytest.raises(SettingsError, match="expected one of true, false, later"):
        Switch.build("toy", {"when": "never"})


def test_flag_in_a_list_of_numbers_is_refused() -> None:
    class Several(Settings):
        """A list."""

        stages: list[int] = setting([1], "stages")

    with pytest.raises(SettingsError, match="a list, each a whole number"):
        Several.build("toy", {"stages": [True, 2]})


odd = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers())


@given(st.sampled_from(["rate", "count", "limit", "flag", "mode", "other"]), odd)
def test_any_value_is_taken_or_refused_in_our_words(name: str, value: object) -> None:
    fault = ""
    try:
        built = Knobs.build("toy", {name: value})
    except SettingsError as error:
        fault = str(error)
    else:
        assert Knobs.build("toy", built.model_dump()) == built
    foreign = ("Input should", "Value error", "pydantic", "type=", "value_error")
    assert not any(part in fault for part in foreign)


def test_every_fault_has_its_sentence() -> None:
    message = refused(rate=2, mode="sideways", qqq=1)
    assert all(part in message for part in ("`toy.rate`", "`toy.mode`", "no setting `qqq`"))


def test_error_is_one_line() -> None:
    assert "\n" not in refused(rate=2, mode="sideways", qqq=1)


# --- explaining --------------------------------------------------------------------------------


def test_explain_has_a_row_per_setting_in_order() -> None:
    assert [row["name"] for row in Knobs.explain()] == ["rate", "count", "limit", "flag", "mode"]


def test_explain_tells_default_unit_range_and_meaning() -> None:
    assert Knobs.explain()[0] == {
        "name": "rate",
        "default": 0.1,
        "unit": "points",
        "allowed": "a number > 0 and <= 1",
        "meaning": "how fast",
        "tag": "",
    }


@pytest.mark.parametrize(
    ("position", "allowed"),
    [
        (1, "a whole number >= 1"),
        (2, "a number >= 0 and < 9 or null"),
        (3, "true or false"),
        (4, "one of slow, fast"),
    ],
)
def test_explain_says_what_is_allowed(position: int, allowed: str) -> None:
    assert Knobs.explain()[position]["allowed"] == allowed


def test_explain_of_no_settings_is_empty() -> None:
    class Nothing(Settings):
        """None."""

    assert Nothing.explain() == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"limit": 9},
            "`toy.limit` cannot be 9: expected a number >= 0 and < 9 or null (default null; ",
        ),
        ({"flag": "maybe"}, "expected true or false (default false; "),
        ({"rate": None}, "`toy.rate` cannot be null: "),
    ],
)
def test_no_value_is_told_as_python_writes_it(given: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Knobs.build("toy", given)
    assert said in str(refused.value)
