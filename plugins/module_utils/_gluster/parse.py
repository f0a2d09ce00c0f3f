# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the gluster CLI prints, made into the model. Pure.

Exit status is not the truth under ``--xml``: a refused operation exits with 0 and says so in
``opRet``; only where there is no XML does the status count (cli/src/cli-rpc-ops.c, measured on
10.3 and 11.1).

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from xml.etree import ElementTree

from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError
from ansible_collections.clustered.storage.plugins.module_utils._gluster.model import (
    PEER_IN_CLUSTER,
    Brick,
    BrickStatus,
    HealCount,
    Layout,
    Peer,
    Quota,
    Task,
    TaskNode,
    Volume,
)

TRANSPORTS = {"0": "tcp", "1": "rdma", "2": "tcp,rdma"}
TASK_KINDS = {"Rebalance": "rebalance", "Remove brick": "remove-brick"}

# Nothing has been done yet when glusterd answers so; asking again is safe.
LOCKED = re.compile(
    r"Another transaction (is|could be) in progress|Locking failed on|Unable to acquire lock"
)
DAEMON_DOWN = re.compile(r"Connection failed|gluster daemon is operational")
TIMED_OUT = re.compile(r"Request timed out")
# Refusals of glusterd that come up only on another machine, where nothing could look before.
REMEDIES = (
    (
        r"part of another cluster",
        "other_pool",
        "Take it out of its pool there (gluster peer detach), or make it a new machine.",
    ),
    (
        r"already part of a volume|parent directory .* is already part",
        "brick_in_use",
        "Run clustered.storage.gluster_brick on that machine: it tells debris from data. To adopt "
        "what the directory holds, allow_brick_reuse: true.",
    ),
    (
        r"not proper UTF-8|PCDATA invalid Char",
        "unreadable_option",
        "An option of the volume shown here has a value that XML can not hold: gluster volume "
        "reset VOLUME OPTION, or set it anew.",
    ),
    (
        r"trusted.gfid attribute on path",
        "no_directory",
        "A limit needs its directory: make it through a mount of the volume first.",
    ),
    (
        r"[Qq]uorum (is )?not met",
        "no_quorum",
        "Too few nodes of the pool are connected; bring them back first.",
    ),
)
SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgtp]?)(?:i?b|bytes)?", re.IGNORECASE)
SIZE_UNITS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}


def parse_reply(argv: Sequence[str], rc: int, stdout: str, stderr: str) -> str:
    """The command's answer, freed from noise before its XML; raises when it says it failed."""
    start = stdout.find("<?xml")
    answer = stdout[start:] if start >= 0 else stdout
    failure = failed_reply(answer) if start >= 0 else (stderr or stdout) if rc else ""
    if failure:
        raise tool_error(argv, failure.strip())
    return answer


def failed_reply(answer: str) -> str:
    """The words of a reply in XML that reports a failure, "" for success."""
    root = parse_xml(answer)
    if root.findtext("opRet", "0") == "0":
        return ""
    words = root.findtext("opErrstr") or ""
    return words.strip() or f"error {root.findtext('opErrno', 'without a number')}"


def parse_xml(answer: str) -> ElementTree.Element:
    """The root of an answer in XML."""
    try:
        return ElementTree.fromstring(answer)
    except ElementTree.ParseError as error:
        raise StorageError(
            "unexpected_output",
            f"gluster answered with something that is not the XML it should be: {answer[:200]!r}.",
            "Run the command by hand to see why; the collection needs GlusterFS 6 or later.",
        ) from error


def tool_error(argv: Sequence[str], words: str) -> StorageError:
    """The error for a command that failed, by what it said."""
    tried = f"{shlex.join(argv)} failed: {words}"
    tried = tried if tried.endswith(".") else tried + "."
    if LOCKED.search(words):
        return StorageError(
            "locked", tried, "Another command is at work in the pool; run it again."
        )
    if DAEMON_DOWN.search(words):
        return StorageError("daemon_down", tried, "Start glusterd on this machine first.")
    for pattern, reason, remedy in REMEDIES:
        if re.search(pattern, words):
            return StorageError(reason, tried, remedy)
    if TIMED_OUT.search(words):
        return StorageError(
            "timeout", tried, "glusterd may still be at it: run this again to see and go on."
        )
    return StorageError("tool_failed", tried, "Nothing after this command was done.")


