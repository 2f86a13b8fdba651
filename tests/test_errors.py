"""Errors a user can cause: one sentence, the nearest name, the exit code."""

from __future__ import annotations

import pytest

from nasbench_harness.errors import (
    ExitCode,
    HarnessError,
    InvalidArchitectureError,
    UnknownNameError,
    nearest,
    os_sentence,
    reason,
)


def test_exit_codes_are_those_scripts_rely_on() -> None:
    assert [(code.name, int(code)) for code in ExitCode] == [
        ("DONE", 0),
        ("CHECK_FAILED", 1),
        ("USAGE", 2),
        ("INCOMPLETE", 3),
        ("INCONCLUSIVE", 4),
        ("UNEXPECTED", 70),
    ]


def test_an_error_is_wrong_usage_unless_it_says_otherwise() -> None:
    assert HarnessError("x").exit_code is ExitCode.USAGE


@pytest.mark.parametrize(
    ("name", "found"),
    [("drnass", "drnas"), ("DRNAS", "drnas"), ("unnas", "unas"), ("zzz", None), ("", None)],
)
def test_nearest(name: str, found: str | None) -> None:
    assert nearest(name, ["darts", "drnas", "unas"]) == found


def test_nearest_keeps_the_known_spelling() -> None:
    assert nearest("resnet", ["ResNet", "VGG"]) == "ResNet"


def test_nearest_of_nothing_known_is_none() -> None:
    assert nearest("x", []) is None


def test_unknown_name_lists_the_known_in_order() -> None:
    error = UnknownNameError("fruit", "qqq", ["pear", "apple"])
    assert str(error) == "There is no fruit called `qqq`. Known: apple, pear."


def test_unknown_name_suggests() -> None:
    error = UnknownNameError("fruit", "peer", ["pear", "apple"])
    assert "Did you mean `pear`?" in str(error)


def test_unknown_name_among_none() -> None:
    assert "There is none at all." in str(UnknownNameError("fruit", "pear", []))


def test_invalid_architecture_points_at_the_spot() -> None:
    error = InvalidArchitectureError("abcdef", 2, "No `c` here.")
    assert str(error) == "No `c` here.\n  abcdef\n    ^"
    assert error.position == 2


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError("AF_UNIX path too long"), "AF_UNIX path too long."),
        (OSError(), "OSError."),
        (OSError(28, "No space left on device"), "No space left on device."),
        (PermissionError(13, "Permission denied", "/a"), "Permission denied: /a."),
        (PermissionError(13, "Permission denied", b"/caf\xe9"), "Permission denied: /caf\udce9."),
        (OSError(18, "Cross-device link", "/a", None, "/b"), "Cross-device link: /a -> /b."),
        (OSError(9, "Bad file descriptor", 3), "Bad file descriptor."),
        (TimeoutError(), "TimeoutError."),
    ],
)
def test_the_system_s_refusals_are_sentences(error: OSError, sentence: str) -> None:
    assert os_sentence(error) == sentence


@pytest.mark.parametrize("error", [OSError(), OSError("x"), OSError(2, "y"), KeyError()])
def test_a_reason_is_never_none(error: Exception) -> None:
    assert reason(error)
    assert "None" not in reason(error)
