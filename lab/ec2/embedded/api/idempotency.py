# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Client tokens: a request that is sent again is answered again, and does nothing.

boto3 puts a token into each request that has one, and repeats the request when no answer comes.
https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from .patch import refusal


def answers_of(backend: Any) -> dict[str, tuple[dict[str, Any], Any]]:
    """By client token: what was asked and answered; it goes when moto resets the backend."""
    answers: dict[str, tuple[dict[str, Any], Any]] = backend.__dict__.setdefault("answers", {})
    return answers


def answers_once(action: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Let an action with a client token happen once."""

    @functools.wraps(action)
    def once(original: Any, response: Any) -> Any:
        token = response._get_param("ClientToken")
        if not token:
            return action(original, response)
        answers = answers_of(response.ec2_backend)
        asked = dict(response.querystring)
        if token not in answers:
            answers[token] = asked, action(original, response)
        if answers[token][0] != asked:
            raise refusal(
                "IdempotentParameterMismatch",
                "Arguments on this idempotent request are inconsistent with arguments used in "
                "previous request(s).",
            )
        return answers[token][1]

    return once
