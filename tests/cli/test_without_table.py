"""Studies that look nothing up, and studies that look up in what knows some architectures only."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from nasbench_harness import open_study
from nasbench_harness.cli import app
from nasbench_harness.store.files import read_json

Run = Callable[..., subprocess.CompletedProcess[str]]
SMALL = [
    "--search", "supernet", "--dataset", "digits", "--recipe", "quick", "--epochs", "1", "--limit",
    "120", "--width", "2", "--cells", "1", "--batch-size", "16", "--seeds", "2",
]  # fmt: skip
ALONE = "oneshot_accuracy"
KNOWN_BEST = ("regret", "percentile", "rank")


def known_best(names: Any) -> list[str]:
    """What nobody can know without a complete table."""
    return [name for name in names if name.startswith(KNOWN_BEST)]


def trials_of(folder: Path) -> list[Path]:
    return sorted((folder / "trials").iterdir())


# --- nothing is looked up ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, table_cache: Path) -> Path:
    """A study of two methods and random search that looked nothing up. Nobody may change it."""
    folder = tmp_path_factory.mktemp("without") / "s"
    words = [
        "run",
        "-m",
        "darts,edas",
        "--table",
        "none",
        *SMALL,
        "--tensorboard",
        "-o",
        str(folder),
    ]
    done = CliRunner().invoke(app, [*words, "-j", "1"])
    assert done.exit_code == 0, done.output
    assert "nothing looked up, judged by oneshot_accuracy" in " ".join(done.stdout.split())
    assert not known_best(done.stdout.split())
    return folder


@pytest.fixture
def study(finished: Path, tmp_path: Path) -> Path:
    """A copy of it that may be changed."""
    shutil.copytree(finished, tmp_path / "s")
    return tmp_path / "s"


def test_the_summary_tells_no_accuracy_of_a_network_that_nobody_trained(study: Path) -> None:
    done = CliRunner().invoke(app, ["resume", str(study), "--no-report", "--json", "-j", "1"])
    assert done.exit_code == 0, done.output
    (part,) = json.loads(done.stdout)["studies"]
    accuracy = {row["method"]: row["accuracy_mean"] for row in part["summary"]}
    assert accuracy.pop("random") is None
    assert set(accuracy) == {"darts", "edas"}
    assert all(0 <= value <= 100 for value in accuracy.values())
    told = open_study(study).summary.set_index("method")["accuracy_mean"]
    assert told.isna().to_dict() == {"darts": False, "edas": False, "random": True}


def test_a_plan_without_a_table_says_so(finished: Path) -> None:
    plan = read_json(finished / "study.json")
    assert plan["config"]["table"] == "none"
    for spec in plan["trials"]:
        found = [spec[name] for name in ("table", "table_hash", "dataset", "search_metric")]
        assert found == ["", "", "", ""]
        assert spec["report_metric"] == ALONE


def test_a_result_is_what_the_search_concludes(finished: Path) -> None:
    for trial in trials_of(finished):
        result = read_json(trial / "result.json")
        assert not known_best(result)
        assert 0 <= result[ALONE] <= 100
        assert result["params"] > 0


def test_tables_have_an_accuracy_and_nothing_of_the_best(finished: Path) -> None:
    trials = pd.read_parquet(finished / "trials.parquet")
    history = pd.read_parquet(finished / "history.parquet")
    assert not known_best(trials)
    assert not known_best(history)
    assert trials["accuracy"].tolist() == trials[ALONE].tolist()
    assert history["accuracy"].tolist() == history["oneshot_accuracy_derived"].tolist()
    assert len(history) == len(trials) == 6


def test_tables_gathered_anew_are_the_same(study: Path, nasharness: Run) -> None:
    before = pd.read_parquet(study / "trials.parquet"), pd.read_parquet(study / "history.parquet")
    for name in ("trials", "history"):
        (study / f"{name}.parquet").unlink()
    nasharness("report", "s")
    after = pd.read_parquet(study / "trials.parquet"), pd.read_parquet(study / "history.parquet")
    for one, other in zip(before, after, strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_the_report_tells_that_nothing_was_looked_up(finished: Path) -> None:
    told = (finished / "report" / "report.md").read_text(encoding="utf-8")
    assert "othing was looked up" in told
    assert (finished / "report" / "index.html").is_file()


def test_what_is_missing_is_run_as_it_was_planned(study: Path, nasharness: Run) -> None:
    trial = trials_of(study)[0]
    before = read_json(trial / "result.json")
    shutil.rmtree(trial)
    nasharness("resume", "s", "--no-report", "-j", "1")
    after = read_json(trial / "result.json")
    assert (after["architecture"], after[ALONE]) == (before["architecture"], before[ALONE])


def test_a_trial_is_reproduced_by_its_command(finished: Path, nasharness: Run) -> None:
    row = pd.read_parquet(finished / "trials.parquet").iloc[0]
    words = shlex.split(row["command"])
    assert words[words.index("--table") + 1] == "none"
    assert "--report-metric" not in words
    nasharness(*words[1:], "--no-report", "-j", "1")
    (again,) = trials_of(Path(words[words.index("--out") + 1]))
    assert again.name == row["trial"]
    assert read_json(again / "result.json")[ALONE] == row["accuracy"]


def test_a_study_grows(study: Path, nasharness: Run) -> None:
    words = ["run", "-m", "darts", "--table", "none", *SMALL[:-1], "3", "-o", "s", "--no-report"]
    told = json.loads(nasharness(*words, "-j", "1", "--json").stdout)
    assert told["studies"][0]["status"] == {"done": 8}
    other = ["analog" if word == "none" else word for word in words]
    assert "--table none" in nasharness(*other, code=2).stderr


def test_methods_are_compared_by_accuracy(study: Path, nasharness: Run) -> None:
    (told,) = json.loads(nasharness("compare", "darts", "edas", "s", "--json").stdout)
    assert (told["metric"], told["report_metric"], told["table"]) == ("accuracy", ALONE, "")
    assert "no benchmark, oneshot_accuracy" in nasharness("compare", "darts", "edas", "s").stdout
    refused = nasharness("compare", "darts", "edas", "s", "--metric", "regret", code=2)
    assert "Study s has no regret" in refused.stderr
    assert "`--metric accuracy`" in refused.stderr
    refused = nasharness("compare", "darts", "random", "s", code=2)
    assert "`random` is done in study s and has no one-shot accuracy there" in refused.stderr


def test_it_is_checked_by_what_it_is_judged_by(study: Path, nasharness: Run) -> None:
    nasharness("check", "s", "--baseline", "b.json", "--update")
    told = json.loads(nasharness("check", "s", "--baseline", "b.json", "--json").stdout)
    assert {finding["metric"] for finding in told["findings"]} >= {ALONE}
    for trial in study.glob("trials/darts-*/result.json"):
        result = read_json(trial)
        trial.write_text(json.dumps({**result, ALONE: result[ALONE] - 5}))
    # Two seeds are too few for a regression.
    assert "inconclusive" in nasharness("check", "s", "--baseline", "b.json", code=4).stdout


def test_a_study_of_the_same_file_is_planned_run_and_checked(nasharness: Run) -> None:
    Path("c.yaml").write_text(
        "methods: darts\nsearch: supernet\ndataset: digits\nrecipe: quick\ntable: none\n"
        "epochs: 1\nlimit: 120\nseeds: 1\nrandom: false\n"
        "network: {width: 2, cells: 1, batch_size: 16}\n"
    )
    nasharness("check", "-c", "c.yaml", "-b", "b.json", "--update", "-j", "1")
    words = ["check", "-c", "c.yaml", "-b", "b.json", "-j", "1", "--json"]
    done = CliRunner().invoke(app, words)  # whose code depends on the memory of this process too
    verdicts = {one["metric"]: one["verdict"] for one in json.loads(done.stdout)["findings"]}
    assert verdicts[ALONE] == "unchanged"


def test_it_is_loaded(finished: Path) -> None:
    import nasbench_harness as nh

    trials, history = nh.load_results(finished)
    assert not known_best(trials)
    assert not known_best(history)
    assert trials["accuracy"].notna().all()
    opened = nh.open_study(finished)
    means = opened.summary.set_index("method")["accuracy_mean"]
    assert means.dropna().is_monotonic_decreasing
    assert list(means.index[means.isna()]) == ["random"]  # its network was not trained
    assert opened.summary["regret_mean"].isna().all()


def test_it_is_loaded_with_one_that_has_regret(study: Path, nasharness: Run) -> None:
    import nasbench_harness as nh

    nasharness("run", "-m", "rea", "--steps", "4", "--seeds", "2", "--no-random", "-o", "l",
               "--table", "analog", "--no-report")  # fmt: skip
    trials, _ = nh.load_results([study, Path("l")])
    missed = trials.groupby("study")["regret"].count()
    assert missed.to_dict() == {"l": 2, "s": 0}
    assert trials["accuracy"].notna().all()


def test_it_is_watched_and_cited(study: Path, nasharness: Run) -> None:
    (told,) = json.loads(nasharness("watch", "s", "--once", "--json").stdout)
    assert {trial["metric"] for trial in told["trials"]} == {ALONE}
    assert all(trial["accuracy"] is not None for trial in told["trials"])
    assert "no benchmark, oneshot_accuracy" in nasharness("watch", "s", "--once").stdout
    cited = nasharness("cite", "s").stdout
    assert "Optical Recognition of Handwritten Digits" in cited


def test_tensorboard_has_an_accuracy_and_no_regret(finished: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    trial = next(path for path in (finished / "tensorboard").iterdir() if "darts" in path.name)
    events = accumulator.EventAccumulator(str(trial))
    events.Reload()
    tags = events.Tags()["scalars"]
    assert "final/accuracy" in tags
    assert not [tag for tag in tags if "regret" in tag]


def test_a_cost_is_held_without_a_best_within_it(nasharness: Run) -> None:
    words = ["run", "-m", "unas[cost=params,cost_target=0.5]", "--table", "none", *SMALL[:-1]]
    nasharness(*words, "1", "--no-random", "-o", "s", "-j", "1")
    trials = pd.read_parquet("s/trials.parquet")
    assert not known_best(trials)
    assert not known_best(pd.read_parquet("s/history.parquet"))
    assert trials["cost"].notna().all()
    assert trials["target_met"].notna().all()


def test_stays_as_it_was_planned_in_its_default_folder(nasharness: Run) -> None:
    words = ["run", "-m", "random", "--table", "none", *SMALL[:-1], "1", "--no-report", "-j", "1"]
    folder = Path(json.loads(nasharness(*words, "--json").stdout)["studies"][0]["folder"])
    assert "table-none" in folder.name
    assert json.loads(nasharness(*words, "--json").stdout)["studies"][0]["folder"] == str(folder)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-m", "darts"], "A landscape is a complete table, and this study has none"),
        (
            ["-m", "darts", *SMALL[:2], *SMALL[4:], "--dataset", "all"],
            "are the data sets of a benchmark",
        ),
        (
            ["-m", "darts", *SMALL, "--report-metric", "test@200"],
            "nothing is looked up in a benchmark, and so they are judged by `oneshot_accuracy`",
        ),
        (
            ["-m", "unas[cost=latency:pixel3]", *SMALL],
            "no cost of space `nb201` for `unas` called `latency:pixel3`",
        ),
    ],
    ids=["landscape", "every data set", "column", "latency"],
)
def test_what_needs_a_table_says_so(nasharness: Run, words: list[str], said: str) -> None:
    told = nasharness("run", *words, "--table", "none", "-o", "s", code=2).stderr
    assert said in " ".join(told.split())
    assert len(told.strip().splitlines()) == 1
    assert not Path("s").exists()


# --- looked up in what knows some only ---------------------------------------------------------

VINE = '''
"""A space that cannot be listed and builds networks, and a benchmark of some of its members."""
import contextlib

import torch
from torch import nn

from nasbench_harness.contracts import Architecture, Decision, Metric, NetworkSize, NetworkSizes
from nasbench_harness.errors import HarnessError, InvalidArchitectureError, UnknownNameError

LAYERS = (("conv", "skip"), ("conv", "skip", "pool"))


class Vine:
    name, version, costs, tables = "vine", "1", (), ("cellar",)
    decisions = tuple(
        Decision(f"layer {i}", options, group=f"{i}") for i, options in enumerate(LAYERS)
    )
    mask = torch.tensor([[True, True, False], [True, True, True]])
    shapes = NetworkSizes(search=NetworkSize(2, 1), evaluation=NetworkSize(2, 1))
    training_recipes = {}

    def _made(self, choices):
        words = [options[i] for options, i in zip(LAYERS, choices, strict=True)]
        return Architecture(self.name, tuple(choices), "/".join(words))

    def parse(self, text):
        words = text.split("/")
        if len(words) != 2 or any(w not in o for w, o in zip(words, LAYERS)):
            raise InvalidArchitectureError(text, 0, "no vine")
        return self._made([o.index(w) for w, o in zip(words, LAYERS)])

    def sample(self, generator):
        return self._made([int(torch.randint(len(o), (), generator=generator)) for o in LAYERS])

    def mutate(self, arch, generator):
        others = self.neighbours(arch)
        return others[int(torch.randint(len(others), (), generator=generator))]

    def neighbours(self, arch):
        a, b = arch.choices
        return [self._made((1 - a, b)), *(self._made((a, c)) for c in range(3) if c != b)]

    def weights(self, arch):
        return torch.nn.functional.one_hot(torch.tensor(arch.choices), 3).float()

    def derive(self, scores):
        there = scores.masked_fill(~self.mask.to(scores.device), -1e9)
        return self._made(there.argmax(-1).tolist())

    def cost(self, arch, what, dataset):
        return 100.0 * sum(choice == 0 for choice in arch.choices)

    def describe(self, arch):
        return {}

    def draw(self, arch, axes):
        axes.text(0.5, 0.5, arch.text)

    def supernet(self, shape, *, track_running_stats=True, partial=1):
        return Net(shape)

    def network(self, arch, shape):
        return Fixed(Net(shape), self.weights(arch))

    def inherit(self, arch, supernet):
        return Fixed(supernet, self.weights(arch))


class Net(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.stem = nn.Conv2d(shape.in_channels, shape.width, 3, padding=1)
        self.convs = nn.ModuleList(
            nn.Conv2d(shape.width, shape.width, 3, padding=1) for _ in LAYERS
        )
        self.head = nn.Linear(shape.width, shape.classes)

    def forward(self, images, weights, active=None):
        x = self.stem(images)
        weights = weights if weights.ndim == 3 else weights.expand(len(x), *weights.shape)
        for layer, conv in enumerate(self.convs):
            w = weights[:, layer, :, None, None, None]
            pooled = torch.nn.functional.avg_pool2d(x, 3, 1, 1)
            x = w[:, 0] * conv(x).relu() + w[:, 1] * x + w[:, 2] * pooled
        return self.head(x.mean(dim=(2, 3)))

    @contextlib.contextmanager
    def frozen(self):
        for parameter in self.parameters():
            parameter.requires_grad_(False)
        try:
            yield
        finally:
            for parameter in self.parameters():
                parameter.requires_grad_(True)

    def use_channels(self, factor, generator):
        return []


class Fixed(nn.Module):
    def __init__(self, net, weights):
        super().__init__()
        self.net, self.chosen = net, weights

    def forward(self, images):
        return self.net(images, self.chosen)


class Moss(Vine):
    name, tables = "moss", ()


ACCURACY = {"conv/conv": 92.0, "conv/skip": 90.0, "skip/conv": 88.0, "skip/skip": float("nan")}


class Cellar:
    name, space, version, content_hash = "cellar", "vine", "3", "cellar-of-3"
    caveat = "Tasted by one person."
    citation = "@misc{cellar,\\n  title = {Cellar}\\n}"
    metrics = {"taste": Metric("taste", "how good it is", "%", "grapes", "test", 20, True, True)}

    def value(self, metric, arch):
        if metric not in self.metrics:
            raise UnknownNameError("metric in table `cellar`", metric, self.metrics)
        if str(arch) not in ACCURACY:
            raise HarnessError(f"The cellar has no {arch}.")
        return ACCURACY[str(arch)]

    def lookup(self, arch):
        return {"taste": self.value("taste", arch)}

    def search_metric(self, dataset, *, queries=False):
        return "taste"

    def report_metric(self, dataset):
        return "taste"

    def training_seconds(self, metric, arch):
        return None
'''


@pytest.fixture
def vine(install_plugin: Callable[..., None], nasharness: Run) -> Run:
    """`nasharness` where the space `vine` with its benchmark, and `moss` without, are installed."""
    install_plugin("spaces", "vine", "vine_plugin:Vine", VINE)
    install_plugin("tables", "cellar", "vine_plugin:Cellar")
    install_plugin("spaces", "moss", "vine_plugin:Moss")
    return nasharness


ON_VINE = ["run", "-m", "darts,edas", "--space", "vine", *SMALL[:-1], "3", "-j", "1", "-o", "s"]


def test_a_benchmark_of_some_architectures_is_looked_up_in(vine: Run, tmp_path: Path) -> None:
    """Of the space's own accord, with an accuracy and without what only a whole table tells."""
    told = json.loads(vine(*ON_VINE, "--json").stdout)
    (study,) = told["studies"]
    assert study["status"] == {"done": 9}
    assert Path(told["report"]).is_file()
    trials = pd.read_parquet("s/trials.parquet")
    history = pd.read_parquet("s/history.parquet")
    assert set(trials["table"]) == {"cellar"}
    assert set(trials["dataset"]) == {"grapes"}
    assert set(trials["report_metric"]) == {"taste"}
    assert not known_best(trials)
    assert not known_best(history)
    cellar = {"conv/conv": 92.0, "conv/skip": 90.0, "skip/conv": 88.0}
    for table in (trials, history):
        expected = [cellar.get(text, -1.0) for text in table["architecture"]]
        assert table["accuracy"].fillna(-1.0).tolist() == expected
    assert trials["accuracy"].notna().any()

    (seen,) = json.loads(vine("watch", "s", "--once", "--json").stdout)
    assert len(seen["trials"]) == 9
    assert "@misc{cellar" in vine("cite", "s").stdout
    command = shlex.split(trials["command"][0])
    assert command[command.index("--table") + 1] == "cellar"
    vine(*command[1:], "--no-report", "-j", "1")
    shutil.rmtree(trials_of(tmp_path / "s")[0])
    vine("resume", "s", "--no-report", "-j", "1")
    pd.testing.assert_series_equal(
        pd.read_parquet("s/trials.parquet")["accuracy"], trials["accuracy"]
    )
    refused = vine("check", "s", "-b", "b.json", "--update", code=3).stderr
    assert "its result has no `taste`" in refused


