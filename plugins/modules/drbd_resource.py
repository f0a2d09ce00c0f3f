#!/usr/bin/python

# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: drbd_resource
short_description: A DRBD resource on one of its nodes
version_added: 0.1.0
description:
  - Writes the configuration of a DRBD resource, makes its metadata on blank disks, brings it up,
    begins its first sync, waits for its peers, and gives it its role.
  - Run it on all nodes of the resource at the same time, with the same parameters. Each acts for
    itself and waits for the others.
  - DRBD 8.4 (in the kernels of Debian and Ubuntu) and DRBD 9 are both known. The kernel's part is
    loaded first, and decides the grammar of the configuration.
  - Nothing that holds data is overwritten. Metadata are made only on disks that
    M(clustered.storage.block_device_prepare) calls blank; a first sync begins only from the node
    that is named, and only while both sides are new; in a split brain only the changes of the named
    node go, and only when the UUID of its data is named too.
options:
  name:
    description: Name of the resource.
    type: str
    required: true
  state:
    description:
      - V(up) configures the resource and brings it up.
      - V(down) takes it down and leaves its configuration.
      - V(absent) takes it down and removes its configuration. Its metadata stay on the disks.
    type: str
    choices: [up, down, absent]
    default: up
  nodes:
    description: The machines of the resource, this one too. Required with O(state=up).
    type: list
    elements: dict
    suboptions:
      name:
        description: What C(uname -n) prints there.
        type: str
        required: true
      address:
        description: IPv4 or IPv6 address that the peers reach it by. DRBD does not look names up.
        type: str
        required: true
      port:
        description: Port, if it is another one than O(port).
        type: int
      node_id:
        description: Number of the node for DRBD 9. Left out, its place in the list, from 0.
        type: int
  volumes:
    description: The volumes of the resource. Required with O(state=up).
    type: list
    elements: dict
    suboptions:
      number:
        description: Number of the volume.
        type: int
        default: 0
      minor:
        description: Minor number, C(N) of C(/dev/drbdN).
        type: int
        default: 0
      disks:
        description:
          - Path of the disk on each node, by the node's name. Best a link below C(/dev/disk/by-id)
            or a logical volume.
        type: dict
        required: true
      meta_disk:
        description:
          - Where the metadata are, V(internal) for the end of the disk, or the path of a device,
            the same on all nodes.
        type: str
        default: internal
  port:
    description: TCP port that the nodes listen on for each other.
    type: int
    default: 7788
  protocol:
    description:
      - When a write is done. V(C) when it is on the disks of both sides, V(B) when the other side
        has received it, V(A) when it has been sent.
    type: str
    choices: [A, B, C]
    default: C
  shared_secret:
    description:
      - Secret by which the nodes know each other, 64 bytes at most. It is in the configuration
        only, which only root may read.
    type: str
  cram_hmac_alg:
    description: The kernel's digest for O(shared_secret).
    type: str
    default: sha256
  fencing:
    description:
      - What happens to a peer that is lost while this node is Primary. Other values than
        V(dont-care) call the handlers C(fence-peer) and C(unfence-peer); where they are not given,
        those of drbd-utils for Pacemaker are used.
      - V(resource-and-stonith) stops writing until the peer is fenced.
    type: str
    choices: [dont-care, resource-only, resource-and-stonith]
  allow_two_primaries:
    description:
      - Let both nodes be Primary, for a cluster file system.
      - Refused unless O(protocol=C), O(fencing=resource-and-stonith), its handlers are there, and
        Pacemaker runs with C(stonith-enabled) and a started fence device that does not only
        pretend.
    type: bool
    default: false
  net:
    description: Further options of C(net) in DRBD's words.
    type: dict
  disk:
    description:
      - Further options of C(disk) in DRBD's words. Words of before DRBD 8.4 (C(rate) of C(syncer),
        C(no-disk-flushes)) are translated.
    type: dict
  handlers:
    description: Handlers in DRBD's words.
    type: dict
  startup:
    description: Options of C(startup) in DRBD's words.
    type: dict
  options:
    description:
      - Options of the resource in DRBD's words. Most are for DRBD 9 only, where C(auto-promote) is
        V(no) unless it is given, so that roles change only when somebody says so.
    type: dict
  metadata:
    description:
      - V(create_if_blank) makes metadata on disks that are blank. Metadata that are there already
        are used as they are. Anything else on a disk is refused, and stays.
      - V(never) refuses disks without metadata.
    type: str
    choices: [create_if_blank, never]
    default: create_if_blank
  initial_sync:
    description:
      - What happens while both sides are new, and so neither has good data.
      - V(full) declares the data of O(sync_source) good and copies all of them.
      - V(skip) declares both sides equal without copying. Only for disks whose present content
        nobody will read, as before a file system is made.
      - V(none) leaves both sides Inconsistent.
    type: str
    choices: [none, full, skip]
    default: none
  sync_source:
    description: Name of the node whose data are good. Required for V(full) and V(skip).
    type: str
  role:
    description:
      - Role of this node. V(unmanaged) leaves it alone, as has to be under Pacemaker.
    type: str
    choices: [primary, secondary, unmanaged]
    default: unmanaged
  wait_for:
    description:
      - What to wait for at the end. V(connected) for all peers, V(uptodate) until all data are on
        all sides too.
      - With V(none) a node may become Primary while its peer is away, and a resource that somebody
        disconnected by hand is left so.
    type: str
    choices: [connected, uptodate, none]
    default: connected
  timeout:
    description: Seconds that each wait may take, that for the first sync too.
    type: int
    default: 300
  split_brain_victim:
    description:
      - In a split brain, name of the node whose changes since then are thrown away. The others only
        reconnect. Without a split brain it means nothing.
    type: str
  split_brain_discard:
    description:
      - Current UUID of the data of O(split_brain_victim), as
        M(clustered.storage.drbd_resource_info) shows it there. Nothing is discarded if it is
        another one.
    type: str
  allow_pretended_fencing:
    description: Accept fence devices that claim success without doing anything. For labs only.
    type: bool
    default: false
