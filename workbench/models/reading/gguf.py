"""GGUF, the format of llama.cpp: read by transformers once, and kept as a model folder that opens in seconds.

What a quantised file holds are numbers all the same: they are kept as float32, and are what is studied.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
import transformers
from filelock import FileLock
from huggingface_hub import constants
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from gemma2_workbench.memory import available_bytes
from gemma2_workbench.models.reading.alone import BUILDING
from gemma2_workbench.models.reading.progress import undrawn
from gemma2_workbench.models.reading.quiet import quiet
from gemma2_workbench.models.reading.weights_hash import weights_hash

ENDING = ".gguf"
# While a file is read its numbers are there up to three times: as they are unpacked, in the model, on their way out.
_WHILE_READ = 3


def gguf_file(path: Path) -> Path | None:
    """The GGUF file that a path is, or that a folder holds in place of a model folder; None where there is none.

    Raises:
        ValueError: a folder with several; the message names some.
    """
    if path.is_file():
        return path if path.suffix.lower() == ENDING else None
    if not path.is_dir() or (path / "config.json").exists():
        return None
    found = sorted(file for file in path.iterdir() if file.suffix.lower() == ENDING and file.is_file())
    if len(found) > 1:
        raise ValueError(f"it holds {len(found)} GGUF files; name one of them, for example {found[0]}")
    return found[0] if found else None


def check_package() -> None:
    """Refuse at once what `unpacked` would refuse.

    Raises:
        ImportError: the package that reads GGUF is missing.
    """
    if find_spec("gguf") is None:
        raise ImportError("reading a GGUF file needs the package gguf: pip install 'gemma2-workbench[gguf]'")


def cache() -> Path:
    """Where the folders are kept, each under the checksum of its file: beside the hub's own cache (`HF_HOME`)."""
    return Path(constants.HF_HOME) / "gemma2-workbench" / "gguf"


def unpacked(file: Path) -> Path:
    """The folder of a GGUF file in the cache, made now where there is none yet.

    Raises:
        ImportError: a package is missing; says how to install it.
        MemoryError: its numbers do not fit.
        OSError: it cannot be read, or the folder cannot be written.
    """
    checksum, _ = weights_hash([file])
    # Another version may read a file in another way.
    folder = cache() / f"{checksum[:32]}-transformers-{transformers.__version__}"
    if folder.is_dir():
        return folder
    check_package()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        return folder if folder.is_dir() else import_gguf(file, folder)


def import_gguf(file: Path, folder: Path) -> Path:
    """Make a model folder of a GGUF file: whole, or not at all.

    Args:
        file: the file.
        folder: the folder to make; it must not exist, or be empty.

    Raises:
        ImportError, MemoryError, OSError: as of `unpacked`.
        FileExistsError: there is something in the folder.
    """
    check_package()
    if folder.is_dir() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty; give a folder that is to be made")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".gguf-") as beside:
        made = Path(beside) / "model"
        with BUILDING, quiet(), undrawn(), _one_reason(file):
            _saved(file, made)
        os.replace(made, folder)
    return folder


def _saved(file: Path, folder: Path) -> None:
    """Read a file by transformers, and save the model and its tokenizer in a folder."""
    given: dict[str, Any] = {"gguf_file": file.name, "local_files_only": True}
    config = AutoConfig.from_pretrained(file.parent, **given)
    with torch.device("meta"):
        needed = 4 * sum(weight.numel() for weight in AutoModelForCausalLM.from_config(config).parameters())
    if needed * _WHILE_READ > available_bytes():
        raise MemoryError(
            f"its numbers take {needed / 1e9:.1f} GB as float32, and {available_bytes() / 1e9:.1f} GB are free"
        )
    read = AutoModelForCausalLM.from_pretrained(file.parent, dtype=torch.float32, **given)
    about = read.config.to_dict()
    # A model that is called quantised cannot be saved; these numbers are not any more.
    about.pop("quantization_config", None)
    with torch.device("meta"):
        plain = type(read)(type(read.config).from_dict(about))
    plain.load_state_dict(read.state_dict(), assign=True)
    plain.tie_weights()
    plain.save_pretrained(folder)
    AutoTokenizer.from_pretrained(file.parent, **given).save_pretrained(folder)


@contextmanager
def _one_reason(file: Path) -> Iterator[None]:
    """What goes wrong inside is an OSError that names the file."""
    try:
        yield
    except (MemoryError, ImportError):
        raise
    except Exception as error:  # a reader of damaged files raises whatever numpy and tokenizers do
        said = " ".join(str(error).split())[:300] or type(error).__name__
        raise OSError(f"{file} cannot be read as a GGUF file of a language model: {said}") from error