def test_a_space_without_a_benchmark_looks_nothing_up(vine: Run) -> None:
    words = ["run", "-m", "darts", "--space", "moss", *SMALL[:-1], "1", "-j", "1", "-o", "s"]
    vine(*words, "--diagnose-every", "1")
    trials = pd.read_parquet("s/trials.parquet")
    assert set(trials["table"]) == {""}
    assert trials["accuracy"].tolist() == trials[ALONE].tolist()
    history = pd.read_parquet("s/history.parquet")
    assert "hessian_eigenvalue" in history
    assert "kendall_tau" not in history
    assert json.loads(Path("s/study.json").read_text())["config"]["table"] == "none"


def test_what_needs_every_architecture_says_so(vine: Run) -> None:
    found = json.loads(vine("query", "conv/skip", "--table", "cellar", "--json").stdout)
    assert (found["taste"], found["architecture"]) == (90.0, "conv/skip")
    assert not known_best(found)
    refused = vine("query", "--top", "3", "--table", "cellar", code=2).stderr
    assert "`cellar` has numbers of some architectures of `vine` only" in refused
    assert "`value`" not in refused
    refused = vine("query", "skip/pool", "--table", "cellar", code=2).stderr
    assert "Table `cellar` has numbers of some architectures of `vine` only, and none of" in refused
    assert "`skip/pool` (The cellar has no skip/pool)." in refused
    refused = vine("run", "-m", "darts", "--space", "vine", "-o", "s", code=2).stderr
    assert len(refused.strip().splitlines()) == 1
    assert "landscape" in refused
    assert "how good it is" in vine("show", "table", "cellar").stdout
    (row,) = [
        r for r in json.loads(vine("data", "list", "--json").stdout) if r.get("table") == "cellar"
    ]
    assert (row["installed"], row["space"]) == (True, "vine")


def test_rank_correlation_is_over_what_the_benchmark_knows(vine: Run) -> None:
    words = ["run", "-m", "darts", "--space", "vine", *SMALL[:-1], "1", "--no-random", "-j", "1"]
    vine(*words, "-o", "s", "--no-report", "--diagnose-every", "1")
    history = pd.read_parquet("s/history.parquet")
    assert "kendall_tau" in history
