# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of the house: who imports what, what each folder holds, how long a function may be."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
MODULES = ROOT / "plugins/modules"
MODULE_UTILS = ROOT / "plugins/module_utils"
OURS = "ansible_collections.clustered.storage.plugins.module_utils"

TOOL_FILES = {"model.py", "parse.py", "commands.py", "read.py", "wanted.py", "plan.py"}
PURE_ENGINE = {"_engine.plan", "_engine.errors"}
# What more than one tool needs lies below them; _cluster only says what Pacemaker says.
BELOW = {"_drbd": {"_blockdev", "_cluster"}, "_pacemaker": {"_blockdev", "_cluster"}}
ONLY_READ = {"_cluster"}
DOORS = {"_engine/host.py", "_engine/converge.py"}
IMPURE = {"os", "shutil", "socket", "subprocess", "tempfile", "urllib", "http", "asyncio"}
LONGEST_FUNCTION = 40


def tracked_files() -> list[Path]:
    """Files of the project, committed or not yet."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


FILES = tracked_files()
PYTHON = [path for path in FILES if path.suffix == ".py"]
MODULE_FILES = [path for path in PYTHON if path.parent == MODULES]
UTIL_FILES = [path for path in PYTHON if MODULE_UTILS in path.parents]
TOOLS = sorted({path.parent for path in UTIL_FILES} - {MODULE_UTILS, MODULE_UTILS / "_engine"})


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def each(paths: list[Path]) -> pytest.MarkDecorator:
    """The test once for each of the paths."""
    return pytest.mark.parametrize("path", paths, ids=name_of)


def parsed(path: Path) -> ast.Module:
    """As the oldest Python that modules run on reads it."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path), feature_version=(3, 9))


def package_of(path: Path) -> list[str]:
    return ["ansible_collections", "clustered", "storage", *path.relative_to(ROOT).parent.parts]


def imported(path: Path) -> Iterator[str]:
    """Dotted names the file imports, relative ones made absolute."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = package_of(path)
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *(node.module or "").split(".")]).strip(".")
            yield from (f"{module}.{alias.name}" for alias in node.names)


def ours(path: Path) -> set[str]:
    """What it imports of ours, as folder or folder.file: _engine.plan."""
    names = (name for name in imported(path) if name.startswith("ansible_collections."))
    return {".".join(name.removeprefix(f"{OURS}.").split(".")[:2]) for name in names}


def others(path: Path) -> set[str]:
    """First words of what it imports from anybody else."""
    names = {name for name in imported(path) if not name.startswith("ansible_collections.")}
    return {name.split(".", maxsplit=1)[0] for name in names}


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def folders(names: set[str]) -> set[str]:
    return {name.split(".", maxsplit=1)[0] for name in names}


def is_pure(path: Path) -> bool:
    """The named files of a tool's folder but read.py, and those beside them that use no reader."""
    reader = f"{path.parent.name}.read"
    named = path.name in TOOL_FILES and path.name != "read.py"
    return path.parent in TOOLS and (named or not ours(path) & {reader, "_engine.host"})


# --- who imports what


@each(MODULE_FILES)
def test_module_imports_the_engine_and_one_tool(path: Path) -> None:
    tools = folders(ours(path)) - {"_engine"}

    assert "_engine" in folders(ours(path))
    assert len(tools) == 1
    assert tools <= {tool.name for tool in TOOLS}


@each(MODULE_FILES)
def test_module_reaches_ansible_only_through_the_engine(path: Path) -> None:
    assert others(path) <= set(sys.stdlib_module_names) - IMPURE


@each([path for path in UTIL_FILES if is_pure(path)])
def test_pure_file_imports_only_pure_files(path: Path) -> None:
    near = {path.parent.name, *BELOW.get(path.parent.name, ())}
    pure = {
        f"{file.parent.name}.{file.stem}"
        for file in UTIL_FILES
        if file.parent.name in near and is_pure(file)
    }

    assert ours(path) <= pure | PURE_ENGINE
    assert others(path) <= set(sys.stdlib_module_names) - IMPURE


