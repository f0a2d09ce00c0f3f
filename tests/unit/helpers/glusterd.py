# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A model of glusterd, with the commands the collection uses and glusterd's own refusals.

It keeps which brick holds which file, so that a test can say what a plan loses. Files are healed
and moved only while somebody asks how far that is: the slowest pool there can be. Daemons take
their time too: new bricks and self-heal daemons to start, nodes to hear of a new one, and the
self-heal daemon to connect to a new brick; until then a disperse set has nothing to heal.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from ansible_collections.clustered.storage.plugins.module_utils._engine.host import Output
from ansible_collections.clustered.storage.plugins.module_utils._gluster.model import Layout
from ansible_collections.clustered.storage.plugins.module_utils._gluster.options import OFF
from helpers.hosts import Clock

KNOWN = (
    "auth.allow",
    "cluster.disperse-self-heal-daemon",
    "cluster.quorum-type",
    "cluster.self-heal-daemon",
    "features.cache-invalidation",
    "features.read-only",
    "network.ping-timeout",
    "performance.cache-invalidation",
    "performance.cache-size",
    "performance.quick-read",
    "performance.write-behind",
)
POLLS = 2  # looks until a task or a healing is complete
START_SECONDS = 1  # until a new brick or a self-heal daemon runs
HEARSAY_SECONDS = 4  # until every other node is connected to one that has joined
# Until the self-heal daemon is connected to a new brick: it tries every three seconds
# (xlators/cluster/ec/src/ec.c), and it may have to try again.
CONNECT_SECONDS = 8


class Refused(Exception):
    """glusterd says no; a code other than -1 is what detach answers."""

    def __init__(self, words: str, ret: int = -1) -> None:
        super().__init__(words)
        self.ret = ret


class Unreachable(Exception):
    """There is no glusterd that would answer the command line."""


class Killed(BaseException):
    """The run ends here, as by a power cut."""


@dataclass
class Machine:
    name: str
    address: str
    uuid: str
    in_pool: bool = True
    connected: bool = True
    answers: bool = True
    state: int = 3
    known_at: float = 0.0  # since when the other nodes are connected to it
    listed_at: float = 0.0  # since when they have heard of it


@dataclass(eq=False)
class SimBrick:
    host: str
    path: str
    uuid: str
    files: set[str] = field(default_factory=set)
    online: bool = True
    starts_at: float = 0.0
    healer_at: float = 0.0  # since when the self-heal daemon is connected to it

    @property
    def name(self) -> str:
        return f"{self.host}:{self.path}"

    @property
    def mark(self) -> tuple[str, str]:
        return (self.uuid, self.path)


@dataclass
class SimTask:
    kind: str
    words: str = ""  # what glusterd puts before the status of a fix-layout
    bricks: tuple[str, ...] = ()
    polls: int = POLLS
    is_over: bool = False

    @property
    def status(self) -> str:
        return self.words + ("completed" if self.is_over else "in progress")


