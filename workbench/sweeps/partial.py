"""`Partial`: what some blocks of a corpus gave. Partials join in any order to the same bytes."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from gemma2_workbench.atomic import write_all
from gemma2_workbench.sweeps.examples import Examples
from gemma2_workbench.sweeps.identity import Identity
from gemma2_workbench.sweeps.tally import Tally

_KEY = "gemma2-workbench sweep"


@dataclass(frozen=True)
class Piece:
    """A window of a text that an example stands in.

    Attributes:
        name: of the document.
        text: the document's characters that the window holds.
        tokens: what to show for its tokens.
    """

    name: str
    text: str
    tokens: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Partial:
    """Numbers and examples of some blocks.

    Attributes:
        identity: what they are of.
        blocks: which blocks.
        windows, tokens: how many were run, and tokens in them.
        damaged: documents that could not be read, by number, and why.
        tally, examples: the numbers.
        pieces: the texts of the examples.
    """

    identity: Identity
    blocks: set[int]
    counts: dict[str, int]
    damaged: dict[int, str]
    tally: Tally
    examples: Examples
    pieces: dict[tuple[int, int], Piece] = field(default_factory=dict)

    @classmethod
    def empty(cls, identity: Identity) -> "Partial":
        """Of no block."""
        place, settings = (len(identity.layers), identity.heads), identity.settings
        examples = Examples.empty(*place, settings["top"] or 0, settings["sample"] or 0)
        return cls(identity, set(), {"windows": 0, "tokens": 0}, {}, Tally.empty(*place), examples)

    def join(self, other: "Partial") -> None:
        """Add the blocks of another one.

        Raises:
            ValueError: it is of another model, corpus or other settings, or they share blocks.
        """
        if different := self.identity.differences(other.identity):
            raise ValueError(f"these are parts of different sweeps: {'; '.join(different)}")
        if shared := self.blocks & other.blocks:
            raise ValueError(f"{len(shared)} blocks of texts are in both parts, which would count them twice")
        self.blocks.update(other.blocks)
        for name, count in other.counts.items():
            self.counts[name] += count
        self.damaged.update(other.damaged)
        self.tally.join(other.tally)
        self.examples.join(other.examples)
        named = self.examples.texts
        pieces = {**self.pieces, **other.pieces}
        self.pieces.clear()
        self.pieces.update({key: pieces[key] for key in sorted(named)})

    def save(self, path: Path) -> None:
        """Write it, whole or not at all.

        Raises:
            OSError: as `workbench.atomic.write_all`.
        """
        write_all({path: self.as_bytes()})

    def as_bytes(self) -> bytes:
        """What `save` writes; equal partials give equal bytes."""
        about = {
            "identity": self.identity.as_data(),
            "blocks": sorted(self.blocks),
            "counts": self.counts,
            "damaged": sorted(self.damaged.items()),
            "pieces": [[*key, asdict(piece)] for key, piece in sorted(self.pieces.items())],
        }
        arrays = {name: np.ascontiguousarray(array) for name, array in self._arrays().items()}
        return save(arrays, {_KEY: json.dumps(about)})

    @classmethod
    def load(cls, path: Path) -> "Partial":
        """Read one.

        Raises:
            ValueError: it is none, or damaged.
            FileNotFoundError: there is none.
        """
        if not path.is_file():
            raise FileNotFoundError(f"{path} does not exist")
        try:
            return cls.from_bytes(path.read_bytes())
        except ValueError as error:
            raise ValueError(f"{path} {error}") from None

    @classmethod
    def from_bytes(cls, data: bytes) -> "Partial":
        """What `as_bytes` gave.

        Raises:
            ValueError: it is none, or damaged.
        """
        try:
            about, arrays = _about(data[:8], data[8:]), load(data)
            found = cls.empty(Identity.from_data(about["identity"]))
            for name, array in found._arrays().items():
                array[...] = arrays[name]
            found.blocks.update(about["blocks"])
            found.counts.update(about["counts"])
            found.damaged.update({number: problem for number, problem in about["damaged"]})
            for document, piece, each in about["pieces"]:
                found.pieces[document, piece] = Piece(each["name"], each["text"], tuple(each["tokens"]))
        except (SafetensorError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"is no part of a sweep, or damaged: {error}") from None
        return found

    @staticmethod
    def beginning_of(path: Path) -> tuple[Identity, frozenset[int]]:
        """What a file is a part of, and which blocks it holds, from its beginning only; errors as of `load`."""
        try:
            with path.open("rb") as file:
                size = file.read(8)
                about = _about(size, file.read(int.from_bytes(size, "little")))
            return Identity.from_data(about["identity"]), frozenset(about["blocks"])
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path} is no part of a sweep, or damaged: {error}") from None

    def _arrays(self) -> dict[str, np.ndarray]:
        return {**self.tally.arrays(), **self.examples.arrays()}


def _about(size: bytes, rest: bytes) -> dict[str, Any]:
    """The metadata of a safetensors file: JSON behind its length in 8 bytes."""
    header: dict[str, Any] = json.loads(rest[: int.from_bytes(size, "little")])
    about: dict[str, Any] = json.loads(header["__metadata__"][_KEY])
    return about
