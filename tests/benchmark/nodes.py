# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The benchmark's lab: bring it up, look into its nodes, make the pool blank again."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

WORK = Path(".cache/benchmark").resolve()
INVENTORY = WORK / "hosts.yml"
CALLS = "/run/gluster-calls"

# Stands before the real one in PATH and notes each call.
COUNTER = f"""
cat >/usr/local/sbin/gluster <<'END'
#!/bin/sh
echo "$*" >>{CALLS}
exec /usr/sbin/gluster "$@"
END
chmod 0755 /usr/local/sbin/gluster
"""

FORGET_VOLUME = """
if [ -d /var/lib/glusterd/vols/bench ]; then
    gluster --mode=script volume stop bench force || true
    gluster --mode=script volume delete bench
fi
for peer in $(gluster pool list | awk 'NR > 1 && $2 != "localhost" { print $2 }'); do
    gluster --mode=script peer detach "$peer"
done
"""

FORGET_BRICKS = """
rm -rf /bricks/*
timeout 60 sh -c 'until [ "$(gluster pool list | wc -l)" -eq 2 ]; do sleep 0.1; done'
"""


class BenchmarkError(Exception):
    """A command that failed; what it said is the message."""


def run(*command: str, environment: dict[str, str] | None = None) -> str:
    """The command's standard output."""
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchmarkError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def script_on(node: int, script: str) -> tuple[str, ...]:
    """The command that runs a shell script on a node."""
    return ("docker", "exec", f"clustered-storage-bench-node{node}", "sh", "-euc", script)


def bring_up(count: int) -> None:
    """Add nodes to the lab until it has ``count``; node 1 counts its calls of gluster."""
    variables = f"lab_name=bench lab_subnet=172.30.93.0/24 lab_nodes={count}"
    run(
        "ansible-playbook", "lab/containers/up.yml",
        "-e", f"{variables} lab_inventory={INVENTORY}",
    )  # fmt: skip
    run(*script_on(1, COUNTER))


def make_blank(count: int) -> None:
    """Take the volume, the pool and the bricks away again."""
    run(*script_on(1, FORGET_VOLUME))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda node: run(*script_on(node, FORGET_BRICKS)), range(1, count + 1)))


def forget_calls() -> None:
    """Begin to count at nothing."""
    run(*script_on(1, f": >{CALLS}"))


def count_calls() -> int:
    """How often node 1 called gluster since."""
    return len(run(*script_on(1, f"cat {CALLS}")).splitlines())


def gluster_version() -> str:
    """The version of GlusterFS in the lab."""
    return run(*script_on(1, "gluster --version")).split()[1]
