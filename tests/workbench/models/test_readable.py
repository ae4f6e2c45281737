"""Tokens as people read them."""

import pytest

from gemma2_workbench import Tokens, load
from gemma2_workbench.models.readable import readable, readable_piece, readable_word
from gemma2_workbench.models.tokens import tokenize


@pytest.fixture(scope="module")
def shown() -> dict[str, list[tuple[str, bool]]]:
    tokenizer = load("tiny").tokenizer
    texts = ("red café", "a  b\n\tc", "\u200b\x07", "שלום 👩")
    return {text: [(each.text, each.joins) for each in readable(tokenize(tokenizer, text))] for text in texts}


def test_a_space_is_a_gap_and_a_character_stands_at_its_first_byte(shown: dict[str, list[tuple[str, bool]]]) -> None:
    assert shown["red café"] == [
        ("<bos>", False),
        ("red", False),
        ("ca", False),
        ("f", True),
        ("é", True),
        ("", True),
    ]


def test_what_is_invisible_is_marked(shown: dict[str, list[tuple[str, bool]]]) -> None:
    assert "".join(text for text, _ in shown["a  b\n\tc"]) == "<bos>a␣b↵⇥c"
    assert [text for text, _ in shown["\u200b\x07"] if text] == ["<bos>", "U+200B", "␇"]


def test_letters_of_any_script_are_letters(shown: dict[str, list[tuple[str, bool]]]) -> None:
    assert "".join(text for text, _ in shown["שלום 👩"]).replace("␣", " ") == "<bos>שלום 👩"


def test_bytes_are_told_in_the_title() -> None:
    tokens = Tokens("é", (2, 5, 6), ("<bos>", "<0xC3>", "<0xA9>"), ((0, 0), (0, 1), (0, 1)), (True, False, False))
    assert [each.title for each in readable(tokens)] == [
        "<bos>, a special token",
        "é = C3 A9: byte 1, C3",
        "é = C3 A9: byte 2, A9",
    ]


@pytest.mark.parametrize(
    ("piece", "text", "joins"),
    [
        ("▁green", "green", False),
        ("ish", "ish", True),
        ("▁", "␣", True),
        ("▁▁▁▁▁▁", "␣×6", True),
        ("<0xC3>", "byte C3", True),
    ],
)
def test_a_token_without_a_text(piece: str, text: str, joins: bool) -> None:
    found = readable_piece(piece)
    assert (found.text, found.joins, found.title) == (text, joins, piece)


def test_a_word_is_its_signs_and_not_their_bytes() -> None:
    family = "👨\u200d👩"
    tokens = tokenize(load("tiny").tokenizer, f"met {family}, \u200d and the\u202eend")
    words = {readable_word(tokens, at) for at in range(len(tokens))}
    assert {"<bos>", "met", family, "and", "U+200D"} <= words
    assert not any("<0x" in word or "\u202e" in word for word in words)


def test_bytes_of_a_byte_level_vocabulary_are_the_characters_that_begin_with_them() -> None:
    display = ("a", "<0x20><0xD9>", "<0x86>", "<0xF0><0x9F>", "<0x91>", "<0xA8>")
    spans = ((0, 1), (1, 3), (2, 3), (3, 4), (3, 4), (3, 4))
    tokens = Tokens("a ن👨", tuple(range(6)), display, spans, (False,) * 6)
    shown = readable(tokens)
    assert [(each.text, each.joins) for each in shown] == [
        ("a", False),
        ("ن", False),
        ("", True),
        ("👨", True),
        ("", True),
        ("", True),
    ]
    assert shown[1].title == "20 D9, of ' ن'"
    assert shown[3].title == "👨 = F0 9F 91 A8: bytes 1 to 2, F0 9F"
    assert tokens.words == (0, 1, 1, 2, 2, 2)
    assert readable_piece("<0x20><0xD9>").text == "bytes 20 D9"
