"""Recipes: files, packages that bring some, which is chosen, and where numbers are from."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nasbench_harness import registry
from nasbench_harness.contracts import TAGS, Recipe
from nasbench_harness.errors import HarnessError
from nasbench_harness.fields import yaml_text
from nasbench_harness.fields.recipes import RecipeError, read_recipes, recipe_file
from nasbench_harness.fields.yaml_text import Marked, load_yaml
from nasbench_harness.store.studies import open_study, reproduce
from nasbench_harness.study.recipes import NamedRecipe, find_recipe, recipes_of, tags
from nasbench_harness.study.spec import TrialSpec

GOLDEN = Path(__file__).parents[1] / "golden" / "0.1.0"
BUILT_IN = (
    "darts", "drnas", "edas", "freedarts", "gdas", "monas", "proxy", "radars", "random", "rea",
    "reinforce", "reinmax", "rsws", "snas", "twotemp", "unas", "zerocostpt", "betadarts",
    "dartsminus", "dartspt", "fairdarts", "lambdadarts", "oles", "pcdarts", "sdarts",
)  # fmt: skip
Bring = Callable[..., None]


@pytest.fixture
def bring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bring]:
    """Installs a package with files of recipes, by an entry point."""
    site = tmp_path / "brought"
    site.mkdir()
    monkeypatch.syspath_prepend(site)

    def install(package: str, **files: str) -> None:
        info = site / f"plugin_{package}-1.5.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: plugin-{package}\nVersion: 1.5\n"
        )
        (info / "entry_points.txt").write_text(
            f"[nasbench_harness.recipes]\n{package} = {package}\n"
        )
        if files:
            (site / package).mkdir()
            (site / package / "__init__.py").write_text("raise RuntimeError('imported')\n")
        for method, text in files.items():
            (site / package / f"{method}.yaml").write_text(text)
        monkeypatch.setattr(registry, "recipes", registry.Registry("recipe"))
        registry.installed.cache_clear()

    yield install
    registry.installed.cache_clear()


FOR_TOY = """
toy:
  space: toy
  kind: landscape
  source: a paper about toys
  epochs: !P 7
  steps: !P 30
  settings: !P {learning_rate: 0.125, beta1: !D 0.25}
landscape:
  space: toy
  source: decided by us
  epochs: !D 9
