"""Addresses, and what is shown of them."""

from __future__ import annotations

import pytest

from nasbench_harness.remote.places import is_address, without_password


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("s3://bucket/few", True),
        ("simplecache::s3://bucket/few", True),
        ("runs/few", False),
        ("/runs/a::b", False),
        ("C:\\runs", False),
        ("", False),
    ],
)
def test_addresses_are_told_from_paths(text: str, address: bool) -> None:
    assert is_address(text) is address


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("sftp://me:secret@host/few", "sftp://host/few"),
        ("s3://bucket/few", "s3://bucket/few"),
        ("http://[bad/few", "http://[bad/few"),
    ],
)
def test_passwords_are_not_shown(text: str, shown: str) -> None:
    assert without_password(text) == shown
