# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What this node does for a resource, state by state: tables of facts."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.model import (
    Device,
    Mount,
    Signature,
)
from ansible_collections.clustered.storage.plugins.module_utils._cluster.model import (
    Cluster,
    FenceDevice,
)
from ansible_collections.clustered.storage.plugins.module_utils._drbd.config import render
from ansible_collections.clustered.storage.plugins.module_utils._drbd.model import (
    Connection,
    Identifiers,
    Machine,
    Metadata,
    Pacemaker,
    PeerVolume,
    Status,
    Volume,
)
from ansible_collections.clustered.storage.plugins.module_utils._drbd.plan import plan_resource
from ansible_collections.clustered.storage.plugins.module_utils._drbd.wanted import wanted_resource
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import (
    Plan,
    Refusal,
    Unread,
)
from helpers.drbd import DISK, SECRET, resource_params

UUID, OTHER_UUID = "A1B2C3D4E5F60718", "1122334455667788"
FRESH = Identifiers("0000000000000004")
GOOD = Identifiers(UUID, is_consistent=True, is_up_to_date=True)
STATUS = "drbdsetup status r0 --verbose --statistics"
WRITE = "write /etc/drbd.d/r0.res"
SPLIT = (
    "drbd r0: Handshake successful: Agreed network protocol version 101",
    "block drbd0: Split-Brain detected but unresolved, dropping connection!",
    "drbd r0: conn( WFReportParams -> Disconnecting )",
)
BY_HAND = ("drbd r0: conn( Connected -> Disconnecting )",)
BLANK = Device(DISK, "8:16", "disk", 64 << 20, serial="S1", zero_ends=True)
FENCED = {"fencing": "resource-and-stonith", "allow_two_primaries": True}
WORKS = FenceDevice("f1", "stonith:fence_ipmilan", ("node2",))
PRETENDS = FenceDevice("f2", "stonith:fence_dummy", ("node1",), pretends=True)
PULLED = {"split_brain_victim": "node1", "split_brain_discard": UUID}
KEEPING = {"split_brain_victim": "node2", "split_brain_discard": OTHER_UUID}


def status(
    role: str = "Secondary",
    *,
    disk: str = "UpToDate",
    connection: str = "Connected",
    peer: str = "Secondary",
    peer_disk: str = "UpToDate",
    replication: str = "Established",
) -> Status:
    """r0 of one volume, healthy unless told otherwise."""
    if connection != "Connected":
        peer, peer_disk, replication = "Unknown", "DUnknown", "Off"
    there = (PeerVolume(0, replication, peer_disk),)
    return Status(
        "r0",
        role,
        volumes=(Volume(0, 0, disk, 65492),),
        connections=(Connection("node2", connection, peer, there),),
    )


def machine(given: Mapping[str, Any] | None = None, **parts: Any) -> Machine:
    """node1 with everything read: nothing adjusted, nobody around, disk blank."""
    wanted = wanted_resource(resource_params(**(given or {})))
    whole = Machine(
        name="r0",
        node="node1",
        kernel="8.4.11",
        config=None if wanted.state != "up" else render(wanted, "8.4"),
        config_mode=0o600,
        local={"10.77.0.11": True, "10.77.0.12": False},
        loadable="8.4.11",
        verdict="",
        adjust=(),
        metadata={0: Metadata(None, (BLANK,))},
        identifiers={0: GOOD},
        users=(),
        log=(),
        pacemaker=Pacemaker(None),
        missing=(),
        outdated=(),
        others={},
    )
    return replace(whole, **parts)


def new(**parts: Any) -> Machine:
    """node1 before anything was done."""
    return machine(kernel="", config=None, config_mode=None, **parts)


def planned(facts: Machine, **given: Any) -> Plan[Machine]:
    return plan_resource(facts, wanted_resource(resource_params(**given)))


def steps(facts: Machine, **given: Any) -> list[str]:
    """The commands of the plan; waits in short."""
    return [
        "until " + step.why.partition("until ")[2] if step.until else shlex.join(step.command)
        for step in planned(facts, **given).steps
    ]


