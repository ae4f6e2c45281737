"""What the command line was given to label: a text, a text file, a CoNLL file or standard input."""

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gemma2_workbench import atomic
from gemma2_workbench.classification.columns import Columns
from gemma2_workbench.classification.conll import Sentence, conll_file
from gemma2_workbench.classification.text_file import decoded, plain_text

STANDARD_INPUT = "-"
# A single word with one of these endings, or with a folder in front, is meant as a file even where there is none.
_FILE_NAME = re.compile(
    r"(?:(?:~|\.{1,2})?/\S*|\S+\.(?:txt|text|md|log|conll|conllu|bio|bioes|iob|iob2|tsv|csv|json|jsonl|html?|xml|pdf|docx?))"
)
# Files of words; with columns chosen, every file is one.
CONLL_ENDINGS = (".conll", ".conllu", ".bio", ".bioes", ".iob", ".iob2", ".tsv")
_STRUCTURED = {".json", ".jsonl", ".pdf", ".docx", ".doc", ".html", ".htm", ".xml", ".parquet"}


@dataclass(frozen=True)
class Source:
    """One thing to label.

    Attributes:
        name: the file, "stdin", or "text" (numbered where there are several).
        text: its characters; of a CoNLL file none.
        sentences: the words of a CoNLL file, None for text.
        remarks: what was put right while reading, in sentences.
    """

    name: str
    text: str
    sentences: tuple[Sentence, ...] | None = None
    remarks: tuple[str, ...] = ()


def sources(arguments: Sequence[str], columns: Columns | None = None) -> Iterator[Source]:
    """Each argument as what it names: an existing file, standard input (`-`), or else the text that it is.

    A file with one of `CONLL_ENDINGS` is read by its words, any other as plain UTF-8 text.

    Args:
        arguments: what was typed.
        columns: where the words and tags of files are, see `conll_file`; every file is then read by its words.

    Raises:
        OSError: an argument looks like the name of a file that does not exist, or is a folder.
        ValueError: a file is empty, is no UTF-8 text, has a format whose text has to be taken out first, or is a CoNLL
            file with a bad line.
    """
    texts = 0
    for argument in arguments:
        if argument == STANDARD_INPUT:
            yield _filled(Source("stdin", decoded(sys.stdin.buffer.read(), "standard input")))
        elif _names_a_file(argument):
            yield _filled(_file(Path(argument).expanduser(), columns))
        else:
            texts += 1
            yield _filled(Source("text" if len(arguments) == 1 else f"text {texts}", argument))


def _names_a_file(argument: str) -> bool:
    if _FILE_NAME.fullmatch(argument):
        return True
    try:
        return bool(argument) and Path(argument).exists()
    except (OSError, ValueError):  # a text too long for a name, or with characters that no name has
        return False


def _file(path: Path, columns: Columns | None) -> Source:
    if not path.exists():
        raise FileNotFoundError(
            f"there is no file {path}; look at its name (to label these characters as a text, send them to '-')"
        )
    if path.suffix.lower() in _STRUCTURED:
        raise ValueError(
            f"{path}: {path.suffix} files are not read; give plain text (UTF-8) or .conll, or send the text to '-'"
        )
    if columns or path.suffix.lower() in CONLL_ENDINGS:
        found = conll_file(path, columns)
        return Source(str(path), "", tuple(found.sentences), found.remarks)
    return Source(str(path), plain_text(path))


def _filled(source: Source) -> Source:
    """The source, if there is anything to label in it."""
    if not source.sentences and not source.text.strip():
        raise ValueError(f"{source.name} holds no words; give at least one")
    return source


def checked_target(path: Path, inputs: Sequence[str | Path]) -> Path:
    """The file that is to be written, checked before the work is done.

    Raises:
        OSError: as `workbench.atomic.checked_target`.
        ValueError: it is one of the inputs.
    """
    atomic.checked_target(path)
    if path.exists() and any(_names_a_file(str(name)) and path.samefile(name) for name in inputs):
        raise ValueError(f"{path} is read and would be overwritten; write to another file")
    return path
