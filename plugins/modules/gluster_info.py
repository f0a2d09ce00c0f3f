#!/usr/bin/python

# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: gluster_info
short_description: State of a GlusterFS pool and its volumes
version_added: 0.1.0
description:
  - Reads the pool, the volumes with their bricks and options, which bricks are online, what is left
    to heal or in split brain, and which long operations run.
  - It works while nodes are down. What can not be found out is C(null), which is not zero.
options:
  volumes:
    description: Names of the volumes to read. Left out, all of them.
    type: list
    elements: str
  gather:
    description:
      - What to read besides the pool and the settings of the volumes.
      - V(status) is which bricks are online and which operations run; it takes a lock for a moment.
      - V(heal) is what is left to heal; with a brick down that takes GlusterFS ten seconds.
      - V(quota) is the limits.
    type: list
    elements: str
    choices: [status, heal, quota]
    default: [status, heal]
seealso:
  - module: clustered.storage.gluster_volume
  - module: clustered.storage.gluster_heal_info
requirements:
  - GlusterFS 6 or later, with its daemon running on this machine
  - Python 3.9 or later on this machine
author:
  - clustered.storage contributors (@clustered-storage)
attributes:
  check_mode:
    support: full
    description: Never changes anything.
  diff_mode:
    support: none
    description: Never changes anything.
  platform:
    support: full
    platforms: posix
    description: Runs where the tools of GlusterFS run.
"""

EXAMPLES = r"""
---
- name: Read everything
  clustered.storage.gluster_info:
  register: gluster
  run_once: true

- name: Show the volumes that are not well
  ansible.builtin.debug:
    msg: "{{ item.name }}: {{ item.problems | join('; ') }}"
  loop: "{{ gluster.volumes | rejectattr('healthy') }}"
  loop_control:
    label: "{{ item.name }}"
  run_once: true
"""

RETURN = r"""
---
healthy:
  description: Whether every node is connected and every volume that was read is healthy.
  returned: success
  type: bool
problems:
  description: What is wrong in the pool and its volumes and what to do about it, a sentence each.
  returned: success
  type: list
  elements: str
peers:
  description: The nodes of the pool, this one included.
  returned: success
  type: list
  elements: dict
  contains:
    uuid:
      description: UUID; empty in check mode for a node yet to be added.
      type: str
    hostname:
      description: The first name the pool knows it by; V(localhost) for this node.
      type: str
    hostnames:
      description: All names the pool knows it by.
      type: list
      elements: str
    connected:
      description: Whether it is connected.
      type: bool
    state:
      description: State in GlusterFS' words.
      type: str
      sample: Peer in Cluster
    is_self:
      description: Whether it is the node that was asked.
      type: bool
volumes:
  description: The volumes.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name.
      type: str
    id:
      description: UUID that GlusterFS gave it; empty in check mode for a volume yet to be made.
      type: str
    status:
      description: V(created), V(started) or V(stopped).
      type: str
    transport:
      description: V(tcp), V(rdma) or V(tcp,rdma).
      type: str
    layout:
      description: The layout in words.
      type: str
      sample: replica 3 arbiter 1
    replicas:
      description: Bricks in a replica set, the arbiter included; 1 without replication.
      type: int
    arbiters:
      description: Arbiters in a replica set, 0 or 1.
      type: int
    disperses:
      description: Bricks in a disperse set; 0 without dispersion.
      type: int
    redundancies:
      description: Bricks of a disperse set that may be lost.
      type: int
    bricks:
      description: The bricks in the order of GlusterFS, set by set.
      type: list
      elements: dict
      contains:
        name:
          description: The brick as C(host:/path).
          type: str
        host:
          description: Host under the name GlusterFS knows.
          type: str
        path:
          description: Directory.
          type: str
        arbiter:
          description: Whether it is an arbiter, which holds no data.
          type: bool
        online:
          description: Whether its process runs and is connected; nothing if that could not be read.
          type: bool
        port:
          description: TCP port of its process.
          type: int
        pid:
          description: Process id on its host.
          type: int
    options:
      description: All options that are set, also those that GlusterFS set by itself.
      type: dict
    snapshots:
      description: Number of snapshots.
      type: int
    unfinished:
      description: What an interrupted change still has to do, empty for nothing.
      type: str
    healthy:
      description: Whether it is started, every brick is online, and nothing is left to heal.
      type: bool
    problems:
      description: What is wrong with it and what to do about it, a sentence each.
      type: list
      elements: str
    heal:
      description: What is left to heal; nothing for volumes without copies or that do not run.
      type: dict
      contains:
        pending:
          description: Entries left to heal on all bricks; nothing when a brick did not tell.
          type: int
        split_brain:
          description: Entries in split brain; nothing when a brick did not tell.
          type: int
        bricks:
          description: The same brick by brick, with C(name) and C(status).
          type: list
          elements: dict
    tasks:
      description: Rebalances and removals of bricks, with C(kind), C(id), C(status) and C(bricks).
      type: list
      elements: dict
    quotas:
      description: Limits, with C(path), C(hard_limit_bytes) and C(soft_limit_percent).
      type: list
      elements: dict
"""

from typing import Any

from ansible_collections.clustered.storage.plugins.module_utils._engine.converge import inform
from ansible_collections.clustered.storage.plugins.module_utils._gluster.info import read_info

ARGUMENT_SPEC: dict[str, Any] = {
    "volumes": {"type": "list", "elements": "str"},
    "gather": {
        "type": "list",
        "elements": "str",
        "choices": ["status", "heal", "quota"],
        "default": ["status", "heal"],
    },
}


def main() -> None:
    """Run the module."""
    inform(ARGUMENT_SPEC, read_info)


if __name__ == "__main__":
    main()
