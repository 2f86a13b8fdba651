"""What a study is: read from the command line or YAML, with one sentence for every mistake."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from nasbench_harness.errors import HarnessError, UnknownNameError
from nasbench_harness.settings import SettingsError
from nasbench_harness.study import config, planning
from nasbench_harness.study.choice import MethodChoice
from nasbench_harness.study.config import StudyConfig
from nasbench_harness.study.naming import study_name
from nasbench_harness.study.notation import ConfigError, parse_methods, parse_seeds
from nasbench_harness.study.spec import TrialSpec

Configured = Callable[..., StudyConfig]
Planned = Callable[..., list[TrialSpec]]

# Values whose spelling on the command line is what YAML reads back as the same value.
plain_values = (
    st.booleans()
    | st.none()
    | st.integers(-(10**9), 10**9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["params", "per_example", "slow-start", "a.b"])
)


FOREIGN = ("Input should", "Value error", "pydantic", "type=", "validation error", "Traceback")


def in_our_words(text: str) -> bool:
    """Nothing of the libraries below us is left in a sentence, and it is one line."""
    return not any(part in text for part in FOREIGN) and "\n" not in text


def settings_of(text: str) -> dict[str, Any]:
    (choice,) = parse_methods(text)
    found: dict[str, Any] = choice["settings"]
    return found


# --- methods -----------------------------------------------------------------------------------


def test_methods_are_separated_by_commas() -> None:
    assert parse_methods("unas,drnas") == [
        {"name": "unas", "settings": {}},
        {"name": "drnas", "settings": {}},
    ]


def test_commas_in_brackets_separate_settings() -> None:
    assert parse_methods("unas[temperature=0.4,cost=params],drnas") == [
        {"name": "unas", "settings": {"temperature": 0.4, "cost": "params"}},
        {"name": "drnas", "settings": {}},
    ]


def test_two_settings_of_one_method_are_two_choices() -> None:
    assert len(parse_methods("unas[temperature=0.4],unas[temperature=1]")) == 2


def test_spaces_and_empty_parts_do_not_matter() -> None:
    assert parse_methods(" unas[ x = 1 ] , ,drnas,") == parse_methods("unas[x=1],drnas")


def test_empty_brackets_are_no_settings() -> None:
    assert settings_of("unas[]") == {}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-1", -1),
        ("0.4", 0.4),
        ("-0.4", -0.4),
        ("1e-3", 1e-3),
        ("1e5", 1e5),
        ("-1.5E-3", -1.5e-3),
        (".5", 0.5),
        ("true", True),
        ("false", False),
        ("null", None),
        ("params", "params"),
        ("per_example", "per_example"),
        ("none", "none"),
        ("'0.4'", 0.4),
        ("[1, 2]", [1, 2]),
        ("a=b", "a=b"),
        ("[1", "[1"),
        ("1_000", 1000),
        ("0x10", 16),
        ("+5", 5),
        ("1.", 1.0),
        ("no", "no"),
        ("off", "off"),
        ("nan", "nan"),
        ("2024-01-01", "2024-01-01"),
        ("#5", "#5"),
        ("- 1", "- 1"),
        ("*", "*"),
        ("a: b", "a: b"),
        ("[a, 1e-3]", ["a", 0.001]),
    ],
)
def test_value_is_read_as_what_it_looks_like(configured: Configured, text: str, value: Any) -> None:
    (choice,) = configured("unas", f"unas.x={text}").methods
    assert choice.settings == {"x": value}
    assert type(choice.settings["x"]) is type(value)


@pytest.mark.parametrize(
    ("value", "instead"),
    [
        ("010", "write `10`"),
        ("-007", "write `-7`"),
        ("1:30", "write a decimal number"),
        ("1_0", "write `10`"),
        ("0b11", "write a decimal number"),
        ("３", "write `3`"),
        ("²", "write `2`"),
        ("−0.5", "write `-0.5`"),
        ("٤", "write `4`"),
        ("9" * 5000, "too large"),
        ("[1, 010]", "write `10`"),
        ("{a: 1, a: 2}", "`a` stands twice"),
    ],
)
def test_value_with_two_readings_is_refused(
    configured: Configured, value: str, instead: str
) -> None:
    with pytest.raises(ConfigError, match=instead) as caught:
        configured("unas", f"unas.x={value}")
    assert in_our_words(str(caught.value))
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("text", ["x=", " x = ", "x= "])
def test_setting_without_a_value_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="gives no value; write `x=null` for none"):
        parse_methods(f"unas[{text}]")


def test_setting_with_two_values_is_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"`x` is given twice in `unas\[x=1,x=2\]`, as 1 and as 2"
    ):
        parse_methods("unas[x=1,x=2]")


@given(st.dictionaries(st.sampled_from(["a", "b_c", "d1"]), plain_values))
def test_label_is_read_back(settings: dict[str, Any]) -> None:
    label = MethodChoice(name="unas", settings=settings).label
    assert settings_of(label) == settings


def test_label_of_a_plain_method_is_its_name() -> None:
    assert MethodChoice(name="unas").label == "unas"


@pytest.mark.parametrize(
    "text",
    [
        "un as",
        "unas[x=1",
        "unas]x=1[",
        "[x=1]",
        "unas[x=1]y",
        "unas(x=1)",
        "unas[x=1]]",
        "unas[x=[1]",
        "unas[x=]1[]",
    ],
)
def test_what_is_no_method_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"is no method; write `name` or `name\[setting=value"):
        parse_methods(text)


@pytest.mark.parametrize("inside", ["x", "=3", " =3", "x=1,y", "x==1"])
def test_what_is_no_setting_is_refused(inside: str) -> None:
    with pytest.raises(ConfigError, match="is no `setting=value`"):
        parse_methods(f"unas[{inside}]")


@given(st.text())
def test_any_methods_are_read_or_refused_in_words(text: str) -> None:
    try:
        choices = parse_methods(text)
    except ConfigError:
        return
    assert all(set(choice) == {"name", "settings"} for choice in choices)


def test_list_may_follow_another_setting() -> None:
    assert settings_of("unas[x=1,y=[2,3]]") == {"x": 1, "y": [2, 3]}


# --- seeds -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("3", (0, 1, 2)),
        ("1", (0,)),
        ("3,", (3,)),
        ("3,7", (3, 7)),
        ("7,3", (7, 3)),
        ("0-4", (0, 1, 2, 3, 4)),
        ("5-5", (5,)),
        ("0-2,7,9-10", (0, 1, 2, 7, 9, 10)),
        (" 3 , 7 ", (3, 7)),
        ("3,3,3", (3,)),
        ("0-3,2-5", (0, 1, 2, 3, 4, 5)),
    ],
)
def test_seeds(text: str, seeds: tuple[int, ...]) -> None:
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize(
    "text",
    [
        "", ",", "0", "-3", "9-0", "a", "1,a", "1.5", "1-2-3", "--", "1e3",
        "0,,1", "0-", "-", "3 7", "1 0", "0-2,9-5", "1:30", "1_000", "３", "²", "١-٣", "0–4",
        "1" * 60 + "x",
    ],
)  # fmt: skip
def test_what_names_no_seeds_is_refused_with_the_forms(text: str) -> None:
    with pytest.raises(ConfigError, match=r"names no seeds; write how many \(`10`\), a range"):
        parse_seeds(text)


@pytest.mark.parametrize("text", ["9223372036854775808,", "0-9223372036854775808", "9" * 5000])
def test_seeds_that_no_table_holds_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"seeds run from 0 to 9223372036854775807"):
        parse_seeds(text)


def test_largest_seed_is_read() -> None:
    assert parse_seeds("9223372036854775807,") == (2**63 - 1,)


@pytest.mark.parametrize("text", ["1000000", "10001", "0-9999999999", "0-9223372036854775806"])
def test_more_seeds_than_a_study_holds_are_refused_at_once(text: str) -> None:
    with pytest.raises(ConfigError, match=r"seeds, and a study holds at most 10,000: take fewer"):
        parse_seeds(text)


def test_as_many_seeds_as_a_study_holds_are_read() -> None:
    assert len(parse_seeds("10000")) == len(parse_seeds("5-10004")) == 10_000


@pytest.mark.parametrize(
    ("value", "seeds"),
    [
        (3, (0, 1, 2)),
        ("3", (0, 1, 2)),
        (["0-2", 7], (0, 1, 2, 7)),
        (["3"], (3,)),
        ([3, 3, "2-4"], (3, 2, 4)),
    ],
)
def test_seeds_of_a_study_file(
    configured: Configured, value: object, seeds: tuple[int, ...]
) -> None:
    assert configured("unas", seeds=value).seeds == seeds


@pytest.mark.parametrize(
    "value",
    [
        True, 10.0, None, {"a": 1}, [[1]], [True], [3.0], [None], ["", 1], ["9-0"], -3, 0,
        [2**63], 2**70, "10x", [list(range(9))], ["0-99999999"], list(range(10_001)),
    ],
)  # fmt: skip
def test_what_is_no_seeds_in_a_study_file_is_refused(configured: Configured, value: object) -> None:
    with pytest.raises(ConfigError, match="seed") as caught:
        configured("unas", seeds=value)
    assert in_our_words(str(caught.value))


@given(st.sets(st.integers(0, 500), min_size=1))
def test_list_of_seeds_is_read_back(seeds: set[int]) -> None:
    assert set(parse_seeds("".join(f"{seed}," for seed in seeds))) == seeds


# --- a study from the command line -------------------------------------------------------------


def test_defaults(configured: Configured) -> None:
    study = configured("unas")
    assert (study.space, study.table, study.dataset) == ("nb201", "analog", "cifar10")
    assert (study.recipe, study.seeds, study.noise) == ("landscape", tuple(range(10)), 0.0)


def test_no_methods_says_what_to_give() -> None:
    with pytest.raises(ConfigError, match="No methods given; try `--methods betadarts,darts`"):
        config.build_config(None, {}, ())


def test_random_is_added(configured: Configured) -> None:
    assert [choice.name for choice in configured("unas").choices] == ["unas", "random"]


def test_random_is_not_added_twice(configured: Configured) -> None:
    assert [choice.name for choice in configured("random,unas").choices] == ["random", "unas"]


def test_random_may_be_switched_off(configured: Configured) -> None:
    assert [choice.name for choice in configured("unas", random=False).choices] == ["unas"]


def test_unknown_key_gets_the_nearest_name(configured: Configured) -> None:
    with pytest.raises(ConfigError, match=r"no key `stepz`. Did you mean `steps`"):
        configured("unas", stepz=3)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("steps", 0),
        ("steps", "many"),
        ("noise", -1),
        ("noise", float("nan")),
        ("batch_size", 0),
        ("search", "images"),
        ("methods", ""),
        ("methods", 3),
        ("methods", []),
        ("seeds", 1.5),
        ("seeds", ["a"]),
        ("random", "perhaps"),
    ],
)
def test_wrong_value_names_its_key(key: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=f"`{key}"):
        config.build_config(None, {"methods": "unas", key: value}, ())


@pytest.mark.parametrize("value", [[], [-3]])
def test_wrong_list_of_seeds_is_refused(configured: Configured, value: list[int]) -> None:
    with pytest.raises(ConfigError, match="seeds"):
        configured("unas", seeds=value)


def test_study_cannot_be_changed(configured: Configured) -> None:
    with pytest.raises(ValueError, match="frozen"):
        configured("unas").steps = 5  # type: ignore[misc]


# --- --set -------------------------------------------------------------------------------------


def test_set_changes_a_setting(configured: Configured) -> None:
    (choice,) = configured("unas", "unas.temperature=0.7").methods
    assert choice.settings == {"temperature": 0.7}


def test_set_wins_over_brackets(configured: Configured) -> None:
    (choice,) = configured("unas[temperature=0.4]", "unas.temperature=0.7").methods
    assert choice.settings == {"temperature": 0.7}


def test_sets_that_contradict_each_other_are_refused(configured: Configured) -> None:
    with pytest.raises(ConfigError, match=r"`unas\.temperature` is given twice .* as 0\.4 and"):
        configured("unas", "unas.temperature=0.4", "unas.temperature=0.7")


def test_the_same_set_twice_is_one(configured: Configured) -> None:
    (choice,) = configured("unas", "unas.temperature=0.4", "unas.temperature=0.40").methods
    assert choice.settings == {"temperature": 0.4}


def test_network_options_that_contradict_each_other_are_refused(configured: Configured) -> None:
    with pytest.raises(ConfigError, match=r"`network\.width` is given twice"):
        configured("unas", "network.width=8", "network.width=16", search="supernet")


def test_set_reaches_every_choice_of_the_method(configured: Configured) -> None:
    study = configured("unas[cost=params],unas[cost=flops],drnas", "unas.temperature=0.7")
    assert [choice.settings.get("temperature") for choice in study.methods] == [0.7, 0.7, None]


def test_set_for_a_method_that_is_not_there_suggests(configured: Configured) -> None:
    with pytest.raises(UnknownNameError, match=r"no method in this study called `unnas`.*`unas`"):
        configured("unas", "unnas.temperature=0.7")


def test_set_without_a_method_shows_the_form(configured: Configured) -> None:
    with pytest.raises(ConfigError, match=r"write `--set method.setting=value`"):
        configured("unas", "temperature=0.7")


@pytest.mark.parametrize("text", ["unas.temperature", "unas", "", "=0.7"])
def test_set_without_a_value_is_refused(configured: Configured, text: str) -> None:
    with pytest.raises(ConfigError, match="is no `setting=value`"):
        configured("unas", text)


# --- YAML --------------------------------------------------------------------------------------


@pytest.fixture
def from_yaml(tmp_path: Path) -> Callable[..., StudyConfig]:
    """A study from the text of a YAML file, with command-line options beside it."""

    def build(text: str | bytes, *sets: str, **given: Any) -> StudyConfig:
        path = tmp_path / "study.yaml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return config.build_config(path, given, sets)

    return build


def test_yaml_holds_the_same_keys(from_yaml: Callable[..., StudyConfig]) -> None:
    study = from_yaml("methods: unas[temperature=0.4],drnas\nseeds: 0-2\nsteps: 50\nnoise: 0.5\n")
    assert [choice.label for choice in study.methods] == ["unas[temperature=0.4]", "drnas"]
    assert (study.seeds, study.steps, study.noise) == ((0, 1, 2), 50, 0.5)


def test_yaml_lists_methods_as_text_and_in_full(from_yaml: Callable[..., StudyConfig]) -> None:
    study = from_yaml("methods:\n  - drnas\n  - name: unas\n    settings: {temperature: 0.4}\n")
    assert [choice.label for choice in study.methods] == ["drnas", "unas[temperature=0.4]"]


@pytest.mark.parametrize(
    ("text", "seeds"), [("3", (0, 1, 2)), ("[3, 7]", (3, 7)), ("'3,'", (3,)), ("0-2", (0, 1, 2))]
)
def test_yaml_seeds(
    from_yaml: Callable[..., StudyConfig], text: str, seeds: tuple[int, ...]
) -> None:
    assert from_yaml(f"methods: unas\nseeds: {text}\n").seeds == seeds


def test_command_line_wins_over_yaml(from_yaml: Callable[..., StudyConfig]) -> None:
    assert from_yaml("methods: unas\nsteps: 50\n", steps=7).steps == 7


def test_set_changes_a_method_of_the_file(from_yaml: Callable[..., StudyConfig]) -> None:
    (choice,) = from_yaml("methods: unas\n", "unas.temperature=0.7").methods
    assert choice.settings == {"temperature": 0.7}


def test_study_written_as_yaml_comes_back(
    configured: Configured, from_yaml: Callable[..., StudyConfig]
) -> None:
    import yaml

    study = configured("unas[temperature=0.4],drnas", seeds="3,7", steps=5, noise=0.1)
    assert from_yaml(yaml.safe_dump(study.model_dump(mode="json"))) == study


@pytest.mark.parametrize("text", ["", "- unas\n", "unas", "3"])
def test_yaml_without_keys_is_refused(from_yaml: Callable[..., StudyConfig], text: str) -> None:
    with pytest.raises(ConfigError, match=r"study\.yaml must hold `key: value` lines"):
        from_yaml(text)


@pytest.mark.parametrize(
    "text", ["methods: [unas\n", "methods: {\n", "a: b: c\n", "\tmethods: unas"]
)
def test_what_is_no_yaml_is_one_line(from_yaml: Callable[..., StudyConfig], text: str) -> None:
    with pytest.raises(ConfigError, match=r"study\.yaml is no YAML") as caught:
        from_yaml(text)
    assert "\n" not in str(caught.value)


def test_yaml_runs_no_code(from_yaml: Callable[..., StudyConfig], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is no YAML"):
        from_yaml(f"methods: !!python/object/apply:os.mkdir ['{tmp_path / 'made'}']\n")
    assert not (tmp_path / "made").exists()


def test_what_is_no_text_is_refused(from_yaml: Callable[..., StudyConfig]) -> None:
    with pytest.raises(ConfigError, match=r"study\.yaml"):
        from_yaml(b"\xff\xfe\x00methods")


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml cannot be read \(No such file"):
        config.build_config(tmp_path / "none.yaml", {}, ())


def test_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        config.build_config(tmp_path, {}, ())


def test_unknown_key_of_the_file_gets_the_nearest_name(
    from_yaml: Callable[..., StudyConfig],
) -> None:
    with pytest.raises(ConfigError, match=r"no key `sedes`. Did you mean `seeds`"):
        from_yaml("methods: unas\nsedes: 3\n")


def test_key_that_stands_twice_is_refused_with_both_lines(
    from_yaml: Callable[..., StudyConfig],
) -> None:
    with pytest.raises(ConfigError, match=r"study\.yaml.*`methods` stands twice, in lines 1 and 3"):
        from_yaml("methods: drnas\nseeds: 1\nmethods: unas\n")


@pytest.mark.parametrize(
    "text",
    [
        "seeds: 010", "seeds: 1:30", "steps: 0b11", "noise: 1_0", "seeds: ３",
        "methods:\n- name: unas\n  settings: {temperature: 010}",
    ],
)  # fmt: skip
def test_number_with_two_readings_is_refused_with_its_place(
    from_yaml: Callable[..., StudyConfig], text: str
) -> None:
    with pytest.raises(ConfigError, match=r"study\.yaml, line \d, column \d+: .* write "):
        from_yaml(text)


@pytest.mark.parametrize(
    ("word", "flag"), [("no", False), ("off", False), ("Yes", True), ("on", True), ("false", False)]
)
def test_flags_of_older_files_mean_what_they_said(
    from_yaml: Callable[..., StudyConfig], word: str, flag: bool
) -> None:
    assert from_yaml(f"methods: unas\nrandom: {word}\n").random is flag


@pytest.mark.parametrize(
    ("text", "steps"), [("1e3", 1000), ("'100'", 100), ("0x10", 16), ("1_000", 1000)]
)
def test_whole_numbers_of_a_file(
    from_yaml: Callable[..., StudyConfig], text: str, steps: int
) -> None:
    assert from_yaml(f"methods: unas\nsteps: {text}\n").steps == steps


@pytest.mark.parametrize(
    "line",
    [
        "steps: true", "steps: 1.5", "steps: [1]", "steps: '1_0'", "steps: 1e30", "epochs: true",
        "noise: true", "noise: .nan", "noise: .inf", "noise: nan", "noise: '1_0'", "limit: yes",
        "image_size: 99999", "batch_size: -1", f"diagnose_every: {10**20}", "network: 3",
        "network: [1]", "network: text", "space: 201", "methods: {unas: 1}", "methods: [[unas]]",
        "methods: [unas: {temperature: 1}]", "methods: [{name: unas, settings: 3}]",
        "methods: [{settings: {}}]", "methods: [null]", "methods: 3", "random: 7", "search: 1",
    ],
)  # fmt: skip
def test_wrong_line_of_a_file_is_refused_in_our_words(
    from_yaml: Callable[..., StudyConfig], line: str
) -> None:
    others = "" if line.startswith("methods") else "methods: unas\n"
    with pytest.raises(ConfigError) as caught:
        from_yaml(f"{others}{line}\n")
    assert in_our_words(str(caught.value))
    assert line.partition(":")[0].strip() in str(caught.value)


def test_key_with_a_hyphen_gets_the_right_one(from_yaml: Callable[..., StudyConfig]) -> None:
    with pytest.raises(ConfigError, match=r"no key `batch-size`. Did you mean `batch_size`"):
        from_yaml("methods: unas\nbatch_size: 2\nbatch-size: 3\n")


def test_batch_size_of_the_command_line_wins_over_the_files_network(
    from_yaml: Callable[..., StudyConfig],
) -> None:
    text = "methods: darts\nsearch: supernet\nnetwork: {batch_size: 16, width: 4}\n"
    assert from_yaml(text).network == {"batch_size": 16, "width": 4}
    assert from_yaml(text, batch_size=8).network == {"batch_size": 8, "width": 4}


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from([*StudyConfig.model_fields, "no_such_key"]), anything)
def test_any_value_makes_a_study_that_comes_back_or_a_sentence(key: str, value: Any) -> None:
    fault = ""
    try:
        study = config.build_config(None, {"methods": "unas", key: value}, ())
    except HarnessError as error:
        fault = str(error)
    else:
        assert config.StudyConfig.model_validate(study.model_dump(mode="json")) == study
    assert not any(part in fault for part in FOREIGN)
    assert len(fault) < 2000


# --- names -------------------------------------------------------------------------------------


def test_name_is_readable(configured: Configured) -> None:
    assert study_name(configured("unas,drnas")) == "unas-drnas-nb201"


@pytest.mark.parametrize(
    "change", [{"steps": 5}, {"noise": 0.5}, {"recipe": "nb201"}, {"batch_size": 4}]
)
def test_name_differs_where_results_would(configured: Configured, change: dict[str, Any]) -> None:
    assert study_name(configured("unas", **change)) != study_name(configured("unas"))


def test_name_differs_with_a_setting(configured: Configured) -> None:
    assert study_name(configured("unas[temperature=1]")) != study_name(configured("unas"))


def test_name_is_the_same_with_more_seeds(configured: Configured) -> None:
    assert study_name(configured("unas", seeds="20")) == study_name(configured("unas"))


@given(st.lists(st.from_regex(r"[a-z]{1,8}\[[a-z]{1,8}=[a-z0-9/ *~]{1,20}\]", fullmatch=True),
                min_size=1, max_size=9))  # fmt: skip
def test_name_is_always_one_short_folder(methods: list[str]) -> None:
    try:
        name = study_name(config.build_config(None, {"methods": methods}, ()))
    except ConfigError:  # no value, twice the same, or a number with two readings
        reject()
    assert Path(name).name == name
    assert 0 < len(name) <= 120


def test_long_names_differ_too(configured: Configured) -> None:
    common = ",".join(f"unas[temperature=0.{i}1,learning_rate=0.01]" for i in range(1, 6))
    assert study_name(configured(f"{common},drnas")) != study_name(configured(f"{common},darts"))


# --- planning ----------------------------------------------------------------------------------


def test_every_method_gets_every_seed(planned: Planned) -> None:
    pairs = {(spec.method, spec.seed) for spec in planned("unas,drnas", seeds="3")}
    assert pairs == {(m, s) for m in ("unas", "drnas", "random") for s in range(3)}


def test_trials_of_one_seed_stand_together(planned: Planned) -> None:
    assert [spec.seed for spec in planned("unas", seeds="3")] == [0, 0, 1, 1, 2, 2]


def test_recipe_sets_what_the_user_did_not(planned: Planned) -> None:
    spec = planned("unas[temperature=0.7]", seeds="1")[0]
    assert spec.settings["temperature"] == 0.7
    assert spec.settings["learning_rate"] == 0.05  # of the landscape recipe
    assert spec.overrides == {"temperature": 0.7}


def test_steps_are_the_recipes_unless_given(planned: Planned) -> None:
    assert {spec.steps for spec in planned("drnas", seeds="1", random=False)} == {2000}
    assert {spec.steps for spec in planned("drnas", seeds="1", steps=7)} == {7}


def test_trial_carries_the_tables_hash(planned: Planned, table: Any) -> None:
    assert {spec.table_hash for spec in planned("random", seeds="1")} == {table.content_hash}


def test_trial_names_are_unique(planned: Planned) -> None:
    specs = planned("unas,unas[temperature=1],drnas", seeds="4")
    assert len({spec.trial_id for spec in specs}) == len(specs)


def test_fingerprint_depends_on_every_setting(planned: Planned) -> None:
    plans = [{}, {"noise": 0.1}, {"steps": 5}, {"batch_size": 2}, {"seeds": "1,"}]
    fingerprints = {
        planned("unas", random=False, **{"seeds": "1", **given})[0].fingerprint for given in plans
    }
    assert len(fingerprints) == len(plans)


def test_fingerprint_does_not_depend_on_the_order_of_settings(planned: Planned) -> None:
    one, other = (
        planned(f"unas[{settings}]", seeds="1")[0].fingerprint
        for settings in ("temperature=0.7,cost=params", "cost=params,temperature=0.7")
    )
    assert one == other


def test_fingerprint_does_not_depend_on_the_company(planned: Planned) -> None:
    alone = planned("unas", seeds="1", random=False)[0]
    together = planned("drnas,unas", seeds="4")
    assert alone.fingerprint in {spec.fingerprint for spec in together}


@pytest.mark.parametrize(
    "twins",
    [
        "unas,unas",
        "random,random",
        "unas,unas[temperature=0.4]",
        "unas[cost=none],unas[temperature=0.4]",
    ],
)
def test_twins_are_refused(planned: Planned, twins: str) -> None:
    with pytest.raises(ConfigError, match="are the same setting; leave one of them out"):
        planned(twins)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"methods": "unass"}, "no method called `unass`. Did you mean `unas`"),
        ({"space": "nb202"}, "no space called `nb202`. Did you mean `nb201`"),
        ({"table": "analogue"}, "no table called `analogue`. Did you mean `analog`"),
        ({"dataset": "cifar100"}, "no dataset in table `analog` called `cifar100`.*`cifar10`"),
        ({"recipe": "landscap"}, "no recipe of `unas` called `landscap`. Did you mean `landscape`"),
    ],
)
def test_unknown_name_gets_the_nearest(given: dict[str, Any], message: str) -> None:
    study = config.build_config(None, {"methods": "unas", **given}, ())
    with pytest.raises(UnknownNameError, match=message):
        planning.plan(study)


def test_unknown_recipe_lists_the_known(planned: Planned) -> None:
    with pytest.raises(UnknownNameError, match=r"Known: .*landscape.*nb201"):
        planned("unas", recipe="qqq")


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("unas[temperatur=1]", "`unas` has no setting `temperatur`. Did you mean `temperature`"),
        ("unas[temperature=0]", r"`unas.temperature` cannot be 0: expected a number > 0 "),
        ("unas[uniform_clamp=0.7]", r"`unas.uniform_clamp` .* a number > 0 and < 0.5 "),
        ("unas[warmup_epochs=1.5]", r"`unas.warmup_epochs` .* a whole number >= 0 "),
    ],
)
def test_wrong_setting_names_field_and_range(planned: Planned, method: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        planned(method)


def test_an_unknown_cost_is_refused_with_those_there_are(planned: Planned) -> None:
    said = "no cost of space `nb201` or in table `analog` for `unas` called `latency`. Known: flops"
    with pytest.raises(UnknownNameError, match=said):
        planned("unas[cost=latency]")


@pytest.mark.parametrize(
    "value",
    ["nan", "-inf", "inf"],
)
def test_numbers_that_are_not_finite_are_refused(planned: Planned, value: str) -> None:
    with pytest.raises(HarnessError, match="temperature"):
        planned(f"unas[temperature={value}]")


@pytest.mark.parametrize("given", [{}, {"image_layout": "auto"}, {"image_layout": None}])
def test_the_layout_of_images_is_left_open(
    configured: Callable[..., StudyConfig], given: dict[str, Any]
) -> None:
    """The same config, and so the same study, as before there was such a key."""
    study = configured(**given)
    assert study.image_layout is None
    assert study_name(study) == study_name(configured())


def test_a_layout_of_images_is_of_a_study_on_images(
    configured: Callable[..., StudyConfig], planned: Planned
) -> None:
    given = {"search": "supernet", "dataset": "folder:x", "image_layout": "classes"}
    assert study_name(configured(**given)).endswith("image-layout-classes")
    with pytest.raises(ConfigError, match="`image_layout` is about supernets"):
        planned(image_layout="classes")
    with pytest.raises(ConfigError, match="`image_layout` cannot be 'flat'"):
        configured(image_layout="flat")


@pytest.mark.parametrize("values", [{"seeds": -1}, {"seeds": [-1]}, {"methods": [None]}])
def test_a_wrong_entry_is_not_called_empty_as_well(values: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="cannot") as told:
        config.build_config(None, {"methods": "unas", **values}, ())
    assert "is empty" not in str(told.value)


def test_a_key_that_may_be_left_out_says_so_without_a_word_of_yaml() -> None:
    with pytest.raises(ConfigError) as refused:
        config.build_config(None, {"methods": "drnas", "search": "supernet", "cohort": 65}, ())
    assert str(refused.value) == (
        "`cohort` cannot be 65: expected a whole number >= 2 and <= 64 or nothing (leave it out)."
    )
