"""From a suite to its studies: what runs, what is left out and why, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nasbench_harness import registry
from nasbench_harness.contracts import Suite, SuiteProblem
from nasbench_harness.errors import HarnessError, UnknownNameError
from nasbench_harness.fields.suites import SuiteError, read_suite
from nasbench_harness.hardware import Hardware
from nasbench_harness.jobs.study import lay_out
from nasbench_harness.store.studies import StudyError, open_study
from nasbench_harness.store.suites import RECORD, read_record, refuse_other, write_record
from nasbench_harness.study.notation import ConfigError
from nasbench_harness.study.suites import (
    SuitePlan,
    asked_suite,
    missing,
    missing_images,
    plan_suite,
    problem_names,
)

ANALOG = {"space": "nb201", "dataset": "cifar10", "table": "analog"}
OFFICIAL = {"space": "nb201", "dataset": "cifar100", "table": "official"}
LAYERS = {"space": "nbmacro", "dataset": "cifar10", "table": "nbmacro"}
IMAGES = {"space": "transnas101", "dataset": "normal", "table": "transnas101"}
TRAINED = {"space": "nb201", "search": "supernet", "dataset": "cifar10", "table": "none"}
BENCH = [f"{size}{skips}" for size in ("wide", "deep", "single_cell")
         for skips in ("", "_no_skip", "_all_skip")]  # fmt: skip

Offer = Callable[..., Suite]


@pytest.fixture(autouse=True)
def opened_anew() -> None:
    """A process opens a table once, also one that other tests have installed elsewhere."""
    registry.open_table.cache_clear()


@pytest.fixture
def offer(monkeypatch: pytest.MonkeyPatch) -> Offer:
    """Make the only suite there is, `few`, of these problems."""

    def make(*problems: dict[str, Any], **named: dict[str, Any]) -> Suite:
        unnamed = [SuiteProblem(keys) for keys in problems]
        others = [SuiteProblem(keys, name) for name, keys in named.items()]
        suite = Suite("few", "A few problems", (*unnamed, *others))
        monkeypatch.setattr(registry, "open_suite", {"few": suite}.__getitem__)
        return suite

    return make


def planned(methods: str = "rea", *, out: Path | None = None, **given: Any) -> SuitePlan:
    return plan_suite("few", None, {"methods": methods, "seeds": "2", **given}, [], out)


# --- what there is -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", registry.suites.names())
def test_every_installed_suite_can_be_read(name: str) -> None:
    suite = registry.open_suite(name)
    names = problem_names(suite)
    assert suite.about
    assert len(set(names)) == len(names) >= 9


def test_all_of_quick_runs_with_nothing_installed() -> None:
    plan = plan_suite("quick", None, {"methods": "rea,darts", "seeds": "1"}, [])
    assert plan.left_out == ()
    assert {part.config.space for part in plan.parts} == {"nb201", "nbmacro", "transnas101"}
    assert len(plan.parts) == len(registry.open_suite("quick").problems) == 9
    assert plan.folder == Path("runs/suite-quick-rea-darts")
    assert [part.folder.name for part in plan.parts][:2] == ["nb201-cifar10-analog",
                                                             "nbmacro-cifar10"]  # fmt: skip


def test_full_begins_with_all_of_quick() -> None:
    quick, full = (registry.open_suite(name).problems for name in ("quick", "full"))
    assert full[: len(quick)] == quick


def test_darts_bench_is_nine_supernets_on_images_with_its_recipe_and_three_seeds() -> None:
    suite = registry.open_suite("darts_bench")
    assert problem_names(suite) == BENCH
    assert "chosen on test" in suite.about
    given = {"methods": "darts,drnas", "dataset": "digits"}
    plan = plan_suite("darts_bench", None, given, [])
    assert plan.left_out == ()
    assert plan.folder == Path("runs/suite-darts_bench-darts-drnas-dataset-digits")
    assert [part.config.space for part in plan.parts] == [f"darts[variant={n}]" for n in BENCH]
    for config in (part.config for part in plan.parts):
        assert (config.search, config.dataset, config.table) == ("supernet", "digits", "none")
        assert (config.recipe, config.seeds) == ("darts_bench", (0, 1, 2))


def test_darts_bench_has_recipes_of_every_method_that_searches_its_space() -> None:
    given = {"methods": "darts,drnas,unas,edas,rsws", "dataset": "digits", "seeds": "1"}
    for recipe in ("darts_bench", "darts_bench_quick", "quick"):
        plan = plan_suite("darts_bench", None, {**given, "recipe": recipe}, [])
        assert (plan.left_out, len(plan.parts)) == ((), 9), recipe


def test_a_name_that_nobody_has_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean `quick`"):
        plan_suite("quik", None, {"methods": "rea"}, [])


def test_a_plugin_that_gives_no_suite_is_named(install_plugin: Callable[..., None]) -> None:
    install_plugin("suites", "odd", "odd_suite:make", "def make():\n    return 'problems'\n")
    odd = registry.Registry[Any]("suite")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "suites", odd)
        with pytest.raises(HarnessError, match=r"`odd` \(odd_suite:make, from plugin-odd 1.5\)"):
            registry.open_suite.__wrapped__("odd")


# --- files -------------------------------------------------------------------------------------


def test_a_file_is_read_as_it_says(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("about: Mine\nproblems:\n- {space: nb201, table: analog, steps: 9, name: x}\n")
    suite = read_suite(path)
    assert (suite.name, suite.about) == ("mine", "Mine")
    (problem,) = suite.problems
    assert (problem.name, dict(problem.keys)) == (
        "x", {"space": "nb201", "table": "analog", "steps": 9}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- nb201\n", "must hold `about: TEXT`"),
        ("about: A\nproblms: []\n", "Did you mean `problems`"),
        ("problems:\n- {space: nb201}\n", "`about` cannot be"),
        ("about: A\nproblems: []\n", "must be a list with `space: NAME`"),
        ("about: A\nproblems:\n- {table: analog}\n", "problem 1 cannot be"),
        ("about: A\nproblems:\n- {space: nb201, name: 3}\n", "`name` cannot be 3"),
        ("about: A\nproblems:\n- {space: nb201, name: ../a}\n", "the name of a folder"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_sentence(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(SuiteError) as refused:
        read_suite(path)
    assert said in str(refused.value)
    assert str(path) in str(refused.value)


# --- what runs ---------------------------------------------------------------------------------


def test_options_hold_for_every_problem_and_win(offer: Offer) -> None:
    offer({**ANALOG, "steps": 30}, {**LAYERS, "steps": 40})
    assert [part.config.steps for part in planned().parts] == [30, 40]
    plan = planned(steps=7)
    assert [part.config.steps for part in plan.parts] == [7, 7]
    assert plan.folder == Path("runs/suite-few-rea-steps-7")
    assert {part.config.seeds for part in plan.parts} == {(0, 1)}


def test_a_study_file_may_name_the_suite(offer: Offer, tmp_path: Path) -> None:
    offer(ANALOG, LAYERS)
    path = tmp_path / "study.yaml"
    path.write_text("methods: rea\nsuite: few\nsteps: 5\n")
    assert asked_suite(path, {}) == "few"
    plan = plan_suite("few", path, {}, [])
    assert [part.config.steps for part in plan.parts] == [5, 5]


def test_all_data_sets_of_a_table_are_so_many_problems(offer: Offer) -> None:
    offer({"space": "transnas101", "table": "transnas101", "dataset": "all"})
    names = [part.name for part in planned().parts]
    assert len(names) == 7
    assert "transnas101-jigsaw" in names


def test_a_table_that_is_missing_is_named_and_the_rest_runs(offer: Offer) -> None:
    offer(OFFICIAL, ANALOG)
    plan = planned()
    assert [part.name for part in plan.parts] == ["nb201-cifar10-analog"]
    (out,) = plan.left_out
    assert (out.problem, out.method) == ("nb201-cifar100-official", "")
    assert "nasharness data pull nb201" in out.reason


def test_a_method_is_left_out_where_it_cannot_run(offer: Offer) -> None:
    offer(ANALOG, LAYERS)
    plan = planned("unas[recipe=paper],rea")
    everywhere, without = ([choice.name for choice in part.config.choices] for part in plan.parts)
    (out,) = plan.left_out
    assert (out.problem, out.method) == ("nbmacro-cifar10", "unas[recipe=paper]")
    assert (everywhere, without) == (["unas", "rea", "random"], ["rea", "random"])


def test_images_may_be_exchanged_where_nothing_else_is_searched(offer: Offer) -> None:
    offer(TRAINED, layers={**TRAINED, "space": "nbmacro"})
    plan = planned("darts", dataset="digits", recipe="quick")
    assert {part.config.dataset for part in plan.parts} == {"digits"}
    assert [part.name for part in plan.parts] == ["nb201-digits-none-supernet", "layers"]
    offer(TRAINED, ANALOG)
    with pytest.raises(ConfigError, match="leave `dataset` out"):
        planned("darts", dataset="digits", recipe="quick")


@pytest.mark.parametrize("key", ["space", "table", "search"])
def test_all_else_that_a_problem_on_images_is_stays_its_own(key: str, offer: Offer) -> None:
    offer(TRAINED)
    with pytest.raises(ConfigError, match=f"leave `{key}` out"):
        planned("darts", **{key: TRAINED[key]})


def test_images_that_are_missing_are_told_of_problems_on_images_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NASHARNESS_DATA", str(tmp_path))
    trained, digits = SuiteProblem(TRAINED), SuiteProblem({**TRAINED, "dataset": "digits"})
    assert "nasharness data pull cifar10" in missing_images(trained)
    assert missing(trained) == missing_images(digits) == missing_images(SuiteProblem(ANALOG)) == ""


# --- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"methods": "reaa"}, "reaa"),
        ({"methods": "rea[populaton=3]"}, "populaton"),
        ({"space": "nb201"}, "leave `space` out"),
        ({"dataset": "cifar10"}, "leave `dataset` out"),
        ({"stepz": 3}, "stepz"),
        ({"smallest_difference": 0.2}, "different units"),
    ],
)
def test_what_is_wrong_everywhere_is_the_user_s(
    given: dict[str, Any], said: str, offer: Offer
) -> None:
    offer(ANALOG, IMAGES, OFFICIAL)
    with pytest.raises(HarnessError) as refused:
        planned(**given)
    assert said in str(refused.value)


def test_one_smallest_difference_holds_where_all_have_one_unit(offer: Offer) -> None:
    offer(ANALOG, LAYERS)
    assert {p.config.smallest_difference for p in planned(smallest_difference=0.2).parts} == {0.2}


def test_a_suite_of_which_nothing_is_here_says_what_to_get(offer: Offer) -> None:
    offer(OFFICIAL)
    with pytest.raises(ConfigError, match="No problem of the suite `few` can be run here") as told:
        planned()
    assert "nasharness data pull nb201" in str(told.value)


def test_two_problems_of_one_name_are_refused(offer: Offer) -> None:
    offer(ANALOG, {**ANALOG, "steps": 3})
    with pytest.raises(ConfigError, match="two problems called `nb201-cifar10-analog`"):
        planned()


# --- on disk -----------------------------------------------------------------------------------


def test_a_record_tells_what_was_left_out(offer: Offer, tmp_path: Path) -> None:
    offer(OFFICIAL, ANALOG, LAYERS)
    write_record(planned("unas[recipe=paper],rea", out=tmp_path))
    record = read_record(tmp_path)
    assert record is not None
    assert (record.name, record.problems) == ("few", ("nb201-cifar10-analog", "nbmacro-cifar10"))
    assert len(record.left_out) == 2
    write_record(planned("darts", out=tmp_path))  # what unas could not is still true
    again = read_record(tmp_path)
    assert again is not None
    assert {(one.problem, one.method) for one in again.left_out} == {
        (one.problem, one.method) for one in record.left_out
    }


def test_another_suite_and_a_study_are_no_place_for_it(offer: Offer, tmp_path: Path) -> None:
    offer(ANALOG)
    plan = planned(out=tmp_path)
    (tmp_path / RECORD).write_text('{"suite": "x", "about": "", "problems": [], "left_out": []}')
    with pytest.raises(HarnessError, match="holds the suite `x`"):
        refuse_other(plan)
    (tmp_path / "study.json").write_text("{}")
    with pytest.raises(HarnessError, match="is a study, and a suite is a folder of studies"):
        refuse_other(plan)


def test_a_damaged_record_says_so(tmp_path: Path) -> None:
    (tmp_path / RECORD).write_text('{"suite": "x"')
    with pytest.raises(StudyError, match="cannot be read"):
        read_record(tmp_path)


def test_studies_are_planned_before_one_of_them_runs(offer: Offer, tmp_path: Path) -> None:
    offer(ANALOG, LAYERS)
    for part in planned(out=tmp_path).parts:
        lay_out(part.config, part.folder, Hardware())
        assert len(open_study(part.folder).missing()) == 4


@pytest.mark.parametrize("name", ["../elsewhere", "", "..", "a/b"])
def test_a_record_names_only_folders_beside_it(name: str, tmp_path: Path) -> None:
    told = {"suite": "x", "about": "", "problems": ["a", name], "left_out": []}
    (tmp_path / RECORD).write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(StudyError, match="is no name of a folder beside it"):
        read_record(tmp_path)
