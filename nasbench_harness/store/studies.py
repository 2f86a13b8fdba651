"""Results on disk: a study's folder, and the tidy tables gathered from its trials."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from nasbench_harness import registry
from nasbench_harness.contracts import CompleteTable
from nasbench_harness.errors import HarnessError
from nasbench_harness.problems.kinds import kind_of, searched
from nasbench_harness.process.names import command_line
from nasbench_harness.store import folders, manifests, versions
from nasbench_harness.store.cost_columns import CostColumns
from nasbench_harness.store.declarations import refusal, study_schema
from nasbench_harness.store.folders import FolderKind, JobFolder
from nasbench_harness.store.histories import METHOD, History
from nasbench_harness.store.job_tables import Tables
from nasbench_harness.store.journals import NamedJournal, read_histories
from nasbench_harness.store.outcome_columns import (
    ACCURACY,
    OUTCOME_REGRET,
    REGRETS,
    completed,
    has_regret,
    judging,
    outcome,
    place_after,
    with_outcome,
)
from nasbench_harness.store.outcomes import HISTORY, SCHEMA_VERSION, Status
from nasbench_harness.store.provenance import facts
from nasbench_harness.store.streaming import by_method, history_pieces, is_large
from nasbench_harness.store.tidy import tidy_frame
from nasbench_harness.study import fixed, growing
from nasbench_harness.study.recipes import RECIPE, asked_of
from nasbench_harness.study.smallest import SMALLEST, said_of
from nasbench_harness.study.spec import TrialSpec, method_label
from nasbench_harness.tables.library import NO_TABLE, find_table

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

STUDY, LOCK = "study.json", "study.lock"
BESIDE = ("report", "suite.json")
"""What a run over several problems keeps beside the studies."""


class StudyError(HarnessError):
    """A study folder that cannot be used."""


@dataclass
class Study(JobFolder[TrialSpec]):
    """A study's folder: what was planned, and what has become of it."""

    kind = FolderKind(
        plan=STUDY,
        lock=LOCK,
        spec=TrialSpec,
        error=StudyError,
        job="trial",
        noun="study",
        content="study",
        again="the study",
        goes_on="`nasharness resume {}`",
        work="search",
        compared="method",
        regret=True,
        upgrades=versions.UPGRADES,
        also=("report", "tensorboard", "slurm"),
    )

    @property
    def about(self) -> str:
        """What is searched, and what answers are looked up in."""
        if not self.specs:
            return ""
        spec = self.specs[0]
        return f"{searched(spec)}; {spec.judged}"

    @property
    def search(self) -> str:
        """The kind of problem."""
        return self.specs[0].problem if self.specs else registry.default_problem()

    @property
    def fixed(self) -> bool:
        """Is it judged once, on all that was planned, and never extended."""
        return bool(self.config.get(fixed.FIXED))

    @property
    def agreed(self) -> Mapping[str, str]:
        """How often it is judged where that is fixed, and a smallest difference that was given."""
        said = self.config.get(SMALLEST)
        of_metrics = said.items() if isinstance(said, Mapping) else [("", said)]
        told = ", ".join(f"{name} {points:g}".strip() for name, points in of_metrics if points)
        return {
            **({"judged": "once, on all of it: the study is fixed"} if self.fixed else {}),
            **({"of interest": f"differences from {told} points"} if told else {}),
        }

    def smallest_difference(self, metric: str) -> float | None:
        """Below which number by `metric`, in its unit, a difference is of no interest.

        None if nobody said any. `metric` is `regret`, `accuracy` or a column. What the benchmark
        has for a default is told by `tables.differences`.
        """
        judged_by = dict.fromkeys(spec.report_metric for spec in self.specs)
        return said_of(self.config.get(SMALLEST), metric, judged_by)


# --- planning and opening ----------------------------------------------------------------------


def refuse_strangers(folder: Path) -> None:
    """StudyError where `folder` is none or holds something else than a study, see `strangers`."""
    folders.refuse_strangers(folder, Study.kind)


def plan_study(folder: Path, config: Mapping[str, Any], specs: Sequence[TrialSpec]) -> Study:
    """Open or make the study in `folder`; more methods or seeds let an existing one grow."""
    study = planned_study(folder, config, specs)
    write_study(study)
    return study


def write_study(study: Study) -> None:
    """Keep what is planned."""
    folders.write_plan(study)


def planned_study(folder: Path, config: Mapping[str, Any], specs: Sequence[TrialSpec]) -> Study:
    """The study that `plan_study` would leave there, with all that is wrong with it; unwritten."""
    if refused := refusal(specs):
        raise StudyError(refused)
    told = {**facts(), "id": uuid4().hex}
    if (folder / STUDY).exists():
        existing = open_study(folder)
        told = {**existing.facts, "last_run": facts()}
        recorded = (existing.config, existing.specs)
        refused = growing.refusal(folder, *recorded, config, specs)
        if refused := refused or _of_fixed(existing, config, specs):
            raise StudyError(refused)
        config, specs = growing.grown(*recorded, config, specs)
    refuse_strangers(folder)
    return Study(folder, dict(config), list(specs), told)