def refusal(facts: Machine, **given: Any) -> Refusal:
    with pytest.raises(Refusal) as raised:
        planned(facts, **given)
    assert raised.value.remedy
    assert SECRET not in str(raised.value)
    return raised.value


def asked(facts: Machine, **given: Any) -> str:
    """The part that the plan asks for."""
    with pytest.raises(Unread) as raised:
        planned(facts, **given)
    return raised.value.part


def cluster(*devices: FenceDevice, **given: Any) -> Pacemaker:
    return Pacemaker(Cluster("lab", fence_devices=devices, **given))


# --- nothing to do


@pytest.mark.parametrize("role", ["unmanaged", "secondary"])
def test_healthy_resource_needs_one_look_and_no_step(role: str) -> None:
    unread = machine(
        status=status(), loadable=None, verdict=None, metadata=None, identifiers=None, users=None,
        log=None, pacemaker=None, missing=None, outdated=None, others=None,
    )  # fmt: skip

    assert steps(unread, role=role, wait_for="uptodate") == []
    assert asked(replace(unread, adjust=None)) == "adjust"


def test_victim_of_a_split_brain_that_is_over_is_left_in_peace() -> None:
    assert steps(machine(status=status()), **PULLED) == []


@pytest.mark.parametrize("sync", ["full", "skip"])
def test_first_sync_that_is_over_is_not_begun_again(sync: str) -> None:
    facts = machine(status=status())

    assert steps(facts, initial_sync=sync, sync_source="node1") == []


def test_down_and_gone_is_left_alone() -> None:
    given = {"state": "absent", "nodes": None, "volumes": None}

    assert steps(machine(given), **given) == []


# --- the first run


def test_first_run_of_the_source() -> None:
    made = steps(
        new(), initial_sync="full", sync_source="node1", role="primary", wait_for="uptodate"
    )

    assert made == [
        "modprobe drbd",
        WRITE,
        "drbdadm create-md r0/0",
        "drbdadm up r0",
        "until r0 is connected to node2",
        "drbdadm primary --force r0",
        "until r0 is up to date on all sides",
    ]


def test_source_that_is_to_be_secondary_goes_back() -> None:
    made = steps(new(), initial_sync="full", sync_source="node1")

    assert made[-2:] == ["drbdadm primary --force r0", "drbdadm secondary r0"]


def test_first_run_of_the_other_one() -> None:
    made = steps(new(), initial_sync="full", sync_source="node2", role="primary")

    assert made[-3:] == [
        "until r0 is connected to node2",
        "until r0 has all the data here",
        "drbdadm primary r0",
    ]


def test_first_sync_that_is_skipped() -> None:
    made = steps(new(), initial_sync="skip", sync_source="node1")

    assert made[-1] == "drbdadm new-current-uuid --clear-bitmap r0/0"


def test_only_the_full_sync_is_marked_as_destroying() -> None:
    plan = planned(new(), initial_sync="full", sync_source="node1")

    assert [shlex.join(s.command) for s in plan.steps if s.destroys] == [
        "drbdadm primary --force r0"
    ]


def test_file_is_private_from_its_first_byte_and_not_in_the_plan() -> None:
    (step,) = [one for one in planned(new()).steps if one.writes]

    assert (step.mode, step.replaces) == (0o600, None)
    assert SECRET in (step.writes or "")
    assert SECRET not in f"{step.why} {step.command}"


def test_metadata_expect_a_blank_disk_still() -> None:
    (step,) = [one for one in planned(new()).steps if "create-md" in one.command]

    (expected,) = step.expects
    assert (expected.path, expected.blank, expected.serial) == (DISK, True, "S1")


def test_disk_and_metadata_disk_have_to_be_blank_both() -> None:
    meta = replace(BLANK, path="/dev/vdc")
    volumes = [{"disks": {"node1": DISK, "node2": DISK}, "meta_disk": "/dev/vdc"}]
    both = new(metadata={0: Metadata(None, (BLANK, meta))})

    (step,) = [one for one in planned(both, volumes=volumes).steps if "create-md" in one.command]
    assert [one.path for one in step.expects] == [DISK, "/dev/vdc"]

    data = replace(BLANK, signatures=(Signature("ext4", 1080, UUID),), zero_ends=False)
    filled = new(metadata={0: Metadata(None, (data, meta))})
    assert refusal(filled, volumes=volumes).reason == "has_ext4"


