"""Names of plugins with parameters."""

from __future__ import annotations

import pytest

from nasbench_harness import registry
from nasbench_harness.errors import HarnessError, UnknownNameError
from nasbench_harness.fields.parameters import ParameterError, base_of, canonical
from nasbench_harness.study.config import StudyConfig

PARAMETERS = {"size": {"small": "few", "large": "many"}, "colour": {"red": "", "blue": ""}}


@pytest.mark.parametrize(
    ("written", "name", "given"),
    [
        ("toy", "toy", {}),
        ("toy[]", "toy", {}),
        ("toy[size=small]", "toy", {}),
        ("toy[ size = large ]", "toy[size=large]", {"size": "large"}),
        ("toy[colour=blue,size=large]", "toy[size=large,colour=blue]",
         {"size": "large", "colour": "blue"}),
    ],
)  # fmt: skip
def test_one_spelling_of_each_variant(written: str, name: str, given: dict[str, str]) -> None:
    assert canonical("space", written, PARAMETERS) == (name, given)
    assert base_of(written) == "toy"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("toy[size]", "`size` in the space `toy[size]` is no `parameter=value`."),
        ("toy[size=small,size=large]", "`size` is given twice"),
    ],
)
def test_what_is_no_parameter_is_refused(written: str, said: str) -> None:
    with pytest.raises(ParameterError, match=said.replace("[", r"\[").replace("]", r"\]")):
        canonical("space", written, PARAMETERS)


def test_unknown_parameters_and_values_name_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean `size`"):
        canonical("space", "toy[sise=small]", PARAMETERS)
    with pytest.raises(UnknownNameError, match="Did you mean `large`"):
        canonical("space", "toy[size=larg]", PARAMETERS)


def test_a_space_without_parameters_says_so() -> None:
    with pytest.raises(HarnessError, match="The space `nb201` has no parameters"):
        registry.open_space("nb201[variant=s1]")


def test_a_space_goes_by_one_name_however_it_is_written() -> None:
    assert registry.open_space("darts[ variant = s2 ]").name == "darts[variant=s2]"
    assert registry.open_space("darts[variant=regular]").name == "darts"
    config = StudyConfig.model_validate(
        {"methods": "darts", "space": "darts[ variant=s2 ]", "search": "supernet"}
    )
    assert config.space == "darts[variant=s2]"
