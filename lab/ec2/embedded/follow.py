# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The machines follow the API: a call that changes something answers when they have."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from botocore.awsrequest import AWSRequest
from moto.ec2.models.instances import StateReason

from .api import credentials
from .api.idempotency import answers_of
from .hypervisor.model import Machine, Site
from .wanted import read_site

LOG = logging.getLogger("ec2")
READ_ONLY = ("Describe", "Get", "List", "Search")
REFUSED = 400  # never 5xx: boto would send the call again

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True)
class Call:
    """A request: what is asked of which service."""

    service: str
    path: str
    form: dict[str, str]

    @property
    def action(self) -> str:
        """EC2's name of it; for moto's own API its path."""
        return self.form.get("Action", self.path)

    @property
    def is_change(self) -> bool:
        """Whether machines may have to follow."""
        if self.path.startswith("/moto-api/"):
            return self.path.endswith("/reset")
        return self.service == "ec2" and not self.action.startswith(READ_ONLY)

    @property
    def about(self) -> str:
        """The identifiers, names and addresses in it."""
        ends = ("Id", "Name", "Device", "Address", "Size", "CidrBlock")
        said = [v for k, v in self.form.items() if k.rstrip(".0123456789").endswith(ends)]
        return " ".join(said)


@dataclass(frozen=True)
class Answer:
    """A response, complete."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def is_success(self) -> bool:
        """Whether the call has done what it should."""
        return self.status.startswith("2")


class Follower:
    """WSGI middleware between the clients and moto."""

    def __init__(
        self,
        application: Application,
        backend: Callable[[], Any],
        follow: Callable[[Site], object],
        key: credentials.AccessKey,
    ) -> None:
        self.application = application
        self.backend = backend
        self.follow = follow
        self.key = key
        self.followed: Site | None = None
        self.changing = threading.Lock()  # one change, with all the machines do for it
        self.asking = threading.Lock()  # one call into moto, whose dictionaries have no lock

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Let in, do, follow, answer."""
        started = time.monotonic()
        call, failure = self._let_in(environ)
        if failure is not None:
            answer = _error(call.service, failure.status, failure.code, failure.message)
        else:
            answer = self._do(call, environ)
        if call.is_change or not answer.is_success:
            seconds = time.monotonic() - started
            LOG.info("%s %s: %s (%.1f s)", call.action, call.about, _code(answer), seconds)
        start_response(answer.status, answer.headers)
        return [answer.body]

    def catch_up(self) -> None:
        """Let the machines become what the API says; nothing to do where they already are."""
        with self.asking:
            site = read_site(self.backend())
        if site == self.followed:
            return
        self.followed = None
        self.follow(site)
        self.followed = site

    def _let_in(self, environ: Environ) -> tuple[Call, credentials.Failure | None]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        path = environ["PATH_INFO"]
        service = credentials.service_of(environ.get("HTTP_AUTHORIZATION", ""))
        query = environ.get("QUERY_STRING", "")
        form = dict(parse_qsl(query) + parse_qsl(body.decode("utf-8", "replace")))
        call = Call(service, path, form)
        if path.startswith("/moto-api/"):
            return call, None
        url = f"http://{environ['HTTP_HOST']}{path}" + (f"?{query}" if query else "")
        request = AWSRequest(environ["REQUEST_METHOD"], url, _headers(environ), body)
        return call, credentials.failure_of(request, self.key)

    def _do(self, call: Call, environ: Environ) -> Answer:
        """The answer to a call; where moto fails, an error that no client takes for a reason to
        send it again.
        """
        try:
            return self._change(call, environ) if call.is_change else self._ask(environ)
        except NotImplementedError as error:
            message = f"The embedded EC2 does not know this: {error}"
            return _error(call.service, REFUSED, "InvalidAction", message)
        except Exception as error:
            LOG.exception("%s %s", call.action, call.about)
            message = f"The embedded EC2 failed: {type(error).__name__}: {error}"
            return _error(call.service, REFUSED, "UnsupportedOperation", message)

    def _ask(self, environ: Environ) -> Answer:
        with self.asking:
            return _answer(self.application, environ)

    def _change(self, call: Call, environ: Environ) -> Answer:
        with self.changing:
            with self.asking:
                before = read_site(self.backend())
            answer = self._ask(environ)
            if not answer.is_success:
                return answer
            try:
                self.catch_up()
            except Exception as error:
                LOG.error("%s: the machines did not follow: %s", call.action, error)
                self._take_back(call, before)
                return _error("ec2", REFUSED, "UnsupportedOperation", str(error))
            return answer

    def _take_back(self, call: Call, before: Site) -> None:
        """What the call has added goes again: the API does not promise what is not there."""
        backend = self.backend()
        with self.asking:
            take_back(backend, before, read_site(backend))
            answers_of(backend).pop(call.form.get("ClientToken", ""), None)
        try:
            self.catch_up()
        except Exception as error:
            LOG.error("%s: nor did they follow back: %s", call.action, error)


