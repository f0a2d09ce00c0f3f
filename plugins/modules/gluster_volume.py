#!/usr/bin/python

# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: gluster_volume
short_description: GlusterFS volumes
version_added: 0.1.0
description:
  - Makes, changes, starts, stops and forgets a GlusterFS volume; adds, removes and replaces its
    bricks and changes its replica count while it is in use, without losing a file.
  - What it will do is planned and checked first. It refuses before the first change when a machine
    is not connected, a brick is offline, copies are not healed, or the wanted bricks can not be
    reached from the present ones. Every refusal has a code in RV(reason) and says what to do.
  - A run that was interrupted is finished by running the same task again.
  - Run it on one node of the pool (C(run_once)).
options:
  name:
    description:
      - Name of the volume.
      - V(all) stands for the options of the whole pool; give O(options) and nothing else then.
    type: str
    required: true
    aliases: [volume]
  state:
    description:
      - V(present) makes the volume; it also starts it unless O(start_on_create=false).
      - V(started) makes the volume if O(bricks) are given, and starts it.
      - V(stopped) stops it.
      - V(absent) stops and forgets it. Its bricks keep their files.
    type: str
    required: true
    choices: [present, started, stopped, absent]
  bricks:
    description:
      - All the bricks of the volume in their order, set by set, each as C(host:/path).
      - Or paths only, each of which is taken on every host of O(cluster), path by path.
      - Left out, the bricks stay as they are.
      - Listing fewer bricks never removes any unless O(shrink) says how.
    type: list
    elements: str
    aliases: [brick]
  cluster:
    description:
      - Hosts for O(bricks) that are paths only. Those that are not in the pool are added to it when
        the volume is made or grows.
    type: list
    elements: str
  host:
    description: Accepted for playbooks written for gluster.gluster, and not needed.
    type: str
  replicas:
    description:
      - Copies of every file, as C(gluster volume create) counts them. An arbiter is one of them.
      - Left out, an existing volume keeps its count, a new one is not replicated.
    type: int
  arbiters:
    description:
      - V(1) makes the last brick of every set of three an arbiter, which holds names but no data
        and keeps two copies from contradicting each other.
    type: int
  disperses:
    description: Bricks of a disperse set, over which every file is spread with parity.
    type: int
  redundancies:
    description:
      - Bricks of a disperse set that may be lost. Left out, the count that GlusterFS proposes.
    type: int
  stripes:
    description:
      - Striped volumes are gone from GlusterFS. A value above 1 is refused with what to use
        instead.
    type: int
  transport:
    description:
      - Transport of the volume. Left out, V(tcp) for a new one; an existing one keeps its own.
      - That of an existing volume can not be changed.
    type: str
    choices: [tcp, rdma, 'tcp,rdma']
  start_on_create:
    description: Whether O(state=present) also starts the volume.
    type: bool
    default: true
  options:
    description:
      - Options by their full or short names. Values may be strings, numbers, booleans or lists;
        nothing (C(null)) puts the option back to its default.
      - All that differ are set in one transaction. Sizes and booleans are compared by what they
        mean.
      - The key C(group) names an option group of GlusterFS, such as C(virt).
    type: dict
  purge_options:
    description:
      - Put options that are set but not listed back to their defaults. Options that GlusterFS sets
        by itself and C(user.) options stay.
    type: bool
    default: false
  quotas:
    description: Limits on directories of the volume. Others stay as they are.
    type: list
    elements: dict
    suboptions:
      path:
        description: Directory inside of the volume, beginning with a slash. It must exist.
        type: str
        required: true
      hard_limit:
        description: Size, such as V(10GB), or bytes.
        type: str
        required: true
      soft_limit:
        description: Percentage of the hard limit at which GlusterFS begins to log.
        type: int
  directory:
    description: Directory for O(quota).
    type: str
  quota:
    description: One limit, in the way of gluster.gluster. O(quotas) takes several.
    type: str
  shrink:
    description:
      - What happens to bricks that the volume has but O(bricks) does not list.
      - V(refuse) fails, and names them.
      - V(migrate) moves their files to the other bricks first, or, when O(replicas) is lowered,
        takes copies away after all have been healed. A file that can not be moved stops it.
      - While files move, by this or by O(rebalance=full), nothing should be renamed onto a file
        that exists. GlusterFS 10 and 11 may fail that, or keep the old file. Without
        C(cluster.lookup-optimize off) clients may also not find files, or list them twice. A
        warning says so.
      - V(discard) takes whole sets out with the files that are on them. Those files are gone from
        the volume. With lower O(replicas) it takes copies away that are offline.
    type: str
    choices: [refuse, migrate, discard]
    default: refuse
  replace_bricks:
    description:
      - Bricks to be replaced. The keys are the old bricks, the values those that take their places,
        both as C(host:/path). O(bricks) lists the new one where the old one stood.
      - The copy on the old brick is given up; the new one is made from the other copies. What only
        a brick that is offline has, the others may not know of; bring it back rather than replace
        it, if that is possible.
      - A brick named as its own replacement is made anew in its place after its disk was exchanged,
        as long as it is offline.
    type: dict
  rebalance:
    description:
      - What follows when whole sets are added.
      - V(never) leaves files and directories where they are.
      - V(fix-layout) lets new files in existing directories go to the new bricks.
      - V(full) also moves files there.
      - V(yes) and V(no) are those of gluster.gluster, for V(full) and V(never).
    type: str
    choices: ['never', 'fix-layout', 'full', 'yes', 'no']
    default: never
  heal_timeout:
    description:
      - Seconds to wait until all copies are complete, before and after a change of bricks.
      - V(0) does not wait afterwards and refuses when copies are incomplete before.
    type: int
    default: 600
  timeout:
    description:
      - Seconds to wait until files have moved. What is under way then goes on, and the next run
        takes it up.
    type: int
    default: 3600
  allow_root_partition:
    description: Allow bricks on the root partition, which they could fill.
    type: bool
    default: false
  allow_mount_point:
    description: Allow a mount point itself as a brick. Without its disk, the root disk would be
      filled.
    type: bool
    default: false
  allow_same_host:
    description: Allow two bricks of one set on the same machine, where they are lost together.
    type: bool
    default: false
  allow_brick_reuse:
    description:
      - Allow directories that hold files or were bricks; what they hold becomes part of the volume.
    type: bool
    default: false
  checked_bricks:
    description:
      - Say that M(clustered.storage.gluster_brick) has looked at the new bricks on their machines.
        Needed to replace a brick by one on another machine, where GlusterFS takes in whatever it
        finds.
    type: bool
    default: false
  force:
    description:
      - For playbooks written for gluster.gluster. The same as O(allow_root_partition),
        O(allow_mount_point) and O(allow_same_host).
      - It does not remove or reuse bricks; see O(shrink) and O(allow_brick_reuse).
    type: bool
    default: false