def _of_fixed(existing: Study, config: Mapping[str, Any], specs: Sequence[TrialSpec]) -> str:
    """Why it would not be as it was fixed, or be fixed too late; empty if neither."""
    seen = bool(folders.read_looks(existing.folder / STUDY))
    seen = seen or any(existing.outcome(spec).status is Status.DONE for spec in existing.specs)
    further = growing.further(existing.specs, specs)
    return fixed.refusal(existing.folder, existing.config, config, further, seen=seen)


def study_folders(place: Path) -> list[Path]:
    """The study's folder itself, or those inside it, as of a run over all data sets.

    StudyError where those inside were pushed there and the push broke off.
    """
    if refused := manifests.incomplete(place, manifests.INDEX):
        raise StudyError(refused)
    inside = sorted(path.parent for path in place.glob(f"*/{STUDY}"))
    return inside if inside and not (place / STUDY).exists() else [place]


def studies_in(places: Iterable[Path]) -> list[Path]:
    """The folders of all studies in these places.

    What a run over several problems keeps beside its studies, and `runs/suite/*` names as well, is
    passed over where one of the studies is given too.
    """
    found = [folder for place in places for folder in study_folders(place)]
    rows = {folder.parent for folder in found if (folder / STUDY).exists()}
    return [
        folder
        for folder in found
        if folder.name not in BESIDE or folder.parent not in rows or (folder / STUDY).exists()
    ]


def open_study(folder: Path) -> Study:
    """The study in `folder`; StudyError if there is none, it is damaged or of another version.

    Or if it was pushed there and the push broke off.
    """
    if refused := manifests.incomplete(folder):
        raise StudyError(refused)
    return folders.read_plan(folder, Study)


# --- tidy tables -------------------------------------------------------------------------------


def gather(study: Study) -> pd.DataFrame:
    """Write `trials` and `history` as Parquet and CSV; returns the trials.

    Tables that were made of the very same plan and files are left as they are.
    """
    return _TABLES.gather(study)


def current_tables(study: Study) -> tuple[pa.Table, pa.Table]:
    """Trials and history as they are now: those gathered, or gathered anew where they are old.

    Nothing is written. StudyError if the tables are not as the schema says.
    """
    return _TABLES.current(study)


def opened_tables(study: Study) -> tuple[pa.Table, History]:
    """The same, but a history that stands on disk is read by column and method as it is needed."""
    return _TABLES.opened(study)


def untold(study: Study) -> str:
    """Which columns of the gathered tables nobody declares, in a sentence; empty if all are."""
    return _TABLES.untold(study.folder)


def _config(study: Study) -> dict[str, Any]:
    return {"allow_test_search": bool(study.config.get("allow_test_search"))}


def trials_table(study: Study) -> pd.DataFrame:
    """One row per planned trial: identity, status, result, and every setting."""
    results = [study.result(spec) for spec in study.specs]
    missed = _has_regret(study, {name for result in results for name in result})
    return tidy_frame(_rows(study, results, missed=missed))


