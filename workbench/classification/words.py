"""Words and sentences: where they start and end in a text, and how words become a text again.

Words are cut as in the Penn Treebank (clitics such as 's and n't stand alone, so does punctuation;
abbreviations keep their full stop), except that hyphenated words stay whole. Accents, vowel signs and the parts of an
emoji stay with what they belong to; a script written without spaces (Chinese, Thai) gives one word per unbroken run.
"""

import regex

Span = tuple[int, int]

_ABBREVIATIONS = (
    "Mr|Mrs|Ms|Messrs|Dr|Prof|Rev|Hon|St|Gen|Col|Capt|Lt|Maj|Sgt|Gov|Sen|Rep|Jr|Sr|Inc|Co|Corp|Ltd|Bros|"
    "Jan|Feb|Aug|Sept|Oct|Nov|Dec|vs|etc"
)
_WORD = regex.compile(
    r"""
    (?:[A-Za-z]\.){2,}(?:-\w+)*                                # U.S.  a.m.  U.S.-led
  | (?:ABBREVIATION)\.                                              # Mr.
  | No\.(?=\s+\d)                                             # No. 10
  | [A-Z]\.(?=\s+[A-Z])                                        # the J. of "J. Doe"
  | \d+(?:[.,:/]\d+)*(?:-?[LETTER--\d]+)*(?:-\w+)*                 # 1,000  10:30  1990s  19th-century
  | [LETTER]+(?:[-'’.&][LETTER]+)*                                 # Spanish-American  O'Brien  AT&T
  | \.{2,} | -{2,} | ['’](?:s|S|re|ve|ll|d|m|t)\b              # ...  --  's
  | \p{Regional_Indicator}{2}                                  # a flag
  | CHARACTER(?:\N{ZERO WIDTH JOINER}CHARACTER)*               # any other; a family of emoji
    """.replace("ABBREVIATION", _ABBREVIATIONS)
    .replace("LETTER", r"[\w\p{N}--_]")  # ½ is a number, but no \w
    .replace("CHARACTER", r"[^\s\x1c-\x1f][\p{M}\p{Emoji_Modifier}]*"),
    regex.VERBOSE | regex.V1,  # V1: sets can be subtracted
)
_CLITIC = regex.compile(r"(?i)(?<=\w)(?:n['’]t|['’](?:s|re|ve|ll|d|m))$")
_STOP = regex.compile(
    r"""
    (?<![.!?…؟।])[.!?…؟।]++["'”’)\]]*+(?=\s++["'“‘(\[]*+[\p{Lu}\p{Lt}\p{Lo}0-9])
  | [。！？]+["'”’」』）]*
  | [\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+                       # all that str.splitlines takes for the end of a line
    """,
    regex.VERBOSE,
)
# Backwards, (?r): forwards, a long run of abbreviations would be read again for each of them.
_NO_STOP = regex.compile(rf"(?r)(?:\b(?:{_ABBREVIATIONS}|\p{{Lu}})|\b(?:[A-Za-z]\.)+[A-Za-z])\.\Z")
_CLOSING = set(".,;:?!)]}%”’…") | {"...", "—", "--", "/"}
_OPENING = set("([{$£€#“‘—/") | {"--"}


def listed(text: str) -> list[str]:
    """The words of a list written as plain text, separated by white space."""
    return text.split()


def word_spans(text: str) -> list[Span]:
    """Character offsets (start, end) of the words of `text`, in order; white space belongs to none."""
    spans = []
    for found in _WORD.finditer(text):
        start, end = found.span()
        clitic = _CLITIC.search(text[start:end])
        if clitic and clitic.start():
            spans += [(start, start + clitic.start()), (start + clitic.start(), end)]
        else:
            spans.append((start, end))
    return spans


def sentence_spans(text: str) -> list[Span]:
    """Character offsets of the sentences of `text`, without the white space around them.

    A sentence ends at a line break, or at . ! ? with closing quotes before a capital, digit or quote (or a letter that
    knows no capitals), unless the full stop belongs to an abbreviation or an initial.
    """
    spans, start = [], 0
    for found in _STOP.finditer(text):
        if _NO_STOP.search(text, start, found.end()):
            continue
        spans.append((start, found.end()))
        start = found.end()
    spans.append((start, len(text)))
    trimmed = []
    for start, end in spans:
        piece = text[start:end]
        if piece.strip():
            lead = len(piece) - len(piece.lstrip())
            trimmed.append((start + lead, start + len(piece.rstrip())))
    return trimmed


def spaced(words: list[str]) -> tuple[str, list[Span]]:
    """Joins words with the spaces that English puts between them: `word_spans` backwards, but for odd spacing.

    A file of words has lost its spaces. Training and evaluation both write them with this function, so the model
    always sees the same kind of text. Straight quotes open and close in turn; one that ends the sentence closes.

    Returns:
        The text and the character offsets of every word in it.
    """
    text, spans = "", []
    glued, quoted = True, {'"': False, "'": False}
    for index, word in enumerate(words):
        before = words[index - 1] if index else ""
        closes = word in _CLOSING or bool(_CLITIC.search("x" + word))
        if word in quoted:
            plural = word == "'" and before.endswith("s")
            last = index == len(words) - 1 or before in {"?", "!", "."}
            closes = bool(index) and (quoted[word] or plural or last)
            quoted[word] = not closes
        if not (glued or closes):
            text += " "
        spans.append((len(text), len(text) + len(word)))
        text += word
        glued = word in _OPENING or quoted.get(word, False)
    return text, spans
