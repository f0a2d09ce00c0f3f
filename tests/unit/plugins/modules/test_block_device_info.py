# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""block_device_info from parameters to JSON."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.clustered.storage.plugins.modules import (
    block_device_info,
    block_device_prepare,
)
from helpers.devices import DISK, GIB, UUID
from helpers.disks import Disks
from helpers.disktools import DiskHost
from helpers.modules import Runner, argument_spec, documented_options


@pytest.fixture
def machine() -> Disks:
    """A machine with an xfs on sdb."""
    found = Disks()
    found.add("sdb", 10 * GIB, serial="S1").view.put("xfs", uuid=UUID, label="brick1")
    return found


def test_page_documents_the_argument_spec() -> None:
    assert documented_options(block_device_info) == argument_spec(block_device_info)


def test_one_disk(run_module: Runner, machine: Disks) -> None:
    host = DiskHost(machine)

    result = run_module(block_device_info, host, device="/dev/disk/by-id/virtio-S1")

    assert (result["changed"], result["device"]["path"], host.changes) == (False, DISK, [])
    assert [one["label"] for one in result["device"]["signatures"]] == ["brick1"]


def test_all_disks(run_module: Runner, machine: Disks) -> None:
    result = run_module(block_device_info, DiskHost(machine))

    assert [one["path"] for one in result["devices"]] == ["/dev/sda", DISK]
    assert [one["system"] for one in result["devices"]] == [True, False]


def test_missing_disk_fails(run_module: Runner, machine: Disks) -> None:
    result = run_module(block_device_info, DiskHost(machine), device="/dev/sdz")

    assert (result["failed"], result["reason"]) == (True, "no_device")


@pytest.mark.parametrize("module", [block_device_info, block_device_prepare])
def test_everything_that_is_returned_is_documented(
    run_module: Runner, machine: Disks, module: object
) -> None:
    shown = run_module(block_device_info, DiskHost(machine), device=DISK)["device"]

    page = yaml.safe_load(module.RETURN)  # type: ignore[attr-defined]

    assert set(page["device"]["contains"]) == set(shown)
