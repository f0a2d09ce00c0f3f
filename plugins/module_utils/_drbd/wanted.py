# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module parameters made into what is wanted: defaults, normal forms, validation. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import format_names
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Refusal

# Both parsers take these for a name, and it names a file.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
NODE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
PATH = re.compile(r"/[A-Za-z0-9_.:/@%+,=-]+")
OPTION = re.compile(r"[a-z][a-z0-9-]*")
# What drbdsetup takes for a secret at most, drbd_limits.h: SHARED_SECRET_MAX.
SECRET_BYTES = 64
PORTS = range(1, 65536)
MINORS = range(1 << 20)
NODE_IDS = range(32)
LEAST_NODES = 2
SECTIONS = ("net", "disk", "handlers", "startup", "options")
FENCING = "resource-and-stonith"
WORDS = {"True": "yes", "False": "no"}


@dataclass(frozen=True)
class Node:
    """A machine of the resource; its id matters to DRBD 9 only."""

    name: str
    address: str
    port: int
    id: int

    @property
    def family(self) -> str:
        """The kind of its address, in DRBD's word."""
        return "ipv6" if ":" in self.address else "ipv4"


@dataclass(frozen=True)
class WantedVolume:
    """A volume, with the path of its disk by node."""

    number: int
    minor: int
    disks: Mapping[str, str]
    meta_disk: str = "internal"


@dataclass(frozen=True)
class WantedResource:
    """A resource as the user wants it; "" for what is not given."""

    name: str
    state: str
    nodes: tuple[Node, ...] = ()
    volumes: tuple[WantedVolume, ...] = ()
    protocol: str = "C"
    secret: str = field(default="", repr=False)
    hmac: str = "sha256"
    fencing: str = ""
    two_primaries: bool = False
    sections: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    metadata: str = "create_if_blank"
    initial_sync: str = "none"
    sync_source: str = ""
    role: str = "unmanaged"
    wait_for: str = "connected"
    timeout: int = 300
    victim: str = ""
    discard: str = ""
    allow_pretended_fencing: bool = False

    @property
    def minors(self) -> tuple[int, ...]:
        """The minor numbers of its volumes."""
        return tuple(volume.minor for volume in self.volumes)

    def peers(self, node: str) -> tuple[Node, ...]:
        """The other nodes."""
        return tuple(one for one in self.nodes if one.name != node)


def wanted_resource(params: Mapping[str, Any]) -> WantedResource:
    """The parameters of drbd_resource."""
    wanted = WantedResource(
        name=params["name"],
        state=params["state"],
        nodes=wanted_nodes(params["nodes"] or (), params["port"]),
        volumes=wanted_volumes(params["volumes"] or ()),
        protocol=params["protocol"],
        secret=params["shared_secret"] or "",
        hmac=params["cram_hmac_alg"],
        fencing=params["fencing"] or "",
        two_primaries=params["allow_two_primaries"],
        sections={name: wanted_options(name, params[name] or {}) for name in SECTIONS},
        metadata=params["metadata"],
        initial_sync=params["initial_sync"],
        sync_source=params["sync_source"] or "",
        role=params["role"],
        wait_for=params["wait_for"],
        timeout=params["timeout"],
        victim=params["split_brain_victim"] or "",
        discard=params["split_brain_discard"] or "",
        allow_pretended_fencing=params["allow_pretended_fencing"],
    )
    refuse_name(wanted)
    if wanted.state == "up":
        for refuse in (refuse_nodes, refuse_volumes, refuse_secret, refuse_sync, refuse_victim):
            refuse(wanted)
        refuse_two_primaries(wanted)
    return wanted


def wanted_nodes(given: Sequence[Mapping[str, Any]], port: int) -> tuple[Node, ...]:
    """The nodes; ids are their places in the list."""
    return tuple(
        Node(
            one["name"],
            normal_address(one["address"]),
            one.get("port") or port,
            place if one.get("node_id") is None else one["node_id"],
        )
        for place, one in enumerate(given)
    )


def normal_address(text: str) -> str:
    """An address in its shortest form; anything else as it is, to be refused."""
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        return text