@each([path for path in UTIL_FILES if path.parent in TOOLS])
def test_tool_imports_only_itself_and_what_is_below_it(path: Path) -> None:
    own = path.parent.name

    assert folders(ours(path)) <= {own, "_engine", *BELOW.get(own, ())}


@each([path for path in UTIL_FILES if str(path.relative_to(MODULE_UTILS)) not in DOORS])
def test_only_the_doors_know_ansible_or_run_commands(path: Path) -> None:
    calls = {
        node.func.attr
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }

    assert not others(path) & {"ansible", "subprocess"}
    assert not calls & {"run_command", "AnsibleModule", "popen", "system"}


@each([path for path in UTIL_FILES if path.parent == MODULE_UTILS / "_engine"])
def test_engine_knows_no_tool(path: Path) -> None:
    assert folders(ours(path)) <= {"_engine"}


# --- what each folder holds


@each(TOOLS)
def test_tool_has_the_files_every_other_has(path: Path) -> None:
    decides = {"wanted.py", "plan.py"} if path.name in ONLY_READ else set()

    assert {file.name for file in path.glob("*.py")} >= TOOL_FILES - decides


@each(MODULE_FILES)
def test_module_has_a_unit_test(path: Path) -> None:
    tests = {file.name for file in PYTHON if ROOT / "tests/unit" in file.parents}

    assert f"test_{path.name}" in tests


@each(UTIL_FILES)
def test_module_util_postpones_annotations(path: Path) -> None:
    assert "__future__.annotations" in set(imported(path))


@pytest.mark.parametrize(("group", "start"), [("gluster", "gluster_"), ("drbd", "drbd_")])
def test_action_group_names_every_module_of_its_tool(group: str, start: str) -> None:
    runtime = yaml.safe_load((ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))
    modules = {path.stem for path in MODULE_FILES if path.name.startswith(start)}

    assert modules <= set(runtime["action_groups"][group])


def test_collections_that_roles_and_playbooks_call_are_named() -> None:
    """By galaxy.yml where everybody needs them, by requirements.yml where one cloud does."""
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    wished = yaml.safe_load((ROOT / "requirements.yml").read_text(encoding="utf-8"))
    named = {*galaxy["dependencies"], *(entry["name"] for entry in wished["collections"])}
    text = "\n".join(
        path.read_text(encoding="utf-8")
        for path in FILES
        if path.suffix == ".yml" and path.relative_to(ROOT).parts[0] in ("roles", "playbooks")
    )
    called = set(re.findall(r"^[ -]*([a-z]\w*\.[a-z]\w*)\.[a-z]\w*:", text, re.MULTILINE))

    assert called <= named | {"ansible.builtin", "ansible.legacy", "clustered.storage"}


# --- how it reads


@each([path for path in PYTHON if path.relative_to(ROOT).parts[0] in ("plugins", "lab")])
def test_functions_are_short(path: Path) -> None:
    sizes = {node.name: (node.end_lineno or 0) - node.lineno + 1 for node in functions(path)}

    assert {name: size for name, size in sizes.items() if size > LONGEST_FUNCTION} == {}


@each(PYTHON)
def test_python_file_names_its_licence(path: Path) -> None:
    head = path.read_text(encoding="utf-8")[:400]

    assert "# SPDX-License-Identifier: GPL-3.0-or-later\n" in head
    assert "# Copyright: (c) 2026, clustered.storage contributors\n" in head


def test_no_file_names_a_place_on_one_machine() -> None:
    homes = re.compile(rb"/(?:home|Users)/[a-z][\w.-]*/|/root/\.(?:cache|config|local|pyenv)")
    checkout = str(ROOT).encode() if len(ROOT.parts) > 2 else None  # a clone in /srv proves nothing

    guilty = [
        name_of(path)
        for path in FILES
        if "recorded" not in path.parts
        for content in [path.read_bytes()]
        if homes.search(content) or (checkout and checkout in content)
    ]

    assert guilty == []


@each([path for path in FILES if path.suffix == ".md"])
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", path.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link and not link.startswith("mailto:")]

    assert [link for link in local if not (path.parent / link).exists()] == []
