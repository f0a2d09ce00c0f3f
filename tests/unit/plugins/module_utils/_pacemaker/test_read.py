# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError
from ansible_collections.clustered.storage.plugins.module_utils._engine.host import Output
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Step
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker import commands, parse
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.info import read_info
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.model import (
    GFS2,
    Content,
    Corosync,
    State,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.plan import plan_cluster
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.read import (
    act,
    read_state,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.secret import (
    HIDDEN,
    hidden,
    scrub,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.wanted import Wanted
from helpers.hosts import ScriptedHost, reply
from helpers.pacemaker import (
    DEVICE,
    FILE_SYSTEM,
    cib,
    cluster_of,
    planned,
    settled,
    state_of,
    wanted_all,
    wanted_fencing,
)
from helpers.recordings import Recording, recording

PACEMAKER, GFS2_UTILS, COROSYNC = "pacemaker-2.1.5", "gfs2-utils-3.5.0", "corosync-3.1.7"
PASSWORD = "s3cret"
HANDLER = '<rsc_location id="drbd-fence-by-handler-r0-x" rsc="x"/></constraints>'


def recorded(version: str, name: str) -> tuple[str, Output]:
    found: Recording = recording(version, name)
    return " ".join(found.argv), reply(found.stdout, found.rc, found.stderr)


def read(host: ScriptedHost, part: str, wanted: Wanted, state: State | None = None) -> State:
    found = read_state(wanted)(host, state or state_of(), part)
    host.verify()
    return found


def reason(host: ScriptedHost, part: str, wanted: Wanted, state: State | None = None) -> str:
    with pytest.raises(StorageError) as caught:
        read(host, part, wanted, state)
    return caught.value.reason


def test_first_read_takes_two_commands() -> None:
    host = ScriptedHost(recorded(PACEMAKER, "cib-running"), recorded(PACEMAKER, "status-running"))
    host.texts["/proc/sys/kernel/hostname"] = "node1\n"
    state = read_state(wanted_all())(host, None, "")

    assert state.node == "node1"
    assert state.cluster
    assert state.cluster.nodes == ("node1", "node2")
    host.verify()


def test_recorded_cluster_is_as_wanted_without_a_step() -> None:
    host = ScriptedHost(
        recorded(PACEMAKER, "cib-running"),
        recorded(PACEMAKER, "status-running"),
        (f"tunegfs2 -l {DEVICE}", recorded(GFS2_UTILS, "superblock")[1]),
        (f"gfs2_edit -p journals {DEVICE}", recorded(GFS2_UTILS, "journals")[1]),
    )
    host.texts["/proc/sys/kernel/hostname"] = "node1"
    host.numbers[DEVICE] = "147:0"
    host.contents[DEVICE] = b"\0" * 512
    device = "/dev/loop4"  # what it was recorded with
    host.links[device] = DEVICE
    wanted = wanted_all(fence_devices=(), file_system=replace(FILE_SYSTEM, device=device))
    reader = read_state(wanted)
    state = reader(host, reader(host, None, ""), "content")

    plan = plan_cluster(state, wanted)
    assert plan.steps == ()
    assert state.content == Content(
        DEVICE, (GFS2,), "12ad65d0-e9e4-5de1-9ba7-a4606ada0472", "pair:web", "lock_dlm", 2
    )
    host.verify()


def test_agent_is_read() -> None:
    host = ScriptedHost(recorded(PACEMAKER, "agent"))

    assert read(host, "agent fence_lab", wanted_fencing()).agents["fence_lab"] == {
        "action", "plug", "passwd", "ip",
    }  # fmt: skip


def test_agent_that_is_not_there_is_none() -> None:
    host = ScriptedHost(recorded(PACEMAKER, "agent-missing"))

    assert read(host, "agent fence_none", wanted_fencing()).agents["fence_none"] is None


def test_agent_that_can_not_be_asked_is_an_error() -> None:
    host = ScriptedHost(("stonith_admin --metadata --agent x", reply("", 1, "broken")))

    assert reason(host, "agent x", wanted_fencing()) == "tool_failed"


def test_corosync_is_read() -> None:
    host = ScriptedHost(recorded(COROSYNC, "names"))

    assert read(host, "corosync", wanted_all()).corosync == Corosync("pair", 1)


def test_drbd_is_read() -> None:
    host = ScriptedHost(("drbdadm dump all", reply("resource r0 {\n  protocol C;\n}\n")))

    assert read(host, "drbd", wanted_all()).drbd != ()


class SimulatingHost(ScriptedHost):
    """A machine whose crm_simulate keeps what it was given."""

    given: str = ""

    def run(self, argv: Any, stdin: str = "") -> Output:
        self.given = stdin
        return super().run(argv)


def test_cib_to_be_simulated_goes_by_standard_input() -> None:
    answer = recorded(PACEMAKER, "simulation-first")
    host = SimulatingHost((" ".join(commands.simulate()), answer[1]))
    state = read(host, "simulate drbd", wanted_all())

    assert state.simulations["drbd"] == parse.parse_simulation(answer[1].stdout)
    assert "drbd_r0-clone" in host.given
    assert "fs_web-clone" not in host.given
    assert PASSWORD in host.given


def test_present_cib_can_be_simulated() -> None:
    host = SimulatingHost((" ".join(commands.simulate()), reply("<pacemaker-result/>")))

    read(host, "simulate unchanged", wanted_all())
    assert "drbd_r0-clone" not in host.given


def test_simulation_that_fails_tells_no_password() -> None:
    words = f'bad <nvpair name="passwd" value="{PASSWORD}"/> and {PASSWORD}'
    host = SimulatingHost((" ".join(commands.simulate()), reply("", 78, words)))
    with pytest.raises(StorageError) as caught:
        read(host, "simulate file_system", wanted_all())

    assert caught.value.reason == "tool_failed"
    assert PASSWORD not in str(caught.value)


# ---- this machine


def test_machine_is_read() -> None:
    host = ScriptedHost(
        (
            " ".join(commands.show_dlm_service()),
            reply("ActiveState=inactive\nUnitFileState=enabled\n"),
        )
    )
    host.folders["/run/systemd/system"] = ()
    host.texts.update(
        {
            "/proc/sys/kernel/osrelease": "6.1.0-cloud\n",
            "/lib/modules/6.1.0-cloud/modules.dep": "kernel/fs/dlm/dlm.ko:\n",
            "/etc/os-release": "ID=debian\n",
            "/etc/fstab": "/dev/x /clustered gfs2\n",
            "/etc/machine-id": "abc\n",
        }
    )
    host.tables = ("1 1 8:1 / /clustered rw - ext4 /dev/sdx rw\n",)
    found = read(host, "preflight", wanted_all()).preflight

    assert found
    assert found.missing_modules == ("gfs2",)
    assert (found.kernel, found.distribution, found.machine_id) == ("6.1.0-cloud", "debian", "abc")
    assert (found.dlm_service, found.mounted) == ("enabled", "/dev/sdx")
    assert [line.target for line in found.fstab if line.target] == ["/clustered"]


@pytest.mark.parametrize(
    ("config", "known", "missing"),
    [
        (None, "\tlibstonithd.so.56 (libc6,x86-64) => /lib/libstonithd.so.56\n", True),
        (None, "\tlibstonithd.so.26 (libc6,x86-64) => /lib/libstonithd.so.26\n", False),
        ("log_debug=1\n# fence_all x\n", "", True),
        ("fence_all dlm_stonith\n", "", True),
        ("log_debug=1\nfence_all /usr/local/sbin/other\n", None, False),
        ("device ipmi /usr/sbin/fence_ipmilan\n", None, False),
    ],
)
def test_agent_of_dlm_needs_its_library(
    config: str | None, known: str | None, missing: bool
) -> None:
    calls = () if known is None else (("ldconfig -p", reply(known)),)
    host = ScriptedHost(*calls)
    host.contents["/usr/sbin/dlm_stonith"] = b"\x7fELF\0libstonithd.so.26\0stonith_api_kick"
    if config is not None:
        host.texts["/etc/dlm/dlm.conf"] = config
    found = read(host, "preflight", wanted_all()).preflight

    assert found
    assert found.fencing_library == ("libstonithd.so.26" if missing else "")
    host.verify()


def test_loaded_module_is_there_whatever_the_listings_say() -> None:
    host = ScriptedHost()
    host.folders.update({"/sys/module/dlm": ("x",), "/sys/module/gfs2": ("x",)})
    found = read(host, "preflight", wanted_all()).preflight

    assert found
    assert (found.missing_modules, found.dlm_service) == ((), "")


def test_room_shows_only_where_it_is_mounted() -> None:
    assert read(ScriptedHost(), "room", wanted_all()).room_mib == 0
    host = ScriptedHost(("gfs2_grow -T /clustered", reply("The file system will grow by 5MB.\n")))
    assert read(host, "room", wanted_all(), settled(wanted_all())).room_mib == 5


def test_device_that_is_filled_has_no_room() -> None:
    words = "The calculated resource group size is too small.\n/clustered has not grown.\n"
    host = ScriptedHost(("gfs2_grow -T /clustered", reply("gfs2_grow complete.\n", 255, words)))

    assert read(host, "room", wanted_all(), settled(wanted_all())).room_mib == 0


def test_growth_that_can_not_be_told_is_an_error() -> None:
    host = ScriptedHost(("gfs2_grow -T /clustered", reply("", 1, "Error reading superblock.")))

    assert reason(host, "room", wanted_all(), settled(wanted_all())) == "tool_failed"


# ---- what is on the device


def below(*signatures: str, contents: bytes = b"") -> ScriptedHost:
    """A machine where DRBD is Secondary: only the disk below can be looked at."""
    listed = ",".join(
        f'{{"type": "{kind}", "offset": "0x0", "uuid": "u-{kind}", "label": ""}}'
        for kind in signatures
    )
    host = ScriptedHost(
        ("drbdadm sh-ll-dev r0", reply("/dev/vdb\n")),
        ("blockdev --flushbufs /dev/vdb", reply("")),
        ("wipefs --json /dev/vdb", reply(f'{{"signatures": [{listed}]}}')),
    )
    host.numbers[DEVICE] = "147:0"
    host.texts["/sys/dev/block/147:0/size"] = "2048\n"
    host.contents["/dev/vdb"] = contents or b"\0" * 2048 * 512
    return host


def test_disk_below_tells_what_drbd_does_not() -> None:
    found = read(below("drbd"), "content", wanted_all()).content

    assert found == Content("/dev/vdb", is_blank=True)


def test_foreign_file_system_on_the_disk_below_is_seen() -> None:
    found = read(below("drbd", "ext4"), "content", wanted_all()).content

    assert found == Content("/dev/vdb", ("ext4",), "u-ext4")


def test_data_at_the_ends_of_the_disk_below_is_seen() -> None:
    found = read(below("drbd", contents=b"\0" * 1_000_000 + b"x" * 48576), "content", wanted_all())

    assert found.content == Content("/dev/vdb")


def volumes(*devices: str) -> ScriptedHost:
    """A resource of two volumes."""
    host = ScriptedHost(
        ("drbdadm sh-ll-dev r0", reply("/dev/vdb\n/dev/vdc\n")),
        ("drbdadm sh-dev r0", reply("\n".join(devices))),
        ("blockdev --flushbufs /dev/vdc", reply("")),
        ("wipefs --json /dev/vdc", reply("")),
    )
    host.numbers[DEVICE] = "147:0"
    host.texts["/sys/dev/block/147:0/size"] = "8\n"
    host.contents["/dev/vdc"] = b"\0" * 4096
    return host


def test_disk_below_is_that_of_the_volume() -> None:
    found = read(volumes("/dev/drbd7", DEVICE), "content", wanted_all()).content

    assert found == Content("/dev/vdc", is_blank=True)


def test_device_of_another_resource_is_refused() -> None:
    with pytest.raises(StorageError) as caught:
        read_state(wanted_all())(volumes("/dev/drbd7", "/dev/drbd8"), state_of(), "content")

    assert caught.value.reason == "no_device"


def test_device_that_is_not_there_is_refused() -> None:
    assert reason(ScriptedHost(), "content", wanted_all()) == "no_device"
    assert reason(ScriptedHost(), "content", wanted_all(drbd_resource="")) == "no_device"


def test_device_that_can_not_be_read_is_refused_without_drbd() -> None:
    host = ScriptedHost()
    host.numbers[DEVICE] = "147:0"

    assert reason(host, "content", wanted_all(drbd_resource="")) == "unreadable"


def test_nothing_is_read_where_no_file_system_is_wanted() -> None:
    assert read(ScriptedHost(), "content", wanted_fencing(), state_of(content=None)).content is None


# ---- acting


class CibHost(ScriptedHost):
    """A machine with a CIB that takes patches; ``answers`` are the statuses of the pushes."""

    def __init__(self, text: str, *answers: int) -> None:
        super().__init__()
        self.cib, self.answers, self.patches = text, list(answers), list[str]()

    def run(self, argv: Any, stdin: str = "") -> Output:
        if tuple(argv) == ("cibadmin", "--query"):
            return reply(self.cib)
        assert tuple(argv) == commands.push_patch()
        self.patches.append(stdin)
        self.cib = self.cib.replace('num_updates="6"', 'num_updates="7"')
        return reply("", self.answers.pop(0), f"no: {stdin}")


def first_push() -> Step:
    return planned(state_of(), wanted_fencing()).steps[0]


def versions(patch: str) -> str:
    source = ElementTree.fromstring(patch).find("version/source")
    assert source is not None
    return str(source.get("num_updates"))


def test_patch_goes_by_standard_input() -> None:
    host = CibHost(cib(), 0)
    act(host, first_push())

    assert len(host.patches) == 1
    assert PASSWORD in host.patches[0]
    assert "node2" in host.patches[0]


def test_status_that_moves_on_is_tried_again_on_its_new_version() -> None:
    host = CibHost(cib(), 103, 0)
    act(host, first_push())

    assert [versions(patch) for patch in host.patches] == ["6", "7"]


def test_what_drbd_writes_meanwhile_is_kept() -> None:
    host = CibHost(cib().replace("</constraints>", HANDLER), 0)
    act(host, first_push())

    assert "drbd-fence-by-handler" not in host.patches[0]


def test_what_somebody_else_writes_meanwhile_is_never_lost() -> None:
    host = CibHost(cib('<primitive id="theirs" class="ocf" type="x"/>'), 0)
    with pytest.raises(StorageError) as caught:
        act(host, first_push())

    assert caught.value.reason == "changed_meanwhile"
    assert host.patches == []


def test_cib_that_never_rests_is_an_error() -> None:
    host = CibHost(cib(), *([103] * 10))
    with pytest.raises(StorageError) as caught:
        act(host, first_push())
    assert caught.value.reason == "changed_meanwhile"


def test_refused_patch_tells_no_password() -> None:
    with pytest.raises(StorageError) as caught:
        act(CibHost(cib(), 78), first_push())

    assert caught.value.reason == "tool_failed"
    assert PASSWORD not in str(caught.value)


def test_device_that_can_not_be_read_any_more_is_not_written_to() -> None:
    (make,) = (s for s in planned(state_of(), wanted_all()).steps if s.command[0] == "mkfs.gfs2")
    with pytest.raises(StorageError) as caught:
        act(ScriptedHost(), make)

    assert caught.value.reason == "not_primary"


def test_plain_step_just_runs() -> None:
    host = ScriptedHost(("crm_resource --cleanup --resource x", reply("")))
    act(host, Step("x", commands.forget_failures("x")))
    host.verify()


# ---- secrets


@pytest.mark.parametrize(
    "name", ["passwd", "password", "login_passwd", "secret_key", "auth_token", "snmp_community"]
)
def test_option_with_a_password_is_hidden(name: str) -> None:
    assert hidden(name, "x") == HIDDEN


@pytest.mark.parametrize("name", ["passwd_script", "identity_file", "plug", "ip"])
def test_option_without_one_is_shown(name: str) -> None:
    assert hidden(name, "x") == "x"
    assert hidden(name, "x", (name,)) == HIDDEN


def test_words_of_a_tool_lose_every_value() -> None:
    xml = '<diff><nvpair name="passwd" value="geheim"/></diff>'

    assert scrub('geheim <nvpair value="other"/>', xml) == f'{HIDDEN} <nvpair value="{HIDDEN}"/>'
    assert scrub("geheim", "no xml") == "geheim"
    assert scrub("plain", "") == "plain"


# ---- info


def test_info_where_pacemaker_does_not_run() -> None:
    host = ScriptedHost(("cibadmin --query", reply("", 102)))

    assert read_info(host, {}) == {"running": False, "cluster": {}, "filesystems": []}


def test_info_tells_each_gfs2() -> None:
    host = ScriptedHost(
        recorded(PACEMAKER, "cib-running"),
        recorded(PACEMAKER, "status-running"),
        ("tunegfs2 -l /dev/loop4", recorded(GFS2_UTILS, "superblock")[1]),
        ("gfs2_edit -p journals /dev/loop4", recorded(GFS2_UTILS, "journals")[1]),
    )
    host.numbers["/dev/loop4"] = "7:4"
    host.contents["/dev/loop4"] = b"\0" * 512
    found = read_info(host, {})

    assert found["filesystems"] == [
        {
            "resource": "fs_web",
            "device": "/dev/loop4",
            "mount_point": "/clustered",
            "mounted_on": ["node1", "node2"],
            "uuid": "12ad65d0-e9e4-5de1-9ba7-a4606ada0472",
            "lock_table": "pair:web",
            "lock_protocol": "lock_dlm",
            "journals": 2,
        }
    ]
    assert "Gehe1mnis" not in str(found)


def test_info_leaves_out_what_can_not_be_read() -> None:
    calls = recorded(PACEMAKER, "cib-running"), recorded(PACEMAKER, "status-running")
    (found,) = read_info(ScriptedHost(*calls), {})["filesystems"]
    assert "uuid" not in found

    host = ScriptedHost(*calls, ("tunegfs2 -l /dev/loop4", reply("", 74, "no GFS2")))
    host.numbers["/dev/loop4"] = "7:4"
    host.contents["/dev/loop4"] = b"\0" * 512
    (found,) = read_info(host, {})["filesystems"]
    assert "uuid" not in found


def test_cluster_of_the_helpers_is_what_the_reader_would_make() -> None:
    assert cluster_of(cib()).nodes == ("node1", "node2")
