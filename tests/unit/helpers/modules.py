# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Modules as Ansible runs them: parameters in, one JSON object out. And what their pages say."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
import yaml
from ansible.module_utils import _internal
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args
from ansible_collections.clustered.storage.plugins.module_utils._engine import converge

KEYS = ("type", "required", "default", "choices", "elements", "aliases")
RunModule = Callable[..., dict[str, Any]]


class Runner:
    """Runs the main() of a module on a stand-in for the machine."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, module: ModuleType, machine: Any, **params: Any) -> dict[str, Any]:
        """What the module returns; ``failed`` says how it ended, as for a task."""
        seen: list[AnsibleModule] = []

        def door(ansible_module: AnsibleModule) -> Any:
            seen.append(ansible_module)
            return machine

        self._monkeypatch.setattr(converge, "AnsibleHost", door)
        # Importing an action plugin, as other tests do, tells Ansible that this is the controller.
        self._monkeypatch.setattr(_internal, "is_controller", False)
        with patch_module_args(params), pytest.raises(SystemExit) as ended:
            module.main()
        result = json.loads(self._capsys.readouterr().out)
        assert bool(ended.value.code) is bool(result.get("failed"))
        return result


def documented_options(module: ModuleType) -> dict[str, Any]:
    """The options of the module's page in the form of an argument spec."""
    return spec_of(yaml.safe_load(module.DOCUMENTATION)["options"])


def spec_of(options: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for name, option in options.items():
        found[name] = {key: option[key] for key in KEYS if key in option}
        if "suboptions" in option:
            found[name]["options"] = spec_of(option["suboptions"])
    return found


def argument_spec(module: ModuleType) -> dict[str, Any]:
    """The module's argument spec."""
    return module.ARGUMENT_SPEC
