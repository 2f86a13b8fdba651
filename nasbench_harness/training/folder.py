"""A folder of trainings: what was asked for, one folder each, and the tidy tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from nasbench_harness.errors import HarnessError
from nasbench_harness.fields.scalars import said
from nasbench_harness.images.place import is_folder
from nasbench_harness.process.names import command_line
from nasbench_harness.store import folders
from nasbench_harness.store.folders import FolderKind, JobFolder
from nasbench_harness.store.job_tables import Tables
from nasbench_harness.store.journals import read_histories
from nasbench_harness.store.outcomes import HISTORY, SCHEMA_VERSION
from nasbench_harness.store.provenance import facts
from nasbench_harness.store.tidy import tidy_frame
from nasbench_harness.training.calibration import FILE as CALIBRATION
from nasbench_harness.training.evaluation import FILE as EVALUATION
from nasbench_harness.training.schema import UPGRADES, training_schema
from nasbench_harness.training.settings import usual_settings
from nasbench_harness.training.spec import TrainingSpec

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

TRAINING, LOCK = "training.json", "training.lock"

_OPTIONS = {"epochs", "split", "batch_size", "width", "cells", "evaluate_every", "precision"}
"""Settings the command has an option for; the others go through `--set`."""


class TrainingFolderError(HarnessError):
    """A folder of trainings that cannot be used."""


@dataclass
class TrainingFolder(JobFolder[TrainingSpec]):
    """What was planned in a folder, and what has become of it."""

    kind = FolderKind(
        plan=TRAINING,
        lock=LOCK,
        spec=TrainingSpec,
        error=TrainingFolderError,
        job="training",
        noun="training",
        content="trainings",
        again="the command",
        goes_on="the same `nasharness train` command",
        work="training",
        compared="architecture",
        regret=False,
        upgrades=UPGRADES,
        also=("tensorboard", CALIBRATION, EVALUATION),
    )

    @property
    def about(self) -> str:
        """What is trained, on what and for how long."""
        if not self.specs:
            return ""
        spec = self.specs[0]
        epochs = "1 epoch" if spec.steps == 1 else f"{spec.steps} epochs"
        return f"{spec.space} trained from scratch on {spec.dataset}, {epochs}"


def refuse_strangers(folder: Path) -> None:
    """TrainingFolderError where `folder` holds something else than trainings, see `strangers`."""
    folders.refuse_strangers(folder, TrainingFolder.kind)


def plan_folder(
    folder: Path, config: Mapping[str, Any], specs: Sequence[TrainingSpec]
) -> TrainingFolder:
    """Open or make the folder; more architectures or seeds let an existing one grow.

    TrainingFolderError where it holds something else, or trainings that were asked for otherwise.
    """
    trainings = planned_folder(folder, config, specs)
    folders.write_plan(trainings)
    return trainings


def planned_folder(
    folder: Path, config: Mapping[str, Any], specs: Sequence[TrainingSpec]
) -> TrainingFolder:
    """The trainings that `plan_folder` would leave there, refusals included; unwritten."""
    told = {**facts(), "id": uuid4().hex}
    if (folder / TRAINING).exists():
        existing = open_folder(folder)
        _refuse_other(existing, config)
        _refuse_other_version(existing, specs)
        known = {spec.fingerprint for spec in existing.specs}
        there = [replace(spec, dataset=config["dataset"]) for spec in existing.specs]
        specs = [*there, *(s for s in specs if s.fingerprint not in known)]
        told = {**existing.facts, "last_run": facts()}
    refuse_strangers(folder)
    return TrainingFolder(folder, dict(config), list(specs), told)


def planned_digest(folder: Path) -> str:
    """That of the images of the trainings that are there; empty where none are."""
    return str(open_folder(folder).config["dataset_digest"]) if (folder / TRAINING).exists() else ""


def open_folder(folder: Path) -> TrainingFolder:
    """The trainings in `folder`; TrainingFolderError if there are none or they cannot be read."""
    return folders.read_plan(folder, TrainingFolder)


def _refuse_other(existing: TrainingFolder, config: Mapping[str, Any]) -> None:
    """Of two folders of images the content decides, not where they lie."""
    for name, value in config.items():
        old = existing.config.get(name)
        if name == "dataset" and is_folder(str(old)) and is_folder(value):
            continue
        if name == "image_stream":  # the digest tells
            continue
        if name == "dataset_digest" and old != value:
            raise TrainingFolderError(
                f"{existing.folder} holds trainings on other images than those of"
                f" `{config['dataset']}` (content {str(old)[:12]} then, {value[:12]} now); give the"
                " images they were planned with, or choose another --out."
            )
        if old != value:
            raise TrainingFolderError(
                f"{existing.folder} holds trainings with {name} = {said(old)}, not"
                f" {said(value)}; choose"
                " another --out (only architectures and seeds can be added)."
            )


def _refuse_other_version(existing: TrainingFolder, specs: Sequence[TrainingSpec]) -> None:
    """A later way to train, or to build the network, gives other numbers in the same rows."""
    then = {(spec.space_version, spec.version) for spec in existing.specs}
    now = {(spec.space_version, spec.version) for spec in specs}
    if then and not now <= then:
        (old, *_), (new, *_) = sorted(then), sorted(now - then)
        raise TrainingFolderError(
            f"{existing.folder} holds trainings of version {old[1]} on a space of version {old[0]},"
            f" and this nasharness trains version {new[1]} on {new[0]}; choose another --out."
        )


# --- tidy tables -------------------------------------------------------------------------------


def gather(trainings: TrainingFolder) -> pd.DataFrame:
    """Write `trials` and `history` as Parquet and CSV; returns the trials.

    Tables that were made of the very same plan and files are left as they are.
    """
    return _TABLES.gather(trainings)


def read_tables(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The gathered tables; TrainingFolderError if they are not as they should be."""
    trials, history = _TABLES.read(folder)
    return trials.to_pandas(), history.to_pandas()


