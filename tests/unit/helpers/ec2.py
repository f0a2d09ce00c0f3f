# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An embedded EC2 without machines, and what the tests ask of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from lab.ec2.embedded.api.credentials import AccessKey
from lab.ec2.embedded.hypervisor.model import Site
from lab.ec2.embedded.serve import Server

REGION = "eu-west-1"
ZONE = "eu-west-1a"
IMAGE = "debian-12-amd64-20260101-2000"
CONTAINER_IMAGE = "clustered-storage/lab-ec2:debian-12"
DIRECT = Config(proxies={}, connect_timeout=5, read_timeout=20)


class Machines:
    """In place of the hypervisor: keeps what it was asked for, and fails when it is told to."""

    def __init__(self) -> None:
        self.sites: list[Site] = []
        self.failures: list[str] = []  # one for each coming call
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def follow(self, site: Site) -> None:
        """What the real one does, without doing it."""
        self.sites.append(site)
        self.may_go_on.wait(20)
        if self.failures:
            raise RuntimeError(self.failures.pop(0))


class Account:
    """A client with shorthands for what nearly each test needs."""

    def __init__(self, server: Server, machines: Machines, state: Path) -> None:
        self.server = server
        self.machines = machines
        self.state = state
        self.key = server.key
        self.ec2 = self.client("ec2", self.key)

    def client(self, service: str, key: AccessKey) -> Any:
        """A client of a service with any key."""
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.server.endpoint,
            aws_access_key_id=key.id,
            aws_secret_access_key=key.secret,
            config=DIRECT,
        )

    @property
    def backend(self) -> Any:
        """moto's."""
        return self.server.follower.backend()

    @property
    def site(self) -> Site:
        """What the machines have been asked for last."""
        return self.machines.sites[-1]

    @property
    def image(self) -> str:
        """The one of the catalogue."""
        return str(self.ec2.describe_images(Owners=["136693071363"])["Images"][0]["ImageId"])

    @property
    def subnet(self) -> dict[str, Any]:
        """That of the default VPC in ZONE: 172.31.0.0/20."""
        wanted = [{"Name": "availability-zone", "Values": [ZONE]}]
        return dict(self.ec2.describe_subnets(Filters=wanted)["Subnets"][0])

    def run(self, **asked: Any) -> dict[str, Any]:
        """One instance as it is described after its start."""
        ids = self.run_many(1, **asked)
        return self.instance(ids[0])

    def run_many(self, count: int, **asked: Any) -> list[str]:
        """Ids of new instances."""
        request = {"ImageId": self.image, "InstanceType": "t3.micro", **asked}
        answer = self.ec2.run_instances(MinCount=count, MaxCount=count, **request)
        return [one["InstanceId"] for one in answer["Instances"]]

    def instance(self, instance_id: str) -> dict[str, Any]:
        """An instance as it is described."""
        found = self.ec2.describe_instances(InstanceIds=[instance_id])["Reservations"]
        return dict(found[0]["Instances"][0])

    def volume(self, size: int = 2, zone: str = ZONE, **asked: Any) -> str:
        """Id of a new volume."""
        answer = self.ec2.create_volume(Size=size, AvailabilityZone=zone, **asked)
        return str(answer["VolumeId"])

    def volumes(self) -> dict[str, dict[str, Any]]:
        """All volumes by their ids."""
        return {one["VolumeId"]: one for one in self.ec2.describe_volumes()["Volumes"]}

    def attach(self, volume: str, instance: str, device: str = "/dev/sdf") -> None:
        """Attach a volume."""
        self.ec2.attach_volume(VolumeId=volume, InstanceId=instance, Device=device)

    def group(self, name: str = "storage", **asked: Any) -> str:
        """Id of a new security group."""
        answer = self.ec2.create_security_group(GroupName=name, Description="of a test", **asked)
        return str(answer["GroupId"])

    def everything(self) -> dict[str, set[str]]:
        """All that could be left behind."""
        backend = self.backend
        stores = ("volumes", "snapshots", "enis", "amis", "reservations")
        return {name: set(getattr(backend, name)) for name in stores} | {
            "running": {one.id for one in backend.all_running_instances()}
        }

    def refused(self, call: Callable[..., Any], code: str, **asked: Any) -> str:
        """The message of a refusal that has this code, is not sent again, and changes nothing."""
        before = self.everything()
        with pytest.raises(ClientError) as raised:
            call(**asked)
        assert raised.value.response["Error"]["Code"] == code
        assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 401)
        assert self.everything() == before
        return str(raised.value.response["Error"]["Message"])
