"""`all` among the methods: every built-in one that can run, and why others are not among them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nasbench_harness import registry
from nasbench_harness.errors import HarnessError
from nasbench_harness.study.config import StudyConfig, build_config
from nasbench_harness.study.every import Every
from nasbench_harness.study.notation import EVERY
from nasbench_harness.study.planning import plan
from nasbench_harness.study.suites import plan_suite
from tests.landscape_methods import PLAIN
from tests.registries import install, read_anew, restore, state

Configured = Callable[..., StudyConfig]
SUPERNET = {
    "search": "supernet", "dataset": "digits", "recipe": "quick", "epochs": 1, "limit": 64,
    "seeds": 1, "table": "none", "batch_size": 32,
}  # fmt: skip
NEEDING_NETWORKS = {
    "dartsminus", "fairdarts", "freedarts", "lambdadarts", "oles", "pcdarts", "proxy", "sdarts",
    "zerocostpt",
}  # fmt: skip
QUERYING = {"monas", "rea", "reinforce"}


def names(config: StudyConfig) -> list[str]:
    return [choice.name for choice in config.methods]


@pytest.fixture
def of_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Install a method of another package under a name."""
    before, site = state(), tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)

    def bring(name: str) -> None:
        install(site, "methods", name, "nasbench_harness.methods.rea:RegularisedEvolution")
        read_anew()

    yield bring
    restore(before)


def test_it_is_every_built_in_method_that_can_run_on_a_landscape(configured: Configured) -> None:
    found = names(configured(EVERY))
    assert found == sorted(set(registry.methods.built_in()) - NEEDING_NETWORKS)
    assert set(found) == set(PLAIN)


def test_on_a_supernet_others_are_left_out() -> None:
    heard: list[Every] = []
    found = build_config(None, {"methods": EVERY, **SUPERNET}, [], told=heard.append)
    assert set(names(found)) > NEEDING_NETWORKS
    assert QUERYING.isdisjoint(names(found))
    assert set(heard[0].reasons) == set(registry.methods.built_in()) - set(names(found))
    assert len(plan(found)) == len(found.choices)


def test_what_it_is_is_told_with_the_reasons_of_others() -> None:
    heard: list[Every] = []
    build_config(None, {"methods": EVERY}, [], told=heard.append)
    (every,) = heard
    first, second = every.sentences()
    assert first == f"`all` on a landscape of nb201: {', '.join(every.methods)}."
    assert second.startswith("Left out, for a landscape of nb201 has not what they need: ")
    assert "network weights (dartsminus, fairdarts, sdarts)" in second


def test_those_without_a_published_recipe_share_a_sentence() -> None:
    heard: list[Every] = []
    options = {**SUPERNET, "space": "proxyless", "recipe": "paper", "batch_size": 8}
    build_config(None, {"methods": EVERY, **options}, [], told=heard.append)
    (told,) = [line for line in heard[0].sentences() if "no recipe `paper`" in line]
    assert "betadarts, darts, dartsminus" in told
    assert not [line for line in heard[0].sentences() if "leaves out darts:" in line]


def test_other_reasons_are_told_one_by_one() -> None:
    every = Every("a search of a space", ("darts",), {"pcdarts": "No channels."})
    assert list(every.sentences())[1:] == ["`all` leaves out pcdarts: No channels."]


def test_a_space_that_has_no_such_supernet_is_a_reason() -> None:
    heard: list[Every] = []
    given = {"methods": EVERY, **SUPERNET, "space": "proxyless"}
    build_config(None, given, [], told=heard.append)
    assert "pass all of their channels" in heard[0].reasons["pcdarts"]


def test_what_is_named_beside_it_is_taken_as_it_is_named(configured: Configured) -> None:
    found = configured("rea,all,darts[order=second]")
    assert names(found).count("darts") == 1
    assert names(found)[0] == "rea"
    assert found.methods[-1].settings == {"order": "second"}
    with pytest.raises(HarnessError, match=r"recipe of `fairdarts`|network weights"):
        plan(configured("fairdarts", random=False))


def test_one_setting_of_one_of_them(configured: Configured) -> None:
    found = configured(EVERY, "darts.order=second")
    assert {choice.name: choice.settings for choice in found.methods if choice.settings} == {
        "darts": {"order": "second"}
    }


def test_without_random_search_it_has_none(configured: Configured) -> None:
    assert "random" not in names(configured(EVERY, random=False))
    assert names(configured("all,random", random=False))[-1] == "random"


def test_it_may_stand_in_a_study_file(tmp_path: Path, configured: Configured) -> None:
    path = tmp_path / "study.yaml"
    path.write_text("methods: [all, 'unas[temperature=1]']\nseeds: 1\n")
    found = build_config(path, {}, [])
    assert set(names(found)) == set(names(configured(EVERY)))
    assert found.methods[-1].label == "unas[temperature=1.0]"


def test_over_all_data_sets_it_is_found_on_one(configured: Configured) -> None:
    assert names(configured(EVERY, dataset="all")) == names(configured(EVERY))


def test_costs_are_held_by_those_that_take_one(configured: Configured) -> None:
    held = {c.name for c in configured(EVERY, cost="params").methods if "cost" in c.settings}
    assert held == {"monas", "random", "rea", "unas"}


def test_methods_of_other_packages_are_not_among_them(
    of_others: Callable[[str], None], configured: Configured
) -> None:
    of_others("mine")
    assert "mine" not in names(configured(EVERY))
    assert names(configured("all,mine"))[-1] == "mine"


def test_a_method_of_that_name_is_told(
    of_others: Callable[[str], None], configured: Configured
) -> None:
    of_others(EVERY)
    with pytest.raises(HarnessError, match=r"and plugin-all 1\.5 has a method of that name"):
        configured(EVERY)


def test_it_has_no_settings(configured: Configured) -> None:
    with pytest.raises(HarnessError, match=r"`all` is several methods and has no settings"):
        configured("all[order=second]")


def test_what_is_wrong_with_the_study_is_told_by_planning(configured: Configured) -> None:
    found = configured(EVERY, table="none")
    with pytest.raises(HarnessError):
        plan(found)


def test_a_suite_has_on_each_problem_what_can_run_there() -> None:
    made = plan_suite("quick", None, {"methods": "all", "seeds": "1"}, [])
    assert set(made.every) == set(registry.methods.built_in()) - NEEDING_NETWORKS
    assert all(set(names(part.config)) == set(made.every) for part in made.parts)
    assert {one.method for one in made.left_out} == NEEDING_NETWORKS
