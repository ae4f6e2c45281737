"""The package of another commit for one process: its files in a temporary folder, before what is installed."""

import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[2]
# Before the three folders were one package they stood beside each other, under these names.
BEFORE = {
    "__init__.py": "from workbench import LoadedModel, capture, load\n",
    "model/__init__.py": "from model import Gemma2Config, Gemma2ForCausalLM\n",
}


@contextmanager
def tree_of(commit: str) -> Iterator[Path]:
    """A folder for PYTHONPATH in which `gemma2_workbench` is that of a commit.

    Raises:
        CalledProcessError: git knows no such commit.
    """
    archived = subprocess.run(["git", "archive", commit], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    with TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        with tarfile.open(fileobj=BytesIO(archived)) as files:
            files.extractall(folder, filter="data")
        # What measures is that of this commit.
        shutil.rmtree(folder / "benchmarks", ignore_errors=True)
        package = folder / "gemma2_workbench"
        if (folder / "setup.py").exists():
            (folder / "workbench").rename(package)
            for room in ("model", "apps"):
                (folder / room).rename(package / room)
        else:
            for file, line in BEFORE.items():
                (package / file).parent.mkdir(parents=True, exist_ok=True)
                (package / file).write_text(line)
        yield folder
