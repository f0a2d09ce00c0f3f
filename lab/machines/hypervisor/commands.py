# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a person asks of a lab: up, down, reset, power, link."""

from __future__ import annotations

import dataclasses
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from . import accelerator, boot, inventory, power, process, store
from .model import FENCE_ADDRESS, MOST_MACHINES, Lab, Machine

PROJECT = Path(__file__).resolve().parents[3]
INVENTORY = PROJECT / "inventories/machines"
DEFAULT_NODES = 2
LISTEN_TIMEOUT_SECONDS = 20


class LabError(Exception):
    """What was asked can not be done; the message says what to do instead."""


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What `up` or `reset` is asked for; no number of machines: as many as there are."""

    image: Path
    nodes: int | None
    accelerator: str
    memory_mib: int


def say(text: str) -> None:
    """A line for the person."""
    print(f"machines: {text}", file=sys.stderr, flush=True)


def up(name: str, state: Path, wanted: Wanted) -> None:
    """All machines of the lab on and answering."""
    lab = _prepared(name, state, wanted)
    _start_listener(lab)
    off = tuple(machine for machine in lab.machines if not power.is_on(machine))
    for machine in off:
        power.switch(machine, "on")
    if off:
        how = "KVM" if lab.accelerator == "kvm" else "TCG, all emulated"
        say(f"started {' '.join(machine.name for machine in off)} with {how}")
    boot.wait_for_ssh(lab, lab.machines, say)
    _write_ways_in(lab)
    _summarise(lab)


def down(name: str, state: Path) -> None:
    """Nothing of the lab is left; also what a broken `up` has left."""
    process.end(state / "fencing.pid", signal.SIGTERM)
    for pid_file in sorted(state.glob("node*/pid")):
        process.end(pid_file, signal.SIGKILL)
    shutil.rmtree(state, ignore_errors=True)
    if name == "lab":
        (INVENTORY / "hosts.yml").unlink(missing_ok=True)
    say("nothing is left")


def reset(name: str, state: Path, wanted: Wanted) -> None:
    """All machines as new, on and answering."""
    lab = _existing(name, state)
    for machine in lab.machines:
        power.clean(machine)
    store.save(dataclasses.replace(lab, image=wanted.image))
    up(name, state, wanted)


def switch(name: str, state: Path, node: str, action: str) -> None:
    """A machine's plug in or pulled; says how it is then."""
    machine = _machine(_existing(name, state), node)
    print(f"{node} is {power.switch(machine, action)}")


def link(name: str, state: Path, node: str, interface: str, plugged: bool) -> None:
    """A machine's cable in or pulled."""
    machine = _machine(_existing(name, state), node)
    power.plug_cable(machine, interface, plugged)
    print(f"{node}: {interface} is {'plugged in' if plugged else 'unplugged'}")


def _existing(name: str, state: Path) -> Lab:
    lab = store.load(name, state)
    if lab is None:
        raise LabError(f"there is no lab {name}: start it with lab/machines/up")
    return lab


def _machine(lab: Lab, node: str) -> Machine:
    try:
        return lab.machine(node)
    except KeyError:
        names = " ".join(machine.name for machine in lab.machines)
        raise LabError(f"there is no machine {node}: the lab has {names}") from None


def _prepared(name: str, state: Path, wanted: Wanted) -> Lab:
    """The lab's record, made or brought up to what is wanted; machines are never taken away."""
    lab = store.load(name, state)
    nodes = wanted_nodes(wanted.nodes, lab)
    if not 1 <= nodes <= MOST_MACHINES:
        raise LabError(f"{nodes} machines: a lab has from 1 to {MOST_MACHINES}")
    if lab is None:
        first_port = store.free_first_port(name)
        lab = Lab(name, state, wanted.image, first_port, nodes, "tcg", wanted.memory_mib)
    elif lab.image != wanted.image:
        say("the image is newer than the lab's disks: lab/machines/reset makes them anew from it")
    chosen = accelerator.choose(wanted.accelerator, lab.image)
    lab = dataclasses.replace(lab, nodes=nodes, accelerator=chosen, memory_mib=wanted.memory_mib)
    store.save(lab)
    _make_key(lab)
    _write_ways_in(lab)
    return lab


def wanted_nodes(asked: int | None, lab: Lab | None) -> int:
    """How many machines the lab shall have: as many as asked for, never fewer than it has."""
    if lab is None:
        return DEFAULT_NODES if asked is None else asked
    return max(asked or 0, lab.nodes)


def _make_key(lab: Lab) -> None:
    key = lab.state / "key"
    if not key.exists():
        argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", lab.name, "-f", str(key)]
        subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)


def _inventory_file(lab: Lab) -> Path:
    return (INVENTORY if lab.name == "lab" else lab.state) / "hosts.yml"


def _write_ways_in(lab: Lab) -> None:
    (lab.state / "ssh_config").write_text(inventory.ssh_config(lab), encoding="utf-8")
    hosts = _inventory_file(lab)
    hosts.write_text(inventory.hosts_yml(lab), encoding="utf-8")
    if not (hosts.parent / "group_vars").exists():
        (hosts.parent / "group_vars").symlink_to(INVENTORY / "group_vars")


def _start_listener(lab: Lab) -> None:
    """The fence listener in the background, unless it runs; LabError when it does not answer."""
    pid_file = lab.state / "fencing.pid"
    if process.running(pid_file):
        return
    argv = [sys.executable, "-m", "lab.machines.hypervisor.fencing", "--lab", lab.name]
    argv += ["--state", str(lab.state), "--pid-file", str(pid_file)]
    with (lab.state / "fencing.errors").open("wb") as errors:
        listener = subprocess.Popen(
            argv,
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=errors,
            stderr=errors,
            start_new_session=True,
        )
    pid_file.write_text(f"{listener.pid}\n", encoding="ascii")
    deadline = time.monotonic() + LISTEN_TIMEOUT_SECONDS
    while not _is_listening(lab.fence_port):
        if listener.poll() is not None or time.monotonic() > deadline:
            said = (lab.state / "fencing.errors").read_text(encoding="utf-8").strip()
            raise LabError(f"no fence listener on port {lab.fence_port}: {said[-500:]}")
        time.sleep(0.1)


def _is_listening(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 2) as connection:
            connection.sendall(b"list\n")
            return connection.recv(2) == b"OK"
    except OSError:
        return False


def _summarise(lab: Lab) -> None:
    config = (lab.state / "ssh_config").relative_to(PROJECT)
    hosts = _inventory_file(lab).relative_to(PROJECT)
    say(f"{lab.nodes} machines answer:")
    say(f"  ssh -F {config} node1")
    say(f"  ansible -i {hosts} drbd_pair -m ping")
    say(f"  fence_lab in them: ip={FENCE_ADDRESS} ipport={lab.fence_port} plug=node2")