notes:
  - The systemd unit C(drbd.service) is not needed, and should be disabled.
  - With O(wait_for=uptodate) it runs as a job of its own on the machine, as with C(async), and says
    every ten seconds how far the copying is. It goes on when the connection breaks.
seealso:
  - module: clustered.storage.drbd_resource_info
  - module: clustered.storage.block_device_prepare
requirements:
  - drbd-utils 9.0 or later, and the kernel module of DRBD 8.4 or 9, on this machine
  - for O(allow_two_primaries) a fence-peer handler that goes with this Pacemaker, which that of
    Debian 13 does not
  - util-linux 2.34 or later on this machine
  - Python 3.9 or later on this machine
author:
  - clustered.storage contributors (@clustered-storage)
attributes:
  check_mode:
    support: full
    description:
      - The plan of check mode is the plan of the real run, and so is a refusal. Of a pair that has
        never been connected it takes the other side to be as new as this one.
  diff_mode:
    support: full
    description: Shows what changes, made from the same plan, without the secret.
  platform:
    support: full
    platforms: posix
    description: Runs where DRBD runs, on Linux.
"""

EXAMPLES = r"""
---
- name: A pair, synced from node1, which becomes Primary
  clustered.storage.drbd_resource:
    name: r0
    nodes:
      - name: node1
        address: 172.16.16.11
      - name: node2
        address: 172.16.16.12
    volumes:
      - disks:
          node1: /dev/disk/by-id/virtio-drbd-part1
          node2: /dev/disk/by-id/virtio-drbd-part1
    shared_secret: "{{ drbd_secret }}"
    disk:
      c-max-rate: 100M
    initial_sync: full
    sync_source: node1
    role: "{{ 'primary' if inventory_hostname == 'node1' else 'secondary' }}"
    wait_for: uptodate
    timeout: 3600

- name: Both may write, under Pacemaker
  clustered.storage.drbd_resource:
    name: r0
    nodes: "{{ drbd_nodes }}"
    volumes: "{{ drbd_volumes }}"
    shared_secret: "{{ drbd_secret }}"
    fencing: resource-and-stonith
    allow_two_primaries: true
    net:
      after-sb-0pri: discard-zero-changes
      after-sb-1pri: disconnect
      after-sb-2pri: disconnect

- name: End a split brain, on all nodes
  clustered.storage.drbd_resource:
    name: r0
    nodes: "{{ drbd_nodes }}"
    volumes: "{{ drbd_volumes }}"
    shared_secret: "{{ drbd_secret }}"
    split_brain_victim: node2
    split_brain_discard: 5A1C7B3F09D2E864
    wait_for: uptodate
"""

RETURN = r"""
---
resource:
  description: The resource as it is on this node, in the words of DRBD 9 for both generations.
  returned: success
  type: dict
  contains:
    name:
      description: Name.
      type: str
    up:
      description: Whether it is up. What is not up has neither role nor volumes.
      type: bool
    configured:
      description: Whether its configuration is there.
      type: bool
    kernel_version:
      description: Version of the kernel's part, empty while it is not loaded.
      type: str
    dialect:
      description: The grammar that goes with it, V(8.4) or V(9).
      type: str
    role:
      description: Role here.
      type: str
      sample: Primary
    disk_state:
      description: State of the disk here, of the volume that is worst off.
      type: str
      sample: UpToDate
    connected:
      description: Whether all peers are connected.
      type: bool
    up_to_date:
      description: Whether they are connected and all data are on all sides.
      type: bool
    standalone:
      description: Whether a connection has been given up.
      type: bool
    suspended:
      description: Why writing is stopped, empty when it is not.
      type: str
    volumes:
      description: The volumes here.
      type: list
      elements: dict
      contains:
        number:
          description: Number of the volume.
          type: int
        minor:
          description: Minor number.
          type: int
        device:
          description: Path of the device.
          type: str
          sample: /dev/drbd0
        link:
          description: Path of the link that udev makes to it.
          type: str
          sample: /dev/drbd/by-res/r0/0
        disk_state:
          description: State of the disk.
          type: str
        size_kib:
          description: Size in KiB, null while it is not known.
          type: int
        open:
          description: Whether somebody has it open, null where the kernel does not tell (8.4).
          type: bool
        current_uuid:
          description: Current UUID of the data, null where it was not needed.
          type: str
        identifiers:
          description: All generation identifiers and flags, null where they were not needed.
          type: dict
    connections:
      description: The connections to the peers.
      type: list
      elements: dict
      contains:
        name:
          description: Name of the peer.
          type: str
        connection_state:
          description: State of the connection.
          type: str
          sample: Connected
        role:
          description: Role of the peer.
          type: str
        connected:
          description: Whether both sides have agreed on what each has.
          type: bool
        volumes:
          description:
            - The volumes there, with C(number), C(replication_state), C(disk_state),
              C(out_of_sync_kib), C(percent_done), C(mib_per_second), C(seconds_left),
              C(suspended). What is not known is null.
          type: list
          elements: dict
    sync:
      description:
        - How far copying is, with C(percent), C(out_of_sync_kib), C(mib_per_second) and
          C(seconds_left). Null while nothing is copied.
      type: dict
    problem:
      description:
        - Why it is not connected, with C(reason), C(message) and C(evidence). Only
          M(clustered.storage.drbd_resource_info) looks for it; this module fails with it.
      type: dict
