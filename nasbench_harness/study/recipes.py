"""Which recipe a method runs with, and where each of its numbers is from.

Recipes are a method's own, or come from packages that an entry point `nasbench_harness.recipes`
names: folders with a file `METHOD.yaml` for every method they have recipes for. They are chosen by
name, and among several of one name by the space and the kind of problem they are for. A method's
own one wins wherever it fits: what is installed beside it changes no study. `PACKAGE:NAME` is that
of a package.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nasbench_harness import registry
from nasbench_harness.contracts import Recipe, Setup
from nasbench_harness.errors import HarnessError, UnknownNameError, reason
from nasbench_harness.fields.parameters import base_of
from nasbench_harness.fields.recipes import RecipeError, file_in, read_recipes

if TYPE_CHECKING:
    from nasbench_harness.study.spec import TrialSpec

RECIPE = "recipe"
"""`drnas[recipe=nb201_progressive]`: a recipe for this method alone."""
PAPER = "paper"
"""The recipe that is called as the space; else a fitting one called so, else one for the space."""
FROM = ":"
"""`PACKAGE:NAME`, or `PACKAGE:paper`: a recipe that a package brought."""
OURS = "D"
"""The tag of what the harness itself changes."""


class NoPaperError(UnknownNameError):
    """A method for whose search of a space no recipe is `paper`."""


@dataclass(frozen=True)
class NamedRecipe:
    """A recipe of a method, with its name and the package that brought it."""

    name: str
    recipe: Recipe
    package: str = ""
    """The distribution and its version; empty where it is the method's own."""

    @property
    def brought_by(self) -> str:
        """The distribution without its version."""
        return self.package.rpartition(" ")[0]

    @property
    def full_name(self) -> str:
        """What it can always be asked for by: `PACKAGE:NAME` where it is not the method's own."""
        return f"{self.brought_by}{FROM}{self.name}" if self.package else self.name

    @property
    def title(self) -> str:
        """The full name, with what it is for where it is not the method's own."""
        parts = (self.recipe.space, self.recipe.kind, self.package)
        told = ", ".join(part for part in parts if part)
        return f"{self.full_name} ({told})" if self.package else self.name

    def recorded(self, asked: str, study: str) -> str:
        """What a trial says of it: the study's recipe, and the package where one brought it.

        `asked` is what it was found by, `study` what the study asks of every method.
        """
        if not self.package:
            return asked if FROM in study else study
        return asked if FROM in asked else f"{self.brought_by}{FROM}{asked}"


def asked_of(spec: TrialSpec) -> str:
    """What the recipe of a trial is found by again, with the package where one brought it."""
    own = spec.overrides.get(RECIPE)
    if own is None or spec.recipe.endswith(f"{FROM}{own}"):
        return spec.recipe
    return str(own)


def recipes_of(method: str) -> list[NamedRecipe]:
    """All recipes of a method that can be read, its own first; RecipeError where these cannot."""
    setup = registry.open_setup(method)
    own = [NamedRecipe(recipe.called or title, recipe) for title, recipe in setup.recipes.items()]
    return [*own, *_brought(method, setup)]


def _brought(method: str, setup: type[Setup]) -> Iterator[NamedRecipe]:
    """Those of other packages; what is not there, or is bad, keeps nobody from running."""
    for entry in registry.recipes.names():
        with suppress(RecipeError):
            yield from _brought_by(entry, method, setup)


def _brought_by(entry: str, method: str, setup: type[Setup]) -> list[NamedRecipe]:
    """Those of one; RecipeError, which names it, where its file of the method is bad."""
    package = registry.recipes.origin(entry)
    try:
        path = file_in(registry.recipes.entries[entry].value, method)
        read = {} if path is None else read_recipes(path, setup.Settings.build)
    except Exception as error:  # somebody else's files and modules
        raise RecipeError(
            f"The recipes of {package} for `{method}` cannot be read: {reason(error)}"
        ) from error
    return [NamedRecipe(recipe.called or title, recipe, package) for title, recipe in read.items()]


def find_recipe(method: str, asked: str, space: str, kind: str) -> NamedRecipe:
    """The recipe of that name which is nearest to a space and a kind of problem.

    `paper` is the one that is called as the space, else a fitting one that is called so, else one
    for the space, and the method's own where it has one; `PACKAGE:NAME` is that of a package.
    UnknownNameError where there is none, HarnessError where two packages bring one for the same.
    """
    known = recipes_of(method)
    fitting = _fitting(known, asked, space, kind)
    if not fitting:
        raise _unknown(method, asked, space, known)
    name = asked if any(one.name == asked for one in fitting) else asked.rpartition(FROM)[2]
    nearness = {id(one): _nearness(one, name, space, kind) for one in fitting}
    best = max(nearness.values())
    nearest = [one for one in fitting if nearness[id(one)] == best]
    if len({one.package for one in nearest}) > 1 and nearest[0].package:
        packages = " and ".join(dict.fromkeys(one.package for one in nearest))
        names = " or ".join(f"`{one.full_name}`" for one in nearest)
        raise HarnessError(
            f"{packages} both bring a recipe `{nearest[0].name}` of `{method}` for this; choose"
            f" --recipe {names}, or remove one of them."
        )
    return nearest[0]