def test_metadata_that_are_there_are_used() -> None:
    plan = planned(new(metadata={0: Metadata(GOOD)}))

    assert not [one for one in plan.steps if "create-md" in one.command]
    assert UUID in plan.warnings[0]


def test_disk_that_was_replaced_gets_metadata_and_its_data_from_the_peer() -> None:
    """Nothing is declared good: the peer has data, and that is seen right before."""
    made = steps(machine(status=status(disk="Diskless"), adjust=("drbdsetup-84 attach 0",)))

    assert made[:2] == ["drbdadm create-md r0/0", "drbdadm adjust r0"]


FILLED: dict[str, tuple[str, dict[str, Any]]] = {
    "ext4": ("has_ext4", {"signatures": (Signature("ext4", 1080, UUID),), "zero_ends": False}),
    "gpt": ("has_gpt", {"signatures": (Signature("gpt", 512),), "zero_ends": False}),
    "other metadata": ("has_drbd", {"signatures": (Signature("drbd", 99),), "zero_ends": False}),
    "unknown": ("not_blank", {"zero_ends": False}),
    "unreadable": ("probe_failed", {"problem": "it can not be read"}),
    "mounted": ("mounted", {"mounts": (Mount("/data", here=True),)}),
    "system": ("system_disk", {"is_system": True}),
    "open": ("held_open", {"users": ("dd (1)",)}),
    "below something": ("in_use", {"holders": ("dm-0",)}),
}


@pytest.mark.parametrize(("code", "what"), FILLED.values(), ids=list(FILLED))
def test_disk_that_is_not_blank_gets_no_metadata(code: str, what: dict[str, Any]) -> None:
    facts = new(metadata={0: Metadata(None, (replace(BLANK, **what),))})

    assert refusal(facts).reason == code


def test_metadata_that_nobody_can_read_are_not_taken_for_none() -> None:
    facts = new(metadata={0: Metadata(None, (BLANK,), "drbdmeta fails")})

    assert refusal(facts).reason == "probe_failed"


def test_metadata_are_never_made_where_that_is_said() -> None:
    assert refusal(new(), metadata="never").reason == "no_metadata"


# --- the wrong place, the wrong file


def test_other_machine_is_refused() -> None:
    assert refusal(machine(node="vm17")).reason == "wrong_host"


def test_address_of_nobody_here_is_refused() -> None:
    facts = machine(local={"10.77.0.11": False, "10.77.0.12": False})

    assert refusal(facts).reason == "address_not_local"


def test_address_of_the_peer_that_is_ours_is_refused() -> None:
    facts = machine(local={"10.77.0.11": True, "10.77.0.12": True})

    assert refusal(facts).reason == "bad_address"


def test_kernel_without_drbd_is_refused_with_the_package() -> None:
    found = refusal(new(loadable=""))

    assert found.reason == "no_module"
    assert "linux-image-amd64" in found.remedy


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("drbd.d/r1.res:0: conflicting use of device-minor 'device-minor:vm:0'", "minor_taken"),
        ("drbd.d/r1.res:14: conflicting use of IP 'vm:127.0.0.1:7788' ...", "port_taken"),
        ("ipv4:10.0.0.2:7788 is also used drbd.d/r0.res:0", "port_taken"),
        ("drbd.d/r0.res:8: Parse error: 'an option' expected", "invalid_config"),
    ],
)
def test_word_of_the_parser_has_its_code(words: str, code: str) -> None:
    found = refusal(new(verdict=words))

    assert found.reason == code
    assert words in found.message


def test_disk_of_another_resource_is_refused() -> None:
    facts = new(others={"/etc/drbd.d/r1.res": (DISK,)})

    assert refusal(facts).reason == "disk_taken"


def test_parser_is_asked_only_about_a_file_that_changes() -> None:
    assert asked(new(verdict=None)) == "verdict"
    assert steps(machine(status=status(), verdict=None)) == []


