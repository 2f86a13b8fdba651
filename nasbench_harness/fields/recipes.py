"""Recipes as files: YAML in which every number has a tag that says where it is from.

    nb201:
      space: nb201
      kind: supernet
      source: "the authors' code"
      epochs: !C 50
      settings: !C {learning_rate: 3e-4}
      network: {width: !P 16, cells: !D 1}

A tag before a mapping is that of all its numbers that have none; `contracts.TAGS` lists them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from nasbench_harness.contracts import TAGS, Recipe
from nasbench_harness.errors import HarnessError, nearest, reason
from nasbench_harness.fields.scalars import shown
from nasbench_harness.fields.yaml_text import Marked, load_yaml

_TAG = "|".join(sorted(TAGS, key=len, reverse=True))
_TAGGED = ("epochs", "steps", "rates_for_batch")
_BLOCKS = ("settings", "network")
_WORDS = ("source", "space", "kind", "called")
_KEYS = (*_WORDS, *_TAGGED, *_BLOCKS)
_NEEDED = ("source", "epochs")


class RecipeError(HarnessError):
    """A recipe file that cannot be used."""


def recipe_file(package: str, method: str) -> Any:
    """A class attribute `recipes`: those of the file `METHOD.yaml` in a package's folder.

    Read when it is asked for, once, as a dictionary of `Recipe`s.
    """
    return _Recipes(package, method)


class _Recipes:
    def __init__(self, package: str, method: str) -> None:
        self._package, self._method = package, method
        self._read: dict[str, Recipe] | None = None

    def __get__(self, instance: object, owner: type | None = None) -> dict[str, Recipe]:
        if self._read is None:
            path = file_in(self._package, self._method)
            if path is None:
                raise RecipeError(f"The package `{self._package}` has no file {self._method}.yaml.")
            settings = getattr(owner, "Settings", None)
            self._read = read_recipes(path, *([settings.build] if settings else []))
        return self._read


def file_in(package: str, method: str) -> Path | None:
    """The file of a method in a package; None where it has none.

    The package itself is not imported. RecipeError where there is no such package.
    """
    try:
        spec = find_spec(package)
    except (ImportError, ValueError):
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise RecipeError(f"There is no package `{package}`, whose folder would hold recipes.")
    files = (Path(folder) / f"{method}.yaml" for folder in spec.submodule_search_locations)
    return next((file for file in files if file.is_file()), None)


def read_recipes(
    path: Path, check: Callable[[str, Mapping[str, Any]], object] = lambda owner, settings: None
) -> dict[str, Recipe]:
    """The recipes of a file by name; RecipeError says in one sentence what is wrong with it.

    `check` is called with the name of each and its settings, as `Settings.build` is.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"The recipe file {path} cannot be read ({reason(error)}).") from error
    content = load_yaml(text, f"The recipe file {path}", marks=f"(?:{_TAG})+")
    if not isinstance(content, dict) or not content:
        raise RecipeError(f"The recipe file {path} must hold `name: {{...}}`, a recipe each.")
    found = {name: _recipe(f"Recipe `{name}` of {path}", body) for name, body in content.items()}
    for name, recipe in found.items():
        check(f"{path}: recipe {name}", recipe.settings)
    return found


def _recipe(what: str, body: Any) -> Recipe:
    if not isinstance(body, dict):
        raise RecipeError(f"{what} cannot be {shown(_bare(body))}: write `key: value` below it.")
    _check_keys(what, body)
    read: Mapping[str, Callable[[str, str, Any], Any]] = {
        **dict.fromkeys(_WORDS, _word),
        **dict.fromkeys(_TAGGED, _count),
        **dict.fromkeys(_BLOCKS, _values),
    }
    values = {key: read[key](what, key, value) for key, value in body.items()}
    return Recipe(**values, tags=dict(_tags(what, body)))


def _check_keys(what: str, body: Mapping[str, Any]) -> None:
    if wrong := next((key for key in body if key not in _KEYS), None):
        hint = nearest(wrong, _KEYS)
        suggestion = f" Did you mean `{hint}`?" if hint else ""
        raise RecipeError(f"{what} has no key `{wrong}`.{suggestion} Known: {', '.join(_KEYS)}.")
    if lacking := [key for key in _NEEDED if key not in body]:
        raise RecipeError(f"{what} lacks {' and '.join(f'`{key}`' for key in lacking)}.")


def _word(what: str, key: str, value: Any) -> str | None:
    word = _bare(value)
    if not isinstance(word, str) and not (word is None and key != "source"):
        raise RecipeError(f"{what}: `{key}` cannot be {shown(word)}: expected text.")
    return word


def _count(what: str, key: str, value: Any) -> int:
    number = _bare(value)
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise RecipeError(f"{what}: `{key}` cannot be {shown(number)}: expected 1 or more.")
    return number


def _values(what: str, block: str, values: Any) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise RecipeError(
            f"{what}: `{block}` cannot be {shown(_bare(values))}: write `name: value` below it."
        )
    return {name: _bare(value) for name, value in values.items()}


def _tags(what: str, body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    places = {key: body[key] for key in _TAGGED if key in body}
    for block in _BLOCKS:
        places |= {f"{block}.{name}": value for name, value in body.get(block, {}).items()}
    for place, value in places.items():
        if not isinstance(value, Marked):
            raise RecipeError(
                f"{what}: `{place}` has no tag that says where it is from; write `!D"
                f" {_written(value)}` or another of {', '.join(TAGS)}."
            )
        yield place, value.mark


def _bare(value: Any) -> Any:
    return cast("Any", value.value) if isinstance(value, Marked) else value


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
