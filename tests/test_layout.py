"""The project's shape: packages, names and versions that other tools rely on."""

import importlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("model", "workbench", "apps")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.mark.parametrize("name", PACKAGES)
def test_packages_resolve_inside_this_repository(name):
    assert Path(str(importlib.import_module(name).__file__)).parent == ROOT / name


@pytest.mark.parametrize("name", PACKAGES)
def test_every_folder_with_code_is_a_package(name):
    folders = {path.parent for path in (ROOT / name).rglob("*.py")}
    assert folders, f"{name} holds no code"
    assert not [folder for folder in folders if not (folder / "__init__.py").exists()]


def test_tests_are_no_packages():
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_code_never_imports_the_package_model_whole():
    # Half of our functions have a parameter called `model`, which would shadow it.
    code = [path for name in PACKAGES for path in (ROOT / name).rglob("*.py")]
    whole = re.compile(r"^\s*import model\b", re.MULTILINE)
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

    wanted = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert sorted(map(name, pins)) == sorted(map(name, wanted))
    assert all("==" in pin for pin in pins)
