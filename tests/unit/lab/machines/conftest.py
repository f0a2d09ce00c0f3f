# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A lab that has no machines running."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.machines.hypervisor import store
from lab.machines.hypervisor.model import Lab


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    state = tmp_path / "cache/lab"
    made = Lab("lab", state, tmp_path / "image", first_port=21344, nodes=2)
    store.save(made)
    return made