def test_file_that_others_may_read_is_written_again() -> None:
    assert steps(machine(status=status(), config_mode=0o644)) == [WRITE]


def test_change_of_the_file_is_carried_to_the_kernel() -> None:
    facts = machine(status=status(), adjust=("drbdsetup-84 net-options a b --max-buffers=8000",))

    assert steps(facts, net={"max-buffers": 8000}) == [WRITE, "drbdadm adjust r0"]


@pytest.mark.parametrize("verb", ["detach 0", "del-minor 0"])
def test_disk_in_use_is_not_exchanged(verb: str) -> None:
    facts = machine(status=status(), adjust=(f"drbdsetup-84 {verb}",))

    assert refusal(facts).reason == "would_detach"


def test_old_words_cause_a_warning() -> None:
    assert "resync-rate" in planned(new(), disk={"rate": "30M"}).warnings[0]


# --- both primaries


def test_gate_of_both_primaries_opens() -> None:
    facts = machine(status=status(), pacemaker=cluster(WORKS), adjust=("net-options",))

    assert steps(facts, **FENCED) == [WRITE, "drbdadm adjust r0"]


GATES: dict[str, tuple[str, Pacemaker]] = {
    "no Pacemaker": ("no_fencing", Pacemaker(None)),
    "stonith is off": ("no_fencing", cluster(WORKS, stonith_enabled=False)),
    "no device": ("no_fencing", cluster()),
    "device of the wrong kind": ("no_fencing", cluster(replace(WORKS, unsuited=True))),
    "stopped device": ("fencing_not_started", cluster(replace(WORKS, started_on=()))),
    "device that pretends": ("fencing_pretends", cluster(PRETENDS)),
    "stopped beside one that pretends": (
        "fencing_pretends",
        cluster(replace(WORKS, started_on=()), PRETENDS),
    ),
}


@pytest.mark.parametrize(("code", "pacemaker"), GATES.values(), ids=list(GATES))
def test_gate_of_both_primaries_is_shut(code: str, pacemaker: Pacemaker) -> None:
    facts = machine(status=status(), pacemaker=pacemaker, adjust=("net-options",))

    assert refusal(facts, **FENCED).reason == code


def test_gate_is_not_asked_for_what_has_been_let_in() -> None:
    facts = machine(FENCED, status=status(), pacemaker=None)

    assert steps(facts, **FENCED) == []


def test_second_primary_passes_the_gate_again() -> None:
    facts = machine(FENCED, status=status(peer="Primary"), pacemaker=cluster(PRETENDS))

    assert refusal(facts, **FENCED, role="primary").reason == "fencing_pretends"
    labs = {"allow_pretended_fencing": True}
    assert steps(facts, **FENCED, **labs, role="primary") == ["drbdadm primary r0"]


def test_handler_that_is_not_there_is_refused() -> None:
    facts = new(missing=("/usr/lib/drbd/crm-fence-peer.sh",))

    assert refusal(facts, fencing="resource-only").reason == "handler_missing"


def test_handler_that_can_not_read_this_pacemaker_is_refused() -> None:
    """Measured on Debian 13: the node that is left waits until the one that is lost is back."""
    times = replace(cluster(WORKS), cluster=replace(cluster(WORKS).cluster, tells_times=True))
    old = {"outdated": ("/usr/lib/drbd/crm-fence-peer.sh",)}
    facts = machine(status=status(), pacemaker=times, adjust=("net-options",), **old)

    assert refusal(facts, **FENCED).reason == "handler_outdated"
    let_in = machine(FENCED, status=status(peer="Primary"), pacemaker=times, **old)
    assert refusal(let_in, **FENCED, role="primary").reason == "handler_outdated"
    assert steps(replace(facts, outdated=()), **FENCED)
    assert steps(replace(facts, pacemaker=cluster(WORKS)), **FENCED)


# --- roles


def test_promotion_and_demotion() -> None:
    assert steps(machine(status=status()), role="primary") == ["drbdadm primary r0"]
    assert steps(machine(status=status("Primary")), role="secondary") == ["drbdadm secondary r0"]


