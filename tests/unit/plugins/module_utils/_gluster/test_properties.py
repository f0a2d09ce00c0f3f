# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for any volume and any wish: whole runs against a model of glusterd."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Refusal
from ansible_collections.clustered.storage.plugins.module_utils._gluster.model import (
    UNFINISHED,
    Layout,
)
from helpers.build import run_volume
from helpers.glusterd import KNOWN, Glusterd, Killed, PoolHost, SimTask, SimVolume
from helpers.recordings import VERSIONS, recording
from hypothesis import assume, example, given, note, settings
from hypothesis import strategies as st

LAYOUTS = (Layout(), Layout(2), Layout(3), Layout(3, 1), Layout(disperses=3, redundancies=1))
OPTIONS = {
    "performance.cache-size": st.sampled_from(["64MB", "64mb", 67108864, "128MB", None]),
    "write-behind": st.sampled_from([True, False, "on", "OFF", None]),
    "auth.allow": st.sampled_from([["10.0.0.1", "10.0.0.2"], "10.0.0.1, 10.0.0.2", "*"]),
    "network.ping-timeout": st.integers(1, 60),
    "user.note": st.sampled_from(["a: b", "a", "with  blanks"]),
}
# Between two runs: a brick that was being started runs by then, but no self-heal daemon has yet
# connected to it, and nodes have not heard of each other.
NEXT_RUN_SECONDS = 2
STATES = ("present", "started", "stopped")


@dataclass
class Story:
    """A pool, and what somebody wants of its volume ``vol``."""

    pool: Glusterd
    task: dict[str, Any]

    def __repr__(self) -> str:
        volume = self.pool.volumes.get("vol")
        now = volume and (volume.layout.text, volume.status, [b.name for b in volume.bricks])
        down = [b.name for b in volume.bricks if not b.online] if volume else []
        left = volume and (volume.options, volume.task)
        return f"{now}, offline {down}, left {left}, wanted {self.task}"

    def again(self) -> Glusterd:
        return copy.deepcopy(self.pool)


def counts_of(layout: Layout) -> dict[str, int]:
    if layout.disperses:
        return {"disperses": layout.disperses, "redundancies": layout.redundancies}
    return {"replicas": layout.replicas, "arbiters": layout.arbiters}


def set_names(draw: st.DrawFn, size: int, number: int, hosts: int = 6) -> list[str]:
    """Bricks of one set on machines of their own."""
    chosen = draw(st.permutations(range(1, hosts + 1)))[:size]
    return [f"node{host}:/b/s{number}/{place}" for place, host in enumerate(chosen)]


@st.composite
def volumes(draw: st.DrawFn) -> tuple[Layout, list[list[str]]]:
    layout = draw(st.sampled_from(LAYOUTS))
    count = draw(st.integers(1, 3))
    return layout, [set_names(draw, layout.set_size, number) for number in range(count)]


@st.composite
def layouts_after(draw: st.DrawFn, layout: Layout) -> Layout:
    """The same layout mostly, otherwise any."""
    return layout if draw(st.booleans()) else draw(st.sampled_from(LAYOUTS))


def resized(one: list[str], layout: Layout, number: int) -> list[str]:
    """A set with as many bricks as the layout wants: its first ones, and new ones."""
    kept = one[: layout.set_size]
    used = {name.partition(":")[0] for name in kept}
    free = [host for host in (f"node{n}" for n in range(1, 7)) if host not in used]
    more = layout.set_size - len(kept)
    return kept + [f"{host}:/b/new{number}/{host}" for host in free[:more]]


@st.composite
def brick_wishes(
    draw: st.DrawFn, layout: Layout, sets: list[list[str]]
) -> tuple[Layout, list[str], dict[str, str]]:
    """Layout, bricks and replacements: fewer, more, other sets, other bricks."""
    after = draw(layouts_after(layout))
    kept = [one for one in sets if draw(st.integers(0, 3))]
    found = [resized(one, after, number) for number, one in enumerate(kept)]
    grown = draw(st.integers(0, 1 if found else 2))
    found += [set_names(draw, after.set_size, 10 + number) for number in range(grown)]
    if draw(st.booleans()):
        found = draw(st.permutations(found))
    swaps: dict[str, str] = {}
    for one in found:
        for place, name in enumerate(one):
            if not draw(st.integers(0, 5)):
                host = name.partition(":")[0]
                new = name if draw(st.booleans()) else f"{host}:/b/swap{len(swaps)}/{place}"
                swaps[name] = new
                one[place] = new
    return after, [name for one in found for name in one], swaps


