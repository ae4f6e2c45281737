"""Reading and checking what the package registries give, without any network."""

import struct
import zlib
from pathlib import Path

import pytest

from training.rdata import character_vector, character_vectors
from training.sources import SOURCES, checked


def serialised(strings: list[str | None], kind: int = 16) -> bytes:
    """An R character vector as R writes it (XDR, version 3)."""
    out = b"X\n" + struct.pack(">IIII", 3, 0x040201, 0x030500, 5) + b"UTF-8"
    out += struct.pack(">II", kind, len(strings))
    for string in strings:
        raw = (string or "").encode()
        out += struct.pack(">Ii", 0x8009, -1 if string is None else len(raw)) + raw
    return out


def test_character_vectors_are_read_from_a_lazy_load_database():
    vectors = [["Emma", "", "Café"], ["x", None]]
    streams = [(raw := serialised(v)) and struct.pack(">I", len(raw)) + zlib.compress(raw) for v in vectors]
    assert list(character_vectors(b"".join(streams))) == [["Emma", "", "Café"], ["x", ""]]


def test_other_objects_are_refused():
    with pytest.raises(ValueError, match="type 13"):
        character_vector(serialised(["x"], kind=13))
    with pytest.raises(ValueError, match="XDR"):
        character_vector(b"A\n3\n")


def test_a_changed_download_is_refused(tmp_path: Path):
    path = tmp_path / "package.whl"
    path.write_bytes(b"")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert checked(path, empty) == path
    path.write_bytes(b"changed")
    with pytest.raises(OSError, match="expected e3b0c4"):
        checked(path, empty)


def test_every_source_is_pinned():
    for source in SOURCES.values():
        assert source.version in source.filename.replace("%3a", ":")
        assert len(bytes.fromhex(source.sha256)) == 32
