"""Every example and every Python block of the README runs, and the README's tree is the repository."""

import re
import runpy
import shlex
import shutil
from pathlib import Path

import pytest

from gemma2_workbench.apps.cli import main, parser
from gemma2_workbench.export import export

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
GALLERY = sorted((ROOT / "examples" / "gallery").glob("[a-z]*.py"))


@pytest.mark.parametrize("script", EXAMPLES, ids=lambda script: script.stem)
def test_example(script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(script))
    assert len(capsys.readouterr().out) > 20
    assert len(script.read_text().splitlines()) <= 50


@pytest.mark.parametrize("script", GALLERY, ids=lambda script: script.stem)
def test_gallery_script(script: Path, tmp_path: Path) -> None:
    parts = runpy.run_path(str(script))
    file = export(parts["figure"](), tmp_path / "figure.svg", width=parts["WIDTH"])
    assert len(re.findall(r"<text", file.read_text())) > 5
    assert len(script.read_text().splitlines()) <= 50


def test_the_gallery_shows_every_script_and_the_readme_some() -> None:
    names = {script.stem for script in GALLERY}
    assert len(names) >= 10
    assert {picture.stem for picture in (ROOT / "docs" / "gallery").glob("*.png")} == names
    shown = set(re.findall(r"docs/gallery/(\w+)\.png", README))
    assert shown
    assert shown <= names


@pytest.mark.parametrize(
    "block",
    re.findall(r"```python\n(.*?)```", README, re.S),
    ids=["trace", "written", "pairs", "heads", "labels", "hooks", "registered"],
)
def test_readme_block(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "README.md", "exec"), {})
    assert capsys.readouterr().out


@pytest.mark.usefixtures("loaded_once")
def test_readme_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "examples" / "data" / "places.conll", "test.conll")
    Path("texts.jsonl").write_text('{"text": "Anna met Bob. Anna met Emma."}\n')
    lines = [shlex.split(line, comments=True)[1:] for line in re.findall(r"^gemma2-workbench .*", README, re.M)]
    assert len(lines) > 10
    for arguments in lines:
        # Pages and chats would stay open; fine-tuning is an example of its own.
        if arguments[0] in ("app", "bench", "chat", "finetune"):
            parser().parse_args(arguments)
        else:
            assert main(arguments) == 0, f"{arguments}: {capsys.readouterr().err}"


def test_readme_tree_exists() -> None:
    folders: list[str] = []
    for line in re.findall(r"^( *)(\w+/)  +\S", README, re.M):
        indent, name = line
        folders = folders[: len(indent) // 2] + [name]
        assert (ROOT / "".join(folders)).is_dir(), f"the README names {''.join(folders)}"


def test_readme_commands_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"^make (\w+)", README, re.M)):
        assert f"\n{target}:" in makefile


def test_changelog_names_the_version() -> None:
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.M)
    assert version is not None
    assert re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.M)[1] == version[1]