def parse_pool(answer: str) -> tuple[Peer, ...]:
    """``pool list``: this node, which it calls ``localhost``, and the peers, by their names."""
    peers = (parse_peer(node) for node in parse_xml(answer).iter("peer"))
    return tuple(sorted(peers, key=lambda peer: (not peer.is_self, peer.hostname)))


def parse_peer(node: ElementTree.Element) -> Peer:
    """One peer; this node itself comes without state and is in the cluster by definition."""
    hostname = node.findtext("hostname", "")
    is_self = hostname == "localhost"
    names = [name.text or "" for name in node.iterfind("hostnames/hostname")]
    return Peer(
        uuid=node.findtext("uuid", ""),
        hostname=hostname,
        hostnames=tuple(dict.fromkeys([hostname, *names])),
        connected=node.findtext("connected") == "1",
        state=PEER_IN_CLUSTER if is_self else int(node.findtext("state", "-1")),
        state_text="Peer in Cluster" if is_self else node.findtext("stateStr", "unknown"),
        is_self=is_self,
    )


def parse_volumes(answer: str) -> tuple[Volume, ...]:
    """``volume info``: every volume, in glusterd's order."""
    return tuple(parse_volume(node) for node in parse_xml(answer).iterfind(".//volumes/volume"))


def parse_volume(node: ElementTree.Element) -> Volume:
    """One volume. distCount is left alone: its meaning changed between releases."""
    return Volume(
        name=node.findtext("name", ""),
        id=node.findtext("id", ""),
        status=node.findtext("statusStr", "").lower(),
        transport=TRANSPORTS.get(node.findtext("transport", "0"), "tcp"),
        layout=Layout(
            replicas=int(node.findtext("replicaCount", "1")),
            arbiters=int(node.findtext("arbiterCount", "0")),
            disperses=int(node.findtext("disperseCount", "0")),
            redundancies=int(node.findtext("redundancyCount", "0")),
        ),
        bricks=tuple(parse_brick(brick) for brick in node.iterfind("bricks/brick")),
        options={
            option.findtext("name", ""): option.findtext("value", "")
            for option in node.iterfind("options/option")
        },
        snapshots=int(node.findtext("snapshotCount", "0")),
    )


def parse_brick(node: ElementTree.Element) -> Brick:
    """One brick: its name is an element of its own, the text around it is the same again."""
    host, _colon, path = node.findtext("name", "").rpartition(":")
    return Brick(host, path, node.findtext("hostUuid", ""))


def parse_status(answer: str) -> tuple[BrickStatus, ...]:
    """``volume status``: the brick processes, without the daemons (they have no absolute path)."""
    nodes = parse_xml(answer).iterfind(".//volume/node")
    return tuple(parse_brick_status(n) for n in nodes if n.findtext("path", "").startswith("/"))


def parse_healers_down(answer: str) -> tuple[str, ...]:
    """``volume status``: the nodes whose self-heal daemon does not run."""
    nodes = parse_xml(answer).iterfind(".//volume/node")
    return tuple(
        node.findtext("path", "")
        for node in nodes
        if node.findtext("hostname") == "Self-heal Daemon" and node.findtext("status") != "1"
    )


def parse_brick_status(node: ElementTree.Element) -> BrickStatus:
    """One brick process; anything but status 1 is not online."""
    return BrickStatus(
        host=node.findtext("hostname", ""),
        path=node.findtext("path", ""),
        host_uuid=node.findtext("peerid", ""),
        online=node.findtext("status") == "1",
        port=parse_number(node.findtext("port")),
        pid=parse_number(node.findtext("pid")),
    )


def parse_number(text: str | None) -> int | None:
    """A count, or None for the dashes and blanks which mean that it is not known."""
    return int(text) if text and text.strip().isdigit() else None