"""


# --- our own files -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_number_of_our_recipes_and_defaults_has_a_tag(name: str) -> None:
    setup = registry.open_setup(name)
    for recipe in setup.recipes.values():
        places = {"epochs", *(f"settings.{key}" for key in recipe.settings)}
        places |= {f"network.{key}" for key in recipe.network}
        assert places <= set(recipe.tags)
        assert set("".join(recipe.tags.values())) <= set("".join(TAGS))
    assert [row["name"] for row in setup.Settings.explain() if not row["tag"]] == []


BENCH = ("darts_bench", "darts_bench_deep", "darts_bench_deep_no_skip", "darts_bench_deep_all_skip")
"""Those of DARTS-Bench-Suite, on all of its problems and on the deep ones."""
AS_DARTS = "network: optimizer learning_rate_min momentum nesterov weight_decay clip_norm split"
AS_GDAS = "network: optimizer learning_rate_min momentum clip_norm track_running_stats"
BY_THE_SOURCES: dict[str, dict[str, tuple[str, dict[str, str]]]] = {
    "darts": {  # table 1.3 of the notes on methods, a column a recipe
        "landscape": ("D", {}),
        "darts": ("C", {}),
        "drnas": ("C", {}),
        "nb201": ("B", {}),
        "nats": ("B", {}),
        "quick": ("D", {"C": f"{AS_DARTS} track_running_stats"}),
        "darts_quick": ("D", {"C": f"{AS_DARTS} track_running_stats"}),
        "darts_bench_quick": ("D", {"C": f"{AS_DARTS} track_running_stats"}),
        **dict.fromkeys(BENCH, ("B", {"D": "network: split"})),  # 0.8.5 of the additions
    },
    "drnas": {  # 2.5; that widening starts the rate again is in the authors' `net2wider.py`
        "landscape": ("D", {}),
        "nb201": ("C", {}),
        "nb201_progressive": ("C", {}),
        "darts": ("C", {}),  # 2.5 and the additions to it
        "imagenet": ("C", {}),  # 2.5
        "quick": ("D", {"C": f"{AS_DARTS} track_running_stats"}),
        "darts_quick": ("D", {"C": f"{AS_DARTS} track_running_stats"}),
        "darts_bench_quick": ("D", {"C": f"{AS_DARTS} track_running_stats"}),
        **dict.fromkeys(BENCH, ("B", {"D": "network: split"})),  # 0.8.5 of the additions
    },
    "edas": dict.fromkeys(  # 4: an abstract
        ("landscape", "nb201", "quick", "darts", "darts_quick", "darts_bench_quick", *BENCH),
        ("D", {}),
    ),
    "freedarts": {  # 6.2 of the additions; what batches a search is fed does not matter
        "freedarts_code": ("C", {"D": "network: batch_size split"}),
        "freedarts_code_nb201": ("C", {"D": "network: batch_size split"}),
        "freedarts_code_darts": ("C", {"D": "network: batch_size split"}),
        "freeflow": ("D", {}),
        "quick": ("D", {
            "C": "settings: weights init_scale absolute norms pruning"}),
        "darts_quick": ("D", {
            "C": "settings: weights init_scale absolute norms pruning"}),
    },
    "proxy": dict.fromkeys(("paper", "quick", "darts_quick"), ("D", {})),
    "gdas": {  # 5.5; what has no gradient in the DARTS space is in the authors' `search_cells.py`
        "landscape": ("D", {}),
        "nb201": ("B", {}),
        "nats": ("B", {}),
        "darts": ("C", {"B": f"{AS_GDAS} learning_rate nesterov weight_decay split"}),
        "quick": ("D", {"B": AS_GDAS}),
        "nb201_quick": ("D", {"B": AS_GDAS}),
        "darts_quick": ("D", {"B": AS_GDAS}),
        **dict.fromkeys(BENCH, ("B", {  # 0.8.5
            "D": f"{AS_DARTS} track_running_stats settings: unchosen"})),
    },
    "reinmax": {  # the additions' 5.13
        "landscape": ("D", {}),
        "nb201": ("B", {"C3": "settings: temperature_start temperature_end"}),
        "darts": ("C", {"C3": "settings: temperature_start temperature_end",
            "B": f"{AS_GDAS} learning_rate nesterov weight_decay split"}),
        "quick": ("D", {"B": AS_GDAS}),
        "nb201_quick": ("D", {"B": AS_GDAS}),
        "darts_quick": ("D", {"B": AS_GDAS}),
    },
    "snas": {  # 5.6
        "landscape": ("D", {}),
        "nb201": ("C", {}),
        "darts": ("C", {"D": "network: train_share"}),
        "quick": ("D", {"C": f"{AS_DARTS} track_running_stats"}),
        "darts_quick": ("D", {"C": f"{AS_DARTS} track_running_stats"}),
    },
    "random": dict.fromkeys(("landscape", "nb201", "quick", "sampling"), ("D", {})),  # 5.1
    "rea": dict.fromkeys(("landscape", "nb201", "quick"), ("D", {})),  # 5.3: queries for seconds
    "reinforce": dict.fromkeys(("landscape", "nb201", "quick"), ("D", {})),  # 5.4: the same
    "monas": dict.fromkeys(("landscape", "nb201", "quick"), ("D", {})),  # 6.3
    "radars": dict.fromkeys(  # 6.1: an abstract
        ("landscape", "nb201", "darts", "quick", "darts_quick"), ("D", {})),
    "twotemp": dict.fromkeys(  # 6.5: an abstract
        ("landscape", "nb201", "darts", "quick", "darts_quick"), ("D", {})),
    "pcdarts": {  # 5.7; the least rate of the network is the code's
        "darts": ("C", {}),
        "imagenet": ("C", {}),
        "nb201": ("D", {"C": f"{AS_DARTS} track_running_stats"}),
        "quick": ("D", {"C": f"{AS_DARTS} track_running_stats"}),
        "darts_quick": ("D", {"C": f"{AS_DARTS} track_running_stats"}),
    },
    "sdarts": {  # 5.8
        "darts": ("C", {}),
        "nb201": ("C", {}),
        "quick": ("D", {"C": f"{AS_DARTS} track_running_stats"}),
        "darts_quick": ("D", {"C": f"{AS_DARTS} track_running_stats"}),
        **dict.fromkeys(BENCH, ("B", {"D": f"{AS_DARTS} track_running_stats"})),  # 0.8.5
    },
    "dartspt": {  # 5.9, and the authors' code
        "landscape": ("D", {}),
        "nb201": ("C", {}),
        "darts": ("C", {}),
        "quick": ("D", {"C": f"{AS_DARTS} track_running_stats evaluation"}),
        "darts_quick": ("D", {"C": "network: optimizer learning_rate_min momentum nesterov"
            " weight_decay clip_norm track_running_stats evaluation"}),
    },
    "zerocostpt": {  # 5.19 of the additions, and the authors' code
        "nb201": ("C", {"D": "epochs"}),
        "darts": ("C", {"D": "epochs"}),
        "quick": ("D", {}),
        "darts_quick": ("D", {}),
    },
    "fairdarts": {  # 5.10
        "darts": ("C", {}),
        "nb201": ("D", {"C": f"{AS_DARTS} batch_size learning_rate track_running_stats"}),
        "quick": ("D", {"C": f"{AS_DARTS} track_running_stats"}),
        "darts_quick": ("D", {"C": f"{AS_DARTS} track_running_stats"}),
        **dict.fromkeys(BENCH, ("B", {  # 0.8.5
            "D": f"{AS_DARTS} track_running_stats settings: excluded"})),
    },
    "betadarts": {  # 5.14, and the authors' code
        "landscape": ("D", {}),
        "nb201": ("C", {}),
        "darts": ("C", {}),
        "quick": ("D", {"C": f"{AS_DARTS} track_running_stats"}),
        "darts_quick": ("D", {"C": f"{AS_DARTS} track_running_stats"}),
    },
    "dartsminus": {  # 5.15, and the authors' code
        "darts": ("C", {}),
        "nb201": ("D", {"C": f"{AS_DARTS} batch_size learning_rate track_running_stats"}),
        "quick": ("D", {"C": f"{AS_DARTS} track_running_stats"}),
        "darts_quick": ("D", {"C": f"{AS_DARTS} track_running_stats"}),
    },
    "lambdadarts": {  # 5.16 of the additions; the schedule of its network weights is DARTS'
        "darts": ("D", {
            "C3": "settings: layer_weight",
            "C": f"{AS_DARTS} batch_size learning_rate track_running_stats"}),
        "nb201": ("C3", {"C": f"{AS_DARTS} batch_size learning_rate track_running_stats"}),
        "quick": ("D", {"C": f"{AS_DARTS} track_running_stats"}),
        "darts_quick": ("D", {"C": f"{AS_DARTS} track_running_stats"}),
    },
    "oles": {  # 5.12 of the additions
        "darts": ("C", {}),
        "nb201": ("D", {"C": f"{AS_DARTS} batch_size learning_rate track_running_stats"}),
        "quick": ("D", {"C": f"{AS_DARTS} track_running_stats"}),
        "darts_quick": ("D", {"C": f"{AS_DARTS} track_running_stats"}),
    },
    "rsws": {  # 5.2: Nesterov, 5e-4 and the published split are not those of `quick`
        "landscape": ("D", {}),
        "nb201": ("B", {}),
        "quick": ("D", {
            "B": "network: optimizer learning_rate_min momentum clip_norm track_running_stats"}),
        "darts": ("D", {}),
        "darts_quick": ("D", {}),
        **dict.fromkeys(("darts_bench_quick", *BENCH), ("D", {})),
    },
    "unas": {  # 3.9: CIFAR's column, and the line on NAS-Bench-201 below it
        "landscape": ("D", {}),
        "nb201": ("C", {"D": "epochs settings: sample_per warmup_epochs network: batch_size"
            " constant_epochs reset_optimizer_epoch track_running_stats"}),
        "nb201_per_example": ("C", {"D": "epochs settings: warmup_epochs network: batch_size"
            " constant_epochs reset_optimizer_epoch track_running_stats"}),
        "proxyless": ("C", {}),  # its last column
        "quick": ("D", {"C": "network: weight_decay clip_norm"}),
        "darts": ("C", {"D": "network: track_running_stats"}),  # 3.9
        "imagenet": ("C", {"D": "network: track_running_stats"}),  # 3.9, corrected
        "imagenet_own": ("C", {"D": "network: track_running_stats"}),
        "darts_quick": ("D", {}),
        "darts_bench_quick": ("D", {}),
        **dict.fromkeys(BENCH, ("C", {
            "D": "network: batch_size split train_share valid_share track_running_stats"})),
    },
}  # fmt: skip
"""By method and recipe the tag of most numbers, and of which it is another."""
SKIPS = "skip_dropout kept_skips stop_above_skips"
"""Settings that all composed methods have; that none of it is the default is our decision."""
DEFAULTS_BY_THE_SOURCES: dict[str, tuple[str, dict[str, str]]] = {
    "darts": ("C", {"D": "order excluded"}),
    "drnas": ("C", {"D": f"concentration_floor excluded edge_normalisation perturbation {SKIPS}"}),
    "betadarts": ("C", {"D": f"excluded edge_normalisation perturbation {SKIPS}"}),
    "dartsminus": ("C", {"D": f"excluded edge_normalisation perturbation {SKIPS}"}),
    "fairdarts": ("C", {"D": f"excluded edge_normalisation perturbation {SKIPS}"}),
    "lambdadarts": ("C", {
        "C3": "layer_weight alignment shift",
        "D": f"excluded edge_normalisation perturbation {SKIPS}"}),
    "dartspt": ("C", {"D": f"excluded edge_normalisation perturbation {SKIPS}"}),
    "zerocostpt": ("C", {}),
    "oles": ("C", {
        "D": "excluded edge_normalisation perturbation exact_counter added_gradients"
        f" {SKIPS}"}),
    "pcdarts": ("C", {"D": f"excluded perturbation {SKIPS}"}),
    "sdarts": ("C", {"D": f"excluded edge_normalisation {SKIPS}"}),
    "edas": ("D", {}),
    "freedarts": ("C", {"D": "per_operation"}),
    "proxy": ("D", {}),
    "gdas": ("B", {"D": "excluded"}),
    "random": ("B", {"D": "cost cost_target"}),
    "rea": ("B", {"D": "cost cost_target"}),
    "reinforce": ("B", {"D": "weight_decay excluded"}),
    "reinmax": ("B", {"C": "estimator", "D": "excluded"}),
    "monas": ("D", {"U": "reward"}),
    "radars": ("D", {}),
    "twotemp": ("D", {}),
    "rsws": ("B", {}),
    "snas": ("C", {"D": "excluded"}),
    "unas": ("C", {"D": "entropy_weight warmup_epochs uniform_clamp cost_target schedules excluded"
        " arch_samples least_weight cost_form cost_share cost_growth cost_entropy cost_rate"
        " cost_samples"}),
}  # fmt: skip


def told_of(places: Iterable[str], most: str, others: dict[str, str]) -> dict[str, str]:
    """The tag of each place; `block: a b` among the others is `block.a` and `block.b`."""
    found = dict.fromkeys(places, most)
    for tag, text in others.items():
        block = ""
        for word in text.split():
            if word.endswith(":"):
                block = word.replace(":", ".")
            else:
                assert f"{block}{word}" in found
                found[f"{block}{word}"] = tag
    return found


@pytest.mark.parametrize("name", BUILT_IN)
def test_tags_are_those_of_the_sources(name: str) -> None:
    setup = registry.open_setup(name)
    assert setup.recipes.keys() == BY_THE_SOURCES[name].keys()
    for title, recipe in setup.recipes.items():
        assert dict(recipe.tags) == told_of(recipe.tags, *BY_THE_SOURCES[name][title]), title
    defaults = {row["name"]: row["tag"] for row in setup.Settings.explain()}
    assert defaults == told_of(defaults, *DEFAULTS_BY_THE_SOURCES[name])


@pytest.mark.parametrize("name", BUILT_IN)
def test_recipes_named_after_a_space_are_for_it(name: str) -> None:
    for title, recipe in registry.open_setup(name).recipes.items():
        if title in ("nb201", "nats", "nb201_progressive", "nb201_per_example"):
            assert recipe.space == "nb201"
        if title in ("darts", "darts_quick", "imagenet"):
            assert recipe.space == "darts"
        if title == "proxyless":
            assert recipe.space == title


@pytest.mark.parametrize(
    "variant", ["wide", "wide_no_skip", "deep", "deep_all_skip", "single_cell"]
)
def test_recipes_of_the_bench_suite_are_as_its_authors_have_them(variant: str) -> None:
    space = f"darts[variant={variant}]"
    darts, drnas = (
        find_recipe(name, "darts_bench", space, "supernet").recipe for name in ("darts", "drnas")
    )
    assert darts.epochs == drnas.epochs == 100
    for recipe in (darts, drnas):
        network = recipe.network
        assert network["batch_size"] == (64 if "deep" in variant else 96)
        assert network["train_share"] == network["valid_share"] == 0.25
    assert (darts.network["learning_rate"], drnas.network["learning_rate"]) == (0.025, 0.1)
    assert drnas.settings == {"learning_rate": 6e-4, "anchor": "l2", "anchor_weight": 1e-3}
    assert find_recipe("drnas", "paper", space, "supernet").name == "darts"


def test_a_file_is_read_when_it_is_asked_for(tmp_path: Path) -> None:
    class Setup:
        recipes = recipe_file("no.such.package", "darts")

    with pytest.raises(RecipeError, match=r"no package `no\.such\.package`"):
        _ = Setup.recipes


# --- marks -------------------------------------------------------------------------------------


def test_a_mark_before_a_mapping_is_that_of_what_has_none() -> None:
    text = "a: !C {b: 1, c: !D [2, 3], d: {e: x}}\nf: '4'\n"
    found = load_yaml(text, "T", marks="C|D")
    assert found == {
        "a": {"b": Marked(1, "C"), "c": Marked([2, 3], "D"), "d": {"e": Marked("x", "C")}},
        "f": "4",
    }


def test_marks_stay_with_what_is_merged() -> None:
    text = "one: &one !C {a: 1e-3, b: !D true}\ntwo: !B {<<: *one, a: '2'}\n"
    found = load_yaml(text, "T", marks="B|C|D")
    assert found["two"] == {"a": Marked("2", "B"), "b": Marked(True, "D")}
    assert found["one"]["a"] == Marked(0.001, "C")


def test_without_marks_a_tag_is_refused() -> None:
    with pytest.raises(HarnessError, match="the tag `!C`"):
        load_yaml("a: !C 1", "T")


# --- bad files ---------------------------------------------------------------------------------

BAD = {
    "- a\n": r"must hold `name: \{\.\.\.\}`",
    "x: 5\n": r"Recipe `x` of .*darts\.yaml cannot be 5: write `key: value`",
    "x: {source: a}\n": "lacks `epochs`",
    "x: {source: a, epochs: !D 5, epoch: !D 5}\n": "no key `epoch`. Did you mean `epochs`",
    "x: {source: a, epochs: 5}\n": "`epochs` has no tag .* write `!D 5`",
    "x: {source: a, epochs: !D 0}\n": "`epochs` cannot be 0: expected 1 or more",
    "x: {source: a, epochs: !Z 5}\n": "the tag `!Z`",
    "x: {source: a, epochs: !D 5, settings: [1]}\n": "`settings` cannot be",
    "x: {source: a, epochs: !D 5, settings: {beta1: 0.1}}\n": r"`settings\.beta1` has no tag",
    "x: {source: a, epochs: !D 5, settings: !D {rate: 1}}\n": "has no setting `rate`",
    "x: {source: a, epochs: !D 5, settings: !D {beta1: 7}}\n": "beta1` cannot be 7",
    "x: {source: 5, epochs: !D 5}\n": "`source` cannot be 5: expected text",
    "x: {source: a, epochs: !D 5\n": "is no YAML",
}


@pytest.mark.parametrize("text", BAD)
def test_a_bad_file_is_told_in_one_sentence(text: str, tmp_path: Path) -> None:
    path = tmp_path / "darts.yaml"
    path.write_text(text)
    with pytest.raises(HarnessError, match=BAD[text]) as told:
        read_recipes(path, registry.open_setup("darts").Settings.build)
    assert "darts.yaml" in str(told.value)
    assert "\n" not in str(told.value)


BAD_OF_PACKAGES = {
    "x: 5\n": "Recipe `x` of",
    "landscape: {source: a, epochs: 5}\n": "`epochs` has no tag",
    "x: {source: a, epochs: !D 5, settings: !D {rate: 1}}\n": "has no setting `rate`",
    "- a\n": "must hold",
}


@pytest.mark.parametrize("text", BAD_OF_PACKAGES)
def test_a_bad_file_of_a_package_hinders_nobody_who_does_not_ask_for_it(
    text: str, bring: Bring
) -> None:
    bring("badpack", darts=text)
    assert find_recipe("darts", "landscape", "nb201", "landscape").package == ""
    assert {one.package for one in recipes_of("darts")} == {""}
    for asked in ("x", "plugin-badpack:landscape"):
        with pytest.raises(RecipeError, match=BAD_OF_PACKAGES[text]) as told:
            find_recipe("darts", asked, "nb201", "landscape")
        assert f"`darts` has no recipe `{asked}`. The recipes of plugin-badpack 1.5 for" in str(
            told.value
        )


def test_a_package_that_raises_hinders_nobody(bring: Bring) -> None:
    """Of a folder within a package, the package around it is imported."""
    bring("outer", darts="x: 5\n")
    outer = registry.recipes.entries["outer"]
    inner = type(outer)("outer", "outer.inner", outer.group)
    registry.recipes.__dict__["entries"] = {"outer": inner}
    registry.recipes._origins["outer"] = "plugin-outer 1.5"
    assert find_recipe("darts", "landscape", "nb201", "landscape").package == ""
    with pytest.raises(RecipeError, match=r"plugin-outer 1\.5 .* cannot be read: imported"):
        find_recipe("darts", "plugin-outer:x", "nb201", "landscape")


def test_tags_outlive_a_bad_file_of_a_package(
    planned: Callable[..., list[TrialSpec]], bring: Bring
) -> None:
    (spec,) = planned("drnas", seeds="0,", random=False)
    before = tags(spec)
    bring("badpack", drnas="x: 5\n")
    assert tags(spec) == before != {}


def test_a_package_that_is_not_there_hinders_nobody(bring: Bring) -> None:
    bring("gone_package")
    assert find_recipe("darts", "landscape", "nb201", "landscape").name == "landscape"
    with pytest.raises(RecipeError, match=r"plugin-gone_package 1\.5 for `darts` cannot be read"):
        find_recipe("darts", "landscap", "nb201", "landscape")


# --- which one is chosen -----------------------------------------------------------------------


def test_a_package_brings_a_recipe_for_a_method_and_space_it_did_not_write(bring: Bring) -> None:
    bring("toypack", darts=FOR_TOY)
    paper = find_recipe("darts", "paper", "toy", "landscape")
    assert (paper.name, paper.package, paper.recipe.epochs) == ("toy", "plugin-toypack 1.5", 7)
    assert paper.recipe.tags["settings.learning_rate"] == "P"
    assert paper.recipe.tags["settings.beta1"] == "D"
    assert "toypack" not in sys.modules  # read, not imported
    assert paper.title == "plugin-toypack:toy (toy, landscape, plugin-toypack 1.5)"


@pytest.mark.parametrize(
    ("space", "kind", "epochs"),
    [("toy", "landscape", 100), ("nb201", "landscape", 100), ("toy", "supernet", 9)],
)
def test_of_one_name_the_nearest_is_chosen(
    space: str, kind: str, epochs: int, bring: Bring
) -> None:
    bring("toypack", darts=FOR_TOY)
    assert find_recipe("darts", "landscape", space, kind).recipe.epochs == epochs


@pytest.mark.parametrize("name", BUILT_IN)
def test_paper_is_the_recipe_named_after_the_space(name: str) -> None:
    expected = {"freedarts": "freedarts_code", "proxy": "paper"}.get(name, "nb201")
    assert find_recipe(name, "paper", "nb201", "supernet").name == expected


def test_a_recipe_for_something_else_can_be_asked_for_by_name() -> None:
    assert find_recipe("darts", "nats", "nb201", "landscape").recipe.kind == "supernet"


def test_the_method_s_own_comes_first(bring: Bring) -> None:
    own = registry.open_setup("darts").recipes["landscape"]
    bring("twin", darts="landscape: {source: a, kind: landscape, epochs: !D 3}\n")
    assert find_recipe("darts", "landscape", "nb201", "landscape").recipe is own


TAKES_OVER = """
landscape: {space: nb201, kind: landscape, source: a, epochs: !D 3}
nb201: {space: nb201, kind: landscape, source: a, epochs: !D 4}
"""


def test_a_package_takes_no_study_over(
    planned: Callable[..., list[TrialSpec]], bring: Bring
) -> None:
    before = planned("drnas,darts", seeds="0,")
    bring("rogue", drnas=TAKES_OVER, darts=TAKES_OVER, random=TAKES_OVER)
    assert planned("drnas,darts", seeds="0,") == before
    assert find_recipe("drnas", "paper", "nb201", "landscape").package == ""
    assert find_recipe("drnas", "paper", "nb201", "supernet").package == ""


@pytest.mark.parametrize(("asked", "epochs"), [("landscape", 3), ("nb201", 4), ("paper", 4)])
def test_a_package_s_recipe_has_a_name_of_its_own(asked: str, epochs: int, bring: Bring) -> None:
    bring("rogue", drnas=TAKES_OVER)
    found = find_recipe("drnas", f"plugin-rogue:{asked}", "nb201", "landscape")
    assert (found.package, found.recipe.epochs) == ("plugin-rogue 1.5", epochs)
    with pytest.raises(HarnessError, match="plugin-rogue:landscape"):
        find_recipe("drnas", "plugin-rogue:landscap", "nb201", "landscape")


def test_a_trial_says_which_package_its_recipe_is_of(
    planned: Callable[..., list[TrialSpec]], bring: Bring
) -> None:
    bring("more", drnas="mine: {kind: landscape, source: a, epochs: !P 3}\n")
    (spec,) = planned("drnas", seeds="0,", random=False, recipe="mine")
    assert (spec.recipe, tags(spec)["epochs"]) == ("plugin-more:mine", "P")
    assert "--recipe plugin-more:mine" in reproduce(spec)
    (again,) = planned("drnas", seeds="0,", random=False, recipe=spec.recipe)
    assert again == spec


def test_a_recipe_of_a_package_in_brackets_is_named_in_the_command(
    planned: Callable[..., list[TrialSpec]], bring: Bring
) -> None:
    bring("more", drnas="mine: {kind: landscape, source: a, epochs: !P 3}\n")
    (spec,) = planned("drnas[recipe=mine]", seeds="0,", random=False)
    assert (spec.label, tags(spec)["epochs"]) == ("drnas[recipe=mine]", "P")
    assert "drnas[recipe=plugin-more:mine]" in reproduce(spec)
    (again,) = planned("drnas[recipe=plugin-more:mine]", seeds="0,", random=False)
    assert again.fingerprint == spec.fingerprint


def test_two_packages_with_the_same_recipe_are_named(bring: Bring) -> None:
    bring("one", darts="mine: {source: a, epochs: !D 3}\n")
    bring("two", darts="mine: {source: a, epochs: !D 4}\n")
    with pytest.raises(HarnessError, match=r"plugin-one 1\.5 and plugin-two 1\.5 both bring"):
        find_recipe("darts", "mine", "nb201", "landscape")


def test_paper_is_not_a_small_recipe_that_is_for_the_space() -> None:
    """`proxy` has two for the darts space: `quick`, which is for it, and `paper`, for any."""
    assert find_recipe("proxy", "paper", "darts", "supernet").name == "paper"
    assert find_recipe("proxy", "quick", "darts", "supernet").recipe.space == "darts"


def test_an_unknown_recipe_s_sentence_lists_paper() -> None:
    with pytest.raises(HarnessError, match=r"called `landscap`.*Known: .*nb201, paper, quick"):
        find_recipe("darts", "landscap", "nb201", "landscape")


def test_a_space_without_a_published_recipe_is_told() -> None:
    with pytest.raises(HarnessError, match=r"`darts` for the space `toy`.*A package can bring one"):
        find_recipe("darts", "paper", "toy", "landscape")


def test_paper_is_also_a_fitting_recipe_that_is_called_so(
    monkeypatch: pytest.MonkeyPatch, bring: Bring
) -> None:
    own = {
        "landscape": Recipe(5, "mine"),
        "paper": Recipe(epochs=6, source="theirs", kind="supernet"),
        "nb201": Recipe(epochs=7, source="theirs", space="nb201"),
    }
    monkeypatch.setattr(registry.open_setup("rea"), "recipes", own)
    bring("toypack", rea="theirs: {space: toy, source: a, epochs: !P 8}\n")
    assert find_recipe("rea", "paper", "odd", "supernet").recipe is own["paper"]
    assert find_recipe("rea", "paper", "toy", "supernet").recipe is own["paper"]  # its own first
    assert find_recipe("rea", "paper", "nb201", "supernet").recipe is own["nb201"]
    assert find_recipe("rea", "paper", "toy", "landscape").package == "plugin-toypack 1.5"
    with pytest.raises(HarnessError, match="`rea` for the space `odd`") as told:
        find_recipe("rea", "paper", "odd", "landscape")
    assert "`paper` means the recipe that is published for this space" in str(told.value)
    assert "Did you mean `paper`" not in str(told.value)


def test_recipes_of_a_dictionary_still_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """As methods of other packages have them: no space, no kind, no tag."""
    setup = registry.open_setup("rea")
    old = {"landscape": Recipe(5, "mine"), "nb201": Recipe(epochs=6, source="theirs")}
    monkeypatch.setattr(setup, "recipes", old)
    assert recipes_of("rea") == [NamedRecipe(name, recipe) for name, recipe in old.items()]
    assert find_recipe("rea", "paper", "nb201", "landscape").recipe.epochs == 6
    assert find_recipe("rea", "landscape", "anything", "anything").recipe.epochs == 5


# --- where numbers are from --------------------------------------------------------------------


def test_tags_of_a_trial(planned: Callable[..., list[TrialSpec]]) -> None:
    (spec,) = planned("unas[beta1=0.7]", seeds="0,", random=False)
    found = tags(spec)
    assert (found["learning_rate"], found["temperature"]) == ("D", "C")  # the recipe's, a default
    assert (found["epochs"], found["steps"]) == ("D", "D")
    assert "beta1" not in found  # the user's


def test_a_recipe_s_number_without_a_tag_has_none(
    planned: Callable[..., list[TrialSpec]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not that of the default in whose place it stands."""
    setup = registry.open_setup("unas")
    assert {row["name"]: row["tag"] for row in setup.Settings.explain()}["temperature"]
    mine = Recipe(5, "mine", {"temperature": 0.5, "beta1": 0.3}, tags={"settings.beta1": "P"})
    monkeypatch.setattr(setup, "recipes", {"landscape": mine})
    (spec,) = planned("unas", seeds="0,", random=False)
    found = tags(spec)
    assert found["beta1"] == "P"
    assert "temperature" not in found
    assert found["sample_per"]  # a default


