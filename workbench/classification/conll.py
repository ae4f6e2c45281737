"""CoNLL files: TOKEN<TAB>TAG lines, an empty line between sentences, `# key: value` comments before one.

A line that starts with `# ` and holds no tab is a comment, so the token # (`#<TAB>O`) is none.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from workbench.atomic import make_folder, write
from workbench.classification.plain import plain_text


@dataclass(frozen=True)
class Sentence:
    """Words, their tags, and the comments that stand before them.

    Attributes:
        words: the words.
        tags: one tag per word.
        notes: the comments, `domain` and `source` in the gold set.
        lines: the line of each word in its file, from 1; empty for a sentence that comes from none.
    """

    words: list[str]
    tags: list[str]
    notes: dict[str, str] = field(default_factory=dict)
    lines: list[int] = field(default_factory=list, compare=False)


def read_conll(path: Path, many_columns: bool = False) -> list[Sentence]:
    """Returns the sentences of a file.

    Args:
        path: UTF-8 text.
        many_columns: columns are separated by any white space, the first is the token and the last the tag, and
            -DOCSTART- lines are skipped, as in CoNLL-2003.

    Raises:
        OSError: there is no such file.
        ValueError: it is no UTF-8 text, or a line is neither a comment nor TOKEN<TAB>TAG; the message gives its number.
    """
    sentences, words, tags, notes, numbers = [], [], [], {}, []
    for number, line in enumerate([*plain_text(path).split("\n"), ""], start=1):
        if not line.strip():
            if words:
                sentences.append(Sentence(words, tags, notes, numbers))
            words, tags, notes, numbers = [], [], {}, []
        elif _is_comment(line):
            key, _, value = line[1:].strip().partition(": ")
            notes[key] = value
        elif not (many_columns and line.startswith("-DOCSTART-")):
            columns = line.split() if many_columns else line.rstrip().split("\t")
            if len(columns) < 2 or not columns[0].strip() or (len(columns) > 2 and not many_columns):
                raise ValueError(f"{path}:{number}: expected TOKEN<TAB>TAG, got {line!r}{_hint(line)}")
            words.append(columns[0])
            tags.append(columns[-1])
            numbers.append(number)
    return sentences


def write_conll(path: Path, sentences: Iterable[Sentence]) -> None:
    """Writes sentences so that `read_conll` gives them back."""
    make_folder(path.parent)
    write(path, conll_text(sentences))


def conll_text(sentences: Iterable[Sentence]) -> str:
    """Sentences as the text of a CoNLL file.

    Raises:
        ValueError: a word or tag is empty or holds what separates them (a tab, a line break).
    """
    blocks = []
    for sentence in sentences:
        for word, tag in zip(sentence.words, sentence.tags, strict=True):
            if not word.strip() or "\t" in word or "\n" in word or tag.split() != [tag]:
                raise ValueError(f"{word!r} with tag {tag!r} cannot be a line TOKEN<TAB>TAG of a CoNLL file")
        notes = [f"# {key}: {value}" if value else f"# {key}" for key, value in sentence.notes.items()]
        rows = [f"{w}\t{t}" for w, t in zip(sentence.words, sentence.tags, strict=True)]
        blocks.append("\n".join([note.replace("\n", " ") for note in notes] + rows) + "\n")
    return "\n".join(blocks)


def retagged(text: str, sentences: Sequence[Sentence], tags: Sequence[Sequence[str]]) -> str:
    """The text of a CoNLL file with other tags; all else, comments and spacing included, stays as it is.

    Args:
        text: the file's characters.
        sentences: what `read_conll` found in it.
        tags: the new tags of each sentence.
    """
    lines = text.split("\n")
    for sentence, new in zip(sentences, tags, strict=True):
        for number, before, after in zip(sentence.lines, sentence.tags, new, strict=True):
            lines[number - 1] = lines[number - 1].rstrip().removesuffix(before) + after
    return "\n".join(lines)


def _is_comment(line: str) -> bool:
    return "\t" not in line and (line.startswith("# ") or line.rstrip() == "#")


def _hint(line: str) -> str:
    """What is probably meant by a line that cannot be read."""
    columns = len(line.split())
    if line.startswith("\t"):
        return ": the token is missing"
    if line.startswith("#") and "\t" not in line:
        return ": a comment starts with '# ', the token # is followed by a tab"
    if columns > 2:
        return f": {columns} columns; to take the first and the last of them, as in CoNLL-2003, say --many-columns"
    return ": the tag is missing" if columns == 1 else ": put one tab between token and tag"
