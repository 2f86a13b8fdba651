"""Where the numbers come from: the study, its software and machine, its table."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nasbench_harness.contracts import TAGS
from nasbench_harness.reports.analysis.searchcost import devices
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.words import images
from nasbench_harness.reports.words.marked import count, listing, name, names, ranges
from nasbench_harness.reports.words.predicted import error
from nasbench_harness.reports.words.protocol import (
    metric_facts,
    noise_words,
    protocol,
    searched_quantity,
)
from nasbench_harness.reports.words.readings import readings
from nasbench_harness.store.provenance import PACKAGE, version_of
from nasbench_harness.study.recipes import tags
from nasbench_harness.study.spec import COHORT, TrialSpec


@dataclass(frozen=True)
class MethodSettings:
    """The hyper-parameters a method ran with."""

    label: str
    recipe: str
    version: str
    settings: dict[str, str]
    changed: frozenset[str]
    """Those that differ from the recipe because the user said so."""
    tags: dict[str, str]
    """Where the others are from: a tag of `contracts.TAGS`, of those that tell."""


def caveats(data: StudyData) -> list[str]:
    """What must be known before believing a number of this study."""
    found, told = [], data.kind.caveat
    if not data.looked_up:
        found, told = [_not_looked_up(data)], data.kind.caveat_alone or told
    found += [quoted(told)] if told else []
    found += images.caveats(data) if data.images else []
    if data.table is not None and data.table.caveat:
        found.append(quoted(data.table.caveat))
    if read := readings(data.study.specs):
        found.append(read)
    if data.looked_up and not data.measure.is_regret:
        found.append(_known_of_some(data))
    return [*found, *protocol(data)]


def _known_of_some(data: StudyData) -> str:
    """What a benchmark that has not every architecture leaves unknown."""
    if error(data.trials, data.kind) is not None:
        return (
            f"The benchmark {name(data.first('table'))} predicts, so that no regret is told: how"
            " far an answer is from the best network nobody knows."
        )
    known = int(data.done["accuracy"].notna().sum())
    return (
        f"The benchmark {name(data.first('table'))} knows only some architectures of the space. The"
        " best of all is not among what it tells, so that regret is not known, and means are over"
        f" known answers only, which are a selection: {known} of {count(len(data.done), 'answer')}."
    )


def quoted(text: str) -> str:
    """A sentence of a plugin, its `names` marked."""
    return re.sub(r"`([^`]+)`", lambda found: name(found[1]), text)


def _not_looked_up(data: StudyData) -> str:
    """What a study without a benchmark does not say."""
    return (
        "Nothing was looked up: this study has no benchmark. Methods are compared by the"
        f" {data.measure.noun} of their answers, which each search measured itself; how far an"
        " answer is from the best architecture is not known."
    )


def provenance(data: StudyData) -> list[tuple[str, str]]:
    """Label and marked text, line by line."""
    facts, config = data.study.facts, data.config
    return [
        ("Study", f"{name(data.name)}, planned {facts.get('planned_at', 'at an unknown time')}"),
        ("Methods", names(data.labels)),
        ("Seeds", ranges(config.get("seeds", data.trials["seed"].unique()))),
        ("Search space", name(data.first("space"))),
        *_table(data),
        *metric_facts(data),
        *(_on_images(data) if data.images else _without_images(data)),
        *_options(data),
        *_origins(data),
        ("Config", f"SHA-256 {config_hash(data)}"),
        ("Software", _versions(facts)),
        ("Machine", str(facts.get("machine", "unknown"))),
        ("Git commit", str(facts.get("git_commit") or "the study was not run in a git checkout")),
        ("Report", f"written by nasbench-harness {version_of(PACKAGE)}"),
    ]


def config_hash(data: StudyData) -> str:
    """Of the config as resolved: equal for studies that were planned alike."""
    return hashlib.sha256(json.dumps(data.config, sort_keys=True).encode()).hexdigest()


def config_text(data: StudyData) -> str:
    """The study's config as resolved, as JSON; lists of numbers stay on one line."""
    text = json.dumps(data.config, indent=2, ensure_ascii=False)
    return re.sub(r"\[[\d,\s]+\]", lambda numbers: " ".join(numbers[0].split()), text)


