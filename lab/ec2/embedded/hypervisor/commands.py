# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said to the engine, as argv of its command line. Pure."""

from __future__ import annotations

from .guest import backing_file
from .steps import (
    AttachDisk,
    CommitImage,
    CreateMachine,
    CreateNetwork,
    DetachDisk,
    GrowDisk,
    MakeDisk,
    Step,
)

Argv = tuple[str, ...]

ARRAY_IMAGE = "clustered-storage/lab-ec2:debian-12"
LABEL = "clustered-storage-ec2"
MACHINE_LABEL = "clustered-storage-ec2-machine"
NETWORK_LABEL = "clustered-storage-ec2-network"
STOP_TIMEOUT_SECONDS = 30

# Not privileged. SYS_ADMIN is for systemd, mounts and trusted.* attributes; the default AppArmor
# profile of Ubuntu hosts denies mount.
UNCONFINED = ("--security-opt=seccomp=unconfined", "--security-opt=apparmor=unconfined")
LOOP_DEVICES = "--device-cgroup-rule=b 7:* rwm"


def name_of(lab: str, id_: str) -> str:
    """The name of a container or a network."""
    return f"{repository(lab)}-{id_}"


def repository(lab: str) -> str:
    """Where the engine keeps the lab's own images."""
    return f"clustered-storage-ec2-{lab}"


def image_of(lab: str, image: str) -> str:
    """What the engine calls an image that was made of a machine."""
    return f"{repository(lab)}:{image}"


def array_of(lab: str) -> str:
    """The container that keeps the disks."""
    return name_of(lab, "disks")


def list_containers(lab: str) -> Argv:
    """Names of all containers of the lab."""
    return (*docker("ps", "--all", "--quiet"), f"--filter=label={LABEL}={lab}")


def inspect_containers(ids: list[str]) -> Argv:
    """JSON of containers."""
    return docker("container", "inspect", *ids)


def list_networks(lab: str) -> Argv:
    """The subnets that have a network, a line each."""
    format_ = f'{{{{.Label "{NETWORK_LABEL}"}}}}'
    return docker("network", "ls", f"--filter=label={LABEL}={lab}", f"--format={format_}")


def list_images(lab: str) -> Argv:
    """The images made of machines, a line each."""
    return docker("image", "ls", "--format={{.Tag}}", repository(lab))


def create_array(lab: str, _step: Step) -> Argv:
    """A container that does nothing, with the right to make loop devices."""
    return docker(
        "run",
        "--detach",
        f"--name={array_of(lab)}",
        f"--label={LABEL}={lab}",
        "--network=none",
        "--init",
        "--cap-add=SYS_ADMIN",
        *UNCONFINED,
        "--device=/dev/loop-control",
        LOOP_DEVICES,
        "--volume=/disks",
        "--stop-signal=SIGTERM",
        "--restart=unless-stopped",
        ARRAY_IMAGE,
        "sleep",
        "infinity",
    )


def start_array(lab: str, _step: Step) -> Argv:
    """Let it run again."""
    return docker("start", array_of(lab))


def remove_array(lab: str, _step: Step) -> Argv:
    """With the volume that holds all disks."""
    return docker("rm", "--force", "--volumes", array_of(lab))


def array(lab: str, *words: str) -> Argv:
    """A verb of ec2-array, in its container."""
    return docker("exec", array_of(lab), "ec2-array", *words)


def make_disk(lab: str, step: MakeDisk) -> Argv:
    """Blank, or a copy that is as large as was asked for."""
    source = (step.snapshot,) if step.snapshot else ()
    return array(lab, "make", step.id, f"{step.size_gib}G", *source)


def grow_disk(lab: str, step: GrowDisk) -> Argv:
    """The file, and the loop device if it has one."""
    file = backing_file(lab, step.id, step.machine)
    return array(lab, "grow", step.id, f"{step.size_gib}G", file)


def remove_file(lab: str, step: Step) -> Argv:
    """Of a disk or a snapshot."""
    return array(lab, "remove", step.id)


def attach_disk(lab: str, step: AttachDisk) -> Argv:
    """A loop device for a file whose name says for whom that is."""
    return array(lab, "attach", step.id, backing_file(lab, step.id, step.machine))


def detach_disk(lab: str, step: DetachDisk) -> Argv:
    """No loop device any more."""
    return array(lab, "detach", backing_file(lab, step.id, step.machine))


def create_network(lab: str, step: CreateNetwork) -> Argv:
    """A bridge with the subnet's addresses."""
    return docker(
        "network",
        "create",
        f"--subnet={step.cidr}",
        f"--label={LABEL}={lab}",
        f"--label={NETWORK_LABEL}={step.id}",
        name_of(lab, step.id),
    )


def remove_network(lab: str, step: Step) -> Argv:
    """The bridge and its addresses."""
    return docker("network", "rm", name_of(lab, step.id))


def create_machine(lab: str, step: CreateMachine) -> Argv:
    """A container with systemd; it comes back when the guest reboots."""
    return docker(
        "create",
        f"--name={name_of(lab, step.id)}",
        f"--hostname={step.hostname}",
        f"--label={LABEL}={lab}",
        f"--label={MACHINE_LABEL}={step.id}",
        f"--label={NETWORK_LABEL}={step.network}",
        f"--network={name_of(lab, step.network)}",
        f"--ip={step.address}",
        "--cgroupns=private",
        "--cap-add=SYS_ADMIN",
        "--cap-add=NET_ADMIN",
        *UNCONFINED,
        "--device=/dev/fuse",
        LOOP_DEVICES,
        "--tmpfs=/run",
        "--tmpfs=/run/lock",
        "--tmpfs=/tmp",
        "--restart=unless-stopped",
        step.container_image,
    )


def start_machine(lab: str, step: Step) -> Argv:
    """Let it boot."""
    return docker("start", name_of(lab, step.id))


def stop_machine(lab: str, step: Step) -> Argv:
    """Power off in an orderly way."""
    return docker("stop", f"--time={STOP_TIMEOUT_SECONDS}", name_of(lab, step.id))


def pause_machine(lab: str, step: Step) -> Argv:
    """Let it stand still."""
    return docker("pause", name_of(lab, step.id))


def unpause_machine(lab: str, step: Step) -> Argv:
    """Let it go on."""
    return docker("unpause", name_of(lab, step.id))


def remove_machine(lab: str, step: Step) -> Argv:
    """With its root, running or not."""
    return docker("rm", "--force", "--volumes", name_of(lab, step.id))


def commit_image(lab: str, step: CommitImage) -> Argv:
    """An image of the root; the engine pauses the machine meanwhile."""
    return docker("commit", name_of(lab, step.machine), image_of(lab, step.id))


def remove_image(lab: str, step: Step) -> Argv:
    """The name, and the layers that nobody else needs."""
    return docker("image", "rm", image_of(lab, step.id))


def put(lab: str, step: Step) -> Argv:
    """Unpack the archive on standard input in a machine, which need not run."""
    return docker("cp", "-", f"{name_of(lab, step.id)}:/")


def receive(lab: str, step: Step) -> Argv:
    """Let a guest that runs unpack the archive on standard input and do what it says."""
    return docker("exec", "--interactive", name_of(lab, step.id), "ec2-guest", "receive")


def flush(lab: str, step: Step) -> Argv:
    """Let a guest write to its disks what it still has in memory."""
    return docker("exec", name_of(lab, step.id), "sync")


def docker(*words: str) -> Argv:
    """The command line of the engine."""
    return ("docker", *words)
