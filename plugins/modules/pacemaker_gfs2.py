#!/usr/bin/python

# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: pacemaker_gfs2
short_description: Fencing, DRBD with two primaries, DLM and GFS2 under Pacemaker
version_added: 0.1.0
description:
  - Puts fence devices, a DRBD resource that is promoted on both nodes, the lock manager DLM and a
    mounted GFS2 into Pacemaker's hands, and waits until all of it runs.
  - Makes the GFS2 once, compares its lock table and its journals with the cluster, adds journals,
    lets it grow.
  - Run it on one node of the cluster (C(run_once)). What it writes is the CIB, which is for all.
  - A part that is not given is left alone. With O(fence_devices) only, it is just the properties
    and the fence devices.
  - Only the objects of this task are written. Those of others stay as they are to the byte, and so
    do DRBD's own C(drbd-fence-by-handler-*) constraints and those of C(crm_resource --move).
  - Each change of the CIB is simulated by Pacemaker before anything is done. It is refused if a
    resource of others would be stopped or moved, if a node would be fenced, or if the file system
    would start before DRBD is promoted. It is written all at once, and only to the CIB that it was
    simulated on.
options:
  state:
    description:
      - V(present) makes everything that is given run as given.
      - V(absent) stops GFS2, DRBD and DLM one after the other, then takes them out of the CIB. The
        data stays. DLM stays if others need it. Fence devices go only if they are listed.
    type: str
    choices: [present, absent]
    default: present
  properties:
    description:
      - Properties of the cluster. C(stonith-enabled=true) and C(no-quorum-policy=freeze) are always
        set; they can not be set otherwise.
    type: dict
  fence_devices:
    description:
      - Fence devices. They are started, which takes that their monitor succeeds, before anything
        else is put in.
    type: list
    elements: dict
    suboptions:
      id:
        description: Its id.
        type: str
        required: true
      agent:
        description:
          - The fence agent, V(fence_ipmilan) say. It has to be installed.
          - Agents that claim success on a living node are refused, see
            O(allow_pretended_fencing).
          - Needed with O(state=present).
        type: str
      options:
        description:
          - Its options, those of the agent and Pacemaker's C(pcmk_*). An option that the agent does
            not know is refused. Options that are not listed stay as they are.
        type: dict
      secrets:
        description: Further options, which are shown nowhere, passwords say.
        type: dict
      monitor_interval:
        description: Seconds from one monitor to the next.
        type: int
        default: 60
      timeout:
        description: Seconds that a start or a monitor may take.
        type: int
        default: 60
      avoid_nodes:
        description:
          - Nodes on which it must not run, the one that it fences say. An empty list takes back
            what was said before.
        type: list
        elements: str
  drbd_resource:
    description:
      - A DRBD resource that is to be Primary on both nodes, under Pacemaker. Its configuration has
        to allow that and to have C(fencing resource-and-stonith).
    type: str
  device:
    description:
      - The device of the GFS2, with the same path on all nodes.
      - O(device), O(mount_point) and O(filesystem_name) go together.
    type: path
  mount_point:
    description: Where it is mounted, on all nodes. It must not be in C(/etc/fstab).
    type: path
  filesystem_name:
    description: Its name in the cluster, the second part of the lock table.
    type: str
  mount_options:
    description: Mount options.
    type: str
    default: noatime
  journals:
    description:
      - How many journals it is to have; at least one for each node, which is the default. Journals
        that lack are added. None is ever taken away.
    type: int
  journal_size_mib:
    description:
      - The size of a new journal in MiB, 8 to 1024. By default mkfs.gfs2 decides.
      - One that is added to a mounted file system has at least 32; gfs2_jadd makes no smaller one.
    type: int
  cluster_name:
    description:
      - The name that Corosync's cluster has to have. By default whatever it has.
    type: str
  create_filesystem:
    description:
      - V(if_blank) makes the GFS2 if the device is blank, that is without any signature and with
        zeros at both its ends. It is made on the node where the module runs, when DRBD is Primary
        there.
      - V(never) makes none.
    type: str
    choices: [if_blank, never]
    default: if_blank
  replace_filesystem:
    description:
      - UUID of the file system on the device that may be erased for the GFS2. Everything in it is
        lost.
      - It is looked at once more right before. If it is gone already, nothing is erased.
    type: str
  lock_table:
    description:
      - What to do about a GFS2 whose lock table is another one than that of this cluster.
      - V(refuse) does nothing.
      - V(retune) writes the right one, if the file system is mounted nowhere. No other cluster may
        use it.
    type: str
    choices: [refuse, retune]
    default: refuse
  grow:
    description:
      - Let a mounted GFS2 fill its device. Only where it is mounted shows by how much it can grow.
    type: bool
    default: false
  dlm_id:
    description: Id of the DLM resource. Its clone has C(-clone) at the end, as all clones here.
    type: str
    default: dlm
  drbd_id:
    description: Id of the DRBD resource in Pacemaker. By default C(drbd_) with O(drbd_resource).
    type: str
  filesystem_id:
    description: Id of the file system's resource. By default C(fs_) with O(filesystem_name).
    type: str
  allow_pretended_fencing:
    description:
      - Let fence devices be that claim success on a living node. For labs only; with real data this
        is how it gets lost.
    type: bool
    default: false
  timeout:
    description: Seconds for each wait.
    type: int
    default: 300