plan:
  description:
    - The steps in their order. In check mode they are what would run, otherwise what ran.
    - After a failure they are the steps that ran, and last the one that failed.
  returned: always
  type: list
  elements: dict
  contains:
    why:
      description: The reason for the step, in words.
      type: str
    command:
      description: The exact command.
      type: str
    destroys:
      description: Whether the step destroys data.
      type: bool
    failed:
      description: V(true) for the step that failed.
      returned: only for that step
      type: bool
reason:
  description: A code for the kind of failure, to be matched by C(failed_when) or a rescue block.
  returned: failure
  type: str
  sample: split_brain
remedy:
  description: What to do about the failure.
  returned: failure
  type: str
"""

from functools import partial
from typing import Any

from ansible_collections.clustered.storage.plugins.module_utils._drbd.format import (
    format_diff,
    format_machine,
)
from ansible_collections.clustered.storage.plugins.module_utils._drbd.plan import plan_resource
from ansible_collections.clustered.storage.plugins.module_utils._drbd.read import (
    actor,
    explainer,
    read_resource,
    runner,
)
from ansible_collections.clustered.storage.plugins.module_utils._drbd.wanted import (
    wanted_resource,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.converge import (
    Life,
    converge,
)

NODE = {
    "name": {"type": "str", "required": True},
    "address": {"type": "str", "required": True},
    "port": {"type": "int"},
    "node_id": {"type": "int"},
}
VOLUME = {
    "number": {"type": "int", "default": 0},
    "minor": {"type": "int", "default": 0},
    "disks": {"type": "dict", "required": True},
    "meta_disk": {"type": "str", "default": "internal"},
}
ARGUMENT_SPEC = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["up", "down", "absent"], "default": "up"},
    "nodes": {"type": "list", "elements": "dict", "options": NODE},
    "volumes": {"type": "list", "elements": "dict", "options": VOLUME},
    "port": {"type": "int", "default": 7788},
    "protocol": {"type": "str", "choices": ["A", "B", "C"], "default": "C"},
    "shared_secret": {"type": "str", "no_log": True},
    "cram_hmac_alg": {"type": "str", "default": "sha256"},
    "fencing": {"type": "str", "choices": ["dont-care", "resource-only", "resource-and-stonith"]},
    "allow_two_primaries": {"type": "bool", "default": False},
    "net": {"type": "dict"},
    "disk": {"type": "dict"},
    "handlers": {"type": "dict"},
    "startup": {"type": "dict"},
    "options": {"type": "dict"},
    "metadata": {
        "type": "str",
        "choices": ["create_if_blank", "never"],
        "default": "create_if_blank",
    },
    "initial_sync": {"type": "str", "choices": ["none", "full", "skip"], "default": "none"},
    "sync_source": {"type": "str"},
    "role": {
        "type": "str",
        "choices": ["primary", "secondary", "unmanaged"],
        "default": "unmanaged",
    },
    "wait_for": {
        "type": "str",
        "choices": ["connected", "uptodate", "none"],
        "default": "connected",
    },
    "timeout": {"type": "int", "default": 300},
    "split_brain_victim": {"type": "str"},
    "split_brain_discard": {"type": "str"},
    "allow_pretended_fencing": {"type": "bool", "default": False},
}


def life(params: dict[str, Any]) -> Life:
    """The life cycle for these parameters."""
    wanted = wanted_resource(params)
    return Life(
        read=read_resource(wanted),
        plan=partial(plan_resource, wanted=wanted),
        run=runner(wanted),
        act=actor(wanted),
        explain=explainer(wanted),
        format_result=format_machine,
        format_diff=partial(format_diff, wanted=wanted),
    )


def main() -> None:
    """Run the module."""
    converge(ARGUMENT_SPEC, life, required_if=[("state", "up", ("nodes", "volumes"))])


if __name__ == "__main__":
    main()
