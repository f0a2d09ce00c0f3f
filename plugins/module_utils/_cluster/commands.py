# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two commands that tell everything. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

Command = tuple[str, ...]


def query_cib() -> Command:
    """Read the CIB: what is wanted of the cluster."""
    return ("cibadmin", "--query")


def show_status() -> Command:
    """Read what runs where, what is stopped too (Pacemaker 2.0.3 and later)."""
    return ("crm_mon", "--output-as=xml", "--inactive")
