"""Turns the raw text of each source into clean documents: pure functions on strings.

A document is a list of paragraphs joined by an empty line, without line wrapping, headings of
transcribers or stage directions.
"""

import re
from collections.abc import Iterable

_CORRECTION = re.compile(r"\[([^\];]*); White House correction\]")
_NOTE = re.compile(r"—?\s*\[[^\]]*\]")
_AUDIENCE = re.compile(r"^(Audience members?|Representatives?|Members?)\b[^.]{0,40}\. ")
_PRESIDENT = re.compile(r"^The President\. ")
_CHAPTER = re.compile(r"^(?:CHAPTER|Chapter) +(?:\d+|[IVXLC]+)\b", re.MULTILINE)
_HEADING = re.compile(
    r"^(?:VOLUME [IVX]+|\(End of volume \w+\.\)|FINIS|Finis|THE END|\*[ *]*|Epilogue|ADVERTISEMENT.*)$"
)


def is_prose(paragraph: str) -> bool:
    """True unless the paragraph is (part of) a table: rows of dots, rules, or mostly figures."""
    if not paragraph or "...." in paragraph or "__" in paragraph or "|" in paragraph:
        return False
    letters = sum(character.isalpha() or character == " " for character in paragraph)
    return letters / len(paragraph) > 0.8


def typography(text: str) -> str:
    """One spelling for dashes, emphasis and spaces: `--` to an em dash, no `_`, single spaces."""
    text = re.sub(r" ?-{2,} ?", "—", text).replace("_", "")
    return re.sub(r"[ \t]+", " ", text).strip()


def address(raw: str) -> str:
    """Cleans one presidential address: no stage directions, calls from the audience or tables."""
    paragraphs = []
    for line in raw.splitlines():
        if _AUDIENCE.match(line):
            continue
        text = _NOTE.sub("", _CORRECTION.sub(r"\1", _PRESIDENT.sub("", line)))
        text = typography(re.sub(r"\s+([.,;])", r"\1", text))
        if is_prose(text):
            paragraphs.append(text)
    return "\n\n".join(paragraphs)


def unwrap(raw: str) -> str:
    """Joins the wrapped lines of each paragraph; drops lone headings such as VOLUME I or FINIS."""
    paragraphs = [
        typography(" ".join(line.strip() for line in block.splitlines()))
        for block in re.split(r"\n\s*\n", raw.replace("\r\n", "\n"))
    ]
    return "\n\n".join(text for text in paragraphs if text and not _HEADING.match(text))


def chapters(raw: str) -> list[str]:
    """Cuts a novel at its chapter headings and returns the clean text of each chapter.

    What stands before the first heading (title page, contents) is dropped, and so are the
    headings themselves.
    """
    raw = raw.replace("\r\n", "\n")
    starts = [found.start() for found in _CHAPTER.finditer(raw)]
    bodies = []
    for start, end in zip(starts, [*starts[1:], len(raw)], strict=True):
        heading, _, body = raw[start:end].partition("\n\n")
        text = unwrap(body)
        if text:
            bodies.append(text)
    return bodies


def without_gutenberg(raw: str) -> str:
    """Returns what stands between the START and END marks of a Project Gutenberg file.

    Raises:
        ValueError: a mark is missing.
    """
    found = re.search(r"\*\*\* START OF[^\n]*\n(.*?)(?:End of Project Gutenberg|\*\*\* END OF)", raw, re.DOTALL)
    if not found:
        raise ValueError("no Project Gutenberg START and END marks in the text")
    return found.group(1)


def gloss(line: str) -> str | None:
    """Turns one line of a WordNet data file into a dictionary entry, e.g. `pond: a small lake`.

    Returns:
        The entry, or None for a line of the licence head.
    """
    if line.startswith(" ") or " | " not in line:
        return None
    fields, definition = line.split(" | ", 1)
    words = fields.split(" ")
    count = int(words[3], 16)
    lemmas = [re.sub(r"\(\w+\)$", "", words[4 + 2 * i]).replace("_", " ") for i in range(count)]
    return f"{', '.join(lemmas[:3])}: {typography(definition)}"


def dictionary(lines: Iterable[str], entries: int = 40) -> list[str]:
    """Groups WordNet lines, in file order (related senses together), into documents.

    Args:
        lines: lines of one WordNet data file.
        entries: how many entries a document holds, one per line.
    """
    glosses = [text for line in lines if (text := gloss(line))]
    return ["\n".join(glosses[i : i + entries]) for i in range(0, len(glosses), entries)]
