# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What real GlusterFS printed, by version, and what it might print on a bad day."""

from __future__ import annotations

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError
from ansible_collections.clustered.storage.plugins.module_utils._gluster import parse
from ansible_collections.clustered.storage.plugins.module_utils._gluster.model import (
    Layout,
    Volume,
)
from helpers.recordings import VERSIONS, recording
from hypothesis import given
from hypothesis import strategies as st

ARGV = ("gluster", "--mode=script", "--xml", "volume", "info", "all")


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    """Each version of which there are recordings."""
    return request.param


def answer(version: str, name: str) -> str:
    """The recorded answer, which has to be a success."""
    seen = recording(version, name)
    return parse.parse_reply(seen.argv, seen.rc, seen.stdout, seen.stderr)


def failure(version: str, name: str) -> StorageError:
    """The error that the recorded answer is."""
    with pytest.raises(StorageError) as raised:
        answer(version, name)
    return raised.value


def volumes(version: str) -> dict[str, Volume]:
    return {volume.name: volume for volume in parse.parse_volumes(answer(version, "volumes"))}


# --- success and failure


@pytest.mark.parametrize(
    "name",
    [
        "add_brick",
        "create_replica",
        "probe",
        "probe_again",
        "probe_self",
        "quota_enable",
        "quota_limit",
        "rebalance_start",
        "remove_commit",
        "remove_start",
        "set",
        "start",
        "stop",
    ],
)
def test_command_that_worked_is_no_failure(version: str, name: str) -> None:
    assert "<opRet>0</opRet>" in answer(version, name)


@pytest.mark.parametrize(
    ("name", "reason", "words"),
    [
        ("error_already_part", "brick_in_use", "/bricks/dist/brick is already part of a volume"),
        ("error_add_while_removing", "tool_failed", "rebalance is in progress"),
        ("error_brick_host_unknown", "tool_failed", "not in 'Peer in Cluster' state"),
        ("error_daemon_down", "daemon_down", "Start glusterd on this machine first."),
        ("error_delete_node_down", "tool_failed", "Some of the peers are down"),
        ("error_delete_started", "tool_failed", "needs to be stopped"),
        ("error_detach_holds_bricks", "tool_failed", "hosts one or more bricks"),
        ("error_detach_unknown", "tool_failed", "node4 is not part of cluster"),
        ("error_exists", "tool_failed", "Volume rep3 already exists"),
        ("error_locked", "locked", "Another transaction is in progress for rep3"),
        ("error_no_volume", "tool_failed", "Volume nothere does not exist"),
        ("error_probe_other_pool", "other_pool", "already part of another cluster"),
        ("error_rebalance_not_started", "tool_failed", "Rebalance not started"),
        ("error_rebalance_one_brick", "tool_failed", "contains only 1 brick"),
        ("error_remove_not_started", "tool_failed", "remove-brick not started"),
        ("error_reset_user", "tool_failed", "Option user.note does not exist"),
        ("error_same_host", "tool_failed", "present on the same server"),
        ("error_set_no_volume", "tool_failed", "Volume nothere does not exist"),
        ("error_unknown_option", "tool_failed", "Did you mean performance.cache-size?"),
        ("error_unknown_word", "tool_failed", "unrecognized word: frobnicate"),
        ("error_usage", "tool_failed", "volume create <NEW-VOLNAME>"),
        ("error_wrong_brick_type", "tool_failed", "Wrong brick type: stripe"),
        ("heal_not_replicated", "tool_failed", "only volumes of replicate/disperse type"),
        ("probe_unresolved", "tool_failed", "nowhere"),
        ("quota_disabled", "tool_failed", "Quota is disabled"),
        ("quota_none", "tool_failed", "No quota configured on volume dist"),
        ("status_not_started", "tool_failed", "Volume made is not started"),
    ],
)
def test_refusal_says_what_was_tried_and_what_was_seen(
    version: str, name: str, reason: str, words: str
) -> None:
    error = failure(version, name)

    assert error.reason == reason
    assert words in str(error)
    assert str(error).startswith(" ".join(recording(version, name).argv[:3]))


def test_refusal_with_exit_status_0_is_one(version: str) -> None:
    assert recording(version, "error_exists").rc == 0
    assert failure(version, "error_exists")


def test_refusal_with_a_positive_code_is_one(version: str) -> None:
    assert "<opRet>1</opRet>" in recording(version, "error_detach_holds_bricks").stdout
    assert failure(version, "error_detach_holds_bricks")


def test_code_of_a_success_is_no_failure(version: str) -> None:
    assert "<opErrno>2</opErrno>" in answer(version, "probe_again")


