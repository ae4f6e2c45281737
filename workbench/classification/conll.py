"""CoNLL files: TOKEN<TAB>TAG lines, an empty line between sentences, `# key: value` comments before one.

A line that starts with `# ` and holds no tab is a comment, so the token # (`#<TAB>O`) is none. Files of other columns
are read where they are said (`workbench.classification.columns`); the lines -DOCSTART- of CoNLL-2003 are skipped.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gemma2_workbench.atomic import make_folder, write
from gemma2_workbench.classification.columns import Columns, advice, header_of, replaced
from gemma2_workbench.classification.conll_lines import Sentence, blocks, chosen_columns, two_columns
from gemma2_workbench.classification.text_file import plain_text

_LANGUAGE = re.compile(r"([a-z]{2,3}(?:-[a-z]+)*):.")
_SPACES = re.compile(r"Spaces?(?:After|Before)=")
# So few words may all be alike by chance.
FEW = 5


@dataclass(frozen=True)
class ConllFile:
    """A file that was read.

    Attributes:
        text: its characters.
        sentences: its sentences.
        tag_at: index of the column of the tags, for each sentence.
        remarks: what was put right while reading, in sentences.
    """

    text: str
    sentences: list[Sentence]
    tag_at: list[int]
    remarks: tuple[str, ...] = ()

    def retagged(self, tags: Sequence[Sequence[str]]) -> str:
        """The text with other tags; all else, comments and spacing included, stays as it is."""
        lines = self.text.split("\n")
        for sentence, at, new in zip(self.sentences, self.tag_at, tags, strict=True):
            for number, tag in zip(sentence.lines, new, strict=True):
                line = lines[number - 1]
                end = len(line.rstrip())
                lines[number - 1] = replaced(line[:end], at, tag)
        return "\n".join(lines)


def read_conll(path: Path, columns: Columns | None = None) -> list[Sentence]:
    """The sentences of a file, see `conll_file`."""
    return conll_file(path, columns).sentences


def conll_file(path: Path, columns: Columns | None = None) -> ConllFile:
    """Reads a file.

    Args:
        path: UTF-8 text.
        columns: where words and tags are; None for lines TOKEN<TAB>TAG.

    Raises:
        OSError: there is no such file.
        ValueError: it is no UTF-8 text, a line cannot be read, or the columns hold no words or tags; the message gives
            the line.
    """
    return conll_of(plain_text(path), path, columns)


def conll_of(text: str, path: Path, columns: Columns | None = None) -> ConllFile:
    """Reads the text of a file; `path` is what to call it in messages.

    Raises:
        ValueError: as `conll_file`.
    """
    lines, header = text.split("\n"), 0
    if columns and columns.named():
        try:
            names, header = header_of(lines, columns)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None
        columns = columns.numbered(names)
    sentences, tag_at = [], []
    for block in blocks(lines, header):
        sentence, at = two_columns(path, block) if columns is None else chosen_columns(path, block, columns)
        if sentence.words:
            sentences.append(sentence)
            tag_at.append(at)
    _check_words(path, sentences, columns, lines)
    sentences, remarks = _without_language(sentences, path)
    return ConllFile(text, sentences, tag_at, remarks)


def _check_words(path: Path, sentences: Sequence[Sentence], columns: Columns | None, lines: Sequence[str]) -> None:
    """Raises ValueError where the columns are not those of words and tags."""
    if not sentences:
        return
    number = sentences[0].lines[0]
    where, hint = f"{path}:{number}", advice(lines[number - 1])
    words, tags = ([item for row in sentences for item in getattr(row, name)] for name in ("words", "tags"))
    longest = max(len(row.words) for row in sentences)
    counts = _count(words) or all(_count(row.words) for row in sentences)  # through the file, or in each sentence
    if counts and (longest > 1 or columns):
        raise ValueError(f"{where}: the column of the words merely counts ({sentences[0].words[0]}, ...); {hint}")
    if columns and len(words) >= FEW and len(set(words)) == 1:
        raise ValueError(f"{where}: the column of the words says {words[0][:40]!r} in every line; {hint}")
    if any(map(_SPACES.search, tags)) or (len(tags) > 1 and set(tags) == {"_"}):
        raise ValueError(f"{where}: the column of the tags holds {tags[0][:40]!r}, no tags; {hint}")


def _count(words: Sequence[str]) -> bool:
    """Whether words are the whole numbers from 0 or 1 on."""
    return any(list(map(str, range(start, start + len(words)))) == list(words) for start in (0, 1))


def _without_language(sentences: list[Sentence], path: Path) -> tuple[list[Sentence], tuple[str, ...]]:
    """The sentences without the language that WikiANN writes before each word (`en:Anna`), and a remark."""
    found = [_LANGUAGE.match(word) for sentence in sentences for word in sentence.words]
    codes = {match[1] if match else "" for match in found}
    if len(found) < 2 or len(codes) != 1 or codes == {""}:
        return sentences, ()
    prefix = f"{codes.pop()}:"
    bare = [replace(row, words=[word.removeprefix(prefix) for word in row.words]) for row in sentences]
    return bare, (f"every word of {path} begins with {prefix!r}, as in WikiANN; it was taken off",)


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
