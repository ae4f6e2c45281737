"""The project's shape: packages, names and versions that other tools rely on."""

import importlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = {"gemma2_workbench": "workbench", "gemma2_workbench.model": "model", "gemma2_workbench.apps": "apps"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.mark.parametrize(("name", "folder"), FOLDERS.items())
def test_packages_resolve_inside_this_repository(name, folder):
    assert Path(str(importlib.import_module(name).__file__)).parent == ROOT / folder


def test_no_other_name_is_claimed(tmp_path):
    # Users have a model.py, an apps and a workbench of their own.
    for name in ("model", "workbench", "apps"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('a namesake was imported')")
    code = (
        "import gemma2_workbench.apps.cli\n"
        "from gemma2_workbench import load\n"
        "from gemma2_workbench.model import points\n"
        "print(len(list(points(load().model, 'layers.0.*'))))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 5


@pytest.mark.parametrize("folder", FOLDERS.values())
def test_every_folder_with_code_is_a_package(folder):
    folders = {path.parent for path in (ROOT / folder).rglob("*.py")}
    assert folders, f"{folder} holds no code"
    assert not [folder for folder in folders if not (folder / "__init__.py").exists()]


def test_tests_are_no_packages():
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_code_never_imports_the_package_model_whole():
    # Half of our functions have a parameter called `model`, which would shadow it.
    code = [path for folder in FOLDERS.values() for path in (ROOT / folder).rglob("*.py")]
    whole = re.compile(r"^\s*(from gemma2_workbench import model|import model)\b", re.MULTILINE)
    assert not [path for path in code if whole.search(path.read_text())]


def test_library_and_command_line_start_without_gradio():
    check = "import sys, gemma2_workbench, gemma2_workbench.apps.cli; sys.exit('gradio' in sys.modules)"
    subprocess.run([sys.executable, "-c", check], check=True, cwd=ROOT)


def test_changelog_and_package_agree_on_the_version():
    versions = re.findall(r"^## \[?v?(\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert versions[0] == PROJECT["version"]


def test_every_direct_dependency_is_pinned_exactly_once():
    def name(requirement):
        return re.split(r"[\[<>=! ]", requirement.strip(), maxsplit=1)[0].lower()

    wanted = (
        PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"] + PROJECT["optional-dependencies"]["bench"]
    )
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert sorted(map(name, pins)) == sorted(map(name, wanted))
    assert all("==" in pin for pin in pins)