def _rows(study: Study, results: list[dict[str, Any]], *, missed: bool) -> Iterator[dict[str, Any]]:
    """The rows, one after the other; each result goes with its row."""
    allowed = bool(study.config.get("allow_test_search"))
    costs = CostColumns(study.specs)
    results.reverse()
    for spec in study.specs:
        result = results.pop()
        result.pop("traceback", None)
        judged: dict[str, Any] = dict(outcome(result, spec.report_metric))
        judged |= costs.of(spec, result, judged[ACCURACY])
        if not missed:
            judged = {name: value for name, value in judged.items() if name not in REGRETS}
        yield {
            "trial": spec.trial_id,
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


def _has_regret(study: Study, recorded: Collection[str]) -> bool:
    """Is it known what answers miss to the best: only with a complete table."""
    judged_by = {spec.report_metric for spec in study.specs}
    unrecorded = judged_by.isdisjoint(recorded)
    return has_regret(judged_by, recorded, complete=unrecorded and _in_complete(study))


def _in_complete(study: Study) -> bool:
    """Are answers looked up in a complete table; one that cannot be opened here is taken for one.

    No results tell, as all trials may have failed, or the benchmark know no answer.
    """
    for name in {spec.table for spec in study.specs}:
        try:
            table = find_table(name)
        except HarnessError:
            return True
        if isinstance(table, CompleteTable):
            return True
    return False


def history_table(study: Study) -> pd.DataFrame:
    """One row per recorded step of every trial."""
    steps: pd.DataFrame = _history(study).to_pandas()
    return steps


def _history(study: Study) -> pa.Table:
    import pyarrow as pa

    table = read_histories(_journals(study))
    if not table.num_rows:
        table = pa.table({name: pa.nulls(0) for name in ("trial", "method", "seed", "step")})
    return _completing(study, table.column_names)(table)


def _history_pieces(study: Study) -> Iterator[pa.Table] | None:
    """What `_history` gives, method by method, of a study that is too large for the memory."""
    sources = _journals(study)
    held = history_pieces(by_method(sources), study.folder) if is_large(sources) else None
    if held is None:
        return None
    schema, pieces = held
    return map(_completing(study, schema.names), pieces())


def _journals(study: Study) -> list[NamedJournal]:
    sources: list[NamedJournal] = []
    for spec in study.specs:
        trial = spec.trial_id
        keys = {"trial": trial, METHOD: spec.label, "seed": spec.seed}
        sources.append((study.trial_folder(spec) / HISTORY, keys))
    return sources


def _completing(study: Study, recorded: Sequence[str]) -> Callable[[pa.Table], pa.Table]:
    """What adds outcomes and costs to recorded steps that have these columns."""
    import pyarrow as pa

    planned = pa.table(
        {
            "trial": pa.array([spec.trial_id for spec in study.specs], pa.string()),
            "report_metric": pa.array([spec.report_metric for spec in study.specs], pa.string()),
        }
    )
    missed, costs = _has_regret(study, recorded), CostColumns(study.specs)

    def complete(table: pa.Table) -> pa.Table:
        table = with_outcome("history", table, judging(planned, table), regret=missed)
        place = place_after(table.column_names, (OUTCOME_REGRET, ACCURACY))
        table = costs.with_costs(table, place)
        unknown = [] if missed else [name for name in table.column_names if name in REGRETS]
        return table.drop_columns(unknown)

    return complete


def read_tables(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The gathered trials and history of a study; StudyError if they are not as they should be."""
    trials, history = read_arrow(folder)
    return trials.to_pandas(), history.to_pandas()


def read_arrow(folder: Path) -> tuple[pa.Table, pa.Table]:
    """The same as Arrow tables."""
    return _TABLES.read(folder)


_TABLES: Tables[Study] = Tables(
    trials=trials_table,
    history=_history,
    kind=Study.kind,
    schema=study_schema,
    again="`nasharness report {}`",
    config=_config,
    pieces=_history_pieces,
    completed=completed,
)


def reproduce(spec: TrialSpec, *, allow_test_search: bool = False) -> str:
    """The one command that runs this trial again."""
    out = f"runs/again-{spec.trial_id}"
    return command_line(_words(spec, _label(spec), f"{spec.seed},", out, allowed=allow_test_search))


def with_seeds(study: Study, count: int) -> str:
    """The one command that adds seeds to a study; empty where its methods need several.

    None may be added to a fixed study, and so it is empty there too.

    It goes by what each trial was planned with, so that what was a default then stays as it was.
    """
    allowed = bool(study.config.get("allow_test_search"))
    by_label = {_label(spec): spec for spec in study.specs}
    asked = (",".join(by_label), str(count), str(study.folder))
    commands = {tuple(_words(spec, *asked, allowed=allowed)) for spec in by_label.values()}
    return command_line(commands.pop()) if len(commands) == 1 and not study.fixed else ""


def _label(spec: TrialSpec) -> str:
    """The method as `--methods` reads it, with the recipe it is found by again."""
    own = {RECIPE: asked_of(spec)} if RECIPE in spec.overrides else {}
    return method_label(spec.method, {**spec.overrides, **own})


def _words(spec: TrialSpec, methods: str, seeds: str, out: str, *, allowed: bool) -> list[str]:
    """The command that runs methods like this trial's with these seeds."""
    words = ["nasharness", "run", "--methods", methods, "--space", spec.space]
    words += ["--table", spec.table or NO_TABLE]
    words += ["--dataset", dataset] if (dataset := spec.images or spec.dataset) else []
    words += ["--recipe", spec.recipe, "--seeds", seeds]
    words += kind_of(spec.problem).command(spec, allow_test_search=allowed)
    words += ["--report-metric", spec.report_metric] if spec.table else []
    return [*words, "--no-random", "--out", out]


def _identity(spec: TrialSpec) -> dict[str, Any]:
    names = (
        "method_version recipe space table table_hash problem dataset search_metric report_metric"
        " steps epochs batch_size noise"
    )
    rows = {"method_name": spec.method, **{name: getattr(spec, name) for name in names.split()}}
    return rows | kind_of(spec.problem).identity(spec)
