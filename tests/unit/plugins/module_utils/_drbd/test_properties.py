# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for any pair and any wish: whole runs on both nodes at once, against a model of DRBD.

The model itself raises ``Forbidden`` where metadata would go over anything, where data would be
declared good that are not known to be, and where a sync would overwrite writes that exist nowhere
else and that nobody gave up by name.
"""

from __future__ import annotations

import copy
from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._drbd.config import render
from ansible_collections.clustered.storage.plugins.module_utils._drbd.wanted import wanted_resource
from helpers.drbd import (
    DISK,
    FRESH_UUID,
    NODES,
    SECRET,
    Pair,
    PairHost,
    SimNode,
    outcome,
    resource_params,
    run_both,
    run_one,
)
from hypothesis import given, note, settings
from hypothesis import strategies as st

CONTENTS = ("", "", "", "ext4", "data")
# Failures that a wish may earn; any other is a bug of ours.
EARNED = frozenset(
    {
        "has_ext4", "not_blank", "not_up_to_date", "peer_is_primary", "held_open", "split_brain",
        "unrelated_data", "disconnected_by_admin", "disconnected_by_peer", "peer_unreachable",
        "victim_uuid_mismatch", "victim_in_use", "recover_first", "not_fresh", "peer_has_data",
        "no_sync_source", "no_metadata", "timeout", "wrong_secret", "different_settings",
        "changed_meanwhile", "refused_by_peer", "no_module", "standalone", "not_connected",
    }
)  # fmt: skip


def config(**given: Any) -> str:
    return render(wanted_resource(resource_params(**given)), "8.4")


def made(pair: Pair) -> Pair:
    """Both with metadata, configured and up, never synced."""
    for node in pair.nodes.values():
        node.config = config()
        pair.create_md(node)
        pair.up(node)
    pair.tick()
    return pair


def synced(pair: Pair) -> Pair:
    """A healthy pair with something written."""
    made(pair)
    pair.primary(pair["node1"], force=True)
    for _look in range(4):
        pair.tick()
    pair.write("node1")
    pair.secondary(pair["node1"])
    return pair


def apart(pair: Pair, writers: tuple[str, ...], by_hand: bool = False) -> Pair:
    """The wire was cut, these wrote, and the wire is back."""
    synced(pair)
    pair.wire = False
    if by_hand:
        pair.disconnect(pair["node2"])
    else:
        for node in pair.nodes.values():
            pair.lose_peer(node, "Connecting")
    for name in writers:
        pair[name].role = "Primary"
        pair.write(name)
        pair[name].role = "Secondary"
    pair.wire = True
    pair.tick()
    return pair


def strangers(pair: Pair) -> Pair:
    """Each has data of its own, from another life."""
    for name in NODES:
        other = synced(Pair())
        other._numbers = pair._numbers
        node = pair[name]
        for what in ("current", "data", "consistent", "up_to_date", "config"):
            setattr(node, what, getattr(other["node1"], what))
        node.current = pair.uuid()
        pair.write(name)
        node.bitmap = "0" * 16
    return pair


STORIES = {
    "new": lambda pair: pair,
    "made": made,
    "synced": synced,
    "split": lambda pair: apart(pair, NODES),
    "behind": lambda pair: apart(pair, ("node1",)),
    "by_hand": lambda pair: apart(pair, (), by_hand=True),
    "by_hand_behind": lambda pair: apart(pair, ("node1",), by_hand=True),
    "strangers": strangers,
}


@st.composite
def pairs(draw: st.DrawFn) -> tuple[str, Pair]:
    """A pair with a past, and what may have happened to it since."""
    story = draw(st.sampled_from(sorted(STORIES)))
    pair = Pair()
    pair.hangs_up = draw(st.booleans())
    pair = STORIES[story](pair)
    for node in pair.nodes.values():
        disturb(draw, pair, node)
    pair.tick()
    return story, pair


def disturb(draw: st.DrawFn, pair: Pair, node: SimNode) -> None:
    """What may have happened to a machine."""
    what = draw(
        st.sampled_from(["", "", "", "down", "rebooted", "replaced", "used", "primary", "other"])
    )
    if what in ("down", "rebooted") and node.is_up:
        pair.down(node)
    if what == "rebooted" or (what == "down" and not node.is_up and draw(st.booleans())):
        node.loaded, node.log = False, []
    if what == "replaced":
        if node.is_up:
            pair.down(node)
        pair[node.name].__dict__.update(vars(SimNode(node.name)))
        node.content = draw(st.sampled_from(CONTENTS))
        node.config = draw(st.sampled_from([None, config()]))
    if what in ("used", "primary") and node.is_up and node.disk == "UpToDate":
        free = pair.other(node).role == "Secondary" or node.connection != "Connected"
        node.role = "Primary" if free else node.role
        node.held = what == "used" and node.role == "Primary"
    if what == "other" and node.config is not None:
        node.config = config(net={"max-buffers": 4000})


WISHES = st.fixed_dictionaries(
    {
        "initial_sync": st.sampled_from(["none", "full", "skip"]),
        "sync_source": st.sampled_from(NODES),
        "wait_for": st.sampled_from(["connected", "uptodate", "none"]),
        "metadata": st.sampled_from(["create_if_blank", "create_if_blank", "never"]),
        "net": st.sampled_from([{}, {}, {"max-buffers": 8000}]),
        "timeout": st.just(60),
        "node1": st.fixed_dictionaries({"role": st.sampled_from(["primary", "unmanaged"])}),
        "node2": st.fixed_dictionaries({"role": st.sampled_from(["secondary", "unmanaged"])}),
    }
)


@st.composite
def victims(draw: st.DrawFn, pair: Pair) -> dict[str, str]:
    """Sometimes a victim, mostly by its right name."""
    name = draw(st.sampled_from([*NODES, ""]))
    if not name:
        return {}
    uuids = [pair[name].current or FRESH_UUID] * 3 + [pair[NODES[0]].current or FRESH_UUID]
    return {"split_brain_victim": name, "split_brain_discard": draw(st.sampled_from(uuids))}


def writes(pair: Pair) -> frozenset[int]:
    """All that was ever written and is still somewhere on good metadata."""
    return frozenset().union(*(node.data for node in pair.nodes.values()))


def refused_by_our_own_fault(results: dict[str, dict[str, Any]]) -> list[str]:
    found = (result.get("reason") for result in results.values())
    return [reason for reason in found if reason and reason not in EARNED]


@settings(max_examples=250)
@given(data=st.data(), told=pairs(), wish=WISHES)
def test_any_run_reaches_what_is_wanted_or_says_why_and_loses_nothing(
    data: st.DataObject, told: tuple[str, Pair], wish: dict[str, Any]
) -> None:
    story, pair = told
    wish |= data.draw(victims(pair))
    note(f"{story}: {[vars(node) for node in pair.nodes.values()]}")
    before = writes(pair)

    results = run_both(pair, **wish)

    note(str({name: result.get("reason") for name, result in results.items()}))
    # Where nobody waits, a split brain comes to light only after the plan was made.
    late = {"not_converged"} if "split_brain_victim" in wish else set()
    assert set(refused_by_our_own_fault(results)) <= late
    lost = before - writes(pair)
    if lost:
        named = wish.get("split_brain_victim", "")
        assert named
        assert not lost & pair.other(pair[named]).data
    if not any("reason" in result for result in results.values()):
        assert_as_wanted(pair, wish)
        again = run_both(pair, **wish)
        # Where nobody waits, it may come to light only now that the sides do not fit.
        if wish["wait_for"] != "none":
            assert [again[name].get("changed") for name in NODES] == [False, False]
            assert [again[name]["plan"] for name in NODES] == [[], []]


def assert_as_wanted(pair: Pair, wish: dict[str, Any]) -> None:
    """What the machines say, not what the module says."""
    for node in pair.nodes.values():
        assert node.is_up
        # What somebody disconnected by hand is left as it is, and that is said.
        assert node.config == node.running or node.connection == "StandAlone"
        assert node.mode == 0o600
        if wish["wait_for"] != "none":
            assert node.connection == "Connected"
        if wish["wait_for"] == "uptodate":
            assert (node.disk, node.replication) == ("UpToDate", "Established")
    if wish["node1"]["role"] == "primary":
        assert pair["node1"].role == "Primary"
    if wish["node2"]["role"] == "secondary":
        assert pair["node2"].role == "Secondary"
    if wish["wait_for"] == "uptodate":
        assert pair["node1"].data == pair["node2"].data


@settings(max_examples=150)
@given(data=st.data(), told=pairs(), wish=WISHES)
def test_check_mode_says_what_the_real_run_does(
    data: st.DataObject, told: tuple[str, Pair], wish: dict[str, Any]
) -> None:
    """And touches nothing. The one that plans first sees the same in both."""
    _story, pair = told
    wish |= data.draw(victims(pair))
    before = copy.deepcopy(pair.nodes)

    forecast = outcome(lambda: run_one(pair, "node1", check_mode=True, **own(wish)))
    assert pair.nodes == before
    real = run_both(pair, **wish)["node1"]

    if "reason" in forecast:
        assert real["reason"] == forecast["reason"]
        assert not real["changed"]
    elif "reason" not in real:
        assert real["plan"] == forecast["plan"]
        assert real["changed"] == forecast["changed"]
    else:
        error = real["error"]
        tried = [*error.completed, *([error.failed] if error.failed else [])]
        assert [one.why for one in tried] == [one["why"] for one in forecast["plan"]][: len(tried)]


def own(wish: dict[str, Any]) -> dict[str, Any]:
    """The wish as node1 has it."""
    return {**{k: v for k, v in wish.items() if k not in NODES}, **wish["node1"]}


@settings(max_examples=60)
@given(told=pairs(), state=st.sampled_from(["down", "absent"]))
def test_taking_down_loses_nothing_and_leaves_the_metadata(
    told: tuple[str, Pair], state: str
) -> None:
    _story, pair = told
    before = writes(pair)

    results = run_both(pair, state=state, nodes=None, volumes=None)

    assert writes(pair) == before
    for name, node in pair.nodes.items():
        if "reason" in results[name]:
            assert results[name]["reason"] == "held_open"
            assert node.held
        else:
            assert not node.is_up
            assert state != "absent" or node.config is None


# --- the stories that the documents tell


def test_first_run_second_run_swap() -> None:
    pair = Pair()
    wish = {"initial_sync": "full", "sync_source": "node1", "wait_for": "uptodate"}

    first = run_both(pair, **wish, node1={"role": "primary"})
    assert [first[name]["changed"] for name in NODES] == [True, True]
    pair.write("node1")
    assert run_one(pair, "node1", role="secondary")["changed"]
    assert run_one(pair, "node2", role="primary")["changed"]
    assert (pair["node1"].role, pair["node2"].role) == ("Secondary", "Primary")
    assert pair["node1"].data == pair["node2"].data != frozenset()


@pytest.mark.parametrize("hangs_up", [False, True])
def test_split_brain_is_mended_by_name_only(hangs_up: bool) -> None:
    pair = Pair()
    pair.hangs_up = hangs_up
    pair = apart(pair, NODES)
    kept = pair["node1"].data
    refused = run_both(copy.deepcopy(pair), timeout=20)
    found = [refused[name]["reason"] for name in NODES]
    assert found == ["split_brain", "refused_by_peer" if hangs_up else "split_brain"]
    uuid = pair["node2"].current

    done = run_both(pair, split_brain_victim="node2", split_brain_discard=uuid, wait_for="uptodate")

    assert [result.get("reason") for result in done.values()] == [None, None]
    assert pair["node1"].data == pair["node2"].data == kept
    assert [any(s["destroys"] for s in done[name]["plan"]) for name in NODES] == [False, True]


def test_wrong_secret_is_named_and_mended() -> None:
    pair = Pair()
    wish = {"initial_sync": "skip", "sync_source": "node1", "timeout": 30}

    failed = run_both(pair, **wish, node2={"shared_secret": "another"})
    assert {result["reason"] for result in failed.values()} == {"wrong_secret"}
    assert SECRET not in str(failed)
    assert "another" not in str(failed["node2"]["error"])
    mended = run_both(pair, **wish)
    assert [result.get("reason") for result in mended.values()] == [None, None]


def test_disk_that_was_replaced_is_filled_by_the_peer() -> None:
    """Although the play still says that its data win the first sync: that is over."""
    pair = synced(Pair())
    kept = pair["node2"].data
    pair.down(pair["node1"])
    pair.nodes["node1"].__dict__.update(vars(SimNode("node1")))
    wish = {"initial_sync": "full", "sync_source": "node1", "wait_for": "uptodate"}

    first = run_both(pair, **wish)
    assert first["node1"]["reason"] == "peer_has_data"
    second = run_both(pair, **wish)

    assert [result.get("reason") for result in second.values()] == [None, None]
    assert pair["node1"].data == pair["node2"].data == kept


def test_peer_that_is_gone_is_named_with_what_was_seen() -> None:
    pair = synced(Pair())
    pair.down(pair["node2"])

    failed = outcome(lambda: run_one(pair, "node1", timeout=20))

    assert failed["reason"] == "peer_unreachable"
    assert "Waited 20 s" in str(failed["error"])
    assert "firewall" in failed["error"].remedy


@pytest.mark.parametrize("content", ["ext4", "data"])
def test_disk_with_something_on_it_stays(content: str) -> None:
    pair = Pair()
    pair["node1"].content = content
    host = PairHost(pair, "node1")

    failed = outcome(lambda: run_one(pair, "node1"))

    assert failed["reason"] in ("has_ext4", "not_blank")
    assert host.changes == []
    assert pair["node1"].config is None
    assert DISK in str(failed["error"])
