"""Results on disk: a study's folder, and the tidy tables gathered from its trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from nasbench_harness.errors import HarnessError, os_sentence
from nasbench_harness.names import command_line, shell_word
from nasbench_harness.problems.kinds import DEFAULT, kind_of
from nasbench_harness.store import gathering, versions
from nasbench_harness.store.cost_columns import CostColumns
from nasbench_harness.store.files import read_json, write_json
from nasbench_harness.store.outcome_columns import (
    ACCURACY,
    OUTCOME_REGRET,
    completed,
    judging,
    outcome,
    place_after,
    with_outcome,
)
from nasbench_harness.store.outcomes import HISTORY, SCHEMA_VERSION, Outcome, Status, read_result
from nasbench_harness.store.provenance import facts
from nasbench_harness.store.schema_check import violation
from nasbench_harness.store.strangers import stranger
from nasbench_harness.store.tidy import source_of, tidy_frame, write_table
from nasbench_harness.study import growing
from nasbench_harness.study.spec import TrialSpec

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

STUDY, LOCK = "study.json", "study.lock"
TABLES = ("trials", "history")
_OWN = (
    LOCK,
    "trials",
    "report",
    "tensorboard",
    *(f"{t}.{e}" for t in ("trials", "history") for e in ("parquet", "csv")),
)


class StudyError(HarnessError):
    """A study folder that cannot be used."""


@dataclass
class Study:
    """A study's folder: what was planned, and what has become of it."""

    folder: Path
    config: dict[str, Any]
    specs: list[TrialSpec]
    facts: dict[str, Any]
    """Versions, machine, git commit and time of planning."""
    elsewhere: Mapping[str, Path] = field(default_factory=dict)
    """Trials that only a copy of the study has ended, and their folders there."""
    counted_before: frozenset[str] = frozenset()
    """Trials that a study beside this one has too, which is told about first."""
    repeated: int = 0
    """How often `study.json` names a trial again, as after an edit by hand."""

    @property
    def trials_folder(self) -> Path:
        """One folder per trial."""
        return self.folder / "trials"

    @property
    def search(self) -> str:
        """The kind of problem."""
        return self.specs[0].problem if self.specs else DEFAULT

    def missing(self) -> list[TrialSpec]:
        """Planned trials without a result; a failure is none."""
        return [s for s in self.specs if self.outcome(s).status is not Status.DONE]

    def outcome(self, spec: TrialSpec) -> Outcome:
        """How the trial ended, as its folder tells."""
        result = self.result(spec)
        return Outcome(spec.trial_id, Status(result["status"]), result.get("error", ""))

    def result(self, spec: TrialSpec) -> dict[str, Any]:
        """The trial's result; only a status if there is none or it is damaged."""
        return read_result(self.trial_folder(spec))

    def trial_folder(self, spec: TrialSpec) -> Path:
        """The trial's own folder."""
        return self.elsewhere.get(spec.trial_id) or self.trials_folder / spec.trial_id


# --- planning and opening ----------------------------------------------------------------------


def refuse_strangers(folder: Path) -> None:
    """StudyError where `folder` is none or holds something else than a study, see `strangers`."""
    if folder.exists() and not folder.is_dir():
        raise StudyError(f"{folder} is a file; choose another --out.")
    if (folder / STUDY).exists() or not (found := stranger(folder, _OWN, LOCK)):
        return
    raise StudyError(
        f"{folder} is not empty and holds no study; choose another --out, or move {found.name}"
        " away (only logs and hidden files may be there)."
    )


def plan_study(folder: Path, config: Mapping[str, Any], specs: Sequence[TrialSpec]) -> Study:
    """Open or make the study in `folder`; more methods or seeds let an existing one grow."""
    study = planned_study(folder, config, specs)
    write_study(study)
    return study


def write_study(study: Study) -> None:
    """Keep what is planned."""
    content = {
        "schema_version": SCHEMA_VERSION,
        "config": study.config,
        "facts": study.facts,
        "trials": [asdict(spec) for spec in study.specs],
    }
    write_json(study.folder / STUDY, content)


