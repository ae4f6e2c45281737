"""Labelled files for fine-tuning: CoNLL and JSONL become examples; every refusal is one sentence with file and line.

- CoNLL (.conll, .tsv, .txt): TOKEN<TAB>TAG lines, an empty line between sentences, `# key: value` comments.
- JSONL (.jsonl), one object per line: {"tokens": [...], "tags": [...]}, or {"text", "entities": [{"start", "end",
  "label"}, ...]} with character offsets, or {"text", "label"} for whole texts.

Tags that begin with B- or I- make a file BIO; otherwise the tags are plain classes (parts of speech, say). An I- that
continues nothing is read as B-, with a note: files in the older IOB1 scheme write entities so, and the workbench reads
every prediction by the same rule.
"""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from workbench.classification.conll import read_conll
from workbench.classification.finetune.example import Example
from workbench.classification.finetune.jsonl import read_jsonl
from workbench.classification.labels import repaired
from workbench.classification.plain import plain_text
from workbench.classification.words import spaced

CONLL_ENDINGS = (".conll", ".tsv", ".txt")


@dataclass(frozen=True)
class Data:
    """A labelled file.

    Attributes:
        path: where it lies.
        sha256: of its bytes.
        kind: "token" or "sequence".
        bio: whether its tags are BIO tags.
        examples: its sentences or texts, in order.
        notes: what was put right while reading, one sentence each.
    """

    path: Path
    sha256: str
    kind: str
    bio: bool
    examples: tuple[Example, ...]
    notes: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """Every label that occurs: O first, then sorted."""
        return tuple(
            sorted({label for row in self.examples for label in row.labels}, key=lambda tag: (tag != "O", tag))
        )


def read(path: Path, task: str | None = None, many_columns: bool = False) -> Data:
    """Reads a labelled file.

    Args:
        path: the file; its ending says whether it is CoNLL or JSONL.
        task: "token" or "sequence"; None takes what the file holds.
        many_columns: as in `read_conll`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it cannot be read as what its ending says, holds nothing, or holds labels for the other task; the
            message names file and line.
    """
    if path.suffix.lower() not in (*CONLL_ENDINGS, ".jsonl"):
        raise ValueError(
            f"{path}: the ending {path.suffix!r} is unknown; labelled files are {', '.join(CONLL_ENDINGS)} "
            "(TOKEN<TAB>TAG lines) or .jsonl"
        )
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such file")
    if path.suffix.lower() == ".jsonl":
        kind, examples = read_jsonl(path, plain_text(path))
    else:
        kind, examples = "token", _conll(path, many_columns)
    if not examples:
        raise ValueError(f"{path}: the file holds no sentences")
    if task not in (None, kind):
        held = "words with tags" if kind == "token" else 'texts with one label each ({"text", "label"})'
        raise ValueError(f"{path}: the file holds {held}, which is --task {kind}, not {task}")
    bio = kind == "token" and any(tag[:2] in ("B-", "I-") for row in examples for tag in row.labels)
    notes: tuple[str, ...] = ()
    if bio:
        examples, notes = _valid_bio(examples)
    return Data(path, hashlib.sha256(path.read_bytes()).hexdigest(), kind, bio, tuple(examples), notes)


def _conll(path: Path, many_columns: bool) -> list[Example]:
    examples = []
    for sentence in read_conll(path, many_columns):
        text, spans = spaced(sentence.words)
        places = tuple(f"{path}:{line}" for line in sentence.lines)
        example = Example(text, tuple(spans), tuple(sentence.tags), places[0], places)
        example.check()
        examples.append(example)
    return examples


def _valid_bio(examples: list[Example]) -> tuple[list[Example], tuple[str, ...]]:
    """The examples with valid BIO tags, and a note if any had to be mended."""
    valid, mended = [], []
    for row in examples:
        for at, tag in enumerate(row.labels):
            if tag != "O" and (tag[:2] not in ("B-", "I-") or len(tag) == 2):
                raise ValueError(
                    f"{row.place(at)}: the tag {tag!r} of the word {row.word(at)!r} is not O, B-TYPE or I-TYPE "
                    "as the others in this file are"
                )
        tags = tuple(repaired(list(row.labels)))
        mended += [row.place(at) for at, tag in enumerate(tags) if tag != row.labels[at]]
        valid.append(replace(row, labels=tags))
    if not mended:
        return valid, ()
    return valid, (f"{mended[0]}: an I- tag that continues nothing was read as B- ({len(mended)} in this file)",)
