#!/usr/bin/python

# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: gluster_heal_info
short_description: Healing or rebalancing of a GlusterFS volume
version_added: 0.1.0
description:
  - Reads what is left to heal in a volume, or how far its rebalance is.
  - Returns what the module of that name in gluster.gluster returned, for playbooks written for it.
    M(clustered.storage.gluster_info) tells more.
options:
  name:
    description: Name of the volume.
    type: str
    required: true
    aliases: [volume]
  status_filter:
    description: Whether to read healing or rebalancing.
    type: str
    choices: [self-heal, rebalance]
    default: self-heal
seealso:
  - module: clustered.storage.gluster_info
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
- name: Wait until a volume is healed
  clustered.storage.gluster_heal_info:
    name: shared
  register: healing
  until: healing.glusterfs.heal_info | map(attribute='no_of_entries') | unique == ['0']
  retries: 30
  delay: 5
  run_once: true

- name: Read how far the rebalance is
  clustered.storage.gluster_heal_info:
    name: shared
    status_filter: rebalance
  register: rebalancing
  run_once: true
"""

RETURN = r"""
---
glusterfs:
  description: What was read.
  returned: success
  type: dict
  contains:
    volume:
      description: Name of the volume.
      type: str
    status_filter:
      description: Whether healing or rebalancing was read.
      type: str
    heal_info:
      description:
        - With O(status_filter=self-heal), each brick with C(brick), C(status) and C(no_of_entries),
          which is C(-) for a brick that did not tell.
      type: list
      elements: dict
    rebalance:
      description:
        - With O(status_filter=rebalance), each node with C(node), C(rebalanced_files), C(failures)
          and C(status).
      type: list
      elements: dict
reason:
  description: A code for the kind of failure.
  returned: failure
  type: str
remedy:
  description: What to do about the failure.
  returned: failure
  type: str
"""

from ansible_collections.clustered.storage.plugins.module_utils._engine.converge import inform
from ansible_collections.clustered.storage.plugins.module_utils._gluster.info import read_heal_info

ARGUMENT_SPEC = {
    "name": {"type": "str", "required": True, "aliases": ["volume"]},
    "status_filter": {
        "type": "str",
        "choices": ["self-heal", "rebalance"],
        "default": "self-heal",
    },
}


def main() -> None:
    """Run the module."""
    inform(ARGUMENT_SPEC, read_heal_info)


if __name__ == "__main__":
    main()
