"""Options of `nasharness run` that are made from the fields that kinds of problem declare."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from functools import cache
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, get_args, get_origin

import typer
import typer.main

from nasbench_harness.cli import completion
from nasbench_harness.cli.help import Command, example_lines, write_epilog

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

FIRST_OF_OTHERS = "diagnose"
"""The option before which those of the kinds stand."""
GIVEN = "nasbench_harness.declared"


class Declared(NamedTuple):
    """A field as an option."""

    key: str
    """What it sets: a key of a study file, or `option.setting`."""
    field: FieldInfo
    text: str
    told: str
    values: str
    panel: str

    @property
    def name(self) -> str:
        """Of the option, without dashes."""
        return self.key.rpartition(".")[2]


@cache
def declared() -> Mapping[str, Declared]:
    """The options of all kinds, by their names; of two that are called alike the first."""
    found: dict[str, Declared] = {}
    for one in _declared():
        found.setdefault(one.name, one)
    return found


def _declared() -> Iterator[Declared]:
    from nasbench_harness.problems.kinds import held, kinds

    for kind in kinds():
        panel = kind.title or f"Searches on a {kind.name}"
        for name, field in kind.Options.model_fields.items():
            if name in held():
                for inner, setting in held()[name].model_fields.items():
                    if short := _extra(setting).get("shortcut"):
                        yield Declared(
                            f"{name}.{inner}", setting, short["text"], short["told"], "", panel
                        )
                continue
            extra = _extra(field)
            text, told = field.description or "", extra.get("told") or str(field.default)
            yield Declared(name, field, text, told, extra.get("values", ""), panel)


def _extra(field: FieldInfo) -> Mapping[str, Any]:
    return field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}


class RunCommand(Command):
    """A command with the options of the kinds of problem.

    They are read when the parameters are asked for, so that no other command waits for them, and
    are handed over as `ctx.meta[GIVEN]`.
    """

    _parameters: list[Any]
    _complete = True

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._complete = False

    @property
    def params(self) -> list[Any]:
        """All options."""
        if not self._complete:
            self._complete = True
            names = [parameter.name for parameter in self._parameters]
            place = names.index(FIRST_OF_OTHERS)
            options = [one for one in _options() if one.name not in names]
            for parameter in self._parameters:
                _tell_kinds(parameter)
            self._parameters[place:place] = options
        return self._parameters

    @params.setter
    def params(self, value: list[Any]) -> None:
        self._parameters = value

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples, with those of the kinds."""
        from nasbench_harness.problems.kinds import kinds

        suggested = [line for kind in kinds() for line in kind.suggestions]
        commands = [
            part
            for line in suggested
            if line.startswith("nasharness ")
            for part in example_lines(line)
        ]
        write_epilog("\n".join([self.epilog or "", *commands]), formatter)

    def invoke(self, ctx: Any) -> Any:
        """Run it without the options that its function does not name."""
        given = {name: ctx.params.pop(name) for name in declared() if name in ctx.params}
        ctx.meta[GIVEN] = {name: value for name, value in given.items() if value is not None}
        return super().invoke(ctx)


def given_options(ctx: typer.Context) -> tuple[dict[str, Any], list[str]]:
    """What the line says of options: keys of a study, and `option.setting=value` texts."""
    keys: dict[str, Any] = {}
    sets: list[str] = []
    for name, value in ctx.meta[GIVEN].items():
        key = declared()[name].key
        if "." in key:
            sets.append(f"{key}={value}")
        else:
            keys[key] = value
    return keys, sets


def _tell_kinds(parameter: Any) -> None:
    """Fill in what the text of an option leaves to the kinds of problem, in braces."""
    from nasbench_harness.problems.kinds import held, kinds

    told = [
        f"{kind.meanings[parameter.name]} ({kind.name})"
        for kind in kinds()
        if parameter.name in kind.meanings
    ]
    first, *others = kinds()
    differing = [k for k in others if k.recipe != first.recipe]
    recipes = [first.recipe, *(f"{k.recipe} for {k.plural or k.name}" for k in differing)]
    texts = {
        "{meanings}": "; ".join(told),
        "{recipes}": "; ".join(recipes),
        "{held}": "".join(f", or {name}.setting=value" for name in held()),
    }
    for place in ("help", "show_default"):
        if isinstance(text := getattr(parameter, place, None), str):
            for name, words in texts.items():
                text = text.replace(name, words)
            setattr(parameter, place, text)


def _options() -> list[Any]:
    """The parameters of a command with nothing but these options."""

    def nothing(**values: Any) -> None: ...

    nothing.__signature__ = inspect.Signature(list(map(_parameter, declared().values())))  # type: ignore[attr-defined]
    nothing.__annotations__ = {}
    only = typer.Typer(add_completion=False)
    only.command(cls=Command)(nothing)
    return list(typer.main.get_command(only).params)


def _parameter(one: Declared) -> inspect.Parameter:
    kind = _type(one.field.annotation)
    words: dict[str, Any] = {
        "help": one.text, "rich_help_panel": one.panel, "show_default": one.told,
        "autocompletion": _completer(one),
    }  # fmt: skip
    names = []
    if kind is bool:
        flag = one.name.replace("_", "-")
        names, words["show_default"] = [f"--{flag}"], True
        if one.field.default is None:  # what nobody says is not the same as no
            names, words["show_default"] = [f"--{flag}/--no-{flag}"], one.told
    elif kind is int:
        for bound, limit in (("min", "ge"), ("max", "le")):
            limits = (getattr(part, limit, None) for part in one.field.metadata)
            words[bound] = next((value for value in limits if value is not None), None)
    optional: Any = kind | None
    annotation = Annotated[optional, typer.Option(*names, **words)]
    return inspect.Parameter(
        one.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
    )


def _type(annotation: Any) -> type:
    """What the parser reads: numbers and flags; the rest is text that the study reads."""
    kinds = set(get_args(annotation) or (annotation,)) - {NoneType}
    return kinds.pop() if len(kinds) == 1 and kinds <= {int, float, bool} else str


def _completer(one: Declared) -> Any:
    if one.values:
        return getattr(completion, one.values)
    for part in (one.field.annotation, *get_args(one.field.annotation)):
        if get_origin(part) is Literal:
            return completion.words(*map(str, get_args(part)))
    return None
