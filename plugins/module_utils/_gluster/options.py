# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Volume options: YAML values made into what glusterd stores, and compared as it means them. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Refusal
from ansible_collections.clustered.storage.plugins.module_utils._gluster.model import UNFINISHED
from ansible_collections.clustered.storage.plugins.module_utils._gluster.parse import parse_size

NAME = re.compile(r"[A-Za-z0-9._-]+")
ON = frozenset({"on", "yes", "true", "enable", "1"})
OFF = frozenset({"off", "no", "false", "disable", "0"})

# Set by glusterd on its own when a volume is made or changes its kind (glusterd-utils.c,
# glusterd-volume-ops.c), or kept by us: none of them was ever asked for, none is purged.
OWN_OPTIONS = frozenset(
    {
        UNFINISHED,
        "cluster.granular-entry-heal",
        "features.inode-quota",
        "features.quota",
        "features.quota-deem-statfs",
        "nfs.disable",
        "performance.client-io-threads",
        "storage.fips-mode-rchecksum",
        "transport.address-family",
    }
)

# Options that ``volume set help`` leaves out (NO_DOC in glusterd-volume-set.c of 10.3): where there
# is no volume yet, nothing else tells that they exist.
UNDOCUMENTED_NAMES = """
changelog.capture-del-path changelog.changelog changelog.changelog-dir changelog.encoding
changelog.fsync-interval changelog.rollover-time client.bind-insecure client.keepalive-count
client.keepalive-interval client.keepalive-time client.send-gids client.tcp-user-timeout
cluster.brick-graceful-cleanup cluster.daemon-log-level cluster.dht-xattr-name
cluster.disperse-self-heal-daemon cluster.ensure-durability cluster.extra-hash-regex
cluster.full-lock cluster.local-volume-name cluster.optimistic-change-log
cluster.post-op-delay-secs cluster.randomize-hash-range-by-gfid cluster.rsync-hash-regex
cluster.switch-pattern debug.delay-gen debug.error-failure debug.error-fops debug.error-gen
debug.error-number debug.exclude-ops debug.include-ops debug.log-file debug.log-history
debug.random-failure debug.trace delay-gen.delay-duration delay-gen.delay-percentage
delay-gen.enable diagnostics.count-fop-hits disperse.optimistic-change-log
disperse.parallel-writes disperse.quorum-count disperse.stripe-cache features.acl
features.alert-time features.barrier features.bitrot features.cloudsync
features.default-soft-limit features.enforce-mandatory-lock features.expiry-time
features.hard-timeout features.inode-quota features.locks-monkey-unlocking features.quota
features.scrub features.scrub-freq features.scrub-throttle features.sdfs features.selinux
features.shard-lru-limit features.signer-threads features.soft-timeout ganesha.enable
geo-replication.ignore-pid-check geo-replication.indexing glusterd.vol_count_per_thread
network.compression.debug nfs.disable performance.nfs.io-cache performance.nfs.io-threads
performance.nfs.quick-read performance.nfs.read-ahead performance.nfs.stat-prefetch
performance.rda-high-wmark performance.rda-low-wmark rebalance.ensure-durability
server.own-thread storage.fips-mode-rchecksum storage.gfid2path storage.health-check-timeout
transport.address-family transport.keepalive
"""
UNDOCUMENTED = frozenset(UNDOCUMENTED_NAMES.split())

# Accepted by glusterd but absent from ``volume set help`` and ``volume get V all``: a prefix of
# options that people make up themselves.
USER_PREFIX = "user."


def wanted_option(name: str, value: Any) -> str | None:
    """An option's value as glusterd stores it; None means back to its default.

    glusterd keeps ``name=value`` lines and does not start any more when one of them is broken.
    """
    if not NAME.fullmatch(name):
        raise Refusal(
            "invalid_option",
            f"{name!r} can not be the name of an option.",
            "Names have letters, digits, dots, dashes and underscores.",
        )
    if value is None:
        return None
    if isinstance(value, dict):
        raise Refusal(
            "invalid_option",
            f"The option {name} has a dictionary as its value.",
            "Give it a string, a number, a boolean, a list, or nothing to put it back to default.",
        )
    text = option_text(name, value)
    if not text:
        raise Refusal(
            "invalid_option",
            f"The option {name} has an empty value.",
            "Leave out the value (null) to put it back to its default.",
        )
    if not text.isprintable():
        raise Refusal(
            "invalid_option",
            f"The value of {name} has a line break or another control character: {text!r}.",
            "Write it in one line.",
        )
    # glusterd drops blanks inside every value but those of user options.
    return text if name.startswith(USER_PREFIX) else "".join(text.split())


def option_text(name: str, value: Any) -> str:
    """A value as text."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, (list, tuple)):
        return ",".join(wanted_option(name, part) or "" for part in value)
    return str(value).strip()


def is_same_value(current: str, wanted: str) -> bool:
    """Whether two values mean the same: equal words, both on, both off, or the same size."""
    if current == wanted:
        return True
    left, right = current.lower(), wanted.lower()
    if any(left in words and right in words for words in (ON, OFF)):
        return True
    size = parse_size(left)
    return size is not None and size == parse_size(right)


def find_name(name: str, names: Iterable[str]) -> str | None:
    """The full name of an option given in full or by its short name; None if that is not unique."""
    known = set(names)
    if name in known or name.startswith(USER_PREFIX):
        return name
    if "." in name:
        return None
    full = [candidate for candidate in known if candidate.split(".", 1)[-1] == name]
    return full[0] if len(full) == 1 else None


def full_names(wanted: Mapping[str, str | None], known: Iterable[str]) -> dict[str, str | None]:
    """The wanted options under their full names; an option that nobody knows is refused."""
    names = tuple(known)
    return {known_name(name, names): value for name, value in wanted.items()}


def known_name(name: str, names: tuple[str, ...]) -> str:
    """The full name of an option; refuses what glusterd does not know, with the nearest names."""
    full = find_name(name, names)
    if full is not None:
        return full
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    near += [full for full in names if full.split(".", 1)[-1] == name]
    hint = f" Near it: {', '.join(dict.fromkeys(near))}." if near else ""
    raise Refusal(
        "unknown_option",
        f"GlusterFS has no volume option {name}.{hint}",
        "'gluster volume set help' lists the options.",
    )


def is_satisfied(current: Mapping[str, str], wanted: Mapping[str, str | None]) -> bool:
    """Whether the volume has all wanted options already, short names included."""
    return not any(differs(current, name, value) for name, value in wanted.items())


def differs(current: Mapping[str, str], name: str, value: str | None) -> bool:
    """Whether one option has to be set or reset."""
    present = current.get(find_name(name, current) or name)
    if value is None:
        return present is not None
    if present is None or name.startswith(USER_PREFIX):
        return present != value
    return not is_same_value(present, value)


def surplus_options(current: Mapping[str, str], wanted: Mapping[str, str | None]) -> list[str]:
    """Options that are set but not wanted, without glusterd's own and people's notes."""
    kept = {find_name(name, current) or name for name in wanted} | OWN_OPTIONS
    return [n for n in current if n not in kept and not n.startswith(USER_PREFIX)]
