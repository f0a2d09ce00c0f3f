# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What drbdsetup, drbdadm, drbdmeta and the kernel's log say, made into the model. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.clustered.storage.plugins.module_utils._drbd.model import (
    DIALECT_84,
    DISKLESS,
    OFF,
    STANDALONE,
    UNKNOWN_DISK,
    Connection,
    Identifiers,
    PeerVolume,
    Status,
    Volume,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError

HIDDEN = "(hidden)"
SECRET = re.compile(r"(--shared-secret[= ]|shared-secret\s+)(\"[^\"]*\"|(?:\\.|[^\s;\\])+)")
# drbdsetup prints what C makes of 0/0, which JSON does not know.
NOT_A_NUMBER = re.compile(r":\s*-?(?:nan|inf)\b")
COMMENT = re.compile(r"#.*")
NODE_STATE = re.compile(r"\bin_ccm\b|\$crmd\b")
TOKEN = re.compile(r"\"[^\"]*\"|[{};]|[^\s{};\"]+")
HOST_BLOCK = re.compile(r"\bon\s+\"?([^\s{\"]+)\"?\s*\{")
VERSION_CODE = re.compile(r"^DRBDADM_VERSION_CODE=0x([0-9a-fA-F]+)", re.MULTILINE)
IDENTIFIER_COUNT = 4


def scrub(text: str, secret: str = "") -> str:
    """The text without the shared secret."""
    for spelling in (shlex.quote(secret), secret) if secret else ():
        text = text.replace(spelling, HIDDEN)
    return SECRET.sub(lambda found: found.group(1) + HIDDEN, text)


# ---- the state of resources ----


def parse_statuses(dialect: str, text: str) -> tuple[Status, ...]:
    """All the resources that are up."""
    return parse_statuses_84(text) if dialect == DIALECT_84 else parse_statuses_9(text)


def parse_status(dialect: str, text: str, name: str) -> Status | None:
    """The resource of that name, None where it is not up."""
    return next((one for one in parse_statuses(dialect, text) if one.name == name), None)


def parse_statuses_9(text: str) -> tuple[Status, ...]:
    """``drbdsetup status --json``; fields come and go with the versions."""
    try:
        found = json.loads(NOT_A_NUMBER.sub(": null", text)) if text.strip() else []
    except json.JSONDecodeError as error:
        raise unexpected(text) from error
    return tuple(status_9(one) for one in found)


def unexpected(text: str) -> StorageError:
    """The error for an answer that nobody understands."""
    return StorageError(
        "unexpected_output",
        f"drbdsetup answered with something unexpected: {scrub(text)[:200]!r}.",
        "drbd-utils 9.0 or later is needed; see that it matches the kernel's DRBD.",
    )


def status_9(one: Mapping[str, Any]) -> Status:
    """A resource."""
    why = [key for key in ("user", "no-data", "fencing", "quorum") if one.get(f"suspended-{key}")]
    suspended = ",".join(why) or ("yes" if one.get("suspended") else "")
    return Status(
        one["name"],
        one.get("role", "Unknown"),
        suspended,
        tuple(volume_9(volume) for volume in one.get("devices", ())),
        tuple(connection_9(peer) for peer in one.get("connections", ())),
    )


def volume_9(one: Mapping[str, Any]) -> Volume:
    """A volume on this side."""
    return Volume(
        int(one["volume"]),
        int(one["minor"]),
        one.get("disk-state", DISKLESS),
        one.get("size"),
        one.get("open"),
        bool(one.get("quorum", True)),
    )


def connection_9(one: Mapping[str, Any]) -> Connection:
    """A connection; the key of its volumes is spelled with an underscore."""
    volumes = one.get("peer_devices", one.get("peer-devices", ()))
    return Connection(
        one.get("name", ""),
        one.get("connection-state", "Unknown"),
        one.get("peer-role", "Unknown"),
        tuple(peer_volume_9(volume) for volume in volumes),
    )


