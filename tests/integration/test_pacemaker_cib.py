# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Transactions of the CIB, judged by Pacemaker's own tools on a CIB that is a file."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._cluster.model import (
    active_on,
    promoted_on,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Plan, Refusal
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker import commands, parse
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.model import (
    Content,
    Simulation,
    State,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.patch import make_patch
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.read import act
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.stages import put_score
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.transaction import Push
from pacemaker.local import (
    FENCE,
    NODES,
    cluster_in,
    host,
    objects,
    planned,
    state_of,
    wanted_on,
    write_cib,
)

SCHEMAS = ("pacemaker-3.0", "pacemaker-3.9")
BLANK = Content("/dev/drbd0", is_blank=True)
WANTED = wanted_on("/dev/drbd0")
THEIRS = (
    '<primitive id="theirs" class="ocf" provider="pacemaker" type="Dummy"><operations>'
    '<op id="tm" name="monitor" interval="10s"/></operations></primitive>'
)
HANDLER = (
    '<rsc_location id="drbd-fence-by-handler-r0-drbd_r0-clone" rsc="drbd_r0-clone">'
    '<rule id="h-rule" role="Master" score="-INFINITY"><expression id="h-e" attribute="#uname" '
    'operation="ne" value="node1"/></rule></rsc_location>'
)


@pytest.fixture(autouse=True)
def cib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A CIB that all tools of Pacemaker take for the cluster's."""
    path = tmp_path / "cib.xml"
    monkeypatch.setenv("CIB_file", str(path))
    monkeypatch.setenv("CIB_shadow_dir", str(tmp_path))
    return path


def run(*argv: str, stdin: str = "") -> str:
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{argv}: {done.stdout} {done.stderr}"
    return done.stdout


def whole_plan(path: Path) -> Plan[State]:
    return planned(state_of(cluster_in(path), content=BLANK), WANTED)


def carry_out(plan: Plan[State]) -> None:
    """The transactions of a plan, on the file."""
    for step in plan.steps:
        if isinstance(step.expects, Push):
            act(host(), step)


def simulate(text: str) -> Simulation:
    """What Pacemaker would do with the CIB, when DRBD has good data."""
    return parse.parse_simulation(run(*commands.simulate(), stdin=scored(text)))


def changed(text: str, change: Callable[[ElementTree.Element], object]) -> str:
    root = ElementTree.fromstring(text)
    change(root)
    return ElementTree.tostring(root, encoding="unicode")


def drop(identity: str) -> Callable[[ElementTree.Element], object]:
    """Takes an element away."""

    def change(root: ElementTree.Element) -> None:
        for parent in root.iter():
            for child in list(parent):
                if child.get("id") == identity:
                    parent.remove(child)

    return change


@pytest.mark.parametrize("schema", SCHEMAS)
def test_what_is_written_is_what_was_planned_and_valid(cib: Path, schema: str) -> None:
    write_cib(cib, THEIRS, schema=schema)
    plan = whole_plan(cib)
    carry_out(plan)

    assert plan.after.cluster
    assert objects(run("cibadmin", "--query")) == objects(plan.after.cluster.cib)
    run("crm_verify", "--xml-file", str(cib))


@pytest.mark.parametrize("schema", SCHEMAS)
def test_second_plan_has_no_transaction(cib: Path, schema: str) -> None:
    write_cib(cib, schema=schema)
    carry_out(whole_plan(cib))
    again = planned(state_of(cluster_in(cib), content=BLANK), WANTED)

    assert [step.why for step in again.steps if isinstance(step.expects, Push)] == []


@pytest.mark.parametrize("schema", SCHEMAS)
def test_patch_does_what_that_of_crm_diff_does(cib: Path, tmp_path: Path, schema: str) -> None:
    before = write_cib(cib, THEIRS, HANDLER.replace("drbd_r0-clone", "theirs"), schema)
    after = whole_plan(cib).after.cluster
    assert after
    drifted = changed(after.cib, drop("fs_web-clone-meta_attributes-interleave"))
    for one, other in ((before, after.cib), (drifted, after.cib), (after.cib, before)):
        cib.write_text(one)
        ours = make_patch(ElementTree.fromstring(one), ElementTree.fromstring(other))
        run("cibadmin", "--patch", "--xml-pipe", stdin=ours)
        by_us = objects(run("cibadmin", "--query"))

        old, new = tmp_path / "old.xml", tmp_path / "new.xml"
        old.write_text(one)
        new.write_text(other)
        theirs = subprocess.run(
            ["crm_diff", "--no-version", "--original", old, "--new", new],
            capture_output=True, text=True, check=False,
        ).stdout  # fmt: skip
        cib.write_text(one)
        run("cibadmin", "--patch", "--xml-pipe", stdin=theirs)
        assert by_us == objects(run("cibadmin", "--query")) == objects(other)


def test_patch_for_another_version_is_refused_by_pacemaker(cib: Path) -> None:
    before = write_cib(cib)
    after = changed(before, drop("name"))
    patch = make_patch(ElementTree.fromstring(before), ElementTree.fromstring(after))
    run("cibadmin", "--modify", "--xml-text", '<nvpair id="name" name="cluster-name" value="x"/>')

    done = subprocess.run(
        commands.push_patch(), input=patch, capture_output=True, text=True, check=False
    )
    assert done.returncode == 103


def test_what_somebody_else_writes_meanwhile_stays(cib: Path) -> None:
    write_cib(cib)
    plan = whole_plan(cib)
    run("cibadmin", "--create", "--scope", "resources", "--xml-text", THEIRS)
    with pytest.raises(StorageError) as caught:
        carry_out(plan)

    assert caught.value.reason == "changed_meanwhile"
    assert set(objects(run("cibadmin", "--query"))) == {"cib-bootstrap-options", "theirs"}


# ---- what Pacemaker makes of it


def test_file_system_starts_after_promotion_on_both(cib: Path) -> None:
    write_cib(cib)
    after = whole_plan(cib).after
    assert after.cluster
    found = simulate(after.cluster.cib)

    assert promoted_on(found.after, "drbd_r0") == NODES
    assert active_on(found.after, "fs_web") == NODES
    order = [(one.task, one.resource) for one in found.actions if one.node == "node2"]
    assert order.index(("promote", "drbd_r0")) < order.index(("start", "fs_web"))
    assert order.index(("start", "dlm")) < order.index(("start", "fs_web"))


def test_without_the_order_it_would_start_before(cib: Path) -> None:
    write_cib(cib)
    after = whole_plan(cib).after
    assert after.cluster
    text = changed(after.cluster.cib, drop("fs_web-after-drbd_r0"))
    text = changed(text, drop("fs_web-with-drbd_r0"))

    order = [(one.task, one.resource) for one in simulate(text).actions if one.node == "node1"]
    assert order.index(("start", "fs_web")) < order.index(("promote", "drbd_r0"))


def joining(path: Path, text: str) -> Simulation:
    """The second node comes while all of it runs on the first: what Pacemaker would do."""
    path.write_text(scored(text))
    save(path, "--node-down", "node2")
    path.write_text(scored(path.read_text()))
    back = ("crm_simulate", "--simulate", "--xml-file", str(path), "--node-up", "node2")
    return parse.parse_simulation(run(*back, "--output-as=xml"))


def scored(text: str) -> str:
    """DRBD may be promoted on both."""

    def change(root: ElementTree.Element) -> None:
        for state in root.iterfind("status/node_state"):
            put_score(state, "drbd_r0")

    return changed(text, change)


def save(path: Path, *events: str) -> None:
    """Let Pacemaker do what it would do, in the file."""
    run("crm_simulate", "--simulate", "--xml-file", str(path), *events, "--save-output", str(path))


def test_node_that_joins_disturbs_nobody(cib: Path) -> None:
    write_cib(cib)
    after = whole_plan(cib).after
    assert after.cluster
    found = joining(cib, after.cluster.cib)

    assert ("stop", "node1") not in {(one.task, one.node) for one in found.actions}
    assert active_on(found.after, "fs_web") == NODES


def test_without_interleave_a_node_that_joins_restarts_the_other(cib: Path) -> None:
    write_cib(cib)
    after = whole_plan(cib).after
    assert after.cluster
    text = after.cluster.cib.replace(
        'name="interleave" value="true"', 'name="interleave" value="false"'
    )
    found = joining(cib, text)

    stopped = {one.resource for one in found.actions if (one.task, one.node) == ("stop", "node1")}
    assert "fs_web" in stopped


def test_constraint_of_drbd_keeps_a_node_away_and_is_left_alone(cib: Path) -> None:
    write_cib(cib)
    carry_out(whole_plan(cib))
    run("cibadmin", "--create", "--scope", "constraints", "--xml-text", HANDLER)
    before = objects(run("cibadmin", "--query"))["drbd-fence-by-handler-r0-drbd_r0-clone"]
    found = simulate(run("cibadmin", "--query"))
    assert promoted_on(found.after, "drbd_r0") == ("node1",)
    assert active_on(found.after, "fs_web") == ("node1",)

    run("cibadmin", "--modify", "--xml-text", '<op id="dlm-monitor-60s" timeout="1s"/>')
    with pytest.raises(Refusal) as caught:
        planned(state_of(cluster_in(cib), content=BLANK), WANTED)
    assert caught.value.reason == "would_not_start"
    fenced = wanted_on("", drbd_resource="", drbd_id="", filesystem_id="", file_system=None)
    run("cibadmin", "--modify", "--xml-text", '<op id="fence-monitor-60s" timeout="1s"/>')
    carry_out(planned(state_of(cluster_in(cib)), fenced))
    after = objects(run("cibadmin", "--query"))["drbd-fence-by-handler-r0-drbd_r0-clone"]
    assert after == before


def test_resource_of_others_that_would_move_is_a_reason_to_refuse(cib: Path) -> None:
    fence = '<primitive id="fence" class="stonith" type="fence_lab"/>'
    apart = '<rsc_colocation id="a" rsc="theirs" with-rsc="fence" score="-INFINITY"/>'
    near = "".join(
        f'<rsc_location id="{one}-here" rsc="{one}" node="node1" score="50"/>'
        for one in ("theirs", "fence")
    )
    bans = "".join(
        f'<rsc_location id="fence-avoids-{node}" rsc="fence" node="{node}" score="-INFINITY"/>'
        for node in NODES
    )
    write_cib(cib, THEIRS + fence, apart + near + bans)
    run("crm_attribute", "--name", "stonith-enabled", "--update", "false")
    save(cib)
    assert active_on(cluster_in(cib).instances, "theirs") == ("node1",)
    unbanned = replace(FENCE, avoid_nodes=())
    with pytest.raises(Refusal) as caught:
        planned(state_of(cluster_in(cib)), replace(WANTED, fence_devices=(unbanned,)))

    assert caught.value.reason == "would_disturb"
    assert "theirs" in caught.value.message