@st.composite
def leftovers(draw: st.DrawFn, volume: SimVolume) -> None:
    """What an interrupted run, or somebody else, may have left in the volume."""
    if volume.status != "Started" or draw(st.integers(0, 3)):
        return
    kinds = draw(
        st.lists(st.sampled_from(["heal", "full", "fix-layout", "remove-brick"]), max_size=2)
    )
    if kinds and all(brick.online for brick in volume.bricks):
        volume.options[UNFINISHED] = "+".join(dict.fromkeys(kinds))
    several = len(volume.sets) > 1
    task = draw(
        st.sampled_from(["", "rebalance", "fix-layout", "remove-brick"] if several else [""])
    )
    if task == "remove-brick":
        leaving = draw(st.sampled_from(volume.sets))
        volume.task = SimTask(task, bricks=tuple(brick.name for brick in leaving))
    elif task:
        volume.task = SimTask("rebalance", "fix-layout " if task == "fix-layout" else "")


@st.composite
def stories(draw: st.DrawFn) -> Story:
    pool = Glusterd()
    layout, sets = draw(volumes())
    if draw(st.integers(0, 7)):
        names = [name for one in sets for name in one]
        volume = pool.add_volume(layout, names, started=bool(draw(st.integers(0, 4))))
        if volume.status == "Started" and not draw(st.integers(0, 3)):
            dead = draw(st.sampled_from(volume.bricks))
            dead.online, dead.files = False, set()
        draw(leftovers(volume))
        if draw(st.booleans()):
            volume.options["performance.write-behind"] = draw(st.sampled_from(["on", "off"]))
    after, names, swaps = draw(brick_wishes(layout, sets))
    task: dict[str, Any] = {
        "state": draw(st.sampled_from(STATES)),
        "shrink": draw(st.sampled_from(["refuse", "migrate", "discard"])),
        "rebalance": draw(st.sampled_from(["never", "fix-layout", "full"])),
        "options": draw(st.fixed_dictionaries({}, optional=OPTIONS)),
        "purge_options": draw(st.booleans()),
    }
    if names and draw(st.integers(0, 5)):
        task |= {"bricks": names, "replace_bricks": swaps, **counts_of(after)}
    if not draw(st.integers(0, 3)):
        task["quotas"] = [{"path": "/a", "hard_limit": "10MB"}]
    return Story(pool, task)


def state_of(pool: Glusterd) -> Any:
    """Everything in the model that a reading command leaves alone."""
    return {
        name: (
            volume.layout,
            volume.status,
            [(b.name, b.online) for b in volume.bricks],
            dict(volume.options),
            dict(volume.quotas),
            volume.task and (volume.task.kind, volume.task.bricks),
        )
        for name, volume in pool.volumes.items()
    }


def run(story: Story, pool: Glusterd, kill_at: int | None = None, check_mode: bool = False) -> Any:
    """The result of a run, and what it called."""
    host = PoolHost(pool, kill_at)
    try:
        result = run_volume(host, check_mode, **story.task)
    finally:
        for call in dict.fromkeys(host.calls):
            note(" ".join(call[2:]))
    return result, host


def reaches(story: Story, volume: SimVolume) -> None:
    """The model's volume is the wanted one."""
    task = story.task
    if "bricks" in task:
        assert {b.name for b in volume.bricks} == set(task["bricks"])
        assert counts_of(volume.layout) | {} == {k: task[k] for k in counts_of(volume.layout)}
        size = volume.layout.set_size
        wanted = task["bricks"]
        sets = {frozenset(wanted[i : i + size]) for i in range(0, len(wanted), size)}
        assert {frozenset(b.name for b in one) for one in volume.sets} == sets
    if task["state"] == "stopped":
        assert volume.status != "Started"
    if task["state"] == "started":
        assert volume.status == "Started"
    if "bricks" in task and (task["state"] != "stopped"):
        assert volume.options.get(UNFINISHED, "none") == "none"


def run_or_skip(story: Story, pool: Glusterd) -> Any:
    """The run; a wish that is refused is no case for the test that asks."""
    try:
        return run(story, pool)
    except Refusal:
        assume(False)
        raise


def refusal_of(story: Story, check_mode: bool) -> tuple[str, str]:
    """The refusal's reason and words; empty where there is none."""
    try:
        run(story, story.again(), check_mode=check_mode)
    except Refusal as refused:
        return refused.reason, str(refused)
    return "", ""