def test_tags_of_a_trial_on_images(planned: Callable[..., list[TrialSpec]]) -> None:
    small: dict[str, Any] = {"width": 4, "cells": 1, "batch_size": 8}
    (spec,) = planned(
        "unas", seeds="0,", random=False, search="supernet", dataset="digits", limit=120,
        epochs=10, network=small,
    )  # fmt: skip
    found = tags(spec)
    assert found["network.clip_norm"] == "C"
    assert found["network.learning_rate"] == found["learning_rate"] == "D"  # scaled to the batch
    assert found["warmup_epochs"] == "D"  # shortened with the search
    assert found["sample_per"] == "D"
    assert "network.width" not in found
    assert "epochs" not in found


@pytest.mark.parametrize("name", ["landscape", "supernet"])
def test_tags_of_a_trial_of_before_are_those_of_what_it_ran_with(name: str) -> None:
    for spec in open_study(GOLDEN / name).specs:
        named = {*spec.settings, *(f"network.{key}" for key in spec.network), "epochs", "steps"}
        assert set(tags(spec)) <= named


def test_a_recipe_of_today_tells_nothing_of_what_a_trial_does_not_name(
    planned: Callable[..., list[TrialSpec]],
) -> None:
    (spec,) = planned("unas[recipe=nb201]", seeds="0,", random=False)
    assert tags(spec)["least_weight"] == "C"
    before = {key: value for key, value in spec.settings.items() if key != "least_weight"}
    assert "least_weight" not in tags(replace(spec, settings=before))


