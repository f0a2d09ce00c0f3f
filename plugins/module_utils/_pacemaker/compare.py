# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is in the CIB against what is wanted there, by meaning and not by letter. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from copy import deepcopy
from xml.etree.ElementTree import Element, SubElement

from ansible_collections.clustered.storage.plugins.module_utils._cluster.parse import (
    TRUE,
    agent_of,
    attributes,
    by_id,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Refusal
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.objects import (
    add_operation,
    add_pair,
    xml_id,
)

FALSE = frozenset({"false", "no", "off", "n", "0"})
# Words for the same thing, old and new.
SYNONYMS = {"Master": "Promoted", "Slave": "Unpromoted"}
OLD_NAMES = {"promoted-max": "master-max", "promoted-node-max": "master-node-max"}
TIME = re.compile(r"(\d+)\s*([a-z]*)", re.IGNORECASE)
MILLISECONDS = {
    "": 1000.0, "s": 1000.0, "sec": 1000.0, "ms": 1.0, "msec": 1.0, "us": 0.001, "usec": 0.001,
    "m": 60e3, "min": 60e3, "h": 3600e3, "hr": 3600e3,
}  # fmt: skip
ISO_TIME = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?")
INFINITY = 1_000_000
# What a constraint means where it does not say.
DEFAULTS = {
    "rsc_order": {"kind": "Mandatory", "first-action": "start", "symmetrical": "true"},
    "rsc_colocation": {"rsc-role": "Started", "with-rsc-role": "Started"},
    "rsc_location": {"resource-discovery": "always"},
}
# A CIB secret: the value lies in a file of each node, and the CIB does not tell it.
ELSEWHERE = "lrm://"

Same = Callable[[str, str], bool]


# ---- values ----


def same_text(one: str, other: str) -> bool:
    """Whether two parameters are the same; what an agent makes of one is not known."""
    return ELSEWHERE in (one, other) or one == other


def same_value(one: str, other: str) -> bool:
    """Whether two values of an option of Pacemaker's own mean the same."""
    return normal_value(one) == normal_value(other)


def normal_value(value: str) -> object:
    """A value as Pacemaker understands it: a boolean, a time, a score, a role, or a word.

    "1" is no boolean here: it may as well be a number, and Pacemaker writes true.
    """
    lower = value.strip().lower()
    if lower in TRUE | FALSE and not lower.isdigit():
        return lower in TRUE
    milliseconds = parse_time(value.strip())
    return SYNONYMS.get(value, value) if milliseconds is None else milliseconds


def parse_time(text: str) -> float | None:
    """Milliseconds of 60, 60s, 1min, PT1M; None for what is no time."""
    found = TIME.fullmatch(text)
    if found and found.group(2).lower() in MILLISECONDS:
        return int(found.group(1)) * MILLISECONDS[found.group(2).lower()]
    iso = ISO_TIME.fullmatch(text)
    if not iso or not any(iso.groups()):
        return None
    hours, minutes, seconds = (int(part or 0) for part in iso.groups())
    return (hours * 3600 + minutes * 60 + seconds) * 1000.0


def normal_score(score: str) -> str:
    """A score; a million and more is without end."""
    if score.lower().lstrip("+-") in ("infinity", "inf"):
        return "-INFINITY" if score.startswith("-") else "INFINITY"
    if not score.lstrip("+-").isdigit():
        return score
    number = int(score)
    endless = "INFINITY" if number > 0 else "-INFINITY"
    return endless if abs(number) >= INFINITY else str(number)


def normal_constraint(element: Element) -> dict[str, object]:
    """What a constraint says, with what it leaves out."""
    said = {**DEFAULTS.get(element.tag, {}), **element.attrib}
    if element.tag == "rsc_order":
        said.setdefault("then-action", said["first-action"])
    return {
        name: normal_score(value) if name == "score" else normal_value(value)
        for name, value in said.items()
    }


# ---- merging: each function changes the CIB in place and says what was different ----


def merge_resource(root: Element, wanted: Element) -> Iterator[str]:
    """A primitive or a clone is there, with all that is wanted of it; the rest of it stays."""
    refuse_taken(root, wanted)
    present = by_id(root, wanted.get("id", ""))
    if present is None:
        section(root, "resources").append(deepcopy(wanted))
        yield f"{wanted.get('id')} is missing"
        return
    yield from merge_parts(root, present, wanted)
    inner = wanted.find("primitive")
    if inner is not None:
        yield from merge_parts(root, present.find("primitive"), inner)


def merge_parts(root: Element, present: Element | None, wanted: Element) -> Iterator[str]:
    """The parameters, meta attributes and operations of one element."""
    if present is None:
        return
    for tag, same in (("instance_attributes", same_text), ("meta_attributes", same_value)):
        holder = wanted.find(tag)
        pairs = {} if holder is None else {p.get("name", ""): p.get("value", "") for p in holder}
        yield from merge_pairs(root, present, tag, pairs, same)
    for operation in wanted.iterfind("operations/op"):
        yield from merge_operation(root, present, operation)


def merge_pairs(
    root: Element, owner: Element, tag: str, pairs: Mapping[str, str], same: Same
) -> Iterator[str]:
    """Names and values, in whichever set of the owner they are."""
    holders = [one for one in owner.findall(tag) if one.find("rule") is None]
    present = {pair.get("name", ""): pair for one in holders for pair in one.findall("nvpair")}
    for name, value in pairs.items():
        pair = present.get(name, present.get(OLD_NAMES.get(name, "")))
        if pair is not None and same(pair.get("value", ""), value):
            continue
        if pair is not None:
            pair.set("value", value)
        else:
            if not holders:
                holders.append(SubElement(owner, tag, {"id": f"{owner.get('id')}-{tag}"}))
            add_pair(holders[0], name, value)
            make_unique(root, holders[0][-1])
        yield (
            f"{owner.get('id')} has another {name}"
            if pair is not None
            else (f"{owner.get('id')} has no {name}")
        )


def merge_operation(root: Element, primitive: Element, wanted: Element) -> Iterator[str]:
    """An operation; a monitor is known by its role, and among several by its interval."""
    name, holder = wanted.get("name", ""), primitive.find("operations")
    if holder is None:
        holder = SubElement(primitive, "operations")
    present = [one for one in holder.findall("op") if operation_key(one) == operation_key(wanted)]
    exact = [one for one in present if is_same_interval(one, wanted)]
    found = next(iter((*exact, *present)), None)
    what = f"the {name} of {primitive.get('id')}"
    if found is None:
        add_operation(root, primitive, holder, without_id(wanted))
        make_unique(root, holder[-1])
        yield f"{what} is not set"
        return
    different = {
        key: value
        for key, value in without_id(wanted).items()
        if not same_value(found.get(key, ""), value)
    }
    for key, value in different.items():
        found.set(key, value)
    if different:
        yield f"{what} has another {', '.join(different)}"


def operation_key(operation: Element) -> tuple[str, str]:
    """What an operation is for."""
    role = operation.get("role", "Started")
    return operation.get("name", ""), SYNONYMS.get(role, role)


def is_same_interval(one: Element, other: Element) -> bool:
    """Whether two operations have the same interval."""
    return same_value(one.get("interval", "0s"), other.get("interval", "0s"))


def without_id(element: Element) -> dict[str, str]:
    """The attributes of an element but for its id."""
    return {name: value for name, value in element.attrib.items() if name != "id"}


def merge_constraint(root: Element, wanted: Element) -> Iterator[str]:
    """A constraint says what it is to say, all of it; in its place, if it is there."""
    present = by_id(root, wanted.get("id", ""))
    if present is None:
        section(root, "constraints").append(deepcopy(wanted))
        yield f"{wanted.get('id')} is missing"
        return
    if present.tag != wanted.tag:
        raise id_taken(present, f"a {wanted.tag}")
    if normal_constraint(present) == normal_constraint(wanted) and not len(present):
        return
    present.attrib.clear()
    present.attrib.update(wanted.attrib)
    for child in list(present):
        present.remove(child)
    yield f"{wanted.get('id')} says something else"


def merge_properties(root: Element, properties: Mapping[str, str]) -> Iterator[str]:
    """The cluster's options, in whichever set they are, else in the usual one."""
    crm_config = section(root, "crm_config")
    sets = [one for one in crm_config if one.find("rule") is None]
    present = {pair.get("name", ""): pair for one in sets for pair in one.findall("nvpair")}
    for name, value in properties.items():
        pair = present.get(name)
        if pair is not None and same_value(pair.get("value", ""), value):
            continue
        seen = f"is {pair.get('value')}, not" if pair is not None else "is to be"
        if pair is not None:
            pair.set("value", value)
        else:
            add_pair(bootstrap_set(crm_config), name, value)
        yield f"property {name} {seen} {value}"


def bootstrap_set(crm_config: Element) -> Element:
    """The set of the cluster's options that everybody uses."""
    name = "cib-bootstrap-options"
    found = next((one for one in crm_config if one.get("id") == name), None)
    return SubElement(crm_config, "cluster_property_set", {"id": name}) if found is None else found


def remove_object(root: Element, identity: str) -> Iterator[str]:
    """A resource or a constraint is gone, if it was there."""
    for name in ("resources", "constraints"):
        for element in list(section(root, name)):
            if element.get("id") == identity:
                section(root, name).remove(element)
                yield f"{identity} is to go"


def section(root: Element, name: str) -> Element:
    """A section of the configuration, made where there is none."""
    configuration = root.find("configuration")
    if configuration is None:
        configuration = SubElement(root, "configuration")
    found = configuration.find(name)
    return SubElement(configuration, name) if found is None else found


def make_unique(root: Element, element: Element) -> None:
    """Another id for a new part whose id somebody else has."""
    base, taken = element.get("id", ""), [one.get("id") for one in root.iter()]
    if taken.count(base) > 1:
        numbers = (n for n in range(1, len(taken) + 1) if f"{base}-{n}" not in taken)
        element.set("id", xml_id(f"{base}-{next(numbers)}"))


# ---- what is not ours ----


def refuse_taken(root: Element, wanted: Element) -> None:
    """An id is somebody else's if something else has it, or it is somewhere else."""
    inner = wanted.find("primitive")
    parts = [wanted] if inner is None else [wanted, inner]
    present = [by_id(root, part.get("id", "")) for part in parts]
    taken = next((one for one in present if one is not None), None)
    if taken is None:
        return
    fits = all(
        one is not None and is_same_kind(root, one, part) for one, part in zip(present, parts)
    )
    owners = [section(root, "resources"), *(one for one in present if one is not None)]
    in_place = all(one in list(owner) for one, owner in zip(present, owners))
    if not (fits and in_place):
        raise id_taken(taken, words_for(wanted))


def is_same_kind(root: Element, present: Element, wanted: Element) -> bool:
    """Whether it is the same kind of thing, and says so itself: not by a template."""
    plain = not present.get("template")
    return present.tag == wanted.tag and plain and agent_of(root, present) == agent_of(root, wanted)


def words_for(element: Element) -> str:
    """What an element is, in words."""
    inner = element if element.tag == "primitive" else element.find("primitive")
    agent = "" if inner is None else f"{inner.get('class')}:{inner.get('type')}"
    return f"a clone of {agent}" if element.tag == "clone" else f"a resource {agent}"


def id_taken(present: Element, wanted: str) -> Refusal:
    """The refusal to make something of what is something else."""
    return Refusal(
        "id_taken",
        f"{present.get('id')} is in the CIB already, and is not {wanted} by itself.",
        "Give another id, or take that away by hand if nobody needs it.",
    )


def refuse_elsewhere(
    root: Element, identity: str, agent: tuple[str, str, str], options: Mapping[str, str]
) -> None:
    """Two resources must not manage one thing; one that does so already has another id."""
    for primitive in section(root, "resources").iter("primitive"):
        found = attributes(root, primitive)
        same = all(found.get(name) == value for name, value in options.items())
        if primitive.get("id") != identity and agent_of(root, primitive) == agent and same:
            what = ", ".join(options.values()) or agent[2]
            raise Refusal(
                "managed_elsewhere",
                f"Pacemaker has a resource for {what} already: {primitive.get('id')}.",
                "Give its id to this task if it is the one that is meant.",
            )


def mentions(element: Element, ids: Collection[str]) -> bool:
    """Whether an element, or one in it, refers to one of the ids."""
    return any(
        value in ids
        for one in element.iter()
        for name, value in one.attrib.items()
        if name != "id" or one.tag in ("resource_ref", "obj_ref")
    )
