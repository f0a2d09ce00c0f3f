# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images (AMIs): a catalogue of our own, and images of instances with all their devices."""

from __future__ import annotations

import hashlib
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.amis import Ami, AmiBackend
from moto.ec2.responses.amis import AmisResponse
from moto.ec2.utils import random_ami_id

from .patch import all_or_nothing, refusal, replaces

DEBIAN = "136693071363"  # https://wiki.debian.org/Cloud/AmazonEC2Image
ROOT_DEVICE = "/dev/xvda"
ROOT_GIB = 8

_catalogue: dict[str, str] = {}  # name of an image: the image of the container engine


def offer_images(catalogue: dict[str, str]) -> None:
    """The images that accounts have from now on, each with what it stands for."""
    _catalogue.clear()
    _catalogue.update(catalogue)


def image_id(name: str) -> str:
    """The same id for the same name, whenever the server is started."""
    return "ami-" + hashlib.sha256(name.encode()).hexdigest()[:17]


@replaces(AmiBackend, "_load_amis")
def load_images(_original: Any, backend: Any) -> None:
    """Instead of moto's five hundred images, of which no machine could be made."""
    for name, container_image in _catalogue.items():
        backend.amis[image_id(name)] = _catalogue_image(backend, name, container_image)


def _catalogue_image(backend: Any, name: str, container_image: str) -> Ami:
    ami = Ami(
        backend,
        image_id(name),
        name=name,
        description=f"Stands for {container_image}",
        owner_id=DEBIAN,
        public=True,
        virtualization_type="hvm",
        architecture="x86_64",
        hypervisor="xen",
        image_location=f"{DEBIAN}/{name}",
        root_device_type="ebs",
        root_device_name=ROOT_DEVICE,
        region_name=backend.region_name + "a",
    )
    root = ami.ebs_snapshot
    root.size_gib = ROOT_GIB
    root.volume.is_root_disk = True
    ami.container_image = container_image
    ami.devices = [
        {
            "DeviceName": ROOT_DEVICE,
            "Ebs": {
                "SnapshotId": root.id,
                "VolumeSize": ROOT_GIB,
                "VolumeType": "gp3",
                "DeleteOnTermination": True,
                "Encrypted": False,
            },
        }
    ]
    return ami


def _block_device_mappings(ami: Ami) -> list[dict[str, Any]]:
    return getattr(ami, "devices", [])


# moto shows one disk of 15 GB, whatever the instance had
Ami.block_device_mappings = property(_block_device_mappings)


@replaces(AmisResponse, "create_image")
def create_image(_original: Any, response: Any) -> ActionResult:
    """An image with a snapshot of each device of the instance.

    moto forgets the devices, BlockDeviceMappings, and that a name can be used only once, and it
    does not know tags of the snapshots.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateImage.html
    """
    backend = response.ec2_backend
    instance = backend.get_instance(response._get_param("InstanceId"))
    name = response._get_param("Name")
    tags = response._parse_tag_specification()
    _refuse_image(backend, instance, name, tags)
    response.error_on_dryrun()
    with all_or_nothing(backend):
        ami = _image_of(backend, instance, name, response._get_param("Description", ""))
        asked = response._get_param("BlockDeviceMappings", [])
        ami.devices = _devices(backend, instance, asked, ami)
        ami.add_tags(tags.get("image", {}))
        for device in ami.devices:
            if "SnapshotId" in device["Ebs"]:
                backend.snapshots[device["Ebs"]["SnapshotId"]].add_tags(tags.get("snapshot", {}))
    return ActionResult({"ImageId": ami.id})


def _refuse_image(backend: Any, instance: Any, name: str, tags: dict[str, Any]) -> None:
    """Raise EC2's refusal of an image."""
    if instance.state not in ("running", "stopped"):
        raise refusal(
            "IncorrectState", f"Instance '{instance.id}' is not in the state 'running' or 'stopped'"
        )
    for ami in backend.amis.values():
        if ami.name == name and ami.owner_id == backend.account_id:
            raise refusal(
                "InvalidAMIName.Duplicate",
                f"AMI name {name} is already in use by AMI {ami.id}",
            )
    for kind in tags:
        if kind not in ("image", "snapshot"):
            raise refusal(
                "InvalidParameterValue",
                f"'{kind}' is not a valid taggable resource type for this operation.",
            )


def _image_of(backend: Any, instance: Any, name: str, description: str) -> Ami:
    """An image without devices."""
    id_ = random_ami_id()
    ami = Ami(
        backend,
        id_,
        instance=instance,
        name=name,
        description=description,
        image_location=f"{backend.account_id}/{name}",
        root_device_type="ebs",
        root_device_name=instance.root_device_name,
        hypervisor="xen",
        region_name=instance.placement.zone,
    )
    del backend.snapshots[ami.ebs_snapshot.id]  # moto's own, of nothing
    backend.amis[id_] = ami
    return ami


def _devices(
    backend: Any, instance: Any, asked: list[dict[str, Any]], ami: Ami
) -> list[dict[str, Any]]:
    """The devices of the instance, changed by those that were asked for."""
    changes = {one["DeviceName"]: one for one in asked}
    devices = []
    for name, block in instance.get_block_device_mapping:
        change = changes.pop(name, {})
        if "NoDevice" not in change:
            device = _snapshot_of(backend, instance, block, ami)
            devices.append({"DeviceName": name, "Ebs": {**device, **change.get("Ebs", {})}})
    blank = [one for one in changes.values() if "NoDevice" not in one]
    return devices + [{"DeviceName": one["DeviceName"], "Ebs": one["Ebs"]} for one in blank]


def _snapshot_of(backend: Any, instance: Any, block: Any, ami: Ami) -> dict[str, Any]:
    volume = backend.get_volume(block.volume_id)
    snapshot = backend.create_snapshot(
        volume.id, f"Created by CreateImage({instance.id}) for {ami.id}", from_ami=ami.id
    )
    return {
        "SnapshotId": snapshot.id,
        "VolumeSize": volume.size,
        "VolumeType": volume.volume_type,
        "DeleteOnTermination": bool(block.delete_on_termination),
        "Encrypted": volume.encrypted,
    }


@replaces(AmisResponse, "deregister_image")
def deregister_image(original: Any, response: Any) -> Any:
    """moto lets anybody deregister the images of others."""
    ami = response.ec2_backend.amis.get(response._get_param("ImageId"))
    if ami is not None and ami.owner_id != response.ec2_backend.account_id:
        raise refusal("AuthFailure", f"Not authorized for image:{ami.id}")
    return original(response)


@replaces(AmisResponse, "copy_image")
def copy_image(_original: Any, _response: Any) -> None:
    """There is no second region, and moto's copy would have no devices."""
    raise refusal("UnsupportedOperation", "The embedded EC2 does not copy images.")


@replaces(AmisResponse, "register_image")
def register_image(_original: Any, _response: Any) -> None:
    """No machine could be made of it."""
    raise refusal("UnsupportedOperation", "The embedded EC2 makes images of instances only.")
