"""A kind of problem is a folder: nobody else names one, and another package can bring one."""

from __future__ import annotations

import ast
import inspect
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nasbench_harness import registry
from nasbench_harness.cli.notes import tell_unused
from nasbench_harness.contracts import (
    CellWeights,
    ChosenLosses,
    EdgeWeights,
    EvaluatedProxies,
    FittedGradient,
    FreshWeights,
    GradientEstimator,
    Kind,
    Multilinear,
    NetworkWeights,
    OperationGradients,
    PartialChannels,
    ProxyScores,
    SkipRates,
    StandAloneAccuracy,
    StepMemory,
    SynapticFlow,
    TunedTraining,
    UnrolledGradient,
)
from nasbench_harness.hardware import Hardware
from nasbench_harness.problems.kinds import RESERVED, kind_names, kinds, open_kind
from nasbench_harness.problems.supernet.planning import cut_short
from nasbench_harness.settings import named
from nasbench_harness.store.files import read_json

from .commands import Aside
from .registries import install

WORD = re.compile(r"(?<![\w-])(landscape|supernet|surrogate)s?\b", re.IGNORECASE)
CLASS = re.compile(
    r"(Landscape|WeightSharing|Surrogate)|_?(of_)?(landscape|supernet|surrogate)s?", re.IGNORECASE
)
NETWORK = {"supernet", "Supernet"}
"""The network itself, as `NetworkSpace` builds it, in code: no kind of problem."""
BENCH = "measures searches of this one kind, the only one that uses a GPU"
ALLOWED = {
    "reports/figures/relief.py": "the name of a figure's file, which users have",
    "methods/unas.py": "what its paper calls the estimate that its gradients go through",
    "nasbench_harness/bench/plainly.py": BENCH,
    "nasbench_harness/bench/searches.py": BENCH,
    "nasbench_harness/bench/steps.py": BENCH,
}
"""Files that name a kind of problem outside its folder, and why; none of what runs studies."""
GONE = ("epoch_steps == 0", "not run.spec.epoch_steps", 'images == ""')


# --- who names one -----------------------------------------------------------------------------


