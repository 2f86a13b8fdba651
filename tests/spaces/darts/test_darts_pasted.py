"""What people paste for a genotype, and what they are told of what is none."""

from __future__ import annotations

import pytest

from nasbench_harness.errors import InvalidArchitectureError
from nasbench_harness.spaces.darts.genotypes import format_genotype, read_genotype
from nasbench_harness.spaces.darts.variants import VARIANTS

REGULAR = VARIANTS["regular"]
TEXT = format_genotype(read_genotype("DARTS_V2", REGULAR, "darts"))
PAIRS = "('sep_conv_3x3', 0), ('sep_conv_3x3', 1)"


def said(text: str, variant: str = "regular") -> str:
    with pytest.raises(InvalidArchitectureError) as refused:
        read_genotype(text, VARIANTS[variant], "darts")
    return str(refused.value).splitlines()[0]


@pytest.mark.parametrize(
    "text",
    [
        f"DARTS_V2 = {TEXT}",
        f"  best=genotypes.{TEXT}",
        TEXT.replace("', 0)", "', 0, 0.13)"),
    ],
)
def test_what_codes_print_around_a_genotype_is_passed_over(text: str) -> None:
    assert read_genotype(text, REGULAR, "darts") == read_genotype(TEXT, REGULAR, "darts")


def test_each_node_may_have_a_tuple_of_its_own() -> None:
    node = f"({PAIRS})"
    nested = f"Genotype(normal=[{', '.join([node] * 4)}], reduce=[{', '.join([PAIRS] * 4)}])"
    plain = nested.replace(node, PAIRS)
    assert read_genotype(nested, REGULAR, "darts") == read_genotype(plain, REGULAR, "darts")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (TEXT[:-1], "The genotype cannot be read ('(' was never closed): is all of it there?"),
        (TEXT.replace("', 0)", "', -1)"), "Expected a pair ('operation', input), with inputs"),
        (TEXT.replace("', 0)", "', 0.0)"), "Expected a pair ('operation', input), with inputs"),
        ("__import__('os').system('id')", "Expected `Genotype(normal=[...], ...)` or one of"),
        ("DARTS_V3", "Did you mean `DARTS_V2`?"),
    ],
)
def test_what_is_no_genotype_gets_a_sentence(text: str, words: str) -> None:
    assert words in said(text)


def test_only_names_that_the_variant_has_are_offered() -> None:
    assert "UNAS" not in said("what")
    assert "UNAS_IMAGENET" in said("what", "unas")
    assert said("what", "single_cell") == "Expected `Genotype(normal=[...], ...)`."
