"""Words and sentences: every character has its place, in any script."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemma2_workbench.classification.words import sentence_spans, spaced, word_spans

# Pieces on which the rules turn, among any other characters.
PIECES = st.sampled_from(
    ["Mr. ", "U.S.", "n't", "'s", "—", "...", "No. 5", "\n", " ", "👩‍👩‍👧", "e\u0301", "؟", "。", '"', "1,0"]
)
TEXTS = st.lists(PIECES | st.text(max_size=6), max_size=12).map("".join)


def cut(text):
    return [text[start:end] for start, end in word_spans(text)]


def sentences(text):
    return [text[start:end] for start, end in sentence_spans(text)]


def inside(spans):
    return [at for start, end in spans for at in range(start, end)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Mr. O'Brien can't go.", ["Mr.", "O'Brien", "ca", "n't", "go", "."]),
        ("AT&T's U.S.-backed plan", ["AT&T", "'s", "U.S.-backed", "plan"]),
        ('She said, "No."', ["She", "said", ",", '"', "No", ".", '"']),
        ("well-known—$3.5 million", ["well-known", "—", "$", "3.5", "million"]),
        ("the 1990s, 19th-century", ["the", "1990s", ",", "19th-century"]),
        ("$23½ billion, 6½", ["$", "23½", "billion", ",", "6½"]),
        ("J. R. Smith on Sept. 11", ["J.", "R.", "Smith", "on", "Sept.", "11"]),
    ],
)
def test_words_are_cut_as_in_the_penn_treebank_with_hyphens_whole(text, words):
    assert cut(text) == words
    assert spaced(words)[0] == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cafe\u0301 noir", ["cafe\u0301", "noir"]),  # an accent of its own
        ("हिन्दी में", ["हिन्दी", "में"]),  # vowel signs
        ("مَرْحَبًا بالعالم؟", ["مَرْحَبًا", "بالعالم", "؟"]),  # right to left, with short vowels
        ("👩‍👩‍👧 🇩🇪🇫🇷 👍🏽1️⃣", ["👩‍👩‍👧", "🇩🇪", "🇫🇷", "👍🏽", "1️⃣"]),  # joined, two letters, skin, keycap
        ("我爱北京。", ["我爱北京", "。"]),
        ("f(x)_1 += a[0]", ["f", "(", "x", ")", "_", "1", "+", "=", "a", "[", "0", "]"]),
    ],
)
def test_what_looks_like_one_character_stays_in_one_word(text, words):
    assert cut(text) == words


@given(TEXTS)
def test_words_hold_every_character_but_white_space_once_and_in_order(text):
    assert inside(word_spans(text)) == [at for at, character in enumerate(text) if not character.isspace()]


@given(TEXTS)
def test_sentences_hold_every_character_but_white_space_once_and_in_order(text):
    held = inside(sentence_spans(text))
    assert held == sorted(set(held))
    assert {at for at, character in enumerate(text) if not character.isspace()} <= set(held)
    assert all(piece == piece.strip() and len(piece.splitlines()) == 1 for piece in sentences(text))


@given(st.lists(st.text(min_size=1, max_size=5).filter(lambda word: not any(map(str.isspace, word))), max_size=9))
def test_words_lie_where_spaced_says(words):
    text, spans = spaced(words)
    assert [text[start:end] for start, end in spans] == words
    assert "".join(text.split()) == "".join(words)


def test_sentences_end_at_stops_but_not_at_abbreviations():
    text = 'Mr. Hall left the U.S. He wrote to J. Reed. "Come!" was all.\n\nNo answer came'
    assert sentences(text) == ["Mr. Hall left the U.S. He wrote to J. Reed.", '"Come!" was all.', "No answer came"]
    assert sentences("in the U.S.\nMr. Hall") == ["in the U.S.", "Mr. Hall"]
    assert sentences("Он ушёл. Да. É vero. 好。是！") == ["Он ушёл.", "Да.", "É vero.", "好。", "是！"]


@pytest.mark.parametrize("run", [".", "Mr. ", "A. ", "a.", "1a", "n't"])
def test_long_runs_take_time_in_proportion(run):
    start = time.process_time()
    sentence_spans(run * 20_000)
    word_spans(run * 20_000)
    assert time.process_time() - start < 2  # quadratic takes minutes
