# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A change of the CIB as Pacemaker's own patch, tied to one version of it. Pure.

The format is version 2, that of crm_diff since Pacemaker 1.1.12. It is made here, since crm_diff
reads files only and a CIB may hold passwords.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from copy import deepcopy
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

VERSION = ("admin_epoch", "epoch", "num_updates")


def make_patch(before: Element, after: Element) -> str:
    """The patch that makes one CIB of the other; it fits that very version and no other."""
    patch = Element("diff", {"format": "2"})
    version = SubElement(patch, "version")
    numbers = {name: before.get(name, "0") for name in VERSION}
    SubElement(version, "source", numbers)
    epoch = str(int(numbers["epoch"]) + 1)
    SubElement(version, "target", {**numbers, "epoch": epoch, "num_updates": "0"})
    old, new = before.find("configuration"), after.find("configuration")
    if old is not None and new is not None:
        compare(patch, "/cib/configuration", old, new)
    return ElementTree.tostring(patch, encoding="unicode")


def compare(patch: Element, path: str, old: Element, new: Element) -> None:
    """Add what makes the new element of the old one."""
    if dict(old.attrib) != dict(new.attrib):
        modify(patch, path, old, new)
    before = {key_of(child): child for child in old}
    after = {key_of(child): child for child in new}
    for key, child in before.items():
        if key not in after:
            SubElement(patch, "change", {"operation": "delete", "path": f"{path}/{step_to(child)}"})
    for position, child in enumerate(new):
        if key_of(child) in before:
            compare(patch, f"{path}/{step_to(child)}", before[key_of(child)], child)
        else:
            words = {"operation": "create", "path": path, "position": str(position)}
            SubElement(patch, "change", words).append(deepcopy(child))


def modify(patch: Element, path: str, old: Element, new: Element) -> None:
    """Add the change of an element's attributes."""
    change = SubElement(patch, "change", {"operation": "modify", "path": path})
    listed = SubElement(change, "change-list")
    for name in dict.fromkeys((*old.keys(), *new.keys())):
        value = new.get(name)
        if value is None:
            SubElement(listed, "change-attr", {"name": name, "operation": "unset"})
        elif value != old.get(name):
            SubElement(listed, "change-attr", {"name": name, "operation": "set", "value": value})
    result = SubElement(change, "change-result")
    SubElement(result, new.tag, dict(new.attrib))


def key_of(element: Element) -> tuple[str, str]:
    """What an element is known by among its siblings."""
    return element.tag, element.get("id", "")


def step_to(element: Element) -> str:
    """The last step of the path to an element."""
    identity = element.get("id")
    return f"{element.tag}[@id='{identity}']" if identity else element.tag
