#!/usr/bin/python

# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: gluster_peer
short_description: Nodes of a GlusterFS trusted storage pool
version_added: 0.1.0
description:
  - Adds nodes to the trusted storage pool of the machine it runs on, or takes them out, and waits
    until the pool shows it.
  - Run it on one node of the pool (C(run_once)).
  - Names and addresses of one machine are one peer; the machine it runs on may be listed and is
    skipped.
options:
  nodes:
    description: Host names or addresses of the nodes.
    type: list
    elements: str
    required: true
  state:
    description:
      - V(present) makes every node a peer that is connected and in the cluster.
      - V(absent) takes nodes out. A node that holds bricks is refused with the volumes and bricks
        named; one that is not in the pool is fine.
    type: str
    choices: [present, absent]
    default: present
  aliases:
    description:
      - Further names or addresses under which the pool is to know a node, as lists by the names
        that O(nodes) has. Only the node that this runs on learns them.
    type: dict
  remove_unlisted:
    description:
      - With O(state=present), take nodes out of the pool that are not listed. The same is refused
        as with O(state=absent).
    type: bool
    default: false
  force:
    description:
      - When nodes are taken out, detach although a node of the pool is down.
      - A node that holds bricks is refused nevertheless.
    type: bool
    default: false
  timeout:
    description: Seconds to wait until the pool shows the nodes as wanted.
    type: int
    default: 60
notes:
  - Peers that are not listed and are down cause a warning, no failure, so that a dead machine can
    be replaced.
seealso:
  - module: clustered.storage.gluster_info
  - module: clustered.storage.gluster_volume
requirements:
  - GlusterFS 6 or later, with its daemon running on this machine
  - Python 3.9 or later on this machine
author:
  - clustered.storage contributors (@clustered-storage)
attributes:
  check_mode:
    support: full
    description: The plan of check mode is the plan of the real run, and so is a refusal.
  diff_mode:
    support: full
    description: Shows what changes, made from the same plan.
  platform:
    support: full
    platforms: posix
    description: Runs where the tools of GlusterFS run.
"""

EXAMPLES = r"""
---
- name: Make a pool of three
  clustered.storage.gluster_peer:
    nodes: [node1, node2, node3]
  run_once: true

- name: Let the pool know the nodes by their addresses too
  clustered.storage.gluster_peer:
    nodes: [node1, node2, node3]
    aliases:
      node2: [10.0.0.2]
      node3: [10.0.0.3]
  run_once: true

- name: Take a node out whose bricks have moved
  clustered.storage.gluster_peer:
    nodes: node3
    state: absent
  run_once: true

- name: Take a dead node out
  clustered.storage.gluster_peer:
    nodes: node3
    state: absent
    force: true
  run_once: true
"""

RETURN = r"""
---
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
  sample: shrink_refused
remedy:
  description: What to do about the failure.
  returned: failure
  type: str
"""

from functools import partial
from typing import Any

from ansible_collections.clustered.storage.plugins.module_utils._engine.converge import (
    Life,
    converge,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.format import (
    format_pool,
    format_pool_diff,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.pool import plan_peers
from ansible_collections.clustered.storage.plugins.module_utils._gluster.read import (
    peers_subject,
    read_cluster,
    run_gluster,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.wanted import wanted_peers

ARGUMENT_SPEC = {
    "nodes": {"type": "list", "elements": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "aliases": {"type": "dict"},
    "remove_unlisted": {"type": "bool", "default": False},
    "force": {"type": "bool", "default": False},
    "timeout": {"type": "int", "default": 60},
}


def life(params: dict[str, Any]) -> Life:
    """The life cycle for these parameters."""
    wanted = wanted_peers(params)
    return Life(
        read=read_cluster(peers_subject(wanted)),
        plan=partial(plan_peers, wanted=wanted),
        run=run_gluster,
        format_result=format_pool,
        format_diff=partial(format_pool_diff, wanted=wanted),
    )


def main() -> None:
    """Run the module."""
    converge(ARGUMENT_SPEC, life)


if __name__ == "__main__":
    main()
