# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A model of DRBD 8.4 on two machines, as their tools show it: metadata, roles, handshakes, syncs.

It forbids what may never happen: metadata made over anything, data overwritten that exist nowhere
else and that nobody gave up by name.
"""

from __future__ import annotations

import contextlib
import json
import shlex
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from ansible_collections.clustered.storage.plugins.module_utils._drbd.model import (
    FRESH_UUID,
    is_same_uuid,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.converge import Life, live
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError
from ansible_collections.clustered.storage.plugins.module_utils._engine.host import Output
from ansible_collections.clustered.storage.plugins.modules import drbd_resource
from helpers.build import params
from helpers.hosts import Clock

MIB = 1024 * 1024
DISK = "/dev/vdb"
SIZE = 64 * MIB
NODES = ("node1", "node2")
ADDRESSES = {"node1": "10.77.0.11", "node2": "10.77.0.12"}
SECRET = "a-well-kept-secret"
SYNC_LOOKS = 3
CONFIG = "/etc/drbd.d/r0.res"
NOTHING = "0" * 16
SPLIT_BRAIN = "Split-Brain detected but unresolved, dropping connection!"


class Forbidden(BaseException):
    """Something that may never happen, whatever was asked for."""


def resource_params(**given: Any) -> dict[str, Any]:
    """Parameters of drbd_resource, of the pair r0 unless told otherwise."""
    usual = {
        "name": "r0",
        "nodes": [{"name": name, "address": ADDRESSES[name]} for name in NODES],
        "volumes": [{"disks": dict.fromkeys(NODES, DISK)}],
        "shared_secret": SECRET,
    }
    return params(drbd_resource.ARGUMENT_SPEC, {**usual, **given})


def resource_life(**given: Any) -> Life[Any]:
    return drbd_resource.life(resource_params(**given))


def blank_file(length: int, is_zero: bool) -> bytes:
    return bytes(length) if is_zero else b"\1" * length


@dataclass
class SimNode:
    """One machine. ``content`` is what its disk holds besides DRBD's metadata."""

    name: str
    loaded: bool = True
    loadable: str = "8.4.11"
    config: str | None = None
    mode: int = 0o600
    content: str = ""
    # Of the metadata; None where there are none.
    current: str | None = None
    bitmap: str = NOTHING
    history: tuple[str, ...] = ()
    consistent: bool = False
    up_to_date: bool = False
    # The writes that its data hold.
    data: frozenset[int] = frozenset()
    running: str | None = None
    role: str = "Secondary"
    disk: str = "Diskless"
    connection: str = "StandAlone"
    peer_disk: str = "DUnknown"
    replication: str = "Off"
    discards: bool = False
    held: bool = False
    log: list[str] = field(default_factory=list)

    @property
    def is_up(self) -> bool:
        return self.running is not None

    @property
    def is_fresh(self) -> bool:
        return self.current == FRESH_UUID

    @property
    def attached(self) -> bool:
        return self.disk != "Diskless"

    def say(self, words: str) -> None:
        self.log.append(f"drbd r0: {words}")


