"""What decides a trial's name under every recipe; a new option leaves the names of old trials."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from nasbench_harness import registry
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan
from nasbench_harness.study.spec import TrialSpec

LANDSCAPE = {
    "darts[recipe=darts]": "e48c17a4a801",
    "darts[recipe=drnas]": "1ea48cc203bd",
    "darts[recipe=landscape]": "6b3092e8283b",
    "darts[recipe=nats]": "9b8f17bbdc01",
    "darts[recipe=nb201]": "bece8edc59e8",
    "darts[recipe=quick]": "a29963420fdc",
    "drnas[recipe=landscape]": "828d94c41476",
    "drnas[recipe=nb201]": "abc58f183386",
    "drnas[recipe=quick]": "004462337d1f",
    "edas[recipe=landscape]": "3e28f290269e",
    "edas[recipe=nb201]": "c38151a2d41b",
    "edas[recipe=quick]": "0b3fc3a0c277",
    "random[recipe=landscape]": "39d4faede8fa",
    "random[recipe=nb201]": "39d4faede8fa",
    "random[recipe=quick]": "6ff97f410529",
    "random[recipe=sampling]": "6ff97f410529",
    "rea[recipe=landscape]": "39ccf7565239",
    "rea[recipe=nb201]": "39ccf7565239",
    "rea[recipe=quick]": "39ccf7565239",
    "reinforce[recipe=landscape]": "7e4a8c3f7436",
    "reinforce[recipe=nb201]": "7e4a8c3f7436",
    "reinforce[recipe=quick]": "7e4a8c3f7436",
    "rsws[recipe=landscape]": "86427047dfb7",
    "rsws[recipe=nb201]": "cd5402ce72bb",
    "rsws[recipe=quick]": "07d3870dcc8d",
    "unas[recipe=landscape]": "68b89bcc6ca8",
    "unas[recipe=quick]": "f0f950571315",
    # what came later, as it was when it came
    "betadarts[recipe=landscape]": "904e68016825",
    "betadarts[recipe=nb201]": "4f2f65cc7a0f",
    "betadarts[recipe=quick]": "0c1f3254bc67",
    "dartspt[recipe=landscape]": "a298aeb37c95",
    "dartspt[recipe=nb201]": "0ffb4f428e3c",
    "dartspt[recipe=quick]": "e137c068eb9b",
    "gdas[recipe=landscape]": "f6af5425b111",
    "monas[recipe=landscape]": "9818ba054067",
    "monas[recipe=nb201]": "9818ba054067",
    "monas[recipe=quick]": "9818ba054067",
    "radars[recipe=landscape]": "2b646b2a61fa",
    "radars[recipe=nb201]": "5eaea73099bf",
    "radars[recipe=quick]": "b5a1adf87f90",
    "reinmax[recipe=landscape]": "c8ceed7d9931",
    "snas[recipe=landscape]": "40de10698870",
    "snas[recipe=nb201]": "79ce8e18a419",
    "snas[recipe=quick]": "f0ff021fa488",
    "twotemp[recipe=landscape]": "1c336fc2351f",
}
"""Before a recipe's learning rates could start again, wait or go with the batch."""
SUPERNET = {
    "darts[recipe=darts]": "0e9a4f7a3598",
    "darts[recipe=drnas]": "209f9f51e996",
    "darts[recipe=landscape]": "90d0178e0117",
    "darts[recipe=nats]": "c144d17ee040",
    "darts[recipe=nb201]": "9fb6b1412e88",
    "darts[recipe=quick]": "15dfeee41907",
    "drnas[recipe=landscape]": "5b662aa65b52",
    "drnas[recipe=nb201]": "3225cecea8fd",
    "drnas[recipe=quick]": "db8fccdb7104",
    "edas[recipe=landscape]": "47c4c0429af8",
    "edas[recipe=nb201]": "e479078f55c4",
    "edas[recipe=quick]": "264916a3fe18",
    "random[recipe=quick]": "10b60661dc8f",
    "random[recipe=sampling]": "264c1aa76639",
    "rsws[recipe=landscape]": "6b4b99da47dd",
    "rsws[recipe=nb201]": "405b41182e57",
    "rsws[recipe=quick]": "71b5392bcdec",
    "unas[recipe=landscape]": "8b17c243548e",
    "unas[recipe=quick]": "1ec4ee257d44",
    # what came later, as it was when it came
    "betadarts[recipe=landscape]": "b4886e3162c3",
    "betadarts[recipe=nb201]": "04182d6d52e5",
    "betadarts[recipe=quick]": "c55c1e6de795",
    "dartsminus[recipe=nb201]": "17ec68d77527",
    "dartsminus[recipe=quick]": "4dc741717746",
    "dartspt[recipe=landscape]": "cc64d3ddd855",
    "dartspt[recipe=nb201]": "5e59f8fa775f",
    "dartspt[recipe=quick]": "240b625f8bee",
    "fairdarts[recipe=nb201]": "a9cc09120856",
    "fairdarts[recipe=quick]": "0de62a9dd942",
    "freedarts[recipe=quick]": "a82fff7fa332",
    "gdas[recipe=landscape]": "49cd98c75add",
    "gdas[recipe=nb201]": "5c731bf88668",
    "gdas[recipe=quick]": "a993232c9093",
    "lambdadarts[recipe=nb201]": "205afa2390e5",
    "lambdadarts[recipe=quick]": "14245661bc9e",
    "oles[recipe=nb201]": "12e2309d6833",
    "oles[recipe=quick]": "a3c3246f706f",
    "pcdarts[recipe=nb201]": "228c56aa018e",
    "pcdarts[recipe=quick]": "5487e262a122",
    "proxy[recipe=quick]": "6b6360a82f72",
    "radars[recipe=landscape]": "dc92f55f7c69",
    "radars[recipe=nb201]": "026e68d339da",
    "radars[recipe=quick]": "74dbc27649bf",
    "reinmax[recipe=landscape]": "d4bdcc440b9f",
    "reinmax[recipe=nb201]": "f6ceb7cc04e9",
    "reinmax[recipe=quick]": "49b13680437e",
    "sdarts[recipe=nb201]": "760e6ed9db2a",
    "sdarts[recipe=quick]": "37bcef33da1d",
    "snas[recipe=landscape]": "ef10227b33c7",
    "snas[recipe=nb201]": "a5f0c84cb0ee",
    "snas[recipe=quick]": "f0addfb7f6d5",
    "twotemp[recipe=landscape]": "98da86f74ece",
    "twotemp[recipe=nb201]": "6e32ea6785bb",
    "twotemp[recipe=quick]": "476a67998153",
    "zerocostpt[recipe=nb201]": "6c008d6e7403",
    "zerocostpt[recipe=quick]": "0ebd7b4fa653",
}
"""The same on images, with their networks."""


