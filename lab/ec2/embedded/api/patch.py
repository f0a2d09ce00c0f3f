# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a part of moto is replaced, and how EC2 refuses.

Everything below ``api`` is written against moto 5.2.5; another version is not accepted.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import metadata
from typing import Any

from moto.ec2.exceptions import EC2ClientError

MOTO = "5.2.5"
STORES = ("reservations", "volumes", "snapshots", "enis", "amis", "tags")

if metadata.version("moto") != MOTO:
    raise RuntimeError(f"the embedded EC2 needs moto {MOTO}, not {metadata.version('moto')}")


def refusal(code: str, message: str) -> EC2ClientError:
    """EC2's answer to what it does not do: HTTP 400 with a code of its own."""
    return EC2ClientError(code, message)


def replaces(owner: type, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Put a function where a method of moto was; it gets that method as its first argument."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        original = getattr(owner, name)

        @functools.wraps(original)
        def method(*args: Any, **kwargs: Any) -> Any:
            return function(original, *args, **kwargs)

        setattr(owner, name, method)
        return function

    return decorate


@contextmanager
def all_or_nothing(backend: Any) -> Iterator[None]:
    """What fails half-way leaves nothing behind: EC2 makes all of a request or none of it."""
    kept = {name: dict(getattr(backend, name)) for name in STORES}
    addresses = {subnet.id: dict(subnet._subnet_ips) for subnet in backend.describe_subnets()}
    try:
        yield
    except Exception:
        for name, content in kept.items():
            getattr(backend, name).clear()
            getattr(backend, name).update(content)
        for subnet in backend.describe_subnets():
            subnet._subnet_ips = addresses[subnet.id]
        raise
