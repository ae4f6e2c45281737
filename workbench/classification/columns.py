"""Columns of CoNLL files: which hold the words and their tags, by number or by name, and how a line is divided.

Without a choice a file has two columns with one tab between them. With one (`Columns`) lines are divided at tabs, where
the lines of a sentence have any, else at blanks.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

CONLL_U = ("ID", "FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", "MISC")
_NUMBER = re.compile(r"[+-]?\d{1,6}")
# Ranges (1-2) and empty nodes (1.1) of CoNLL-U: their parts, which carry the tags, have lines of their own.
_NO_WORD = re.compile(r"\d+[-.]\d+")
_GLOBAL = re.compile(r"#\s*global\.columns\s*=\s*")


@dataclass(frozen=True)
class Columns:
    """The columns of the words and of their tags: numbers from 1, from the end -1, or names of a header line.

    Raises:
        ValueError: column 0, or one column for both.
    """

    token: str = "1"
    tag: str = "-1"

    def __post_init__(self) -> None:
        """Check what can be checked without the file."""
        for flag, given in (("--token-column", self.token), ("--tag-column", self.tag)):
            if not given.strip() or (_NUMBER.fullmatch(given) and int(given) == 0):
                raise ValueError(
                    f"{flag} {given!r} is no column: numbers count from 1, from the end -1; or give a name"
                )
        if self.token == self.tag:
            raise ValueError(f"words and tags cannot both be column {self.token}; choose two columns")

    @classmethod
    def of(cls, token: str | None, tag: str | None, many: bool) -> "Columns | None":
        """What the flags choose; None where they choose nothing, so a file has two columns."""
        if token is None and tag is None and not many:
            return None
        return cls(token or cls.token, tag or cls.tag)

    def named(self) -> list[str]:
        """The columns that are given by name."""
        return [given for given in (self.token, self.tag) if not _NUMBER.fullmatch(given)]

    def numbered(self, header: Sequence[str]) -> "Columns":
        """The same columns with the numbers that names have in a header."""
        token, tag = (
            given if _NUMBER.fullmatch(given) else str(header.index(given) + 1) for given in (self.token, self.tag)
        )
        return Columns(token, tag)

    def places(self, width: int, where: str) -> tuple[int, int]:
        """Indices of the two columns, from 0, in a line of so many columns.

        Raises:
            ValueError: there are fewer columns, or both are one.
        """
        found = []
        for flag, given in (("--token-column", self.token), ("--tag-column", self.tag)):
            number = int(given)
            at = number - 1 if number > 0 else width + number
            if not 0 <= at < width:
                raise ValueError(f"{where}: there is no column {given} among {width}; {flag} takes 1..{width}")
            found.append(at)
        if found[0] == found[1]:
            raise ValueError(f"{where}: {width} columns, so word and tag would both be column {found[0] + 1}")
        return found[0], found[1]


def divided(line: str, tabs: bool) -> list[str]:
    """The columns of a line; at blanks no other white space divides, which words may hold."""
    return line.rstrip().split("\t") if tabs else re.split(r"[ \t]+", line.strip())


def replaced(line: str, at: int, cell: str) -> str:
    """A line with another text in one of its columns, and all else as it is."""
    if "\t" in line.rstrip():
        cells = line.split("\t")
        cells[at] = cell
        return "\t".join(cells)
    found = list(re.finditer(r"[^ \t]+", line))[at]
    return line[: found.start()] + cell + line[found.end() :]


def header_of(lines: Sequence[str], columns: Columns) -> tuple[list[str], int]:
    """The names of a file's columns, and the number of the line that says them; line 0 for those of CoNLL-U.

    Raises:
        ValueError: no line names them.
    """
    shown = [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    plain = next((at for at, (_, line) in enumerate(shown) if not line.startswith("#")), len(shown))
    width = max((len(divided(line, "\t" in line)) for _, line in shown[plain : plain + 2]), default=0)
    for number, line in shown[: plain + 1]:
        cells = divided(_GLOBAL.sub("", line), "\t" in line.strip())
        cells = cells[1:] if cells[0] == "#" and len(cells) > width else [cells[0].removeprefix("#"), *cells[1:]]
        if all(name in cells for name in columns.named()):
            return cells, number
    if set(columns.named()) <= set(CONLL_U) and width == len(CONLL_U):
        return list(CONLL_U), 0
    names = " and ".join(map(repr, columns.named()))
    raise ValueError(f"no line at its beginning names the column {names}; give numbers, from 1 (the last is -1)")


def is_no_word(cells: Sequence[str], token_at: int) -> bool:
    """Whether a line is a range or an empty node of CoNLL-U."""
    return (token_at > 0 or len(cells) == len(CONLL_U)) and _NO_WORD.fullmatch(cells[0]) is not None


def advice(line: str) -> str:
    """The flags that read a line like this one, whose columns are more than two."""
    tabs = "\t" in line.rstrip()
    cells = divided(line, tabs)
    if tabs and len(cells) == len(CONLL_U) and re.match(r"\d", cells[0]):
        return "as in CoNLL-U, say --token-column 2 --tag-column 4"
    if len(cells) > 11 and cells[2].isdecimal():
        return "as in CoNLL-2012, say --token-column 4 --tag-column 11"
    if cells[0].isdecimal():
        outer = len(cells) == 4 and all(re.fullmatch(r"O|[BI]-.+", cell) for cell in cells[2:])
        return f"the first counts; say --token-column 2 --tag-column {3 if outer else -1}"
    return "to take the first and the last of them, as in CoNLL-2003, say --many-columns"
