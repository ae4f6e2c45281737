"""Where a word's label is read, in every variant; what happens to texts that are too long or no text."""

import pytest
import torch
from hypothesis import HealthCheck, given
from hypothesis import settings as checked
from hypothesis import strategies as st

from gemma2_workbench.classification.inputs import IGNORED, collate, encode, settings
from gemma2_workbench.classification.reading import joined, readings, readings_of_words
from gemma2_workbench.classification.words import spaced, word_spans

WORDS = ["Mr.", "Starbuck", "'s", "harpooneers", "left", "Nantucket", ",", '"', "he", "said", ".", '"']


@pytest.fixture(scope="module")
def tokenizer(tagger):
    return tagger.tokenizer


@pytest.mark.parametrize("echo", [False, True])
def test_a_words_label_is_read_at_its_last_sub_token(tokenizer, echo):
    (row,) = encode([WORDS], tokenizer, echo)
    text, spans = spaced(WORDS)
    for (_, end), (place,) in zip(spans, row.read, strict=True):
        read = tokenizer.decode(row.ids[1 : place + 1])
        copy = text + "\n" + text[:end] if echo else text[:end]
        # a token may hold the next character too: '."' carries the label of both
        assert read.startswith(copy)
        assert len(read) <= len(copy) + 1


def test_echo_reads_only_in_the_second_copy(tokenizer):
    (plain,), (echo,) = encode([WORDS], tokenizer, False), encode([WORDS], tokenizer, True)
    length = len(plain.ids) - 1
    assert echo.ids == [*plain.ids, tokenizer.convert_tokens_to_ids("\n"), *plain.ids[1:]]
    assert echo.read == [(place + length + 1,) for (place,) in plain.read]


def test_padding_is_masked_and_only_words_carry_labels(tokenizer):
    rows = encode([["Yes"], ["No", "Starbuck"]], tokenizer, False)
    batch = collate(rows, 0, [[1], [0, 3]])
    predicted = batch["labels"] != IGNORED
    assert predicted.sum(1).tolist() == [1, 2]
    assert batch["attention_mask"].sum(1).tolist() == [len(row.ids) for row in rows]
    assert torch.all(batch["attention_mask"][predicted] == 1)


def test_variants_are_recorded_in_the_configuration():
    assert settings("echo") == {"is_causal": True, "workbench_input": "echo", "workbench_label_token": "last"}
    assert settings("bidirectional", "mean") == {
        "is_causal": False,
        "workbench_input": "plain",
        "workbench_label_token": "mean",
    }
    with pytest.raises(ValueError, match="causal, echo, bidirectional"):
        settings("masked")
    with pytest.raises(ValueError, match="label token 'middle' is unknown; choose from first, last, mean"):
        settings("echo", "middle")


@given(st.text(min_size=1).filter(str.strip))
@checked(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_the_words_of_any_text_are_read_once_and_in_its_order(tagger, text):
    found = [
        (row.start + start, row.start + end, row.tokens.text[start:end])
        for row in readings(tagger, text)
        for start, end in row.words
    ]
    assert all(text[start:end] == word for start, end, word in found)
    assert "".join(word for _, _, word in found) == "".join(text.split())
    for row in readings(tagger, text):
        assert all(at in row.word_tokens(word) for word, (at,) in enumerate(row.read))


def test_words_of_a_file_lie_where_the_joined_text_has_them(tagger):
    sentences = [["He", "left", "."], ["O'Brien", "'s", "ship"]]
    text = joined(sentences)
    rows = readings_of_words(tagger, sentences)
    found = [[text[row.start + start : row.start + end] for start, end in row.words] for row in rows]
    assert found == sentences
    assert text == "He left.\nO'Brien's ship"


@pytest.fixture
def short(tagger, monkeypatch):
    """The tagger, as if it took 24 tokens."""
    monkeypatch.setattr(tagger.config, "max_position_embeddings", 24)
    return tagger


def test_a_sentence_too_long_for_the_model_is_read_in_parts_cut_between_words(short):
    text = (
        "one two three four five six seven eight nine ten, eleven twelve thirteen fourteen fifteen sixteen and on. Yes."
    )
    rows = readings(short, text)
    assert all(len(row.tokens) <= 24 for row in rows)
    assert [row.continues for row in rows] == [False, True, False]
    assert rows[0].tokens.text.endswith("ten,")
    words = [text[row.start + start : row.start + end] for row in rows for start, end in row.words]
    assert words == [text[start:end] for start, end in word_spans(text)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x" * 100, "the word 'x+'... has 101 tokens, the model takes at most 24"),
        (" \n\t", "the text is empty"),
        ("a\ud800", r"no valid Unicode: half a character \(U\+D800\) at position 1"),
    ],
)
def test_what_cannot_be_read_is_said(short, text, message):
    with pytest.raises(ValueError, match=message):
        readings(short, text)


def test_a_sentence_of_words_is_never_cut(short):
    with pytest.raises(ValueError, match="sentence 2 .* takes at most 24; end sentences earlier"):
        readings_of_words(short, [["a"], ["word"] * 60])
    with pytest.raises(ValueError, match="no sentences"):
        readings_of_words(short, [])
