"""Texts of all of Unicode, and of what is none: controls, halves of characters, special tokens written out."""

from random import Random

RANGES = (
    *((0x20, 0x7E), (0x00, 0x1F), (0x7F, 0x9F), (0xA0, 0x24F), (0x300, 0x36F), (0x590, 0x6FF), (0x900, 0xDFF)),
    *((0x1100, 0x11FF), (0x2000, 0x206F), (0x2028, 0x2029), (0x20D0, 0x20FF), (0x3000, 0x9FFF), (0xAC00, 0xD7A3)),
    *((0xD800, 0xDFFF), (0xE000, 0xF8FF), (0xFDD0, 0xFDEF), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFF00, 0xFFFF)),
    *((0x1D400, 0x1D7FF), (0x1F1E6, 0x1F1FF), (0x1F300, 0x1FAFF), (0x20000, 0x2FFFD), (0xE0000, 0xE007F)),
    (0x10FFFE, 0x10FFFF),
)
PIECES = (
    *("<bos>", "<eos>", "<pad>", "<unk>", " <bos>", "<bos><bos>", "\n<bos>", "<start_of_turn>user\n"),
    *("<end_of_turn>\n", "<0x0A>", "<0xF0>", "▁", "▁▁", "[CLS]", "</s>", "<s>", "<|endoftext|>", "<mask>"),
    *("<unused0>", "[@BOS@]", "Anna met Bob", " in Paris. ", "Mr. Knightley", "1,000.50", "B-PER", "\t"),
    *("\r\n", "\r", "\x0b", "\x85", "\u2029", "\u202e", "\u2066", "\u200d", "\ufe0f", "\xad", "e\u0301", "א"),
    *("ا", "👩\u200d👩\u200d👧", "🇩🇪", "ﬁ", "İ", "ß", "\ufffd", "-", "--", "--model", "@file", "$HOME", "~", "*"),
    *("%s", "{0}", "{}", "\\n", "\\", "'", '"', "<b>x</b>", "$x$", "\\input", "", " ", "  ", "\n"),
    *("\u3000", "\u200b", "\x00", "\ud83d", "\udcff", "\ufeff"),
)
BLANKS = ("", " ", "\n", "\t \n", "\u3000\u2003", "\u200b", "\x1f", "\r\n\r\n", "\ufeff")
# Texts that are names of files, or standard input.
NAMES = ("-", ".", "..", "config.json", "x.pdf")


def any_text(random: Random) -> str:
    """A text."""
    way = random.randrange(12)
    if way == 0:
        return random.choice(BLANKS) * random.choice((1, 1, 3))
    if way == 1:
        return random.choice(NAMES)
    if way == 2:
        return random.choice(PIECES[:20]) + "Anna met Bob" + random.choice(PIECES)
    if way == 3:
        return random.choice(("a", "Anna ", "👩\u200d👧", "e\u0301", "\u0301", " ", "\n", "ab" * 50)) * random.choice(
            (500, 3000)
        )
    if way == 4:
        return "a" + "".join(chr(random.randint(0x300, 0x36F)) for _ in range(random.randint(1, 60)))
    if way < 8:
        return "".join(random.choice(PIECES) for _ in range(random.randint(1, 8)))
    characters = [_character(random) for _ in range(random.randint(1, 30))]
    return "".join(character for character in characters if way < 10 or not 0xD800 <= ord(character) <= 0xDFFF)


def _character(random: Random) -> str:
    first, last = random.choice(RANGES)
    return chr(random.randint(first, last))


def is_half(text: str) -> bool:
    """Whether a text holds half a character, which no encoding of Unicode can write."""
    return any(0xD800 <= ord(character) <= 0xDFFF for character in text)