def peer_volume_9(one: Mapping[str, Any]) -> PeerVolume:
    """A volume on the other side; the rate is that of the last seconds."""
    syncing = one.get("replication-state", OFF) not in (OFF, "Established")
    left = one.get("estimated-seconds-to-finish") if syncing else None
    suspended = one.get("resync-suspended", "no")
    return PeerVolume(
        int(one["volume"]),
        one.get("replication-state", OFF),
        one.get("peer-disk-state", UNKNOWN_DISK),
        one.get("out-of-sync"),
        one.get("percent-resync-done", one.get("percent-in-sync")) if syncing else None,
        one.get("db1/dt1 [MiB/s]") if syncing else None,
        # What drbdsetup says when nothing moves.
        None if left in (None, 987654321) else int(left),
        "" if suspended == "no" else suspended,
    )


def parse_statuses_84(text: str) -> tuple[Status, ...]:
    """``drbdsetup status --verbose --statistics`` of 8.4: a resource a paragraph."""
    return tuple(status_84(part) for part in re.split(r"\n\s*\n", text) if part.strip())


def status_84(text: str) -> Status:
    """A resource. Lines are wrapped, and so do not count: only the order of the words does."""
    words = text.split()
    peer = words.index("peer") if "peer" in words else len(words)
    first = next((at for at, word in enumerate(words) if word.startswith("volume:")), peer)
    first = min(first, peer)
    head = fields(words[1:first])
    if "role" not in head:
        raise unexpected(text)
    suspended = head.get("suspended", "no")
    return Status(
        words[0],
        head["role"],
        "" if suspended == "no" else suspended,
        tuple(volume_84(one) for one in split_volumes(words[first:peer])),
        # 8.4 forgets a connection that was given up: the rest of the world calls it StandAlone.
        (connection_84(words[peer + 1 :]) if peer < len(words) else Connection("", STANDALONE),),
    )


def fields(words: Iterable[str]) -> dict[str, str]:
    """``key:value`` words."""
    return dict(word.split(":", 1) for word in words if ":" in word)


def split_volumes(words: list[str]) -> list[dict[str, str]]:
    """The fields of each volume."""
    starts = [at for at, word in enumerate(words) if word.startswith("volume:")]
    return [fields(words[at:end]) for at, end in zip(starts, [*starts[1:], len(words)])]


def volume_84(one: Mapping[str, str]) -> Volume:
    """A volume on this side."""
    size = one.get("size")
    return Volume(
        int(one["volume"]),
        int(one["minor"]),
        one.get("disk", DISKLESS),
        int(size) if size else None,
    )


def connection_84(words: list[str]) -> Connection:
    """The connection; its peer has no name here."""
    first = next((at for at, word in enumerate(words) if word.startswith("volume:")), len(words))
    head = fields(words[:first])
    return Connection(
        "",
        head.get("connection", "Unknown"),
        head.get("role", "Unknown"),
        tuple(peer_volume_84(one) for one in split_volumes(words[first:])),
    )


def peer_volume_84(one: Mapping[str, str]) -> PeerVolume:
    """A volume on the other side."""
    done, left, suspended = one.get("done"), one.get("out-of-sync"), one.get("resync-suspended")
    return PeerVolume(
        int(one["volume"]),
        one.get("replication", OFF),
        one.get("peer-disk", UNKNOWN_DISK),
        int(left) if left else None,
        float(done) if done else None,
        suspended="" if suspended in (None, "no") else suspended,
    )


def with_peer_name(status: Status, peer: str) -> Status:
    """The status with the name of the only peer, where the kernel did not tell it."""
    named = tuple(
        Connection(one.peer or peer, one.state, one.role, one.volumes) for one in status.connections
    )
    return Status(status.name, status.role, status.suspended, status.volumes, named)


# ---- identifiers, versions, files ----


