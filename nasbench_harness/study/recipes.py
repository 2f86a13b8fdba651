"""Which recipe a method runs with, and where each of its numbers is from.

Recipes are a method's own, or come from packages that an entry point `nasbench_harness.recipes`
names: folders with a file `METHOD.yaml` for every method they have recipes for. They are chosen by
name, and among several of one name by the space and the kind of problem they are for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nasbench_harness import registry
from nasbench_harness.contracts import Recipe, Setup
from nasbench_harness.errors import HarnessError, UnknownNameError
from nasbench_harness.fields.recipes import RecipeError, file_in, read_recipes

if TYPE_CHECKING:
    from nasbench_harness.study.spec import TrialSpec

RECIPE = "recipe"
"""`drnas[recipe=nb201_progressive]`: a recipe for this method alone."""
PAPER = "paper"
"""The recipe that is published for the space."""
OURS = "D"
"""The tag of what the harness itself changes."""


@dataclass(frozen=True)
class NamedRecipe:
    """A recipe of a method, with its name and the package that brought it."""

    name: str
    recipe: Recipe
    package: str = ""
    """The distribution and its version; empty where it is the method's own."""

    @property
    def title(self) -> str:
        """The name, with what it is for where it is not the method's own."""
        parts = (self.recipe.space, self.recipe.kind, self.package)
        told = ", ".join(part for part in parts if part)
        return f"{self.name} ({told})" if self.package else self.name


def recipes_of(method: str) -> list[NamedRecipe]:
    """All recipes of a method, its own first; RecipeError where a file of its name is bad."""
    setup = registry.open_setup(method)
    own = [NamedRecipe(name, recipe) for name, recipe in setup.recipes.items()]
    return [*own, *_brought(method, setup)]


def _brought(method: str, setup: type[Setup]) -> Iterator[NamedRecipe]:
    """Those of other packages; a package that is not there keeps nobody from running."""
    for entry in registry.recipes.names():
        try:
            path = file_in(registry.recipes.entries[entry].value, method)
        except RecipeError:
            continue
        if path is not None:
            read = read_recipes(path, setup.Settings.build)
            package = registry.recipes.origin(entry)
            yield from (NamedRecipe(name, recipe, package) for name, recipe in read.items())


def find_recipe(method: str, asked: str, space: str, kind: str) -> NamedRecipe:
    """The recipe of that name which is nearest to a space and a kind of problem.

    `paper` is the one that is published for the space. UnknownNameError where there is none,
    HarnessError where two packages bring one for the same.
    """
    known = recipes_of(method)
    if asked == PAPER:
        fitting = [one for one in known if one.recipe.space == space or _is_named(one, space)]
    else:
        fitting = [one for one in known if one.name == asked]
    if not fitting:
        raise _unknown(method, asked, space, known)
    nearness = {id(one): _nearness(one, asked, space, kind) for one in fitting}
    best = max(nearness.values())
    nearest = [one for one in fitting if nearness[id(one)] == best]
    if len({one.package for one in nearest}) > 1 and nearest[0].package:
        packages = " and ".join(dict.fromkeys(one.package for one in nearest))
        raise HarnessError(
            f"{packages} both bring a recipe `{nearest[0].name}` of `{method}` for this; remove one"
            " of them, or choose another --recipe."
        )
    return nearest[0]


def published(method: str, space: str, kind: str) -> NamedRecipe | None:
    """What `paper` is of a method for a space and a kind; None where it is refused."""
    try:
        return find_recipe(method, PAPER, space, kind)
    except UnknownNameError:
        return None


def _is_named(one: NamedRecipe, space: str) -> bool:
    """Is it called as the space and says of none that it is for that."""
    return one.name == space and one.recipe.space is None


def _nearness(one: NamedRecipe, asked: str, space: str, kind: str) -> tuple[bool, ...]:
    """Larger is nearer; the method's own comes first where all is alike."""
    recipe = one.recipe
    return (
        recipe.kind in (None, kind) and recipe.space in (None, space),
        asked == PAPER and one.name == space,
        recipe.space == space,
        recipe.kind == kind,
        recipe.space in (None, space),
        not one.package,
    )


def _unknown(method: str, asked: str, space: str, known: Sequence[NamedRecipe]) -> HarnessError:
    for entry in registry.recipes.names():  # what could not be read may be what was meant
        try:
            file_in(registry.recipes.entries[entry].value, method)
        except RecipeError as error:
            return RecipeError(
                f"`{method}` has no recipe `{asked}`, and the recipes of"
                f" {registry.recipes.origin(entry)} cannot be read: {error}"
            )
    names = {one.name for one in known}
    if asked != PAPER:
        return UnknownNameError(f"recipe of `{method}`", asked, {*names, PAPER})
    return UnknownNameError(
        f"recipe of `{method}` for the space `{space}`", asked, names,
        "A package can bring one (entry point `nasbench_harness.recipes`).",
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
        asked = str(spec.overrides.get(RECIPE, spec.recipe))
        recipe = find_recipe(spec.method, asked, spec.space, spec.problem).recipe
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


def _tags(spec: TrialSpec, setup: type[Setup], recipe: Recipe) -> dict[str, str]:
    """Of all that is told of; what was changed on the way is a decision of ours."""
    meant = setup.Settings.build(spec.method, recipe.settings).model_dump(mode="json")
    said = {**meant, **_of_network(recipe.network)}
    here = {**spec.settings, **_of_network(spec.network)}
    told = default_tags(setup) | recipe_tags(recipe)
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
