# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is made of two surveys: what is refused, who is promoted, and what Corosync is given."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.filter.pair import (
    pair_decisions,
    pair_disk_problems,
    pair_faults,
    pair_replacing_problems,
)

HOSTS = ("alpha", "beta")
READYMADE = """\
totem {
\tcluster_name: debian
}
nodelist {
\tnode {
\t\tname: node1
\t\tnodeid: 1
\t\tring0_addr: 127.0.0.1
\t}
}
"""
BODY = """\
# Written by clustered.storage.drbd_gfs2_pair, the same on both nodes.
totem {
    config_version: 1
    cluster_name: pair
    token: 5000
}
nodelist {
    node {
        name: alpha
        ring0_addr: 10.0.1.0
    }
    node {
        name: beta
        ring0_addr: 10.0.1.1
    }
}
"""
UNITS = ("corosync", "pacemaker", "dlm", "drbd")
OFF = {"LoadState": "loaded", "ActiveState": "inactive", "UnitFileState": "disabled"}
ON = {"LoadState": "loaded", "ActiveState": "active", "UnitFileState": "enabled"}
KEY = {"there": True, "fingerprint": "one", "mode": "0400"}
RESOURCE = {"configured": True, "dual": False, "role": "Secondary"}


def survey_of(number: int, **differences: Any) -> dict[str, Any]:
    """What a blank host says, but for the differences."""
    return {
        "distribution": "debian",
        "family": "Debian",
        "node": HOSTS[number],
        "kernel": "6.1.0",
        "time": 1000.0,
        "missing_modules": [],
        "resolved": {name: [f"10.0.1.{place}"] for place, name in enumerate(HOSTS)},
        "units": dict.fromkeys(UNITS, OFF),
        "addresses": [f"10.0.1.{number}", f"10.0.2.{number}"],
        "corosync": "",
        "key": {"there": False, "fingerprint": "", "mode": ""},
        "cib": {"nodes": [], "resources": []},
        "drbd": {"configured": False, "dual": False, "role": ""},
        "mounts": [],
        **differences,
    }


def wanted_of(**differences: Any) -> dict[str, Any]:
    """What a user wants, but for the differences."""
    return {
        "is_gfs2": True,
        "disk": "/dev/disk/by-id/virtio-drbd",
        "resource": "r0",
        "mount_point": "/clustered",
        "primary": "alpha",
        "sync_source": "alpha",
        "has_fencing": True,
        "manages_hosts": False,
        "max_time_difference": 30,
        "links": {name: [f"10.0.1.{place}", ""] for place, name in enumerate(HOSTS)},
        "corosync": BODY,
        **differences,
    }


def decide(*surveys: dict[str, Any], host: str = "alpha", **wanted: Any) -> dict[str, Any]:
    """What is decided for a host; hosts that nothing is said of are blank."""
    both = [*surveys, *(survey_of(number) for number in range(len(surveys), 2))]
    return pair_decisions(dict(zip(HOSTS, both, strict=True)), host, wanted_of(**wanted))


def reasons(problems: list[str]) -> list[str]:
    """Their codes."""
    return [problem.split(":", maxsplit=1)[0] for problem in problems]


@pytest.mark.parametrize("host", HOSTS)
def test_nothing_speaks_against_two_blank_hosts(host: str) -> None:
    decided = decide(host=host)

    assert decided["problems"] == []
    assert decided["is_fresh"] is True
    assert decided["is_dual"] is False