def take_back(backend: Any, before: Site, after: Site) -> None:
    """Remove from moto what is in one site and not in the one before it."""
    machines = {one.id: one for one in before.machines}
    for machine in after.machines:
        _take_back_machine(backend, machines.get(machine.id), machine)
    images = _added(before.images, after.images)
    for image in images:
        backend.deregister_image(image)
    snapshots = _added(before.snapshots, after.snapshots)
    for snapshot in list(backend.snapshots.values()):
        if snapshot.id in snapshots or snapshot.from_ami in images:
            backend.delete_snapshot(snapshot.id)
    for disk in _added(before.disks, after.disks):
        if disk in backend.volumes:  # else it went with its machine
            backend.delete_volume(disk)


def _added(before: tuple[Any, ...], after: tuple[Any, ...]) -> list[str]:
    known = {one.id for one in before}
    return [one.id for one in after if one.id not in known]


def _take_back_machine(backend: Any, before: Machine | None, after: Machine) -> None:
    instance = backend.get_instance(after.id)
    if before is None:
        instance.terminate()
        instance.state_reason = StateReason(
            "Server.InternalError: Internal error on launch", "Server.InternalError"
        )
        return
    for disk in set(after.attachments) - set(before.attachments):
        backend.detach_volume(disk.disk, after.id, disk.device)
    for disk in set(before.attachments) - set(after.attachments):
        backend.attach_volume(disk.disk, after.id, disk.device)
    if after.is_running and not before.is_running:
        instance.stop()


def _headers(environ: Environ) -> dict[str, str]:
    """The headers of a request under the names that they had on the wire."""
    headers = {
        name[5:].replace("_", "-").title(): value
        for name, value in environ.items()
        if name.startswith("HTTP_") and isinstance(value, str)
    }
    if environ.get("CONTENT_TYPE"):
        headers["Content-Type"] = environ["CONTENT_TYPE"]
    if environ.get("CONTENT_LENGTH"):
        headers["Content-Length"] = environ["CONTENT_LENGTH"]
    return headers


def _answer(application: Application, environ: Environ) -> Answer:
    """The answer of moto."""
    started: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], *_more: Any) -> None:
        started.extend((status, headers))

    body = b"".join(application(environ, start_response))
    return Answer(started[0], started[1], body)


def _error(service: str, status: int, code: str, message: str) -> Answer:
    """An error in the form of EC2, or of the other services of AWS."""
    error = f"<Code>{code}</Code><Message>{escape(message)}</Message>"
    if service == "ec2":
        text = f"<Response><Errors><Error>{error}</Error></Errors></Response>"
    else:
        text = f"<ErrorResponse><Error><Type>Sender</Type>{error}</Error></ErrorResponse>"
    body = ('<?xml version="1.0" encoding="UTF-8"?>\n' + text).encode()
    headers = [("Content-Type", "text/xml;charset=UTF-8"), ("Content-Length", str(len(body)))]
    return Answer(f"{status} {code}", headers, body)


def _code(answer: Answer) -> str:
    """ "ok", or EC2's code of the error."""
    if answer.is_success:
        return "ok"
    return answer.body.decode().partition("<Code>")[2].partition("</Code>")[0] or answer.status
