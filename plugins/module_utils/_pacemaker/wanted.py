# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parameters of pacemaker_gfs2, checked and normalised. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

import posixpath
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.clustered.storage.plugins.module_utils._cluster.parse import is_true
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Refusal

# What GFS2 takes on itself: without fencing it would hang for ever, and a node that has lost
# quorum can not unmount it.
OWN_PROPERTIES = {"stonith-enabled": "true", "no-quorum-policy": "freeze"}
# Pacemaker writes them itself.
PACEMAKERS_PROPERTIES = frozenset(
    {
        "cluster-infrastructure", "cluster-name", "dc-version", "have-watchdog",
        "last-lrm-refresh", "dc-uuid", "have-quorum",
    }
)  # fmt: skip
ID = re.compile(r"[A-Za-z_][A-Za-z0-9._-]*")
# mkfs.gfs2 takes no others, whatever its page says (3.5: at most 32 and 30).
LOCK_NAME = re.compile(r"[A-Za-z0-9_-]+")
LONGEST_CLUSTER, LONGEST_NAME = 32, 30
JOURNAL_MIB = range(8, 1025)
# The agent of Pacemaker 2.1 and earlier takes such an id for the GFS daemon of long ago.
GFS = re.compile("gfs", re.IGNORECASE)


@dataclass(frozen=True)
class WantedFenceDevice:
    """A fence device; ``secrets`` are the names of those ``options`` that nobody may see.

    ``avoid_nodes`` is None where nothing is said about them.
    """

    id: str
    agent: str
    options: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = ()
    monitor_interval: int = 60
    timeout: int = 60
    avoid_nodes: tuple[str, ...] | None = None


@dataclass(frozen=True)
class WantedFileSystem:
    """A GFS2 and where it is mounted; ``journals`` is None for one for each node."""

    device: str
    mount_point: str
    name: str
    mount_options: str = "noatime"
    journals: int | None = None
    journal_size_mib: int | None = None
    create: bool = True
    replace: str = ""
    retune: bool = False
    grow: bool = False


@dataclass(frozen=True)
class Wanted:
    """What the parameters ask for; a part that is empty is left alone."""

    present: bool = True
    properties: Mapping[str, str] = field(default_factory=dict)
    fence_devices: tuple[WantedFenceDevice, ...] = ()
    drbd_resource: str = ""
    file_system: WantedFileSystem | None = None
    cluster_name: str = ""
    dlm_id: str = "dlm"
    drbd_id: str = ""
    filesystem_id: str = ""
    allow_pretended_fencing: bool = False
    timeout: int = 300

    @property
    def needs_fencing(self) -> bool:
        """Whether anything is wanted that would corrupt data, or hang, without fencing."""
        return self.present and bool(self.drbd_resource or self.file_system)


def invalid(what: str, remedy: str) -> Refusal:
    """The refusal of a parameter."""
    return Refusal("invalid_parameter", what, remedy)


def wanted_cluster(params: Mapping[str, Any]) -> Wanted:
    """The parameters as a value."""
    present = params["state"] == "present"
    file_system = wanted_file_system(params)
    drbd, name = params["drbd_resource"] or "", params["filesystem_name"] or ""
    wanted = Wanted(
        present=present,
        properties=wanted_properties(params, present),
        fence_devices=tuple(wanted_device(one, present) for one in params["fence_devices"] or ()),
        drbd_resource=drbd,
        file_system=file_system,
        cluster_name=params["cluster_name"] or "",
        dlm_id=params["dlm_id"],
        drbd_id=params["drbd_id"] or (f"drbd_{drbd}" if drbd else ""),
        filesystem_id=params["filesystem_id"] or (f"fs_{name}" if name else ""),
        allow_pretended_fencing=params["allow_pretended_fencing"],
        timeout=params["timeout"],
    )
    refuse_ids(wanted)
    refuse_name("The cluster's name", wanted.cluster_name, LONGEST_CLUSTER)
    return wanted


def refuse_ids(wanted: Wanted) -> None:
    """Ids that XML can not have, that two objects share, or that mislead an agent."""
    ids = [one.id for one in wanted.fence_devices]
    ids += [one for one in (wanted.drbd_id, wanted.filesystem_id) if one]
    ids += [wanted.dlm_id] if wanted.filesystem_id else []
    for one in ids:
        if not ID.fullmatch(one):
            raise invalid(f"{one!r} can not be an id.", "Letters, digits, '.', '_' and '-' can.")
    twice = [one for one in ids if ids.count(one) > 1]
    if twice:
        raise invalid(f"Two objects are to have the id {twice[0]}.", "Give each its own.")
    if GFS.search(wanted.dlm_id):
        raise Refusal(
            "dlm_id_contains_gfs",
            f"The id {wanted.dlm_id} makes Pacemaker's agent start the GFS daemon of long ago.",
            "Give a dlm_id without gfs.",
        )


