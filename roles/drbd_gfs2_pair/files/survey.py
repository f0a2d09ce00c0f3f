# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""survey.py QUESTIONS: a line of JSON about one host of a pair; it only reads.

QUESTIONS is JSON. `modules`, `names` and `units` are asked about. `packages` is {family: names};
those that are not installed are told. `resource`, `device` and `mount_point` are those of DRBD.
With `members` it only waits, `wait_seconds` at most, until these are online in Pacemaker and have
quorum, and tells what is `missing` in the end. With `packages_fit` it only tells the `problems`
that the packages which are installed have with each other.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

ROOT = Path("/")
PATH = "/usr/sbin:/sbin:" + os.environ.get("PATH", "/usr/bin:/bin")
# Since then the states of nodes in the CIB are times and no words.
TELLS_TIMES = (2, 1, 7)
FENCE_HANDLERS = ("usr/lib/drbd/crm-fence-peer.sh", "usr/lib/drbd/crm-fence-peer.9.sh")
# A line of dlm.conf(5) that names another agent than dlm_stonith(8); what that one loads to ask
# Pacemaker.
OTHER_AGENT = r"^\s*(device\s|fence_all\s+(?!(/usr/sbin/)?dlm_stonith\b)\S)"
FENCING_LIBRARY = re.compile(rb"libstonithd\.so\.\d+")
UNIT_FACTS = ("LoadState", "ActiveState", "UnitFileState")


def run(*argv: str) -> subprocess.CompletedProcess[str]:
    """A command that ran, or status 127 where it is not there."""
    environment = {**os.environ, "LC_ALL": "C", "PATH": PATH}
    if not shutil.which(argv[0], path=PATH):
        return subprocess.CompletedProcess(argv, 127, "", "")
    return subprocess.run(
        argv, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, env=environment
    )


def succeeds(*argv: str) -> bool:
    """Whether a command ends well."""
    return run(*argv).returncode == 0


def ask(*argv: str) -> str:
    """What a command prints, nothing when it is not there or fails."""
    done = run(*argv)
    return done.stdout if done.returncode == 0 else ""