def test_noise_before_the_xml_is_cut(version: str) -> None:
    seen = recording(version, "pool_three")
    noisy = f"umount: /run/gluster/x: not mounted.\n{seen.stdout}"

    assert parse.parse_reply(seen.argv, 0, noisy, "") == seen.stdout


@pytest.mark.parametrize(
    ("stdout", "reason"),
    [
        ("<?xml version='1.0'?><cliOutput><opRet>0</op", "unexpected_output"),
        ("<?xml version='1.0'?>", "unexpected_output"),
    ],
)
def test_broken_xml_is_no_answer(stdout: str, reason: str) -> None:
    with pytest.raises(StorageError, match="is not the XML it should be") as raised:
        parse.parse_reply(ARGV, 0, stdout, "")

    assert raised.value.reason == reason


def test_answer_without_xml_is_not_taken_for_nothing() -> None:
    text = parse.parse_reply(ARGV, 0, "No volumes present\n", "")

    with pytest.raises(StorageError) as raised:
        parse.parse_volumes(text)

    assert raised.value.reason == "unexpected_output"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("Another transaction could be in progress. Please try again after some time.", "locked"),
        ("Another transaction is in progress Please try again after sometime.", "locked"),
        ("Locking failed on node2. Please check log file for details.", "locked"),
        ("Unable to acquire lock on the cluster", "locked"),
        ("Error : Request timed out", "timeout"),
        ("Quorum not met. Volume operation not allowed.", "no_quorum"),
        ("Cluster quorum is not met. Changing peers is not allowed in this state", "no_quorum"),
        ("Failed to get trusted.gfid attribute on path /a. Reason : No such file", "no_directory"),
    ],
)
def test_failure_is_sorted_by_its_words(words: str, reason: str) -> None:
    with pytest.raises(StorageError) as raised:
        parse.parse_reply(ARGV, 1, "", words)

    assert raised.value.reason == reason


def test_failure_without_words_shows_its_number() -> None:
    silent = "<?xml version='1.0'?><cliOutput><opRet>-1</opRet><opErrno>107</opErrno></cliOutput>"

    with pytest.raises(StorageError, match="error 107"):
        parse.parse_reply(ARGV, 0, silent, "")


# --- the pool


def test_pool_of_one_is_this_node(version: str) -> None:
    (peer,) = parse.parse_pool(answer(version, "pool_one"))

    assert (peer.hostname, peer.is_self, peer.is_healthy) == ("localhost", True, True)


def test_pool_of_three_begins_with_this_node(version: str) -> None:
    peers = parse.parse_pool(answer(version, "pool_three"))

    assert [peer.hostname for peer in peers] == ["localhost", "node2", "node3"]
    assert all(peer.is_healthy for peer in peers)
    assert len({peer.uuid for peer in peers}) == 3


def test_disconnected_peer_is_not_healthy(version: str) -> None:
    peers = parse.parse_pool(answer(version, "pool_disconnected"))

    assert [(p.hostname, p.is_healthy) for p in peers if not p.is_self] == [
        ("node2", True),
        ("node3", False),
    ]


def test_rejected_peer_is_not_healthy(version: str) -> None:
    rejected = parse.parse_pool(answer(version, "pool_rejected"))[-1]

    assert (rejected.hostname, rejected.state_text) == ("node3", "Peer Rejected")
    assert not rejected.is_healthy


def test_peer_without_state_is_not_healthy() -> None:
    (peer,) = parse.parse_pool("<x><peer><hostname>a</hostname><connected>1</connected></peer></x>")

    assert not peer.is_healthy


# --- volumes


def test_no_volumes(version: str) -> None:
    assert parse.parse_volumes(answer(version, "volumes_none")) == ()


@pytest.mark.parametrize(
    ("name", "layout", "bricks"),
    [
        ("dist", Layout(), 2),
        ("rep3", Layout(3), 3),
        ("arb", Layout(3, 1), 3),
        ("two", Layout(2), 4),
        ("disp", Layout(disperses=3, redundancies=1), 3),
        ("made", Layout(), 1),
    ],
)
def test_layout_is_read(version: str, name: str, layout: Layout, bricks: int) -> None:
    volume = volumes(version)[name]

    assert volume.layout == layout
    assert len(volume.bricks) == bricks


@pytest.mark.parametrize(
    ("name", "status"), [("rep3", "started"), ("halted", "stopped"), ("made", "created")]
)
def test_status_is_read(version: str, name: str, status: str) -> None:
    assert volumes(version)[name].status == status


