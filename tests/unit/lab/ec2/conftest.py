# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An embedded EC2 without machines: one server for a file of tests, a new account for each."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from helpers.ec2 import CONTAINER_IMAGE, IMAGE, REGION, Account, Machines

from lab.ec2.embedded.api.quotas import Quotas
from lab.ec2.embedded.serve import Settings, new_server


@pytest.fixture(scope="module")
def machines() -> Machines:
    return Machines()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, machines: Machines) -> Iterator[Account]:
    """A server on a free port."""
    state = tmp_path_factory.mktemp("ec2")
    settings = Settings(state, {IMAGE: CONTAINER_IMAGE}, region=REGION, quotas=Quotas(32, None))
    server = new_server(settings, machines.follow)
    thread = threading.Thread(target=server.http.serve_forever, args=(0.05,))
    thread.start()
    account = Account(server, machines, state)
    yield account
    account.ec2.close()
    server.stop()
    thread.join()


@pytest.fixture
def account(served: Account) -> Account:
    """The same server with an account in which nothing has been made."""
    served.backend.reset()
    served.machines.failures.clear()
    served.server.follower.catch_up()
    (served.state / "quotas").write_text("vcpus=32\n", encoding="utf-8")
    return served
