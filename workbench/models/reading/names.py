"""From the name of a model to the folder that holds its files: in the package, on this machine, or from the hub."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError, RevisionNotFoundError
from huggingface_hub.utils import validate_repo_id

from gemma2_workbench.models.reading import adapters
from gemma2_workbench.models.reading.gguf import gguf_file, unpacked
from gemma2_workbench.models.reading.progress import download_bar
from gemma2_workbench.models.reading.quiet import quiet
from gemma2_workbench.models.reading.shipped import embedded

# What is fetched before any weight.
SMALL_FILES = ["*.json", "tokenizer.model", "*.jinja"]
_FILE = re.compile(
    r"\.(gguf|ggml|safetensors|bin|json|pth?|ckpt|h5|onnx|msgpack|model|npz|zip|tar|t?gz)$", re.IGNORECASE
)


class ModelNotFoundError(OSError):
    """No such model, or one that cannot be read; the message says what to do."""


@dataclass(frozen=True)
class Place:
    """Where a model's files are.

    Attributes:
        name: what the caller asked for.
        source: `embedded:NAME`, the folder or the hub id.
        folder: the files; of a hub id, its snapshot in the cache.
        revision: commit of the hub, None for folders.
        adapter: what is named is an adapter (peft) in this folder, and the rest is of its base model.
    """

    name: str
    source: str
    folder: Path
    revision: str | None
    adapter: Path | None = None


def located(name: str, revision: str | None = None) -> Place:
    """Find the files of a model: an embedded name first, then a folder, then a hub id; of an adapter, its base model.

    Of a hub id, everything but the weights is downloaded if it is not there yet. What looks like a path is never asked
    from the hub: what exists, or lies in a folder that does; what begins with `.`, `/` or `~`; what has a backslash,
    more than one slash, or the ending of a file.

    Args:
        name: as the user wrote it; `~` is the home folder.
        revision: branch, tag or commit of the hub; None is its main branch.

    Raises:
        ModelNotFoundError: there is none; the sentence says what there is instead.
    """
    shipped = embedded()
    if name in shipped:
        return Place(name, f"embedded:{name}", shipped[name], None)
    folder = Path(os.path.expanduser(name))
    if is_path(name, folder):
        if (packed := gguf_named(name)) is not None:
            return Place(name, str(packed), unpacked(packed), None)
        _check_folder(name, folder)
        return _based(name, folder) or Place(name, str(folder), folder, None)
    snapshot = fetched(name, revision, SMALL_FILES)
    if (snapshot / adapters.SETTINGS).is_file():
        snapshot = fetched(name, revision, [*SMALL_FILES, *adapters.WEIGHTS])
    _check_kind(name, snapshot)
    based = _based(name, snapshot)
    if based is not None:
        return based
    if not (snapshot / "config.json").is_file():
        raise ModelNotFoundError(absent(name, "there is no config.json in it"))
    return Place(name, name, snapshot, snapshot.name)


def gguf_named(name: str) -> Path | None:
    """The GGUF file that a name of this machine leads to; None where it leads to none.

    Raises:
        ModelNotFoundError: to several.
    """
    path = Path(os.path.expanduser(name))
    # os.path is false where pathlib raises: of names that no path may have.
    if name in embedded() or not os.path.exists(path):
        return None
    try:
        return gguf_file(path)
    except ValueError as error:
        raise ModelNotFoundError(f"{name} is no model: {error}") from error


def _based(name: str, folder: Path) -> Place | None:
    """The base model of an adapter; None where the folder holds none.

    Raises:
        ModelNotFoundError: it names none, or one that is not here, or another adapter.
    """
    if not (folder / adapters.SETTINGS).is_file():
        return None
    try:
        base = located(adapters.base_name(folder))
    except (OSError, ValueError) as error:
        raise ModelNotFoundError(f"{name} holds an adapter whose base model cannot be opened: {error}") from error
    if base.adapter is not None:
        raise ModelNotFoundError(f"{name} holds an adapter on {base.name}, which is an adapter too; merge that first")
    return Place(name, base.source, base.folder, base.revision, folder)


def fetched(name: str, revision: str | None, files: list[str]) -> Path:
    """The snapshot of a hub id with these files, downloaded if they are not there yet and the network is.

    Args:
        name: the hub id.
        revision: branch, tag or commit; None is the main branch.
        files: names and patterns; what the hub does not have is left out.

    Raises:
        ModelNotFoundError: no such id, no access, no network.
    """
    valid_id(name)
    try:
        with quiet():
            return Path(snapshot_download(name, revision=revision, allow_patterns=files, tqdm_class=download_bar()))
    except (OSError, ValueError) as error:
        raise ModelNotFoundError(refusal(name, error)) from error


def valid_id(name: str) -> None:
    """Refuse what cannot be the id of a model of the hub.

    Raises:
        ModelNotFoundError: it cannot.
    """
    try:
        validate_repo_id(name)
    except HFValidationError as error:
        raise ModelNotFoundError(absent(name, _ID)) from error
    if "/" not in name:
        # No Gemma 2 of the hub is without an owner.
        raise ModelNotFoundError(absent(name, f"there is no folder {name!r}, and {_ID}"))


def absent(name: str, reason: str) -> str:
    """The sentence about a name that leads nowhere."""
    return (
        f"there is no model {_short(name)} here. Use an embedded checkpoint ({', '.join(embedded())}), a folder with "
        "config.json, weights and tokenizer, or a hub id such as google/gemma-2-2b (needs the network once). "
        f"Reason: {reason}"
    )


_ID = "a hub id is written owner/name, in letters, digits, '-', '_' and '.'"


def refusal(name: str, error: Exception) -> str:
    """What the hub's answer means."""
    text = str(error)
    if "gated" in text or "401" in text or "403" in text:
        return (
            f"{name} is gated, or does not exist: accept its licence on its page of the Hugging Face hub, then log in "
            "with `hf auth login` (or set HF_TOKEN) and try again"
        )
    if isinstance(error, RevisionNotFoundError):
        return absent(name, "the hub has no such revision of it")
    if isinstance(error, LocalEntryNotFoundError):
        return absent(name, "it is not in the cache, and the hub cannot be reached")
    return absent(name, text.splitlines()[0] if text else type(error).__name__)


