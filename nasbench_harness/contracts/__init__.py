"""The whole vocabulary, a page a subject: what a method, a problem, a space, a table and data are.

Everything else leans on these pages and they lean on nothing of ours. Shapes: D decisions, K
options (the largest number of options of any decision; shorter ones are padded and masked), B
examples of a batch. Accuracies are percent (0-100), losses are what a searcher minimises.

The life of a search, in order: the problem and the searcher are made; at every step the problem
begins it with `advance()` and the searcher takes it with `step()`; at recorded steps the searcher
is asked for `scores()`, its mixture and `architecture()`, the problem `observe`s both, and a line
goes into the journal; at due times both give their `state_dict()` for a checkpoint; at the
end comes `architecture()`, which the problem `conclude`s and the table looks up. Searches on a
landscape that differ in their seed only take a step together where their method is a
`JointSearcher`.
"""

from nasbench_harness.contracts.benchmark import Benchmark, CompleteTable, Metric, Retrained
from nasbench_harness.contracts.columns import Column, Columns, Declaring, Role, Value
from nasbench_harness.contracts.cost import NO_COST, TOGETHER, Additive, Cost, Costed, held_down
from nasbench_harness.contracts.data import (
    Citable,
    DataSource,
    ImageSet,
    Importable,
    Origin,
    PlainData,
    Pullable,
    bibtex_entries,
)
from nasbench_harness.contracts.fitted import Fitted, HeldOut, Polynomial
from nasbench_harness.contracts.kind import Kind, Plan, Search, ShapedPlan
from nasbench_harness.contracts.network import (
    AuxiliaryHead,
    DropPath,
    EpochAware,
    Grown,
    Layer,
    Layerwise,
    NetworkShape,
    NetworkSize,
    NetworkSizes,
    NetworkSpace,
    SmoothedLoss,
    Supernet,
    SupernetLoss,
    Tabled,
    TrainingLoss,
    TrainingRecipe,
    Widening,
)
from nasbench_harness.contracts.problem import (
    Log,
    Multilinear,
    PartialChannels,
    Problem,
    Progress,
    Split,
    StandAloneAccuracy,
    UnrolledGradient,
    WideningCheck,
)
from nasbench_harness.contracts.searcher import (
    TAGS,
    FrontSearcher,
    GradientEstimator,
    JointSearcher,
    MixtureSearcher,
    Recipe,
    Searcher,
    Setup,
    keeps_front,
)
from nasbench_harness.contracts.space import (
    Architecture,
    Decision,
    Enumerable,
    EnumerableSpace,
    Factorised,
    Flawed,
    Numbered,
    SearchSpace,
)
from nasbench_harness.contracts.suite import Suite, SuiteProblem

__all__ = [
    "NO_COST",
    "TAGS",
    "TOGETHER",
    "Additive",
    "Architecture",
    "AuxiliaryHead",
    "Benchmark",
    "Citable",
    "Column",
    "Columns",
    "CompleteTable",
    "Cost",
    "Costed",
    "DataSource",
    "Decision",
    "Declaring",
    "DropPath",
    "Enumerable",
    "EnumerableSpace",
    "EpochAware",
    "Factorised",
    "Fitted",
    "Flawed",
    "FrontSearcher",
    "GradientEstimator",
    "Grown",
    "HeldOut",
    "ImageSet",
    "Importable",
    "JointSearcher",
    "Kind",
    "Layer",
    "Layerwise",
    "Log",
    "Metric",
    "MixtureSearcher",
    "Multilinear",
    "NetworkShape",
    "NetworkSize",
    "NetworkSizes",
    "NetworkSpace",
    "Numbered",
    "Origin",
    "PartialChannels",
    "PlainData",
    "Plan",
    "Polynomial",
    "Problem",
    "Progress",
    "Pullable",
    "Recipe",
    "Retrained",
    "Role",
    "Search",
    "SearchSpace",
    "Searcher",
    "Setup",
    "ShapedPlan",
    "SmoothedLoss",
    "Split",
    "StandAloneAccuracy",
    "Suite",
    "SuiteProblem",
    "Supernet",
    "SupernetLoss",
    "Tabled",
    "TrainingLoss",
    "TrainingRecipe",
    "UnrolledGradient",
    "Value",
    "Widening",
    "WideningCheck",
    "bibtex_entries",
    "held_down",
    "keeps_front",
]
