# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The commands of the gluster CLI, one function a verb. Pure.

``--mode=script`` answers yes to every question, so each question is answered by the planner before.
Everything is passed as separate words: gluster reads them as they are, also with blanks in them.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ansible_collections.clustered.storage.plugins.module_utils._gluster.model import (
    Brick,
    Layout,
    Quota,
    Volume,
)

Command = tuple[str, ...]


def gluster(*words: str) -> Command:
    """A command that answers in XML."""
    return ("gluster", "--mode=script", "--xml", *words)


def gluster_text(*words: str) -> Command:
    """A command for which there is no XML."""
    return ("gluster", "--mode=script", *words)


def version() -> Command:
    """Read which GlusterFS this is; the daemons of the pool are of the same release or older."""
    return ("gluster", "--version")


def pool_list() -> Command:
    """Read the pool."""
    return gluster("pool", "list")


def pool_list_of(host: str) -> Command:
    """Read the pool as another node sees it."""
    return gluster(f"--remote-host={host}", "pool", "list")


def peer_probe(host: str) -> Command:
    """Add a node to the pool."""
    return gluster("peer", "probe", host)


def peer_detach(host: str, *, force: bool) -> Command:
    """Take a node out of the pool."""
    return gluster("peer", "detach", host, *forced(force))


def volume_info() -> Command:
    """Read the settings of all volumes; takes no lock."""
    return gluster("volume", "info", "all")


def volume_status(name: str) -> Command:
    """Read the processes and tasks of a volume; takes the volume's lock."""
    return gluster("volume", "status", name)


def volume_create(volume: Volume, *, force: bool) -> Command:
    """Create a volume."""
    return gluster(
        "volume", "create", volume.name,
        *layout_words(volume.layout),
        "transport", volume.transport,
        *names(volume.bricks),
        *forced(force),
    )  # fmt: skip


def volume_start(name: str) -> Command:
    """Start a volume."""
    return gluster("volume", "start", name)


def volume_start_missing(name: str) -> Command:
    """Start those processes of a running volume that do not run."""
    return gluster("volume", "start", name, "force")


def volume_stop(name: str) -> Command:
    """Stop a volume."""
    return gluster("volume", "stop", name)


def volume_delete(name: str) -> Command:
    """Forget a volume; its bricks keep their files."""
    return gluster("volume", "delete", name)


def volume_set(name: str, options: Mapping[str, str]) -> Command:
    """Set all the options in one transaction."""
    return gluster("volume", "set", name, *(word for pair in options.items() for word in pair))


def volume_reset(name: str, option: str) -> Command:
    """Put one option back to its default."""
    return gluster("volume", "reset", name, option)


def volume_get_all(name: str) -> Command:
    """Read all options, set or not."""
    return gluster("volume", "get", name, "all")


def pool_get_all() -> Command:
    """Read the options of the whole pool."""
    return gluster("volume", "get", "all", "all")


def volume_set_help() -> Command:
    """Read the documented options; needs no volume."""
    return gluster_text("volume", "set", "help-xml")


def add_brick(name: str, layout: Layout | None, bricks: Iterable[Brick], *, force: bool) -> Command:
    """Add bricks; with a layout the replica sets get that size."""
    words = layout_words(layout) if layout else ()
    return gluster("volume", "add-brick", name, *words, *names(bricks), *forced(force))


def remove_brick(name: str, bricks: Iterable[Brick], action: str) -> Command:
    """Take whole sets out: action is start, status, stop, commit or force."""
    return gluster("volume", "remove-brick", name, *names(bricks), action)


def reduce_replica(name: str, replicas: int, bricks: Iterable[Brick]) -> Command:
    """Take copies out of every replica set; glusterd wants force, there is nothing to migrate."""
    words = ("replica", str(replicas), *names(bricks), "force")
    return gluster("volume", "remove-brick", name, *words)


def replace_brick(name: str, old: Brick, new: Brick) -> Command:
    """Put a new brick in the place of an old one; glusterd knows no other way than force."""
    return gluster("volume", "replace-brick", name, old.name, new.name, "commit", "force")


def reset_brick_start(name: str, brick: Brick) -> Command:
    """Take a brick offline whose disk is going to be, or has been, exchanged."""
    return gluster("volume", "reset-brick", name, brick.name, "start")


def reset_brick_commit(name: str, brick: Brick) -> Command:
    """Bring a brick back, empty, under the name it had."""
    return gluster("volume", "reset-brick", name, brick.name, brick.name, "commit", "force")


def rebalance(name: str, kind: str) -> Command:
    """Spread directories (fix-layout) or directories and files (full) over all bricks."""
    words = ("fix-layout", "start") if kind == "fix-layout" else ("start",)
    return gluster("volume", "rebalance", name, *words)


def rebalance_status(name: str) -> Command:
    """Read how far a rebalance is."""
    return gluster("volume", "rebalance", name, "status")


def heal(name: str) -> Command:
    """Ask the self-heal daemons to look for work now."""
    return gluster_text("volume", "heal", name)


def heal_summary(name: str) -> Command:
    """Read what is left to heal, brick by brick."""
    return gluster("volume", "heal", name, "info", "summary")


def heal_info(name: str) -> Command:
    """Read what is left to heal, entry by entry."""
    return gluster("volume", "heal", name, "info")


def quota_enable(name: str) -> Command:
    """Turn quotas on."""
    return gluster("volume", "quota", name, "enable")


def quota_limit(name: str, quota: Quota) -> Command:
    """Limit a directory."""
    soft = () if quota.soft_percent is None else (f"{quota.soft_percent}%",)
    return gluster("volume", "quota", name, "limit-usage", quota.path, str(quota.hard_bytes), *soft)


def quota_list(name: str) -> Command:
    """Read the limits."""
    return gluster("volume", "quota", name, "list")


def remove_directories(*paths: str) -> Command:
    """Remove directories that are empty; rmdir refuses all others."""
    return ("rmdir", "--", *paths)


def make_directory(path: str) -> Command:
    """Make a directory and those above it."""
    return ("mkdir", "-p", "--", path)


def layout_words(layout: Layout) -> Command:
    """The layout as create and add-brick take it."""
    if layout.disperses:
        return ("disperse", str(layout.disperses), "redundancy", str(layout.redundancies))
    if layout.replicas == 1:
        return ()
    arbiter = ("arbiter", str(layout.arbiters)) if layout.arbiters else ()
    return ("replica", str(layout.replicas), *arbiter)


def names(bricks: Iterable[Brick]) -> Command:
    """The bricks' names."""
    return tuple(brick.name for brick in bricks)


def forced(force: bool) -> Command:
    """The last word of a forced command."""
    return ("force",) if force else ()