def planned_study(folder: Path, config: Mapping[str, Any], specs: Sequence[TrialSpec]) -> Study:
    """The study that `plan_study` would leave there, with all that is wrong with it; unwritten."""
    told = {**facts(), "id": uuid4().hex}
    if (folder / STUDY).exists():
        existing = open_study(folder)
        told = {**existing.facts, "last_run": facts()}
        recorded = (existing.config, existing.specs)
        if refused := growing.refusal(folder, *recorded, config, specs):
            raise StudyError(refused)
        config, specs = growing.grown(*recorded, config, specs)
    refuse_strangers(folder)
    return Study(folder, dict(config), list(specs), told)


def study_folders(place: Path) -> list[Path]:
    """The study's folder itself, or those inside it, as of a run over all data sets."""
    inside = sorted(path.parent for path in place.glob(f"*/{STUDY}"))
    return inside if inside and not (place / STUDY).exists() else [place]


def open_study(folder: Path) -> Study:
    """The study in `folder`; StudyError if there is none, it is damaged or of another version."""
    path = folder / STUDY
    try:
        content = read_json(path)
        if refusal := versions.refusal(content["schema_version"], content.get("facts")):
            raise StudyError(f"{folder} {refusal}")
        every = [TrialSpec(**spec) for spec in content["trials"]]
        specs = _once(every)
        config, told = dict(content["config"]), dict(content["facts"])
        return Study(folder, config, specs, told, repeated=len(every) - len(specs))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise StudyError(f"{folder} holds no study (no {STUDY} there).") from error
    except OSError as error:
        raise StudyError(f"The study in {folder} cannot be read: {os_sentence(error)}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise StudyError(
            f"{path} is damaged ({type(error).__name__}: {error}); the trials beside it are"
            f" untouched. Delete {STUDY} and run the study again to take them over."
        ) from error


def _once(specs: Sequence[TrialSpec]) -> list[TrialSpec]:
    """Every trial once, also where a study was put together by hand."""
    first: dict[str, TrialSpec] = {}
    for spec in specs:
        first.setdefault(spec.fingerprint, spec)
    return list(first.values())


# --- tidy tables -------------------------------------------------------------------------------


def gather(study: Study) -> pd.DataFrame:
    """Write `trials` and `history` as Parquet and CSV; returns the trials.

    Tables that were made of the very same plan and files are left as they are.
    """
    state = _state(study)
    if _stands(study, state):
        stored: pd.DataFrame = _read(study.folder / "trials.parquet").to_pandas()
        return stored
    trials = trials_table(study)
    write_table(study.folder / "trials", trials, source=state)
    write_table(study.folder / "history", _history(study), source=state)
    return trials


def current_tables(study: Study) -> tuple[pa.Table, pa.Table]:
    """Trials and history as they are now: those gathered, or gathered anew where they are old.

    Nothing is written. StudyError if the tables are not as the schema says.
    """
    import pyarrow as pa

    if _stands(study, _state(study)):
        return read_arrow(study.folder)
    trials = pa.Table.from_pandas(trials_table(study), preserve_index=False)
    return checked(study.folder, trials, _history(study))


def _state(study: Study) -> str:
    allowed = bool(study.config.get("allow_test_search"))
    return gathering.state(study.trials_folder, study.specs, allow_test_search=allowed)


def _stands(study: Study, state: str) -> bool:
    """Are the gathered tables of this state, or all that is left of the study."""
    paths = [study.folder / name for name in TABLES]
    if study.elsewhere:
        return False
    if not study.trials_folder.is_dir():
        return all(path.with_suffix(".parquet").exists() for path in paths)
    return all(source_of(path) == state for path in paths)


def trials_table(study: Study) -> pd.DataFrame:
    """One row per planned trial: identity, status, result, and every setting."""
    rows = []
    allowed = bool(study.config.get("allow_test_search"))
    costs = CostColumns(study.specs)
    for spec in study.specs:
        trial = spec.trial_id
        result = study.result(spec)
        result.pop("traceback", None)
        judged = outcome(result, spec.report_metric)
        judged |= costs.of(spec, result, judged[ACCURACY])
        rows.append(
            {
                "trial": trial,
                "method": spec.label,
                "seed": spec.seed,
                "status": result.pop("status"),
                "error": result.pop("error", ""),
                **judged,
                **_identity(spec),
                **{name: value for name, value in result.items() if name not in judged},
                **{f"setting_{name}": value for name, value in spec.settings.items()},
                "command": reproduce(spec, allow_test_search=allowed),
                "schema_version": SCHEMA_VERSION,
            }
        )
    return tidy_frame(rows)


