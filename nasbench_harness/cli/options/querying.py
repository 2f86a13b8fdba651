"""What `nasharness query` is asked."""

from __future__ import annotations

from typing import Annotated

import typer

from nasbench_harness.cli import completion

ArchArgument = Annotated[str | None, typer.Argument(metavar="ARCH", help="Architecture string.")]
IndexOption = Annotated[
    int | None, typer.Option(help="Official benchmark index instead.", show_default="none")
]
TopOption = Annotated[
    int | None, typer.Option(min=1, help="The best so many architectures.", show_default="none")
]
PublishedOption = Annotated[
    bool, typer.Option("--published", help="What others have published in the space.")
]
ByOption = Annotated[
    str | None,
    typer.Option(
        help="Column that ranks them, or 'test@200'.",
        show_default="the table's test accuracy",
        autocompletion=completion.columns,
    ),
]
MaxLatencyOption = Annotated[
    list[str] | None,
    typer.Option(
        help="Only those within DEVICE=MILLISECONDS.",
        show_default="any",
        autocompletion=completion.latency_limits,
    ),
]
DatasetOption = Annotated[
    str | None,
    typer.Option(
        help="Dataset of the ranks, where `--by` names none, or of what is published.",
        show_default="the table's own",
        autocompletion=completion.table_datasets,
    ),
]
SpaceOption = Annotated[
    str | None,
    typer.Option(
        help="Search space, whose table is asked.",
        show_default="that of the table",
        autocompletion=completion.names("spaces"),
    ),
]
TableOption = Annotated[
    str | None,
    typer.Option(
        help="Tabular benchmark.",
        show_default="that of the space",
        autocompletion=completion.names("tables"),
    ),
]
