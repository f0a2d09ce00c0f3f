# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether KVM works here, found out by using it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from .qemu import BOARD, console_arguments, processor

TRIAL_SECONDS = 10
RUNS = b"lab: the kernel runs"


class NoKvm(Exception):
    """KVM was asked for and does not work."""


def choose(asked: str, image: Path) -> str:
    """``kvm`` or ``tcg``; NoKvm when KVM was asked for by name and a trial boot fails."""
    if asked == "tcg" or (asked == "auto" and not os.access("/dev/kvm", os.R_OK | os.W_OK)):
        return "tcg"
    works = is_kvm_working(image)
    if asked == "kvm" and not works:
        raise NoKvm(f"a kernel does not boot within {TRIAL_SECONDS} s with KVM: use LAB_ACCEL=tcg")
    return "kvm" if works else "tcg"


def is_kvm_working(image: Path) -> bool:
    """Whether the lab's kernel boots with KVM; asked once for an image and a boot of the host.

    A /dev/kvm that can be opened may still be of no use: inside of another machine, say.
    """
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    known = image / "kvm"
    if known.exists() and known.read_text(encoding="ascii").split()[0] == boot:
        return known.read_text(encoding="ascii").split()[1] == "works"
    works = RUNS in _console_of_trial(image)
    known.write_text(f"{boot} {'works' if works else 'fails'}\n", encoding="ascii")
    return works


def _console_of_trial(image: Path) -> bytes:
    """What a machine without disks writes that is switched off as soon as its kernel runs."""
    arguments = " ".join([*console_arguments("kvm", 0), "panic=-1", "lab.trial"])
    argv = ["qemu-system-x86_64", *BOARD, *processor("kvm"), "-m", "256", "-no-reboot"]
    argv += ["-kernel", str(image / "vmlinuz"), "-initrd", str(image / "initrd")]
    argv += ["-append", arguments, "-serial", "stdio", "-monitor", "none"]
    try:
        return subprocess.run(
            argv,
            check=False,
            timeout=TRIAL_SECONDS,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return b""
