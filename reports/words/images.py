"""What was searched, and on images: networks, length, and how far that is from a paper."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict

from nasbench_harness.contracts import NetworkSpace, SearchSpace
from nasbench_harness.errors import HarnessError
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.words.marked import count, listing, name, names
from nasbench_harness.reports.words.protocol import described
from nasbench_harness.study.config import BASELINE
from nasbench_harness.study.recipes import OURS, PAPER, find_recipe
from nasbench_harness.study.spec import TrialSpec

FOLDER = "folder:"
"""How images begin whose origin only the user knows."""
NOT_LOOKED_UP = "nothing looked up"
"""Instead of a table, where there is no benchmark."""
SCALED = "learning rates of the architecture times the recipe's epochs / epochs, our own decision"
"""What `--alpha-rate scaled` asks for."""
QUICK = "quick"
"""The recipe that is no paper's."""


def about(data: StudyData) -> str:
    """What was searched and where answers were looked up: marked.

    Numbers must share all of it to stand in one column.
    """
    if not data.images:
        return f"{data.kind.name}, {_place(data)}"
    answers = f"answers looked up: {_place(data)}" if data.looked_up else NOT_LOOKED_UP
    return f"{data.kind.name} trained on {images(data)}; {answers}"


def where(data: StudyData) -> str:
    """The same in the few words that fit beside a heading: marked."""
    place = NOT_LOOKED_UP
    if data.looked_up:
        place = f"{data.first('dataset')}, {name(data.first('table'))}"
    return f"{data.kind.name} on {_images(data)}; {place}" if data.images else place


def _place(data: StudyData) -> str:
    """Data set and table of the look-up: marked."""
    if not data.looked_up:
        return NOT_LOOKED_UP
    return f"dataset {data.first('dataset')}, table {name(data.first('table'))}"


def images(data: StudyData) -> str:
    """`digits`, `digits (limited to 120 images)`: marked."""
    limit = data.study.specs[0].image_limit
    return f"{_images(data)}{f' (limited to {limit:,} images)' if limit else ''}"


def caveats(data: StudyData) -> list[str]:
    """What was searched, and how that differs from a paper and from the look-up: marked."""
    return list(filter(None, [_searched(data), _reduced(data), _elsewhere(data)]))


def network(data: StudyData) -> str:
    """Width and cells of the networks: marked."""
    return _by_method(data, lambda spec: ", ".join(_sizes(spec, data.space).values()))


def length(data: StudyData) -> str:
    """Epochs, steps and batches of the searches: marked."""
    return _by_method(data, _length)


def trained(data: StudyData) -> list[TrialSpec]:
    """A trial of every method that trained a network, or was to; best method first."""
    by_label = {spec.label: spec for spec in data.study.specs if trains(spec)}
    return [by_label[label] for label in data.labels if label in by_label]


def published_sizes(spec: TrialSpec, space: SearchSpace) -> Mapping[str, int]:
    """The `width` and `cells` of the published search: the method's own, else the space's.

    {} for a space without networks.
    """
    if not isinstance(space, NetworkSpace):
        return {}
    sizes = asdict(space.shapes.search)
    try:
        recipe = find_recipe(spec.method, PAPER, spec.space, spec.problem).recipe
    except HarnessError:
        return sizes
    theirs = {
        key: value
        for key, value in recipe.network.items()
        if recipe.tags.get(f"network.{key}", OURS) != OURS
    }
    return {key: theirs.get(key, size) for key, size in sizes.items()}


def cells_in_words(cells: int, space: SearchSpace) -> str:
    """`5 cells a stage`, or `8 cells` of a space without stages."""
    staged = not isinstance(space, NetworkSpace) or space.shapes.staged
    return f"{count(cells, 'cell')}{' a stage' if staged else ''}"


def observed(data: StudyData) -> str:
    """How lines over a search differ from the numbers that it ends with; empty if they do not."""
    if data.looked_up:
        return ""
    return data.kind.observed(next(iter(trained(data)), data.study.specs[0]))


def trains(spec: TrialSpec) -> bool:
    """Whether a trial trains a network: on images, all but those that only sample."""
    return bool(spec.images) and spec.method != BASELINE


