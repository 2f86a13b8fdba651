"""YAML that people write: read as what it says, or refused with its place.

One loader for study files and for lists on the command line. Words have the meaning of YAML 1.2
(see `scalars`); a key stands once; tags make no objects; anchors, aliases and `<<` work, as long as
they do not multiply.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import SafeConstructor

from nasbench_harness.errors import HarnessError, reason
from nasbench_harness.fields.scalars import AmbiguousScalarError, read_scalar, shown

MOST_BYTES = 1 << 20
MOST_VALUES = 100_000
"""Of a file, with all aliases written out."""

_CORE = "tag:yaml.org,2002:"
_PLAIN, _MERGE = f"{_CORE}plain", f"{_CORE}merge"
_KINDS: dict[str, type | tuple[type, ...]] = {
    f"{_CORE}null": type(None),
    f"{_CORE}bool": bool,
    f"{_CORE}int": int,
    f"{_CORE}float": (int, float),
}
_IN_QUOTES = ", or put it in quotes if it is text"


class YAMLTextError(HarnessError):
    """A text that is no YAML, or that does not say one thing."""


class YAMLSyntaxError(YAMLTextError):
    """A text that is no YAML."""


def read_yaml_file(path: Path) -> Any:
    """What a YAML file holds; YAMLTextError if it cannot be read, with the place."""
    name = f"The config {path}"
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise YAMLTextError(f"{name} cannot be read ({reason(error)}).") from error
    if len(data) > MOST_BYTES:
        raise YAMLTextError(f"{name} has more than {MOST_BYTES >> 20} MB and is no study file.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise YAMLTextError(
            f"{name} is no UTF-8 text (line {line}); save it with that encoding."
        ) from error
    return load_yaml(text, name)


def line_of(path: Path, key: str) -> int | None:
    """The line on which a YAML file, which can be read, has a key of its own; None without it."""
    node = yaml.compose(path.read_text(encoding="utf-8-sig"), yaml.SafeLoader)
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((k.start_mark.line + 1 for k, _ in pairs if k.value == key), None)


@dataclass(frozen=True)
class Marked:
    """A value that stood behind a mark: `!C 0.05` is 0.05 with the mark `C`."""

    value: Any
    mark: str


def load_yaml(text: str, name: str, marks: str = "") -> Any:
    """The value of one YAML document; YAMLTextError begins with `name` and tells the place.

    `marks` is a pattern of tags that may stand before values, which are then `Marked`; before a
    mapping it is one of all values in it that have none themselves. Such files are of packages,
    and read by libyaml where there is one: twenty times as fast, but it lets some tabs pass.
    """
    if marks and _QuickLoader is not None:
        with contextlib.suppress(yaml.YAMLError):  # what is wrong is told below
            return _value(_QuickLoader(text, name), name, marks)
    try:
        return _value(_Loader(text, name), name, marks)
    except yaml.reader.ReaderError as error:
        place = _place(text.count("\n", 0, error.position), None)
        raise YAMLSyntaxError(
            f"{name} is no YAML: the character U+{int(error.character):04X} in {place} does not"
            " belong into a text."
        ) from error
    except yaml.YAMLError as error:
        raise YAMLSyntaxError(f"{name} is no YAML: {_problem(error)}.") from error
    except RecursionError as error:
        raise YAMLTextError(f"{name} is nested too deeply to be read.") from error


def _value(loader: Any, name: str, marks: str) -> Any:
    """The value of the document that a loader was given."""
    node = loader.get_node() if loader.check_node() else None
    if node is None:
        return None
    _refuse_more_documents(loader, name)
    _Check(name).count(node)
    if marks:
        loader.spread(node, re.compile(f"!({marks})"))
    return loader.construct_document(node)


def _refuse_more_documents(loader: Any, name: str) -> None:
    if loader.check_node():
        line = loader.peek_event().start_mark.line
        raise YAMLTextError(
            f"{name} holds several documents, the second from {_place(line, None)} on; leave one."
        )


def _problem(error: yaml.YAMLError) -> str:
    """What PyYAML says, in one line with its place."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return " ".join(str(error).split())
    problem = " ".join(str(error.problem or error.context).split())
    if "\\t" in problem or "\t" in problem:
        problem += "; indent with blanks, not with tabs"
    mark = error.problem_mark or error.context_mark
    return f"{problem} ({_place(mark.line, mark.column)})" if mark else problem


def _place(line: int, column: int | None) -> str:
    return f"line {line + 1}" + (f", column {column + 1}" if column is not None else "")


def _of(node: yaml.Node) -> str:
    return _place(node.start_mark.line, node.start_mark.column)


