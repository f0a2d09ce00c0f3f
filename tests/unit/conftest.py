# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all unit tests share. Where imports are found is in pyproject.toml: pytest's pythonpath."""

from __future__ import annotations

import os

import pytest
from helpers.modules import Runner
from hypothesis import HealthCheck, configuration, settings

configuration.set_hypothesis_home_dir(".cache/hypothesis")
# Many wishes are refused, and a refused wish is no case for most of the tests.
settings.register_profile(
    "here", deadline=None, suppress_health_check=[HealthCheck.filter_too_much]
)
# The same examples on every run of CI: a red build is a change, not a throw of dice.
settings.register_profile("ci", settings.get_profile("here"), derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "here")


@pytest.fixture
def run_module(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Runner:
    """Runs the main() of a module."""
    return Runner(monkeypatch, capsys)