def test_sets_are_cut_by_the_replica_count(version: str) -> None:
    sets = volumes(version)["two"].sets

    assert [[brick.name for brick in one] for one in sets] == [
        ["node1:/bricks/two1/brick", "node2:/bricks/two1/brick"],
        ["node3:/bricks/two2/brick", "node1:/bricks/two2/brick"],
    ]


def test_option_with_colon_and_blank_is_read(version: str) -> None:
    options = volumes(version)["rep3"].options

    assert options["user.note"] == "a: b"
    assert options["performance.cache-size"] == "256MB"


def test_bricks_know_their_hosts_uuid(version: str) -> None:
    peers = {peer.uuid for peer in parse.parse_pool(answer(version, "pool_three"))}

    assert {brick.host_uuid for brick in volumes(version)["rep3"].bricks} == peers


# --- processes and tasks


def test_online_bricks_have_port_and_pid(version: str) -> None:
    statuses = parse.parse_status(answer(version, "status_online"))

    assert [status.host for status in statuses] == ["node1", "node2", "node3"]
    assert all(s.online and s.port and s.port >= 49152 and s.pid for s in statuses)


def test_dead_brick_is_offline(version: str) -> None:
    statuses = parse.parse_status(answer(version, "status_brick_down"))

    assert {status.host: status.online for status in statuses} == {
        "node1": True,
        "node2": True,
        "node3": False,
    }


def test_dead_brick_has_no_port(version: str) -> None:
    dead = parse.parse_status(answer(version, "status_brick_down"))[-1]

    assert (dead.port, dead.online) == (None, False)


def test_bricks_of_a_dead_node_have_no_row(version: str) -> None:
    statuses = parse.parse_status(answer(version, "status_node_down"))

    assert [status.host for status in statuses] == ["node1", "node2"]


def test_daemons_are_no_bricks(version: str) -> None:
    assert "Self-heal Daemon" in recording(version, "status_online").stdout
    assert len(parse.parse_status(answer(version, "status_online"))) == 3


@pytest.mark.parametrize(
    "name", ["status_online", "status_brick_down", "status_node_down", "status_rebalance"]
)
def test_self_heal_daemons_that_run_are_not_down(version: str, name: str) -> None:
    assert parse.parse_healers_down(answer(version, name)) == ()


def test_self_heal_daemon_that_does_not_run_is_told_by_its_node(version: str) -> None:
    stopped = answer(version, "status_online").replace("<status>1<", "<status>0<")

    assert set(parse.parse_healers_down(stopped)) == {"localhost", "node2", "node3"}


@pytest.mark.parametrize(
    ("name", "kind", "bricks"),
    [
        ("status_rebalance", "rebalance", ()),
        ("status_remove_brick", "remove-brick", ("node3:/bricks/dist/brick",)),
    ],
)
def test_task_under_way_is_read(
    version: str, name: str, kind: str, bricks: tuple[str, ...]
) -> None:
    (task,) = parse.parse_tasks(answer(version, name))

    assert (task.kind, task.status, task.bricks) == (kind, "in progress", bricks)
    assert len(task.id) == 36


def test_volume_without_task_has_none(version: str) -> None:
    assert parse.parse_tasks(answer(version, "status_online")) == ()


@pytest.mark.parametrize("name", ["rebalance_running", "remove_running"])
def test_task_in_progress_is_told_by_node(version: str, name: str) -> None:
    nodes = parse.parse_task_nodes(answer(version, name))

    assert "in progress" in {node.status for node in nodes}


@pytest.mark.parametrize("name", ["rebalance_completed", "remove_completed"])
def test_completed_task_has_no_failures(version: str, name: str) -> None:
    nodes = parse.parse_task_nodes(answer(version, name))

    assert {node.status for node in nodes} == {"completed"}
    assert sum(node.failures + node.skipped for node in nodes if name.startswith("remove")) == 0
    assert all(len(node.host_uuid) == 36 for node in nodes)


def test_sum_of_the_nodes_is_no_node(version: str) -> None:
    assert "<aggregate>" in recording(version, "rebalance_completed").stdout
    assert len(parse.parse_task_nodes(answer(version, "rebalance_completed"))) == 3


# --- healing


def test_healed_volume_has_nothing_pending(version: str) -> None:
    counts = parse.parse_heal(answer(version, "heal_healed"))

    assert [(c.pending, c.split_brain, c.status) for c in counts] == [(0, 0, "Connected")] * 3


def test_pending_entries_are_counted(version: str) -> None:
    counts = parse.parse_heal(answer(version, "heal_pending"))

    assert sum(count.pending or 0 for count in counts) > 0
    assert {count.split_brain for count in counts} == {0}


