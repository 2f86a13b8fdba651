"""What a study compares, where it runs, and who is told: the options of `run` and `resume`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from nasbench_harness import registry
from nasbench_harness.cli import completion
from nasbench_harness.cli.help import COMPARED, MACHINE, OUTPUT, WATCHING

if TYPE_CHECKING:
    from nasbench_harness.hardware import CompileMode, Hardware

DIAGNOSE_EVERY = 5
_ELSEWHERE = ("diagnose", "config", "sets", "out")
"""What is no key of a study file."""
DeviceOption = Annotated[
    str,
    typer.Option(
        help="Of networks: auto, cpu, cuda, cuda:1 or mps.",
        rich_help_panel=MACHINE,
        autocompletion=completion.devices,
    ),
]
DataDirOption = Annotated[
    Path | None,
    typer.Option(
        help="Folder with the original files of an image data set.",
        show_default="the user's data folder",
        rich_help_panel=MACHINE,
    ),
]
DownloadOption = Annotated[
    bool,
    typer.Option(
        "--download", help="Fetch an image data set that is not there.", rich_help_panel=MACHINE
    ),
]
WorkersOption = Annotated[
    int | None,
    typer.Option(
        min=0,
        help="Processes that decode streamed images, of each trial; 0: it does so itself.",
        show_default="1; beside a GPU cores - 1",
        rich_help_panel=MACHINE,
    ),
]
JobsOption = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        "-j",
        min=1,
        help="Parallel trials.",
        show_default="cores; 1 on a GPU",
        rich_help_panel=MACHINE,
    ),
]
DryRunOption = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        help="Print what would run, where and for how long; run and write nothing.",
        rich_help_panel=OUTPUT,
    ),
]


@dataclass(frozen=True)
class StudyOptions:
    """What is compared, on what, and into which folder it goes."""

    methods: Annotated[
        list[str] | None,
        typer.Option(
            "--methods",
            "-m",
            autocompletion=completion.methods,
            help="Methods to compare, with settings in brackets: 'NAME,NAME[setting=value]'; all:"
            " every built-in one that can run there.",
            show_default="those of --config",
            rich_help_panel=COMPARED,
        ),
    ] = None
    suite: Annotated[
        str | None,
        typer.Option(
            help="Compare them on every problem of this suite, a study each (`nasharness list"
            " suites`).",
            autocompletion=completion.names("suites"),
            show_default="none: one problem, as below",
            rich_help_panel=COMPARED,
        ),
    ] = None
    space: Annotated[
        str | None,
        typer.Option(
            help="Search space.",
            autocompletion=completion.names("spaces"),
            show_default=registry.default_space(),
            rich_help_panel=COMPARED,
        ),
    ] = None
    table: Annotated[
        str | None,
        typer.Option(
            help="Benchmark that answers are looked up in; none: nothing is.",
            autocompletion=completion.tables,
            show_default="the space's own, if it has one",
            rich_help_panel=COMPARED,
        ),
    ] = None
    search: Annotated[
        str | None,
        typer.Option(
            help="What is searched: {meanings}.",
            show_default=registry.default_problem(),
            rich_help_panel=COMPARED,
            autocompletion=completion.searches,
        ),
    ] = None
    dataset: Annotated[
        str | None,
        typer.Option(
            help="Data set of the table; of images also digits, svhn or folder:PATH.",
            show_default="cifar10; else the table's first",
            rich_help_panel=COMPARED,
            autocompletion=completion.datasets,
        ),
    ] = None
    seeds: Annotated[
        str | None,
        typer.Option(
            help="How many ('10'), a range ('0-9') or a list ('3,7').",
            show_default="10",
            rich_help_panel=COMPARED,
        ),
    ] = None
    steps: Annotated[
        int | None,
        typer.Option(
            min=1, help="Search steps.", show_default="the recipe's", rich_help_panel=COMPARED
        ),
    ] = None
    recipe: Annotated[
        str | None,
        typer.Option(
            help="Setting of every method: paper (as published for the space), quick (ours, small"
            " images), or another that `nasharness show method` lists.",
            show_default="{recipes}",
            rich_help_panel=COMPARED,
            autocompletion=completion.recipes,
        ),
    ] = None
    diagnose: Annotated[
        bool,
        typer.Option(
            "--diagnose",
            help="Record every now and then what tells why searches fail: {meanings}.",
            rich_help_panel=WATCHING,
        ),
    ] = False
    diagnose_every: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="After how many that is: {meanings}.",
            show_default="5 with --diagnose, else never",
            rich_help_panel=WATCHING,
        ),
    ] = None
    report_metric: Annotated[
        str | None,
        typer.Option(
            help="What results are judged by: 'test@200', or a column.",
            show_default="the table's",
            rich_help_panel=COMPARED,
            autocompletion=completion.report_metrics,
        ),
    ] = None
    cost: Annotated[
        str | None,
        typer.Option(
            help="Cost to hold down, of methods that take one: of the space or the table. Several:"
            " a,b.",
            show_default="none",
            rich_help_panel=COMPARED,
            autocompletion=completion.costs,
        ),
    ] = None
    target: Annotated[
        str | None,
        typer.Option(
            help="Cost that is free, in the unit it is told in; of several one each: 8,20.",
            show_default="0",
            rich_help_panel=COMPARED,
        ),
    ] = None
    batch_size: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Size of a batch: {meanings}.",
            show_default="1; the recipe's on images",
            rich_help_panel=COMPARED,
        ),
    ] = None
    random: Annotated[
        bool | None,
        typer.Option(
            "--random/--no-random",
            help="Add random search.",
            show_default="random",
            rich_help_panel=COMPARED,
        ),
    ] = None
    smallest_difference: Annotated[
        float | None,
        typer.Option(
            metavar="POINTS",
            help="Differences below it are of no interest, in points or the metric's own unit; a"
            " study file may have one for each metric.",
            show_default="the benchmark's own",
            rich_help_panel=COMPARED,
        ),
    ] = None
    fixed: Annotated[
        bool | None,
        typer.Option(
            "--fixed",
            help="Judge the study once, on all that is planned here, and never extend it.",
            show_default="looks at what there is share the level",
            rich_help_panel=COMPARED,
        ),
    ] = None
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            "-c",
            help="YAML file with the same keys.",
            show_default="none",
            rich_help_panel=COMPARED,
        ),
    ] = None
    sets: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="One setting: method.setting=value{held}.",
            show_default="the recipe's",
            rich_help_panel=COMPARED,
            autocompletion=completion.assignments,
        ),
    ] = None
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Study folder.", show_default="runs/<name>", rich_help_panel=OUTPUT
        ),
    ] = None

    @property
    def keys(self) -> dict[str, Any]:
        """Those that were given, as a study file has them."""
        given = {name: value for name, value in asdict(self).items() if name not in _ELSEWHERE}
        given["methods"] = ",".join(self.methods) if self.methods else None
        given["diagnose_every"] = self.diagnose_every or (DIAGNOSE_EVERY if self.diagnose else None)
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True)
class Machine:
    """What a search runs on."""

    device: DeviceOption = "auto"
    threads: Annotated[
        int, typer.Option(min=1, help="CPU threads of each trial.", rich_help_panel=MACHINE)
    ] = 1
    compile_mode: Annotated[
        str,
        typer.Option(
            "--compile",
            help="Of networks: none, inductor, or graph (CUDA graphs).",
            rich_help_panel=MACHINE,
            autocompletion=completion.compile_modes,
        ),
    ] = "none"
    deterministic: Annotated[
        bool,
        typer.Option(
            "--deterministic",
            help="The same result in every run on a GPU; slower.",
            rich_help_panel=MACHINE,
        ),
    ] = False
    data_dir: DataDirOption = None
    workers: WorkersOption = None

    def hardware(self, *, download: bool = False) -> Hardware:
        """As the engine has it; UnknownNameError for another way to compile."""
        from nasbench_harness.hardware import Hardware

        return Hardware(
            self.device,
            self.threads,
            cast("CompileMode", self.compile_mode),
            self.deterministic,
            self.data_dir,
            download,
            self.workers,
        )


@dataclass(frozen=True)
class Work:
    """How much of it at a time, and who is told."""

    jobs: JobsOption = None
    report: Annotated[
        bool, typer.Option(help="Write the report at the end.", rich_help_panel=OUTPUT)
    ] = True
    tensorboard: Annotated[
        bool,
        typer.Option(
            "--tensorboard",
            help="Event files in the study's folder `tensorboard`.",
            rich_help_panel=WATCHING,
        ),
    ] = False
    mlflow: Annotated[
        str | None,
        typer.Option(
            metavar="URI",
            help="Log to this MLflow server, such as http://127.0.0.1:5000.",
            show_default="off",
            rich_help_panel=WATCHING,
        ),
    ] = None
