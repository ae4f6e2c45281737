"""Labelled files for fine-tuning: CoNLL and JSONL become examples; every refusal is one sentence with file and line.

- CoNLL (.conll, .tsv, .txt): TOKEN<TAB>TAG lines, an empty line between sentences, `# key: value` comments.
- JSONL (.jsonl), one object per line: {"tokens": [...], "tags": [...]}, or {"text", "entities": [{"start", "end",
  "label"}, ...]} with character offsets, or {"text", "label"} for whole texts.

Tags of a scheme (`workbench.classification.schemes`) are learned as BIO, with a note where they were another one, and
every prediction is read by the same rule; otherwise the tags are plain classes (parts of speech, say).
"""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from gemma2_workbench.classification.columns import Columns
from gemma2_workbench.classification.conll import conll_file
from gemma2_workbench.classification.files import CONLL_ENDINGS as WORDS_ENDINGS
from gemma2_workbench.classification.finetune.example import Example
from gemma2_workbench.classification.finetune.jsonl import read_jsonl
from gemma2_workbench.classification.schemes import read_as_bio
from gemma2_workbench.classification.text_file import plain_text
from gemma2_workbench.classification.words import spaced

CONLL_ENDINGS = (*WORDS_ENDINGS, ".txt")


@dataclass(frozen=True)
class Data:
    """A labelled file.

    Attributes:
        path: where it lies.
        sha256: of its bytes.
        kind: "token" or "sequence".
        bio: whether its tags are BIO tags (by now).
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


def read(path: Path, task: str | None = None, columns: Columns | None = None) -> Data:
    """Reads a labelled file.

    Args:
        path: the file; its ending says whether it is CoNLL or JSONL.
        task: "token" or "sequence"; None takes what the file holds.
        columns: as in `conll_file`.

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
        (kind, examples), notes = read_jsonl(path, plain_text(path)), ()
    else:
        kind, (examples, notes) = "token", _conll(path, columns)
    if not examples:
        raise ValueError(f"{path}: the file holds no sentences")
    if task not in (None, kind):
        held = "words with tags" if kind == "token" else 'texts with one label each ({"text", "label"})'
        raise ValueError(f"{path}: the file holds {held}, which is --task {kind}, not {task}")
    tags = None
    if kind == "token":
        tags, more = read_as_bio([row.labels for row in examples], str(path), lambda row, at: examples[row].place(at))
        notes = (*notes, *more)
    if tags is not None:
        examples = [replace(row, labels=tuple(new)) for row, new in zip(examples, tags, strict=True)]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Data(path, digest, kind, tags is not None, tuple(examples), notes)


def _conll(path: Path, columns: Columns | None) -> tuple[list[Example], tuple[str, ...]]:
    examples, found = [], conll_file(path, columns)
    for sentence in found.sentences:
        text, spans = spaced(sentence.words)
        places = tuple(f"{path}:{line}" for line in sentence.lines)
        example = Example(text, tuple(spans), tuple(sentence.tags), places[0], places)
        example.check()
        examples.append(example)
    return examples, found.remarks