@pytest.mark.parametrize("name", ["heal_brick_down", "heal_node_down"])
def test_dead_brick_is_unknown_and_not_healed(version: str, name: str) -> None:
    dead = parse.parse_heal(answer(version, name))[-1]

    assert (dead.pending, dead.split_brain) == (None, None)
    assert "Transport endpoint is not connected" in dead.status


def test_entries_to_heal_are_known_by_gfid_or_path() -> None:
    rows = (
        "<brick><name>a:/b</name><file gfid='g1'>/x</file><file>/y</file></brick>"
        "<brick><name>c:/b</name><status>Connected</status></brick>"
    )

    found = parse.parse_heal_entries(f"<x><healInfo><bricks>{rows}</bricks></healInfo></x>")

    assert found == {"a:/b": {"g1", "/y"}, "c:/b": set()}


def test_dashes_are_unknown() -> None:
    (count,) = parse.parse_heal(
        "<cliOutput><healInfo><bricks><brick hostUuid='-'><name>a:/b</name>"
        "<status>Transport endpoint is not connected</status>"
        "<totalNumberOfEntries>-</totalNumberOfEntries>"
        "<numberOfEntriesInSplitBrain>-</numberOfEntriesInSplitBrain>"
        "</brick></bricks></healInfo></cliOutput>"
    )

    assert (count.pending, count.split_brain) == (None, None)


def test_split_brain_is_counted(version: str) -> None:
    counts = parse.parse_heal(answer(version, "heal_split_brain"))

    assert [count.split_brain for count in counts] == [1, 1]


# --- options


def test_options_of_a_volume_are_named_in_full(version: str) -> None:
    names = parse.parse_option_names(answer(version, "volume_options"))

    assert {"performance.cache-size", "auth.allow", "features.quota"} <= set(names)
    assert len(names) > 200


def test_options_in_the_help_are_named_in_full(version: str) -> None:
    names = parse.parse_option_names(answer(version, "options_help"))

    assert names[:2] == ("cluster.lookup-unhashed", "cluster.lookup-optimize")
    assert len(names) == 5


def test_pool_options_lose_the_mark_of_the_default(version: str) -> None:
    values = parse.parse_option_values(answer(version, "pool_options"))

    assert values["cluster.max-bricks-per-process"] == "250"
    assert values["cluster.op-version"].isdigit()


def test_option_group_is_read_without_comments() -> None:
    text = "# for machines\nperformance.quick-read=off\n\nuser.note = a=b\nnonsense\n"

    assert parse.parse_option_group(text) == {"performance.quick-read": "off", "user.note": "a=b"}


# --- quotas and numbers


def test_limits_are_bytes(version: str) -> None:
    limits = parse.parse_quotas(answer(version, "quota_list"))

    assert [(q.path, q.hard_bytes, q.soft_percent) for q in limits] == [
        ("/home", 10 * 1024**2, 80),
        ("/tmp", int(2.5 * 1024**3), 80),
    ]


@pytest.mark.parametrize(
    ("text", "number"),
    [("7", 7), ("0", 0), (" 7 ", 7), ("-", None), ("N/A", None), ("", None), (None, None)],
)
def test_number_or_unknown(text: str | None, number: int | None) -> None:
    assert parse.parse_number(text) == number


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("4096", 4096),
        ("10MB", 10 * 1024**2),
        ("10mb", 10 * 1024**2),
        ("10.0MB", 10 * 1024**2),
        ("10 MB", 10 * 1024**2),
        ("1GiB", 1024**3),
        ("1g", 1024**3),
        ("2.5KB", 2560),
        ("64bytes", 64),
        ("1PB", 1024**5),
        ("-1", None),
        ("1e3", None),
        ("10%", None),
        ("ten", None),
        ("10XB", None),
        ("", None),
    ],
)
def test_size_is_bytes(text: str, size: int | None) -> None:
    assert parse.parse_size(text) == size


@given(
    number=st.integers(0, 2**50),
    unit=st.sampled_from("kmgtp"),
    rest=st.sampled_from(["", "b", "B", "ib", "iB"]),
)
def test_every_whole_size_is_exact(number: int, unit: str, rest: str) -> None:
    power = "kmgtp".index(unit) + 1

    assert parse.parse_size(f"{number}{unit}{rest}") == number * 1024**power


@given(text=st.text())
def test_size_of_anything_is_a_number_or_nothing(text: str) -> None:
    size = parse.parse_size(text)

    assert size is None or size >= 0


def test_release_is_read() -> None:
    text = "glusterfs 10.3\nRepository revision: git://git.gluster.org/glusterfs.git\n"

    assert parse.parse_release(text) == "10.3"
