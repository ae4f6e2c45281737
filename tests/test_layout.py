"""The project's shape: packages, names and versions that other tools rely on."""

import importlib
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = {"gemma2_workbench": "workbench", "gemma2_workbench.model": "model", "gemma2_workbench.apps": "apps"}
CODE = [path for folder in FOLDERS.values() for path in (ROOT / folder).rglob("*.py")]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.mark.parametrize(("name", "folder"), FOLDERS.items())
def test_packages_resolve_inside_this_repository(name, folder):
    assert Path(str(importlib.import_module(name).__file__)).parent == ROOT / folder


def test_no_other_name_is_claimed():
    # Users have a model.py, an apps and a workbench of their own.
    namesake = re.compile(rf"^\s*(from|import) ({'|'.join(FOLDERS.values())})\b", re.MULTILINE)
    assert not [path for path in CODE if namesake.search(path.read_text())]


@pytest.mark.parametrize("folder", FOLDERS.values())
def test_every_folder_with_code_is_a_package(folder):
    folders = {path.parent for path in (ROOT / folder).rglob("*.py")}
    assert folders, f"{folder} holds no code"
    assert not [folder for folder in folders if not (folder / "__init__.py").exists()]


def test_tests_are_no_packages():
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_code_never_imports_the_package_model_whole():
    # Half of our functions have a parameter called `model`, which would shadow it.
    whole = re.compile(r"^\s*from gemma2_workbench import model\b", re.MULTILINE)
    assert not [path for path in CODE if whole.search(path.read_text())]


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
