"""Are the recipes of a method whole: valid, with a source, and a tag for every number."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from nasbench_harness.contracts import TAGS, Fidelity, Recipe, Setup
from nasbench_harness.problems.kinds import held

_TAG = "|".join(sorted(TAGS, key=len, reverse=True))


def check_recipes(method: type[Setup]) -> None:
    """Those that a method has; AssertionError, or HarnessError for a setting that is none."""
    assert method.recipes, "a method needs at least one recipe"
    for name, recipe in method.recipes.items():
        method.Settings.build(f"recipe {name}", recipe.settings)
        assert recipe.epochs > 0, f"recipe {name}: epochs must be positive"
        assert recipe.source, f"recipe {name} must say where its numbers come from"
        _check_network(name, recipe)
        _check_tags(name, recipe.tags, _numbers(recipe))


def check_texts(method: type[Any]) -> None:
    """Version and citation are texts, fidelity is one; citation and fidelity need not be there."""
    version, citation = getattr(method, "version", None), getattr(method, "citation", "")
    assert isinstance(version, str), f"version must be text, such as '1', and is {version!r}"
    assert version, "version must be text, such as '1', and is empty"
    assert isinstance(citation, str), f"citation must be BibTeX as text, and is {citation!r}"
    fidelity = getattr(method, "fidelity", None)
    told = f"fidelity must be a contracts.Fidelity, and is {fidelity!r}"
    assert fidelity is None or isinstance(fidelity, Fidelity), told


def _check_network(name: str, recipe: Recipe) -> None:
    """HarnessError where it has a setting that networks have not."""
    if network := held().get("network"):
        network.build(f"network of recipe {name}", recipe.network)


def _numbers(recipe: Recipe) -> set[str]:
    """The places of all that it sets, as its tags name them."""
    lengths = {"epochs": recipe.epochs, "steps": recipe.steps}
    lengths |= {"rates_for_batch": recipe.rates_for_batch}
    return {
        *(place for place, value in lengths.items() if value is not None),
        *(f"settings.{key}" for key in recipe.settings),
        *(f"network.{key}" for key in recipe.network),
    }


def _check_tags(name: str, tags: Mapping[str, str], numbers: set[str]) -> None:
    lacking = ", ".join(f"`{place}`" for place in sorted(numbers - tags.keys()))
    assert not lacking, (
        f"recipe {name}: {lacking} must have a tag that says where it is from, such as"
        " tags={'epochs': 'D'}"
    )
    unset = ", ".join(f"`{place}`" for place in sorted(tags.keys() - numbers))
    assert not unset, f"recipe {name} has a tag for {unset}, which it does not set"
    for place, tag in tags.items():
        known = isinstance(tag, str) and re.fullmatch(f"(?:{_TAG})+", tag)
        assert known, f"recipe {name}: the tag {tag!r} of `{place}` is none of {', '.join(TAGS)}"
