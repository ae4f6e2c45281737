"""`weights_hash`: a checksum of a model's weight files, of all their bytes or, above 2 GB, of some."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from gemma2_workbench.models.weights.info import Hashed

# Reading more than this at load time would be felt.
LIMIT_BYTES = 2 << 30
# Of a larger file: blocks at equal distances. Training changes nearly every number, so any of them tells.
BLOCKS, BLOCK_BYTES = 1024, 4096


def weights_hash(files: Sequence[Path]) -> tuple[str, Hashed]:
    """SHA-256 over the files, in their order, and whether it is of all their bytes.

    Above `LIMIT_BYTES` it is, file by file, of the name, the size, the safetensors header and `BLOCKS` blocks.
    """
    whole = sum(file.stat().st_size for file in files) <= LIMIT_BYTES
    digest = hashlib.sha256()
    for file in files:
        for chunk in _whole(file) if whole else _sampled(file):
            digest.update(chunk)
    return digest.hexdigest(), "files" if whole else "samples"


def _whole(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            yield chunk


def _sampled(file: Path) -> Iterator[bytes]:
    size = file.stat().st_size
    yield f"{file.name} {size}\n".encode()
    with file.open("rb", buffering=0) as stream:
        if file.suffix == ".safetensors":
            length = stream.read(8)
            yield length
            yield stream.read(min(int.from_bytes(length, "little"), size))
        for block in range(BLOCKS):
            stream.seek(block * max(0, size - BLOCK_BYTES) // (BLOCKS - 1))
            yield stream.read(BLOCK_BYTES)
