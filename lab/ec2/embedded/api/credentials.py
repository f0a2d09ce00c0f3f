# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may call: one access key, and requests that are signed with it (Signature Version 4).

moto can check signatures against keys of its IAM, but /moto-api/reset empties that as well, and a
request without a signature makes it fail. So the check is our own, with botocore's signer.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
import string
from dataclasses import dataclass
from pathlib import Path

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

_SIGNED = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)"
    r"/aws4_request, *SignedHeaders=(?P<headers>[^,]+), *Signature=(?P<signature>[0-9a-f]{64})"
)
_UPPERCASE = string.ascii_uppercase + string.digits


@dataclass(frozen=True)
class AccessKey:
    """The id and the secret of an access key."""

    id: str
    secret: str


@dataclass(frozen=True)
class Failure:
    """Why a request is not let in."""

    status: int
    code: str
    message: str


# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html#CommonErrors
NO_TOKEN = Failure(
    403,
    "MissingAuthenticationToken",
    "The request must contain either a valid (registered) AWS access key ID or X.509 certificate.",
)
EC2_FAILURE = Failure(
    401, "AuthFailure", "AWS was not able to validate the provided access credentials"
)
# https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
UNKNOWN_KEY = Failure(
    403, "InvalidClientTokenId", "The security token included in the request is invalid."
)
WRONG_SIGNATURE = Failure(
    403,
    "SignatureDoesNotMatch",
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method. "
    "Consult the service documentation for details.",
)


def new_access_key() -> AccessKey:
    """A key as AWS makes them: 20 characters, and a secret of 40."""
    id_ = "AKIA" + "".join(secrets.choice(_UPPERCASE) for _index in range(16))
    return AccessKey(id_, secrets.token_urlsafe(30))


def write_credentials(key: AccessKey, file: Path) -> None:
    """The key as a shared credentials file (AWS_SHARED_CREDENTIALS_FILE), for its owner only."""
    text = f"[default]\naws_access_key_id = {key.id}\naws_secret_access_key = {key.secret}\n"
    new = file.with_name(file.name + ".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    new.replace(file)


def service_of(authorization: str) -> str:
    """The service a request is signed for; "" where it is not signed."""
    signed = _SIGNED.match(authorization)
    return signed["service"] if signed else ""


def failure_of(request: AWSRequest, key: AccessKey) -> Failure | None:
    """Why a request is not let in, in the words of the service it is for."""
    signed = _SIGNED.match(request.headers.get("Authorization", ""))
    if signed is None:
        return NO_TOKEN
    is_ec2 = signed["service"] == "ec2"
    if signed["key"] != key.id:
        return EC2_FAILURE if is_ec2 else UNKNOWN_KEY
    if hmac.compare_digest(_signature(request, signed, key), signed["signature"]):
        return None
    return EC2_FAILURE if is_ec2 else WRONG_SIGNATURE


def _signature(request: AWSRequest, signed: re.Match[str], key: AccessKey) -> str:
    """What the signature has to be, over the headers that its maker has signed."""
    names = signed["headers"].split(";")
    headers = {name: request.headers.get(name, "") for name in names}
    checked = AWSRequest(request.method, request.url, headers, request.data)
    checked.context["timestamp"] = request.headers.get("X-Amz-Date", "")
    signer = SigV4Auth(Credentials(key.id, key.secret), signed["service"], signed["region"])
    return signer.signature(
        signer.string_to_sign(checked, signer.canonical_request(checked)), checked
    )
