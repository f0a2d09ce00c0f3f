# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is so for every CIB, with whatever other people have put in it."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.compare import (
    parse_time,
    same_value,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.model import State
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.wanted import Wanted
from helpers.pacemaker import (
    FENCE1,
    FENCE2,
    cib,
    cluster_of,
    planned,
    settled,
    state_of,
    wanted_all,
    wanted_fencing,
)
from hypothesis import given, settings
from hypothesis import strategies as st

OWN_IDS = ("fence1", "fence2", "dlm-clone", "drbd_r0-clone", "fs_web-clone")
AGENTS = ('provider="pacemaker" type="Dummy"', 'provider="heartbeat" type="IPaddr2"')
names = st.integers(0, 9).map(lambda number: f"theirs{number}")


@st.composite
def resources(draw: st.DrawFn) -> str:
    """Primitives, clones and groups of other people."""
    found = []
    for name in draw(st.lists(names, unique=True, max_size=4)):
        pair = f'<nvpair id="{name}-n" name="passwd" value="{draw(st.text("abc&lt;"[:3]))}"/>'
        primitive = (
            f'<primitive id="{name}" class="ocf" {draw(st.sampled_from(AGENTS))}>'
            f'<instance_attributes id="{name}-i">{pair}</instance_attributes></primitive>'
        )
        wrap = draw(st.sampled_from(("{}", '<clone id="{n}-c">{}</clone>')))
        found.append(wrap.replace("{n}", name).format(primitive))
    return "\n".join(found)


@st.composite
def constraints(draw: st.DrawFn) -> str:
    """Constraints of other people, of DRBD and of those who move resources by hand."""
    kinds = (
        '<rsc_location id="{n}-l" rsc="{n}" node="node1" score="50"/>',
        '<rsc_location id="cli-ban-{n}" rsc="{n}" role="Started" node="node2" score="-INFINITY"/>',
        '<rsc_location id="drbd-fence-by-handler-{n}" rsc="{n}"><rule id="{n}-r" score="1">'
        '<expression id="{n}-e" attribute="#uname" operation="ne" value="node1"/></rule>'
        "</rsc_location>",
        '<rsc_order id="{n}-o" first="{n}" then="theirs0" kind="Optional"/>',
    )
    chosen = draw(st.lists(st.tuples(st.sampled_from(kinds), names), unique=True, max_size=4))
    return "".join(kind.replace("{n}", name) for kind, name in chosen)


wanteds = st.sampled_from(
    [
        wanted_all(),
        wanted_fencing(),
        wanted_fencing(fence_devices=(FENCE1,)),
        wanted_fencing(fence_devices=(FENCE2,)),
        wanted_all(drbd_resource="", drbd_id=""),
        wanted_all(file_system=None, filesystem_id=""),
        Wanted(properties={"stonith-enabled": "true", "cluster-delay": "90s"}),
    ]
)
schemas = st.sampled_from(["pacemaker-3.0", "pacemaker-3.6", "pacemaker-3.9"])


def foreign(text: str) -> list[str]:
    """The objects of others, as they stand."""
    root = ElementTree.fromstring(text)
    own = (*OWN_IDS, "fs_web-after", "fs_web-with", "fence1-avoids", "fence2-avoids")
    return [
        ElementTree.tostring(one, encoding="unicode").strip()
        for section in ("resources", "constraints", "nodes")
        for one in root.iterfind(f"configuration/{section}/*")
        if not one.get("id", "").startswith(own)
    ]


def fresh(text: str) -> State:
    return state_of(cluster_of(text))


@settings(deadline=None, max_examples=25)
@given(resources(), constraints(), schemas, wanteds)
def test_foreign_objects_stay_to_the_byte(
    resource: str, constraint: str, schema: str, wanted: Wanted
) -> None:
    text = cib(resource, constraint, schema)
    after = planned(fresh(text), wanted).after.cluster

    assert after
    assert foreign(after.cib) == foreign(text)


@settings(deadline=None, max_examples=25)
@given(resources(), constraints(), schemas, wanteds)
def test_plan_after_a_plan_is_empty(
    resource: str, constraint: str, schema: str, wanted: Wanted
) -> None:
    after = planned(fresh(cib(resource, constraint, schema)), wanted).after

    assert planned(replace(after, simulations={}), wanted).steps == ()


@settings(deadline=None, max_examples=25)
@given(resources(), constraints(), schemas)
def test_taking_down_leaves_what_was_there_before(
    resource: str, constraint: str, schema: str
) -> None:
    text = cib(resource, constraint, schema)
    built = settled(wanted_all(), fresh(text))
    gone = wanted_all(present=False, file_system=None, properties={})
    plan = planned(built, gone)

    assert plan.after.cluster
    assert foreign(plan.after.cluster.cib) == foreign(text)
    left = ElementTree.fromstring(plan.after.cluster.cib)
    assert not [one for one in left.iter() if one.get("id") in OWN_IDS]


@settings(deadline=None, max_examples=20)
@given(st.sampled_from(OWN_IDS), st.data())
def test_any_attribute_of_ours_that_drifts_is_mended(identity: str, data: st.DataObject) -> None:
    state = settled(wanted_all())
    assert state.cluster
    root = ElementTree.fromstring(state.cluster.cib)
    ours = next(one for one in root.iter() if one.get("id") == identity)
    settable = [(one, name) for one in ours.iter() for name in one.attrib if name in ("value",)]
    element, name = data.draw(st.sampled_from(settable))
    element.set(name, "drifted")
    text = ElementTree.tostring(root, encoding="unicode")
    drifted = replace(state, cluster=cluster_of(text, state.cluster.instances))
    plan = planned(drifted, wanted_all())
    assert plan.changes
    assert planned(replace(plan.after, simulations={}), wanted_all()).steps == ()


@given(st.integers(0, 10**6), st.sampled_from(["", "s", "sec", "ms", "min", "h"]))
def test_time_is_the_same_as_itself_in_milliseconds(number: int, unit: str) -> None:
    milliseconds = parse_time(f"{number}{unit}")

    assert milliseconds is not None
    assert same_value(f"{number}{unit}", f"{int(milliseconds)}ms")


@given(st.text(max_size=12))
def test_any_text_is_a_value(text: str) -> None:
    assert same_value(text, text)