@dataclass
class SimVolume:
    name: str
    layout: Layout
    bricks: list[SimBrick]
    id: str
    status: str = "Created"
    options: dict[str, str] = field(default_factory=dict)
    quotas: dict[str, tuple[int, str]] = field(default_factory=dict)
    task: SimTask | None = None
    files: set[str] = field(default_factory=set)
    heal_polls: int = 0
    split_brain: int = 0
    healers_at: float = 0.0  # since when the self-heal daemons run

    @property
    def sets(self) -> list[list[SimBrick]]:
        size = self.layout.set_size
        return [self.bricks[i : i + size] for i in range(0, len(self.bricks), size)]

    @property
    def copies_needed(self) -> int:
        """Bricks of a set that must have a file for it to be readable."""
        return self.layout.disperses - self.layout.redundancies if self.layout.disperses else 1

    def with_data(self, one: list[SimBrick]) -> list[SimBrick]:
        return one[:-1] if self.layout.arbiters else one

    def readable(self, one: list[SimBrick], online_only: bool = False) -> set[str]:
        """Files of which a set has enough copies."""
        bricks = [b for b in self.with_data(one) if b.online or not online_only]
        every = set().union(*(b.files for b in bricks)) if bricks else set()
        return {f for f in every if sum(f in b.files for b in bricks) >= self.copies_needed}

    @property
    def lost(self) -> set[str]:
        """Files that no set can give back."""
        return self.files - set().union(*(self.readable(one) for one in self.sets), set())

    def brick(self, name: str) -> SimBrick:
        found = next((b for b in self.bricks if b.name == name), None)
        if found is None:
            raise Refused(f"Incorrect brick {name} for volume {self.name}")
        return found

    def fill(self) -> None:
        """Two files in each set, complete on each brick."""
        for number, one in enumerate(self.sets):
            names = {f"{number}-a", f"{number}-b"}
            self.files |= names
            for brick in one:
                brick.files |= names

    @property
    def heals(self) -> bool:
        """Whether its self-heal daemons are turned on."""
        name = "disperse-self-heal-daemon" if self.layout.disperses else "self-heal-daemon"
        return self.options.get(f"cluster.{name}", "on") not in OFF

    @property
    def incomplete(self) -> set[str]:
        """Bricks that lack a file which their set can give back."""
        return {
            brick.name
            for one in self.sets
            for brick in one
            if not self.readable(one) <= brick.files
        }

    def renew(self, bricks: Iterable[SimBrick], now: float) -> None:
        """New bricks: their processes start, and everything on them is to be healed."""
        for brick in bricks:
            brick.starts_at = now + START_SECONDS
            brick.healer_at = now + CONNECT_SECONDS
        self.heal_polls = POLLS

    def heal(self, now: float) -> None:
        for one in self.sets:
            good = self.readable(one, online_only=True)
            for brick in one:
                is_reached = brick.online and brick.healer_at <= now
                brick.files |= good if is_reached else set()

    def pending(self, one: list[SimBrick], brick: SimBrick, now: float) -> set[str]:
        """Files the brick has and another of its set has not, dead or alive.

        Of a disperse set the daemon marks only what it has seen: nothing while a brick is new.
        """
        seen = [b for b in one if b.healer_at <= now or not self.layout.disperses]
        return {f for f in brick.files if any(f not in other.files for other in seen)}