notes:
  - What another machine has in a brick's directory only that machine can see. Run
    M(clustered.storage.gluster_brick) there first. GlusterFS itself refuses a used directory too,
    but not for a brick that replaces another, nor when one of the C(allow_) options or O(force)
    makes its checks silent.
  - A change that takes several steps is noted in the volume option
    C(user.clustered-storage.unfinished) while it is under way.
seealso:
  - module: clustered.storage.gluster_brick
  - module: clustered.storage.gluster_info
  - module: clustered.storage.gluster_peer
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
- name: Three copies on three machines
  clustered.storage.gluster_volume:
    name: shared
    state: started
    replicas: 3
    bricks:
      - node1:/srv/gluster/shared/brick
      - node2:/srv/gluster/shared/brick
      - node3:/srv/gluster/shared/brick
  run_once: true

- name: Two copies and an arbiter
  clustered.storage.gluster_volume:
    name: lean
    state: started
    replicas: 3
    arbiters: 1
    cluster: [node1, node2, node3]
    bricks: /srv/gluster/lean/brick
  run_once: true

- name: Tune it
  clustered.storage.gluster_volume:
    name: shared
    state: present
    options:
      performance.cache-size: 256MB
      auth.allow: [10.0.0.*, 10.0.1.*]
      network.ping-timeout: 10
      features.read-only: false
      write-behind:
  run_once: true

- name: Grow from one set of three to two, and use the new space
  clustered.storage.gluster_volume:
    name: shared
    state: started
    replicas: 3
    bricks: "{{ old_bricks + new_bricks }}"
    rebalance: full
  run_once: true

