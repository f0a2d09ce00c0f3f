# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""This machine as a module sees it, and a cluster that is nothing but its CIB in a file."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ansible_collections.clustered.storage.plugins.module_utils._cluster.model import (
    Cluster,
    Node,
)
from ansible_collections.clustered.storage.plugins.module_utils._cluster.parse import (
    parse_cluster,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.host import AnsibleHost
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Plan, Unread
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.model import (
    Corosync,
    DrbdSettings,
    Preflight,
    State,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.plan import plan_cluster
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.read import read_state
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.wanted import (
    Wanted,
    WantedFenceDevice,
    WantedFileSystem,
)

NODES = ("node1", "node2")
STATE = (
    '<node_state id="{n}" uname="node{n}" in_ccm="true" crmd="online" join="member" '
    'expected="member"><transient_attributes id="{n}"><instance_attributes id="status-{n}"/>'
    '</transient_attributes><lrm id="{n}"><lrm_resources/></lrm></node_state>'
)
CIB = """<cib crm_feature_set="3.10.0" validate-with="{schema}" epoch="5" num_updates="0"
 admin_epoch="0" have-quorum="1" dc-uuid="1">
<configuration><crm_config><cluster_property_set id="cib-bootstrap-options">
<nvpair id="name" name="cluster-name" value="pair"/></cluster_property_set></crm_config>
<nodes><node id="1" uname="node1"/><node id="2" uname="node2"/></nodes>
<resources>{resources}</resources><constraints>{constraints}</constraints></configuration>
<status>{status}</status></cib>"""
OWN = {"stonith-enabled": "true", "no-quorum-policy": "freeze"}
FENCE = WantedFenceDevice("fence", "fence_lab", {"plug": "x"})


class LocalModule:
    """What AnsibleHost needs of a module."""

    def get_bin_path(self, name: str) -> str | None:
        """The path of a program."""
        return shutil.which(name)

    def run_command(
        self, argv: Sequence[str], environ_update: dict[str, str], data: str, **_others: Any
    ) -> tuple[int, str, str]:
        """Its status, output and errors."""
        done = subprocess.run(
            argv,
            input=data,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **environ_update},
        )
        return done.returncode, done.stdout, done.stderr


def host() -> AnsibleHost:
    """This machine."""
    return AnsibleHost(LocalModule())


def write_cib(
    path: Path, resources: str = "", constraints: str = "", schema: str = "pacemaker-3.9"
) -> str:
    """A CIB in a file; both nodes are online."""
    status = "".join(STATE.format(n=number) for number in (1, 2))
    text = CIB.format(schema=schema, resources=resources, constraints=constraints, status=status)
    path.write_text(text)
    return text


def cluster_in(path: Path) -> Cluster:
    """The cluster that the file describes; the tools are asked, and nothing runs."""
    environment = {**os.environ, "CIB_file": str(path)}

    def ask(*argv: str) -> str:
        return subprocess.run(
            argv, env=environment, check=True, capture_output=True, text=True
        ).stdout

    cluster = parse_cluster(
        ask("cibadmin", "--query"), ask("crm_mon", "--output-as=xml", "--inactive")
    )
    assert cluster.members == tuple(Node(name, "online") for name in NODES)
    return cluster


def wanted_on(device: str, **others: Any) -> Wanted:
    """A file system on that device, with DRBD and fencing."""
    given: dict[str, Any] = {
        "properties": OWN,
        "fence_devices": (FENCE,),
        "drbd_resource": "r0",
        "drbd_id": "drbd_r0",
        "filesystem_id": "fs_web",
        "file_system": WantedFileSystem(device, "/clustered", "web", journal_size_mib=8),
    }
    return Wanted(**{**given, **others})


def state_of(cluster: Cluster, **parts: Any) -> State:
    """The state of a node of it, with what a file can not tell."""
    given: dict[str, Any] = {
        "node": "node1",
        "corosync": Corosync("pair", 2),
        "agents": {"fence_lab": frozenset({"plug"})},
        "drbd": (DrbdSettings(True, "resource-and-stonith", "C"),),
        "preflight": Preflight(machine_id="m"),
    }
    return State(cluster, **{**given, **parts})


def planned(state: State, wanted: Wanted) -> Plan[State]:
    """The plan; what it asks for is read from this machine, by real tools."""
    machine, read = host(), read_state(wanted)
    while True:
        try:
            return plan_cluster(state, wanted)
        except Unread as unread:
            state = read(machine, state, unread.part)


def objects(text: str) -> dict[str, str]:
    """The objects of a CIB, canonical, by their ids."""
    root = ElementTree.fromstring(text)
    return {
        one.get("id", ""): ElementTree.canonicalize(
            ElementTree.tostring(one, encoding="unicode"), strip_text=True
        )
        for section in ("crm_config", "resources", "constraints")
        for one in root.iterfind(f"configuration/{section}/*")
    }
