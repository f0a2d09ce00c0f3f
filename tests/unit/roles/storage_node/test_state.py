# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state of glusterd on a disk: one identity, whatever the disk and the machine come with."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[4] / "roles/storage_node/files/state.py"
ALL = ("guard", "stop", "copy", "list", "bind")
TAKE_UP = ("guard", "stop", "list", "bind")


def load() -> ModuleType:
    """The script."""
    spec = importlib.util.spec_from_file_location("storage_node_state", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look up what their annotations name
    spec.loader.exec_module(module)
    return module


program = load()
PLACES = program.Places("/mnt/ebs/glusterd", "/mnt/ebs")

NONE = program.Holding()
FRESH = program.Holding("state", "fresh")
NODE = program.Holding("state", "node", has_peers=True)
NODE_WITH_VOLUMES = program.Holding("state", "node", has_volumes=True)
OTHER_NODE = program.Holding("state", "other", has_peers=True)
KEPT = program.Holding("state", "node", has_peers=True, is_marked=True)
KEPT_FRESH = program.Holding("state", "node", is_marked=True)
UNMARKED = program.Holding("state", "node", has_peers=True)
OTHER_THINGS = program.Holding("other")


def sight(root: Any, disk: Any, words: str = "") -> Any:
    """What there is; the words say which facts are true."""
    facts = ("is_bound", "is_guarded", "is_listed")
    return program.Sight(root, disk, **{fact: fact[3:] in words.split() for fact in facts})


@pytest.mark.parametrize(
    ("root", "disk", "words", "steps"),
    [
        # The disk holds nothing: it gets what the machine has.
        (NONE, NONE, "", ALL),
        (FRESH, NONE, "", ALL),
        (NODE, NONE, "", ALL),
        # ... and was interrupted before the copy had its name.
        (NODE, NONE, "guarded", ("stop", "copy", "list", "bind")),
        (NODE, NONE, "guarded listed", ("stop", "copy", "bind")),
        # ... or after, or the disk was missing at boot: the copy is the newer one, as glusterd can
        # not have run without it.
        (NODE, KEPT, "guarded", ("stop", "list", "bind")),
        (NODE, KEPT, "guarded listed", ("stop", "bind")),
        (FRESH, KEPT, "guarded listed", ("stop", "bind")),
        (KEPT, KEPT, "bound guarded", ("list",)),
        # The disk returns to another machine.
        (NONE, KEPT, "", TAKE_UP),
        (FRESH, KEPT, "", TAKE_UP),
        (FRESH, KEPT_FRESH, "", TAKE_UP),
        # Somebody has put a state there by hand.
        (FRESH, UNMARKED, "", ("mark", *TAKE_UP)),
        (UNMARKED, UNMARKED, "bound", ("mark", "guard", "list")),
        # All is well.
        (KEPT, KEPT, "bound guarded listed", ()),
        (KEPT_FRESH, KEPT_FRESH, "bound guarded listed", ()),
        (KEPT, KEPT, "bound listed", ("guard",)),
    ],
)
def test_steps_are_those_that_are_missing(
    root: Any, disk: Any, words: str, steps: tuple[str, ...]
) -> None:
    assert program.decide(sight(root, disk, words), PLACES) == steps


@pytest.mark.parametrize(
    ("root", "disk", "words", "reason"),
    [
        (OTHER_NODE, KEPT, "", "two_nodes"),
        (OTHER_NODE, KEPT, "guarded listed", "two_nodes"),
        (NODE_WITH_VOLUMES, program.Holding("state", "", is_marked=True), "", "two_nodes"),
        (NODE, KEPT, "", "two_states"),
        (NODE, UNMARKED, "", "two_states"),
        (NODE, OTHER_THINGS, "", "no_state"),
        (NONE, NONE, "bound guarded listed", "empty"),
    ],
)
def test_what_nobody_can_decide_is_refused(root: Any, disk: Any, words: str, reason: str) -> None:
    with pytest.raises(program.Refused) as refused:
        program.decide(sight(root, disk, words), PLACES)

    assert refused.value.reason == reason


def test_state_of_another_node_is_refused() -> None:
    kept = program.Holding("state", "node", has_peers=True, peer_names=("10.0.0.2", "10.0.0.3"))
    places = program.Places("/mnt/ebs/glusterd", "/mnt/ebs", address="10.0.0.2")

    with pytest.raises(program.Refused, match=r"10\.0\.0\.2 is a peer") as refused:
        program.decide(sight(FRESH, kept), places)

    assert refused.value.reason == "other_node"


def test_peers_have_all_their_names(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("uuid=1\nstate=3\nhostname1=node2\nhostname2=10.0.0.2\n")

    assert program.read_peer_names(str(tmp_path)) == ("node2", "10.0.0.2")


def test_both_nodes_are_named() -> None:
    with pytest.raises(program.Refused, match=r"node other, .* of node node\. Move"):
        program.decide(sight(OTHER_NODE, KEPT), PLACES)


@pytest.mark.parametrize(
    ("fact", "reason"),
    [
        ({"is_mounted": False}, "not_mounted"),
        ({"is_link": True}, "link"),
        ({"rival": "/x"}, "in_fstab"),
    ],
)
def test_place_that_can_not_be_used_is_refused(fact: dict[str, Any], reason: str) -> None:
    with pytest.raises(program.Refused) as refused:
        program.decide(program.Sight(FRESH, NONE, **fact), PLACES)

    assert refused.value.reason == reason


def test_no_state_of_a_node_is_ever_covered_by_another_ones() -> None:
    roots = (NONE, FRESH, NODE, NODE_WITH_VOLUMES, OTHER_NODE)
    disks = (NONE, FRESH, KEPT, KEPT_FRESH, UNMARKED, OTHER_NODE)
    for root, disk, guarded, listed in product(roots, disks, ("guarded", ""), ("listed", "")):
        try:
            steps = program.decide(sight(root, disk, f"{guarded} {listed}"), PLACES)
        except program.Refused:
            continue
        kept = root if "copy" in steps else disk
        assert not root.has_history or root.uuid == kept.uuid
        assert "copy" not in steps or disk == NONE
        assert guarded or steps.index("guard") < steps.index("stop")


# Below: real directories; systemd and mount are played by this.


class Machine:
    """Its directories, and what is running. A mount is a link that hides what was there."""

    def __init__(self, top: Path) -> None:
        self.root, self.disk, self.hidden = top / "lib/glusterd", top / "disk", top / "hidden"
        self.places = program.Places(
            str(self.disk / "glusterd"),
            str(self.disk),
            str(self.root),
            str(top / "units"),
            str(top / "fstab"),
        )
        self.state = self.disk / "glusterd"
        self.root.mkdir(parents=True)
        self.disk.mkdir()
        (top / "units").mkdir()
        (top / "fstab").write_text("UUID=1 / ext4 defaults 0 1")
        self.is_running = True
        self.effects = 0
        self.dies_at = -1

    def count(self) -> None:
        """Die when it is time."""
        self.effects += 1
        if self.effects == self.dies_at:
            raise KeyboardInterrupt

    def run(self, *command: str) -> None:
        self.count()
        if command[:2] == ("systemctl", "stop"):
            self.is_running = False
        elif command[0] == "mount":
            self.root.rename(self.hidden)
            self.root.symlink_to(command[2])
        elif command[0] == "cp":
            assert not self.is_running
            shutil.copytree(command[3], command[4])
            self.count()

    def start(self) -> bool:
        """As systemd does after reading the units: not without a marked state if told so."""
        guard = Path(self.places.units, "glusterd.service.d/clustered-storage-state.conf")
        self.is_running = not guard.exists() or (self.root / program.MARK).exists()
        return self.is_running

    def keep(self, **words: bool) -> dict[str, Any]:
        result: dict[str, Any] = program.keep(self.places, **{"is_check": False, **words})
        return result


def write_state(folder: Path, uuid: str, *, has_history: bool = True) -> None:
    (folder / "vols/shared").mkdir(parents=True) if has_history else folder.mkdir(exist_ok=True)
    (folder / "glusterd.info").write_text(f"UUID={uuid}\noperating-version=100000\n")
    (folder / "glusterd.info").chmod(0o600)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Machine:
    """A machine with a mounted blank disk and a running glusterd that has a volume."""
    here = Machine(tmp_path)
    write_state(here.root, "node")

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **words: Any) -> Any:
            here.count()
            return function(*arguments, **words)

        return call

    monkeypatch.setattr(program, "run", here.run)
    monkeypatch.setattr(os.path, "ismount", os.path.isdir)
    # A link plays the mount here.
    monkeypatch.setattr(os.path, "islink", lambda _path: False)
    monkeypatch.setattr(program, "sync_directory", counted(program.sync_directory))
    monkeypatch.setattr(os, "rename", counted(os.rename))
    return here


def uuid_of(folder: Path) -> str:
    return (folder / "glusterd.info").read_text().splitlines()[0][5:]


def test_state_is_copied_and_bound(machine: Machine) -> None:
    result = machine.keep()

    assert result["steps"] == list(ALL)
    assert result["stops_bricks"]
    assert machine.root.samefile(machine.state)
    assert uuid_of(machine.state) == "node"
    assert (machine.state / "glusterd.info").stat().st_mode & 0o7777 == 0o600
    assert sorted(machine.disk.iterdir()) == [machine.state]
    assert Path(machine.places.fstab).read_text().splitlines() == [
        "UUID=1 / ext4 defaults 0 1",
        f"{machine.state} {machine.root} none "
        f"bind,nofail,x-systemd.requires-mounts-for={machine.disk} 0 0",
    ]
    assert machine.start()


def test_second_run_does_nothing(machine: Machine) -> None:
    machine.keep()
    effects = machine.effects

    assert machine.keep() == {"steps": [], "words": "", "stops_bricks": False}
    assert machine.effects == effects


def test_check_says_the_same_and_does_nothing(machine: Machine) -> None:
    before = sorted(machine.disk.parent.rglob("*"))
    foreseen = machine.keep(is_check=True)

    assert sorted(machine.disk.parent.rglob("*")) == before
    assert machine.effects == 0
    assert foreseen == machine.keep()


def test_disk_that_has_yet_to_be_formatted_is_foreseen(machine: Machine) -> None:
    machine.disk.rmdir()

    assert machine.keep(is_check=True, is_blank=True)["steps"] == list(ALL)
    assert machine.keep(is_check=True)["reason"] == "not_mounted"


def test_returning_disk_brings_its_node_along(machine: Machine) -> None:
    shutil.copytree(machine.root, machine.state)
    (machine.state / program.MARK).touch()
    shutil.rmtree(machine.root)
    write_state(machine.root, "fresh", has_history=False)

    assert machine.keep()["steps"] == list(TAKE_UP)
    assert uuid_of(machine.root) == "node"
    assert uuid_of(machine.hidden) == "fresh"
    assert (machine.root / "vols/shared").is_dir()


def test_refusal_changes_nothing(machine: Machine) -> None:
    write_state(machine.state, "other")
    (machine.state / program.MARK).touch()
    before = sorted(machine.disk.parent.rglob("*"))

    assert machine.keep()["reason"] == "two_nodes"
    assert sorted(machine.disk.parent.rglob("*")) == before
    assert machine.effects == 0


def test_leftover_of_an_interrupted_copy_is_made_anew(machine: Machine) -> None:
    Path(machine.places.partial).mkdir()
    Path(machine.places.partial, "glusterd.info").write_text("UUID=ha")

    machine.keep()

    assert uuid_of(machine.state) == "node"
    assert not Path(machine.places.partial).exists()


def test_empty_directory_is_as_none(machine: Machine) -> None:
    machine.state.mkdir()

    assert machine.keep()["steps"] == list(ALL)


def test_other_files_are_left_alone(machine: Machine) -> None:
    machine.state.mkdir()
    (machine.state / "notes").touch()

    assert machine.keep()["reason"] == "no_state"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("/dev/sdb {root} xfs defaults 0 0", "in_fstab"),
        ("/elsewhere {root} none bind 0 0", "in_fstab"),
        ("#/dev/sdb {root} xfs defaults 0 0", None),
        ("{state} {root} none noatime,bind 0 0", None),
    ],
)
def test_other_lines_of_fstab_are_left_alone(
    machine: Machine, line: str, reason: str | None
) -> None:
    table = Path(machine.places.fstab)
    table.write_text(line.format(root=machine.root, state=machine.state) + "\n")
    before = table.read_text()

    assert machine.keep().get("reason") == reason
    assert table.read_text().startswith(before)
    if reason is None:
        assert len([text for text in table.read_text().split() if "bind" in text]) == 1