def method_settings(data: StudyData) -> list[MethodSettings]:
    """Settings of every method, in the order of the summary."""
    by_label = {spec.label: spec for spec in data.study.specs}
    return [
        MethodSettings(
            label,
            spec.recipe,
            spec.method_version,
            {key: _value(value) for key, value in _settings(spec).items()},
            frozenset({*spec.overrides, *(f"network.{key}" for key in spec.network_overrides)}),
            tags(spec),
        )
        for label, spec in ((label, by_label[label]) for label in data.labels)
    ]


def _settings(spec: TrialSpec) -> dict[str, Any]:
    """Of the method, and of the network where it trains one."""
    if not images.trains(spec):
        return dict(spec.settings)
    cohort = {COHORT: spec.places} if spec.places else {}
    network = {f"network.{key}": value for key, value in spec.network.items()}
    return {**spec.settings, **network, **cohort}


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.12g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _table(data: StudyData) -> list[tuple[str, str]]:
    spec = data.study.specs[0]
    if not spec.table:
        return [("Table", "none, nothing was looked up")]
    if data.table is None:
        return [("Table", f"{name(spec.table)}, content SHA-256 {spec.table_hash}")]
    source = getattr(getattr(data.table, "provenance", None), "source", "")
    return [
        ("Table", f"{name(spec.table)} {data.table.version}{f', from {source}' if source else ''}"),
        ("Table content", f"SHA-256 {spec.table_hash}"),
    ]


def _without_images(data: StudyData) -> list[tuple[str, str]]:
    every = data.study.specs[0].diagnose_every
    about = f"{data.kind.name}, dataset {data.first('dataset')}"
    return [
        ("Problem", about if data.looked_up else images.about(data)),
        ("Steps", _steps(data)),
        ("Batch and noise", _batch(data)),
        ("Diagnoses", f"every {count(every, 'recorded step')}" if every else "none"),
    ]


def _on_images(data: StudyData) -> list[tuple[str, str]]:
    spec = data.study.specs[0]
    without = [
        label for label in data.labels if label not in {s.label for s in images.trained(data)}
    ]
    no_network = f"; no network for {names(without)}" if without else ""
    every = spec.diagnose_every
    return [
        ("Problem", images.about(data)),
        ("Images", f"{images.images(data)}, SHA-256 {spec.image_digest}"),
        ("Networks", f"{images.network(data) or 'none'}{no_network}"),
        ("Search", images.length(data) or "no training"),
        ("Diagnoses", f"every {count(every, 'epoch')}" if every else "none"),
        ("Device", listing(devices(data)) or "unknown"),
    ]


def _options(data: StudyData) -> list[tuple[str, str]]:
    """What only such a kind of problem can be asked, where its trials keep it apart."""
    options = data.study.specs[0].options
    told = listing([f"{key} {_value(value)}" for key, value in options.items()])
    return [("Options", told)] if told else []


def _origins(data: StudyData) -> list[tuple[str, str]]:
    """Where the settings that each method ran with are from; how long it ran is none of them."""
    told, used = [], set[str]()
    for method in method_settings(data):
        own = method.settings.keys()
        counted = Counter(tag for key, tag in method.tags.items() if key in own)
        parts = [f"{number} [{tag}]" for tag, number in sorted(counted.items())]
        if changed := len(own & method.changed):
            parts.append(f"{changed} by request")
        if parts:
            told.append(f"{name(method.label)} {listing(parts)}")
        used |= counted.keys()
    meaning = listing([f"[{tag}] {_meaning(tag)}" for tag in sorted(used)])
    parts = ["; ".join(told), *([meaning] if meaning else [])]
    return [("Origin of settings", ". ".join(parts))] if told else []


def _meaning(tag: str) -> str:
    """Of one tag, or of several written as one."""
    return TAGS.get(tag) or " and ".join(TAGS.get(letter, letter) for letter in tag)


def _steps(data: StudyData) -> str:
    budgets: dict[int, list[str]] = {}
    for label in data.labels:
        budgets.setdefault(data.budget(label), []).append(label)
    return "; ".join(f"{steps:,} ({names(labels)})" for steps, labels in budgets.items())


def _batch(data: StudyData) -> str:
    return (
        f"{count(int(data.first('batch_size')), 'architecture sample')} a step,"
        f" {noise_words(data.first('noise'), searched_quantity(data))}"
    )


def _versions(facts: Mapping[str, Any]) -> str:
    versions = {"python": facts.get("python", "unknown"), **facts.get("versions", {})}
    return ", ".join(f"{package} {version}" for package, version in versions.items())
