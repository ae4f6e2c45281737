"""`GoogleCheckpoint`: the files of a google/gemma_pytorch checkpoint, of which only tensors are ever read.

One file, `torch.save({"model_state_dict": ...})`, or parts with an index. Files are mapped, not loaded: what was
read for one tensor is let go with it.
"""

import hashlib
import json
import pickle
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

INDEX = "pytorch_model.bin.index.json"
STATE = "model_state_dict"
_FOREIGN = re.compile(r"GLOBAL (\S+)")
_CHUNK_BYTES = 4 << 20


@dataclass(frozen=True)
class Header:
    """What is known of a tensor before its numbers are read."""

    shape: tuple[int, ...]
    dtype: torch.dtype
    file: Path


class GoogleCheckpoint:
    """A checkpoint on disk.

    Attributes:
        path: as it was given.
        files: the files that hold tensors.
        headers: its tensors by their names.

    Raises:
        OSError: no such checkpoint, a part that is missing, or a file that is cut off, damaged or no checkpoint.
        ValueError: a file holds more than tensors.
    """

    def __init__(self, path: Path):
        self.path = path
        self.files = _files(path)
        self.headers: dict[str, Header] = {}
        for file in self.files:
            for name, tensor in _mapped(file).items():
                if name in self.headers:
                    raise ValueError(f"{name} stands both in {self.headers[name].file.name} and in {file.name}")
                self.headers[name] = Header(tuple(tensor.shape), tensor.dtype, file)

    def tensors(self, names: Iterable[str]) -> dict[str, Tensor]:
        """Some of its tensors, mapped anew: memory is free again when they are let go; unknown names are not."""
        wanted = {name for name in names if name in self.headers}
        files = {self.headers[name].file for name in wanted}
        return {name: tensor for file in files for name, tensor in _mapped(file).items() if name in wanted}

    @property
    def bytes(self) -> int:
        """What `check_sums` reads."""
        return sum(record.file_size for _, _, record in self._records())

    def identity(self) -> str:
        """SHA-256 over the check sums that the files carry: the same for the same content, and read in no time."""
        digest = hashlib.sha256()
        for _, _, record in self._records():
            digest.update(f"{record.filename} {record.file_size} {record.CRC}\n".encode())
        return digest.hexdigest()

    def check_sums(self, progress: Callable[[int], None]) -> None:
        """Read all files once and compare them with the check sums that they carry; torch does not for mapped ones.

        Args:
            progress: called with the number of bytes that were read since the last call.

        Raises:
            OSError: a file is not what was once written.
        """
        for file, archive, record in self._records():
            _check_record(file, archive, record, progress)

    def _records(self) -> Iterator[tuple[Path, zipfile.ZipFile, zipfile.ZipInfo]]:
        """The parts of its files, which are zip archives: one a tensor."""
        for file in self.files:
            with zipfile.ZipFile(file) as archive:
                for record in archive.infolist():
                    yield file, archive, record


def _check_record(
    file: Path, archive: zipfile.ZipFile, record: zipfile.ZipInfo, progress: Callable[[int], None]
) -> None:
    if not record.CRC:  # torch was told to leave them out
        return progress(record.file_size)
    try:
        with archive.open(record) as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                progress(len(chunk))
    except zipfile.BadZipFile as error:
        raise OSError(
            f"{file.name} is damaged: {record.filename} does not have its check sum; copy the file anew"
        ) from error


def _files(path: Path) -> list[Path]:
    """The files with tensors: the one that is named, those of an index, or the only .ckpt of a folder."""
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise FileNotFoundError(f"there is no checkpoint {path}; name a .ckpt file, or a folder with one or {INDEX}")
    if (path / INDEX).is_file():
        return _parts(path / INDEX)
    found = sorted(path.glob("*.ckpt"))
    if len(found) != 1:
        held = f"{len(found)} .ckpt files" if found else f"neither a .ckpt file nor {INDEX}"
        raise FileNotFoundError(f"{path} holds {held}; name the file to convert")
    return found


def _parts(index: Path) -> list[Path]:
    try:
        about = json.loads(index.read_bytes())
        names = set(about["weight_map"].values())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise OSError(f"{index.name} has no weight_map from tensors to files; copy it anew") from error
    for name in names:
        # A name with a folder would lead out of the checkpoint.
        if not isinstance(name, str) or Path(name).name != name or not (index.parent / name).is_file():
            raise FileNotFoundError(f"{index.name} names {name!r}, which is not in its folder; copy that file too")
    if not names:
        raise OSError(f"{index.name} names no file; copy it anew")
    return [index.parent / name for name in sorted(names)]


def _mapped(file: Path) -> dict[str, Tensor]:
    """The tensors of one file, mapped into memory and read where they are used."""
    if not zipfile.is_zipfile(file):
        raise OSError(f"{file.name} is cut off, or nothing that torch.save wrote; copy the file anew")
    try:
        held = torch.load(file, map_location="cpu", weights_only=True, mmap=True)
    except pickle.UnpicklingError as error:
        found = _FOREIGN.search(str(error))
        what = f" ({found[1]})" if found else ""
        raise ValueError(
            f"{file.name} holds more than tensors{what}, which could run code when it is read; it is refused"
        ) from error
    except Exception as error:  # a damaged pickle can end in any
        raise OSError(f"{file.name} cannot be read ({type(error).__name__}); copy the file anew") from error
    state = held.get(STATE, held) if isinstance(held, dict) else None
    if not isinstance(state, dict) or not all(isinstance(tensor, Tensor) for tensor in state.values()):
        raise ValueError(f"{file.name} holds no tensors by their names, nor {STATE!r} with such; is it a checkpoint?")
    return {str(name): tensor for name, tensor in state.items()}
