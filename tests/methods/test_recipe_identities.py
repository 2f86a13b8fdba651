"""What decides a trial's name under every recipe; a new option leaves the names of old trials."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

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
