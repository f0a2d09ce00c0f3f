# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a resource in the grammar of one generation: translated, moved, or refused. Pure.

Neither parser takes the other's words, measured with drbd-utils 9.22: ``fencing`` is a disk option
in 8.4 and a net option in 9; ``node-id`` and most of ``options`` are errors in 8.4. How-tos that
are older than 8.4 use words that both have forgotten, or take without doing anything.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.clustered.storage.plugins.module_utils._drbd.model import (
    DIALECT_9,
    DIALECT_84,
)
from ansible_collections.clustered.storage.plugins.module_utils._drbd.wanted import (
    FENCING,
    SECTIONS,
    WantedResource,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import format_names
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Refusal

Sections = dict[str, dict[str, str]]

# What has an option of its own in the module, by section.
OWN = {
    "net": {
        "protocol": "protocol",
        "shared-secret": "shared_secret",
        "cram-hmac-alg": "cram_hmac_alg",
        "allow-two-primaries": "allow_two_primaries",
        "fencing": "fencing",
    },
    "disk": {"fencing": "fencing", "protocol": "protocol"},
}
# Words of before 8.4, in whatever section somebody puts them now: the section and word of today.
OLD_WORDS = {
    "rate": ("disk", "resync-rate"),
    "after": ("disk", "resync-after"),
    "outdate-peer": ("handlers", "fence-peer"),
}
# Options that were in syncer{}, or that how-tos put elsewhere.
HOME = {
    "resync-rate": "disk",
    "resync-after": "disk",
    "al-extents": "disk",
    "c-plan-ahead": "disk",
    "c-fill-target": "disk",
    "c-delay-target": "disk",
    "c-max-rate": "disk",
    "c-min-rate": "disk",
    "verify-alg": "net",
    "csums-alg": "net",
    "data-integrity-alg": "net",
    "use-rle": "net",
    "cpu-mask": "options",
    "on-no-data-accessible": "options",
}
# "no-" was how an option was turned off.
TURNED_OFF = ("disk-barrier", "disk-flushes", "disk-drain", "md-flushes", "tcp-cork")
# What is refused in both, and why.
GONE = {
    "become-primary-on": (
        "DRBD 9 ignores it, and a node that promotes itself at boot splits the brain",
        "Leave it out: use role here, or let Pacemaker promote.",
    ),
    "use-bmbv": ("it has done nothing since 8.4", "Leave it out."),
}
# What the parser of 8.4 takes without a word, and the kernel calls an error when it is needed.
VALUES = {
    "after-sb-1pri": (
        "disconnect", "consensus", "violently-as0p", "discard-secondary", "call-pri-lost-after-sb"
    ),
    "after-sb-2pri": ("disconnect", "violently-as0p", "call-pri-lost-after-sb"),
}  # fmt: skip
# All that options{} has in 8.4, and what DRBD 9 has added to other sections.
OPTIONS_84 = ("cpu-mask", "on-no-data-accessible")
ONLY_9 = {
    "net": ("transport", "tls", "tls-keyring", "load-balance-paths", "rdma-ctrl-rcvbuf-size"),
    "disk": ("rs-discard-granularity", "discard-zeroes-if-aligned", "disable-write-same", "bitmap"),
    "handlers": ("quorum-lost", "disconnected"),
}
# Both kernels of 8.4 that are in use know these of ONLY_9.
ALSO_84 = ("rs-discard-granularity", "discard-zeroes-if-aligned", "disable-write-same")
# The handlers of Pacemaker's side, by generation; for both primaries the script's own advice is a
# timeout longer than fencing takes, and a longer one still for a cluster without a DC.
SCRIPTS = {
    DIALECT_84: ("/usr/lib/drbd/crm-fence-peer.sh", "/usr/lib/drbd/crm-unfence-peer.sh"),
    DIALECT_9: ("/usr/lib/drbd/crm-fence-peer.9.sh", "/usr/lib/drbd/crm-unfence-peer.9.sh"),
}
PATIENCE = "--timeout 90 --dc-timeout 120"
# Seconds, and for the first tenths of a second; drbd.conf(5).
TIMEOUT, PING_INT, CONNECT_INT = 60, 10, 10


@dataclass(frozen=True)
class Settings:
    """The sections of a resource as one generation reads them, and what was translated."""

    sections: Mapping[str, Mapping[str, str]]
    notes: tuple[str, ...] = ()


def settings(wanted: WantedResource, dialect: str) -> Settings:
    """The options of a resource in the grammar of a generation."""
    sections, notes = translated(wanted)
    for section, options in sections.items():
        for name in options:
            refuse_option(section, name, dialect)
    refuse_values(sections["net"])
    refuse_timeouts(sections["net"])
    fence_handlers(sections["handlers"], wanted, dialect)
    sections["net"] = {**own_net(wanted), **sections["net"]}
    if wanted.fencing:
        place = "disk" if dialect == DIALECT_84 else "net"
        sections[place] = {"fencing": wanted.fencing, **sections[place]}
    if dialect == DIALECT_9:
        # Otherwise whoever opens the device promotes, whatever role was asked for.
        sections["options"] = {"auto-promote": "no", **sections["options"]}
    return Settings(sections, notes)


def translated(wanted: WantedResource) -> tuple[Sections, tuple[str, ...]]:
    """The given options under the words of today, and a note for each that had another one."""
    sections: Sections = {name: {} for name in SECTIONS}
    notes = []
    for section, options in wanted.sections.items():
        for name, value in options.items():
            home, word, text = today(section, name, value)
            if word in sections[home]:
                raise given_twice(home, word)
            sections[home][word] = text
            if (home, word) != (section, name):
                notes.append(f"{name} of {section} is written as {word} {text} of {home}.")
    return sections, tuple(notes)


def today(section: str, name: str, value: str) -> tuple[str, str, str]:
    """Section, word and value as they are now."""
    if name in OLD_WORDS:
        return (*OLD_WORDS[name], value)
    if name.startswith("no-") and name[3:] in TURNED_OFF:
        return HOME.get(name, section), name[3:], "no"
    return HOME.get(name, section), name, value


def given_twice(section: str, name: str) -> Refusal:
    """The refusal of an option under its old and its new word."""
    return Refusal("bad_option", f"{name} of {section} is given twice.", "Keep one of the two.")


def refuse_option(section: str, name: str, dialect: str) -> None:
    """An option that this generation, or this module, does not take there."""
    own = OWN.get(section, {}).get(name)
    if own:
        raise Refusal(
            "own_option", f"{section} has {name}.", f"Use the option {own} of this module."
        )
    if name in GONE:
        why, remedy = GONE[name]
        raise Refusal("unsupported_option", f"{name} of {section} is not taken: {why}.", remedy)
    if dialect != DIALECT_84:
        return
    new = name not in OPTIONS_84 if section == "options" else name in ONLY_9.get(section, ())
    if new and name not in ALSO_84:
        raise Refusal(
            "unsupported_option",
            f"{name} of {section} needs DRBD 9; the kernel here has DRBD 8.4.",
            f"Leave it out (options of 8.4: {format_names(OPTIONS_84)}), or install DRBD 9.",
        )


def refuse_values(net: Mapping[str, str]) -> None:
    """A policy that does not exist would be found out in the worst of moments."""
    for name, known in VALUES.items():
        if net.get(name, known[0]) not in known:
            raise Refusal(
                "bad_option",
                f"{name} of net can not be {net[name]}.",
                f"It is one of {format_names(known)}.",
            )


def refuse_timeouts(net: Mapping[str, str]) -> None:
    """DRBD's own rule, which no parser enforces: the article's 180 are 18 s, and break it."""
    values = [
        net.get(name, str(usual))
        for name, usual in (
            ("timeout", TIMEOUT),
            ("ping-int", PING_INT),
            ("connect-int", CONNECT_INT),
        )
    ]
    if not all(value.isdigit() for value in values):
        return
    timeout, ping, connect = (int(value) for value in values)
    if timeout >= 10 * min(ping, connect):
        raise Refusal(
            "timeout_rule",
            f"timeout {timeout} is {timeout / 10:g} s, and has to be less than ping-int ({ping} s) "
            f"and connect-int ({connect} s): a peer would be given up before it is asked.",
            f"Use timeout: {TIMEOUT} (it counts tenths of a second), or raise ping-int and "
            f"connect-int above {timeout // 10}.",
        )


def fence_handlers(handlers: dict[str, str], wanted: WantedResource, dialect: str) -> None:
    """Put in the handlers that fencing needs, where none are given."""
    if wanted.fencing in ("", "dont-care"):
        return
    fence, unfence = SCRIPTS[dialect]
    if wanted.fencing == FENCING:
        fence = f"{fence} {PATIENCE}"
    handlers.setdefault("fence-peer", fence)
    handlers.setdefault("unfence-peer", unfence)


def own_net(wanted: WantedResource) -> dict[str, str]:
    """What the module's own options are in net{}."""
    net = {"protocol": wanted.protocol}
    if wanted.secret:
        net |= {"cram-hmac-alg": wanted.hmac, "shared-secret": wanted.secret}
    if wanted.two_primaries:
        net["allow-two-primaries"] = "yes"
    return net


def handler_programs(handlers: Mapping[str, str]) -> tuple[str, ...]:
    """The programs that handlers begin with."""
    return tuple(dict.fromkeys(text.split()[0] for text in handlers.values() if text.split()))