def wanted_properties(params: Mapping[str, Any], present: bool) -> dict[str, str]:
    """The cluster's properties, with those that GFS2 takes on itself."""
    given = {name: text_of(value) for name, value in (params["properties"] or {}).items()}
    for name in given:
        if name in PACEMAKERS_PROPERTIES:
            raise invalid(f"Pacemaker writes the property {name} itself.", "Leave it out.")
    if not present:
        return {}
    fencing = next((given[n] for n in ("fencing-enabled", "stonith-enabled") if n in given), "true")
    if not is_true(fencing):
        raise Refusal(
            "stonith_disabled",
            "Fencing is to be switched off. DLM and GFS2 would not start, DRBD would lose data.",
            "Leave stonith-enabled out.",
        )
    if params["device"] and given.get("no-quorum-policy", "freeze") != "freeze":
        raise invalid(
            "A node that has lost quorum could not stop GFS2 with another no-quorum-policy.",
            "Leave it out: it is freeze.",
        )
    return {**OWN_PROPERTIES, **given}


def text_of(value: Any) -> str:
    """A value as the CIB holds it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def wanted_device(given: Mapping[str, Any], present: bool) -> WantedFenceDevice:
    """A fence device."""
    if present and not given["agent"]:
        raise invalid(f"The fence device {given['id']} has no agent.", "Give one.")
    secrets = {name: text_of(value) for name, value in (given["secrets"] or {}).items()}
    options = {name: text_of(value) for name, value in (given["options"] or {}).items()}
    both = sorted(set(secrets) & set(options))
    if both:
        raise invalid(
            f"{given['id']} has {both[0]} both in options and in secrets.", "Give it once."
        )
    for name in ("monitor_interval", "timeout"):
        if given[name] < 1:
            raise invalid(f"{given['id']}: {name} is less than a second.", "Give seconds.")
    return WantedFenceDevice(
        given["id"],
        (given["agent"] or "").removeprefix("stonith:"),
        {**options, **secrets},
        tuple(sorted(secrets)),
        given["monitor_interval"],
        given["timeout"],
        None if given["avoid_nodes"] is None else tuple(given["avoid_nodes"]),
    )


def wanted_file_system(params: Mapping[str, Any]) -> WantedFileSystem | None:
    """The file system, where one is asked for."""
    names = ("device", "mount_point", "filesystem_name")
    missing = [name for name in names if not params[name]]
    if missing == list(names) or params["state"] == "absent":
        return None
    if missing:
        raise invalid(f"{' and '.join(missing)} is missing.", f"Give {', '.join(names)} together.")
    refuse_name("The file system's name", params["filesystem_name"], LONGEST_NAME)
    refuse_paths(params["device"], params["mount_point"])
    journals, size = params["journals"], params["journal_size_mib"]
    if journals is not None and journals < 1:
        raise invalid("A GFS2 has at least one journal.", "Leave journals out: one for each node.")
    if size is not None and size not in JOURNAL_MIB:
        raise invalid(
            f"A journal can not have {size} MiB.",
            f"Give {JOURNAL_MIB[0]} to {JOURNAL_MIB[-1]}.",
        )
    return WantedFileSystem(
        params["device"],
        posixpath.normpath(params["mount_point"]),
        params["filesystem_name"],
        params["mount_options"],
        journals,
        size,
        params["create_filesystem"] == "if_blank",
        wanted_uuid(params["replace_filesystem"] or ""),
        params["lock_table"] == "retune",
        params["grow"],
    )


def refuse_paths(device: str, mount_point: str) -> None:
    """Paths that mean the same on all nodes."""
    for path in (device, mount_point):
        if not path.startswith("/"):
            raise invalid(f"{path} is not an absolute path.", "Give one that begins with /.")
    if posixpath.normpath(mount_point) == "/":
        raise invalid("Nothing is mounted over the root of the system.", "Give a directory.")


def refuse_name(what: str, name: str, longest: int) -> None:
    """A part of a lock table that mkfs.gfs2 would not take; "" is not given."""
    if name and not (LOCK_NAME.fullmatch(name) and len(name) <= longest):
        raise invalid(
            f"{what} can not be {name!r} in a lock table.",
            f"At most {longest} letters, digits, '_' and '-'.",
        )


def wanted_uuid(text: str) -> str:
    """A UUID in the usual writing, "" where none is given."""
    try:
        return str(uuid.UUID(text)) if text else ""
    except ValueError:
        raise invalid(
            f"replace_filesystem is {text!r}, which is no UUID.",
            "Name the file system that may go by its UUID (blkid).",
        ) from None