def wanted_volumes(given: Sequence[Mapping[str, Any]]) -> tuple[WantedVolume, ...]:
    """The volumes in the order of their numbers."""
    volumes = (
        WantedVolume(one["number"], one["minor"], dict(one["disks"]), one["meta_disk"])
        for one in given
    )
    return tuple(sorted(volumes, key=lambda volume: volume.number))


def wanted_options(section: str, given: Mapping[str, Any]) -> dict[str, str]:
    """The options of a section in DRBD's words; what is null is left out."""
    found = {}
    for name, value in given.items():
        word = str(name).replace("_", "-")
        text = WORDS.get(str(value), str(value))
        if not OPTION.fullmatch(word) or not is_quotable(text):
            raise Refusal(
                "bad_option",
                f"{section} has {word!r} with a name or value that no configuration can hold.",
                "Names are in DRBD's own words; values have no quotes, backslashes or line breaks.",
            )
        if value is not None:
            found[word] = text
    return found


def is_quotable(text: str) -> bool:
    """Whether a configuration can hold it between quotes."""
    return text.isprintable() and '"' not in text and "\\" not in text


def refuse_name(wanted: WantedResource) -> None:
    """The name is that of a file too, and all is what drbdadm calls every resource."""
    if not NAME.fullmatch(wanted.name) or wanted.name in ("all", "global_common"):
        raise Refusal(
            "bad_name",
            f"{wanted.name!r} can not be the name of a resource.",
            "Use letters, digits, dots, dashes and underscores, 64 at most; not all.",
        )


def doubles(values: Iterable[Any]) -> list[str]:
    """What occurs more than once."""
    return [str(value) for value, count in Counter(values).items() if count > 1]


def refuse_doubles(reason: str, what: str, values: Iterable[Any]) -> None:
    """Each is there once."""
    found = doubles(values)
    if found:
        raise Refusal(reason, f"{what} given more than once: {format_names(found)}.", "Correct it.")


def refuse_nodes(wanted: WantedResource) -> None:
    """At least two machines that can be told apart."""
    nodes = wanted.nodes
    if len(nodes) < LEAST_NODES:
        raise Refusal(
            "not_two_nodes",
            f"nodes names {len(nodes)} machines; a resource has at least {LEAST_NODES}.",
            "List every machine of the resource, this one too.",
        )
    for node in nodes:
        refuse_node(node)
    refuse_doubles("duplicate_node", "Nodes", (node.name for node in nodes))
    refuse_doubles("duplicate_address", "Addresses", (node.address for node in nodes))
    refuse_doubles("duplicate_node_id", "Values of node_id", (node.id for node in nodes))
    if len({node.family for node in nodes}) > 1:
        raise Refusal(
            "bad_address",
            f"IPv4 and IPv6 are mixed: {format_names(node.address for node in nodes)}.",
            "Use one of them for all the nodes.",
        )


def refuse_node(node: Node) -> None:
    """A machine that DRBD can be told of."""
    if not NODE_NAME.fullmatch(node.name):
        raise Refusal(
            "bad_name", f"{node.name!r} is no host name.", "Give what uname -n prints there."
        )
    try:
        useless = (address := ipaddress.ip_address(node.address)).is_unspecified
        useless = useless or address.is_multicast
    except ValueError:
        useless = True
    if useless:
        raise Refusal(
            "bad_address",
            f"{node.address!r} of {node.name} is not an address that a peer can reach.",
            "Give an IPv4 or IPv6 address, not a name: DRBD does not look names up.",
        )
    if node.port not in PORTS or node.id not in NODE_IDS:
        raise Refusal(
            "bad_port",
            f"Port {node.port} or node_id {node.id} of {node.name} is out of range.",
            "Ports go from 1 to 65535, node ids from 0 to 31.",
        )


