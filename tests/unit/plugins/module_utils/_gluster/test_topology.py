# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which change leads from one list of bricks to another, and which GlusterFS can not make."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Refusal, Unread
from ansible_collections.clustered.storage.plugins.module_utils._gluster.model import (
    Brick,
    Layout,
    brick_sets,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.topology import (
    Changes,
    adopted,
    changed_layout,
    classify,
    new_layout,
    refuse_shared_host,
    refuse_wrong_count,
)
from helpers.build import brick, bricks, host, uid, volume, wanted
from hypothesis import given
from hypothesis import strategies as st

ONE, TWO, THREE, ARBITER = Layout(), Layout(2), Layout(3), Layout(3, 1)
DISPERSE = Layout(disperses=3, redundancies=1)


def classified(
    current: str, before: Layout, listed: str, after: Layout, replaced: str = ""
) -> Changes:
    """``replaced`` is pairs: old=new."""
    pairs = tuple(
        (
            brick(old if ":" in old else f"{old}:/b/brick"),
            brick(new if ":" in new else f"{new}:/b/brick"),
        )
        for old, new in (pair.split("=") for pair in replaced.split())
    )
    return classify(volume(current, before), after, bricks(listed), pairs)


def refusal(*words: object) -> Refusal:
    with pytest.raises(Refusal) as raised:
        classified(*words)  # type: ignore[arg-type]
    return raised.value


# --- changes


@pytest.mark.parametrize(
    ("current", "before", "listed", "after", "expected"),
    [
        ("1 2", ONE, "1 2", ONE, Changes()),
        ("1 2", ONE, "2 1", ONE, Changes()),
        ("1 2 3 4", TWO, "3 4 1 2", TWO, Changes()),
        ("1 2 3 4", TWO, "2 1 4 3", TWO, Changes()),
        ("1 2 3", DISPERSE, "3 1 2", DISPERSE, Changes()),
        ("1 2", ONE, "1 2 3", ONE, Changes(grown=bricks("3"))),
        ("1 2", TWO, "1 2 3 4", TWO, Changes(grown=bricks("3 4"))),
        ("1 2", TWO, "3 4 1 2", TWO, Changes(grown=bricks("3 4"))),
        ("1 2 3", DISPERSE, "1 2 3 4 5 6", DISPERSE, Changes(grown=bricks("4 5 6"))),
        ("1", ONE, "1 2", TWO, Changes(gained=bricks("2"))),
        ("1 2", TWO, "1 2 3", THREE, Changes(gained=bricks("3"))),
        ("1 2", TWO, "3 1 2", THREE, Changes(gained=bricks("3"))),
        ("1 2", TWO, "1 2 3", ARBITER, Changes(gained=bricks("3"))),
        ("1 2 3 4", TWO, "1 2 5 3 4 6", THREE, Changes(gained=bricks("5 6"))),
        ("1 2", TWO, "1 2 3 4 5 6", THREE, Changes(gained=bricks("3"), grown=bricks("4 5 6"))),
        ("1 2 3", THREE, "1 2", TWO, Changes(lost=bricks("3"))),
        ("1 2 3", THREE, "2", ONE, Changes(lost=bricks("1 3"))),
        ("1 2 3", ARBITER, "1 2", TWO, Changes(lost=bricks("3"))),
        ("1 2 3 4", TWO, "2 3", ONE, Changes(lost=bricks("1 4"))),
        ("1 2", ONE, "1", ONE, Changes(removed=bricks("2"))),
        ("1 2 3 4", TWO, "1 2", TWO, Changes(removed=bricks("3 4"))),
        ("1 2 3 4", TWO, "3 4 5 6", TWO, Changes(grown=bricks("5 6"), removed=bricks("1 2"))),
    ],
)
def test_change_is_recognised(
    current: str, before: Layout, listed: str, after: Layout, expected: Changes
) -> None:
    assert classified(current, before, listed, after) == expected


@pytest.mark.parametrize(
    ("current", "layout", "listed", "replaced", "pairs"),
    [
        ("1 2 3", THREE, "1 2 4", "3=4", [("3", "4")]),
        ("1 2 3", THREE, "1 2 3", "3=3", [("3", "3")]),
        ("1 2 3", ARBITER, "1 2 4", "3=4", [("3", "4")]),
        ("1 2 3 4", TWO, "5 2 3 6", "1=5 4=6", [("1", "5"), ("4", "6")]),
        ("1 2 3", DISPERSE, "1 4 3", "2=4", [("2", "4")]),
    ],
)
def test_replacement_is_recognised(
    current: str, layout: Layout, listed: str, replaced: str, pairs: list[tuple[str, str]]
) -> None:
    changes = classified(current, layout, listed, layout, replaced)

    assert changes == Changes(
        replaced=tuple((bricks(old)[0], bricks(new)[0]) for old, new in pairs)
    )


@given(st.permutations("123456"), st.sampled_from([ONE, TWO, THREE, ARBITER, DISPERSE]))
def test_volume_as_it_is_is_no_change(order: list[str], layout: Layout) -> None:
    text = " ".join(order)

    assert not classified(text, layout, text, layout)


@given(st.permutations(range(4)))
def test_order_of_sets_is_no_change(order: list[int]) -> None:
    sets = [bricks(f"{n}:/b/1 {n + 1}:/b/2") for n in range(1, 5)]
    listed = tuple(one for number in order for one in sets[number])
    current = replace(volume("1", TWO), bricks=tuple(b for one in sets for b in one))

    assert not classify(current, TWO, listed, ())


def test_change_knows_what_comes_and_goes() -> None:
    changes = Changes(
        replaced=tuple(zip(bricks("1 2"), bricks("1 3"))),
        gained=bricks("4"),
        lost=bricks("5"),
        grown=bricks("6"),
        removed=bricks("6:/b/x"),
    )

    assert changes.new_bricks == bricks("3 4 6")
    assert changes.leaving == bricks("1 2 5 6:/b/x")
    assert changes.shrinks


# --- refusals


@pytest.mark.parametrize(
    ("current", "before", "listed", "after", "reason"),
    [
        ("1 2", TWO, "1 2 3", TWO, "wrong_brick_count"),
        ("1 2 3", DISPERSE, "1 2 3 4", DISPERSE, "wrong_brick_count"),
        ("1 2 3 4", TWO, "1 3 2 4", TWO, "wrong_brick_order"),
        ("1 2 3 4", TWO, "1 5 2 6", TWO, "wrong_brick_order"),
        ("1 2 3 4", TWO, "1 3 5 2 4 6", THREE, "wrong_brick_order"),
        ("1 2", TWO, "3 1 2", ARBITER, "wrong_brick_order"),
        ("1 2 3", ARBITER, "3 1 2", ARBITER, "wrong_brick_order"),
        ("1 2 3", ARBITER, "1 3", TWO, "wrong_brick_order"),
        ("1 2", TWO, "1 3", TWO, "replacement_not_named"),
        ("1 2 3", THREE, "1 4", TWO, "replacement_not_named"),
        ("1 2", ONE, "3 4", ONE, "no_common_brick"),
        ("1 2 3 4", TWO, "1 2 5", THREE, "two_changes"),
        ("1 2 3 4", TWO, "1", ONE, "two_changes"),
        ("1 2 3", DISPERSE, "1 2 3", THREE, "impossible_layout"),
        ("1 2 3", THREE, "1 2 3", DISPERSE, "impossible_layout"),
        ("1 2 3", DISPERSE, "1 2 3 4", Layout(disperses=4, redundancies=1), "impossible_layout"),
        ("1 2 3", ARBITER, "1 2 3", THREE, "impossible_layout"),
        ("1 2 3", ARBITER, "1 2 3 4", Layout(4), "impossible_layout"),
        ("1 2 3", ARBITER, "1", ONE, "impossible_layout"),
        ("1", ONE, "1 2 3", ARBITER, "impossible_layout"),
        ("1 2 3", THREE, "1 2 3", ARBITER, "impossible_layout"),
    ],
)
def test_impossible_change_is_refused(
    current: str, before: Layout, listed: str, after: Layout, reason: str
) -> None:
    error = refusal(current, before, listed, after)

    assert error.reason == reason
    assert error.remedy


def test_unnamed_replacement_is_answered_with_its_parameter() -> None:
    error = refusal("1 2", TWO, "1 3", TWO)

    assert "replace_bricks: {node2:/b/brick: node3:/b/brick}" in error.remedy


def test_wrong_order_names_the_sets_there_are() -> None:
    error = refusal("1 2 3 4", TWO, "1 3 2 4", TWO)

    assert "node1:/b/brick, node2:/b/brick; node3:/b/brick, node4:/b/brick" in str(error)


@pytest.mark.parametrize("count", [0, 3, 6])
def test_whole_sets_are_accepted(count: int) -> None:
    refuse_wrong_count(bricks("1 2 3 4 5 6")[:count], THREE)


@pytest.mark.parametrize(
    ("text", "layout", "refused"),
    [
        ("1 2 3", THREE, False),
        ("1 1:/b/x", TWO, True),
        ("1 2 1:/b/x 2:/b/x", TWO, False),
        ("1 1:/b/x", ONE, False),
        ("1 2 3 4 5 5:/b/x", THREE, True),
        ("1 2 2:/b/x", DISPERSE, True),
    ],
)
def test_copies_on_one_machine_are_refused(text: str, layout: Layout, refused: bool) -> None:
    if not refused:
        refuse_shared_host(bricks(text), layout)
        return
    with pytest.raises(Refusal) as raised:
        refuse_shared_host(bricks(text), layout)

    assert raised.value.reason == "same_host"


def test_two_names_of_a_machine_are_one_machine() -> None:
    shared = (Brick("node1", "/b/1", "u"), Brick("10.0.0.1", "/b/2", "u"))

    with pytest.raises(Refusal):
        refuse_shared_host(shared, TWO)


# --- layouts


@pytest.mark.parametrize(
    ("given_params", "count", "layout"),
    [
        ({}, 2, ONE),
        ({"replicas": 3}, 3, THREE),
        ({"replicas": 3, "arbiters": 1}, 3, ARBITER),
        ({"replicas": 2, "arbiters": 1}, 3, ARBITER),
        ({"disperses": 3}, 3, DISPERSE),
        ({"disperses": 6}, 6, Layout(disperses=6, redundancies=2)),
        ({"disperses": 5}, 5, Layout(disperses=5, redundancies=1)),
        ({"disperses": 7}, 7, Layout(disperses=7, redundancies=3)),
        ({"redundancies": 2}, 6, Layout(disperses=6, redundancies=2)),
        ({"disperses": 6, "redundancies": 1}, 6, Layout(disperses=6, redundancies=1)),
        ({"replicas": 1, "disperses": 3, "redundancies": 1}, 3, DISPERSE),
    ],
)
def test_new_volume_gets_its_layout(
    given_params: dict[str, int], count: int, layout: Layout
) -> None:
    assert new_layout(wanted(**given_params), count) == layout


@pytest.mark.parametrize(
    "given_params",
    [
        {"disperses": 2},
        {"disperses": 2, "redundancies": 1},
        {"disperses": 4, "redundancies": 2},
        {"disperses": 3, "redundancies": -1},
        {"redundancies": 3},
    ],
)
def test_impossible_redundancy_is_refused(given_params: dict[str, int]) -> None:
    with pytest.raises(Refusal) as raised:
        new_layout(wanted(**given_params), 4)

    assert raised.value.reason == "invalid_count"


@given(st.integers(3, 64))
def test_usual_redundancy_is_possible(disperses: int) -> None:
    layout = new_layout(wanted(disperses=disperses), disperses)

    assert 0 < 2 * layout.redundancies < disperses


@pytest.mark.parametrize(
    ("current", "given_params", "layout"),
    [
        (THREE, {}, THREE),
        (ARBITER, {}, ARBITER),
        (DISPERSE, {}, DISPERSE),
        (TWO, {"replicas": 3}, THREE),
        (TWO, {"replicas": 3, "arbiters": 1}, ARBITER),
        (TWO, {"replicas": 2, "arbiters": 1}, ARBITER),
        (ARBITER, {"replicas": 3}, ARBITER),
        (ARBITER, {"replicas": 3, "arbiters": 0}, THREE),
        (ARBITER, {"replicas": 2}, TWO),
        (THREE, {"arbiters": 0}, THREE),
        (DISPERSE, {"replicas": 1}, DISPERSE),
        (DISPERSE, {"replicas": 3}, THREE),
        (DISPERSE, {"disperses": 3}, DISPERSE),
        (DISPERSE, {"redundancies": 1}, DISPERSE),
        (THREE, {"disperses": 3, "redundancies": 1}, DISPERSE),
    ],
)
def test_counts_left_out_stay(
    current: Layout, given_params: dict[str, int], layout: Layout
) -> None:
    assert changed_layout(current, wanted(**given_params)) == layout


# --- names


def test_brick_of_the_volume_needs_no_look_at_hosts() -> None:
    current = bricks("1 2")

    assert adopted((Brick("node1", "/b/brick"),), current, None) == current[:1]


def test_unknown_name_asks_for_hosts() -> None:
    with pytest.raises(Unread, match="hosts"):
        adopted((Brick("other", "/b/brick"),), bricks("1"), None)


def test_alias_of_a_host_is_the_brick_the_volume_has() -> None:
    hosts = {"10.0.0.1": host("node1", name="10.0.0.1")}

    (found,) = adopted((Brick("10.0.0.1", "/b/brick"),), bricks("1"), hosts)

    assert found == brick("1:/b/brick")


def test_new_brick_gets_its_hosts_uuid() -> None:
    (found,) = adopted((Brick("node3", "/b/x"),), bricks("1"), {"node3": host("node3")})

    assert found == Brick("node3", "/b/x", uid("node3"))


def test_bricks_are_cut_into_sets() -> None:
    assert brick_sets(bricks("1 2 3 4"), TWO) == (bricks("1 2"), bricks("3 4"))
