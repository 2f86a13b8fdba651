"""One setting is one setting, however it is spelled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from nasbench_harness.study.canonical import (
    canonical_label,
    canonical_network,
    canonical_settings,
    find_label,
)
from nasbench_harness.study.choice import MethodChoice
from nasbench_harness.study.config import StudyConfig, settled
from nasbench_harness.study.naming import study_name
from nasbench_harness.study.notation import ConfigError, parse_methods
from nasbench_harness.study.spec import TrialSpec

Planned = Callable[..., list[TrialSpec]]
ONE = "unas[temperature=1.0]"
SPELLINGS = ["1", "1.0", "1e0", "'1'", "+1.0", "1.00"]


@pytest.mark.parametrize("value", SPELLINGS)
def test_a_number_has_one_label(value: str) -> None:
    (choice,) = parse_methods(f"unas[temperature={value}]")
    assert MethodChoice(**choice).label == ONE
    assert canonical_label(f"unas[temperature={value}]") == ONE


@pytest.mark.parametrize("value", ["true", "True", "yes", "1", "'true'"])
def test_a_flag_has_one_label(value: str) -> None:
    label = canonical_label(f"darts[arch_before_weight={value}]")
    assert label == "darts[arch_before_weight=true]"


@pytest.mark.parametrize("value", ["[5,3]", "[5, 3]", "[5.0,3]", "['5','3']"])
def test_a_list_has_one_label(value: str) -> None:
    assert canonical_label(f"drnas[kept_options={value}]") == "drnas[kept_options=[5, 3]]"


def test_a_wrong_value_does_not_keep_the_others_from_their_spelling() -> None:
    given = {"temperature": 1, "learning_rate": "fast", "nonsense": 1}
    assert canonical_settings("unas", given) == {**given, "temperature": 1.0}
    assert type(canonical_settings("unas", given)["temperature"]) is float


@pytest.mark.parametrize("label", ["nobody[temperature=1]", "unas[temperature", "unas]1[", "[x=1]"])
def test_what_is_no_label_of_an_installed_method_stays(label: str) -> None:
    assert canonical_label(label) == label


def test_the_recipe_of_a_method_is_kept() -> None:
    assert canonical_label("drnas[recipe=nb201]") == "drnas[recipe=nb201]"


def test_a_supernet_is_spelled_once_too() -> None:
    assert canonical_network({"width": 8.0, "learning_rate": 1}) == {
        "width": 8, "learning_rate": 1.0,
    }  # fmt: skip


@pytest.mark.parametrize("value", SPELLINGS)
def test_name_label_and_fingerprint_agree(
    configured: Callable[..., StudyConfig], planned: Planned, value: str
) -> None:
    first, second = (f"unas[temperature={one}]" for one in ("1", value))
    assert study_name(configured(first)) == study_name(configured(second))
    assert settled(configured(first)) == settled(configured(second))
    assert study_name(configured(first)) == study_name(
        configured("unas", f"unas.temperature={value}")
    )
    (one, *_), (other, *_) = planned(first, seeds=1), planned(second, seeds=1)
    assert (
        (one.label, one.fingerprint) == (other.label, other.fingerprint) == (ONE, one.fingerprint)
    )


def test_two_spellings_in_one_study_are_refused_by_their_label(planned: Planned) -> None:
    with pytest.raises(ConfigError, match=r"`unas\[temperature=1\.0\]` is given twice"):
        planned("unas[temperature=1],unas[temperature=1e0]")


# --- finding a label ---------------------------------------------------------------------------


@pytest.mark.parametrize("stored", ["unas[temperature=1]", ONE, "unas[temperature=1e0]"])
@pytest.mark.parametrize("asked", ["unas[temperature=1]", ONE])
def test_a_label_is_found_however_it_was_stored(stored: str, asked: str) -> None:
    assert find_label(asked, ["drnas", stored]) == stored


def test_settings_may_come_in_any_order() -> None:
    stored = "unas[cost=params,temperature=1.0]"
    assert find_label("unas[temperature=1,cost=params]", [stored]) == stored


def test_the_recipes_own_value_is_no_other_setting(planned: Planned) -> None:
    specs = planned("unas,unas[cost=params]", seeds=1)
    labels = [spec.label for spec in specs]
    assert find_label("unas[temperature=0.4]", labels, specs) == "unas"
    assert find_label("unas[cost=params,temperature=0.4]", labels, specs) == labels[1]
    assert find_label("unas[temperature=0.5]", labels, specs) is None


def test_the_plain_method_is_not_taken_for_a_changed_one(planned: Planned) -> None:
    specs = planned("unas[cost=params]", seeds=1, random=False)
    assert find_label("unas", [spec.label for spec in specs], specs) is None


def test_a_strange_label_is_found_as_it_is(planned: Planned) -> None:
    (spec, *_) = planned("unas", seeds=1)
    odd: dict[str, Any] = {"note": "a]b[c"}
    label = replace(spec, overrides=odd).label
    assert find_label(label, [label]) == label
