"""YAML that people write: read as what it says, or refused with its place."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasbench_harness.fields.yaml_text import (
    MOST_BYTES,
    YAMLSyntaxError,
    YAMLTextError,
    load_yaml,
    read_yaml_file,
)


def load(text: str) -> Any:
    return load_yaml(text, "s.yaml")


def refused(text: str) -> str:
    with pytest.raises(YAMLTextError, match=r"^s\.yaml") as caught:
        load(text)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert len(sentence) < 400
    return sentence


# --- what is read ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("# nothing\n", None),
        ("a: 1\nb: [x, 0.5, null]\n", {"a": 1, "b": ["x", 0.5, None]}),
        ("a: 1\r\nb: 2\r\n", {"a": 1, "b": 2}),
        ("\ufeffa: 1\n", {"a": 1}),
        ("---\na: 1\n...\n", {"a": 1}),
        ("a: |\n  1\n  2\nb: >-\n  x\n  y\n", {"a": "1\n2\n", "b": "x y"}),
        ("a: '010'\nb: \"1:30\"\n", {"a": "010", "b": "1:30"}),
        ("a: !!str 010\nb: !!float 1\n", {"a": "010", "b": 1}),
        ("no: 1\nyes: 2\n", {"no": 1, "yes": 2}),
        ("a: 2024-01-01\n", {"a": "2024-01-01"}),
        ("x: &x {p: 1, q: 2}\ny:\n  <<: *x\n  q: 3\n",
         {"x": {"p": 1, "q": 2}, "y": {"p": 1, "q": 3}}),
        ("x: &x [1]\ny: *x\n", {"x": [1], "y": [1]}),
        ("'a': 1\n? b\n: 2\n", {"a": 1, "b": 2}),
    ],
)  # fmt: skip
def test_text(text: str, value: object) -> None:
    assert load(text) == value


# --- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", "`a` stands twice, in lines 1 and 3"),
        ("a: 1\n'a': 1\n", "`a` stands twice, in lines 1 and 2"),
        ("p:\n- q:\n    a: 1\n    a: 1\n", "`a` stands twice, in lines 3 and 4"),
        ("{a: 1, a: 2}", "`a` stands twice, in line 1, column 8"),
        ("<<: {a: 1}\n<<: {b: 1}\n", "`<<` stands twice"),
        ("1: x", "the key `1` in line 1, column 1 is no text"),
        ("null: x", "the key `null`"),
        ("? [a]\n: x", "the key in line 1, column 3 is no text"),
        ("b: 1\na: 010\n", r"line 2, column 4: `010` has leading zeros.*write `10`"),
        ("a: !!int '010'\n", "write `10`"),
        ("a: !!int x\n", "'x' is no `!!int`"),
        ("a: 1\n---\nb: 2\n", "holds several documents, the second from line 2 on"),
        ("a: !!python/name:os.system\n", r"tag `!!python/name:os.system` in line 1, column 4"),
        ("a: !foo x\n", "tag `!foo`"),
        ("a: !!set {x}\n", "tag `!!set`"),
        ("a: !!binary eA==\n", "tag `!!binary`"),
        ("a: &a [*a]\n", "the alias in line 1, column 4 contains itself"),
        ("a: *b\n", "undefined alias"),
        ("a:\n\tb: 1\n", r"tabs \(line 2, column 1\)"),
        ("a: b: c\n", r"not allowed here \(line 1, column 5\)"),
        ("a: [1\n", "line 2, column 1"),
        ("a: 1\nb: \x07\n", r"U\+0007 in line 2"),
        ("[" * 5000, "nested too deeply"),
    ],
)
def test_fault_is_told_with_its_place(text: str, words: str) -> None:
    assert re.search(words, refused(text))


@pytest.mark.parametrize("reference", ["[{}]", "{{<<: [{}]}}"])
def test_aliases_that_multiply_are_refused_at_once(reference: str) -> None:
    lines = ["a0: &a0 {x: 1}"]
    for level in range(1, 12):
        inner = ", ".join([f"*a{level - 1}"] * 10)
        lines.append(f"a{level}: &a{level} {reference.format(inner)}")
    assert "more than 100,000 values" in refused("\n".join(lines))


def test_text_that_is_no_yaml_is_told_apart() -> None:
    with pytest.raises(YAMLSyntaxError):
        load("[1")
    with pytest.raises(YAMLTextError) as caught:
        load("[010]")
    assert not isinstance(caught.value, YAMLSyntaxError)


@given(st.text() | st.text("ab:-[]{}&*!<|>'\"#%@ \n\t01,?", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    fault = ""
    try:
        load(text)
    except YAMLTextError as error:
        fault = str(error)
    assert not fault or fault.startswith("s.yaml")


# --- files -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("methods: unas".encode("utf-16"), "no UTF-8 text"),
        ("a: 1\nb: Größe".encode("latin-1"), r"no UTF-8 text \(line 2\)"),
        (b"a: " + b"x" * MOST_BYTES, "more than 1 MB"),
        (b"\0\0", r"U\+0000"),
    ],
)
def test_file_that_is_no_text_is_refused(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "study.yaml"
    path.write_bytes(data)
    with pytest.raises(YAMLTextError, match=words):
        read_yaml_file(path)


def test_byte_order_mark_of_a_file_is_no_part_of_it(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\n")
    assert read_yaml_file(path) == {"a": 1}
