# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Refusal
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker import compare, objects
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.patch import make_patch
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.stages import (
    fingerprint,
    put_avoids,
    put_drbd,
    put_fencing,
    put_file_system,
    simulated,
)
from helpers.pacemaker import (
    FENCE1,
    FENCE2,
    FILE_SYSTEM,
    cib,
    cluster_of,
    wanted_all,
    wanted_fencing,
)

CONTROLD = 'class="ocf" provider="pacemaker" type="controld"'


def built(schema: str = "pacemaker-3.9") -> Element:
    """A CIB with everything in it."""
    root, wanted = ElementTree.fromstring(cib(schema=schema)), wanted_all()
    for put in (put_fencing, put_drbd, put_file_system):
        assert list(put(root, wanted))
    return root


def again(root: Element, **others: Any) -> list[str]:
    """What is different still."""
    wanted = wanted_all(**others)
    return [why for put in (put_fencing, put_drbd, put_file_system) for why in put(root, wanted)]


def find(root: Element, identity: str) -> Element:
    return next(one for one in root.iter() if one.get("id") == identity)


def text(root: Element) -> str:
    return ElementTree.tostring(root, encoding="unicode")


# ---- values


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("true", "yes"),
        ("TRUE", "on"),
        ("60s", "60"),
        ("60s", "1min"),
        ("60s", "PT1M"),
        ("120", "2m"),
        ("3600s", "1h"),
        ("1000ms", "1s"),
        ("1000000us", "1s"),
        ("PT1H1M1S", "3661s"),
        ("Master", "Promoted"),
        ("Slave", "Unpromoted"),
        ("fence", "fence"),
    ],
)
def test_values_that_mean_the_same_are_the_same(one: str, other: str) -> None:
    assert compare.same_value(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("true", "false"),
        ("60s", "61s"),
        ("fence", "restart"),
        ("PT", "P"),
        ("60x", "60s"),
        ("", "0"),
    ],
)
def test_values_that_mean_something_else_differ(one: str, other: str) -> None:
    assert not compare.same_value(one, other)


@pytest.mark.parametrize(
    ("score", "normal"),
    [
        ("INFINITY", "INFINITY"),
        ("+INFINITY", "INFINITY"),
        ("1000000", "INFINITY"),
        ("-2000000", "-INFINITY"),
        ("-INFINITY", "-INFINITY"),
        ("100", "100"),
        ("+100", "100"),
        ("red", "red"),
    ],
)
def test_scores_are_normalised(score: str, normal: str) -> None:
    assert compare.normal_score(score) == normal


def test_parameter_is_the_same_only_to_the_letter() -> None:
    assert not compare.same_text("1", "true")
    assert compare.same_text("lrm://", "s3cret")  # lies in a file, the CIB does not tell


# ---- what is there already, in other words


@pytest.mark.parametrize("schema", ["pacemaker-3.0", "pacemaker-3.9", "pacemaker-4.0", "none"])
def test_what_was_built_is_not_different(schema: str) -> None:
    assert again(built(schema)) == []


@pytest.mark.parametrize(
    ("schema", "word"), [("pacemaker-3.0", "Master"), ("pacemaker-3.7", "Promoted")]
)
def test_roles_are_in_the_words_of_the_schema(schema: str, word: str) -> None:
    root = built(schema)

    assert find(root, "fs_web-with-drbd_r0").get("with-rsc-role") == word
    assert find(root, "drbd_r0-monitor-29s").get("role") == word


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('role="Promoted"', 'role="Master"'),
        ('with-rsc-role="Promoted"', 'with-rsc-role="Master"'),
        ('name="promoted-max"', 'name="master-max"'),
        ('name="notify" value="true"', 'name="notify" value="yes"'),
        ('interval="60s"', 'interval="1min"'),
        ('timeout="120s"', 'timeout="PT2M"'),
        (' kind="Mandatory"', ""),
        (' rsc-role="Started"', ""),
        ('score="INFINITY"', 'score="1000000"'),
        ('id="drbd_r0-clone-meta_attributes-notify"', 'id="anything"'),
    ],
)
def test_other_words_for_the_same_are_not_different(old: str, new: str) -> None:
    said = text(built())
    assert old in said

    assert again(ElementTree.fromstring(said.replace(old, new))) == []


