# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""EBS volumes and snapshots: what is in use, where it is, and how large it may become."""

from __future__ import annotations

import re
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.elastic_block_store import Snapshot, Volume
from moto.ec2.responses.elastic_block_store import ElasticBlockStore

from . import quotas
from .idempotency import answers_once
from .patch import refusal, replaces

GP3_THROUGHPUT = 125
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/device_naming.html
_DEVICE = re.compile(r"/dev/(sd[a-z]([1-9]|1[0-5])?|xvd[a-z]{1,2}[0-9]*)")


@replaces(Volume, "__init__")
def volume_init(original: Any, volume: Volume, *args: Any, **kwargs: Any) -> None:
    """moto leaves out what EC2 answers as false and ""; amazon.aws reads both without a default."""
    original(volume, *args, **kwargs)
    volume.multi_attach_enabled = bool(volume.multi_attach_enabled)
    volume.snapshot_id = volume.snapshot_id or ""
    volume.is_root_disk = False
    if volume.volume_type == "gp3" and not volume.throughput:
        volume.throughput = GP3_THROUGHPUT


@replaces(Snapshot, "__init__")
def snapshot_init(original: Any, snapshot: Snapshot, *args: Any, **kwargs: Any) -> None:
    """In moto a snapshot grows when its volume grows."""
    original(snapshot, *args, **kwargs)
    snapshot.size_gib = snapshot.volume.size


Snapshot.volume_size = property(lambda snapshot: snapshot.size_gib)


def refuse_device_name(device: str) -> None:
    """Raise EC2's refusal of what is no name of a device."""
    if not _DEVICE.fullmatch(device):
        raise refusal(
            "InvalidParameterValue",
            f"Value ({device}) for parameter device is invalid. "
            f"{device} is not a valid EBS device name.",
        )


def refuse_device(instance: Any, device: str) -> None:
    """Raise EC2's refusal of a device name that is none, or is taken."""
    refuse_device_name(device)
    if device in instance.block_device_mapping:
        raise refusal(
            "InvalidParameterValue",
            f"Invalid value '{device}' for unixDevice. Attachment point {device} is already in use",
        )


def checked_size(backend: Any, size: int | None, snapshot_id: str | None) -> int:
    """The size of a volume, or EC2's refusal where it would be smaller than its snapshot."""
    if not snapshot_id:
        return size or 0
    snapshot = backend.get_snapshot(snapshot_id)
    if size is not None and size < snapshot.size_gib:
        raise refusal(
            "InvalidParameterValue",
            f"Volume of size {size}GB is smaller than snapshot '{snapshot.id}', "
            f"expect size >= {snapshot.size_gib}GB",
        )
    return size or snapshot.size_gib


@replaces(ElasticBlockStore, "create_volume")
@answers_once
def create_volume(original: Any, response: Any) -> ActionResult:
    """moto makes volumes in zones that do not exist, without a limit, and twice on a retry."""
    backend = response.ec2_backend
    zone = response._get_param("AvailabilityZone")
    if zone not in [one.name for one in backend.describe_availability_zones()]:
        raise refusal("InvalidZone.NotFound", f"The zone '{zone}' does not exist.")
    snapshot = response._get_param("SnapshotId")
    if snapshot and is_of_root_disk(backend.get_snapshot(snapshot)):
        raise refusal(
            "UnsupportedOperation",
            f"Snapshot '{snapshot}' is of a root disk, of which the embedded EC2 makes no volumes.",
        )
    size = checked_size(backend, response._get_param("Size"), snapshot)
    quotas.refuse_volumes(backend, size)
    if size:
        response.params["Size"] = size
    return original(response)


def is_of_root_disk(snapshot: Snapshot) -> bool:
    """Whether it is a copy of a root disk, which is a part of its machine."""
    return bool(snapshot.volume.is_root_disk)


@replaces(ElasticBlockStore, "attach_volume")
def attach_volume(original: Any, response: Any) -> Any:
    """moto attaches what is attached, over what is there, and through the walls of zones.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AttachVolume.html
    """
    backend = response.ec2_backend
    volume = backend.get_volume(response._get_param("VolumeId"))
    instance = backend.get_instance(response._get_param("InstanceId"))
    if instance.state not in ("running", "stopped"):
        raise refusal("IncorrectState", f"Instance '{instance.id}' is not 'running'.")
    if volume.attachment:
        raise refusal("VolumeInUse", f"{volume.id} is already attached to an instance")
    if volume.zone.name != instance.placement.zone:
        raise refusal(
            "InvalidVolume.ZoneMismatch",
            f"The volume '{volume.id}' is not in the same availability zone "
            f"as instance '{instance.id}'",
        )
    refuse_device(instance, response._get_param("Device", ""))
    return original(response)


@replaces(ElasticBlockStore, "detach_volume")
def detach_volume(original: Any, response: Any) -> Any:
    """moto wants the instance, which EC2 knows, and takes the root disk away."""
    backend = response.ec2_backend
    volume = backend.get_volume(response._get_param("VolumeId"))
    if not volume.attachment:
        raise refusal("IncorrectState", f"Volume '{volume.id}' is in the 'available' state.")
    response.params.setdefault("InstanceId", volume.attachment.instance.id)
    if volume.is_root_disk:
        raise refusal(
            "OperationNotPermitted",
            f"Unable to detach root volume '{volume.id}' "
            f"from instance '{volume.attachment.instance.id}'",
        )
    return original(response)


@replaces(ElasticBlockStore, "modify_volume")
def modify_volume(original: Any, response: Any) -> Any:
    """moto makes volumes smaller."""
    backend = response.ec2_backend
    volume = backend.get_volume(response._get_param("VolumeId"))
    size = response._get_param("Size", volume.size)
    if size < volume.size:
        raise refusal(
            "InvalidParameterValue",
            f"New size cannot be smaller than existing size, {size} < {volume.size}",
        )
    quotas.refuse_volumes(backend, size - volume.size)
    return original(response)


@replaces(ElasticBlockStore, "describe_snapshots")
def describe_snapshots(original: Any, response: Any) -> ActionResult:
    """moto shows the snapshots of everybody, also where those of one owner are asked for."""
    owners = response._get_param("OwnerIds", [])
    owners = [response.current_account if one == "self" else one for one in owners]
    found = original(response).result["Snapshots"]
    return ActionResult(
        {"Snapshots": [one for one in found if not owners or one.owner_id in owners]}
    )


@replaces(ElasticBlockStore, "copy_snapshot")
def copy_snapshot(_original: Any, _response: Any) -> None:
    """There is no second region."""
    raise refusal("UnsupportedOperation", "The embedded EC2 does not copy snapshots.")