@pytest.mark.parametrize("is_booted", [False, True], ids=["run again", "booted, run again"])
def test_interrupted_anywhere_it_ends_the_same(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, is_booted: bool
) -> None:
    for dies_at in range(1, 100):
        top = machine.disk.parent / str(dies_at)
        here = Machine(top) if top.mkdir() is None else machine
        write_state(here.root, "node")
        here.dies_at = dies_at
        monkeypatch.setattr(program, "run", here.run)
        machine.count = here.count  # type: ignore[method-assign]
        try:
            here.keep()
        except KeyboardInterrupt:
            if is_booted and here.start():
                # It goes on where it is, and that is what has to be kept.
                (here.root / "vols/later").mkdir()
            here.keep()
            assert here.start()
            assert not is_booted or has_all(here)
        else:
            assert dies_at > 10
            return
        assert here.root.samefile(here.state)
        assert uuid_of(here.root) == "node"
        assert Path(here.places.fstab).read_text().count("bind") == 1
        assert here.keep()["steps"] == []
        assert [path.name for path in here.disk.iterdir()] == ["glusterd"]
    pytest.fail("it never ended")


def has_all(machine: Machine) -> bool:
    """Whether no volume that a running glusterd has known is hidden from the one that runs now."""
    known = {path.name for path in machine.hidden.glob("vols/*")}
    return known <= {path.name for path in machine.root.glob("vols/*")}