def test_order_of_names_and_values_does_not_matter() -> None:
    root = built()
    meta = find(root, "drbd_r0-clone-meta_attributes")
    meta[:] = list(reversed(list(meta)))

    assert again(root) == []


# ---- what is different, is mended, and nothing else is


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('"notify" value="true"', '"notify" value="false"', "drbd_r0-clone has another notify"),
        ('name="interleave"', 'name="x"', "interleave"),
        ('interval="60s" timeout="60s" on', 'interval="9s" timeout="60s" on', "another interval"),
        (' on-fail="fence"', "", "another on-fail"),
        ('value="noatime"', 'value="noatime,x"', "fs_web has another options"),
        ('name="plug" value="node1"', 'name="plug" value="node2"', "fence1 has another plug"),
        ('"promote" then', '"start" then', "fs_web-after-drbd_r0 says something else"),
        ('-role="Promoted"', '-role="Started"', "fs_web-with-drbd_r0 says something else"),
        ('value="freeze"', 'value="stop"', "property no-quorum-policy is stop, not freeze"),
    ],
)
def test_drift_is_mended(old: str, new: str, why: str) -> None:
    said = text(built())
    assert old in said
    root = ElementTree.fromstring(said.replace(old, new))

    assert why in "; ".join(again(root))
    assert again(root) == []


def test_missing_operation_is_added() -> None:
    root = built()
    operations = find(root, "drbd_r0").find("operations")
    assert operations is not None
    operations.remove(find(root, "drbd_r0-monitor-31s"))

    assert again(root) == ["the monitor of drbd_r0 is not set"]
    assert again(root) == []


def test_resource_without_operations_gets_them() -> None:
    root = built()
    dlm = find(root, "dlm")
    operations = dlm.find("operations")
    assert operations is not None
    dlm.remove(operations)

    assert len(again(root)) == 3
    assert again(root) == []


def test_clone_without_meta_attributes_gets_them() -> None:
    root = built()
    find(root, "fs_web-clone").remove(find(root, "fs_web-clone-meta_attributes"))

    assert again(root) == ["fs_web-clone has no interleave"]
    assert again(root) == []


def test_further_settings_of_ours_stay() -> None:
    root = built()
    find(root, "dlm-clone-meta_attributes").append(
        Element("nvpair", {"id": "extra", "name": "priority", "value": "5"})
    )
    before = text(root)

    assert again(root) == []
    assert text(root) == before


def test_monitor_with_the_same_interval_is_the_one_that_is_meant() -> None:
    root = built()
    operations = find(root, "fs_web").find("operations")
    assert operations is not None
    deep = {"id": "deep", "name": "monitor", "interval": "300s", "timeout": "99s"}
    operations.insert(0, Element("op", deep))

    assert again(root) == []


def test_new_part_gets_an_id_that_nobody_has() -> None:
    root = built()
    meta = find(root, "fs_web-clone-meta_attributes")
    meta.remove(meta[0])
    compare.section(root, "constraints").append(
        Element("rsc_location", {"id": "fs_web-clone-meta_attributes-interleave", "rsc": "x"})
    )

    again(root)
    assert find(root, "fs_web-clone-meta_attributes-interleave-1").get("value") == "true"


def test_rules_in_a_constraint_of_ours_go() -> None:
    root = built()
    find(root, "fs_web-with-dlm").append(Element("lifetime"))

    assert again(root) == ["fs_web-with-dlm says something else"]
    assert len(find(root, "fs_web-with-dlm")) == 0


def test_nodes_to_avoid_are_just_those_that_are_listed() -> None:
    root = ElementTree.fromstring(
        cib(
            constraints='<rsc_location id="f-avoids-a" rsc="f" node="a" score="-INFINITY"/>'
            '<rsc_location id="other" rsc="f" node="a" score="5"/>'
        )
    )

    assert list(put_avoids(root, "f", ("b",))) == ["f-avoids-a is to go", "f-avoids-b is missing"]
    assert [one.get("id") for one in compare.section(root, "constraints")] == [
        "other",
        "f-avoids-b",
    ]


