"""Reads the character vectors of an R package's lazy-load database (`Rdata.rdb`).

The file is a chain of zlib streams, each after its inflated length (4 bytes, big endian). Each
stream is one R object in XDR serialisation, version 3: a 14-byte head, the name of the native
encoding, then the object. Only character vectors (type 16) are read: no other is needed here.
"""

import struct
import zlib
from collections.abc import Iterator

_HEAD = 14
_CHARACTER_VECTOR = 16


def character_vector(serialised: bytes) -> list[str]:
    """Returns the strings of one serialised R character vector; a missing string (NA) is "".

    Raises:
        ValueError: the bytes are no version-3 XDR character vector.
    """
    if not serialised.startswith(b"X\n\x00\x00\x00\x03"):
        raise ValueError(f"expected R's XDR format, version 3; found {serialised[:6]!r}")
    (encoding_length,) = struct.unpack_from(">I", serialised, _HEAD)
    at = _HEAD + 4 + encoding_length
    flags, count = struct.unpack_from(">II", serialised, at)
    if flags & 0xFF != _CHARACTER_VECTOR:
        raise ValueError(f"expected a character vector (type 16), found type {flags & 0xFF}")
    at += 8
    strings = []
    for _ in range(count):
        _, length = struct.unpack_from(">Ii", serialised, at)
        at += 8
        strings.append(serialised[at : at + max(length, 0)].decode("utf-8", errors="replace"))
        at += max(length, 0)
    return strings


def character_vectors(database: bytes) -> Iterator[list[str]]:
    """Yields every object of an `Rdata.rdb` file, each a list of strings, in file order."""
    at = 0
    while at < len(database):
        stream = zlib.decompressobj()
        yield character_vector(stream.decompress(database[at + 4 :]))
        at = len(database) - len(stream.unused_data)