def is_path(name: str, folder: Path) -> bool:
    """Whether a name is meant as a path of this machine rather than as a hub id."""
    looks = name.startswith((".", "/", "~")) or "\\" in name or name.count("/") > 1 or name.endswith("/")
    beside = "/" in name and os.path.isdir(name.partition("/")[0])
    return bool(looks or beside or _FILE.search(name) or (name and os.path.lexists(folder)))


def _check_folder(name: str, folder: Path) -> None:
    """Refuse what is no folder of a model."""
    if os.path.isdir(folder):
        _check_kind(name, folder)
        if not any((folder / file).is_file() for file in ("config.json", adapters.SETTINGS)):
            begun = (folder / "checkpoints").is_dir()
            unfinished = "; its fine-tuning is not finished, `finetune --resume` goes on" if begun else ""
            raise ModelNotFoundError(
                f"{name} cannot be read as a model folder: there is no config.json in {name}{unfinished}"
            )
    elif os.path.exists(folder):
        raise ModelNotFoundError(f"{name} is a file; give the folder that holds it, {folder.parent}")
    else:
        raise ModelNotFoundError(
            f"there is no folder {_short(name)}; give an existing one with config.json, weights and tokenizer, an "
            f"embedded checkpoint ({', '.join(embedded())}), or a hub id written owner/name"
        )


def _check_kind(name: str, folder: Path) -> None:
    """Refuse folders that hold nothing but GGUF files."""
    if not (folder / "config.json").exists() and any(folder.glob("*.gguf")):
        raise ModelNotFoundError(f"{name} holds GGUF files alone; download one of them and give its path")


def _short(name: str) -> str:
    return repr(name) if len(name) <= 200 else f"{name[:100]!r}... ({len(name)} characters)"