def test_new_name_of_the_property_counts_where_it_is_used() -> None:
    pair = '<nvpair id="x" name="fencing-enabled" value="false"/></cluster_property_set>'
    root = ElementTree.fromstring(cib().replace("</cluster_property_set>", pair))

    assert "property fencing-enabled is false, not true" in list(
        put_fencing(root, wanted_fencing())
    )
    assert "stonith-enabled" not in text(root)


def test_set_of_properties_is_made_where_there_is_none() -> None:
    root = ElementTree.fromstring("<cib/>")

    assert list(compare.merge_properties(root, {"a": "b"})) == ["property a is to be b"]
    assert find(root, "cib-bootstrap-options-a").get("value") == "b"


# ---- what is somebody else's


@pytest.mark.parametrize(
    "resources",
    [
        '<primitive id="dlm" class="ocf" provider="pacemaker" type="Dummy"/>',
        f'<clone id="other"><primitive id="dlm" {CONTROLD}/></clone>',
        f'<clone id="dlm-clone"><primitive id="d" {CONTROLD}/></clone>',
        f'<group id="dlm-clone"><primitive id="dlm" {CONTROLD}/></group>',
        f'<template id="t" {CONTROLD}/><clone id="dlm-clone"><primitive id="dlm" template="t"/>'
        "</clone>",
        f'<clone id="dlm-clone"><group id="g"><primitive id="dlm" {CONTROLD}/></group></clone>',
        '<primitive id="fs_web-clone" class="ocf" provider="pacemaker" type="Dummy"/>',
    ],
)
def test_id_of_something_else_is_refused(resources: str) -> None:
    root = ElementTree.fromstring(cib(resources))

    with pytest.raises(Refusal) as caught:
        list(put_file_system(root, wanted_all()))
    assert caught.value.reason in ("id_taken", "managed_elsewhere")


def test_constraint_of_another_kind_is_refused() -> None:
    root = ElementTree.fromstring(cib(constraints='<rsc_location id="fs_web-after-dlm" rsc="x"/>'))

    with pytest.raises(Refusal) as caught:
        list(put_file_system(root, wanted_all()))
    assert caught.value.reason == "id_taken"


@pytest.mark.parametrize(
    ("agent", "option"),
    [
        ('provider="linbit" type="drbd"', ("drbd_resource", "r0")),
        ('provider="pacemaker" type="controld"', ("args", "x")),
        ('provider="heartbeat" type="Filesystem"', ("device", "/dev/drbd0")),
        ('provider="heartbeat" type="Filesystem"', ("directory", "/clustered")),
    ],
)
def test_same_thing_under_another_id_is_refused(agent: str, option: tuple[str, str]) -> None:
    pair = f'<nvpair id="n1" name="{option[0]}" value="{option[1]}"/>'
    root = ElementTree.fromstring(
        cib(
            f'<clone id="c"><primitive id="p" class="ocf" {agent}>'
            f'<instance_attributes id="i">{pair}</instance_attributes></primitive></clone>'
        )
    )

    with pytest.raises(Refusal) as caught:
        again(root)
    assert caught.value.reason == "managed_elsewhere"
    assert "p" in caught.value.message


# ---- the patch, and what is compared and simulated


def test_patch_holds_only_what_differs_and_its_version() -> None:
    root = built()
    changed = ElementTree.fromstring(text(root))
    find(changed, "drbd_r0-clone-meta_attributes-notify").set("value", "false")
    find(changed, "dlm-monitor-60s").attrib.pop("on-fail")
    compare.section(changed, "constraints").remove(find(changed, "fs_web-with-dlm"))

    patch = ElementTree.fromstring(make_patch(root, changed))

    source, target = (patch.find(f"version/{name}") for name in ("source", "target"))
    assert source is not None
    assert target is not None
    assert dict(source.attrib) == {"admin_epoch": "0", "epoch": "5", "num_updates": "6"}
    assert dict(target.attrib) == {"admin_epoch": "0", "epoch": "6", "num_updates": "0"}
    changes = [(one.get("operation"), one.get("path", "")) for one in patch.findall("change")]
    assert [operation for operation, _path in changes] == ["modify", "modify", "delete"]
    assert changes[2][1] == ("/cib/configuration/constraints/rsc_colocation[@id='fs_web-with-dlm']")
    unset = patch.find(".//change-attr[@operation='unset']")
    assert unset is not None
    assert unset.get("name") == "on-fail"