class Glusterd:
    """A pool seen from its first machine, ``node1``; ``strangers`` are not in it yet."""

    def __init__(self, nodes: int = 6, strangers: int = 2) -> None:
        self.machines = {
            f"node{n}": Machine(
                f"node{n}", f"10.0.0.{n}", str(uuid.UUID(int=n)), in_pool=n <= nodes
            )
            for n in range(1, nodes + strangers + 1)
        }
        self.volumes: dict[str, SimVolume] = {}
        self.marks: dict[tuple[str, str], str] = {}  # volume-id on directories, debris included
        self.content: dict[tuple[str, str], int] = {}  # entries of directories that are no bricks
        self.seconds = 1000.0  # what time it is; passes while a PoolHost sleeps
        self.release = "10.3"
        self.pool_options = {"cluster.max-bricks-per-process": "250", "cluster.op-version": "1"}

    # --- what tests set up and look at

    def add_volume(
        self, layout: Layout, bricks: Iterable[str], name: str = "vol", started: bool = True
    ) -> SimVolume:
        """A volume that is there already, full of files."""
        found = [self.new_brick(brick) for brick in bricks]
        volume = SimVolume(name, layout, found, str(uuid.uuid5(uuid.NAMESPACE_DNS, name)))
        volume.status = "Started" if started else "Created"
        for brick in found:
            self.marks[brick.mark] = volume.id
        volume.fill()
        self.volumes[name] = volume
        return volume

    def machine(self, name: str) -> Machine | None:
        """The machine of that name, alias or address."""
        short = name.split(".example", maxsplit=1)[0]
        by_address = {machine.address: machine for machine in self.machines.values()}
        return self.machines.get(short) or by_address.get(name)

    def new_brick(self, name: str) -> SimBrick:
        host, _colon, path = name.rpartition(":")
        machine = self.machine(host)
        if machine is None or not machine.in_pool:
            raise Refused(f"Host {host} is not in 'Peer in Cluster' state")
        if not machine.connected:
            raise Refused(f"Host {host} not connected")
        return SimBrick(host, path, machine.uuid)

    def is_up(self, brick: SimBrick) -> bool:
        return brick.online and brick.starts_at <= self.seconds

    def has_heard(self, one: Machine, other: Machine) -> bool:
        """Whether a node lists another one in its pool; node1 lists all that it has probed."""
        newer = max(one.listed_at, other.listed_at)
        return other.in_pool and ("node1" in (one.name, other.name) or newer <= self.seconds)

    def sees(self, one: Machine, other: Machine) -> bool:
        """Whether a node is connected to another one; node1 has connected to all it knows."""
        if one is other:
            return True
        newer = max(one.known_at, other.known_at)
        is_known = "node1" in (one.name, other.name) or newer <= self.seconds
        return is_known and one.connected and other.connected

    # --- the door

    def run(self, argv: Sequence[str]) -> Output:
        if tuple(argv) == ("gluster", "--version"):
            return Output(0, f"glusterfs {self.release}\nRepository revision: ...\n", "")
        if argv[0] != "gluster":
            return self.run_other(argv)
        words = [word for word in argv[1:] if not word.startswith("--")]
        flags = dict(word.partition("=")[::2] for word in argv[1:] if word.startswith("--"))
        try:
            return self.answer(self.dispatch(words, flags.get("--remote-host", "node1")))
        except Unreachable as down:
            return Output(1, str(down), "")
        except Refused as no:
            return self.answer("", no.ret, str(no))

    def run_other(self, argv: Sequence[str]) -> Output:
        assert argv[0] in ("rmdir", "mkdir")
        for path in argv[2:]:
            self.marks.pop((self.machines["node1"].uuid, path), None)
        return Output(0, "", "")

    @staticmethod
    def answer(body: str, ret: int = 0, words: str = "") -> Output:
        head = f"<opRet>{ret}</opRet><opErrno>0</opErrno><opErrstr>{escape(words)}</opErrstr>"
        return Output(0, f"<?xml version='1.0'?><cliOutput>{head}{body}</cliOutput>", "")

    def dispatch(self, words: list[str], asked: str = "node1") -> str:
        if words[0] == "pool":
            return self.pool_list(asked)
        assert asked == "node1", "only pool list is asked of other nodes"
        if words[0] == "peer":
            return {"probe": self.probe, "detach": self.detach}[words[1]](words[2])
        verb, name, rest = words[1], words[2], words[3:]
        whole = {"info": self.info, "get": self.get, "create": self.create}
        if verb in whole:
            return whole[verb](name, rest)
        if verb == "set" and name in ("all", "help-xml"):
            return self.set_pool(rest) if rest else self.help()
        if name not in self.volumes:
            raise Refused(f"Volume {name} does not exist")
        method: Callable[[SimVolume, list[str]], str] = getattr(self, verb.replace("-", "_"))
        return method(self.volumes[name], rest)

    # --- the pool

    def pool_list(self, asked: str) -> str:
        this = self.machine(asked)
        if this is None or not (this.answers and this.connected):
            raise Unreachable("Connection failed. Please check if gluster daemon is operational.")
        members = [m for m in self.machines.values() if m is this or self.has_heard(this, m)]
        rows = [
            f"<peer><uuid>{m.uuid}</uuid><hostname>localhost</hostname><connected>1</connected></peer>"
            if m is this
            else f"<peer><uuid>{m.uuid}</uuid><hostname>{m.name}</hostname>"
            f"<hostnames><hostname>{m.name}</hostname></hostnames>"
            f"<connected>{int(self.sees(this, m))}</connected><state>{m.state}</state>"
            f"<stateStr>{'Peer in Cluster' if m.state == 3 else 'Peer Rejected'}</stateStr></peer>"
            for m in members
        ]
        return f"<peerStatus>{''.join(rows)}</peerStatus>"

    def probe(self, name: str) -> str:
        machine = self.machine(name)
        if machine is None or not machine.answers:
            raise Refused(f"Probe returned with Transport endpoint is not connected: {name}")
        if not machine.in_pool:
            machine.in_pool, machine.known_at = True, self.seconds + HEARSAY_SECONDS
            machine.listed_at = self.seconds + HEARSAY_SECONDS / 2
        return ""

    def detach(self, name: str) -> str:
        machine = self.machine(name)
        if machine is None or not machine.in_pool:
            raise Refused(f"{name} is not part of cluster")
        if any(b.uuid == machine.uuid for v in self.volumes.values() for b in v.bricks):
            raise Refused(f"Peer {name} hosts one or more bricks", ret=1)
        machine.in_pool = False
        return ""

    # --- reading

    def info(self, _name: str, _words: list[str]) -> str:
        return f"<volInfo><volumes>{''.join(self.shown())}</volumes></volInfo>"

    def help(self) -> str:
        return "".join(f"<option><name>{known}</name></option>" for known in KNOWN)

    def shown(self) -> Iterator[str]:
        for v in self.volumes.values():
            bricks = "".join(
                f"<brick>{b.name}<name>{b.name}</name><hostUuid>{b.uuid}</hostUuid></brick>"
                for b in v.bricks
            )
            options = "".join(
                f"<option><name>{name}</name><value>{escape(value)}</value></option>"
                for name, value in v.options.items()
            )
            yield (
                f"<volume><name>{v.name}</name><id>{v.id}</id><statusStr>{v.status}</statusStr>"
                f"<snapshotCount>0</snapshotCount><replicaCount>{v.layout.replicas}</replicaCount>"
                f"<arbiterCount>{v.layout.arbiters}</arbiterCount>"
                f"<disperseCount>{v.layout.disperses}</disperseCount>"
                f"<redundancyCount>{v.layout.redundancies}</redundancyCount>"
                f"<transport>0</transport><bricks>{bricks}</bricks>"
                f"<options>{options}</options></volume>"
            )

    def get(self, name: str, _words: list[str]) -> str:
        pairs = self.pool_options.items() if name == "all" else ((known, "x") for known in KNOWN)
        rows = "".join(f"<Opt><Option>{k}</Option><Value>{v}</Value></Opt>" for k, v in pairs)
        return f"<volGetopts>{rows}</volGetopts>"

    def status(self, volume: SimVolume, _words: list[str]) -> str:
        self.need_started(volume)
        connected = {m.uuid for m in self.machines.values() if m.connected}
        rows = "".join(
            f"<node><hostname>{b.host}</hostname><path>{b.path}</path><peerid>{b.uuid}</peerid>"
            f"<status>{int(self.is_up(b))}</status><port>50000</port><pid>100</pid></node>"
            for b in volume.bricks
            if b.uuid in connected
        )
        rows += "".join(self.healer_rows(volume))
        task = volume.task
        kinds = {"rebalance": "Rebalance", "remove-brick": "Remove brick"}
        tasks = (
            f"<task><type>{kinds[task.kind]}</type><id>t</id><statusStr>{task.status}</statusStr>"
            f"<params>{''.join(f'<brick>{b}</brick>' for b in task.bricks)}</params></task>"
            if task
            else ""
        )
        return f"<volStatus><volume>{rows}<tasks>{tasks}</tasks></volume></volStatus>"

    def healer_rows(self, volume: SimVolume) -> Iterator[str]:
        """A self-heal daemon on each node, if there is anything to heal and it is turned on."""
        if volume.layout.set_size == 1 or not volume.heals:
            return
        for m in self.machines.values():
            if m.in_pool and m.connected:
                path = "localhost" if m.name == "node1" else m.name
                yield (
                    f"<node><hostname>Self-heal Daemon</hostname><path>{path}</path>"
                    f"<peerid>{m.uuid}</peerid><status>{int(volume.healers_at <= self.seconds)}"
                    "</status><port>N/A</port><pid>100</pid></node>"
                )

    def heal(self, volume: SimVolume, words: list[str]) -> str:
        self.need_started(volume)
        if not words:
            if not volume.heals:
                raise Refused("Self-heal-daemon is disabled.")
            return ""  # a nudge, after which nothing goes faster here
        if volume.layout.set_size == 1:
            raise Refused("This command is supported for only volumes of replicate/disperse type.")
        row = self.summary_row if words[-1] == "summary" else self.entries_row
        rows = "".join(row(volume, one, brick) for one in volume.sets for brick in one)
        if volume.heals and volume.healers_at <= self.seconds:
            volume.heal_polls -= 1
            if volume.heal_polls <= 0:
                volume.heal(self.seconds)
        return f"<healInfo><bricks>{rows}</bricks></healInfo>"

    def summary_row(self, volume: SimVolume, one: list[SimBrick], brick: SimBrick) -> str:
        is_up = self.is_up(brick)
        pending = len(volume.pending(one, brick, self.seconds)) if is_up else "-"
        split = volume.split_brain if is_up else "-"
        status = "Connected" if is_up else "Transport endpoint is not connected"
        return (
            f"<brick hostUuid='{brick.uuid if is_up else '-'}'><name>{brick.name}</name>"
            f"<status>{status}</status><totalNumberOfEntries>{pending}</totalNumberOfEntries>"
            f"<numberOfEntriesInSplitBrain>{split}</numberOfEntriesInSplitBrain></brick>"
        )

    def entries_row(self, volume: SimVolume, one: list[SimBrick], brick: SimBrick) -> str:
        listed = volume.pending(one, brick, self.seconds) if self.is_up(brick) else ()
        files = "".join(f"<file gfid='{name}'>/{name}</file>" for name in sorted(listed))
        return f"<brick><name>{brick.name}</name>{files}</brick>"

    # --- a volume

    def create(self, name: str, words: list[str]) -> str:
        if name in self.volumes:
            raise Refused(f"Volume {name} already exists")
        layout, rest = take_layout(words)
        transport, _tcp, *names = rest
        assert transport == "transport"
        force = "force" in names
        bricks = [self.new_brick(brick) for brick in names if brick != "force"]
        if not bricks or len(bricks) % layout.set_size:
            raise Refused("Failed to create volume files")
        volume = SimVolume(name, layout, bricks, str(uuid.uuid5(uuid.NAMESPACE_DNS, name)))
        self.accept_bricks(bricks, volume, layout, force)
        self.need_connected(bricks)
        self.volumes[name] = volume
        return ""

    def accept_bricks(
        self, bricks: list[SimBrick], volume: SimVolume, layout: Layout, force: bool
    ) -> None:
        for brick in bricks:
            if brick.mark in self.marks and not force:
                raise Refused(f"{brick.path} is already part of a volume")
        size = layout.set_size
        for start in range(0, len(bricks), size):
            one = bricks[start : start + size]
            if len({brick.uuid for brick in one}) < len(one) and not force:
                raise Refused("Multiple bricks of a replicate volume are on the same server")
        for brick in bricks:
            self.marks[brick.mark] = volume.id

    def need_connected(self, bricks: list[SimBrick]) -> None:
        """A node that does not see another one refuses; by then the others have marked theirs."""
        hosts = [machine for b in bricks if (machine := self.machine(b.host))]
        for one in hosts:
            for other in hosts:
                if not self.sees(one, other):
                    raise Refused(f"Staging failed on {one.name}. Host {other.name} not connected")

    @staticmethod
    def need_started(volume: SimVolume) -> None:
        if volume.status != "Started":
            raise Refused(f"Volume {volume.name} is not started")

    @staticmethod
    def need_no_task(volume: SimVolume) -> None:
        task = volume.task
        if task and (task.kind == "remove-brick" or not task.is_over):
            raise Refused(f"{task.kind} is in progress on volume {volume.name}")

    def start(self, volume: SimVolume, words: list[str]) -> str:
        if volume.status == "Started" and words == ["force"]:
            return ""  # what does not run here has no disk to run on
        if volume.status == "Started":
            raise Refused(f"Volume {volume.name} already started")
        volume.status = "Started"
        return ""

    def stop(self, volume: SimVolume, _words: list[str]) -> str:
        self.need_started(volume)
        if volume.task and not volume.task.is_over:
            raise Refused(f"rebalance session is in progress for the volume '{volume.name}'")
        volume.status = "Stopped"
        return ""

    def delete(self, volume: SimVolume, _words: list[str]) -> str:
        if volume.status == "Started":
            raise Refused(f"Volume {volume.name} has been started")
        if not all(m.connected for m in self.machines.values() if m.in_pool):
            raise Refused("Some of the peers are down")
        del self.volumes[volume.name]
        return ""

    def set(self, volume: SimVolume, words: list[str]) -> str:
        pairs = list(zip(words[::2], words[1::2], strict=True))
        for name, value in pairs:
            if not value or not (name in KNOWN or name.startswith("user.")):
                raise Refused(f"option : {name} does not exist")
        volume.options.update(pairs)
        return ""

    def set_pool(self, words: list[str]) -> str:
        name, value = words
        if name not in self.pool_options:
            raise Refused(f"option : {name} does not exist")
        self.pool_options[name] = value
        return ""

    @staticmethod
    def reset(volume: SimVolume, words: list[str]) -> str:
        (name,) = words
        if name.startswith("user.") or name not in KNOWN:
            raise Refused(f"Option {name} does not exist")
        volume.options.pop(name, None)
        return ""

    def quota(self, volume: SimVolume, words: list[str]) -> str:
        if words[0] == "enable":
            self.need_started(volume)
            volume.options["features.quota"] = "on"
        elif volume.options.get("features.quota") != "on":
            raise Refused("Quota is disabled")
        elif words[0] == "limit-usage":
            volume.quotas[words[1]] = (int(words[2]), words[3] if len(words) > 3 else "80%")
        elif not volume.quotas:
            raise Refused(f"quota command failed : No quota configured on volume {volume.name}")
        limits = "".join(
            f"<limit><path>{path}</path><hard_limit>{hard}</hard_limit>"
            f"<soft_limit_percent>{soft}</soft_limit_percent></limit>"
            for path, (hard, soft) in volume.quotas.items()
        )
        return f"<volQuota>{limits}</volQuota>"

    # --- its bricks

    def add_brick(self, volume: SimVolume, words: list[str]) -> str:
        self.need_no_task(volume)
        force = words[-1] == "force"
        layout, names = take_layout(words[:-1] if force else words)
        changes = layout != Layout()
        layout = layout if changes else volume.layout
        bricks = [self.new_brick(name) for name in names]
        if layout.set_size == volume.layout.set_size:
            if len(bricks) % layout.set_size:
                raise Refused(f"Incorrect number of bricks supplied {len(bricks)}")
            self.accept_bricks(bricks, volume, layout, force)
            self.need_connected(volume.bricks + bricks)
            volume.bricks += bricks
            return ""
        self.raise_replica(volume, layout, bricks)
        return ""

    def raise_replica(self, volume: SimVolume, layout: Layout, bricks: list[SimBrick]) -> None:
        self.need_started(volume)
        more = layout.replicas - volume.layout.replicas
        if volume.layout.arbiters:
            raise Refused("Increasing replica count for arbiter volumes is not supported.")
        if more < 1 or len(bricks) != more * len(volume.sets):
            raise Refused(f"Incorrect number of bricks supplied {len(bricks)}")
        if layout.arbiters and more != 1:
            raise Refused("Cannot make an arbiter volume of that")
        if not all(self.is_up(brick) for brick in volume.bricks):
            raise Refused("changing replica count needs all the bricks to be up")
        self.accept_bricks(bricks, volume, Layout(), False)
        self.need_connected(volume.bricks + bricks)
        sets = [
            one + bricks[number * more : (number + 1) * more]
            for number, one in enumerate(volume.sets)
        ]
        if volume.layout.set_size == 1:
            volume.healers_at = self.seconds + START_SECONDS
        volume.layout, volume.bricks = layout, [brick for one in sets for brick in one]
        volume.renew(bricks, self.seconds)

    def remove_brick(self, volume: SimVolume, words: list[str]) -> str:
        if words[0] == "replica":
            return self.lower_replica(volume, int(words[1]), words[2:])
        *names, action = words
        bricks = [volume.brick(name) for name in names]
        verbs = {
            "start": self.removal_start,
            "status": self.removal_status,
            "stop": self.removal_stop,
            "commit": self.removal_commit,
            "force": self.removal_force,
        }
        return verbs[action](volume, bricks)

    def lower_replica(self, volume: SimVolume, replicas: int, words: list[str]) -> str:
        *names, action = words
        if action != "force":
            raise Refused("Migration of data is not needed when reducing replica count.")
        bricks = [volume.brick(name) for name in names]
        self.need_no_task(volume)
        less = volume.layout.replicas - replicas
        for one in volume.sets:
            if less < 1 or sum(brick in bricks for brick in one) != less:
                raise Refused(f"Remove exactly {less} brick(s) from each subvolume.")
            if volume.layout.arbiters and one[-1] not in bricks:
                raise Refused("Remove arbiter brick(s) only when converting from arbiter")
        volume.bricks = [brick for brick in volume.bricks if brick not in bricks]
        volume.layout = Layout(replicas)
        return ""

    def need_whole_sets(self, volume: SimVolume, bricks: list[SimBrick]) -> None:
        for one in volume.sets:
            if sum(brick in bricks for brick in one) not in (0, len(one)):
                raise Refused("Bricks not from same subvol for replica")
        if len(bricks) == len(volume.bricks):
            raise Refused("Deleting all the bricks of the volume is not allowed")

    def removal_start(self, volume: SimVolume, bricks: list[SimBrick]) -> str:
        self.need_started(volume)
        self.need_no_task(volume)
        self.need_whole_sets(volume, bricks)
        volume.task = SimTask("remove-brick", bricks=tuple(brick.name for brick in bricks))
        return ""

    def removal(self, volume: SimVolume, bricks: list[SimBrick]) -> SimTask:
        task = volume.task
        if task is None or task.kind != "remove-brick":
            raise Refused(f"remove-brick not started for volume {volume.name}.")
        if not {brick.name for brick in bricks} <= set(task.bricks):
            raise Refused("Incorrect brick")
        return task

    def removal_status(self, volume: SimVolume, bricks: list[SimBrick]) -> str:
        task = self.removal(volume, bricks)
        if not task.is_over and self.tick(task):
            self.move_files(volume, bricks)
        return task_rows("volRemoveBrick", task.status, bricks)

    @staticmethod
    def move_files(volume: SimVolume, bricks: list[SimBrick]) -> None:
        staying = [brick for one in volume.sets if one[0] not in bricks for brick in one]
        leaving = [one for one in volume.sets if one[0] in bricks]
        moved = set().union(*(volume.readable(one, online_only=True) for one in leaving))
        for brick in staying[: volume.layout.set_size]:
            brick.files |= moved

    @staticmethod
    def tick(task: SimTask) -> bool:
        task.polls -= 1
        if task.polls <= 0:
            task.is_over = True
        return task.polls <= 0

    def removal_stop(self, volume: SimVolume, bricks: list[SimBrick]) -> str:
        self.removal(volume, bricks)
        volume.task = None
        return ""

    def removal_commit(self, volume: SimVolume, bricks: list[SimBrick]) -> str:
        task = self.removal(volume, bricks)
        if not task.is_over:
            raise Refused("use 'force' option as migration is in progress")
        if {brick.name for brick in bricks} != set(task.bricks):
            raise Refused("Incorrect brick")
        volume.bricks = [brick for brick in volume.bricks if brick not in bricks]
        volume.task = None
        return ""

    def removal_force(self, volume: SimVolume, bricks: list[SimBrick]) -> str:
        self.need_no_task(volume)
        self.need_whole_sets(volume, bricks)
        volume.bricks = [brick for brick in volume.bricks if brick not in bricks]
        return ""

    def replace_brick(self, volume: SimVolume, words: list[str]) -> str:
        old_name, new_name, *rest = words
        assert rest == ["commit", "force"]
        self.need_started(volume)
        self.need_no_task(volume)
        old, new = volume.brick(old_name), self.new_brick(new_name)
        if volume.layout.set_size == 1:
            raise Refused("replace-brick is not supported on distribute volumes")
        if new.mark in self.marks:
            raise Refused(f"{new.path} is already part of a volume")
        self.marks[new.mark] = volume.id
        self.need_connected([*volume.bricks, new])
        volume.bricks[volume.bricks.index(old)] = new
        volume.renew([new], self.seconds)
        return ""

    def reset_brick(self, volume: SimVolume, words: list[str]) -> str:
        self.need_started(volume)
        brick = volume.brick(words[0])
        if words[1] == "start":
            brick.online = False
            return ""
        if brick.online:
            raise Refused("Source brick must be stopped. Please use reset-brick start.")
        brick.online, brick.files = True, set()
        volume.renew([brick], self.seconds)
        return ""

    def rebalance(self, volume: SimVolume, words: list[str]) -> str:
        self.need_started(volume)
        if words[-1] == "start":
            self.need_no_task(volume)
            if len(volume.sets) < 2:
                raise Refused("not a distribute volume or contains only 1 brick")
            volume.task = SimTask("rebalance", "fix-layout " if "fix-layout" in words else "")
            return ""
        task = volume.task
        if task is None or task.kind != "rebalance":
            raise Refused("Rebalance not started")
        answer = task_rows("volRebalance", task.status, volume.bricks)
        if not task.is_over:
            self.tick(task)
        return answer


