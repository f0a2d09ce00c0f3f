# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has to be right before anything is changed, each with its own reason code. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from xml.etree import ElementTree

from ansible_collections.clustered.storage.plugins.module_utils._cluster.model import (
    Cluster,
    FenceDevice,
)
from ansible_collections.clustered.storage.plugins.module_utils._cluster.parse import (
    attributes,
    by_id,
    is_pretender,
    is_true,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import format_names
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Refusal, Unread
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.model import (
    Corosync,
    DrbdSettings,
    Preflight,
    State,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.objects import clone_id
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.wanted import (
    LONGEST_CLUSTER,
    Wanted,
    WantedFenceDevice,
    refuse_name,
)

PAIR = 2
# Options that Pacemaker itself takes of every fence device, and those of all resources.
COMMON_OPTIONS = ("pcmk_", "provides", "stonith-timeout", "priority", "crm_feature_set")
# Roles that keep a resource from doing its work.
IDLE_ROLES = ("Stopped", "Slave", "Unpromoted")
MODULE_PACKAGES = (
    ("debian", "linux-image-amd64 (the cloud kernel of Debian has neither dlm nor gfs2)"),
    ("ubuntu", "linux-modules-extra-{kernel}"),
    ("rhel", "kernel-modules-extra"),
    ("fedora", "kernel-modules-extra"),
    ("suse", "gfs2-kmp-default"),
)


def running(state: State) -> Cluster:
    """The cluster, which has to be there."""
    if state.cluster is None:
        raise Refusal(
            "not_running",
            "Pacemaker does not run on this machine, or its tools are not installed.",
            "Install and start corosync and pacemaker first.",
        )
    return state.cluster


def able_nodes(cluster: Cluster) -> tuple[str, ...]:
    """The nodes on which resources run: online, and neither in standby nor in maintenance."""
    return tuple(sorted(node.name for node in cluster.members if node.state == "online"))


def refuse_cluster(state: State) -> Cluster:
    """A cluster that can not decide anything is not given anything to decide."""
    cluster = running(state)
    if not cluster.has_dc:
        raise Refusal(
            "no_dc",
            "The cluster has not chosen its controller (DC) yet.",
            "Wait until crm_mon -1 shows one, and run this again.",
        )
    if not cluster.has_quorum:
        raise Refusal(
            "no_quorum", "The cluster has no quorum.", "Bring the other nodes back first."
        )
    unclean = [node.name for node in cluster.members if node.state == "unclean"]
    if unclean:
        raise Refusal(
            "node_unclean",
            f"Pacemaker does not know the state of {format_names(unclean)} and is to fence it.",
            "Wait until that is done, or see why it fails (stonith_admin --history '*').",
        )
    if is_true(cluster.properties.get("maintenance-mode", "false")):
        raise Refusal(
            "maintenance",
            "The cluster is in maintenance mode: Pacemaker starts and stops nothing.",
            "End it (crm_attribute --name maintenance-mode --delete), and run this again.",
        )
    return cluster


def refuse_members(state: State, cluster: Cluster, nodes: int | None = None) -> None:
    """What is built first time is built on all members, and on this one."""
    away = [f"{node.name} ({node.state})" for node in cluster.members if node.state != "online"]
    if away:
        raise Refusal(
            "node_offline",
            f"Not all nodes take part: {format_names(away)}.",
            "Bring them back first: what is planned is for all nodes.",
        )
    if state.node not in cluster.nodes:
        raise Refusal(
            "not_a_member",
            f"This machine is {state.node}; the cluster's nodes are {format_names(cluster.nodes)}.",
            "Run the task on a node of the cluster; the name has to be that of uname -n.",
        )
    if nodes is not None and len(cluster.members) != nodes:
        raise Refusal(
            "not_two_nodes",
            f"The cluster has {len(cluster.members)} nodes: {format_names(cluster.nodes)}.",
            "DRBD can be Primary on two nodes. Take a ghost away with crm_node --remove.",
        )


# ---- fencing ----


def refuse_agent(state: State, device: WantedFenceDevice) -> None:
    """A fence agent that is not there, or does not know an option, would fail when it counts."""
    if device.agent not in state.agents:
        raise Unread(f"agent {device.agent}")
    known = state.agents[device.agent]
    if known is None:
        raise Refusal(
            "no_agent",
            f"There is no fence agent {device.agent} on this machine.",
            "Install it (package fence-agents, or one for the agent) on all nodes.",
        )
    # cluster-glue's plugins each have their own options, of which the metadata says nothing.
    odd = [o for o in device.options if o not in known and not o.startswith(COMMON_OPTIONS)]
    if odd and device.agent != "fence_legacy":
        raise Refusal(
            "unknown_option",
            f"{device.agent} has no option {format_names(sorted(odd))}.",
            f"See stonith_admin --metadata --agent {device.agent}.",
        )


def refuse_pretence(wanted: Wanted) -> None:
    """Fencing that claims success on a living node ends in two nodes writing at once."""
    names = [d.id for d in wanted.fence_devices if is_pretender(d.agent, d.options)]
    if names and wanted.present and not wanted.allow_pretended_fencing:
        raise stonith_pretends(names)


def refuse_unfenced(devices: tuple[FenceDevice, ...], wanted: Wanted) -> None:
    """DRBD, DLM and GFS2 need a node to be dead when Pacemaker says so.

    Devices of this task will have been started before.
    """
    coming = {device.id for device in wanted.fence_devices}
    useful = [device for device in devices if not device.unsuited]
    if not useful:
        raise stonith_missing(devices)
    pretending = [device.id for device in devices if device.pretends]
    if pretending and not wanted.allow_pretended_fencing:
        raise stonith_pretends(pretending)
    idle = [one for one in useful if not (one.started_on or one.id in coming)]
    if len(idle) == len(useful):
        words = format_names(
            f"{one.id}{f' ({one.trouble})' if one.trouble else ''}" for one in idle
        )
        raise Refusal(
            "stonith_not_started",
            f"No fence device is started: {words}.",
            "See crm_mon -1 for why; then run this again.",
        )


def refuse_uncovered(devices: tuple[FenceDevice, ...], nodes: tuple[str, ...]) -> None:
    """Each node has to be somebody's target."""
    useful = [device for device in devices if not device.unsuited]
    bare = [node for node in nodes if not any(device.fences(node) for device in useful)]
    if bare:
        raise Refusal(
            "stonith_uncovered",
            f"No fence device fences {format_names(bare)}.",
            "Name all nodes in pcmk_host_list or pcmk_host_map, over all devices together.",
        )


def stonith_missing(devices: tuple[FenceDevice, ...]) -> Refusal:
    """The refusal to go on without fencing."""
    unsuited = format_names(f"{one.id} ({one.agent})" for one in devices)
    return Refusal(
        "stonith_unsuited" if devices else "stonith_missing",
        f"These can not fence a node of DRBD by themselves: {unsuited}."
        if devices
        else "The cluster has no fence device.",
        "Give fence_devices: something that cuts the power of a node, or kills its machine.",
    )


def stonith_pretends(names: Iterable[str]) -> Refusal:
    """The refusal of devices that kill nobody."""
    return Refusal(
        "stonith_pretends",
        f"{format_names(names)} claims success on a living node: both would write at once.",
        "Use an agent that kills. In a lab: allow_pretended_fencing: true.",
    )


# ---- this machine, and the configuration of DRBD ----


def refuse_preflight(state: State, wanted: Wanted) -> None:
    """What would keep the lock manager or the file system from starting, or fight with it."""
    if state.preflight is None:
        raise Unread("preflight")
    refuse_modules(state.preflight)
    if state.preflight.dlm_service:
        raise Refusal(
            "dlm_service_active",
            f"systemd has dlm.service {state.preflight.dlm_service}; Pacemaker is to run it.",
            "systemctl disable --now dlm.service and mask it, on all nodes.",
        )
    refuse_mute_dlm(state.preflight)
    refuse_mounts(state.preflight, wanted)


def refuse_mute_dlm(preflight: Preflight) -> None:
    """DLM lets nobody go on before it knows that the node that was lost is dead."""
    if preflight.fencing_library:
        raise Refusal(
            "dlm_can_not_fence",
            f"DLM's dlm_stonith needs {preflight.fencing_library}, which this version of Pacemaker "
            "does not bring: when a node is lost, the file system would hang on the other, too.",
            "Install a dlm_controld that goes with this Pacemaker, or name another agent in "
            "/etc/dlm/dlm.conf (fence_all) before DLM starts, on all nodes.",
        )


def refuse_modules(preflight: Preflight) -> None:
    """The kernel has to have dlm and gfs2."""
    if not preflight.missing_modules:
        return
    words = preflight.distribution.split()
    package = next((text for name, text in MODULE_PACKAGES if name in words), "")
    hint = package.format(kernel=preflight.kernel) if package else "a kernel that has them"
    raise Refusal(
        "module_missing",
        f"The kernel {preflight.kernel} has no module {format_names(preflight.missing_modules)}.",
        f"Install {hint}, and start that kernel.",
    )


def refuse_mounts(preflight: Preflight, wanted: Wanted) -> None:
    """Pacemaker mounts it, and nobody else."""
    fs = wanted.file_system
    if fs is None:
        return
    for line in preflight.fstab:
        if posixpath.normpath(line.target or ".") == fs.mount_point or line.source == fs.device:
            raise Refusal(
                "fstab_conflict",
                f"/etc/fstab mounts it too: {line.text.strip()}",
                "Take the line away on all nodes: Pacemaker mounts it.",
            )
    if preflight.mounted:
        raise Refusal(
            "mounted",
            f"{preflight.mounted} is mounted at {fs.mount_point}, and not by Pacemaker.",
            "Unmount it first.",
        )


def refuse_drbd(state: State, wanted: Wanted) -> None:
    """DRBD's own configuration has to allow two primaries, and to fence."""
    if state.drbd is None:
        raise Unread("drbd")
    if not state.drbd:
        raise Refusal(
            "drbd_not_configured",
            f"DRBD on this machine has no resource {wanted.drbd_resource}.",
            "Make it first with clustered.storage.drbd_resource, on both nodes.",
        )
    refuse_settings(state.drbd[0], wanted.drbd_resource)


def refuse_settings(settings: DrbdSettings, resource: str) -> None:
    """What a resource with two primaries has to say."""
    if not settings.two_primaries or settings.protocol != "C":
        raise Refusal(
            "drbd_not_dual",
            f"{resource} does not allow two primaries (allow-two-primaries, protocol C).",
            "Set that first with clustered.storage.drbd_resource, on both nodes.",
        )
    if settings.fencing != "resource-and-stonith":
        raise Refusal(
            "drbd_not_fencing",
            f"{resource} has fencing {settings.fencing}, not resource-and-stonith.",
            "Set that first with clustered.storage.drbd_resource, on both nodes.",
        )


def cluster_name(state: State, wanted: Wanted) -> str:
    """The cluster's name by Corosync, which is that of the lock table."""
    if state.corosync is None:
        raise Unread("corosync")
    name = state.corosync.name
    if wanted.cluster_name and wanted.cluster_name != name:
        raise Refusal(
            "cluster_name_mismatch",
            f"Corosync's cluster is {name!r}, not {wanted.cluster_name!r}.",
            "Leave cluster_name out, or see whether this is the right cluster.",
        )
    if not name:
        raise Refusal(
            "cluster_name_mismatch",
            "Corosync has no cluster name (totem.cluster_name).",
            "Give it one; the lock table begins with it.",
        )
    refuse_name("The cluster's name", name, LONGEST_CLUSTER)
    return name


def link_warnings(corosync: Corosync | None) -> tuple[str, ...]:
    """One link between the nodes: when it breaks, one of them is fenced."""
    if corosync is None or corosync.links != 1:
        return ()
    return ("Corosync has only one link between the nodes: when it breaks, one is fenced.",)


# ---- what the administrator has said ----


def refuse_switched_off(cluster: Cluster, resource: str) -> None:
    """Who has disabled a resource, or taken it from Pacemaker, knows why."""
    root = ElementTree.fromstring(cluster.cib)
    for name in (resource, clone_id(resource)):
        found = by_id(root, name)
        meta = {} if found is None else attributes(root, found, "meta_attributes")
        role = meta.get("target-role", "Started")
        if role in IDLE_ROLES or not is_true(meta.get("is-managed", "true")):
            parameter = "target-role" if role in IDLE_ROLES else "is-managed"
            raise Refusal(
                "resource_disabled",
                f"{name} is switched off by hand: {parameter}={meta[parameter]}.",
                f"crm_resource --resource {name} --meta --delete-parameter {parameter}, "
                "when nobody needs it so any more.",
            )
