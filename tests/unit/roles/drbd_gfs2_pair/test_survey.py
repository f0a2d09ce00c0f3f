# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role finds out about a host, and what it makes of tools that are not there."""

from __future__ import annotations

import importlib.util
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[4] / "roles/drbd_gfs2_pair/files/survey.py"
Tool = Callable[[str, str], None]


def load() -> ModuleType:
    """The script."""
    spec = importlib.util.spec_from_file_location("drbd_gfs2_pair_survey", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


program = load()


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty root directory."""
    monkeypatch.setattr(program, "ROOT", tmp_path)
    return tmp_path


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tool:
    """Puts a tool on a path that has no others but a shell's."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setattr(program, "PATH", str(folder))

    def put(name: str, script: str) -> None:
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(stat.S_IRWXU)

    return put


def write(root: Path, path: str, text: str) -> None:
    """A file below that root."""
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ('ID=debian\nVERSION_ID="12"\n', "Debian"),
        ("ID=ubuntu\nID_LIKE=debian\n", "Debian"),
        ('ID="rhel"\nID_LIKE="fedora"\n', "RedHat"),
        ('ID="almalinux"\nID_LIKE="rhel centos fedora"\n', "RedHat"),
        ("ID=arch\n", ""),
        ("", ""),
    ],
)
def test_the_family_is_that_of_os_release(text: str, family: str) -> None:
    assert program.parse_system(text)["family"] == family


def test_a_package_that_is_half_removed_is_missing(tool: Tool) -> None:
    tool(
        "dpkg-query",
        r"printf 'corosync installed\nlibc6:amd64 installed\ndlm-controld config-files\n'",
    )

    missing = program.missing_packages("Debian", ["corosync", "libc6", "dlm-controld", "pacemaker"])

    assert missing == ["dlm-controld", "pacemaker"]


def test_packages_of_enterprise_linux_are_asked_of_rpm(tool: Tool) -> None:
    tool("rpm", r"printf 'corosync\npacemaker\n'")

    assert program.missing_packages("RedHat", ["corosync", "dlm"]) == ["dlm"]


def test_a_module_that_modprobe_does_not_find_is_missing(tool: Tool) -> None:
    tool("modprobe", "[ $3 = drbd ]")

    assert program.missing_modules(["drbd", "gfs2"]) == ["gfs2"]


@pytest.mark.usefixtures("tool")
def test_without_modprobe_every_module_is_missing() -> None:
    assert program.missing_modules(["drbd"]) == ["drbd"]


def test_units_are_told_apart_by_their_order() -> None:
    text = (
        "LoadState=loaded\nActiveState=active\nUnitFileState=enabled\n\n"
        "LoadState=masked\nActiveState=inactive\nUnitFileState=masked\n"
    )

    units = program.parse_units(text, ["corosync", "dlm", "ufw"])

    assert units["corosync"] == {
        "LoadState": "loaded",
        "ActiveState": "active",
        "UnitFileState": "enabled",
    }
    assert units["dlm"]["LoadState"] == "masked"
    assert units["ufw"]["ActiveState"] == ""


def test_the_key_is_never_told(root: Path) -> None:
    write(root, "etc/corosync/authkey", "very secret")
    (root / "etc/corosync/authkey").chmod(0o400)

    key = program.key_of_corosync()

    assert key["there"] is True
    assert key["mode"] == "0400"
    assert "secret" not in str(key)
    write(root, "other/etc/corosync/authkey", "another")
    assert len(key["fingerprint"]) == 16


def test_keys_that_differ_have_fingerprints_that_differ(root: Path) -> None:
    write(root, "etc/corosync/authkey", "one")
    one = program.key_of_corosync()
    write(root, "etc/corosync/authkey", "two")

    assert program.key_of_corosync()["fingerprint"] != one["fingerprint"]


@pytest.mark.usefixtures("root")
def test_without_a_key_there_is_no_fingerprint() -> None:
    assert program.key_of_corosync() == {"there": False, "fingerprint": "", "mode": ""}


@pytest.mark.parametrize(
    ("text", "dual"),
    [
        ("net {\n    allow-two-primaries yes;\n}\n", True),
        ("net {\n    allow-two-primaries;\n}\n", True),
        ("net {\n    allow-two-primaries no;\n}\n", False),
        ("# allow-two-primaries yes;\n", False),
    ],
)
def test_two_primaries_are_seen_in_the_configuration(root: Path, text: str, dual: bool) -> None:
    write(root, "etc/drbd.d/r0.res", text)

    seen = program.resource_of_drbd("r0")

    assert seen["configured"] is True
    assert seen["dual"] is dual


@pytest.mark.parametrize("answer", ["Primary/Secondary", "Primary"])  # DRBD 8.4, DRBD 9
def test_the_role_is_the_one_on_this_side(root: Path, tool: Tool, answer: str) -> None:
    write(root, "etc/drbd.d/r0.res", "resource r0 {}\n")
    tool("drbdadm", f"echo {answer}")

    assert program.resource_of_drbd("r0")["role"] == "Primary"


def test_a_resource_that_is_down_has_no_role(root: Path, tool: Tool) -> None:
    write(root, "etc/drbd.d/r0.res", "resource r0 {}\n")
    tool("drbdadm", "exit 10")

    assert program.resource_of_drbd("r0")["role"] == ""