def planned(methods: str, sets: tuple[str, ...] = (), **given: Any) -> TrialSpec:
    values = {"methods": methods, "seeds": "0,", "random": False, "table": "analog", **given}
    (spec,) = plan(build_config(None, values, list(sets)))
    return spec


def on_images(methods: str, sets: tuple[str, ...] = (), **network: Any) -> TrialSpec:
    small = {"width": 4, "cells": 1, "batch_size": 8, **network}
    return planned(methods, sets, search="supernet", dataset="digits", limit=120, network=small)


def name_of(spec: TrialSpec) -> str:
    """Of the parts that a method and its recipe decide."""
    parts = (
        spec.method, spec.method_version, dict(spec.settings), dict(spec.network),
        spec.epochs, spec.batch_size,
    )  # fmt: skip
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]


@pytest.mark.parametrize("methods", LANDSCAPE)
def test_names_on_the_landscape_stand(methods: str) -> None:
    assert name_of(planned(methods)) == LANDSCAPE[methods]


@pytest.mark.parametrize("methods", SUPERNET)
def test_names_on_images_stand(methods: str) -> None:
    assert name_of(on_images(methods)) == SUPERNET[methods]


AS_BEFORE = "schedules=whole_search,least_weight=0.0"


@pytest.mark.parametrize(
    ("methods", "off", "name"),
    [
        (
            "drnas[recipe=nb201_progressive]",
            {"restart_when_widened": False},
            "8e9d561742ba",
        ),
        (
            f"unas[recipe=nb201,{AS_BEFORE},learning_rate=1e-3]",
            {"constant_epochs": 0, "learning_rate": 3e-4},
            "669c2d09823c",
        ),
        (
            f"unas[recipe=nb201_per_example,{AS_BEFORE},learning_rate=1e-3]",
            {"constant_epochs": 0, "learning_rate": 3e-4},
            "5d887ec6059a",
        ),
    ],
)
def test_a_recipe_that_changed_has_its_old_name_with_the_options_off(
    methods: str, off: dict[str, Any], name: str
) -> None:
    assert name_of(on_images(methods, **off)) == name
    assert name_of(on_images(methods)) != name
    assert on_images(methods).method_version == "1"


def test_every_built_in_method_has_a_name_that_stands() -> None:
    held = {methods.partition("[")[0] for methods in (*LANDSCAPE, *SUPERNET)}
    assert held == set(registry.methods.built_in())
