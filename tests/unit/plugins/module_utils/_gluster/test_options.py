# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options: YAML values, names long and short, and what counts as the same."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Refusal
from ansible_collections.clustered.storage.plugins.module_utils._gluster.model import UNFINISHED
from ansible_collections.clustered.storage.plugins.module_utils._gluster.options import (
    differs,
    find_name,
    full_names,
    is_same_value,
    is_satisfied,
    surplus_options,
    wanted_option,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.parse import (
    parse_option_names,
)
from helpers.build import KNOWN_OPTIONS, cluster, commands_of, planned, volume
from helpers.recordings import VERSIONS, recording
from hypothesis import given
from hypothesis import strategies as st

WORDS = st.text(st.characters(codec="ascii", exclude_categories=["C", "Z"]), min_size=1)
VALUES = st.one_of(WORDS, st.integers(), st.booleans(), st.lists(WORDS, min_size=1))
SAME = [
    ("on", "on"),
    ("True", "on"),
    ("OFF", "no"),
    ("1", "enable"),
    ("0", "disable"),
    ("256MB", "256mb"),
    ("1GB", "1024MB"),
    ("1.0KB", "1024"),
    ("64KiB", "64KB"),
]
DIFFERENT = [
    ("on", "off"),
    ("256MB", "128MB"),
    ("fixed", "Fixed"),
    ("auto", "none"),
    ("10%", "10"),
    ("", "0"),
]


# --- values


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (None, None),
        (True, "on"),
        (False, "off"),
        (10, "10"),
        (0, "0"),
        (2.5, "2.5"),
        ("256MB", "256MB"),
        (" 256 MB ", "256MB"),
        ("10.0.0.1, 10.0.0.2", "10.0.0.1,10.0.0.2"),
        (["10.0.0.1", "10.0.0.2"], "10.0.0.1,10.0.0.2"),
        (("a", 1, True), "a,1,on"),
        ("True", "True"),
    ],
)
def test_yaml_value_becomes_what_glusterd_stores(value: Any, stored: str | None) -> None:
    assert wanted_option("auth.allow", value) == stored


@pytest.mark.parametrize("value", ["", " ", [], [""]])
def test_empty_value_is_refused(value: Any) -> None:
    with pytest.raises(Refusal) as raised:
        wanted_option("auth.allow", value)

    assert raised.value.reason == "invalid_option"


def test_user_option_keeps_its_blanks_and_colons() -> None:
    assert wanted_option("user.note", " a: b  c ") == "a: b  c"


def test_dictionary_is_no_value() -> None:
    with pytest.raises(Refusal, match=r"auth\.allow has a dictionary") as raised:
        wanted_option("auth.allow", {"a": 1})

    assert raised.value.reason == "invalid_option"


@pytest.mark.parametrize(("left", "right"), SAME)
def test_same_meaning_is_the_same(left: str, right: str) -> None:
    assert is_same_value(left, right)
    assert is_same_value(right, left)


@pytest.mark.parametrize(("left", "right"), DIFFERENT)
def test_other_meaning_is_not_the_same(left: str, right: str) -> None:
    assert not is_same_value(left, right)
    assert not is_same_value(right, left)


@given(WORDS)
def test_value_is_the_same_as_itself(text: str) -> None:
    assert is_same_value(text, text)


# --- names


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("performance.cache-size", "performance.cache-size"),
        ("cache-size", "performance.cache-size"),
        ("write-behind", "performance.write-behind"),
        ("user.anything", "user.anything"),
        ("cache-invalidation", None),
        ("performance.cash-size", None),
        ("cash-size", None),
        ("", None),
    ],
)
def test_name_is_found(name: str, full: str | None) -> None:
    assert find_name(name, KNOWN_OPTIONS) == full


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["write-behind", "quick-read", "read-ahead", "ping-timeout"])
def test_short_names_of_real_options_are_found(version: str, name: str) -> None:
    names = parse_option_names(recording(version, "volume_options").stdout)

    assert (find_name(name, names) or "").endswith(f".{name}")


def test_ambiguous_short_name_is_refused_with_its_candidates() -> None:
    with pytest.raises(Refusal) as raised:
        full_names({"cache-invalidation": "on"}, KNOWN_OPTIONS)

    assert raised.value.reason == "unknown_option"
    assert "features.cache-invalidation" in str(raised.value)
    assert "performance.cache-invalidation" in str(raised.value)


def test_misspelt_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(Refusal, match=r"no volume option performance\.cash-size") as raised:
        full_names({"performance.cash-size": "1MB"}, KNOWN_OPTIONS)

    assert "Near it: performance.cache-size" in str(raised.value)


def test_name_like_nothing_is_refused_without_a_hint() -> None:
    with pytest.raises(Refusal) as raised:
        full_names({"zzz": "1"}, KNOWN_OPTIONS)

    assert "Near it" not in str(raised.value)


@pytest.mark.parametrize("option", ["nfs.disable", "disable"])
def test_option_that_is_set_already_is_known(option: str) -> None:
    """GlusterFS 11 sets nfs.disable and leaves it out of ``volume get V all``."""
    facts = cluster(volume("1", options={"nfs.disable": "on"}))

    plan = planned(facts, options={option: True, "cache-size": "256MB"})

    assert commands_of(plan) == ["volume set vol performance.cache-size 256MB"]


def test_own_option_of_glusterd_is_known_before_it_is_set() -> None:
    plan = planned(cluster(volume("1")), options={"nfs.disable": False})

    assert commands_of(plan) == ["volume set vol nfs.disable off"]


# --- what differs


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("performance.cache-size", "256mb", False),
        ("cache-size", "256MB", False),
        ("cache-size", "128MB", True),
        ("performance.quick-read", "on", True),
        ("performance.cache-size", None, True),
        ("performance.quick-read", None, False),
    ],
)
def test_option_differs(name: str, value: str | None, expected: bool) -> None:
    assert differs({"performance.cache-size": "256MB"}, name, value) is expected


@given(st.dictionaries(st.sampled_from([*KNOWN_OPTIONS, "user.note"]), VALUES))
def test_wanted_options_satisfy_themselves(options: dict[str, Any]) -> None:
    stored = {name: wanted_option(name, value) for name, value in options.items()}

    assert is_satisfied({n: v for n, v in stored.items() if v is not None}, stored)


@given(st.dictionaries(st.sampled_from(KNOWN_OPTIONS), VALUES, min_size=1))
def test_surplus_is_what_nobody_wants(options: dict[str, Any]) -> None:
    current = dict.fromkeys(KNOWN_OPTIONS, "x")

    surplus = surplus_options(current, dict.fromkeys(options, "y"))

    assert set(surplus) == set(KNOWN_OPTIONS) - set(options)


@pytest.mark.parametrize(
    "name", ["nfs.disable", "transport.address-family", "user.note", "features.quota", UNFINISHED]
)
def test_own_option_of_glusterd_or_people_is_no_surplus(name: str) -> None:
    assert surplus_options({name: "on"}, {}) == []


def test_option_under_its_short_name_is_no_surplus() -> None:
    assert surplus_options({"performance.cache-size": "1MB"}, {"cache-size": "2MB"}) == []