def parse_identifiers(text: str) -> Identifiers | None:
    """``get-gi``: current, bitmap and two older UUIDs, then flags; None where it has none.

    DRBD 9 has a line for each peer; what matters here is the same in all of them.
    """
    found = re.search(r"^([0-9A-Fa-f]{16}(?::[0-9A-Fa-f]{16}){3})((?::\d)*)", text, re.MULTILINE)
    if found is None:
        return None
    uuids = [uuid.upper() for uuid in found.group(1).split(":")]
    flags = [flag == "1" for flag in found.group(2).strip(":").split(":")]
    flags += [False] * (7 - len(flags))
    older = tuple(uuid for uuid in uuids[2:] if int(uuid, 16))
    bitmap = uuids[1] if int(uuids[1], 16) else ""
    consistent, up_to_date, was_primary = flags[:3]
    return Identifiers(uuids[0], bitmap, older, consistent, up_to_date, was_primary, flags[6])


def parse_utils_version(text: str) -> str:
    """``drbdadm --version``: the version of the tools."""
    found = VERSION_CODE.search(text)
    if found is None:
        return ""
    code = int(found.group(1), 16)
    return f"{code >> 16}.{code >> 8 & 0xFF}.{code & 0xFF}"


def parse_adjust(text: str, secret: str) -> tuple[str, ...]:
    """``drbdadm --dry-run adjust``: the commands that it would run, without the secret."""
    lines = (line.strip() for line in text.splitlines())
    return tuple(scrub(line, secret) for line in lines if line and not line.startswith("#"))


def parse_disks(text: str, node: str) -> tuple[str, ...]:
    """The devices that a configuration uses on a node."""
    words: list[str] = []
    blocks: list[list[str]] = []
    found = []
    for word in TOKEN.findall(COMMENT.sub("", text)):
        if word not in ("{", "}", ";"):
            words.append(word.strip('"'))
            continue
        if word == ";" and is_disk(words) and all(is_for(block, node) for block in blocks):
            found.append(words[1])
        if word == "{":
            blocks.append(words)
        elif word == "}":
            blocks[-1:] = []
        words = []
    return tuple(dict.fromkeys(found))


def is_disk(statement: list[str]) -> bool:
    """Whether a statement names a device; a client has "none"."""
    names = statement[:1] in (["disk"], ["meta-disk"], ["flexible-meta-disk"])
    return names and len(statement) > 1 and statement[1].startswith("/")


def is_for(block: list[str], node: str) -> bool:
    """Whether a block is not one for other hosts only."""
    return block[:1] != ["on"] or node in block[1:]


def parse_hosts(text: str) -> tuple[str, ...]:
    """The hosts that a configuration has a block for."""
    return tuple(dict.fromkeys(HOST_BLOCK.findall(COMMENT.sub("", text))))


def knows_only_words(script: str) -> bool:
    """Whether a fence-peer handler takes the states of nodes in the CIB for words.

    crm-fence-peer.sh of drbd-utils 9.22 compares in_ccm with "true" and crmd with "online". Since
    Pacemaker 2.1.7 they are the times since when, and 0: what knows that has a number there.
    """
    lines = [line for line in script.splitlines() if NODE_STATE.search(line)]
    return bool(lines) and not any(re.search(r"\d", line) for line in lines)


def parse_log(text: str, name: str, minors: Iterable[int]) -> tuple[str, ...]:
    """The lines of the kernel's log about a resource, the last of them last.

    8.4: ``drbd r0: ...``, ``block drbd0: ...``. 9: ``drbd r0: ...``, ``drbd r0 peer: ...``,
    ``drbd r0/0 drbd0: ...``.
    """
    devices = "|".join(str(minor) for minor in minors) or "none"
    ours = re.compile(rf"\bdrbd {re.escape(name)}(?:[:/ ])|\bblock drbd(?:{devices}):")
    found = (line[at.start() :] for line in text.splitlines() for at in [ours.search(line)] if at)
    return tuple(line.strip() for line in found)
