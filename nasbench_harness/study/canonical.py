"""One spelling for a setting that can be written in several ways.

`unas[temperature=1]`, `[temperature=1.0]` and `[temperature=1e0]` are one setting: a method's
`Settings` say what type a value has, and so how it is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from nasbench_harness import registry
from nasbench_harness.errors import HarnessError
from nasbench_harness.problems.kinds import held
from nasbench_harness.study.notation import parse_methods
from nasbench_harness.study.spec import method_label

if TYPE_CHECKING:
    from nasbench_harness.settings import Settings
    from nasbench_harness.study.spec import TrialSpec


def canonical_settings(method: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The values as the method's settings have them.

    What is no setting of it, or no value of a setting, stays as it is: planning says what is wrong.
    """
    if not given:
        return {}
    try:
        settings = registry.open_setup(method).Settings
    except HarnessError:
        return dict(given)
    return _as_typed(settings, given)


def canonical_held(option: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The same for the settings that an option of a kind of problem holds."""
    return _as_typed(held()[option], given) if given else {}


def canonical_label(label: str) -> str:
    """A method's label in the one spelling; what is no label stays as it is."""
    if "[" not in label:
        return label
    try:
        (choice,) = parse_methods(label)
    except (HarnessError, ValueError):
        return label
    return method_label(choice["name"], canonical_settings(choice["name"], choice["settings"]))


def find_label(asked: str, labels: Iterable[str], specs: Iterable[TrialSpec] = ()) -> str | None:
    """The one of `labels` that means the setting `asked`, however either is spelled.

    `specs` tell what a label leaves to the recipe: a setting that is written out with the recipe's
    own value is the one without it. None if there is no such label.
    """
    known = list(labels)
    if asked in known:
        return asked
    wanted = canonical_label(asked)
    found = next((label for label in known if canonical_label(label) == wanted), None)
    return found or next((s.label for s in specs if s.label in known and _is(s, wanted)), None)


def _is(spec: TrialSpec, label: str) -> bool:
    """Has the trial all settings of the label, and changes none that it does not name."""
    if "[" not in label or label.partition("[")[0] != spec.method:
        return False
    try:
        (choice,) = parse_methods(label)
    except (HarnessError, ValueError):
        return False
    asked = canonical_settings(choice["name"], choice["settings"])
    has = {**spec.settings, **spec.overrides}
    return set(spec.overrides) <= set(asked) and all(
        name in has and has[name] == value for name, value in asked.items()
    )


def _as_typed(cls: type[Settings], given: Mapping[str, Any]) -> dict[str, Any]:
    known = {name: value for name, value in given.items() if name in cls.model_fields}
    typed = _dumped(cls, known)
    if typed is None:  # one wrong value must not keep the others from their spelling
        alone = [_dumped(cls, {name: value}) or {name: value} for name, value in known.items()]
        typed = {name: value for one in alone for name, value in one.items()}
    return {name: typed.get(name, value) for name, value in given.items()}


def _dumped(cls: type[Settings], given: Mapping[str, Any]) -> dict[str, Any] | None:
    try:
        values = cls.model_validate(given).model_dump(mode="json")
    except ValidationError:
        return None
    return {name: values[name] for name in given}
