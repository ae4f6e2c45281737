"""Checksums of what users keep: `python tests/same_bytes.py > before.txt`, change the house, and compare with `diff`.

Every figure of the gallery, every file that the README's commands write, and the tables of all views on three texts.
Records are left out of the files: they tell which versions made them, and their layout may change.
"""

import contextlib
import hashlib
import importlib
import io
import re
import runpy
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from gemma2_workbench import VIEWS, capture, export, load, table
from gemma2_workbench.apps.cli import main

ROOT = Path(__file__).parents[1]
TEXTS = ("Anna met Bob. Later Anna met Bob", "é 你好 🙂 مرحبا\n\tx = f(y)  # code", "Emma was glad. " * 40)


def gallery() -> Iterator[tuple[str, bytes]]:
    """Each figure as PDF and PNG."""
    for script in sorted((ROOT / "examples" / "gallery").glob("[a-z]*.py")):
        parts = runpy.run_path(str(script))
        figure = parts["figure"]()
        for suffix in (".pdf", ".png", ".svg"):
            yield f"gallery/{script.stem}{suffix}", export.as_bytes(figure, suffix, width=parts["WIDTH"])


def commands() -> Iterator[tuple[str, bytes]]:
    """The files that the README's commands write, without records."""
    lines = re.findall(
        r"^gemma2-workbench (?:trace|figure|table|mask|why|headvis) .*", (ROOT / "README.md").read_text(), re.M
    )
    shutil.copy(ROOT / "examples" / "data" / "places.conll", "test.conll")
    for line in lines:
        with contextlib.redirect_stdout(io.StringIO()):
            assert main(shlex.split(line, comments=True)[1:]) == 0, line
    for path in sorted(Path().rglob("*")):
        if path.is_file() and not path.name.endswith(".json") and path.suffix != ".safetensors":
            yield f"command/{path}", path.read_bytes()


def tables() -> Iterator[tuple[str, bytes]]:
    """Every view of every text."""
    model = load()
    for number, text in enumerate(TEXTS):
        trace = capture(model, text, read=("attention", "folds", "lens", "contributions"))
        for view in VIEWS:
            yield f"table/{view.name}/{number}", table(trace, view.name).to_csv(index=False).encode()


def without_records() -> None:
    """From here on files are written without their records."""
    artifact = importlib.import_module("gemma2_workbench.records.artifact")
    written = artifact.as_bytes
    artifact.as_bytes = lambda *args, **how: written(*args, **{**how, "provenance": None})


if __name__ == "__main__":
    without_records()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for make in (gallery, commands, tables):
            for name, data in make():
                sys.stdout.write(hashlib.sha256(data).hexdigest() + f"  {name}\n")
