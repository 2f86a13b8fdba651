"""What a study of very many landscape trials takes: planned, gathered and reported.

    python benchmarks/growth.py build FOLDER --seeds 10000 --recorded 10 --steps 100 \\
        --methods darts,drnas,edas,rea,unas,gdas,snas,reinmax,betadarts
    python benchmarks/growth.py gather FOLDER
    python benchmarks/growth.py report FOLDER

Each prints seconds, CPU seconds and the peak of memory of its process. The first seeds of every
method (and of
`random`) are run, the others are hard links to their files.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from pathlib import Path

from nasbench_harness.store.studies import Study, gather, open_study, plan_study

REAL_SEEDS = 3
FILES = ("trial.json", "history.jsonl", "result.json")


def build(folder: Path, asked: argparse.Namespace) -> None:
    """Plan the study and fill its trials' folders."""
    from nasbench_harness.jobs.driver import run_job
    from nasbench_harness.problems import points
    from nasbench_harness.study.config import build_config
    from nasbench_harness.study.planning import plan

    points.RECORDED_POINTS = asked.recorded
    given = {"methods": asked.methods, "seeds": asked.seeds, "steps": asked.steps}
    config = build_config(None, given, [])
    folder.mkdir(parents=True)
    study = plan_study(folder, config.model_dump(mode="json"), plan(config))
    real: dict[tuple[str, int], Path] = {}
    for spec in study.specs:
        place = study.trial_folder(spec)
        if spec.seed < REAL_SEEDS:
            run_job(spec, place)
            real[spec.label, spec.seed] = place
            continue
        place.mkdir(parents=True)
        for name in FILES:
            os.link(real[spec.label, spec.seed % REAL_SEEDS] / name, place / name)


def gathered(study: Study) -> None:
    """Its tables, made anew."""
    for name in ("trials", "history"):
        for suffix in (".parquet", ".csv"):
            (study.folder / name).with_suffix(suffix).unlink(missing_ok=True)
    gather(study)


def main() -> None:
    """One part, and what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=["build", "gather", "report"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--methods", default="darts,drnas,edas,rea,unas")
    for name, default in (("seeds", 1667), ("recorded", 100), ("steps", 300)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    started = time.perf_counter()
    if asked.part == "build":
        build(asked.folder, asked)
    elif asked.part == "gather":
        gathered(open_study(asked.folder))
    else:
        from nasbench_harness.reports import write_report

        page = write_report(asked.folder)
        print(f"{page}: {page.stat().st_size:,} bytes")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    taken, cpu = time.perf_counter() - started, time.process_time()
    print(f"{asked.part}: {taken:.1f} s, {cpu:.1f} s of CPU, peak {peak:,} MB")


if __name__ == "__main__":
    main()
