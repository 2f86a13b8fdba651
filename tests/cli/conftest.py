"""Small studies for the commands."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Studies whose check against `b.json` ends with 0 (`same`), 1 (`worse`) and 3 (`torn`).

    And one, `few`, whose check against `few.json` ends with 4. Nobody may change them.
    """
    folder = tmp_path_factory.mktemp("verdicts")
    _study(folder / "same", seeds=10)
    _baseline(folder / "same", folder / "b.json")
    _study(folder / "few", seeds=3)
    _baseline(folder / "few", folder / "few.json")
    for name in ("worse", "torn"):
        shutil.copytree(folder / "same", folder / name)
    for place in ("worse", "few"):
        for path in (folder / place).glob("trials/rea-s*/result.json"):
            result = json.loads(path.read_text())
            result["cifar10_baseline_accuracy"] -= 0.7
            path.write_text(json.dumps(result))
    (path,) = (folder / "torn").glob("trials/rea-s1-*/result.json")
    path.write_text('{"status": "failed", "error": "it broke"}')
    return folder


def _study(folder: Path, seeds: int) -> None:
    from nasbench_harness.jobs.driver import run_job
    from nasbench_harness.store.studies import gather, plan_study
    from nasbench_harness.study.config import build_config
    from nasbench_harness.study.planning import plan

    given = {"methods": "rea", "seeds": seeds, "steps": 12, "table": "analog"}
    config = build_config(None, given, [])
    folder.mkdir()
    study = plan_study(folder, config.model_dump(mode="json"), plan(config))
    for spec in study.specs:
        run_job(spec, study.trials_folder / spec.trial_id)
    gather(study)


def _baseline(study: Path, path: Path) -> None:
    from nasbench_harness.reports.regression.baseline import Baseline, write_baseline
    from nasbench_harness.reports.regression.series import read_results

    write_baseline(path, Baseline(read_results([study]), {}))