def untold(trainings: TrainingFolder) -> str:
    """Which columns of the gathered tables nobody declares, in a sentence; empty if all are."""
    return _TABLES.untold(trainings.folder)


def trials_table(trainings: TrainingFolder) -> pd.DataFrame:
    """One row per planned training: identity, status, result, and every setting."""
    rows = []
    for spec in trainings.specs:
        result = trainings.result(spec)
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


def history_table(trainings: TrainingFolder) -> pa.Table:
    """One row per epoch of every training."""
    import pyarrow as pa

    sources = []
    for spec in trainings.specs:
        keys = {"trial": spec.trial_id, "architecture": spec.architecture, "seed": spec.seed}
        sources.append((trainings.trial_folder(spec) / HISTORY, keys))
    table = read_histories(sources)
    if table.num_rows:
        return table
    return pa.table({name: pa.nulls(0) for name in ("trial", "architecture", "seed", "epoch")})


_TABLES: Tables[TrainingFolder] = Tables(
    trials=trials_table,
    history=history_table,
    kind=TrainingFolder.kind,
    schema=training_schema,
    again="the same `nasharness train` command",
)


def reproduce(spec: TrainingSpec, threads: int | None = None) -> str:
    """The one command that runs this training again, with as many threads."""
    words = ["nasharness", "train", spec.architecture, "--space", spec.space]
    words += ["--dataset", spec.dataset, "--seeds", f"{spec.seed},"]
    if spec.limit is not None:
        words += ["--limit", str(spec.limit)]
    if spec.image_layout is not None:
        words += ["--image-layout", spec.image_layout]
    if spec.image_size is not None:
        words += ["--image-size", str(spec.image_size)]
    if spec.image_stream is not None:
        words.append("--stream" if spec.image_stream else "--no-stream")
    if threads is not None:
        words += ["--threads", str(threads)]
    usual = usual_settings(spec.space)
    for name, value in spec.settings.items():
        if name == "epochs" or value != usual.get(name):
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
