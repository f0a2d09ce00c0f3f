# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What nobody may see: the passwords in a CIB. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

HIDDEN = "(hidden)"
# Options of fence agents that hold one; those that name a script or a file hold none.
NAMES = re.compile(
    r"passw|passphrase|secret|token|community|api_?key|access_?key|private_?key|credential",
    re.IGNORECASE,
)
HARMLESS = re.compile(r"_script$|_file$|_path$", re.IGNORECASE)
# Anything shorter would take half of a message away.
SHORTEST = 3


def is_secret(name: str) -> bool:
    """Whether an option holds something that nobody may see."""
    return bool(NAMES.search(name)) and not HARMLESS.search(name)


def hidden(name: str, value: str, secrets: Collection[str] = ()) -> str:
    """The value of an option as it may be shown."""
    return HIDDEN if name in secrets or is_secret(name) else value


def secret_values(root: Element) -> frozenset[str]:
    """All that is secret in a CIB, or in a patch for one."""
    pairs = (one for one in root.iter("nvpair") if is_secret(one.get("name", "")))
    return frozenset(one.get("value", "") for one in pairs)


def scrub(text: str, xml: str) -> str:
    """A tool's words without the secrets of what it was given; without values, if in doubt."""
    try:
        values = secret_values(ElementTree.fromstring(xml)) if xml else frozenset()
    except ElementTree.ParseError:
        values = frozenset()
    for value in sorted(values, key=len, reverse=True):
        if len(value) >= SHORTEST:
            text = text.replace(value, HIDDEN)
    # A tool that shows XML shows values; what is not known to be a secret may be one.
    return re.sub(r'\bvalue="[^"]*"', f'value="{HIDDEN}"', text)
