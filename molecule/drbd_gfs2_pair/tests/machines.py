# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two machines, the lab that they are in, and the playbook, by their command lines."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SCENARIO = ROOT / "molecule/drbd_gfs2_pair"
LAB = os.environ.get("LAB_MACHINES_NAME", "molecule")
STATE = ROOT / ".cache/lab-machines" / LAB
FENCE_LOG = STATE / "fencing.log"
STARTED = time.monotonic()
SAID_EVERY_SECONDS = 15


def say(words: str) -> None:
    """A line of progress, with the seconds since the start."""
    print(f"  +{time.monotonic() - STARTED:4.0f} s  {words}", file=sys.stderr, flush=True)


class Failed(AssertionError):
    """A command that failed, with what it printed."""


@dataclass(frozen=True)
class Machine:
    """A machine of the lab."""

    name: str

    def argv(self, command: str) -> list[str]:
        """The command on that machine, as one on this."""
        options = ["-o", "BatchMode=yes", "-o", "ConnectTimeout=10"]
        return ["ssh", "-F", str(STATE / "ssh_config"), *options, self.name, command]

    def run(self, command: str, seconds: float = 120) -> str:
        """What a shell command prints there; Failed when it fails."""
        done = self.attempt(command, seconds)
        if done is None or done.returncode:
            seen = "no answer" if done is None else f"{done.stdout}\n{done.stderr}"
            raise Failed(f"{self.name}: {command}\n{seen}")
        return done.stdout

    def attempt(self, command: str, seconds: float = 30) -> subprocess.CompletedProcess[str] | None:
        """How a command ends there; None without an answer in time."""
        try:
            return subprocess.run(
                self.argv(command),
                check=False,
                capture_output=True,
                text=True,
                timeout=seconds,
                stdin=subprocess.DEVNULL,
            )
        except subprocess.TimeoutExpired:
            return None

    def says(self, command: str) -> str:
        """What a command prints there, nothing where it fails or nobody answers."""
        done = self.attempt(command)
        return done.stdout if done is not None and done.returncode == 0 else ""


NODE1, NODE2 = BOTH = (Machine("node1"), Machine("node2"))


def on_both(command: str, seconds: float = 120) -> tuple[str, str]:
    """What a command prints on both machines, run at the same time."""
    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(lambda machine: machine.run(command, seconds), BOTH)
    return one, two


def wait_until(words: str, holds: Callable[[], object], seconds: float) -> float:
    """Wait for a condition, at most so long; how many seconds it took."""
    started = said = time.monotonic()
    while not holds():
        now = time.monotonic()
        if now - started > seconds:
            raise Failed(f"after {seconds:.0f} s still not: {words}\n{overview()}")
        if now - said > SAID_EVERY_SECONDS:
            said = now
            say(f"waiting: {words}")
        time.sleep(1)
    took = time.monotonic() - started
    say(f"{words}: after {took:.0f} s")
    return took


def overview() -> str:
    """What both machines say about themselves, for a failure."""
    command = (
        "drbdadm status; tail -n 2 /proc/drbd; crm_mon -1 -r 2>&1 | tail -n 25; "
        "journalctl -k --no-pager -n 15 | cut -c 1-160"
    )
    parts = []
    for machine in BOTH:
        done = machine.attempt(command)
        parts.append(f"--- {machine.name}\n{'no answer' if done is None else done.stdout}")
    return "\n".join(parts)


def lab(verb: str, *arguments: str) -> None:
    """One of the scripts of the lab."""
    say(f"lab: {verb} {' '.join(arguments)}")
    environment = {**os.environ, "LAB_MACHINES_NAME": LAB}
    argv = [str(ROOT / "lab/machines" / verb), *arguments]
    subprocess.run(argv, check=True, env=environment, stdin=subprocess.DEVNULL, timeout=300)


def fenced(since: int) -> list[str]:
    """The machines that the fence agent has switched off since that place in the log."""
    text = FENCE_LOG.read_text(encoding="utf-8")[since:]
    return re.findall(r" (?:off|reboot) (\w+): OK", text)


def fence_log_size() -> int:
    """How long the log is now."""
    return len(FENCE_LOG.read_text(encoding="utf-8"))


def play(
    *arguments: str, playbook: str = "playbooks/drbd_gfs2_pair.yml", rc: Sequence[int] = (0,)
) -> str:
    """Run a playbook as its user would; what it printed."""
    argv = ["ansible-playbook", f"--inventory={STATE}/hosts.yml"]
    argv += [f"--extra-vars=@{SCENARIO}/vars/pair.yml", playbook, *arguments]
    environment = {**os.environ, "ANSIBLE_NOCOLOR": "true", "ANSIBLE_FORCE_COLOR": "false"}
    started = time.monotonic()
    done = subprocess.run(
        argv,
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        timeout=900,
    )
    say(f"{playbook} {' '.join(arguments)[:60]}: {time.monotonic() - started:.0f} s")
    output = done.stdout + done.stderr
    if done.returncode not in rc:
        raise Failed(f"{playbook} ended with {done.returncode}:\n{output[-6000:]}\n{overview()}")
    return output


def changes(output: str) -> list[int]:
    """The number of changes on each machine."""
    return [int(number) for number in re.findall(r"changed=(\d+)", output)]


def words_of(output: str) -> str:
    """What a playbook printed, without its line breaks."""
    return re.sub(r"\s+", " ", output)