def test_nodes_and_resources_are_those_of_the_cib() -> None:
    text = (
        "<cib><configuration><nodes><node id='1' uname='node1'/></nodes>"
        "<resources><primitive id='fence'/><clone id='dlm-clone'/></resources>"
        "</configuration></cib>"
    )

    assert program.parse_cib(text) == {"nodes": ["node1"], "resources": ["fence", "dlm-clone"]}
    assert program.parse_cib("") == {"nodes": [], "resources": []}


def status_of(state: str, quorum: str) -> str:
    """What crm_mon prints of two nodes, the second of them in that state."""
    node = '<node name="{}" online="{}" pending="{}" unclean="{}"/>'
    nodes = node.format("node1", "true", "false", "false")
    nodes += node.format(
        "node2",
        str(state != "offline").lower(),
        str(state == "pending").lower(),
        str(state == "unclean").lower(),
    )
    return (
        f'<pacemaker-result><summary><current_dc with_quorum="{quorum}"/></summary>'
        f"<nodes>{nodes}</nodes></pacemaker-result>"
    )


@pytest.mark.parametrize("state", ["offline", "pending", "unclean"])
def test_a_node_that_is_not_ready_is_not_online(state: str) -> None:
    seen = program.parse_members(status_of(state, "true"))

    assert seen == {"online": ["node1"], "quorum": True}


def test_waiting_tells_what_is_missing_when_time_is_up(tool: Tool) -> None:
    tool("crm_mon", f"echo '{status_of('offline', 'false')}'")

    assert program.wait_for_members(["node1", "node2"], 0)["missing"] == ["node2 online", "quorum"]


def test_waiting_ends_at_once_when_nothing_is_missing(tool: Tool) -> None:
    tool("crm_mon", f"echo '{status_of('online', 'true')}'")

    assert program.wait_for_members(["node1", "node2"], 3600)["missing"] == []


def test_what_is_mounted_elsewhere_is_left_out(root: Path) -> None:
    write(
        root,
        "proc/self/mounts",
        "/dev/vda / ext4 rw 0 0\ntmpfs /drbd tmpfs rw 0 0\n/dev/nowhere /mnt xfs rw 0 0\n",
    )

    seen = program.mounts_of("/dev/no-such-drbd", "/drbd")

    assert seen == [{"device": "tmpfs", "path": "/drbd", "type": "tmpfs"}]


def test_the_file_system_is_what_blkid_says(tool: Tool) -> None:
    tool("blkid", r"printf 'DEVNAME=/dev/drbd0\nUUID=ab-cd\nTYPE=ext4\n'")

    assert program.file_system_of("/dev/drbd0") == {"type": "ext4", "uuid": "ab-cd"}


# --- packages that do not go with each other

LIBRARY = "libstonithd.so.26"
WORDS_ONLY = '[[ $in_ccm = false ]] || [[ $crmd != "online" ]]\n'
HANDLER = "usr/lib/drbd/crm-fence-peer.sh"


@pytest.mark.parametrize(
    ("version", "script", "outdated"),
    [
        ("2.1.5", WORDS_ONLY, False),
        ("2.1.7", WORDS_ONLY, True),
        ("3.0.0", WORDS_ONLY, True),
        ("3.0.0", WORDS_ONLY + "[[ $in_ccm = 0 ]]\n", False),
        ("3.0.0", "stonith_admin --tolerance 5s --fence $DRBD_PEER\n", False),
        ("3.0.0", "", False),
    ],
)
def test_handler_has_to_understand_pacemaker(
    root: Path, tool: Tool, version: str, script: str, outdated: bool
) -> None:
    write(root, HANDLER, script)
    tool("pacemakerd", f"echo 'Pacemaker {version}'; echo 'Written by Andrew Beekhof'")

    assert [one.split(":")[0] for one in program.fencing_problems()] == (
        ["handler_outdated"] if outdated else []
    )


def test_every_handler_that_is_outdated_is_named(root: Path, tool: Tool) -> None:
    tool("pacemakerd", "echo 'Pacemaker 3.0.0'")
    write(root, "usr/lib/drbd/crm-fence-peer.9.sh", WORDS_ONLY)
    assert program.fencing_problems()[0].startswith(
        "handler_outdated: /usr/lib/drbd/crm-fence-peer.9.sh can not"
    )

    write(root, HANDLER, WORDS_ONLY)
    assert f"/{HANDLER} and /usr/lib/drbd/crm-fence-peer.9.sh can" in program.fencing_problems()[0]


@pytest.mark.parametrize(
    ("there", "config", "missing"),
    [
        ("libstonithd.so.56", "", True),
        (LIBRARY, "", False),
        ("libstonithd.so.56", "fence_all dlm_stonith\n", True),
        ("libstonithd.so.56", "fence_all /usr/local/sbin/other\n", False),
    ],
)
def test_library_of_dlms_agent_has_to_be_there(
    root: Path, tool: Tool, there: str, config: str, missing: bool
) -> None:
    write(root, "etc/dlm/dlm.conf", config)
    (root / "usr/sbin").mkdir(parents=True)
    (root / "usr/sbin/dlm_stonith").write_bytes(b"\x7fELF\0" + LIBRARY.encode() + b"\0")
    tool("ldconfig", f"printf '\\t%s (libc6,x86-64) => /lib/x\\n' {there}")
    problems = program.fencing_problems()

    assert [one.split(":")[0] for one in problems] == (["dlm_can_not_fence"] if missing else [])
    assert all(LIBRARY in one for one in problems)


@pytest.mark.usefixtures("root", "tool")
def test_where_nothing_is_installed_nothing_is_unfit() -> None:
    assert program.fencing_problems() == []
