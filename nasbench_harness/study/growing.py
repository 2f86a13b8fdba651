"""A study that exists and a plan for it: may it grow by that, and what it is then.

Trials are what a study is; its config is how they were asked for. So a plan of trials that the
study has, or of more seeds of them, is welcome however it is spelled and wherever its images lie.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from nasbench_harness.fields.scalars import NOTHING, said
from nasbench_harness.images.place import is_folder
from nasbench_harness.problems.kinds import held
from nasbench_harness.study.canonical import canonical_held, canonical_label
from nasbench_harness.study.differences import differences, told
from nasbench_harness.study.spec import TrialSpec, method_label

GROWING = ("methods", "seeds", "random")
JUDGED = ("smallest_difference", "fixed")
"""How results are judged, not which trials there are: what is said last counts."""
SHOWN = 3

Specs = Sequence[TrialSpec]
Config = Mapping[str, Any]


# --- what is refused ---------------------------------------------------------------------------


def refusal(folder: Path, old: Config, there: Specs, new: Config, planned: Specs) -> str:
    """Why the study in `folder` cannot grow by the trials `planned`; empty if it can."""
    families = {spec.family for spec in there}
    strange = [spec for spec in planned if spec.family not in families]
    # What one command left to a default and another wrote out is the same where the trials are.
    if setting := other_setting(old, new, spelled=not strange):
        return _of_setting(folder, setting, old.get(setting), new[setting])
    if said := _of_images(folder, there, planned):
        return said
    recorded = {canonical_label(spec.label): spec for spec in there}
    for spec in strange:
        if before := recorded.get(canonical_label(spec.label)):
            return _of_trials(folder, before, spec)
    return ""


def other_setting(old: Config, new: Config, *, spelled: bool = False) -> str | None:
    """The first key that two configs do not agree on, of those that hold for a whole study.

    A key that the old one lacks came with a later release. Of two folders of images the content
    decides, which no config knows. With `spelled` only what both say counts.
    """
    for key, value in new.items():
        if key in (*GROWING, *JUDGED) or key not in old or (spelled and None in (old[key], value)):
            continue
        before, now = (_plain(key, one) for one in (old[key], value))
        if before != now and not (key == "dataset" and is_folder(before) and is_folder(now)):
            return key
    return None


def _plain(key: str, value: Any) -> Any:
    return canonical_held(key, value or {}) if key in held() else value or ""


def _of_setting(folder: Path, key: str, old: Any, new: Any) -> str:
    out = "choose another --out (only methods and seeds can be added to a study)."
    before, now = said(old), said(new)
    if before == NOTHING:
        return (
            f"{folder} holds a study that was planned without `{key}`, and {key} = {now} is asked"
            f" for; leave it out to go on with that study, or {out}"
        )
    if (now == NOTHING or key == "table") and not isinstance(old, Mapping):
        out = f"{_giving(key, old)} to go on with it, or {out}"
    asked = f"not {now}" if now != NOTHING else f"and no `{key}` is asked for"
    return f"{folder} holds a study with {key} = {before}, {asked}; {out}"


def _giving(key: str, value: Any) -> str:
    option = f"--{key.replace('_', '-')}"
    if isinstance(value, bool):
        return f"add `{option if value else option.replace('--', '--no-', 1)}`"
    return f"add `{option} {said(value)}`"


def _of_images(folder: Path, there: Specs, planned: Specs) -> str:
    """Other images under the same name, or under another."""
    digests = {spec.image_digest: spec.images for spec in there if spec.image_digest}
    now = next((spec for spec in planned if spec.image_digest), None)
    if now is None or not digests or now.image_digest in digests:
        return ""
    then, place = next(reversed(digests.items()))
    way = ""
    if place == now.images and not is_folder(place):
        way = f" (`nasharness resume {folder}` goes on where they are still to be had)"
    return (
        f"{folder} holds a study of other images than those of `{now.images}` (content {then[:12]}"
        f" of `{place}` then, {now.image_digest[:12]} now); give the images it was planned with, or"
        f" choose another --out{way}."
    )


def _of_trials(folder: Path, old: TrialSpec, new: TrialSpec) -> str:
    found = differences(_without_seed(old), _without_seed(new))
    shown = [told(difference) for difference in found[:SHOWN]]
    if len(found) > SHOWN:
        shown.append(f"{len(found) - SHOWN} more")
    return (
        f"{folder} holds a study that planned `{old.label}` otherwise ({', '.join(shown)});"
        f" `nasharness resume {folder}` goes on with what was planned, another --out begins anew."
    )


def _without_seed(spec: TrialSpec) -> dict[str, Any]:
    return {name: value for name, value in spec.decisive().items() if name != "seed"}


# --- what it grows to --------------------------------------------------------------------------


def grown(
    old: Config, there: Specs, new: Config, planned: Specs
) -> tuple[dict[str, Any], list[TrialSpec]]:
    """Config and trials of the study with those of the plan; its images lie where the plan's do."""
    places = {spec.image_digest: spec.images for spec in planned if is_folder(spec.images)}
    by_family = {spec.family: spec for spec in reversed(there)}
    added = [_as_recorded(spec, by_family.get(spec.family)) for spec in further(there, planned)]
    specs = [moved(spec, places.get(spec.image_digest)) for spec in there]
    config = {**new, **old, **_grown_config(old, new, added)}
    if places and is_folder(str(old.get("dataset", ""))):
        config["dataset"] = next(iter(places.values()))
    return config, [*specs, *added]


def further(there: Specs, planned: Specs) -> list[TrialSpec]:
    """The planned trials that are not there yet."""
    known = {spec.fingerprint for spec in there}
    return [spec for spec in planned if spec.fingerprint not in known]


def moved(spec: TrialSpec, place: str | None) -> TrialSpec:
    """The trial with its images in another place; itself without one."""
    if not place or not is_folder(spec.images) or spec.images == place:
        return spec
    return replace(spec, images=place)


def _as_recorded(spec: TrialSpec, other: TrialSpec | None) -> TrialSpec:
    """A further seed is spelled like the seeds that are there, so that they stay one row."""
    if other is None:
        return spec
    return replace(
        spec,
        overrides=other.overrides,
        recipe=other.recipe,
        network_overrides=other.network_overrides,
    )


def _grown_config(old: Config, new: Config, added: Specs) -> dict[str, Any]:
    known = {_label(method) for method in old.get("methods", [])}
    brought = {canonical_label(spec.label) for spec in added}
    methods = [m for m in new["methods"] if _label(m) not in known and _label(m) in brought]
    return {
        "methods": [*old.get("methods", []), *methods],
        "seeds": sorted({*old.get("seeds", []), *new["seeds"]}),
        "random": old.get("random", False) or new["random"],
        **{key: _last(old, new, key) for key in JUDGED if key in new or key in old},
    }


def _last(old: Config, new: Config, key: str) -> Any:
    return old.get(key) if new.get(key) is None else new[key]


def _label(method: Mapping[str, Any]) -> str:
    return canonical_label(method_label(method["name"], method["settings"]))