notes:
  - It needs no pcs and no crmsh. What these have made under other ids is not changed; a resource
    that manages the same thing is refused.
  - To stop a mounted GFS2 ends the processes that use it. That is what Pacemaker's agent does.
  - A resource that was disabled or set to unmanaged by hand is not touched. The task says so and
    fails.
seealso:
  - module: clustered.storage.pacemaker_gfs2_info
  - module: clustered.storage.drbd_resource
requirements:
  - Pacemaker 2.1 or later and Corosync 3, running, with Pacemaker's command line tools
  - dlm_controld, gfs2-utils, and a kernel that has dlm and gfs2, for a file system. The fence agent
    of DLM has to go with this Pacemaker, which that of Debian 13 does not.
  - Python 3.9 or later on this machine
author:
  - clustered.storage contributors (@clustered-storage)
attributes:
  check_mode:
    support: full
    description: The plan of check mode is the plan of the real run, and so is a refusal.
  diff_mode:
    support: full
    description: Shows the objects of this task in the CIB and where they run, without secrets.
  platform:
    support: full
    platforms: posix
    description: Runs where Pacemaker runs.
"""

EXAMPLES = r"""
---
- name: Fence by the management boards
  clustered.storage.pacemaker_gfs2:
    fence_devices:
      - id: fence_node1
        agent: fence_ipmilan
        options: {ip: 192.0.2.11, username: fence, pcmk_host_list: node1, pcmk_delay_base: 5s}
        secrets: {password: "{{ vault_ipmi_password }}"}
        avoid_nodes: [node1]
      - id: fence_node2
        agent: fence_ipmilan
        options: {ip: 192.0.2.12, username: fence, pcmk_host_list: node2}
        secrets: {password: "{{ vault_ipmi_password }}"}
        avoid_nodes: [node2]
  run_once: true

- name: Both nodes write to one file system
  clustered.storage.pacemaker_gfs2:
    drbd_resource: r0
    device: /dev/drbd0
    mount_point: /clustered
    filesystem_name: clustered
  run_once: true

- name: The same, over an ext4 that is not needed any more
  clustered.storage.pacemaker_gfs2:
    drbd_resource: r0
    device: /dev/drbd0
    mount_point: /clustered
    filesystem_name: clustered
    replace_filesystem: 2f4a7c1e-6d0b-4a53-9a1b-8a3b5d9c0e11
  run_once: true