def test_patch_of_nothing_changes_nothing() -> None:
    assert ElementTree.fromstring(make_patch(built(), built())).findall("change") == []
    assert (
        ElementTree.fromstring(make_patch(Element("cib"), Element("cib"))).findall("change") == []
    )


def test_what_pacemaker_and_drbd_write_does_not_change_the_fingerprint() -> None:
    said = text(built())
    handler = '<rsc_location id="drbd-fence-by-handler-r0-c" rsc="drbd_r0-clone"/></constraints>'
    refreshed = said.replace("</constraints>", handler).replace('epoch="5"', 'epoch="9"')
    refreshed = refreshed.replace(
        "</cluster_property_set>",
        '<nvpair id="l" name="last-lrm-refresh" value="1"/></cluster_property_set>',
    )

    assert fingerprint(refreshed) == fingerprint(said)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('name="notify" value="true"', 'name="notify" value="false"'),
        ("</constraints>", '<rsc_location id="cli-ban-x" rsc="dlm-clone"/></constraints>'),
        ("</resources>", '<primitive id="x" class="ocf" type="y"/></resources>'),
    ],
)
def test_what_somebody_else_writes_changes_the_fingerprint(old: str, new: str) -> None:
    said = text(built())
    assert old in said

    assert fingerprint(said.replace(old, new)) != fingerprint(said)


def test_fingerprint_of_no_configuration_is_one_all_the_same() -> None:
    assert fingerprint("<cib/>") == fingerprint("<cib><status/></cib>")


def test_simulated_drbd_may_be_promoted_and_nothing_has_failed() -> None:
    failed = (
        '<transient_attributes id="1"><instance_attributes id="s">'
        '<nvpair id="a" name="fail-count-fs_web#start_0" value="INFINITY"/>'
        '<nvpair id="b" name="fail-count-other#start_0" value="INFINITY"/>'
        '<nvpair id="c" name="master-drbd_r0" value="5"/>'
        "</instance_attributes></transient_attributes>"
        '<lrm id="1"><lrm_resources><lrm_resource id="fs_web:0">'
        '<lrm_rsc_op id="fs_web_last_failure_0"/><lrm_rsc_op id="fs_web_last_0"/></lrm_resource>'
        '<lrm_resource id="other"><lrm_rsc_op id="other_last_failure_0"/></lrm_resource>'
        "</lrm_resources></lrm>"
    )
    said = cib().replace(
        'uname="node1"/>\n    <node_state', f'uname="node1">{failed}</node_state>\n    <node_state'
    )
    root = ElementTree.fromstring(simulated(cluster_of(said), wanted_all(), said))

    pairs = [(one.get("name"), one.get("value")) for one in root.iterfind("status//nvpair")]
    assert pairs == [
        ("fail-count-other#start_0", "INFINITY"),
        ("master-drbd_r0", "10000"),
        ("master-drbd_r0", "10000"),
    ]
    assert [one.get("id") for one in root.iter("lrm_rsc_op")] == [
        "fs_web_last_0",
        "other_last_failure_0",
    ]


def test_words_of_an_object_are_those_of_its_making() -> None:
    root = built()

    assert find(root, "fence2-avoids-node2").attrib["score"] == "-INFINITY"
    assert find(root, "fence1-instance_attributes-passwd").get("value") == FENCE1.options["passwd"]
    assert objects.clone_id(FENCE2.id) == "fence2-clone"
    assert find(root, "fs_web-instance_attributes-device").get("value") == FILE_SYSTEM.device
    assert find(root, "dlm-instance_attributes-daemon").get("value") == "dlm_controld"
