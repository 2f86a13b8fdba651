"""A small SLURM: its commands, with tasks that are processes of this machine.

    python fake_slurm.py sbatch SCRIPT

`FAKE_SLURM` is the folder that it keeps its jobs in. What was submitted stays there as
`<job>.sh`, the names of variables that it came with in `environment`, and what was asked of
`scontrol` in `requeued`. With a file `broken` in it tasks end at once, with `refused` nothing is
submitted.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

STATE = Path(os.environ.get("FAKE_SLURM", "."))
LIVE, PIDS, AGAIN = STATE / "live", STATE / "pids", STATE / "again"
COMMANDS = ("sbatch", "srun", "squeue", "scancel", "scontrol")


def install(state: Path, folder: Path) -> None:
    """Put the commands into a folder; whoever has it on the PATH has SLURM."""
    for place in (state / "live", state / "pids", state / "again", folder):
        place.mkdir(parents=True)
    for name in COMMANDS:
        path = folder / name
        path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -IS "{__file__}" {name} "$@"\n')
        path.chmod(0o755)


def sbatch(script: str) -> None:
    if (STATE / "refused").exists():
        sys.exit("sbatch: error: Batch job submission failed: Invalid partition name specified")
    job = 1
    while True:
        with suppress(FileExistsError):
            (STATE / f"{job}.sh").touch(exist_ok=False)
            break
        job += 1
    text = Path(script).read_text()
    (STATE / f"{job}.sh").write_text(text)
    (STATE / "environment").write_text("\n".join(os.environ))
    name = re.search(r"--job-name=(\S+)", text)[1]
    array = re.search(r"--array=0-(\d+)%", text)
    tasks = [f"{job}_{n}" for n in range(int(array[1]) + 1)] if array else [f"{job}"]
    for task in tasks:
        (LIVE / task).write_text(name)
    for task in tasks:
        subprocess.Popen(
            [sys.executable, "-IS", __file__, "run", task], start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    print(f"Submitted batch job {job}")


def run(task: str) -> None:
    job, _, number = task.partition("_")
    facts = {"JOB_ID": job, "PROCID": "0", "NTASKS": "1", "JOB_NUM_NODES": "1", "NODEID": "0"}
    if number:
        facts |= {"ARRAY_JOB_ID": job, "ARRAY_TASK_ID": number}
    environment = {**os.environ, **{f"SLURM_{name}": value for name, value in facts.items()}}
    while not (STATE / "broken").exists():
        subprocess.run(["bash", str(STATE / f"{job}.sh")], env=environment, check=False)
        if not (AGAIN / task).exists():
            break
        (AGAIN / task).unlink()
    (LIVE / task).unlink()


def srun(*words: str) -> None:
    number = os.environ.get("SLURM_ARRAY_TASK_ID", "")
    task = os.environ["SLURM_JOB_ID"] + (f"_{number}" if number else "")
    left, files = list(words), {}
    while left[0].startswith("--"):
        option = left.pop(0)
        if option != "--unbuffered":
            files[option] = left.pop(0)
    for option, descriptor in (("--output", 1), ("--error", 2)):
        path = files[option].replace("%A_%a", task).replace("%j", task).replace("%t", "0")
        os.dup2(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY), descriptor)
    (PIDS / task).write_text(str(os.getpid()))
    os.execvp(left[0], left)


def squeue(*words: str) -> None:
    for path in named(words):
        print(path.read_text())


def scancel(*words: str) -> None:
    if "--state=PENDING" not in words:
        tell([path.name for path in named(words)], signal.SIGTERM)


def scontrol(verb: str, task: str) -> None:
    (AGAIN / task).touch()
    with (STATE / "requeued").open("a") as file:
        file.write(f"{task}\n")


def named(words: tuple[str, ...]) -> list[Path]:
    names = next(word for word in words if word.startswith("--name=")).partition("=")[2].split(",")
    return [path for path in LIVE.iterdir() if path.read_text() in names]


def tell(tasks: list[str], number: int, pids: Path = PIDS) -> None:
    """Send a signal to what `srun` has become."""
    for task in tasks:
        with suppress(OSError, ValueError):
            os.kill(int((pids / task).read_text()), number)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