def test_tags_of_a_method_that_is_not_here_are_missing(
    planned: Callable[..., list[TrialSpec]],
) -> None:
    (spec,) = planned("rea", seeds="0,", random=False)
    assert tags(replace(spec, method="gone")) == {}
    assert tags(replace(spec, recipe="gone")) == {}


def test_the_baseline_that_nobody_asked_for_needs_no_such_recipe(
    bring: Bring, planned: Callable[..., list[TrialSpec]]
) -> None:
    """It has the kind's own then, which its trial tells; one that is asked for is refused."""
    own = (
        "mine: {kind: landscape, source: us, epochs: !D 5, steps: !D 5, settings: !D {beta1: 0.3}}"
    )
    bring("brought", darts=own)
    darts, random = planned(methods="darts", recipe="mine", seeds="1", random=True)
    assert darts.settings["beta1"] == 0.3
    assert (darts.recipe, random.recipe) == ("plugin-brought:mine", "landscape")
    assert random.label == "random"
    assert planned(methods="random", seeds="1") == [random]
    with pytest.raises(HarnessError, match="no recipe of `random` called `mine`"):
        planned(methods="darts,random", recipe="mine", seeds="1")


@pytest.mark.parametrize("method", BUILT_IN)
def test_both_readers_of_yaml_read_the_same(
    method: str, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With libyaml and without it."""
    path = checkout / "methods" / "recipes" / f"{method}.yaml"
    found = read_recipes(path)
    monkeypatch.setattr(yaml_text, "_QuickLoader", None)
    assert read_recipes(path) == found
