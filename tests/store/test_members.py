"""Objects that are read member by member are those that are read at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nasbench_harness.store.files import read_json, write_json
from nasbench_harness.store.members import members_of, read_members, with_member

CONTENT: dict[str, Any] = {
    "config": {"seeds": [1, 2], "name": 'ü "q" \\ \n'},
    "none": None,
    "trials": [{"seed": 1, "of": {"a": [1]}}, {"seed": 2}],
    "empty": [],
    "numbers": [1.5, -2, True],
    "facts": {},
}


def whole(name: str, element: Any) -> Any:
    del name
    return element


def _seed(name: str, element: Any) -> Any:
    return element["seed"] if name == "trials" else 0


@pytest.mark.parametrize("indent", [None, 2, "\t"])
def test_the_object_is_the_same(indent: int | str | None) -> None:
    text = f"\n {json.dumps(CONTENT, indent=indent)} \n"
    assert members_of(text, whole) == CONTENT


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "o.json").write_text(json.dumps(CONTENT), encoding="utf-8-sig")
    assert read_members(tmp_path / "o.json", whole) == CONTENT


def test_of_lists_there_is_what_is_kept() -> None:
    found = members_of(
        json.dumps(CONTENT), lambda name, one: one["seed"] if name == "trials" else 0
    )
    assert found == {**CONTENT, "trials": [1, 2], "numbers": [0, 0, 0]}


def test_of_a_name_that_stands_twice_the_last_counts() -> None:
    assert members_of('{"a": [1], "a": [2]}', whole) == {"a": [2]}


@pytest.mark.parametrize(
    "text",
    ["", "[1]", "{", '{"a"}', '{"a": }', '{"a": 1,}', '{"a": [1,]}', '{"a": [1 2]}', '{"a": [1',
     '{"a": 1} x', '{1: 2}', '{"a": 1 "b": 2}', '{"a": ' + "[" * 10**5],
)  # fmt: skip
def test_damage_is_an_error_of_values(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        members_of(text, whole)


@pytest.mark.parametrize("content", [{}, {"trials": [1]}, CONTENT, {"looks": [], **CONTENT}])
def test_a_new_value_is_written_as_all_of_it_would_be(
    tmp_path: Path, content: dict[str, Any]
) -> None:
    looks = [{"results": "a", "time": "t"}, {"results": "b"}]
    path = tmp_path / "o.json"
    write_json(path, content)
    changed = with_member(path.read_text(), "looks", looks)
    write_json(path, {**content, "looks": looks})
    if content:
        assert changed == path.read_text()
    assert json.loads(changed) == read_json(path)