def _images(data: StudyData) -> str:
    return name(data.study.specs[0].images)


def _searched(data: StudyData) -> str:
    facts = f": {network(data)}; {length(data)}" if trained(data) else ""
    several = (data.kind.plural or "networks").capitalize()
    facts += _together(data)
    where = (
        f" Answers were looked up in table {name(data.first('table'))}:"
        f" {described(data, data.first('report_metric'))}."
    )
    return f"{several} were trained on {images(data)}{facts}.{where if data.looked_up else ''}"


def _together(data: StudyData) -> str:
    """That seeds had one network; empty where each had its own."""
    places = next((spec.places for spec in trained(data) if spec.places), 0)
    if not places:
        return ""
    return (
        f"; {places} seeds of a method at a time in one wide network, where each has weights,"
        " images and order of its own and is what it is alone but for rounding"
    )


def _reduced(data: StudyData) -> str:
    smaller, requested = _smaller(data), _requested(data)
    if not smaller and not requested:
        return ""
    kind = "Reduced" if smaller else "Changed"
    return f"{kind} setting, not a paper's: {listing([*smaller, *requested])}."


def _smaller(data: StudyData) -> list[str]:
    published: dict[str, list[str]] = {}
    for spec in trained(data):
        for size, of in _differences(data, spec):
            published.setdefault(size, []).append(of)
    found = [
        f"{size} (published: {listing(list(dict.fromkeys(of)))})" for size, of in published.items()
    ]
    first = data.study.specs[0]
    if any(spec.recipe == QUICK for spec in trained(data)):
        found.insert(0, f"recipe {name(QUICK)}")
    if first.image_limit:
        found.append(f"{count(first.image_limit, 'image')} at most")
    return list(dict.fromkeys(found))


def _differences(data: StudyData, spec: TrialSpec) -> list[tuple[str, str]]:
    """Sizes in words, each with the published number."""
    sizes = _sizes(spec, data.space)
    return [
        (sizes[key], str(published))
        for key, published in published_sizes(spec, data.space).items()
        if spec.network.get(key, published) != published
    ]


def _requested(data: StudyData) -> list[str]:
    """What the user set, whatever a recipe says."""
    config, side = data.config, data.study.specs[0].image_size
    found = [
        f"{count(config[what], what.removesuffix('s'))} by request"
        for what in ("epochs", "steps")
        if config.get(what)
    ]
    if config.get("alpha_rate") == "scaled":
        found.append(SCALED)
    return [*found, *([f"images scaled to {side} × {side} pixels"] if side else [])]


def _elsewhere(data: StudyData) -> str:
    if not data.looked_up:
        return ""
    searched, looked_up = data.images, str(data.first("dataset"))
    if searched == looked_up:
        return ""
    if searched.startswith(FOLDER):
        return (
            f"The search was on the images in {_images(data)}, the look-up is on {name(looked_up)}."
            " Whether these are the same images is not known here; where they are not, what is best"
            " for one need not be best for the other."
        )
    return (
        f"The search was on {_images(data)}, the look-up is on {name(looked_up)}: another data set."
        " What is best for one need not be best for the other, and no number here says how good an"
        f" answer is on {_images(data)}."
    )


def _sizes(spec: TrialSpec, space: SearchSpace) -> dict[str, str]:
    """Width and cells in words."""
    return {
        "width": f"width {spec.network.get('width')}",
        "cells": cells_in_words(int(spec.network.get("cells", 0)), space),
    }


def _length(spec: TrialSpec) -> str:
    epoch = f"{count(spec.epoch_steps, 'step')} on batches of {count(spec.batch_size, 'image')}"
    if spec.steps == spec.epochs * spec.epoch_steps:
        return f"{count(spec.epochs, 'epoch')} of {epoch}"
    return f"{count(spec.steps, 'step')}, an epoch being {epoch}"


def _by_method(data: StudyData, describe: Callable[[TrialSpec], str]) -> str:
    """What is said of every method, once where they agree."""
    groups: dict[str, list[str]] = {}
    for spec in trained(data):
        groups.setdefault(describe(spec), []).append(spec.label)
    if len(groups) == 1:
        return next(iter(groups))
    return "; ".join(f"{words} ({names(labels)})" for words, labels in groups.items())