- name: Take it out of the cluster; the data stays
  clustered.storage.pacemaker_gfs2:
    state: absent
    drbd_resource: r0
    filesystem_name: clustered
  run_once: true
"""

RETURN = r"""
---
cluster:
  description: The cluster, as Pacemaker sees it.
  returned: success
  type: dict
  contains:
    name:
      description: Its name.
      type: str
    has_quorum:
      description: Whether it has quorum.
      type: bool
    nodes:
      description: Its nodes, each with C(name) and C(state).
      type: list
      elements: dict
    properties:
      description: Its properties.
      type: dict
    fencing:
      description:
        - Whether fencing is C(enabled), and the C(devices), each with C(id), C(agent), the nodes
          that it is C(started_on), and whether it C(pretends).
      type: dict
    fence_constraints:
      description: Ids of the constraints by which DRBD keeps a node from being promoted.
      type: list
      elements: str
    objects:
      description:
        - All resources, each with C(id), C(agent), the nodes that it is C(active_on) and
          C(promoted_on).
      type: list
      elements: dict
    mounts:
      description:
        - Where Pacemaker has GFS2 mounted, each with C(node), C(path), C(device) and C(resource).
      type: list
      elements: dict
    failures:
      description:
        - Operations that failed and were not cleaned up, each with C(resource), C(node), C(task)
          and C(words).
      type: list
      elements: dict
filesystem:
  description: The GFS2; empty where none is asked for.
  returned: success
  type: dict
  contains:
    uuid:
      description: Its UUID.
      type: str
    lock_table:
      description: Its lock table.
      type: str
      sample: pair:clustered
    lock_protocol:
      description: Its lock protocol.
      type: str
      sample: lock_dlm
    journals:
      description: How many journals it has.
      type: int
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
      description: The exact command. A change of the CIB goes by its standard input.
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
  sample: stonith_missing
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
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.format import (
    format_diff,
    format_state,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.plan import plan_cluster
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.read import (
    act,
    read_state,
    run,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.wanted import (
    wanted_cluster,
)

FENCE_DEVICE = {
    "id": {"type": "str", "required": True},
    "agent": {"type": "str"},
    "options": {"type": "dict"},
    "secrets": {"type": "dict", "no_log": True},
    "monitor_interval": {"type": "int", "default": 60},
    "timeout": {"type": "int", "default": 60},
    "avoid_nodes": {"type": "list", "elements": "str"},
}
ARGUMENT_SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "properties": {"type": "dict"},
    "fence_devices": {"type": "list", "elements": "dict", "options": FENCE_DEVICE},
    "drbd_resource": {"type": "str"},
    "device": {"type": "path"},
    "mount_point": {"type": "path"},
    "filesystem_name": {"type": "str"},
    "mount_options": {"type": "str", "default": "noatime"},
    "journals": {"type": "int"},
    "journal_size_mib": {"type": "int"},
    "cluster_name": {"type": "str"},
    "create_filesystem": {"type": "str", "choices": ["if_blank", "never"], "default": "if_blank"},
    "replace_filesystem": {"type": "str"},
    "lock_table": {"type": "str", "choices": ["refuse", "retune"], "default": "refuse"},
    "grow": {"type": "bool", "default": False},
    "dlm_id": {"type": "str", "default": "dlm"},
    "drbd_id": {"type": "str"},
    "filesystem_id": {"type": "str"},
    "allow_pretended_fencing": {"type": "bool", "default": False},
    "timeout": {"type": "int", "default": 300},
}


def life(params: dict[str, Any]) -> Life:
    """The life cycle for these parameters."""
    wanted = wanted_cluster(params)
    return Life(
        read=read_state(wanted),
        plan=partial(plan_cluster, wanted=wanted),
        run=run,
        act=act,
        format_result=partial(format_state, wanted=wanted),
        format_diff=partial(format_diff, wanted=wanted),
    )


def main() -> None:
    """Run the module."""
    converge(ARGUMENT_SPEC, life)


if __name__ == "__main__":
    main()
