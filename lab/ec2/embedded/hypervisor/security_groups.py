# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Security groups as nftables of the machine that they protect. Pure."""

from __future__ import annotations

from .model import Rule

TABLE = "inet lab_security_groups"
EVERYTHING = "-1"
ALL_PORTS = (0, 65535)
NUMBERED = {"1": "icmp", "6": "tcp", "17": "udp"}

# Declared, removed, declared: that replaces the table in one transaction.
RULESET = """\
table {table}
delete table {table}
table {table} {{
\tchain input {{
\t\ttype filter hook input priority filter; policy drop;
\t\tiifname "lo" accept
\t\tct state established,related accept
{rules}\t}}
}}
"""


def ruleset(rules: tuple[Rule, ...]) -> str:
    """What nft reads: what comes in is dropped, except answers and what a rule accepts."""
    lines = {f"\t\t{line}\n" for rule in rules for line in accepting(rule)}
    return RULESET.format(table=TABLE, rules="".join(sorted(lines)))


def accepting(rule: Rule) -> list[str]:
    """A line for each family of addresses that the rule has sources of."""
    lines = []
    for family, version in (("ip", False), ("ip6", True)):
        sources = sorted(one for one in rule.sources if (":" in one) == version)
        if sources:
            lines.append(
                f"{family} saddr {{ {', '.join(sources)} }} {matching(rule, version)}accept"
            )
    return lines


def matching(rule: Rule, is_version_6: bool) -> str:
    """The condition on protocol and ports, nothing for every protocol."""
    protocol = NUMBERED.get(rule.protocol, rule.protocol)
    if protocol == EVERYTHING:
        return ""
    if protocol in ("icmp", "icmpv6"):
        return icmp(rule, is_version_6)
    if protocol not in ("tcp", "udp") or (rule.first_port, rule.last_port) in (ALL_PORTS, (-1, -1)):
        return f"meta l4proto {protocol} "
    return f"{protocol} dport {rule.first_port}-{rule.last_port} "


def icmp(rule: Rule, is_version_6: bool) -> str:
    """EC2 keeps type and code where other protocols have ports, and -1 for all."""
    name = "icmpv6" if is_version_6 else "icmp"
    if rule.first_port < 0:
        return f"meta l4proto {'ipv6-icmp' if is_version_6 else 'icmp'} "
    code = f"{name} code {rule.last_port} " if rule.last_port >= 0 else ""
    return f"{name} type {rule.first_port} {code}"
