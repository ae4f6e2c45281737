"""CoNLL files: TOKEN<TAB>TAG lines, an empty line between sentences, `# key: value` comments before one."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Sentence:
    """Words, their BIO tags, and the comments that stand before them.

    Attributes:
        words: the words.
        tags: one tag per word.
        notes: the comments, `domain` and `source` in the gold set.
    """

    words: list[str]
    tags: list[str]
    notes: dict[str, str] = field(default_factory=dict)


def read_conll(path: Path) -> list[Sentence]:
    """Returns the sentences of a file.

    Raises:
        ValueError: a line is neither a comment nor TOKEN<TAB>TAG; the message gives its number.
    """
    sentences, words, tags, notes = [], [], [], {}
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate([*lines, ""], start=1):
        if not line.strip():
            if words:
                sentences.append(Sentence(words, tags, notes))
            words, tags, notes = [], [], {}
        elif line.startswith("# ") and "\t" not in line:
            key, _, value = line[2:].partition(": ")
            notes[key] = value
        else:
            word, tab, tag = line.partition("\t")
            if not (word and tab and tag):
                raise ValueError(f"{path}:{number}: expected TOKEN<TAB>TAG, got {line!r}")
            words.append(word)
            tags.append(tag)
    return sentences


def write_conll(path: Path, sentences: Iterable[Sentence]) -> None:
    """Writes sentences so that `read_conll` gives them back."""
    blocks = []
    for sentence in sentences:
        notes = [f"# {key}: {value}" for key, value in sentence.notes.items()]
        rows = [f"{w}\t{t}" for w, t in zip(sentence.words, sentence.tags, strict=True)]
        blocks.append("\n".join(notes + rows) + "\n")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(blocks), encoding="utf-8")
