"""The cleaning functions, on small pieces of the kinds of text they meet."""

import pytest

from training.clean import address, chapters, dictionary, gloss, is_prose, without_gutenberg


def test_an_address_loses_stage_directions_and_calls_from_the_audience():
    raw = (
        "[Before speaking, the President greeted the Speaker.]\n"
        "The President. Good evening. [Laughter] Thank you—[applause].\n"
        "Audience members. Four more years! Four more years!\n"
        "We pay the [prices; White House correction] of war .\n"
    )
    assert address(raw) == "Good evening. Thank you.\n\nWe pay the prices of war."


@pytest.mark.parametrize(
    ("paragraph", "kept"),
    [
        ("The state of the Union is strong.", True),
        ("Expenditures ...... $98 ...... ...... $107 ......", False),
        ("1791: 4,771,342 1792: 8,772,458 1793: 6,450,195", False),
        ("______________________ ____________________", False),
        ("", False),
    ],
)
def test_tables_are_no_prose(paragraph: str, kept: bool):
    assert is_prose(paragraph) is kept


def test_a_novel_becomes_unwrapped_chapters_without_headings():
    raw = (
        "EMMA\n\nBy Jane Austen\n\n\nVOLUME I\n\n\nCHAPTER I\n\n\n"
        "Emma _Woodhouse_, handsome,\nclever -- and rich.\n\nShe was young.\n\n\n"
        "VOLUME II\n\n\nCHAPTER II\n\n\nMr. Weston was a native.\n\nFINIS\n"
    )
    assert chapters(raw) == [
        "Emma Woodhouse, handsome, clever—and rich.\n\nShe was young.",
        "Mr. Weston was a native.",
    ]


def test_the_gutenberg_frame_goes():
    raw = (
        "The Project Gutenberg EBook\n*** START OF THIS PROJECT GUTENBERG EBOOK ***\r\nCall me.\n"
        "End of Project Gutenberg's Moby Dick\n*** END OF THIS\nlicence"
    )
    assert without_gutenberg(raw).strip() == "Call me."


def test_a_text_without_gutenberg_marks_is_refused():
    with pytest.raises(ValueError, match="START and END"):
        without_gutenberg("Call me Ishmael.")


WORDNET = '09411430 17 n 02 pond 0 fish_pool(a) 0 002 @ 0 n 0000 ~ 0 n 0000 | a small lake; "deep"  '


def test_a_wordnet_line_becomes_an_entry():
    assert gloss(WORDNET) == 'pond, fish pool: a small lake; "deep"'
    assert gloss("  1 This software and database is provided | as is") is None


def test_entries_are_grouped_in_order():
    lines = ["  licence", *(WORDNET.replace("pond", f"pond{i}") for i in range(5))]
    documents = dictionary(lines, entries=2)
    assert [document.count("\n") + 1 for document in documents] == [2, 2, 1]
    assert documents[2].startswith("pond4,")
