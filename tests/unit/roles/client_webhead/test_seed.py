# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of one machine become the first ones of a volume: once, and all of them."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[4] / "roles/client_webhead/files/seed.py"
FILES = {"index.html": "home", "a/b/deep.html": "deep", "a/page.html": "page"}


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The script, on a volume that is mounted; its mark is kept beside it."""
    spec = importlib.util.spec_from_file_location("seed", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    marks: dict[str, bytes] = {}
    monkeypatch.setattr(os.path, "ismount", lambda path: path == str(tmp_path / "volume"))
    monkeypatch.setattr(os, "listxattr", lambda _path, **_words: list(marks))
    monkeypatch.setattr(os, "getxattr", lambda _path, name: marks[name])
    monkeypatch.setattr(os, "setxattr", lambda _path, name, mark: marks.update({name: mark}))
    monkeypatch.setattr(module.shutil, "_copyxattr", lambda *_paths, **_words: None)
    return module


@pytest.fixture
def former(tmp_path: Path) -> Path:
    """What the machine held before."""
    folder = tmp_path / "former"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "a").chmod(0o2770)
    (folder / "index.html").chmod(0o640)
    (folder / "link").symlink_to("index.html")
    return folder


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """The mount of an empty volume."""
    folder = tmp_path / "volume"
    folder.mkdir()
    return folder


def texts(folder: Path) -> dict[str, str]:
    paths = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return {str(path.relative_to(folder)): path.read_text() for path in paths}


def test_empty_volume_gets_all_files(script: ModuleType, former: Path, volume: Path) -> None:
    assert script.seed(str(former), str(volume)) == "copied 4 files"

    assert texts(volume) == FILES
    assert os.readlink(volume / "link") == "index.html"
    assert (volume / "a").stat().st_mode & 0o7777 == 0o2770
    assert (volume / "index.html").stat().st_mode & 0o7777 == 0o640


def test_files_are_copied_once(script: ModuleType, former: Path, volume: Path) -> None:
    script.seed(str(former), str(volume))
    (volume / "index.html").unlink()

    assert script.seed(str(former), str(volume)) == "nothing to do"
    assert "index.html" not in texts(volume)


def test_volume_with_files_is_left_alone_for_ever(
    script: ModuleType, former: Path, volume: Path
) -> None:
    (volume / "index.html").write_text("newer")

    assert "left alone" in script.seed(str(former), str(volume))
    assert texts(volume) == {"index.html": "newer"}

    (volume / "index.html").unlink()
    assert script.seed(str(former), str(volume)) == "nothing to do"


@pytest.mark.parametrize("steps", range(4))
def test_interrupted_copy_is_completed(
    script: ModuleType,
    former: Path,
    volume: Path,
    steps: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rename, done = os.rename, []

    def interrupted(source: str, target: str) -> None:
        if len(done) == steps:
            raise KeyboardInterrupt
        done.append(rename(source, target))

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", interrupted)
        with pytest.raises(KeyboardInterrupt):
            script.seed(str(former), str(volume))

    assert script.seed(str(former), str(volume)) == f"copied {4 - steps} files"
    assert texts(volume) == FILES


def test_what_came_meanwhile_is_not_overwritten(
    script: ModuleType, former: Path, volume: Path
) -> None:
    os.setxattr(str(volume), script.MARK, script.BEGUN + os.uname().nodename.encode())
    (volume / "index.html").write_text("newer")

    script.seed(str(former), str(volume))

    assert texts(volume) == {**FILES, "index.html": "newer"}


def test_copy_of_another_machine_is_not_taken_up(
    script: ModuleType, former: Path, volume: Path
) -> None:
    os.setxattr(str(volume), script.MARK, b"begun by another")

    with pytest.raises(SystemExit, match="begun by another"):
        script.seed(str(former), str(volume))
    assert texts(volume) == {}


def test_machine_without_former_files_decides_nothing(
    script: ModuleType, former: Path, volume: Path
) -> None:
    assert script.seed(f"{former}-missing", str(volume)) == "nothing to do"
    assert script.seed(str(former), str(volume)) == "copied 4 files"


def test_folder_without_the_volume_is_refused(
    script: ModuleType, former: Path, tmp_path: Path
) -> None:
    with pytest.raises(SystemExit, match="nothing is mounted"):
        script.seed(str(former), str(tmp_path))


def test_check_mode_changes_nothing(script: ModuleType, former: Path, volume: Path) -> None:
    assert "would be copied" in script.seed(str(former), str(volume), is_check=True)
    assert texts(volume) == {}
    assert script.seed(str(former), str(volume)) == "copied 4 files"