class Pair:
    """Two machines and the wire between them."""

    def __init__(self) -> None:
        self.nodes = {name: SimNode(name) for name in NODES}
        self.wire = True
        self.hangs_up = False
        self.cluster: tuple[str, str] | None = None
        self._numbers = count(1)
        self._left = 0

    def __getitem__(self, name: str) -> SimNode:
        return self.nodes[name]

    def other(self, node: SimNode) -> SimNode:
        return next(one for one in self.nodes.values() if one is not node)

    def uuid(self) -> str:
        return f"{0xA000000000000000 + next(self._numbers) * 0x10:016X}"

    # --- what the kernel does

    def write(self, name: str) -> None:
        """Something is written on a Primary."""
        node = self[name]
        token = next(self._numbers)
        node.data |= {token}
        peer = self.other(node)
        if node.connection == "Connected" and peer.disk in ("UpToDate", "Inconsistent"):
            peer.data |= {token}
        elif node.bitmap == NOTHING:
            node.bitmap, node.current = node.current or NOTHING, self.uuid()

    def tick(self) -> None:
        """A moment passes: who waits for each other meets, and a sync goes on."""
        one, two = self.nodes.values()
        if self.wire and one.connection == two.connection == "Connecting":
            self.handshake(one, two)
        if "SyncTarget" in (one.replication, two.replication):
            self._left -= 1
            if self._left <= 0:
                self.finish_sync()

    def handshake(self, one: SimNode, two: SimNode) -> None:
        for node in (one, two):
            node.say("Handshake successful: Agreed network protocol version 101")
        both = one.role == two.role == "Primary"
        if secret_of(one) != secret_of(two):
            self.drop("Authentication of peer failed", one, two)
        elif settings_of(one) != settings_of(two):
            self.drop("incompatible allow-two-primaries settings", one, two)
        elif both and "allow-two-primaries yes" not in str(one.running):
            self.drop(SPLIT_BRAIN, one, two)
        else:
            self.compare(one, two)

    def compare(self, one: SimNode, two: SimNode) -> None:
        """Whose data go where, from the identifiers of both."""
        new = one.is_fresh and two.is_fresh
        if new or is_same_uuid(str(one.current), str(two.current)):
            self.establish(one, two)
        elif two.is_fresh or is_ancestor(two, one):
            self.begin_sync(one, two)
        elif one.is_fresh or is_ancestor(one, two):
            self.begin_sync(two, one)
        elif not related(one, two):
            self.drop("Unrelated data, aborting!", one, two)
        elif one.discards != two.discards:
            self.begin_sync(*((two, one) if one.discards else (one, two)))
        else:
            self.drop(SPLIT_BRAIN, one, two)

    def drop(self, words: str, *nodes: SimNode) -> None:
        """Both have looked; or the first to look has hung up, and the other one goes on waiting."""
        if self.hangs_up:
            nodes[1].say("conn( WFReportParams -> NetworkFailure )")
            nodes = nodes[:1]
        for node in nodes:
            node.say(words)
            node.say("conn( WFReportParams -> Disconnecting )")
            node.connection, node.peer_disk, node.replication = "StandAlone", "DUnknown", "Off"

    def establish(self, one: SimNode, two: SimNode) -> None:
        good = "UpToDate" in (one.disk, two.disk) and not (one.is_fresh and two.is_fresh)
        for node in (one, two):
            if good and node.disk in ("Outdated", "Consistent", "UpToDate"):
                node.disk, node.up_to_date = "UpToDate", True
        for node, peer in ((one, two), (two, one)):
            node.connection, node.replication, node.discards = "Connected", "Established", False
            node.peer_disk = peer.disk

    def begin_sync(self, source: SimNode, target: SimNode) -> None:
        if source.disk == "Inconsistent":
            self.drop("I shall become SyncSource, but I am inconsistent!", source, target)
            return
        lost = target.data - source.data
        if lost and not target.discards:
            raise Forbidden(f"{target.name} loses {lost} that nobody gave up")
        if target.role == "Primary" and lost:
            raise Forbidden(f"data change below the feet of {target.name}")
        if target.held and lost:
            raise Forbidden(f"data change below what is mounted on {target.name}")
        self.establish(source, target)
        source.disk, target.disk = "UpToDate", "Inconsistent"
        target.consistent = target.up_to_date = False
        source.replication, target.replication = "SyncSource", "SyncTarget"
        source.peer_disk, target.peer_disk = "Inconsistent", "UpToDate"
        target.data = source.data
        self._left = SYNC_LOOKS

    def finish_sync(self) -> None:
        one, two = self.nodes.values()
        source, target = (one, two) if two.replication == "SyncTarget" else (two, one)
        target.current, target.bitmap = source.current, NOTHING
        target.history = source.history = (source.bitmap, *source.history)
        source.bitmap = NOTHING
        target.disk, target.consistent, target.up_to_date = "UpToDate", True, True
        for node in (one, two):
            node.replication, node.peer_disk = "Established", "UpToDate"

    # --- what the tools do

    def attach(self, node: SimNode) -> None:
        if node.current is None:
            raise Refused("no metadata")
        if not node.consistent:
            node.disk = "Inconsistent"
        else:
            node.disk = "UpToDate" if node.up_to_date else "Outdated"

    def up(self, node: SimNode) -> None:
        node.running, node.role = node.config, "Secondary"
        self.attach(node)
        node.connection = "Connecting"

    def adjust(self, node: SimNode) -> None:
        node.running = node.config
        if not node.attached:
            self.attach(node)
        if node.connection == "StandAlone":
            node.connection = "Connecting"

    def lose_peer(self, node: SimNode, state: str) -> None:
        """The connection ends on this side; the other one goes on waiting."""
        peer = self.other(node)
        if node.connection == "Connected":
            peer.connection = "Connecting"
            peer.peer_disk, peer.replication = "DUnknown", "Off"
        node.connection, node.peer_disk, node.replication = state, "DUnknown", "Off"

    def down(self, node: SimNode) -> None:
        if node.held:
            raise Refused("State change failed: (-12) Device is held open by someone")
        self.lose_peer(node, "StandAlone")
        node.running, node.role, node.disk = None, "Secondary", "Diskless"

    def disconnect(self, node: SimNode) -> None:
        node.say("conn( Connected -> Disconnecting )")
        self.lose_peer(node, "StandAlone")

    def create_md(self, node: SimNode) -> None:
        if node.content or node.current is not None:
            raise Forbidden(f"metadata on {node.name} over {node.content or 'metadata'}")
        node.current, node.bitmap, node.history = FRESH_UUID, NOTHING, ()
        node.consistent = node.up_to_date = False
        node.data = frozenset()

    def primary(self, node: SimNode, force: bool) -> None:
        peer = self.other(node)
        connected = node.connection == "Connected"
        if connected and peer.role == "Primary" and "allow-two-primaries" not in str(node.running):
            raise Refused("State change failed: (-1) Multiple primaries not allowed by config")
        if node.disk != "UpToDate":
            if not force:
                raise Refused("State change failed: (-2) Need access to UpToDate data")
            if not (connected and node.is_fresh and peer.is_fresh):
                raise Forbidden("data declared good that are not known to be")
            node.current, node.consistent, node.up_to_date = self.uuid(), True, True
            node.disk = "UpToDate"
            self.begin_sync(node, peer)
        node.role = "Primary"

    def secondary(self, node: SimNode) -> None:
        if node.held:
            raise Refused("State change failed: (-12) Device is held open by someone")
        node.role = "Secondary"

    def skip(self, node: SimNode) -> None:
        peer = self.other(node)
        if not (node.connection == "Connected" and node.is_fresh and peer.is_fresh):
            raise Forbidden("data declared equal that are not known to be")
        new = self.uuid()
        for one in (node, peer):
            one.current, one.disk, one.consistent, one.up_to_date = new, "UpToDate", True, True
            one.peer_disk = "UpToDate"


