# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mount, now and at boot. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.clustered.storage.plugins.module_utils._blockdev import commands
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.model import (
    Device,
    FstabLine,
    Machine,
    Mount,
    expect,
    other_holders,
)
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.parse import (
    escape,
    parse_fstab,
)
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.wanted import (
    WantedDevice,
    WantedMount,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Refusal, Step

FSTAB = commands.FSTAB
# Options that the kernel shows for a mount exactly as they were asked for.
SHOWN_OPTIONS = frozenset(
    {"ro", "rw", "noatime", "relatime", "nodiratime", "nosuid", "nodev", "noexec"}
)

Layer = tuple[tuple[Step, ...], Device, "str | None"]


def plan_mount(machine: Machine, target: Device, wanted: WantedDevice) -> Layer:
    """Mount it now and at boot, by its UUID."""
    mount = wanted.mount
    if mount is None:
        return (), target, machine.fstab
    refuse_symlink(machine, mount)
    refuse_nameless(target)
    line = wanted_line(target, mount)
    here = next((one for one in target.mounts if one.here and one.target == mount.path), None)
    if here is None:
        refuse_mount_point(machine, target, mount.path)
        refuse_later_mount(machine, mount.path)
        refuse_same_uuid(machine, target)
    elif machine.mount_point_number != target.number:
        raise Refusal(
            "mount_point_in_use",
            f"{target.path} is mounted at {mount.path}, but something else is mounted over it.",
            "Unmount what hides it.",
        )
    folder = directory_steps(machine, mount)
    table, fstab = fstab_steps(machine, target, line, mount)
    now, mounts = mount_steps(target, line, mount, here, changes=bool(table))
    # A line that can not be mounted would keep the machine from booting: it is tried first.
    return (*folder, *now, *table), replace(target, mounts=mounts), fstab


def directory_steps(machine: Machine, mount: WantedMount) -> tuple[Step, ...]:
    """Make the mount point."""
    if machine.mount_point_entries is not None:
        return ()
    why = f"there is no directory {mount.path}"
    return (Step(why, commands.make_directory(mount.path)),)


def mount_steps(
    target: Device, line: FstabLine, mount: WantedMount, here: Mount | None, *, changes: bool
) -> tuple[tuple[Step, ...], tuple[Mount, ...]]:
    """Mount it, or give a mount the options that it lacks."""
    words = mount.options.split(",")
    writable = () if "ro" in words or "rw" in words else ("rw",)
    asked = (*writable, *(word for word in words if word in SHOWN_OPTIONS))
    if here is None:
        step = Step(
            f"{target.path} is not mounted at {mount.path}",
            commands.mount(target.path, line.fstype, mount.options, mount.path),
            expects=None if target.mounts else expect(target, types=target.types),
        )
        return (step,), (*target.mounts, Mount(mount.path, here=True, options=asked))
    missing = [word for word in asked if word not in here.options]
    if not missing and not changes:
        return (), target.mounts
    lacks = f"is mounted without {', '.join(missing)}" if missing else f"is not so in {FSTAB}"
    step = Step(
        f"{mount.path} {lacks}: see whether {mount.options} can be had",
        commands.remount(target.path, mount.options, mount.path),
    )
    after = replace(here, options=(*here.options, *missing))
    return (step,), tuple(after if one is here else one for one in target.mounts)


def wanted_line(target: Device, mount: WantedMount) -> FstabLine:
    """The line of the file system table."""
    signature = target.signatures[0]
    source, kind = f"UUID={signature.uuid}", signature.type
    text = f"{source} {escape(mount.path)} {kind} {mount.options} 0 {0 if kind == 'xfs' else 2}"
    return FstabLine(text, source, mount.path, kind, mount.options)


def fstab_steps(
    machine: Machine, target: Device, line: FstabLine, mount: WantedMount
) -> tuple[tuple[Step, ...], str | None]:
    """Replace the table as a whole, and let systemd read it."""
    if not mount.at_boot:
        return (), machine.fstab
    fstab = wanted_fstab(machine.fstab or "", line, names_of(target))
    if fstab == machine.fstab:
        return (), fstab
    write = Step(
        f"{mount.path} is not in {FSTAB} as wanted: {line.text}",
        ("write", FSTAB),
        writes=fstab,
        replaces=machine.fstab,
    )
    reload = Step(f"systemd is to know the new {FSTAB}", commands.reload_systemd())
    return (write, *((reload,) if machine.has_systemd else ())), fstab


def names_of(target: Device) -> frozenset[str]:
    """All by which a line may mean this device."""
    signature = target.signatures[0]
    names = {target.path, *target.links}
    names |= {f"UUID={signature.uuid}", f"/dev/disk/by-uuid/{signature.uuid}"}
    names |= {f"LABEL={signature.label}", f"/dev/disk/by-label/{signature.label}"}
    part = target.partition_uuid
    return frozenset(names | {f"PARTUUID={part}", f"/dev/disk/by-partuuid/{part}"})


def wanted_fstab(text: str, line: FstabLine, names: frozenset[str]) -> str:
    """The table with our line; every other line stays as it stands."""
    lines = parse_fstab(text)
    same_place = [one for one in lines if one.target == line.target]
    refuse_conflict(lines, line, names)
    if not same_place:
        joint = "" if not text or text.endswith("\n") else "\n"
        return f"{text}{joint}{line.text}\n"
    present = same_place[0]
    if (present.source, present.fstype, present.options) == (
        line.source,
        line.fstype,
        line.options,
    ):
        return text
    return "\n".join(line.text if one.text == same_place[0].text else one.text for one in lines)


# ---- what speaks against it ----


def refuse_conflict(lines: tuple[FstabLine, ...], line: FstabLine, names: frozenset[str]) -> None:
    """One file system in one place, at boot too."""
    for one in lines:
        if one.target and (one.target == line.target) != (one.source in names):
            raise Refusal(
                "fstab_conflict",
                f"{FSTAB} mounts {one.source} at {one.target}.",
                "Remove that line, or choose another mount point.",
            )


def refuse_later_mount(machine: Machine, path: str) -> None:
    """What is to be mounted above, and is not, would hide the mount point later."""
    for one in parse_fstab(machine.fstab or ""):
        is_above = path.startswith(f"{one.target.rstrip('/')}/") if one.target else False
        if is_above and one.target not in machine.own_mounts and one.target != "/":
            raise Refusal(
                "mount_point_in_use",
                f"{FSTAB} mounts {one.source} at {one.target}, which is not mounted now.",
                "Mount that first, or choose another mount point.",
            )


def refuse_symlink(machine: Machine, mount: WantedMount) -> None:
    """The kernel tells where a mount is without symbolic links."""
    if machine.mount_point not in ("", mount.path):
        raise Refusal(
            "invalid_mount",
            f"{mount.path} leads to {machine.mount_point} by a symbolic link.",
            f"Ask for {machine.mount_point}.",
        )


def refuse_nameless(target: Device) -> None:
    """Nothing but a UUID says at the next boot which file system is meant."""
    if not target.signatures[0].uuid:
        raise Refusal(
            "no_uuid",
            f"The file system on {target.path} has no UUID.",
            "Give it one (xfs_admin -U generate, tune2fs -U random).",
        )


def refuse_mount_point(machine: Machine, target: Device, path: str) -> None:
    """A mount hides what is below it, and a file system belongs in one place."""
    here = [one.target for one in target.mounts if one.here]
    if here:
        raise Refusal(
            "mounted",
            f"{target.path} is mounted at {', '.join(here)}, not at {path}.",
            "Unmount it, or ask for that mount point.",
        )
    if path in machine.own_mounts:
        raise Refusal(
            "mount_point_in_use",
            f"Something else is mounted at {path}.",
            "Choose another mount point.",
        )
    if machine.mount_point_blocker:
        raise Refusal(
            "mount_point_in_use",
            f"{machine.mount_point_blocker} is not a directory.",
            "Choose another mount point.",
        )
    if machine.mount_point_entries:
        raise Refusal(
            "mount_point_not_empty",
            f"{path} holds {', '.join(machine.mount_point_entries[:3])}, which a mount would hide.",
            "Move it away, or choose another mount point.",
        )


def refuse_same_uuid(machine: Machine, target: Device) -> None:
    """A copy of the disk has the same UUID, and mount would take either of them."""
    identity = target.signatures[0].uuid
    others = other_holders(machine, target, identity)
    if others:
        raise Refusal(
            "same_uuid",
            f"{target.path} and {', '.join(others)} have file systems with the UUID {identity}.",
            "Take the copy away, or give it another UUID (xfs_admin -U generate, tune2fs -U).",
        )