def refuse_volumes(wanted: WantedResource) -> None:
    """Volumes that can be told apart, with a disk on every node."""
    if not wanted.volumes:
        raise Refusal("no_volumes", "No volume is given.", "List at least one in volumes.")
    refuse_doubles("duplicate_volume", "Volume numbers", (one.number for one in wanted.volumes))
    refuse_doubles("duplicate_minor", "Minor numbers", wanted.minors)
    for node in wanted.nodes:
        disks = [volume.disks.get(node.name, "") for volume in wanted.volumes]
        refuse_doubles("duplicate_disk", f"Disks of {node.name}", (d for d in disks if d))
    for volume in wanted.volumes:
        refuse_volume(volume, [node.name for node in wanted.nodes])


def refuse_volume(volume: WantedVolume, nodes: Sequence[str]) -> None:
    """A volume that DRBD can be told of."""
    if volume.number not in range(1 << 16) or volume.minor not in MINORS:
        raise Refusal(
            "bad_number",
            f"Volume {volume.number} with minor {volume.minor} is out of range.",
            "Volumes go from 0 to 65535, minors from 0 to 1048575.",
        )
    missing = [name for name in nodes if name not in volume.disks]
    unknown = [name for name in volume.disks if name not in nodes]
    if missing or unknown:
        raise Refusal(
            "no_disk",
            f"The disks of volume {volume.number} miss {format_names(missing) or 'nobody'}, and "
            f"name {format_names(unknown) or 'nobody'} who is not in nodes.",
            "Give the path of one disk for every node.",
        )
    paths = [*volume.disks.values()]
    paths += [] if volume.meta_disk == "internal" else [volume.meta_disk]
    for path in paths:
        if not PATH.fullmatch(path):
            raise Refusal(
                "bad_disk",
                f"{path!r} is not the path of a device.",
                "Give an absolute path, best a link below /dev/disk/by-id or a logical volume.",
            )


def refuse_secret(wanted: WantedResource) -> None:
    """A secret that the configuration can hold; it is not shown."""
    secret = wanted.secret
    if len(secret.encode()) > SECRET_BYTES or not is_quotable(secret):
        raise Refusal(
            "bad_secret",
            f"shared_secret is longer than {SECRET_BYTES} bytes, or has a character that a "
            "configuration can not hold.",
            "Use letters, digits and signs other than quotes and backslashes.",
        )


def refuse_sync(wanted: WantedResource) -> None:
    """The node whose data win the first sync is named."""
    names = [node.name for node in wanted.nodes]
    if wanted.initial_sync != "none" and not wanted.sync_source:
        raise Refusal(
            "no_sync_source",
            f"initial_sync: {wanted.initial_sync} needs sync_source: whose data are the good ones?",
            f"Name one of {format_names(names)}.",
        )
    refuse_unknown("sync_source", wanted.sync_source, names)


def refuse_unknown(option: str, value: str, names: Sequence[str]) -> None:
    """It is one of the nodes."""
    if value and value not in names:
        raise Refusal(
            f"unknown_{option}",
            f"{option} is {value!r}, which is none of the nodes.",
            f"Name one of {format_names(names)}.",
        )


def refuse_victim(wanted: WantedResource) -> None:
    """Whose changes are thrown away is said twice: by the node, and by what it holds."""
    if bool(wanted.victim) != bool(wanted.discard):
        raise Refusal(
            "victim_not_confirmed",
            "split_brain_victim and split_brain_discard go together.",
            "Name the node whose changes go, and the current UUID of its data "
            "(drbd_resource_info there shows it).",
        )
    refuse_unknown("split_brain_victim", wanted.victim, [node.name for node in wanted.nodes])


def refuse_two_primaries(wanted: WantedResource) -> None:
    """What can be said of dual primary without looking at anything."""
    if not wanted.two_primaries:
        return
    if wanted.protocol != "C":
        raise Refusal(
            "protocol_not_c",
            f"allow_two_primaries with protocol {wanted.protocol}: a write would be confirmed "
            "before the other side has it.",
            "Use protocol: C.",
        )
    if wanted.fencing != FENCING:
        raise Refusal(
            "no_fencing",
            "allow_two_primaries without fencing: when the nodes lose each other, both would go "
            "on writing, and one of them would have to be thrown away.",
            f"Give fencing: {FENCING}, and working fence devices in Pacemaker.",
        )