def test_one_primary_only() -> None:
    facts = machine(status=status(peer="Primary"))

    assert refusal(facts, role="primary").reason == "peer_is_primary"


def test_mounted_device_stays_primary() -> None:
    facts = machine(status=status("Primary"), users=("mounted at /data",))

    found = refusal(facts, role="secondary")
    assert found.reason == "held_open"
    assert "/data" in found.message


@pytest.mark.parametrize("given", [{"role": "primary"}, {"state": "down"}, {"state": "absent"}])
def test_what_pacemaker_manages_is_left_to_it(given: dict[str, str]) -> None:
    facts = machine(status=status(), pacemaker=cluster(drbd_resources=("r0",)))

    assert refusal(facts, **given).reason == "managed_by_pacemaker"


def test_resource_of_somebody_else_in_the_cluster_does_not_matter() -> None:
    facts = machine(status=status(), pacemaker=cluster(drbd_resources=("r1",)))

    assert steps(facts, role="primary") == ["drbdadm primary r0"]


def test_pacemaker_brings_up_what_it_manages() -> None:
    facts = machine(
        metadata={0: Metadata(GOOD)}, pacemaker=cluster(drbd_resources=("r0",)), status=None
    )

    assert steps(facts) == ["until r0 is connected to node2"]


@pytest.mark.parametrize("disk", ["Inconsistent", "Outdated", "Diskless"])
def test_incomplete_data_are_not_promoted(disk: str) -> None:
    facts = machine(
        status=status(disk=disk, connection="Connecting"),
        identifiers={0: replace(GOOD, is_consistent=False)},
        metadata={0: Metadata(GOOD)},
    )

    assert refusal(facts, role="primary", wait_for="none").reason == "not_up_to_date"


def test_new_pair_without_a_source_is_not_promoted() -> None:
    fresh = status(disk="Inconsistent", peer_disk="Inconsistent")

    assert refusal(machine(status=fresh), role="primary").reason == "not_up_to_date"
    assert refusal(machine(status=fresh), wait_for="uptodate").reason == "no_sync_source"


def test_target_of_a_sync_is_promoted_when_it_is_over() -> None:
    facts = machine(status=status(disk="Inconsistent", replication="SyncTarget"))

    assert steps(facts, role="primary") == ["until r0 has all the data here", "drbdadm primary r0"]


def test_promotion_without_the_peer_is_asked_for_and_warned_about() -> None:
    facts = machine(status=status(connection="Connecting"))

    assert steps(facts, role="primary", wait_for="none") == ["drbdadm primary r0"]
    assert "split brain" in planned(facts, role="primary", wait_for="none").warnings[0]
    assert steps(facts, role="primary")[0] == "until r0 is connected to node2"


# --- the first sync of what is there


def test_new_pair_begins() -> None:
    fresh = status(disk="Inconsistent", peer_disk="Inconsistent")
    facts = machine(status=fresh, identifiers={0: FRESH})

    assert steps(facts, initial_sync="full", sync_source="node1", role="primary") == [
        "drbdadm primary --force r0"
    ]
    assert steps(facts, initial_sync="full", sync_source="node2") == []


def test_broken_sync_is_no_new_pair() -> None:
    facts = machine(status=status(disk="Inconsistent", peer_disk="Inconsistent"))

    assert refusal(facts, initial_sync="full", sync_source="node1").reason == "not_fresh"


@pytest.mark.parametrize("replication", ["SyncTarget", "WFBitMapT", "PausedSyncT"])
def test_data_that_are_coming_are_not_declared_here(replication: str) -> None:
    facts = machine(
        status=status(disk="Inconsistent", replication=replication), identifiers={0: FRESH}
    )

    assert steps(facts, initial_sync="full", sync_source="node1") == []


def test_peer_of_an_old_disk_is_taken_to_have_data() -> None:
    """An interrupted sync to here: not new, and nothing is declared."""
    facts = machine(
        status=status(disk="Inconsistent", connection="Connecting"),
        identifiers={0: replace(GOOD, is_consistent=False)},
    )

    made = steps(facts, initial_sync="full", sync_source="node1", wait_for="uptodate")
    assert made == ["until r0 is connected to node2", "until r0 is up to date on all sides"]