def task_rows(kind: str, status: str, bricks: Iterable[SimBrick]) -> str:
    hosts = {brick.uuid: brick.host for brick in bricks}
    rows = "".join(
        f"<node><nodeName>{host}</nodeName><id>{uid}</id><files>1</files><failures>0</failures>"
        f"<skipped>0</skipped><statusStr>{status}</statusStr></node>"
        for uid, host in hosts.items()
    )
    return f"<{kind}>{rows}</{kind}>"


def take_layout(words: list[str]) -> tuple[Layout, list[str]]:
    """The layout at the head of the words, and what follows it."""
    counts: dict[str, int] = {}
    keys = {"replica": "replicas", "arbiter": "arbiters"}
    keys |= {"disperse": "disperses", "redundancy": "redundancies"}
    while words and words[0] in keys:
        counts[keys[words[0]]] = int(words[1])
        words = words[2:]
    return Layout(**counts), words


class PoolHost(Clock):
    """``node1`` of the pool; bricks lie on /b, a file system of its own. Counts its commands.

    ``kill_at`` ends the run in place of the command of that number.
    """

    def __init__(self, pool: Glusterd, kill_at: int | None = None) -> None:
        super().__init__(pool.seconds)
        self.pool = pool
        self.calls: list[tuple[str, ...]] = []
        self._kill_at = kill_at

    def run(self, argv: Sequence[str]) -> Output:
        if len(self.calls) == self._kill_at:
            raise Killed
        self.calls.append(tuple(argv))
        return self.pool.run(argv)

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self.pool.seconds = self.seconds

    def addresses(self, name: str) -> tuple[str, ...]:
        if name == "localhost":
            return ("127.0.0.1",)
        machine = self.pool.machine(name)
        return (machine.address,) if machine else ()

    def is_local(self, address: str) -> bool:
        return address in ("127.0.0.1", "10.0.0.1")

    def can_write(self, _path: str) -> bool:
        return True

    def finds(self, _program: str) -> bool:
        return True

    def answers(self, address: str, _port: int) -> bool:
        machine = self.pool.machine(address)
        return bool(machine and machine.answers)

    def key(self, path: str) -> tuple[str, str]:
        return (self.pool.machines["node1"].uuid, path)

    def xattr(self, path: str, _name: str) -> bytes:
        mark = self.pool.marks.get(self.key(path))
        return uuid.UUID(mark).bytes if mark else b""

    def entries(self, path: str) -> tuple[str, ...] | None:
        key = self.key(path)
        if path != "/b" and key not in self.pool.marks and key not in self.pool.content:
            return None
        return tuple(str(n) for n in range(self.pool.content.get(key, 0)))

    def text(self, path: str) -> str | None:
        if path.endswith("/virt"):
            return "performance.quick-read=off\nnetwork.ping-timeout=20\n"
        return None

    def device(self, path: str) -> int | None:
        if path == "/b":
            return 2
        if path.startswith("/b/"):
            is_there = path.count("/") == 2 or self.entries(path) is not None
            return 2 if is_there else None
        return 1