@pytest.mark.parametrize(
    ("reason", "survey", "wanted"),
    [
        ("unknown_system", {"family": ""}, {}),
        ("wrong_host", {"node": "alpha.example.org"}, {}),
        ("no_module", {"missing_modules": ["gfs2"]}, {}),
        ("unstable_name", {}, {"disk": "/dev/sdb"}),
        ("unstable_name", {}, {"disk": "/dev/disk/by-id/"}),
        ("wrong_address", {"addresses": ["10.0.2.0"]}, {}),
        ("one_second_address", {}, {"links": {"alpha": ["10.0.1.0", "10.0.2.0"], "beta": ["b"]}}),
        ("unknown_name", {"resolved": {"alpha": ["10.0.1.0"], "beta": []}}, {}),
        ("time_difference", {"time": 1100.0}, {}),
        ("unknown_host", {}, {"primary": "gamma"}),
        ("unknown_host", {}, {"sync_source": "gamma"}),
        ("no_fencing", {}, {"has_fencing": False}),
        ("mount_point_in_use", {"mounts": [{"device": "/dev/sdb1", "path": "/clustered"}]}, {}),
        ("is_gfs2", {"drbd": {**RESOURCE, "dual": True}}, {"is_gfs2": False}),
    ],
)
def test_what_can_not_work_is_refused_with_its_reason(
    reason: str, survey: dict[str, Any], wanted: dict[str, Any]
) -> None:
    assert reasons(decide(survey_of(0, **survey), **wanted)["problems"]) == [reason]


@pytest.mark.parametrize(
    ("distribution", "package"),
    [
        ("debian", "linux-image-amd64"),
        ("ubuntu", "linux-modules-extra-6.1.0"),
        ("rocky", "kmod-drbd9x"),
    ],
)
def test_the_package_that_has_the_module_is_named(distribution: str, package: str) -> None:
    survey = survey_of(0, missing_modules=["drbd"], distribution=distribution)

    assert package in decide(survey)["problems"][0]


def test_a_name_that_the_role_writes_need_not_be_known() -> None:
    unknown = survey_of(0, resolved={name: [] for name in HOSTS})
    decided = decide(unknown, manages_hosts=True)

    assert decided["problems"] == []
    assert decided["unnamed"] == ["alpha", "beta"]


def test_a_name_that_leads_elsewhere_is_written() -> None:
    elsewhere = survey_of(0, resolved={"alpha": ["127.0.1.1"], "beta": ["10.0.1.1"]})

    assert decide(elsewhere)["problems"] == []
    assert decide(elsewhere)["unnamed"] == ["alpha"]


@pytest.mark.parametrize("disk", ["/dev/vg0/data", "/dev/mapper/vg0-data", "/dev/disk/by-path/x"])
def test_names_that_stay_are_taken(disk: str) -> None:
    assert decide(disk=disk)["problems"] == []


def test_ext4_needs_no_fencing_and_looks_at_no_cluster() -> None:
    foreign = survey_of(0, corosync=BODY.replace("alpha", "gamma"))

    assert decide(foreign, is_gfs2=False, has_fencing=False)["problems"] == []


def with_corosync(*texts: str, unit: dict[str, str] | None = None, body: str = BODY) -> Any:
    """What is decided where the hosts have these corosync.conf."""
    units = {**dict.fromkeys(UNITS, OFF), "corosync": unit or ON}
    surveys = [survey_of(number, corosync=t, units=units) for number, t in enumerate(texts)]
    return decide(*surveys, corosync=body)


def version(number: int, text: str = BODY) -> str:
    """The text with that version."""
    return text.replace("config_version: 1", f"config_version: {number}")


OTHER_TOKEN = BODY.replace("5000", "8000")


@pytest.mark.parametrize(
    ("texts", "body", "becomes"),
    [
        ((), BODY, BODY),
        ((READYMADE, READYMADE), BODY, BODY),
        ((version(7), version(7)), BODY, version(7)),
        ((version(7), version(7)), OTHER_TOKEN, version(8, OTHER_TOKEN)),
        # An earlier run has reached one host only.
        ((version(7), ""), BODY, version(7)),
        ((version(8, OTHER_TOKEN), version(7)), OTHER_TOKEN, version(9, OTHER_TOKEN)),
    ],
)
def test_the_version_goes_up_when_anything_else_changes(
    texts: tuple[str, ...], body: str, becomes: str
) -> None:
    decided = with_corosync(*texts, body=body)

    assert decided["corosync"] == becomes
    assert decided["problems"] == []