def published(method: str, space: str, kind: str) -> NamedRecipe | None:
    """What `paper` is of a method for a space and a kind; None where it is refused."""
    try:
        return find_recipe(method, PAPER, space, kind)
    except HarnessError:
        return None


def _fitting(known: Sequence[NamedRecipe], asked: str, space: str, kind: str) -> list[NamedRecipe]:
    """Those that are meant, whatever they are for; a package's own where one is named."""
    package, qualified, name = asked.rpartition(FROM)
    if qualified and all(one.name != asked for one in known):
        return _fitting([one for one in known if one.brought_by == package], name, space, kind)
    if asked != PAPER:
        return [one for one in known if one.name == asked]
    own = [one for one in known if not one.package]
    return _published(own, space, kind) or _published(known, space, kind)


def _published(known: Sequence[NamedRecipe], space: str, kind: str) -> list[NamedRecipe]:
    """Those for the space; where none is called as it is, rather those called `paper` that fit."""
    meant = [one for one in known if _is_for(one, space) or _is_named(one, space)]
    if any(one.name == base_of(space) for one in meant):
        return meant
    return [one for one in known if one.name == PAPER and _fits(one, space, kind)] or meant


def _fits(one: NamedRecipe, space: str, kind: str) -> bool:
    return one.recipe.kind in (None, kind) and (one.recipe.space is None or _is_for(one, space))


def _is_for(one: NamedRecipe, space: str) -> bool:
    """Is it for the space, or for the one that this is a variant of."""
    return one.recipe.space in (space, base_of(space))


def _is_named(one: NamedRecipe, space: str) -> bool:
    """Is it called as the space and says of none that it is for that."""
    return one.name == base_of(space) and one.recipe.space is None


def _nearness(one: NamedRecipe, asked: str, space: str, kind: str) -> tuple[bool, ...]:
    """Larger is nearer; the method's own comes first wherever it fits."""
    recipe = one.recipe
    return (
        _fits(one, space, kind),
        not one.package,
        asked == PAPER and one.name == base_of(space),
        recipe.space == space,
        _is_for(one, space),
        recipe.kind == kind,
        recipe.space is None or _is_for(one, space),
    )


def _unknown(method: str, asked: str, space: str, known: Sequence[NamedRecipe]) -> HarnessError:
    setup = registry.open_setup(method)
    for entry in registry.recipes.names():  # what could not be read may be what was meant
        try:
            _brought_by(entry, method, setup)
        except RecipeError as error:
            return RecipeError(f"`{method}` has no recipe `{asked}`. {error}")
    names = {one.name for one in known} | {one.full_name for one in known}
    if asked != PAPER:
        return UnknownNameError(f"recipe of `{method}`", asked, {*names, PAPER})
    return NoPaperError(
        f"recipe of `{method}` for the space `{space}`", asked,
        {one.full_name for one in known if one.name != PAPER},
        "`paper` means the recipe that is published for this space; ask for another by its name."
        " A package can bring one (entry point `nasbench_harness.recipes`).",
    )  # fmt: skip


# --- where numbers are from --------------------------------------------------------------------


def tags(spec: TrialSpec) -> dict[str, str]:
    """The tag (`contracts.TAGS`) of every number a trial ran with, by its name.

    Settings of the network are `network.NAME`; `epochs` and `steps` are there where they are the
    recipe's. What the user set has none, nor has what nobody told of or what the trial's plan does
    not name; {} where the method or its recipe is not installed.
    """
    try:
        setup = registry.open_setup(spec.method)
        recipe = find_recipe(spec.method, asked_of(spec), spec.space, spec.problem).recipe
        found = _tags(spec, setup, recipe)
    except HarnessError:
        return {}
    set_by_user = {*spec.overrides, *(f"network.{name}" for name in spec.network_overrides)}
    return {name: tag for name, tag in found.items() if tag and name not in set_by_user}


def default_tags(setup: type[Setup]) -> dict[str, str]:
    """Those of a method's own defaults, where it tells."""
    return {row["name"]: row["tag"] for row in setup.Settings.explain() if row["tag"]}


def recipe_tags(recipe: Recipe) -> dict[str, str]:
    """Those of a recipe by the names that reports use: settings without their block."""
    return {place.removeprefix("settings."): tag for place, tag in recipe.tags.items()}


def value_tags(setup: type[Setup], recipe: Recipe) -> dict[str, str]:
    """Those of all values under a recipe; a number of its own without a tag has none."""
    defaults = {
        name: tag for name, tag in default_tags(setup).items() if name not in recipe.settings
    }
    return defaults | recipe_tags(recipe)


def _tags(spec: TrialSpec, setup: type[Setup], recipe: Recipe) -> dict[str, str]:
    """Of all that is told of; what was changed on the way is a decision of ours."""
    meant = setup.Settings.build(spec.method, recipe.settings).model_dump(mode="json")
    said = {**meant, **_of_network(recipe.network)}
    here = {**spec.settings, **_of_network(spec.network)}
    told = value_tags(setup, recipe)
    lengths = {
        name: told.get(name, "")
        for name in ("epochs", "steps")
        if getattr(spec, name) == getattr(recipe, name)
    }
    return lengths | {
        name: told.get(name, "") if said[name] == value else OURS
        for name, value in here.items()
        if name in said
    }


def _of_network(values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"network.{name}": value for name, value in values.items()}
