# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role's own files: every default is described, and Corosync takes what is written for it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from ansible_collections.clustered.storage.plugins.plugin_utils._pair.corosync import (
    MARK,
    next_text,
)
from jinja2 import Environment, FileSystemLoader, StrictUndefined

ROLE = Path(__file__).parents[4] / "roles/drbd_gfs2_pair"
REQUIRED = {
    "drbd_gfs2_pair_disk",
    "drbd_gfs2_pair_address",
    "drbd_gfs2_pair_shared_secret",
}


def test_every_default_is_described() -> None:
    spec = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text())
    options = spec["argument_specs"]["main"]["options"]
    defaults = yaml.safe_load((ROLE / "defaults/main.yml").read_text())

    assert set(defaults) <= set(options)
    assert {name for name, option in options.items() if option.get("required")} == REQUIRED
    assert not REQUIRED & set(defaults)
    described = {name: option["default"] for name, option in options.items() if "default" in option}
    assert described == {name: defaults[name] for name in described}


def rendered(*second: str) -> str:
    """The corosync.conf of two hosts, as Ansible's template module makes it."""
    environment = Environment(
        loader=FileSystemLoader(ROLE / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    links = {
        name: {"links": [f"127.0.0.{place}", *second[place - 1 : place]]}
        for place, name in enumerate(("alpha", "beta"), 1)
    }
    return environment.get_template("corosync.conf.j2").render(
        ansible_play_hosts_all=["beta", "alpha"],
        drbd_gfs2_pair_cluster_name="pair",
        drbd_gfs2_pair_token=5000,
        __drbd_gfs2_pair_hosts=links,
    )


def test_ids_of_nodes_do_not_follow_the_order_of_the_play() -> None:
    text = rendered()

    assert text.index("name: alpha") < text.index("nodeid: 1") < text.index("name: beta")
    assert "ring1_addr" not in text


def test_what_the_template_makes_is_known_as_ours() -> None:
    text = rendered()

    assert MARK in text
    assert next_text(text, [text, text]) == text
    assert "config_version: 2\n" in next_text(text.replace("5000", "8000"), [text, text])


@pytest.mark.parametrize("second", [(), ("127.0.1.1", "127.0.1.2")], ids=["one link", "two links"])
def test_corosync_takes_it(tmp_path: Path, second: tuple[str, ...]) -> None:
    if not shutil.which("corosync", path="/usr/sbin:/usr/bin:/sbin:/bin"):
        pytest.skip("corosync is not installed here: only Molecule's drbd_gfs2_pair asks it")
    key, path = tmp_path / "authkey", tmp_path / "corosync.conf"
    key.write_bytes(bytes(256))
    text = rendered(*second).replace("    token:", f"    keyfile: {key}\n    token:")
    path.write_text(f"{text}\nsystem {{\n    state_dir: {tmp_path}\n}}\n")

    done = subprocess.run(
        ["/usr/sbin/corosync", "-t", "-c", str(path)], check=False, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout + done.stderr