def naming(path: Path) -> Iterator[tuple[int, str]]:
    """Lines whose code or strings, docstrings left out, name a kind of problem."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    told = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            named = node.value != "Supernet" and WORD.search(node.value)
            if id(node) not in told and named:
                yield node.lineno, node.value
        elif isinstance(node, ast.ImportFrom):
            if WORD.search(node.module or ""):
                yield node.lineno, node.module or ""
        else:
            for name in (getattr(node, field, None) for field in ("id", "attr", "name", "arg")):
                if isinstance(name, str) and name not in NETWORK and CLASS.fullmatch(name):
                    yield node.lineno, name  # type: ignore[attr-defined]


def own_folder(path: Path) -> bool:
    return path.parent.name in {kind.name for kind in kinds()} and path.parts[-3] == "problems"


def test_nobody_names_a_kind_of_problem_but_its_folder(checkout: Path) -> None:
    """And nobody stays on the list who does no longer."""
    files = [
        path
        for part in ("nasbench_harness", "methods", "spaces", "reports")
        for path in sorted((checkout / part).rglob("*.py"))
        if not own_folder(path)
    ]
    found = {str(path.relative_to(checkout)): list(naming(path)) for path in files}
    naming_one = {path: lines for path, lines in found.items() if lines}
    assert {p: lines for p, lines in naming_one.items() if p not in ALLOWED} == {}
    assert set(naming_one) == set(ALLOWED)


def test_the_folders_themselves_would_be_found(checkout: Path) -> None:
    folder = checkout / "nasbench_harness" / "problems"
    assert all(list(naming(folder / kind.name / "kind.py")) for kind in kinds())


def test_no_value_of_a_trial_is_a_sign_of_its_kind(checkout: Path) -> None:
    for path in (checkout / "nasbench_harness").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not [sign for sign in GONE if sign in text], path


# --- what kinds say of themselves --------------------------------------------------------------


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.name)
def test_capabilities_are_those_of_the_class(kind: object) -> None:
    problem = kind.problem()  # type: ignore[attr-defined]
    protocols = (
        CellWeights, ChosenLosses, EdgeWeights, EvaluatedProxies, FittedGradient, FreshWeights,
        GradientEstimator, Multilinear, NetworkWeights, OperationGradients, PartialChannels,
        ProxyScores, SkipRates, StandAloneAccuracy, StepMemory, SynapticFlow, TunedTraining,
        UnrolledGradient,
    )  # fmt: skip
    has = {p for p in protocols if all(hasattr(problem, m) for m in vars(p) if m[0] != "_")}
    assert set(kind.capabilities) == has  # type: ignore[attr-defined]


def test_every_option_tells_what_it_is() -> None:
    for kind in kinds():
        assert all(field.description for field in kind.Options.model_fields.values())


def test_the_default_kind_is_one_of_them_and_comes_first() -> None:
    assert registry.default_problem() == "landscape"
    assert kinds()[0].name == kind_names()[0] == registry.default_problem()
    assert kind_names()[1:] == sorted(kind_names()[1:])


def test_reading_kinds_needs_no_torch() -> None:
    code = (
        "import sys; from nasbench_harness.problems.kinds import held, kinds; kinds(); held();"
        "print([n for n in ('torch', 'numpy', 'pandas') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_planning_a_study_without_networks_needs_no_torch() -> None:
    code = (
        "import sys; from nasbench_harness.study.config import build_config, settled;"
        "from nasbench_harness.study.planning import plan;"
        "methods = 'darts,drnas,edas,rea,reinforce,rsws,unas[cost=params]';"
        "specs = plan(settled(build_config(None, {'methods': methods, 'seeds': '1'}, [])));"
        "print(len(specs), [n for n in ('torch', 'pandas', 'scipy') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "8 []"


# --- a kind from another package ---------------------------------------------------------------

TOY = '''
"""A kind of problem of another package: tilted tables."""

from typing import ClassVar

from nasbench_harness.contracts import StandAloneAccuracy
from nasbench_harness.problems.base import PlainKind
from nasbench_harness.settings import Settings, option


class TiltOptions(Settings):
    tilt: int = option(1, "Degrees the table is tilted by.", told="1", ge=1, le=9)


class ToyKind(PlainKind):
    name = "toykind"
    plural = "toykinds"
    Options = TiltOptions
    recipe = "landscape"
    capabilities = (StandAloneAccuracy,)
    caveat = "A toykind tilts the `table`, and nothing else."

    def problem(self):
        from nasbench_harness.problems.landscape.objective import Landscape

        class Tilted(Landscape):
            tilt = 1

            def observe(self, weights, arch):
                return {**super().observe(weights, arch), "tilted_by": float(self.tilt)}

        return Tilted

    def open(self, spec, space, table, hardware, device):
        metric = table.search_metric(spec.dataset)
        problem = self.problem()(
            space, table, metric=metric, dataset=spec.dataset, steps=spec.steps,
            epochs=spec.epochs, seed=spec.seed,
        )
        problem.tilt = spec.options["tilt"]
        return problem


KIND = ToyKind()
'''

Toy = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, table_cache: Path) -> Iterator[Aside]:
    """A process that has found the kind."""
    site = tmp_path_factory.mktemp("site")
    install(site, "problems", "toykind", "toykind_plugin:KIND", TOY)
    with Aside(site) as aside:
        yield aside


@pytest.fixture
def toy(installed: Aside, tmp_path: Path) -> Toy:
    """`nasharness` where the kind is installed."""
    return partial(installed.run, tmp_path)


def only_trial(folder: Path) -> Path:
    (trial,) = (folder / "trials").iterdir()
    return trial


def test_a_kind_of_another_package_runs_resumes_and_is_reproduced(toy: Toy, tmp_path: Path) -> None:
    words = ["-m", "rea", "--steps", "12", "--seeds", "1", "--no-random", "--no-report"]
    done = toy("run", "--search", "toykind", "--tilt", "3", *words, "-o", "S", "-j", "1")
    assert done.returncode == 0, done.stderr
    columns = "`expected_accuracy`, `queries`, `tilted_by`"  # the tilt itself is an option
    assert f"Nobody declares the columns {columns} of history: they are kept" in done.stderr
    study = read_json(tmp_path / "S" / "study.json")
    assert (study["config"]["search"], study["config"]["tilt"]) == ("toykind", 3)
    assert study["trials"][0]["options"] == {"tilt": 3}
    trial = only_trial(tmp_path / "S")
    lines = (trial / "history.jsonl").read_text().splitlines()
    assert {json.loads(line)["tilted_by"] for line in lines} == {3.0}

    answer = read_json(trial / "result.json")
    (trial / "result.json").unlink()
    done = toy("resume", "S", "--no-report", "-j", "1")
    assert done.returncode == 0, done.stderr
    assert read_json(trial / "result.json")["architecture"] == answer["architecture"]

    from nasbench_harness.store.studies import read_tables

    trials, _ = read_tables(tmp_path / "S")
    assert list(trials["tilt"]) == [3]
    command = shlex.split(trials["command"][0])
    assert command[command.index("--tilt") + 1] == "3"
    done = toy(*command[1:], "--no-report", "-j", "1")
    assert done.returncode == 0, done.stderr
    assert only_trial(tmp_path / command[command.index("--out") + 1]).name == trial.name


def test_a_kind_of_another_package_gets_a_report_in_its_own_words(toy: Toy, tmp_path: Path) -> None:
    done = toy(
        "run", "--search", "toykind", "--tilt", "3", "-m", "rea", "--steps", "12", "--seeds", "3",
        "-o", "S", "-j", "1",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    words = (tmp_path / "S" / "report" / "report.md").read_text()
    assert words.startswith("# S: toykind, dataset cifar10, table `analog`\n\n**")
    assert "\n\n2 methods, 3 seeds, on the search space `nb201`" in words
    assert "> A toykind tilts the `table`, and nothing else." in words
    assert "**Options:** tilt 3" in words
    assert "as the clock ran" in words
    assert "nothing is trained" not in words  # it does not say so
    assert "Random search, the line to beat, ends at a mean regret of" in words
    assert not [word for word in ("landscape study", "supernet study", "searchs") if word in words]

    plain = toy(
        "run", "-m", "rea", "--steps", "12", "--seeds", "3", "-o", "L", "-j", "1", "--no-report"
    )
    assert plain.returncode == 0, plain.stderr
    done = toy("report", "S", "L", "--out", "both")
    assert done.returncode == 0, done.stderr
    words = (tmp_path / "both" / "report.md").read_text()
    assert (
        "Landscape studies, which search the table itself, and toykind studies answer different"
        " questions"
    ) in " ".join(words.split())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--search", "toykind", "--tilt", "12"], "'--tilt': expected 9 or less, not '12'"),
        (["--search", "toykind", "--noise", "1"], "a toykind is searched on its own"),
        (["--tilt", "3"], "`tilt` is about toykinds, and a landscape has none"),
        (["--search", "toykin"], "expected one of landscape, supernet, surrogate, toykind"),
    ],
    ids=["limit", "option of another", "another kind", "name"],
)
def test_a_wrong_value_is_refused_in_one_sentence(toy: Toy, words: list[str], said: str) -> None:
    done = toy("run", "-m", "rea", "--steps", "5", "--seeds", "1", *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_its_option_has_help_and_a_file_its_key(toy: Toy, tmp_path: Path) -> None:
    shown = " ".join(toy("run", "--help").stdout.split())
    assert "--tilt <int range> Degrees the table is tilted by. [default: 1; 1<=x<=9]" in shown
    (tmp_path / "study.yaml").write_text("methods: rea\nsearch: toykind\ntilt: 20\n")
    done = toy("run", "-c", "study.yaml")
    assert done.returncode == 2
    assert "`tilt` cannot be 20: expected a whole number >= 1 and <= 9" in done.stderr


BROKEN = {
    "import no_such_module_anywhere\n": "cannot be loaded",
    "KIND = object()\n": "lacks ",
    "from nasbench_harness.problems.landscape.kind import LandscapeKind\n"
    "class Kind(LandscapeKind): pass\n"
    "KIND = Kind()\n": "calls itself `landscape`",
    "from nasbench_harness.problems.base import PlainKind\n"
    "from nasbench_harness.settings import Settings, setting\n"
    "class Options(Settings):\n"
    "    out: int = setting(1, 'Clashes.')\n"
    "class Kind(PlainKind):\n"
    "    name = 'broken'\n"
    "    Options = Options\n"
    "KIND = Kind()\n": "declares the option `out`, which every study has",
    "from nasbench_harness.problems.base import PlainKind\n"
    "from nasbench_harness.settings import Settings, setting\n"
    "class Options(Settings):\n"
    "    noise: bool = setting(True, 'Clashes.')\n"
    "class Kind(PlainKind):\n"
    "    name = 'broken'\n"
    "    Options = Options\n"
    "KIND = Kind()\n": "declares `noise` otherwise than another kind of problem does",
}


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory, table_cache: Path) -> Iterator[Aside]:
    """A process that has found all of these, as `broken0` and so on."""
    site = tmp_path_factory.mktemp("broken")
    for number, source in enumerate(BROKEN):
        named_so = source.replace("'broken'", f"'broken{number}'")
        install(site, "problems", f"broken{number}", f"broken_kind{number}:KIND", named_so)
    with Aside(site) as aside:
        yield aside


ASKED = ("run", "-m", "rea", "--steps", "5", "--seeds", "1", "--no-report", "--jobs", "1")


@pytest.mark.parametrize("number", range(len(BROKEN)))
def test_a_broken_kind_is_told_when_it_is_asked_for(
    number: int, broken: Aside, tmp_path: Path
) -> None:
    name = f"broken{number}"
    done = broken.run(tmp_path, *ASKED, "--search", name)
    assert done.returncode == 2
    assert f"The problem `{name}` (broken_kind{number}:KIND, from plugin-{name} 1.5)" in done.stderr
    assert [*BROKEN.values()][number] in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_broken_kinds_keep_nobody_from_running(broken: Aside, tmp_path: Path) -> None:
    done = broken.run(tmp_path, *ASKED)
    assert done.returncode == 0, done.stderr


def test_a_plain_kind_without_options_of_its_own_is_in_nobody_s_way(
    install_plugin: Callable[..., None], tmp_path: Path
) -> None:
    source = (
        "from nasbench_harness.problems.base import PlainKind\n"
        "class Kind(PlainKind):\n"
        "    name = 'bare'\n"
        "KIND = Kind()\n"
    )
    install_plugin("problems", "bare", "bare_kind:KIND", source)
    code = "from nasbench_harness.problems.kinds import kinds; from nasbench_harness.study.config"
    code += (
        " import StudyConfig; print([k.name for k in kinds()], StudyConfig(methods='rea').noise)"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "['landscape', 'bare', 'supernet', 'surrogate'] 0.0\n"


def test_reserved_options_are_those_of_every_study() -> None:
    """Of the function of `run`, of the study file, and of its sections."""
    from nasbench_harness.cli.run import run
    from nasbench_harness.study.config import CommonConfig

    of_run = set(inspect.signature(run).parameters) - {"ctx"}
    assert {*of_run, *CommonConfig.model_fields, "check"} == RESERVED


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.name)
def test_what_to_do_next_fits_80_columns(kind: Kind) -> None:
    assert [line for line in kind.suggestions if len(f"  {line}") > 80] == []


@pytest.mark.parametrize(
    ("hardware", "options"),
    [
        ({}, ""),
        ({"device": "cpu", "threads": 2}, ""),
        ({"device": "cuda"}, "`--device` does"),
        ({"compile": "inductor", "download": True}, "`--compile`, `--download` do"),
        ({"deterministic": True, "data_dir": Path()}, "`--deterministic`, `--data-dir` do"),
    ],
)
def test_options_of_no_use_to_a_kind_are_told_once(
    hardware: dict[str, Any], options: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for kind in kinds():
        tell_unused(kind.name, Hardware(**hardware))
        told = capsys.readouterr().err
        expected = f"Note: {options} nothing here: {kind.plural} have no use for it.\n"
        assert told == (expected if options and not kind.uses else "")


@pytest.mark.parametrize(
    ("steps", "epochs", "said"),
    [
        (100, 2, "`--steps 100` ends searches in epoch 2 of 2, after 22 of its 78 steps"),
        (78, 2, "in epoch 1 of 2, after 78 of its 78 steps"),
        (156, 2, ""),
    ],
)
def test_steps_that_end_within_an_epoch_are_told(steps: int, epochs: int, said: str) -> None:
    told = cut_short(steps, 78, epochs)
    assert told.startswith(said) or said in told
    assert bool(told) == bool(said)


def test_a_supernet_tells_of_steps_only_where_they_were_asked_for() -> None:
    kind = open_kind("supernet")
    searches = [
        SimpleNamespace(
            label=method, method=method, recipe="quick", overrides={}, space="nb201",
            problem="supernet", steps=steps, epoch_steps=10, epochs=2, options={}, places=0,
        )
        for method, steps in (("random", 1), ("darts", 15), ("unas", 15), ("proxy", 15))
    ]  # fmt: skip
    assert list(kind.notes({"steps": None}, searches)) == []
    (note,) = kind.notes({"steps": 15}, searches)
    assert "epoch 2 of 2, after 5 of its 10 steps" in note
    assert list(kind.notes({"steps": 15}, searches[-1:])) == []  # it counts no epochs
    (note,) = kind.notes({"epochs": 2}, searches)
    assert note.startswith("`--epochs 2` is not for `proxy`, whose recipe counts steps (15)")


def test_a_supernet_tells_what_scaled_rates_have_become() -> None:
    def search(
        label: str, roles: dict[str, float], overrides: Sequence[str] = (), **options: str
    ) -> SimpleNamespace:
        return SimpleNamespace(
            label=label, method="darts", roles=roles, overrides=overrides, options=options,
            steps=20, epoch_steps=10, epochs=2, places=0,
        )  # fmt: skip

    kind, rate = open_kind("supernet"), {"rate": 0.0015}
    rate_name = named(registry.open_setup("darts").Settings, "rate") or ""
    assert list(kind.notes({}, [search("darts", rate)])) == []
    scaled = [search("darts", rate, alpha_rate="scaled"), search("random", {}, alpha_rate="scaled")]
    (note,) = kind.notes({}, scaled)
    assert note.endswith("our own decision: darts 0.0015.")
    said = search(
        "darts[alpha_learning_rate=0.01]", {"rate": 0.01}, [rate_name], alpha_rate="scaled"
    )
    assert list(kind.notes({}, [*scaled, said])) == [note]  # what is set by hand stays