class _Check:
    """Goes once over the tree: keys are text and stand once, and aliases do not multiply."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._sizes: dict[int, int] = {}

    def count(self, node: yaml.Node) -> int:
        """How many values there are in `node`, aliases written out."""
        known = self._sizes.get(id(node))
        if known == 0:
            self._fail(f"the alias in {_of(node)} contains itself")
        if known is not None:
            return known
        self._sizes[id(node)] = 0
        if isinstance(node, yaml.MappingNode):
            self._keys(node)
            inner = [self.count(value) for _, value in node.value]
        else:
            sequence = isinstance(node, yaml.SequenceNode)
            inner = [self.count(value) for value in node.value] if sequence else []
        size = self._sizes[id(node)] = 1 + sum(inner)
        if size > MOST_VALUES:
            self._fail(f"it has more than {MOST_VALUES:,} values, aliases written out")
        return size

    def _keys(self, node: yaml.MappingNode) -> None:
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or not _is_text(key):
                what = f"`{key.value}` " if isinstance(key, yaml.ScalarNode) else ""
                self._fail(f"the key {what}in {_of(key)} is no text")
            again = key.start_mark.line
            if key.value in lines:
                first = lines[key.value]
                where = _of(key) if first == again else f"lines {first + 1} and {again + 1}"
                self._fail(f"`{key.value}` stands twice, in {where}; keep one of them")
            lines[key.value] = again

    def _fail(self, problem: str) -> None:
        raise YAMLTextError(f"{self._name} cannot be read: {problem}.")


def _is_text(key: yaml.ScalarNode) -> bool:
    if key.tag != _PLAIN:
        return key.tag in (_MERGE, f"{_CORE}str")
    try:
        return isinstance(read_scalar(key.value), str)
    except AmbiguousScalarError:
        return False


def _is_plain(node: yaml.Node) -> bool:
    """Is it a word without quotes."""
    return isinstance(node, yaml.ScalarNode) and not node.style


class _Words(SafeConstructor):
    """What a loader of YAML 1.2 makes of nodes; it reads the text of `_source`."""

    _source: str
    _marks: dict[int, str]

    yaml_constructors = {  # noqa: RUF012 - a class attribute by PyYAML's design
        f"{_CORE}str": SafeConstructor.construct_yaml_str,
        f"{_CORE}seq": SafeConstructor.construct_yaml_seq,
        f"{_CORE}map": SafeConstructor.construct_yaml_map,
    }

    def spread(self, node: yaml.Node, marks: re.Pattern[str], mark: str = "") -> None:
        """Take the marks off a tree and remember them for single values and lists."""
        if found := marks.fullmatch(node.tag):
            mark = found[1]
            node.tag = self.resolve(type(node), node.value, (_is_plain(node), False))
        if isinstance(node, yaml.MappingNode):
            for _, value in node.value:
                self.spread(value, marks, mark)
        elif mark:
            self._marks.setdefault(id(node), mark)

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        """The tag of a node that has none."""
        if kind is yaml.ScalarNode and implicit[0]:
            return _MERGE if value == "<<" else _PLAIN
        kinds = {yaml.ScalarNode: "str", yaml.SequenceNode: "seq", yaml.MappingNode: "map"}
        return f"{_CORE}{kinds[kind]}"

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        """The value of a node; only the tags of plain data are known."""
        if mark := self._marks.get(id(node)):
            return Marked(self._construct_unmarked(node, deep=True), mark)
        return self._construct_unmarked(node, deep=deep)

    def _construct_unmarked(self, node: Any, deep: bool) -> Any:
        if node.tag == _PLAIN or node.tag in _KINDS:
            return self._word(node)
        if node.tag not in self.yaml_constructors:
            tag = str(node.tag).replace(_CORE, "!!")
            raise YAMLTextError(
                f"{self._source} is no YAML that may be read here: the tag `{tag}` in {_of(node)}"
                " is not known; leave it out."
            )
        return super().construct_object(node, deep=deep)

    def _word(self, node: Any) -> bool | int | float | str | None:
        try:
            value = read_scalar(node.value)
        except AmbiguousScalarError as error:
            raise YAMLTextError(f"{self._source}, {_of(node)}: {error}{_IN_QUOTES}.") from error
        if node.tag != _PLAIN and not isinstance(value, _KINDS[node.tag]):
            tag = node.tag.replace(_CORE, "!!")
            raise YAMLTextError(f"{self._source}, {_of(node)}: {shown(node.value)} is no `{tag}`.")
        return value


class _Loader(_Words, yaml.SafeLoader):
    """PyYAML's safe loader with the words of YAML 1.2."""

    def __init__(self, text: str, name: str) -> None:
        self._source, self._marks = name, {}
        yaml.SafeLoader.__init__(self, text)


_QuickLoader: type[Any] | None = None
if yaml.__with_libyaml__:

    class _LibYAML(_Words, yaml.CSafeLoader):
        """The same on libyaml."""

        def __init__(self, text: str, name: str) -> None:
            self._source, self._marks = name, {}
            yaml.CSafeLoader.__init__(self, text)

    _QuickLoader = _LibYAML
