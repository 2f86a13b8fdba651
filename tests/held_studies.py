"""Small studies in which costs are held, run in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nasbench_harness.jobs.driver import run_job
from nasbench_harness.store import studies
from nasbench_harness.store.studies import Study
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan


def make(folder: Path, methods: str, **given: Any) -> Study:
    """A study on `analog`, all of whose trials are done; `given` is of its config."""
    basics = {"methods": methods, "seeds": "3", "steps": 12, "table": "analog", "random": False}
    config = build_config(None, {**basics, **given}, [])
    folder.mkdir(parents=True, exist_ok=True)
    study = studies.plan_study(folder, config.model_dump(mode="json"), plan(config))
    for spec in study.specs:
        run_job(spec, study.trials_folder / spec.trial_id)
    studies.gather(study)
    return study