def text_of(path: str) -> str:
    """A file, nothing when it is not there."""
    try:
        return (ROOT / path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def parse_system(text: str) -> dict[str, str]:
    """The distribution and its family of os-release(5)."""
    words = dict(re.findall(r'^(ID|ID_LIKE)="?([^"\n]*)"?$', text, re.MULTILINE))
    kin = set(" ".join(words.values()).split())
    families = {"Debian": {"debian", "ubuntu"}, "RedHat": {"rhel", "fedora", "centos"}}
    family = next((name for name, ids in families.items() if kin & ids), "")
    return {"distribution": words.get("ID", ""), "family": family}


def missing_packages(family: str, packages: list[str]) -> list[str]:
    """Those that are not installed."""
    if family == "Debian":
        argv = ("dpkg-query", "--show", "--showformat=${binary:Package} ${db:Status-Status}\n")
        installed = set(re.findall(r"^([^\s:]+)\S* installed$", ask(*argv), re.MULTILINE))
    else:
        installed = set(ask("rpm", "--query", "--all", "--queryformat=%{NAME}\\n").split())
    return [name for name in packages if name not in installed]


def missing_modules(modules: list[str]) -> list[str]:
    """Kernel modules that the running kernel can not load."""
    return [name for name in modules if not succeeds("modprobe", "--dry-run", "--quiet", name)]


def resolved(names: list[str]) -> dict[str, list[str]]:
    """The addresses of names, none where there are none."""
    found: dict[str, list[str]] = {}
    for name in names:
        try:
            found[name] = sorted({str(row[4][0]) for row in socket.getaddrinfo(name, None)})
        except OSError:
            found[name] = []
    return found


def parse_units(text: str, units: list[str]) -> dict[str, dict[str, str]]:
    """The facts of every unit, which `systemctl show` prints in blocks, in their order."""
    blocks = [dict(re.findall(r"^(\w+)=(.*)$", one, re.MULTILINE)) for one in text.split("\n\n")]
    blocks += [{}] * len(units)
    return {
        unit: {fact: block.get(fact, "") for fact in UNIT_FACTS}
        for unit, block in zip(units, blocks)
    }


def addresses() -> list[str]:
    """The addresses of this host that others can reach."""
    links = json.loads(ask("ip", "-json", "address", "show", "scope", "global") or "[]")
    return [a["local"] for link in links for a in link.get("addr_info", []) if "local" in a]


def key_of_corosync() -> dict[str, Any]:
    """Whether there is a key, a fingerprint to compare it by, and its mode."""
    path = ROOT / "etc/corosync/authkey"
    if not path.is_file():
        return {"there": False, "fingerprint": "", "mode": ""}
    digest = hashlib.sha256(b"clustered.storage" + path.read_bytes()).hexdigest()
    return {
        "there": True,
        "fingerprint": digest[:16],
        "mode": f"{path.stat().st_mode & 0o7777:04o}",
    }


def parse_cib(text: str) -> dict[str, list[str]]:
    """The names of the nodes and the resources of a CIB."""
    try:
        cib = ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return {"nodes": [], "resources": []}
    return {
        "nodes": [node.get("uname", "") for node in cib.iterfind("configuration/nodes/node")],
        "resources": [one.get("id", "") for one in cib.iterfind("configuration/resources/*")],
    }


def parse_members(text: str) -> dict[str, Any]:
    """Who is online and whether they have quorum, as crm_mon's XML says."""
    try:
        status = ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return {"online": [], "quorum": False}
    nodes = list(status.iterfind("nodes/node"))
    ready = [n for n in nodes if n.get("online") == "true" and n.get("pending") == "false"]
    return {
        "online": [n.get("name", "") for n in ready if n.get("unclean") == "false"],
        "quorum": any(
            dc.get("with_quorum") == "true" for dc in status.iterfind("summary/current_dc")
        ),
    }


def members() -> dict[str, Any]:
    """What Pacemaker says about its nodes."""
    return parse_members(ask("crm_mon", "--output-as=xml"))


def wait_for_members(wanted: list[str], seconds: float) -> dict[str, Any]:
    """The members once all that are wanted are online and have quorum, or what is missing then."""
    deadline = time.monotonic() + seconds
    while True:
        seen = members()
        missing = [f"{name} online" for name in wanted if name not in seen["online"]]
        missing += [] if seen["quorum"] else ["quorum"]
        if not missing or time.monotonic() > deadline:
            return {**seen, "missing": missing}
        time.sleep(1)


def resource_of_drbd(name: str) -> dict[str, Any]:
    """Whether the resource is configured, for two primaries, and its role here."""
    configuration = text_of(f"etc/drbd.d/{name}.res")
    # DRBD 8.4 answers `local/peer`, DRBD 9 only the local role; both fail where it is down.
    role = ask("drbdadm", "role", name).strip().split("/")[0] if configuration else ""
    return {
        "configured": bool(configuration),
        "dual": bool(
            re.search(r"^\s*allow-two-primaries\s*(yes)?\s*;", configuration, re.MULTILINE)
        ),
        "role": role,
    }


def file_system_of(device: str) -> dict[str, str]:
    """Type and UUID of what is on a device that can be read."""
    found = dict(
        re.findall(r"^(\w+)=(.*)$", ask("blkid", "-p", "-o", "export", device), re.MULTILINE)
    )
    return {"type": found.get("TYPE", ""), "uuid": found.get("UUID", "")}


def mounts_of(device: str, mount_point: str) -> list[dict[str, str]]:
    """Mounts of the device, and what is mounted at the mount point."""
    rows = [line.split()[:3] for line in text_of("proc/self/mounts").splitlines()]
    number = device_number(device)
    return [
        {"device": source, "path": path, "type": kind}
        for source, path, kind in rows
        if path == mount_point or (number and device_number(source) == number)
    ]


def device_number(path: str) -> int:
    """The number of a block device, 0 where there is none."""
    try:
        return os.stat(path).st_rdev if path.startswith("/dev/") else 0
    except OSError:
        return 0


def fencing_problems() -> list[str]:
    """What keeps DRBD or DLM from hearing of Pacemaker that the other host is dead.

    What drbd_resource and pacemaker_gfs2 refuse in the end, told before anything is changed.
    """
    return [*handler_problems(), *dlm_problems()]


def handler_problems() -> list[str]:
    """A fence-peer handler of DRBD that takes states of nodes for words, where they are times."""
    found = re.search(r"Pacemaker (\d+)\.(\d+)\.(\d+)", ask("pacemakerd", "--version"))
    version = tuple(map(int, found.groups())) if found else ()
    if version < TELLS_TIMES:
        return []
    outdated = [f"/{path}" for path in FENCE_HANDLERS if knows_only_words(text_of(path))]
    if not outdated:
        return []
    return [
        f"handler_outdated: {' and '.join(outdated)} can not read the states of nodes as Pacemaker "
        "writes them since 2.1.7; drbd-utils that go with this Pacemaker are needed."
    ]


def knows_only_words(script: str) -> bool:
    """Whether it compares states of nodes, and never with a number."""
    lines = re.findall(r"^.*(?:\bin_ccm\b|\$crmd\b).*$", script, re.MULTILINE)
    return bool(lines) and not any(re.search(r"\d", line) for line in lines)


def dlm_problems() -> list[str]:
    """A library that DLM's fence agent would load, and that is not there."""
    if re.search(OTHER_AGENT, text_of("etc/dlm/dlm.conf"), re.MULTILINE):
        return []
    try:
        agent = (ROOT / "usr/sbin/dlm_stonith").read_bytes()
    except OSError:
        return []
    known = ask("ldconfig", "-p").split()
    needed = {name.decode() for name in FENCING_LIBRARY.findall(agent)}
    return [
        f"dlm_can_not_fence: dlm_stonith needs {name}, which this version of Pacemaker does not "
        "bring; a dlm_controld that goes with it is needed."
        for name in sorted(needed.difference(known))
    ]


def survey(questions: dict[str, Any]) -> dict[str, Any]:
    """Everything the role has to know about this host before it changes anything."""
    system = parse_system(text_of("etc/os-release"))
    resource = resource_of_drbd(questions["resource"])
    units = questions["units"]
    shown = ask("systemctl", "show", f"--property={','.join(UNIT_FACTS)}", *units)
    return {
        **system,
        "node": os.uname().nodename,
        "kernel": os.uname().release,
        "time": time.time(),
        "missing_packages": missing_packages(
            system["family"], questions["packages"].get(system["family"], [])
        ),
        "missing_modules": missing_modules(questions["modules"]),
        "resolved": resolved(questions["names"]),
        "units": parse_units(shown, units),
        "addresses": addresses(),
        "corosync": text_of("etc/corosync/corosync.conf"),
        "key": key_of_corosync(),
        "cib": parse_cib(text_of("var/lib/pacemaker/cib/cib.xml")),
        "members": members(),
        "drbd": resource,
        "filesystem": file_system_of(questions["device"]) if resource["role"] == "Primary" else {},
        "mounts": mounts_of(questions["device"], questions["mount_point"]),
    }


def main() -> None:
    questions = json.loads(sys.argv[1])
    if "members" in questions:
        answer = wait_for_members(questions["members"], questions["wait_seconds"])
    elif "packages_fit" in questions:
        answer = {"problems": fencing_problems()}
    else:
        answer = survey(questions)
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
