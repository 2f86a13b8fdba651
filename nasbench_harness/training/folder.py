"""A folder of trainings: what was asked for, one folder each, and the tidy tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasbench_harness.errors import HarnessError, os_sentence
from nasbench_harness.images.place import is_folder
from nasbench_harness.names import command_line
from nasbench_harness.store.files import read_json, write_json
from nasbench_harness.store.journals import read_journal
from nasbench_harness.store.outcomes import HISTORY, SCHEMA_VERSION, Status, read_result
from nasbench_harness.store.provenance import facts
from nasbench_harness.store.strangers import stranger
from nasbench_harness.store.tidy import tidy_frame, write_table
from nasbench_harness.training.settings import TrainingSettings
from nasbench_harness.training.spec import TrainingSpec

if TYPE_CHECKING:
    import pandas as pd

TRAINING, LOCK = "training.json", "training.lock"
_OWN = {LOCK, "trials", *(f"{t}.{e}" for t in ("trials", "history") for e in ("parquet", "csv"))}

_OPTIONS = {"epochs", "split", "batch_size", "width", "cells", "evaluate_every", "precision"}
"""Settings the command has an option for; the others go through `--set`."""


class TrainingFolderError(HarnessError):
    """A folder of trainings that cannot be used."""


@dataclass(frozen=True)
class TrainingFolder:
    """What was planned in a folder, and what has become of it."""

    path: Path
    config: dict[str, Any]
    """What all its trainings have in common."""
    specs: list[TrainingSpec]
    facts: dict[str, Any]
    """Versions, machine and time of planning."""

    @property
    def trials_folder(self) -> Path:
        """One folder per training."""
        return self.path / "trials"

    def trial(self, spec: TrainingSpec) -> Path:
        """The training's own folder."""
        return self.trials_folder / spec.trial_id

    def result(self, spec: TrainingSpec) -> dict[str, Any]:
        """The training's result; only a status if there is none or it is damaged."""
        return read_result(self.trial(spec))

    def missing(self, among: Sequence[TrainingSpec]) -> list[TrainingSpec]:
        """Those without a result; a failure is none."""
        return [spec for spec in among if self.result(spec)["status"] != Status.DONE]


def refuse_strangers(path: Path) -> None:
    """TrainingFolderError where `path` holds something else than trainings, see `strangers`."""
    if (path / TRAINING).exists() or not (found := stranger(path, _OWN, LOCK)):
        return
    raise TrainingFolderError(
        f"{path} is not empty and holds no training; choose another --out, or move {found.name}"
        " away (only logs and hidden files may be there)."
    )


def plan_folder(
    path: Path, config: Mapping[str, Any], specs: Sequence[TrainingSpec]
) -> TrainingFolder:
    """Open or make the folder; more architectures or seeds let an existing one grow.

    TrainingFolderError where it holds something else, or trainings that were asked for otherwise.
    """
    told = facts()
    if (path / TRAINING).exists():
        existing = open_folder(path)
        _refuse_other(existing, config)
        _refuse_other_version(existing, specs)
        known = {spec.fingerprint for spec in existing.specs}
        there = [replace(spec, dataset=config["dataset"]) for spec in existing.specs]
        specs = [*there, *(s for s in specs if s.fingerprint not in known)]
        told = {**existing.facts, "last_run": told}
    refuse_strangers(path)
    folder = TrainingFolder(path, dict(config), list(specs), told)
    content = {
        "schema_version": SCHEMA_VERSION,
        "config": folder.config,
        "facts": folder.facts,
        "trials": [asdict(spec) for spec in folder.specs],
    }
    write_json(path / TRAINING, content)
    return folder