def test_first_sync_under_pacemaker_is_refused() -> None:
    facts = machine(
        status=status(disk="Inconsistent", peer_disk="Inconsistent"),
        identifiers={0: FRESH},
        pacemaker=cluster(drbd_resources=("r0",)),
    )

    found = refusal(facts, initial_sync="full", sync_source="node1")
    assert found.reason == "managed_by_pacemaker"


# --- what is not connected


def apart(log: tuple[str, ...], state: str = "StandAlone", **parts: Any) -> Machine:
    differences = ("drbdsetup-84 connect r0",) if state == "StandAlone" else ()
    return machine(status=status(connection=state), log=log, **{"adjust": differences, **parts})


def test_split_brain_is_refused_with_what_is_here() -> None:
    found = refusal(apart(SPLIT))

    assert found.reason == "split_brain"
    assert UUID in found.message
    assert "split_brain_discard" in found.remedy


def test_disconnection_by_hand_is_respected() -> None:
    assert refusal(apart(BY_HAND)).reason == "disconnected_by_admin"
    assert steps(apart(BY_HAND), wait_for="none") == []
    assert "by hand" in planned(apart(BY_HAND), wait_for="none").warnings[0]


def test_unrelated_data_are_not_connected() -> None:
    log = (SPLIT[0], "block drbd0: Unrelated data, aborting!")

    assert refusal(apart(log)).reason == "unrelated_data"


@pytest.mark.parametrize(
    "words",
    ["drbd r0: Authentication of peer failed", "drbd r0: incompatible after-sb-1pri settings"],
)
def test_what_may_have_been_mended_is_tried_again(words: str) -> None:
    assert steps(apart((SPLIT[0], words))) == [
        "drbdadm adjust r0",
        "until r0 is connected to node2",
    ]


def test_log_that_says_nothing_leads_to_another_attempt() -> None:
    assert steps(apart(()))[0] == "drbdadm adjust r0"


# --- split brain


def test_victim_gives_up_what_was_named() -> None:
    plan = planned(apart(SPLIT), **PULLED)

    assert [shlex.join(one.command) for one in plan.steps] == [
        "drbdadm connect --discard-my-data r0",
        STATUS,
    ]
    assert [one.destroys for one in plan.steps] == [True, False]


@pytest.mark.parametrize("given", [PULLED, KEEPING])
def test_options_that_run_otherwise_are_set_when_the_split_brain_is_over(
    given: dict[str, Any],
) -> None:
    """adjust would connect without giving anything up, and comes last."""
    fencing = "drbdsetup-84 disk-options 0 --set-defaults --fencing=resource-only"
    facts = apart(SPLIT, adjust=(fencing, "drbdsetup-84 connect r0"))

    assert steps(facts, **given)[1:] == ["until r0 is connected to node2", "drbdadm adjust r0"]
    assert fencing in planned(facts, **given).steps[-1].why
    assert "connect" not in planned(facts, **given).steps[-1].why


def test_split_brain_with_another_disk_in_the_file_is_not_mended() -> None:
    facts = apart(SPLIT, adjust=("drbdsetup-84 detach 0", "drbdsetup-84 connect r0"))

    assert refusal(facts, **PULLED).reason == "would_detach"


def test_victim_that_waits_is_disconnected_first() -> None:
    made = steps(apart(SPLIT, "Connecting"), **PULLED)

    assert made[:2] == ["drbdadm disconnect r0", "drbdadm connect --discard-my-data r0"]


def test_victim_whose_peer_alone_has_the_split_brain_in_its_log_gives_up_too() -> None:
    """Recorded: whoever finds it first hangs up before the other one has looked."""
    log = (SPLIT[0], "drbd r0: conn( WFReportParams -> NetworkFailure )")

    assert steps(apart(log, "Connecting"), **PULLED)[1] == "drbdadm connect --discard-my-data r0"
    assert steps(apart(log, "Connecting"))[0].startswith("until")


