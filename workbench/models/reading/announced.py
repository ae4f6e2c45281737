"""`announced`: what would be loaded under a name, and how large it is, before it is."""

from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import DryRunError, HfHubHTTPError

from gemma2_workbench.models.reading.checkpoint import weight_files
from gemma2_workbench.models.reading.names import (
    ModelNotFoundError,
    absent,
    gguf_named,
    is_path,
    located,
    refusal,
    valid_id,
)
from gemma2_workbench.models.reading.quiet import quiet
from gemma2_workbench.models.reading.shipped import embedded

_WEIGHTS = (".safetensors", ".bin")


@dataclass(frozen=True)
class Announced:
    """A model that may be loaded.

    Attributes:
        name: as the user wrote it.
        size: bytes of its weights; None where the hub does not say.
        download: whether they come over the network first.
    """

    name: str
    size: int | None
    download: bool

    @property
    def sentence(self) -> str:
        """What will happen."""
        if not self.download:
            return f"{self.name}: {in_words(self.size or 0)}, on this machine"
        if self.size is None:
            return f"{self.name}: to be downloaded from the Hugging Face hub, which does not say how large it is"
        return f"{self.name}: {in_words(self.size)} to be downloaded from the Hugging Face hub"


def announced(name: str) -> Announced:
    """Look a model up without loading or downloading it.

    Raises:
        ModelNotFoundError: there is none.
    """
    if (packed := gguf_named(name)) is not None:
        return Announced(name, packed.stat().st_size, False)
    if name in embedded() or is_path(name, Path(name).expanduser()):
        return Announced(name, _on_disk(located(name).folder), False)
    valid_id(name)
    try:
        # Only the cache is asked.
        return Announced(name, _on_disk(Path(snapshot_download(name, local_files_only=True))), False)
    except OSError:
        return Announced(name, _on_hub(name), True)


def in_words(size: int) -> str:
    """`5.2 GB`, `14 MB`."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(1, round(size / 1e6))} MB"


def _on_disk(folder: Path) -> int:
    """Bytes of the weights in a folder.

    Raises:
        OSError: there are none.
    """
    return sum(file.stat().st_size for file in weight_files(folder))


def _on_hub(name: str) -> int | None:
    """Bytes of the weights of a hub id, those in safetensors where there are both kinds.

    Raises:
        ModelNotFoundError: there is none, or it may not be read, or there is no network.
    """
    try:
        with quiet():
            files = snapshot_download(name, allow_patterns=[f"*{ending}" for ending in _WEIGHTS], dry_run=True)
    except DryRunError as error:
        if isinstance(error.__cause__, HfHubHTTPError):
            raise ModelNotFoundError(refusal(name, error.__cause__)) from error
        raise ModelNotFoundError(absent(name, "it is not on this machine, and the hub cannot be reached")) from error
    sizes = {ending: [file.file_size or 0 for file in files if file.filename.endswith(ending)] for ending in _WEIGHTS}
    return sum(next(filter(None, sizes.values()), [])) or None