@given(stories())
@settings(max_examples=200)
def test_run_reaches_what_is_wanted_or_refuses_before_the_first_change(story: Story) -> None:
    pool = story.again()
    before = state_of(pool)

    try:
        run(story, pool)
    except Refusal:
        assert state_of(pool) == before
        return

    reaches(story, pool.volumes["vol"])


@given(stories())
@settings(max_examples=100)
def test_second_run_changes_nothing(story: Story) -> None:
    pool = story.again()
    run_or_skip(story, pool)
    before = state_of(pool)

    result, _host = run(story, pool)

    assert result["plan"] == []
    assert result["changed"] is False
    assert state_of(pool) == before


@given(stories(), st.data())
@settings(max_examples=200)
def test_killed_run_is_finished_by_running_it_again(story: Story, data: st.DataObject) -> None:
    untouched = story.again()
    _result, host = run_or_skip(story, untouched)
    kill_at = data.draw(st.integers(0, max(len(host.calls) - 1, 0)), label="killed at")
    pool = story.again()

    with pytest.raises(Killed):
        run(story, pool, kill_at)
    pool.seconds += NEXT_RUN_SECONDS
    run(story, pool)

    reaches(story, pool.volumes["vol"])
    assert pool.volumes["vol"].options == untouched.volumes["vol"].options or (
        UNFINISHED in untouched.volumes["vol"].options
    )


@given(stories())
@settings(max_examples=200)
def test_no_file_is_lost_unless_discarded(story: Story) -> None:
    story.task["shrink"] = "migrate" if story.task["shrink"] == "discard" else story.task["shrink"]
    pool = story.again()
    volume = pool.volumes.get("vol")
    assume(volume is not None and not volume.lost)

    run_or_skip(story, pool)

    assert pool.volumes["vol"].lost == set()


@given(stories(), st.data())
@settings(max_examples=100)
def test_no_file_is_lost_by_a_kill(story: Story, data: st.DataObject) -> None:
    story.task["shrink"] = "migrate" if story.task["shrink"] == "discard" else story.task["shrink"]
    assume("vol" in story.pool.volumes and not story.pool.volumes["vol"].lost)
    _result, host = run_or_skip(story, story.again())
    pool = story.again()

    for _time in range(2):
        kill_at = data.draw(st.integers(0, len(host.calls)), label="killed at")
        try:
            run(story, pool, kill_at)
        except (Killed, StorageError) as end:
            note(str(end))
        pool.seconds += NEXT_RUN_SECONDS

    assert pool.volumes["vol"].lost == set()


# --- one replacement after the other


@dataclass
class Round:
    """One task of several in a row, and what becomes of it."""

    offline: int | None  # the brick that is not there meanwhile
    is_dead: bool  # with all that was on it
    writes: bool  # a client to the others
    places: list[int]  # of the bricks that are replaced; empty for the one that is not there
    in_place: bool
    heal_timeout: int
    kill_at: int | None
    pause: int


ROUNDS = st.builds(
    Round,
    offline=st.one_of(st.none(), st.integers(0, 5)),
    is_dead=st.booleans(),
    writes=st.booleans(),
    places=st.lists(st.integers(0, 5), max_size=2, unique=True),
    in_place=st.integers(0, 3).map(lambda number: number == 0),
    heal_timeout=st.sampled_from([600, 600, 20, 0]),
    kill_at=st.one_of(st.none(), st.integers(0, 20)),
    pause=st.sampled_from([0, 2, 60]),
)
COPIED = (
    Layout(2),
    Layout(3),
    Layout(3, 1),
    Layout(disperses=3, redundancies=1),
    Layout(disperses=6, redundancies=2),
)


def full_volume(layout: Layout, sets: int = 1) -> tuple[Glusterd, SimVolume]:
    pool = Glusterd()
    names = [f"node{n + 1}:/b/s{s}/0" for s in range(sets) for n in range(layout.set_size)]
    return pool, pool.add_volume(layout, names)


def replacement(volume: SimVolume, round_: Round, number: int) -> dict[str, Any]:
    """The task of a round, for the bricks there are."""
    names = [brick.name for brick in volume.bricks]
    swaps = {}
    for place in round_.places or [round_.offline or 0]:
        old = names[place % len(names)]
        if old not in swaps.values():
            new = old if round_.in_place else f"{old.partition(':')[0]}:/b/r{number}/{place}"
            swaps[old] = new
    return {
        "bricks": [swaps.get(name, name) for name in names],
        "replace_bricks": swaps,
        "heal_timeout": round_.heal_timeout,
        **counts_of(volume.layout),
    }