@pytest.mark.parametrize("spelled", [UUID.lower(), f"0x{UUID}", UUID[:-1] + "9"])
def test_uuid_in_another_spelling_is_the_same(spelled: str) -> None:
    """The lowest bit only says that it was Primary."""
    given = {**PULLED, "split_brain_discard": spelled}

    assert "drbdadm connect --discard-my-data r0" in steps(apart(SPLIT), **given)


@pytest.mark.parametrize("uuid", [OTHER_UUID, "", "nonsense", UUID[:8]])
def test_victim_with_another_uuid_gives_up_nothing(uuid: str) -> None:
    given = {**PULLED, "split_brain_discard": uuid or OTHER_UUID}

    found = refusal(apart(SPLIT), **given)
    assert found.reason == "victim_uuid_mismatch"
    assert UUID in found.message


def test_survivor_only_reconnects() -> None:
    plan = planned(apart(SPLIT), **KEEPING)

    assert [shlex.join(one.command) for one in plan.steps] == ["drbdadm connect r0", STATUS]
    assert not any(one.destroys for one in plan.steps)
    assert plan.steps[-1].nudge == ("drbdadm", "connect", "r0")
    assert steps(apart(SPLIT, "Connecting"), **KEEPING)[0].startswith("until")


def test_survivor_refuses_its_own_uuid() -> None:
    given = {"split_brain_victim": "node2", "split_brain_discard": UUID}

    assert refusal(apart(SPLIT), **given).reason == "victim_uuid_mismatch"


def test_split_brain_and_another_file_are_not_mended_at_once() -> None:
    assert refusal(apart(SPLIT), **PULLED, net={"max-buffers": 8000}).reason == "recover_first"


def test_victim_in_use_gives_up_nothing() -> None:
    facts = replace(
        apart(SPLIT), status=status("Primary", connection="StandAlone"), users=("mounted at /d",)
    )

    assert refusal(facts, **PULLED).reason == "victim_in_use"


def test_victim_that_is_primary_is_demoted_first() -> None:
    facts = replace(apart(SPLIT), status=status("Primary", connection="StandAlone"))

    assert steps(facts, **PULLED)[0] == "drbdadm secondary r0"
    managed = replace(facts, pacemaker=cluster(drbd_resources=("r0",)))
    assert refusal(managed, **PULLED).reason == "managed_by_pacemaker"


@pytest.mark.parametrize(
    ("log", "code"),
    [
        (BY_HAND, "disconnected_by_admin"),
        ((SPLIT[0], "block drbd0: Unrelated data, aborting!"), "unrelated_data"),
    ],
)
def test_without_a_split_brain_nothing_is_given_up(log: tuple[str, ...], code: str) -> None:
    assert refusal(apart(log), **PULLED).reason == code


# --- taking down


def test_down_and_absent() -> None:
    facts = machine(status=status("Primary"))

    assert steps(facts, state="down") == ["drbdadm secondary r0", "drbdadm down r0"]
    assert steps(facts, state="absent")[-1] == "rm -f /etc/drbd.d/r0.res"
    assert not any(one.destroys for one in planned(facts, state="absent").steps)


def test_mounted_device_is_not_taken_down() -> None:
    facts = machine(status=status("Primary"), users=("mounted at /data",))

    assert refusal(facts, state="down").reason == "held_open"


def test_resource_whose_file_is_gone_is_taken_down_too() -> None:
    facts = machine(status=status(), config=None)

    assert steps(facts, state="absent") == ["drbdsetup down r0"]


# --- where it leads


@pytest.mark.parametrize(
    "given",
    [
        {"initial_sync": "full", "sync_source": "node1", "role": "primary", "wait_for": "uptodate"},
        {"initial_sync": "full", "sync_source": "node2", "wait_for": "uptodate"},
        {"initial_sync": "skip", "sync_source": "node1", "role": "secondary"},
        {},
    ],
)
def test_plan_of_the_state_that_a_plan_leads_to_is_empty(given: dict[str, Any]) -> None:
    after = planned(new(), **given).after

    assert steps(replace(after, adjust=(), local=new().local), **given) == []
