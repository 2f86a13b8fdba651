"""Whether a file of JUnit XML is a check's own, with nothing else in it."""

from __future__ import annotations

from xml.etree import ElementTree as ET

NAME = "nasharness check"
_CASE = {"classname", "name", "time"}


def is_junit(content: bytes) -> bool:
    """One suite, ours, with as many cases as it says, laid out as we lay it out."""
    try:
        text = content.decode()
        root = ET.fromstring(content)
    except (UnicodeDecodeError, ET.ParseError, ValueError):
        return False
    if root.tag != "testsuites" or root.get("name") != NAME or len(root) != 1:
        return False
    suite = root[0]
    cases = list(suite)
    return (
        suite.tag == "testsuite"
        and suite.attrib == root.attrib
        and suite.get("tests") == str(len(cases))
        and all(case.tag == "testcase" and {*case.attrib} == _CASE for case in cases)
        and all(case.get("time") == "0" for case in cases)
        and _lines(written(root)) == _lines(text)
    )


def written(root: ET.Element) -> str:
    """The file's text."""
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, "unicode") + "\n"


def _lines(text: str) -> str:
    """XML knows one kind of line ends only."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
