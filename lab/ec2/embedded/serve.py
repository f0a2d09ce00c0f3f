# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The server: moto's application, the machines that follow, and a port on loopback."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import BaseWSGIServer, make_server

from .api import credentials, images, quotas
from .follow import Follower
from .hypervisor.model import Site

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Settings:
    """What a server is started with."""

    state: Path
    images: dict[str, str] = field(default_factory=dict)
    port: int = 0  # any free one
    region: str = "eu-west-1"
    quotas: quotas.Quotas = field(default_factory=quotas.Quotas)


class QuietHandler(MotoRequestHandler):
    """The follower says what happens; a line for each Describe would hide it."""

    def log(self, *_args: Any, **_kwargs: Any) -> None:
        """Nothing."""


@dataclass(frozen=True)
class Server:
    """A server that listens; ``http.serve_forever()`` makes it answer."""

    http: BaseWSGIServer
    follower: Follower
    key: credentials.AccessKey

    @property
    def endpoint(self) -> str:
        """Its URL."""
        return f"http://{LOOPBACK}:{self.http.server_port}"

    def stop(self) -> None:
        """End the answers, and wait for a change that is under way."""
        self.http.shutdown()
        with self.follower.changing:
            self.http.server_close()


def new_server(settings: Settings, follow: Callable[[Site], object]) -> Server:
    """A server with an empty account, which the machines already follow."""
    key = credentials.new_access_key()
    images.offer_images(settings.images)
    ec2_backends[DEFAULT_ACCOUNT_ID][settings.region].reset()
    quotas.keep_in(settings.state / "quotas", settings.quotas)
    credentials.write_credentials(key, settings.state / "credentials")

    def backend() -> Any:
        return ec2_backends[DEFAULT_ACCOUNT_ID][settings.region]

    follower = Follower(DomainDispatcherApplication(create_backend_app), backend, follow, key)
    follower.catch_up()
    http = make_server(
        LOOPBACK, settings.port, follower, threaded=True, request_handler=QuietHandler
    )
    return Server(http, follower, key)