@pytest.mark.parametrize(
    "body",
    [BODY.replace("name: pair", "name: other"), BODY.replace("ring0_addr: 10.0.1.1", "")],
    ids=["cluster_name", "links"],
)
def test_what_corosync_can_not_change_while_it_runs_is_refused(body: str) -> None:
    assert reasons(with_corosync(BODY, BODY, body=body)["problems"]) == ["needs_restart"]
    assert with_corosync(BODY, BODY, body=body, unit=OFF)["problems"] == []


def test_the_cluster_that_debian_comes_with_is_nobodys() -> None:
    decided = with_corosync(READYMADE, READYMADE)

    assert decided["is_readymade"] is True
    assert decided["problems"] == []
    assert decided["idle_units"] == ["corosync", "pacemaker"]


def test_a_cluster_of_others_is_refused() -> None:
    foreign = BODY.replace("alpha", "gamma")
    used = survey_of(0, corosync=READYMADE, cib={"nodes": [], "resources": ["somebodys"]})

    assert reasons(with_corosync(foreign, unit=OFF)["problems"]) == ["foreign_cluster"]
    assert reasons(decide(used)["problems"]) == ["foreign_cluster"]
    assert "somebody else" in with_corosync("totem {\n}\n")["problems"][0]


def test_keys_that_differ_are_refused() -> None:
    other = survey_of(1, key={**KEY, "fingerprint": "two"})

    assert reasons(decide(survey_of(0, key=KEY), other)["problems"]) == ["different_keys"]


def test_the_key_comes_from_the_host_that_has_it() -> None:
    decided = decide(survey_of(0), survey_of(1, key=KEY))

    assert decided["key_holder"] == "beta"
    assert decided["keyless"] == ["alpha"]
    assert decide()["key_holder"] == "alpha"


def test_a_key_that_others_can_read_is_written_again() -> None:
    assert decide(survey_of(0, key={**KEY, "mode": "0644"}), survey_of(1, key=KEY))["keyless"] == [
        "alpha"
    ]


@pytest.mark.parametrize(
    ("now", "primary", "roles"),
    [
        (("", ""), "alpha", ["primary", "secondary"]),
        (("", ""), "beta", ["secondary", "unmanaged"]),  # alpha's data win first
        (("Primary", "Secondary"), "alpha", ["primary", "secondary"]),
        (("Primary", "Secondary"), "beta", ["secondary", "unmanaged"]),  # after alpha's step back
        (("Secondary", "Secondary"), "beta", ["secondary", "primary"]),
    ],
)
def test_nobody_is_promoted_beside_a_primary(
    now: tuple[str, str], primary: str, roles: list[str]
) -> None:
    surveys = [
        survey_of(number, drbd={"configured": bool(role), "dual": False, "role": role})
        for number, role in enumerate(now)
    ]

    decided = [decide(*surveys, host=host, is_gfs2=False, primary=primary) for host in HOSTS]

    assert [one["role"] for one in decided] == roles


def test_before_gfs2_nobody_is_primary() -> None:
    primary = survey_of(0, drbd={**RESOURCE, "role": "Primary"})

    assert decide(primary)["role"] == "secondary"


def test_the_roles_of_two_primaries_are_left_to_pacemaker() -> None:
    surveys = [survey_of(number, drbd={**RESOURCE, "dual": True}) for number in range(2)]

    assert [decide(*surveys, host=host)["role"] for host in HOSTS] == ["unmanaged", "unmanaged"]


def test_units_that_are_off_are_left_alone() -> None:
    masked = {"LoadState": "masked", "ActiveState": "inactive", "UnitFileState": "masked"}
    units = {"corosync": ON, "pacemaker": ON, "dlm": masked, "drbd": OFF}
    decided = decide(survey_of(0, units=units))

    assert decided["unwanted_units"] == []
    assert decided["idle_units"] == []