- name: Move everything off the second set and take it out
  clustered.storage.gluster_volume:
    name: shared
    state: started
    bricks: "{{ old_bricks }}"
    shrink: migrate
  run_once: true

- name: Look at the new brick's directory on its machine
  clustered.storage.gluster_brick:
    path: /srv/gluster/shared/brick
    volume: shared
  delegate_to: node4

- name: Replace the brick of a dead machine
  clustered.storage.gluster_volume:
    name: shared
    state: started
    bricks:
      - node1:/srv/gluster/shared/brick
      - node2:/srv/gluster/shared/brick
      - node4:/srv/gluster/shared/brick
    replace_bricks:
      node3:/srv/gluster/shared/brick: node4:/srv/gluster/shared/brick
    checked_bricks: true
  run_once: true

- name: Limit a directory
  clustered.storage.gluster_volume:
    name: shared
    state: started
    quotas:
      - path: /home
        hard_limit: 20GB
        soft_limit: 80
  run_once: true
"""

RETURN = r"""
---
volume:
  description: The volume as it is now, in check mode as it would be; nothing when it is absent.
  returned: success
  type: dict
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
    options:
      description: All options that are set, also those that GlusterFS set by itself.
      type: dict
    snapshots:
      description: Number of snapshots.
      type: int
    unfinished:
      description: What an interrupted change still has to do, empty for nothing.
      type: str
pool_options:
  description: The options of the whole pool.
  returned: when O(name=all)
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
    format_subject,
    format_volume_diff,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.plan import plan_volume
from ansible_collections.clustered.storage.plugins.module_utils._gluster.read import (
    read_cluster,
    run_gluster,
    volume_subject,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.wanted import wanted_volume

QUOTA = {
    "path": {"type": "str", "required": True},
    "hard_limit": {"type": "str", "required": True},
    "soft_limit": {"type": "int"},
}

ARGUMENT_SPEC = {
    "name": {"type": "str", "required": True, "aliases": ["volume"]},
    "state": {
        "type": "str",
        "required": True,
        "choices": ["present", "started", "stopped", "absent"],
    },
    "bricks": {"type": "list", "elements": "str", "aliases": ["brick"]},
    "cluster": {"type": "list", "elements": "str"},
    "host": {"type": "str"},
    "replicas": {"type": "int"},
    "arbiters": {"type": "int"},
    "disperses": {"type": "int"},
    "redundancies": {"type": "int"},
    "stripes": {"type": "int"},
    "transport": {"type": "str", "choices": ["tcp", "rdma", "tcp,rdma"]},
    "start_on_create": {"type": "bool", "default": True},
    "options": {"type": "dict"},
    "purge_options": {"type": "bool", "default": False},
    "quotas": {"type": "list", "elements": "dict", "options": QUOTA},
    "directory": {"type": "str"},
    "quota": {"type": "str"},
    "shrink": {
        "type": "str",
        "choices": ["refuse", "migrate", "discard"],
        "default": "refuse",
    },
    "replace_bricks": {"type": "dict"},
    "rebalance": {
        "type": "str",
        "choices": ["never", "fix-layout", "full", "yes", "no"],
        "default": "never",
    },
    "heal_timeout": {"type": "int", "default": 600},
    "timeout": {"type": "int", "default": 3600},
    "allow_root_partition": {"type": "bool", "default": False},
    "allow_mount_point": {"type": "bool", "default": False},
    "allow_same_host": {"type": "bool", "default": False},
    "allow_brick_reuse": {"type": "bool", "default": False},
    "checked_bricks": {"type": "bool", "default": False},
    "force": {"type": "bool", "default": False},
}


def life(params: dict[str, Any]) -> Life:
    """The life cycle for these parameters."""
    wanted = wanted_volume(params)
    return Life(
        read=read_cluster(volume_subject(wanted)),
        plan=partial(plan_volume, wanted=wanted),
        run=run_gluster,
        format_result=partial(format_subject, name=wanted.name),
        format_diff=partial(format_volume_diff, wanted=wanted),
    )


def main() -> None:
    """Run the module."""
    converge(ARGUMENT_SPEC, life)


if __name__ == "__main__":
    main()
