# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The embedded EC2: the API of EC2 on loopback, with containers for its instances.

    .venv/bin/python lab/ec2/embedded --state FOLDER --image NAME=CONTAINER_IMAGE [--no-machines]

works from any directory. FOLDER gets ``endpoint`` (the URL; written when the server answers),
``credentials`` (for AWS_SHARED_CREDENTIALS_FILE, mode 0600) and ``quotas`` (may be edited at any
time). What the account has lives in memory: a server that starts again starts with an empty one,
and removes the machines of the one before.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import logging
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

if __package__ != "lab.ec2.embedded":  # started as a folder: the imports are those of the project
    sys.path[0] = str(Path(__file__).resolve().parents[3])

from lab.ec2.embedded.api.quotas import Quotas
from lab.ec2.embedded.hypervisor.model import Site
from lab.ec2.embedded.serve import Server, Settings, new_server


def main() -> int:
    """Serve until SIGTERM or SIGINT."""
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO, stream=sys.stderr)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    asked = _arguments()
    asked.state.mkdir(parents=True, exist_ok=True)
    endpoint = asked.state / "endpoint"
    endpoint.unlink(missing_ok=True)
    settings = Settings(
        state=asked.state,
        images=dict(asked.image),
        port=asked.port,
        region=asked.region,
        quotas=Quotas(asked.quota_vcpus, asked.quota_volumes_gib),
    )
    try:
        server = new_server(settings, _nothing if asked.no_machines else _hypervisor(asked.lab))
    except Exception as error:
        logging.exception("the machines of an empty account: %s", error)
        return 1
    _run(server, endpoint)
    return 0


def _run(server: Server, endpoint: Path) -> None:
    """Answer until a signal comes; the endpoint is there as long as somebody listens."""
    end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_arguments: end.set())
    answering = threading.Thread(target=server.http.serve_forever, daemon=True)
    answering.start()
    endpoint.write_text(server.endpoint + "\n", encoding="utf-8")
    print(server.endpoint, flush=True)
    end.wait()
    endpoint.unlink(missing_ok=True)
    server.stop()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="lab/ec2/embedded", description=__doc__.splitlines()[0])
    parser.add_argument("--state", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--lab", default="lab", metavar="NAME", help="whose machines they are")
    parser.add_argument("--port", type=int, default=0, help="default: any free one")
    parser.add_argument("--region", default="eu-west-1")
    parser.add_argument(
        "--image",
        type=_image,
        action="append",
        default=[],
        metavar="NAME=CONTAINER_IMAGE",
        help="an image of the catalogue, e.g. "
        "debian-13-amd64-20260101-2000=clustered-storage/lab-ec2:debian-13; may be repeated",
    )
    parser.add_argument("--quota-vcpus", type=int, default=32, metavar="N")
    parser.add_argument("--quota-volumes-gib", type=int, metavar="N", help="default: no limit")
    parser.add_argument("--no-machines", action="store_true", help="only the API")
    return parser.parse_args()


def _image(text: str) -> tuple[str, str]:
    name, separator, container_image = text.partition("=")
    if not (name and separator and container_image):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=CONTAINER_IMAGE")
    return name, container_image


def _nothing(_site: Site) -> None:
    """No machines."""


def _hypervisor(lab: str) -> Callable[[Site], object]:
    """What makes the machines of a lab; imported only where there are any."""
    apply = importlib.import_module("lab.ec2.embedded.hypervisor.apply")
    return functools.partial(apply.follow, lab=lab)


if __name__ == "__main__":
    sys.exit(main())