def test_units_of_packages_that_are_missing_are_put_off_too() -> None:
    decided = decide(survey_of(0, units={}))

    assert decided["unwanted_units"] == [
        {"name": "dlm", "masked": True, "state": "", "found": False},
        {"name": "drbd", "found": False},
    ]
    assert decide(survey_of(0, units={}), is_gfs2=False)["unwanted_units"] == [
        {"name": "drbd", "found": False}
    ]


def test_a_lock_manager_that_runs_by_itself_is_stopped() -> None:
    units = {**dict.fromkeys(UNITS, OFF), "dlm": ON}

    assert decide(survey_of(0, units=units))["unwanted_units"][0]["state"] == "stopped"


@pytest.mark.parametrize(
    ("found", "named", "reason"),
    [
        ({}, "", []),
        ({"type": "", "uuid": ""}, "", []),
        ({"type": "gfs2", "uuid": "a"}, "", []),
        ({"type": "ext4", "uuid": "a"}, "a", []),
        ({"type": "ext4", "uuid": "a"}, "", ["has_ext4"]),
        ({"type": "ext4", "uuid": "a"}, "b", ["has_ext4"]),
        ({"type": "xfs", "uuid": "a"}, "a", ["has_xfs"]),
    ],
)
def test_only_the_ext4_that_is_named_is_given_up(
    found: dict[str, str], named: str, reason: list[str]
) -> None:
    assert reasons(pair_replacing_problems(found, "/dev/drbd0", named)) == reason


BLANK = {
    "path": "/dev/vdb",
    "signatures": [],
    "system": False,
    "problem": "",
    "mounts": [],
    "partitions": [],
}


@pytest.mark.parametrize(
    ("differences", "reason"),
    [
        ({}, []),
        ({"signatures": [{"type": "drbd"}]}, []),
        ({"signatures": [{"type": "ext4"}]}, ["has_ext4"]),
        ({"signatures": [{"type": "gpt"}], "partitions": [{}]}, ["has_gpt"]),
        ({"partitions": [{}]}, ["has_partitions"]),
        ({"mounts": [{"path": "/"}]}, ["mounted"]),
        ({"system": True}, ["system_disk"]),
        ({"problem": "unreadable"}, ["probe_failed"]),
    ],
)
def test_a_disk_that_is_not_blank_is_refused(
    differences: dict[str, Any], reason: list[str]
) -> None:
    assert reasons(pair_disk_problems({**BLANK, **differences})) == reason


WHOLE = {"role": "Primary", "connected": True, "up_to_date": True, "problem": None}
CLUSTER = {
    "mounts": [{"node": "alpha", "path": "/clustered"}],
    "fencing": {"devices": [{"started_on": ["beta"]}]},
}


def test_a_whole_pair_has_no_faults() -> None:
    assert pair_faults(WHOLE, CLUSTER, "alpha", wanted_of()) == []
    assert pair_faults(WHOLE, {}, "alpha", wanted_of(is_gfs2=False)) == []
    other = {**WHOLE, "role": "Secondary"}
    assert pair_faults(other, {}, "beta", wanted_of(is_gfs2=False)) == []


@pytest.mark.parametrize(
    ("resource", "cluster", "fault"),
    [
        ({"role": "Secondary"}, {}, "r0 is Secondary and not Primary"),
        ({"up_to_date": False}, {}, "not all data are on both sides yet"),
        ({"connected": False}, {}, "it is not connected: the other host is away"),
        ({"connected": False, "problem": {"message": "why"}}, {}, "it is not connected: why"),
        ({}, {"mounts": []}, "GFS2 is not mounted at /clustered"),
        ({}, {"fencing": {"devices": [{"started_on": []}]}}, "no fence device is started"),
    ],
)
def test_what_is_missing_is_said(
    resource: dict[str, Any], cluster: dict[str, Any], fault: str
) -> None:
    found = pair_faults({**WHOLE, **resource}, {**CLUSTER, **cluster}, "alpha", wanted_of())

    assert found == [fault]


def test_a_resource_that_is_not_there_is_down() -> None:
    assert pair_faults({}, {}, "alpha", wanted_of())[0] == "r0 is down and not Primary"