def parse_tasks(answer: str) -> tuple[Task, ...]:
    """``volume status``: the last long operation of each kind that glusterd remembers."""
    return tuple(
        Task(
            kind=TASK_KINDS.get(node.findtext("type", ""), node.findtext("type", "")),
            id=node.findtext("id", ""),
            status=node.findtext("statusStr", ""),
            bricks=tuple(brick.text or "" for brick in node.iterfind("params/brick")),
        )
        for node in parse_xml(answer).iterfind(".//tasks/task")
    )


def parse_heal(answer: str) -> tuple[HealCount, ...]:
    """``heal info summary``: counts of each brick, unknown for one that did not answer."""
    return tuple(
        HealCount(
            brick=node.findtext("name", ""),
            host_uuid=node.get("hostUuid", ""),
            # 10.3 prints the next line into the status of a brick that is down.
            status=node.findtext("status", "").replace("totalNumberOfEntries0", ""),
            pending=parse_number(node.findtext("totalNumberOfEntries")),
            split_brain=parse_number(node.findtext("numberOfEntriesInSplitBrain")),
        )
        for node in parse_xml(answer).iterfind(".//bricks/brick")
    )


def parse_heal_entries(answer: str) -> dict[str, frozenset[str]]:
    """``heal info``: by brick what others have missed of what it has, as gfid or path."""
    return {
        node.findtext("name", ""): frozenset(
            file.get("gfid") or file.text or "" for file in node.iterfind("file")
        )
        for node in parse_xml(answer).iterfind(".//bricks/brick")
    }


def parse_option_names(answer: str) -> tuple[str, ...]:
    """``volume get V all`` or ``volume set help-xml``: the full names of all options."""
    root = parse_xml(answer)
    names = [node.text for node in root.iter("Option")] or [node.text for node in root.iter("name")]
    return tuple(name.strip() for name in names if name)


def parse_option_values(answer: str) -> dict[str, str]:
    """``volume get all all``: the pool's own options; values that were never set are marked."""
    return {
        node.findtext("Option", ""): node.findtext("Value", "").replace(" (DEFAULT)", "")
        for node in parse_xml(answer).iter("Opt")
    }


def parse_option_group(text: str) -> dict[str, str]:
    """A file of /var/lib/glusterd/groups: one ``option=value`` a line."""
    pairs = [line.split("=", 1) for line in text.splitlines() if "=" in line]
    return {name.strip(): value.strip() for name, value in pairs if not name.startswith("#")}


def parse_quotas(answer: str) -> tuple[Quota, ...]:
    """``volume quota V list``: the limits in bytes."""
    return tuple(
        Quota(
            path=node.findtext("path", ""),
            hard_bytes=int(node.findtext("hard_limit", "0")),
            soft_percent=parse_percent(node.findtext("soft_limit_percent", "")),
        )
        for node in parse_xml(answer).iter("limit")
    )


def parse_percent(text: str) -> int | None:
    """A percentage such as ``80%``."""
    return parse_number(text.strip().rstrip("%"))


def parse_size(text: str) -> int | None:
    """Bytes of ``10MB``, ``10.0MB``, ``1GiB`` or ``4096``; None for anything else."""
    match = SIZE.fullmatch(text.strip())
    if match is None:
        return None
    number, unit = match.groups()
    return int(float(number) * 1024 ** SIZE_UNITS[unit.lower()])


def parse_task_nodes(answer: str) -> tuple[TaskNode, ...]:
    """``rebalance`` or ``remove-brick status``: each node that has a part in it."""
    return tuple(
        TaskNode(
            host=node.findtext("nodeName", ""),
            host_uuid=node.findtext("id", ""),
            status=node.findtext("statusStr", "unknown"),
            files=int(node.findtext("files", "0")),
            failures=int(node.findtext("failures", "0")),
            skipped=int(node.findtext("skipped", "0")),
        )
        for node in parse_xml(answer).iterfind(".//node")
    )


def parse_release(text: str) -> str:
    """``gluster --version``: the release, as in 10.3."""
    first = text.split("\n", maxsplit=1)[0]
    return first.removeprefix("glusterfs ").strip()
