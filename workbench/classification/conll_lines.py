"""The lines of a CoNLL file as sentences: words, tags, comments, and the line each word comes from."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gemma2_workbench.classification.columns import Columns, advice, divided, is_no_word


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


Line = tuple[int, str]
# A tag is a name; what is longer is text in the wrong column.
LONGEST_TAG = 200


def blocks(lines: Sequence[str], header: int) -> Iterator[list[Line]]:
    """The lines of each sentence with their numbers, without those that mark a document or name the columns."""
    block: list[Line] = []
    for number, line in enumerate([*lines, ""], start=1):
        if not line.strip():
            if block:
                yield block
            block = []
        elif number != header and (block or not re.match(r"-DOCSTART-(\s|$)", line)):
            block.append((number, line))


def two_columns(path: Path, block: Sequence[Line]) -> tuple[Sentence, int]:
    """A sentence of lines TOKEN<TAB>TAG."""
    sentence = Sentence([], [])
    for number, line in block:
        if _is_comment(line):
            _note(sentence, line)
            continue
        cells = line.rstrip().split("\t")
        if len(cells) != 2 or not cells[0].strip() or cells[1].split() != [cells[1]]:
            if cells[0] == "#" and not sentence.words:  # a header such as `#<TAB>source [date]`
                continue
            raise ValueError(f"{path}:{number}: expected TOKEN<TAB>TAG, got {_short(line)}{_hint(line)}")
        _add(sentence, path, number, *cells)
    return sentence, 1


def chosen_columns(path: Path, block: Sequence[Line], columns: Columns) -> tuple[Sentence, int]:
    """A sentence of lines with other columns."""
    plain = [line for _, line in block if not line.startswith("#")]
    tabs = any("\t" in line.rstrip() for line in plain)
    width = Counter(len(divided(line, tabs)) for line in plain).most_common(1)[0][0] if plain else 0
    sentence, firsts, tag_at = Sentence([], []), [], 0
    for number, line in block:
        cells, where = divided(line, tabs), f"{path}:{number}"
        if len(cells) != width and line.startswith("#") and not sentence.words:
            _note(sentence, line)
            continue
        if len(cells) != width:
            raise ValueError(f"{where}: {len(cells)} columns, the other lines of its sentence have {width}")
        token_at, tag_at = columns.places(width, where)
        if is_no_word(cells, token_at) or (cells[0] == "#" and token_at):
            continue
        firsts += [cells[0]] if token_at else []
        word, tag = cells[token_at], cells[tag_at]
        if not word.strip() or tag.split() != [tag]:
            missing = "word" if not word.strip() else "tag"
            raise ValueError(f"{where}: the {missing} is missing or holds spaces, got {_short(line)}")
        _add(sentence, path, number, word, tag)
    _check_count(path, firsts, sentence.lines)
    return sentence, tag_at


def _check_count(path: Path, firsts: Sequence[str], lines: Sequence[int]) -> None:
    """Raises ValueError where the first column counts the words and one does not follow: a sentence without its end."""
    if not all(cell.isdecimal() and len(cell) < 10 for cell in firsts[:2]):
        return
    counts = len(firsts) > 1 and int(firsts[1]) == int(firsts[0]) + 1
    for at, cell in enumerate(firsts):
        if counts and cell != str(int(firsts[0]) + at):
            raise ValueError(
                f"{path}:{lines[at]}: word {cell[:20]!r} follows word {firsts[at - 1]}; the first column counts the "
                "words, and an empty line ends a sentence"
            )


def _add(sentence: Sentence, path: Path, number: int, word: str, tag: str) -> None:
    if len(tag) > LONGEST_TAG:
        raise ValueError(
            f"{path}:{number}: the tag {_short(tag)} has {len(tag)} characters, at most {LONGEST_TAG} are allowed"
        )
    sentence.words.append(word)
    sentence.tags.append(tag)
    sentence.lines.append(number)


def _note(sentence: Sentence, line: str) -> None:
    key, _, value = line[1:].strip().partition(": ")
    sentence.notes[key] = value


def _is_comment(line: str) -> bool:
    # The lines around a document are those of CoNLL-2012.
    return "\t" not in line and re.match(r"#(\s|$|begin document|end document)", line) is not None


def _short(line: str) -> str:
    return repr(line if len(line) <= 80 else line[:79] + "…")


def _hint(line: str) -> str:
    """What is probably meant by a line that cannot be read."""
    columns = len(line.split())
    if line.startswith("\t"):
        return ": the token is missing"
    if line.startswith("#") and "\t" not in line:
        return ": a comment starts with '# ', the token # is followed by a tab"
    if columns > 2:
        return f": {columns} columns; {advice(line)}"
    return ": the tag is missing" if columns == 1 else ": put one tab between token and tag"
