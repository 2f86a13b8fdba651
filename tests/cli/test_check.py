"""`nasharness baseline` and `nasharness check` as whole processes, with their exit codes."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

NASHARNESS = str(Path(sysconfig.get_path("scripts")) / "nasharness")
UNTIMED = ["--methods", "drnas,rea", "--table", "analog", "--no-report"]
STUDY = [*UNTIMED, "--steps", "12"]
METRIC = "cifar10_baseline_accuracy"
YAML = "methods: [drnas, rea]\nsteps: 12\ntable: analog\nseeds: 3\n"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two small studies with their baselines, one of ten seeds, and one that searches longer."""
    folder = tmp_path_factory.mktemp("studies")
    commands = [
        ["run", *STUDY, "--seeds", "3", "--out", "old"],
        ["run", *STUDY, "--seeds", "100-109", "--out", "ten"],
        ["run", *UNTIMED, "--seeds", "2", "--steps", "13", "--out", "longer"],
        ["baseline", "save", "old", "--to", "b.json"],
        ["baseline", "save", "ten", "--to", "ten.json"],
    ]
    for command in commands:
        subprocess.run([NASHARNESS, *command], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def saved(prepared: Path, tmp_path: Path) -> Path:
    """A copy of them; the first one's baseline."""
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    return tmp_path / "b.json"


def worsen(folder: Path, method: str, points: float) -> None:
    """Take so many points off every result of a method."""
    for path in folder.glob(f"trials/{method}-s*/result.json"):
        result = json.loads(path.read_text())
        result[METRIC] -= points
        path.write_text(json.dumps(result))


def test_unchanged_code_passes_and_says_so_everywhere(
    nasharness: Run, tmp_path: Path, saved: Path
) -> None:
    config = study_file(tmp_path)
    before = {path.name for path in tmp_path.iterdir()}
    told = nasharness(
        "check", "--config", config, "--baseline", "b.json",
        "--junit", "out/check.xml", "--markdown", "out/summary.md", "--annotate", "github",
    )  # fmt: skip
    assert told.stdout.splitlines()[-1] == "6 checks: 6 unchanged"
    assert ET.parse(tmp_path / "out" / "check.xml").getroot().attrib["failures"] == "0"
    assert (tmp_path / "out" / "summary.md").read_text().startswith("## nasharness check: 6 checks")
    assert "::" not in told.stdout
    assert {path.name for path in tmp_path.iterdir()} - before == {"out"}


def test_loss_is_a_regression_with_exit_code_1(
    nasharness: Run, tmp_path: Path, saved: Path
) -> None:
    worsen(tmp_path / "ten", "drnas", 0.7)
    told = nasharness("check", "ten", "-b", "ten.json", "--annotate", "github", code=1)
    assert re.search(r"drnas, \S+ .* got worse by 0.700 points", told.stdout)
    assert "::error title=Regression%3A drnas::drnas" in told.stdout
    assert "6 checks: 1 regression, 5 unchanged" in told.stdout
    content = json.loads(nasharness("check", "ten", "-b", "ten.json", "--json", code=1).stdout)
    assert content["exit_code"] == 1
    nasharness("check", "ten", "-b", "ten.json", "--margin", "accuracy=1")
    nasharness("check", "ten", "-b", "ten.json", "--methods", "rea,random")


def test_too_few_seeds_are_inconclusive_with_exit_code_4(
    nasharness: Run, tmp_path: Path, saved: Path
) -> None:
    worsen(tmp_path / "old", "rea", 0.7)
    told = nasharness("check", "old", "--baseline", "b.json", code=4)
    assert "3 paired seeds can neither call that a regression" in told.stdout
    assert "a loss of 0.2 points that moves all seeds alike. About 8 seeds" in told.stdout


def test_failed_trials_have_exit_code_3(nasharness: Run, tmp_path: Path, saved: Path) -> None:
    (path,) = (tmp_path / "old" / "trials").glob("rea-s1-*/result.json")
    path.write_text('{"status": "failed", "error": "RuntimeError: it broke"}')
    told = nasharness("check", "old", "--baseline", "b.json", code=3)
    assert "rea has no result for seed 1 (RuntimeError: it broke)" in told.stdout
    told = nasharness("baseline", "save", "old", "--to", "c.json", code=3)
    assert "A baseline needs every trial" in told.stderr
    assert not (tmp_path / "c.json").exists()


def test_update_writes_what_a_check_refuses(nasharness: Run, tmp_path: Path, saved: Path) -> None:
    before = saved.read_bytes()
    told = nasharness("check", "longer", "--baseline", "b.json", code=2)
    assert "another config of `drnas`, `random` and `rea`: `steps` was 12 and is 13" in told.stderr
    told = nasharness("baseline", "save", "longer", "--to", "b.json", code=2)
    assert "--update replaces it" in told.stderr
    assert saved.read_bytes() == before
    told = nasharness("check", "longer", "--baseline", "b.json", "--update")
    assert f"~ drnas (nb201, landscape, cifar10) {METRIC}: steps 12 → 13" in told.stdout
    nasharness("check", "longer", "--baseline", "b.json")
    told = nasharness("check", "longer", "--baseline", "b.json", "--update")
    assert "(nothing changed)" in told.stdout


def test_study_file_may_hold_margins_and_keep_its_study(
    nasharness: Run, tmp_path: Path, saved: Path
) -> None:
    config = study_file(tmp_path, "check: {margins: {accuracy: 0.5}}\n")
    options = ["--config", config, "--baseline", "b.json", "--seeds", "50-54", "--out", "kept"]
    done = json.loads(nasharness("check", *options, "--methods", "drnas", "--json").stdout)
    margins = {row["metric"]: row["margin"] for row in done["findings"]}
    assert margins == {METRIC: 0.5, "queries": 5.0}
    assert len(list((tmp_path / "kept" / "trials").iterdir())) == 15
    again = nasharness("check", *options, "--methods", "drnas")
    told = "15 of 15 trials have their result in kept already and are not run again"
    assert told in " ".join(again.stderr.split())
    assert "a check of changed code needs a fresh folder" in " ".join(again.stderr.split())
    other = [*options[:4], "--seeds", "60-64", "--out", "kept"]
    told = nasharness("check", *other, "--methods", "drnas", code=2)
    assert "The study in kept has other seeds too (50–54)" in " ".join(told.stderr.split())
    assert len(list((tmp_path / "kept" / "trials").iterdir())) == 15
    wrong = study_file(tmp_path, "check: {margin: 1}\n")
    told = nasharness("check", "--config", wrong, "--baseline", "b.json", code=2)
    assert "Did you mean `margins`?" in told.stderr


def test_power_of_a_run_and_of_a_baseline(nasharness: Run, saved: Path) -> None:
    told = nasharness("check", "--power", "old")
    assert "Regression found (exit 1) / inconclusive (exit 4)" in told.stdout
    rows = json.loads(nasharness("check", "--power", "--baseline", "b.json", "--json").stdout)
    assert {row["seeds"] for row in rows} == {3, 5, 10, 20, 50}
    assert {row["method"] for row in rows} == {"drnas", "rea", "random"}
    (best,) = [r for r in rows if (r["method"], r["seeds"]) == ("random", 50)]
    assert best["rates"][0]["regression"] <= 0.01
    assert (best["partial_share"], best["partial_loss"]) == (0.1, 40.0)
    assert best["partial"]["regression"] + best["partial"]["inconclusive"] > 0.98


def test_power_fits_a_screen(nasharness: Run, saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line for each method and number of seeds, and one for each method: 80 columns, 40 lines."""
    monkeypatch.setenv("COLUMNS", "80")
    lines = nasharness("check", "--power", "old").stdout.splitlines()
    assert len(lines) <= 40
    assert all(len(line) <= 80 for line in lines)
    assert lines[1].split()[:4] == ["method", "seeds", "lose", "0"]
    rows = [line for line in lines if re.match(r"(drnas|rea|random) +\d+ +\d", line)]
    assert len(rows) == 3 * 5
    assert [row.split()[0] for row in rows] == sorted(
        (row.split()[0] for row in rows), key=["drnas", "rea", "random"].index
    )
    assert "10 % lose 40" in lines[1]
    assert sum("seeds for 95 % at 0.5" in line for line in lines) == 1


def test_benchmarks_are_compared(nasharness: Run, tmp_path: Path) -> None:
    for name, seconds in (("old", 1.0), ("new", 2.0)):
        stats = [{"median": s, "rounds": 9, "iqr": 0.01} for s in (1.0, seconds)]
        rows = [
            {"name": n, "stats": s} for n, s in zip(("test_calibration", "b"), stats, strict=True)
        ]
        (tmp_path / f"{name}.json").write_text(json.dumps({"benchmarks": rows}))
    told = nasharness("check", "--bench", "old.json", "new.json", "--junit", "b.xml", code=1)
    assert "b takes 2.000 times as long as before" in told.stdout
    assert ET.parse(tmp_path / "b.xml").getroot().attrib["failures"] == "1"
    nasharness("check", "--bench", "old.json", "new.json", "--max-slowdown", "2.5")


FAULTS = [
    (["check"], "Give --baseline FILE"),
    (["check", "old"], "Give --baseline FILE"),
    (["check", "--baseline", "b.json"], "Give study folders, or --config"),
    (["check", "old", "--config", "s.yaml", "--baseline", "b.json"], "Give study folders, or"),
    (["check", "old", "--baseline", "b.json", "--bench", "a", "b"], "goes with no study"),
    (["check", "old", "--baseline", "b.json", "--power"], "one of them"),
    (["check", "old", "--baseline", "b.json", "--out", "x"], "`--out` goes with --config"),
    (["check", "--power", "--baseline", "b.json", "--seeds", "3"], "`--seeds` goes with --config"),
    (["check", "old", "--baseline", "b.json", "--annotate", "gitlab"], "knows `github` only"),
    (["check", "old", "--baseline", "b.json", "--json", "--annotate", "github"], "choose one"),
    (["check", "old", "--baseline", "nowhere.json"], "There is no baseline nowhere.json"),
    (["check", "nowhere", "--baseline", "b.json"], "nowhere holds no study"),
    (["check", "--config", "s.yaml", "--baseline", "b.json"], "s.yaml cannot be read"),
    (["check", "old", "--baseline", "b.json", "--margin", "acuracy=1"], "Did you mean `accuracy`"),
    (["check", "old", "--baseline", "b.json", "--methods", "reo"], "Did you mean `rea`"),
    (["check", "--bench", "a.json", "b.json"], "a.json cannot be read"),
    (["baseline", "save", "old", "--to", "c.json", "--metric", "acc"], "no metric in these trials"),
    (["baseline", "save", "old", "--to", "c.json", "--margin", "accuracy"], "no `setting=value`"),
    (["baseline", "save", "nowhere", "--to", "c.json"], "nowhere holds no study"),
]


def test_faults_get_one_sentence_and_exit_code_2(
    nasharness: Run, tmp_path: Path, saved: Path
) -> None:
    before = {path.name for path in tmp_path.iterdir()}
    for arguments, sentence in FAULTS:
        told = nasharness(*arguments, code=2)
        assert sentence in " ".join(told.stderr.split()), arguments
        assert told.stderr.count("Error:") == 1
    assert {path.name for path in tmp_path.iterdir()} == before


UNFIT = [
    (
        ["--set-file", "steps: 13"],
        "another config of `drnas`, `random` and `rea`: `steps` was 12 and is 13",
    ),
    (["--set-file", "methods: [drnas]"], "`rea` (nb201, landscape, cifar10), which was not run"),
    (["--set-file", "seeds: x"], "names no seeds"),
    (["--baseline", "nowhere.json"], "There is no baseline nowhere.json"),
    (["--baseline", "study.yaml"], "study.yaml is no baseline"),
    (["--baseline", "old"], "old is no baseline"),
    (["--methods", "reo"], "Did you mean `rea`"),
    (["--seeds", "50-51"], "below 3 on a side nothing passes"),
    (["--out", "."], "is not empty and holds no study; choose another --out"),
    (["--margin", "acuracy=1"], "Did you mean `accuracy`"),
    (["--margin", "accuracy=-1"], "expected a number ≥ 0"),
    (["--margin", "accuracy=-1", "--update"], "expected a number ≥ 0"),
    (["--junit", "old"], "old is a folder, where the name of JUnit XML was expected"),
    (["--junit", "b.json/check.xml"], "b.json is no folder"),
    (["--markdown", "b.json/deeper/summary.md"], "b.json is no folder"),
    (["--out", "longer"], "holds a study with"),
    (["--out", "b.json"], "b.json is a file"),
]


@pytest.mark.parametrize(("arguments", "sentence"), UNFIT)
def test_what_does_not_fit_is_found_before_anything_runs(
    nasharness: Run, tmp_path: Path, saved: Path, arguments: list[str], sentence: str
) -> None:
    config = study_file(tmp_path)
    if arguments[0] == "--set-file":
        name = arguments[1].partition(":")[0]
        kept = [line for line in YAML.splitlines() if not line.startswith(f"{name}:")]
        (tmp_path / config).write_text("\n".join([*kept, arguments[1]]))
        arguments = []
    before = contents(tmp_path)
    given = {"--baseline": "b.json", "--out": "kept"}
    given |= dict(zip(arguments[::2], arguments[1::2], strict=False))
    options = [word for pair in given.items() for word in pair]
    switches = [word for word in arguments if word == "--update"]
    told = nasharness("check", "--config", config, *options, *switches, code=2)
    assert sentence in " ".join(told.stderr.split())
    assert "to run" not in told.stderr
    assert contents(tmp_path) == before


def contents(folder: Path) -> dict[str, float]:
    """Every file with its time."""
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*")}


def study_file(folder: Path, more: str = "") -> str:
    """The study of `saved` as a file."""
    (folder / "study.yaml").write_text(YAML + more)
    return "study.yaml"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("option", ["--junit", "--markdown"])
def test_a_file_that_cannot_be_written_takes_no_verdict_along(
    nasharness: Run, tmp_path: Path, saved: Path, option: str
) -> None:
    told = nasharness(
        "check", "old", "--baseline", str(saved), "--json", option, "/dev/full", code=3
    )
    assert json.loads(told.stdout)["exit_code"] == 0
    assert "No space left on device" in told.stderr
    worsen(tmp_path / "old", "drnas", 5.0)
    (tmp_path / "old" / "trials.parquet").unlink()
    told = nasharness("check", "old", "--baseline", str(saved), option, "/dev/full", code=4)
    assert "1 inconclusive" in told.stdout
    assert "No space left on device" in told.stderr