def history_table(study: Study) -> pd.DataFrame:
    """One row per recorded step of every trial."""
    steps: pd.DataFrame = _history(study).to_pandas()
    return steps


def _history(study: Study) -> pa.Table:
    import pyarrow as pa

    sources = []
    for spec in study.specs:
        trial = spec.trial_id
        keys = {"trial": trial, "method": spec.label, "seed": spec.seed}
        sources.append((study.trial_folder(spec) / HISTORY, keys))
    table = gathering.read_histories(sources)
    if not table.num_rows:
        table = pa.table({name: pa.nulls(0) for name in ("trial", "method", "seed", "step")})
    planned = pa.table(
        {
            "trial": pa.array([spec.trial_id for spec in study.specs], pa.string()),
            "report_metric": pa.array([spec.report_metric for spec in study.specs], pa.string()),
        }
    )
    table = with_outcome("history", table, judging(planned, table))
    place = place_after(table.column_names, (OUTCOME_REGRET,))
    return CostColumns(study.specs).with_costs(table, place)


def read_tables(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The gathered trials and history of a study; StudyError if they are not as they should be."""
    trials, history = read_arrow(folder)
    return trials.to_pandas(), history.to_pandas()


def read_arrow(folder: Path) -> tuple[pa.Table, pa.Table]:
    """The same as Arrow tables."""
    trials, history = (_read(folder / f"{name}.parquet") for name in TABLES)
    return checked(folder, trials, history)


def _read(path: Path) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = path.parent
    if not path.exists():
        raise StudyError(
            f"The tables of {folder} cannot be read: there is no {path.name}; `nasharness report"
            f" {shell_word(folder)}` gathers it."
        )
    try:
        with path.open("rb") as file:  # Arrow itself takes no name that is not UTF-8
            return pq.read_table(file)
    except PermissionError as error:
        raise StudyError(f"The tables of {folder} cannot be read: {os_sentence(error)}") from error
    except (OSError, pa.ArrowException) as error:
        text = " ".join(str(error).split())
        raise StudyError(
            f"The tables of {folder} cannot be read: {path.name} is damaged ({text}); delete it"
            f" and gather it anew with `nasharness report {shell_word(folder)}`."
        ) from error


def checked(folder: Path, trials: pa.Table, history: pa.Table) -> tuple[pa.Table, pa.Table]:
    """The tables as this version has them; StudyError if they are not as the schema says."""
    trials, history = versions.upgraded(trials, history)
    if fault := violation(trials, history):
        raise StudyError(
            f"The tables of {folder} are not as they should be: {fault}; delete them and gather"
            f" them anew with `nasharness report {shell_word(folder)}`."
        )
    return completed(trials, history)


def reproduce(spec: TrialSpec, *, allow_test_search: bool = False) -> str:
    """The one command that runs this trial again."""
    words = ["nasharness", "run", "--methods", spec.label, "--space", spec.space]
    words += ["--table", spec.table, "--dataset", spec.images or spec.dataset]
    words += ["--recipe", spec.recipe, "--seeds", f"{spec.seed},"]
    words += kind_of(spec.problem).command(spec, allow_test_search=allow_test_search)
    words += ["--report-metric", spec.report_metric]
    words += ["--no-random", "--out", f"runs/again-{spec.trial_id}"]
    return command_line(words)


def _identity(spec: TrialSpec) -> dict[str, Any]:
    names = (
        "method_version recipe space table table_hash problem dataset search_metric report_metric"
        " steps epochs batch_size noise"
    )
    rows = {"method_name": spec.method, **{name: getattr(spec, name) for name in names.split()}}
    return rows | kind_of(spec.problem).identity(spec)