class Refused(Exception):
    """What a tool says no to; 11 is drbdsetup's exit status for what the kernel refuses."""

    def __init__(self, words: str, rc: int = 11) -> None:
        super().__init__(words)
        self.words, self.rc = words, rc


def secret_of(node: SimNode) -> str:
    return next((ln for ln in str(node.running).splitlines() if "shared-secret" in ln), "")


def settings_of(node: SimNode) -> str:
    wanted = ("protocol", "allow-two-primaries", "after-sb", "cram-hmac")
    return " ".join(ln for ln in str(node.running).splitlines() if any(w in ln for w in wanted))


def generations(node: SimNode) -> set[str]:
    found = {str(node.current), node.bitmap, *node.history} - {NOTHING, FRESH_UUID}
    return {f"{int(one, 16) | 1:016X}" for one in found}


def is_ancestor(old: SimNode, new: SimNode) -> bool:
    """Whether nothing was written on the old one since the new one went on alone."""
    return any(is_same_uuid(str(old.current), one) for one in (new.bitmap, *new.history))


def related(one: SimNode, two: SimNode) -> bool:
    return bool(generations(one) & generations(two))


class PairHost(Clock):
    """One machine of the pair as a module sees it."""

    def __init__(self, pair: Pair, name: str, rest: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self.pair, self.node = pair, pair[name]
        self.changes: list[tuple[str, ...]] = []
        self.fails: dict[str, str] = {}
        self._files: dict[str, str] = {}
        self._rest = rest

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self.pair.tick()
        self._rest()

    # --- commands

    def run(self, argv: Sequence[str], stdin: str = "") -> Output:
        assert not stdin
        words = list(argv)
        config = ""
        if "--config-file" in words:
            at = words.index("--config-file")
            config = self._files[words[at + 1]]
            del words[at : at + 2]
        try:
            return Output(0, self.answer(words, config), "")
        except Refused as error:
            return Output(error.rc, "", error.words)

    def answer(self, words: list[str], config: str) -> str:
        looks = {
            "modinfo": lambda: self.node.loadable,
            "lsblk": self.lsblk,
            "wipefs": self.wipefs,
            "blkid": self.blkid,
            "drbdmeta": self.get_gi,
            "journalctl": lambda: "\n".join(self.node.log),
            "dmesg": lambda: "",
            "cibadmin": lambda: (self.pair.cluster or ("", ""))[0],
            "crm_mon": lambda: (self.pair.cluster or ("", ""))[1],
            "drbdsetup": self.status,
        }
        if words[0] in looks and words[:2] != ["drbdsetup", "down"]:
            return looks[words[0]]()
        if words == ["drbdadm", "--version"]:
            return "DRBDADM_VERSION_CODE=0x091600\n"
        if words[-1] == "sh-nop":
            return ""
        if "--dry-run" in words:
            return self.differences(config or str(self.node.config))
        if "get-gi" in words:
            return self.get_gi()
        self.changes.append(tuple(words))
        self.change(words)
        self.pair.tick()
        return ""

    def change(self, words: list[str]) -> None:
        """Carry out what changes something."""
        pair, node = self.pair, self.node
        if words == ["modprobe", "drbd"]:
            node.loaded = True
            return
        if words[0] == "rm":
            node.config = None
            return
        assert node.loaded, f"DRBD is not loaded: {shlex.join(words)}"
        verb, flags = words[1], words[2:]
        if verb in self.fails:
            raise Refused(self.fails[verb])
        deeds: dict[str, Callable[[], None]] = {
            "create-md": lambda: pair.create_md(node),
            "up": lambda: pair.up(node),
            "adjust": lambda: pair.adjust(node),
            "down": lambda: pair.down(node),
            "primary": lambda: pair.primary(node, "--force" in flags),
            "secondary": lambda: pair.secondary(node),
            "disconnect": lambda: pair.disconnect(node),
            "connect": lambda: self.connect("--discard-my-data" in flags),
            "new-current-uuid": lambda: pair.skip(node),
        }
        deeds[verb]()

    def connect(self, discards: bool) -> None:
        if self.node.connection == "StandAlone":
            self.node.connection, self.node.discards = "Connecting", discards
        elif discards:
            raise Refused("Can not change the flag of a connection that is there")

    def differences(self, config: str) -> str:
        node, lines = self.node, []
        if not node.attached:
            lines.append("drbdsetup-84 attach 0 /dev/vdb /dev/vdb internal")
        if node.running != config:
            lines.append("drbdsetup-84 net-options ipv4:a ipv4:b --shared-secret=whatever")
        if node.connection == "StandAlone":
            lines.append(f"drbdsetup-84 connect r0 ipv4:a ipv4:b --shared-secret={SECRET}")
        return "\n".join(lines)

    def get_gi(self) -> str:
        node = self.node
        if node.current is None:
            raise Refused("", 1)
        older = [*node.history, NOTHING, NOTHING][:2]
        flags = [
            int(node.consistent),
            int(node.up_to_date),
            int(node.role == "Primary"),
            0,
            0,
            0,
            0,
        ]
        return ":".join([node.current, node.bitmap, *older, *map(str, flags)]) + "\n"

    def status(self) -> str:
        node, peer = self.node, self.pair.other(self.node)
        if not node.is_up:
            raise Refused("r0: No such resource", 10)
        peer_role = peer.role if node.connection == "Connected" else "Unknown"
        done = " done:42.00" if node.replication.startswith("Sync") else ""
        here = (
            f"r0 role:{node.role} suspended:no\n    write-ordering:flush\n"
            f"  volume:0 minor:0 disk:{node.disk}\n      size:65492 read:0 written:0\n"
        )
        there = (
            f"  peer connection:{node.connection} role:{peer_role} congested:no\n"
            f"    volume:0 replication:{node.replication} peer-disk:{node.peer_disk}{done} "
            "resync-suspended:no\n        received:0 sent:0 out-of-sync:0 pending:0 unacked:0\n\n"
        )
        # 8.4 shows no connection that was given up.
        return here + ("\n" if node.connection == "StandAlone" else there)

    # --- the disk

    def lsblk(self) -> str:
        one = {"name": "vdb", "path": DISK, "type": "disk", "size": SIZE, "ro": False}
        return json.dumps({"blockdevices": [{**one, "maj:min": "8:16", "serial": "S1"}]})

    def types(self) -> list[str]:
        drbd = ["drbd"] if self.node.current is not None else []
        return drbd + ([self.node.content] if self.node.content not in ("", "data") else [])

    def wipefs(self) -> str:
        return json.dumps({"signatures": [{"type": one, "offset": "0x0"} for one in self.types()]})

    def blkid(self) -> str:
        return "".join(f"TYPE={one}\n" for one in self.types()[:1])

    def read_at(self, _path: str, _offset: int, size: int) -> bytes:
        return blank_file(size, not self.node.content and self.node.current is None)

    # --- files and names

    def text(self, path: str) -> str | None:
        return {
            "/proc/sys/kernel/hostname": f"{self.node.name}\n",
            "/sys/module/drbd/version": "8.4.11\n" if self.node.loaded else None,
            CONFIG: self.node.config,
            "/etc/drbd.conf": 'include "drbd.d/global_common.conf";\ninclude "drbd.d/*.res";\n',
        }.get(path)

    def mode(self, path: str) -> int | None:
        return self.node.mode if path == CONFIG and self.node.config is not None else None

    @contextlib.contextmanager
    def scratch(self, files: Mapping[str, str], links: Mapping[str, str]) -> Iterator[str]:
        assert "drbd.d/r0.res" not in links
        self._files["/scratch/drbd.conf"] = files["drbd.d/r0.res"]
        yield "/scratch"
        del self._files["/scratch/drbd.conf"]

    def write_text(
        self, path: str, text: str, expected: str | None, mode: int | None = None
    ) -> None:
        assert path == CONFIG
        assert self.node.config == expected
        assert mode == 0o600
        self.changes.append(("write", path))
        self.node.config, self.node.mode = text, mode

    def can_write(self, _path: str) -> bool:
        return True

    def is_local(self, address: str) -> bool:
        return address == ADDRESSES[self.node.name]

    def entries(self, path: str) -> tuple[str, ...] | None:
        own = ("r0.res",) if self.node.config is not None else ()
        return ("global_common.conf", *own) if path == "/etc/drbd.d" else None

    def finds(self, program: str) -> bool:
        return self.pair.cluster is not None or program not in ("cibadmin", "crm_mon")

    def real_path(self, path: str) -> str:
        return path

    def device(self, path: str) -> int | None:
        return 1 if path in (DISK, "/dev/drbd0") else None

    def number(self, path: str) -> str:
        return {DISK: "8:16", "/dev/drbd0": "147:0"}.get(path, "")

    def busy(self, _device: str) -> str:
        return "Device or resource busy" if self.node.attached else ""

    def openers(self) -> Mapping[str, tuple[str, ...]]:
        return {}

    def mount_tables(self) -> tuple[str, ...]:
        line = "36 35 147:0 / /data rw,noatime - ext4 /dev/drbd0 rw\n"
        return (line if self.node.held else "",)


# --- whole runs


def run_one(pair: Pair, name: str, check_mode: bool = False, **given: Any) -> dict[str, Any]:
    """A whole run on one node, while the other one stands still."""
    return live(resource_life(**given), PairHost(pair, name), check_mode)


def outcome(run: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What a run returns, or how it failed."""
    try:
        return run()
    except StorageError as error:
        return {"reason": error.reason, "error": error, "changed": bool(error.completed)}


def run_both(pair: Pair, check_mode: bool = False, **given: Any) -> dict[str, dict[str, Any]]:
    """The same task on both nodes at once; they take turns whenever one of them waits.

    Parameters in ``node1`` or ``node2`` are for that node only.
    """
    own = {name: given.pop(name, {}) for name in NODES}
    turns = Turns()

    def work(name: str) -> dict[str, Any]:
        host = PairHost(pair, name, lambda: turns.give(name))
        life = resource_life(**{**given, **own[name]})
        return outcome(lambda: live(life, host, check_mode))

    return turns.run(work)


class Turns:
    """Two threads of which one runs at a time."""

    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._whose = NODES[0]
        self._done: dict[str, dict[str, Any]] = {}
        self._broken: list[BaseException] = []

    def give(self, name: str) -> None:
        """Let the other one run, until it waits or ends."""
        other = NODES[1 - NODES.index(name)]
        with self._turn:
            if other in self._done:
                return
            self._whose = other
            self._turn.notify_all()
            self._turn.wait_for(lambda: self._whose == name)

    def run(self, work: Callable[[str], dict[str, Any]]) -> dict[str, dict[str, Any]]:
        threads = [threading.Thread(target=self._play, args=(name, work)) for name in NODES]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._broken:
            raise self._broken[0]
        return self._done

    def _play(self, name: str, work: Callable[[str], dict[str, Any]]) -> None:
        with self._turn:
            self._turn.wait_for(lambda: self._whose == name)
        found: dict[str, Any] = {}
        try:
            found = work(name)
        except BaseException as error:
            self._broken.append(error)
        with self._turn:
            self._done[name] = found
            self._whose = NODES[1 - NODES.index(name)]
            self._turn.notify_all()