def open_folder(path: Path) -> TrainingFolder:
    """The trainings in `path`; TrainingFolderError if there are none or they cannot be read."""
    try:
        content = read_json(path / TRAINING)
        schema = content["schema_version"]
        specs = [TrainingSpec(**spec) for spec in content["trials"]]
        folder = TrainingFolder(path, dict(content["config"]), specs, dict(content["facts"]))
    except FileNotFoundError as error:
        raise TrainingFolderError(f"{path} holds no training (no {TRAINING} there).") from error
    except OSError as error:
        raise TrainingFolderError(
            f"The trainings in {path} cannot be read: {os_sentence(error)}"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise TrainingFolderError(
            f"{path / TRAINING} is damaged ({type(error).__name__}: {error}); the trials beside it"
            f" are untouched. Delete {TRAINING} and run the command again to take them over."
        ) from error
    if schema != SCHEMA_VERSION:
        raise TrainingFolderError(
            f"{path} was written with schema version {schema}; this nasharness reads"
            f" {SCHEMA_VERSION}."
        )
    return folder


def _refuse_other(existing: TrainingFolder, config: Mapping[str, Any]) -> None:
    """Of two folders of images the content decides, not where they lie."""
    for name, value in config.items():
        old = existing.config.get(name)
        if name == "dataset" and is_folder(str(old)) and is_folder(value):
            continue
        if name == "dataset_digest" and old != value:
            raise TrainingFolderError(
                f"{existing.path} holds trainings on other images than those of"
                f" `{config['dataset']}` (content {str(old)[:12]} then, {value[:12]} now); give the"
                " images they were planned with, or choose another --out."
            )
        if old != value:
            raise TrainingFolderError(
                f"{existing.path} holds trainings with {name} = {old}, not {value}; choose another"
                " --out (only architectures and seeds can be added)."
            )


def _refuse_other_version(existing: TrainingFolder, specs: Sequence[TrainingSpec]) -> None:
    """A later way to train, or to build the network, gives other numbers in the same rows."""
    then = {(spec.space_version, spec.version) for spec in existing.specs}
    now = {(spec.space_version, spec.version) for spec in specs}
    if then and not now <= then:
        (old, *_), (new, *_) = sorted(then), sorted(now - then)
        raise TrainingFolderError(
            f"{existing.path} holds trainings of version {old[1]} on a space of version {old[0]},"
            f" and this nasharness trains version {new[1]} on {new[0]}; choose another --out."
        )


# --- tidy tables -------------------------------------------------------------------------------


def gather(folder: TrainingFolder) -> pd.DataFrame:
    """Write `trials` and `history` as Parquet and CSV; returns the trials."""
    trials = trials_table(folder)
    write_table(folder.path / "trials", trials)
    write_table(folder.path / "history", history_table(folder))
    return trials


def trials_table(folder: TrainingFolder) -> pd.DataFrame:
    """One row per planned training: identity, status, result, and every setting."""
    rows = []
    for spec in folder.specs:
        result = folder.result(spec)
        for name in ("traceback", "versions", "schema_version"):
            result.pop(name, None)
        rows.append(
            {
                **_identity(spec),
                "status": result.pop("status"),
                "error": result.pop("error", ""),
                **result,
                **{f"setting_{name}": value for name, value in spec.settings.items()},
                "command": reproduce(spec, result.get("threads")),
                "schema_version": SCHEMA_VERSION,
            }
        )
    return tidy_frame(rows)


def history_table(folder: TrainingFolder) -> pd.DataFrame:
    """One row per epoch of every training."""
    import pandas as pd

    rows = [
        {"trial": spec.trial_id, "architecture": spec.architecture, "seed": spec.seed, **row}
        for spec in folder.specs
        for row in read_journal(folder.trial(spec) / HISTORY)
    ]
    return pd.DataFrame(rows or {"trial": [], "architecture": [], "seed": [], "epoch": []})


def reproduce(spec: TrainingSpec, threads: int | None = None) -> str:
    """The one command that runs this training again, with as many threads."""
    words = ["nasharness", "train", spec.architecture, "--space", spec.space]
    words += ["--dataset", spec.dataset, "--seeds", f"{spec.seed},"]
    if spec.limit is not None:
        words += ["--limit", str(spec.limit)]
    if spec.image_layout is not None:
        words += ["--image-layout", spec.image_layout]
    if threads is not None:
        words += ["--threads", str(threads)]
    usual = TrainingSettings().model_dump()
    for name, value in spec.settings.items():
        if name == "epochs" or value != usual[name]:
            words += _words(name, value)
    return command_line([*words, "--out", f"runs/again-{spec.trial_id}"])


def _words(name: str, value: Any) -> list[str]:
    if name in _OPTIONS:
        return [f"--{name.replace('_', '-')}", str(value)]
    return ["--set", f"{name}={value}"]


def _identity(spec: TrainingSpec) -> dict[str, Any]:
    return {
        "trial": spec.trial_id,
        "label": spec.label,
        "architecture": spec.architecture,
        "seed": spec.seed,
        "space": spec.space,
        "space_version": spec.space_version,
        "dataset": spec.dataset,
        "dataset_digest": spec.dataset_digest,
        "limit": spec.limit,
        "epochs": spec.settings["epochs"],
        "training_version": spec.version,
    }
