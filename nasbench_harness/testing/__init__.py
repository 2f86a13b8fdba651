"""The conformance kit: what a plugin author runs against a method, a space, a table or data.

    from nasbench_harness.testing import check_searcher
    check_searcher(MyMethod)

Each check raises AssertionError with a sentence about what the contract asks for. `ToySpace` and
`toy_problem` are small enough to enumerate and ragged, so that a method that forgets the mask is
found out; `ToyProblem` is one over any space, `ToyChannels` the same with partial channels,
`ToyUntrained` with what untrained networks tell, `ToyTrained` with network weights and edges that
can be weighed, `ToyParts` that with operations, cells and skips that are told apart.
"""

from nasbench_harness.testing.data import check_data
from nasbench_harness.testing.jobs import check_jobs, check_study, check_training
from nasbench_harness.testing.networks import check_costs, check_networks
from nasbench_harness.testing.parts import ToyParts
from nasbench_harness.testing.problems import ToyChannels, ToyProblem, ToyTrained, ToyUntrained
from nasbench_harness.testing.searchers import check_searcher
from nasbench_harness.testing.spaces import check_space
from nasbench_harness.testing.tables import check_table
from nasbench_harness.testing.toys import TOY_METRIC, TOY_OPTIONS, ToySpace, ToyTable, toy_problem

__all__ = [
    "TOY_METRIC",
    "TOY_OPTIONS",
    "ToyChannels",
    "ToyParts",
    "ToyProblem",
    "ToySpace",
    "ToyTable",
    "ToyTrained",
    "ToyUntrained",
    "check_costs",
    "check_data",
    "check_jobs",
    "check_networks",
    "check_searcher",
    "check_space",
    "check_study",
    "check_table",
    "check_training",
    "toy_problem",
]
