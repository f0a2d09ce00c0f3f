# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names, addresses and ports of a lab and its machines."""

from __future__ import annotations

import dataclasses
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.machines.hypervisor import store
from lab.machines.hypervisor.model import (
    BLOCKS,
    FIRST_PORT,
    MOST_MACHINES,
    NETWORKS,
    PORTS_OF_A_LAB,
    Lab,
    first_port_of,
)

NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1)


def a_lab(first_port: int, nodes: int = MOST_MACHINES) -> Lab:
    return Lab("some", Path("/state"), Path("/image"), first_port, nodes)


def test_machines_are_node1_to_node_n(lab: Lab) -> None:
    assert [machine.name for machine in lab.machines] == ["node1", "node2"]
    assert lab.machine("node2").number == 2


def test_a_machine_that_is_not_the_labs_is_not_found(lab: Lab) -> None:
    with pytest.raises(KeyError):
        lab.machine("node3")


def test_addresses_are_those_that_the_documents_name() -> None:
    addresses = [[network.address(number) for number in (1, 2)] for network in NETWORKS]
    assert addresses == [["10.77.0.11", "10.77.0.12"], ["10.78.0.11", "10.78.0.12"]]


def test_no_two_interfaces_have_one_hardware_address() -> None:
    machines = range(1, MOST_MACHINES + 1)
    seen = [network.hardware_address(number) for network in NETWORKS for number in machines]
    assert len(set(seen)) == len(seen)


def test_machine_ids_differ_between_machines_and_labs_and_survive_a_reset(lab: Lab) -> None:
    other = dataclasses.replace(lab, state=lab.state.parent / "other")
    ids = [machine.machine_id for made in (lab, other) for machine in made.machines]
    assert len(set(ids)) == 4
    assert [len(one) for one in ids] == [32] * 4
    assert lab.machine("node1").machine_id == ids[0]


@given(NAMES, st.integers(0, 2 * BLOCKS))
def test_ports_are_below_those_of_the_hosts_own_connections(name: str, attempt: int) -> None:
    first = first_port_of(name, attempt)
    assert first >= FIRST_PORT
    assert first + PORTS_OF_A_LAB <= 32768
    assert (first - FIRST_PORT) % PORTS_OF_A_LAB == 0


@given(NAMES)
def test_a_name_has_always_the_same_ports_and_tries_all_blocks(name: str) -> None:
    assert first_port_of(name) == first_port_of(name)
    assert len({first_port_of(name, attempt) for attempt in range(BLOCKS)}) == BLOCKS


def test_the_ports_of_a_lab_stay_within_its_block() -> None:
    lab = a_lab(FIRST_PORT)
    ports = [lab.fence_port, *(machine.ssh_port for machine in lab.machines)]
    assert len(set(ports)) == len(ports)
    assert max(ports) < FIRST_PORT + PORTS_OF_A_LAB


def test_no_two_labs_hear_each_other() -> None:
    firsts = range(FIRST_PORT, FIRST_PORT + BLOCKS * PORTS_OF_A_LAB, PORTS_OF_A_LAB)
    cables = [a_lab(first).multicast(network) for first in firsts for network in NETWORKS]
    assert len(set(cables)) == len(cables) == 2 * BLOCKS
    groups = [cable.partition(":")[0] for cable in cables]
    assert len(set(groups)) == len(groups)
    for group in groups:
        assert group.startswith("239.")  # of this site only, as RFC 2365 has it
        socket.inet_aton(group)


def test_a_block_of_which_a_port_is_in_use_is_left_out() -> None:
    free = store.free_first_port("of-a-test")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free + 3))
        taken.listen()
        assert store.free_first_port("of-a-test") not in range(free, free + PORTS_OF_A_LAB)


def test_a_lab_is_read_as_it_was_written(lab: Lab) -> None:
    assert store.load("lab", lab.state) == lab
    more = dataclasses.replace(lab, nodes=3, accelerator="kvm", memory_mib=512)
    store.save(more)
    assert store.load("lab", lab.state) == more


def test_there_is_no_lab_where_nothing_was_written(tmp_path: Path) -> None:
    assert store.load("lab", tmp_path) is None