def take_offline(volume: SimVolume, round_: Round) -> None:
    """The brick of the round, and no other one; nothing is lost by that."""
    for brick in volume.bricks:
        brick.online = bool(brick.files) or brick.online
    if round_.offline is None:
        return
    brick = volume.bricks[round_.offline % len(volume.bricks)]
    files, brick.online = brick.files, False
    if round_.is_dead:
        brick.files = set()
        if volume.lost:
            brick.files = files


def write_file(volume: SimVolume, name: str) -> None:
    """A client writes to the bricks there are, if they are enough.

    At least to two of a set: what only one brick knows of, nobody can know when it is offline.
    """
    for one in volume.sets:
        is_enough = sum(b.online for b in volume.with_data(one)) >= volume.copies_needed
        if is_enough and sum(b.online for b in one) > 1:
            volume.files.add(name)
            for brick in one:
                brick.files |= {name} if brick.online else set()


def play(pool: Glusterd, round_: Round, number: int) -> bool:
    """Whether the task of the round changed something and was carried out whole."""
    volume = pool.volumes["vol"]
    take_offline(volume, round_)
    if round_.writes:
        write_file(volume, f"w{number}")
    story = Story(pool, replacement(volume, round_, number))
    note(f"{round_}: {story!r}")
    try:
        result, _host = run(story, pool, round_.kill_at)
    except (Killed, StorageError) as end:
        note(f"{type(end).__name__} {end}")
        return False
    finally:
        pool.seconds += round_.pause
    return bool(result["changed"])


QUIET = Round(None, False, False, [0], False, 600, None, 2)
# The only brick with the latest files goes offline before the one that missed them is healed.
BEHIND = (replace(QUIET, offline=0, writes=True, places=[1]), replace(QUIET, offline=1, places=[1]))
# The only good bricks go offline while a new one is not filled: killed after the replacement.
UNFILLED = (replace(QUIET, kill_at=7), replace(QUIET, offline=1, places=[1]))
# The next brick goes while the daemon knows nothing of the one before it.
BLIND = (replace(QUIET, kill_at=7, pause=2), replace(QUIET, places=[1]))
# The only filled brick goes offline and is named together with the one that was to be filled.
BOTH = (replace(QUIET, places=[1], kill_at=6), replace(QUIET, offline=0, places=[0, 1], pause=0))


@given(st.sampled_from(COPIED), st.lists(ROUNDS, min_size=1, max_size=4))
@example(COPIED[2], list(BEHIND))
@example(COPIED[3], list(BEHIND))
@example(COPIED[0], list(UNFILLED))
@example(COPIED[3], list(UNFILLED))
@example(COPIED[3], list(BLIND))
@example(COPIED[0], list(BOTH))
@example(COPIED[3], [replace(QUIET, places=[0, 1])])
@example(COPIED[4], [replace(QUIET, places=[0, 1]), QUIET])
@settings(max_examples=250)
def test_no_file_is_lost_by_replacements_in_a_row(layout: Layout, rounds: list[Round]) -> None:
    """In one task, in tasks in a row, killed at any point, with a brick that comes and goes."""
    pool, volume = full_volume(layout)

    for number, round_ in enumerate(rounds):
        is_done = play(pool, round_, number)

        assert volume.lost == set()
        if is_done and round_.heal_timeout:
            assert volume.incomplete == set()


@given(
    st.sampled_from([Layout(), Layout(2), Layout(3), Layout(disperses=3, redundancies=1)]),
    st.integers(1, 6),
    st.data(),
)
@settings(max_examples=100)
def test_volume_is_made_on_machines_that_only_just_joined(
    layout: Layout, known: int, data: st.DataObject
) -> None:
    """Listed in cluster are those that are missing, and any others; no brick is marked in vain."""
    pool = Glusterd(nodes=known, strangers=8 - known)
    names = [f"node{n}" for n in data.draw(st.permutations(range(1, 9)), label="hosts")]
    hosts = names[: layout.set_size]
    missing = [host for host in hosts if not pool.machines[host].in_pool]
    cluster = missing + data.draw(st.lists(st.sampled_from(names), unique=True), label="further")
    task = {"bricks": [f"{host}:/b/s0/0" for host in hosts], "cluster": cluster}
    story = Story(pool, {**task, **counts_of(layout)})

    run(story, pool)

    assert {b.host for b in pool.volumes["vol"].bricks} == set(hosts)
    assert len(pool.marks) == len(hosts)


