#!/usr/bin/python

# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: drbd_resource_info
short_description: State of the DRBD resources of a machine
version_added: 0.1.0
description:
  - Reads the resources that are up or configured on this machine, with roles, disks, connections,
    how far copying is, the UUIDs of the data, and why a connection is not there.
  - DRBD 8.4 and 9 are both told in the words of 9.
options:
  name:
    description: Name of the resource to read. Left out, all of them.
    type: str
seealso:
  - module: clustered.storage.drbd_resource
requirements:
  - drbd-utils 9.0 or later on this machine
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
    description: Runs where DRBD runs, on Linux.
"""

EXAMPLES = r"""
---
- name: Read everything
  clustered.storage.drbd_resource_info:
  register: drbd

- name: Show what is not connected, and why
  ansible.builtin.debug:
    msg: "{{ item.name }}: {{ item.problem.message }} ({{ item.problem.reason }})"
  loop: "{{ drbd.resources | selectattr('problem') }}"
  loop_control:
    label: "{{ item.name }}"
"""

RETURN = r"""
---
resources:
  description:
    - The resources, each as M(clustered.storage.drbd_resource) returns it, with C(current_uuid) and
      C(identifiers) of every volume that has its disk.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name.
      type: str
    up:
      description: Whether it is up.
      type: bool
    role:
      description: Role here.
      type: str
    problem:
      description:
        - Why it is not connected, null when it is. C(reason) is one of V(split_brain),
          V(unrelated_data), V(wrong_secret), V(different_settings), V(disconnected_by_admin),
          V(disconnected_by_peer), V(refused_by_peer), V(standalone), V(peer_unreachable);
          C(message) says it in words,
          C(evidence) holds the lines of the kernel's log.
      type: dict
kernel_version:
  description: Version of the kernel's part, empty while it is not loaded.
  returned: success
  type: str
  sample: 8.4.11
utils_version:
  description: Version of drbd-utils, empty where they are not installed.
  returned: success
  type: str
  sample: 9.22.0
dialect:
  description: The grammar of configurations that goes with the kernel's part, V(8.4) or V(9).
  returned: success
  type: str
"""

from ansible_collections.clustered.storage.plugins.module_utils._drbd.info import read_info
from ansible_collections.clustered.storage.plugins.module_utils._engine.converge import inform

ARGUMENT_SPEC = {"name": {"type": "str"}}


def main() -> None:
    """Run the module."""
    inform(ARGUMENT_SPEC, read_info)


if __name__ == "__main__":
    main()
