# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""EC2's API by moto 5.2.5, with what moto leaves out or does otherwise than EC2.

Importing this package replaces parts of moto; each gap that is closed, by its file:

credentials: one access key; AuthFailure (EC2), InvalidClientTokenId, SignatureDoesNotMatch (others)
addresses: reserved, foreign and used addresses are refused; no public ones; DeleteSubnet in use
images: a catalogue of our own; CreateImage with all devices, NoDevice, blank disks, tags of the
    snapshots, unique names; DeregisterImage of own ones only; no CopyImage, no RegisterImage
instances: root disk and devices of the image merged with those asked for; unknown image, key, type
    and group; all or nothing; addresses free again after terminate; placement; MaxCount; filters
idempotency: ClientToken of RunInstances and CreateVolume
volumes: MultiAttachEnabled, SnapshotId and Throughput in answers; devices, states and zones at
    attach and detach; growing only; unknown zones; owners of snapshots; no CopySnapshot
placement_groups: Create-, Describe- and DeletePlacementGroup, seven per zone in a spread one
quotas: VcpuLimitExceeded, VolumeLimitExceeded
security_groups: DependencyViolation of groups and VPCs; groups of an instance and of its interface

What stays different from EC2: changes of state are immediate, an instance has one network
interface, a volume one attachment (no Multi-Attach); no launch templates, fleets and spot
instances, no IAM, no waiting time between two ModifyVolume, and RebootInstances does nothing.
"""

from . import (
    addresses,
    images,
    instances,
    placement_groups,
    quotas,
    security_groups,
    volumes,
)

__all__ = (
    "addresses",
    "images",
    "instances",
    "placement_groups",
    "quotas",
    "security_groups",
    "volumes",
)