@given(st.integers(2, 7), st.booleans(), st.booleans())
@settings(max_examples=40)
def test_brick_goes_to_a_machine_that_only_just_joined(
    known: int, replaces: bool, is_one_down: bool
) -> None:
    """In place of another one or beside it, while a node that has no part in it may be dead."""
    pool = Glusterd(nodes=known, strangers=8 - known)
    layout = Layout(2) if replaces else Layout()
    volume = pool.add_volume(layout, ["node1:/b/s0/0", "node2:/b/s0/0"])
    others = [f"node{n}" for n in range(3, known + 1)]
    if is_one_down and others:
        pool.machines[others[-1]].connected = False
    names = ["node1:/b/s0/0", *([] if replaces else ["node2:/b/s0/0"]), "node8:/b/s0/0"]
    swaps = {"node2:/b/s0/0": "node8:/b/s0/0"} if replaces else {}
    task = {"bricks": names, "replace_bricks": swaps, "cluster": ["node8"], **counts_of(layout)}

    run(Story(pool, task), pool)

    assert [brick.name for brick in volume.bricks] == names
    assert (volume.lost, volume.incomplete & {names[0]}) == (set(), set())


@given(stories())
@settings(max_examples=100)
def test_check_mode_plans_what_the_real_run_does(story: Story) -> None:
    pool = story.again()
    before = state_of(pool)
    run_or_skip(story, story.again())
    dry, _host = run(story, pool, check_mode=True)

    assert state_of(pool) == before
    done, _host = run(story, pool)

    assert dry["plan"] == done["plan"]
    assert dry["changed"] == done["changed"]
    assert dry["warnings"] == done["warnings"]


@given(stories())
@settings(max_examples=100)
def test_check_mode_refuses_what_the_real_run_refuses(story: Story) -> None:
    answers = [refusal_of(story, check_mode) for check_mode in (True, False)]

    assert answers[0] == answers[1]


@given(stories())
@settings(max_examples=100)
def test_check_mode_shows_the_diff_of_the_real_run(story: Story) -> None:
    pool = story.again()
    run_or_skip(story, story.again())
    dry, _host = run(story, pool, check_mode=True)

    done, _host = run(story, pool)

    assert dry["diff"] == done["diff"]


@given(stories())
@settings(max_examples=100)
def test_run_without_change_asks_glusterd_once(story: Story) -> None:
    story.task.pop("quotas", None)
    story.task.pop("replace_bricks", None)
    pool = story.again()
    run_or_skip(story, pool)

    _result, host = run(story, pool)

    assert len(host.calls) == 1


@given(stories())
@settings(max_examples=100)
def test_run_without_change_by_other_names_asks_for_the_pool_too(story: Story) -> None:
    assume("bricks" in story.task)
    story.task.pop("quotas", None)
    story.task.pop("replace_bricks", None)
    pool = story.again()
    run_or_skip(story, pool)
    names = [name.replace(":", ".example:/") for name in story.task["bricks"]]

    result, host = run(Story(pool, {**story.task, "bricks": names}), pool)

    assert result["changed"] is False
    assert len(host.calls) == 2


@given(stories(), st.data())
@settings(max_examples=100)
def test_killed_run_can_be_called_off(story: Story, data: st.DataObject) -> None:
    """The bricks that are there then are wanted: what is under way ends or is taken back."""
    assume(all(volume.task is None for volume in story.pool.volumes.values()))
    _result, host = run_or_skip(story, story.again())
    kill_at = data.draw(st.integers(0, len(host.calls) - 1), label="killed at")
    pool = story.again()
    with pytest.raises(Killed):
        run(story, pool, kill_at)
    pool.seconds += NEXT_RUN_SECONDS
    volume = pool.volumes.get("vol")
    assume(volume and volume.status == "Started" and all(b.online for b in volume.bricks))
    names = [brick.name for brick in volume.bricks]
    keep = Story(pool, {"state": "started", "bricks": names, **counts_of(volume.layout)})

    run(keep, pool)

    reaches(keep, volume)
    assert volume.task is None or volume.task.kind == "rebalance"


@pytest.mark.parametrize("version", VERSIONS)
def test_options_of_the_model_are_real(version: str) -> None:
    assert all(
        f"<Option>{name}</Option>" in recording(version, "volume_options").stdout for name in KNOWN
    )
