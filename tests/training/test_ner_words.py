"""Words, sentences, tags, CoNLL files, and where a word's label is read."""

import pytest
import torch
from transformers import AutoTokenizer

from training.ner.labels import TAGS, is_valid
from workbench.classification.conll import Sentence, read_conll, write_conll
from workbench.classification.inputs import IGNORED, collate, encode, settings
from workbench.classification.labels import entities, repaired, tagged
from workbench.classification.words import sentence_spans, spaced, word_spans

CHECKPOINT = "model/checkpoints/tiny"


def cut(text):
    return [text[start:end] for start, end in word_spans(text)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Mr. O'Brien can't go.", ["Mr.", "O'Brien", "ca", "n't", "go", "."]),
        ("AT&T's U.S.-backed plan", ["AT&T", "'s", "U.S.-backed", "plan"]),
        ('She said, "No."', ["She", "said", ",", '"', "No", ".", '"']),
        ("well-known—$3.5 million", ["well-known", "—", "$", "3.5", "million"]),
        ("the 1990s, 19th-century", ["the", "1990s", ",", "19th-century"]),
        ("J. R. Smith on Sept. 11", ["J.", "R.", "Smith", "on", "Sept.", "11"]),
    ],
)
def test_words_are_cut_as_in_the_penn_treebank_with_hyphens_whole(text, words):
    assert cut(text) == words
    assert spaced(words)[0] == text


def test_sentences_end_at_stops_but_not_at_abbreviations():
    text = 'Mr. Hall left the U.S. He wrote to J. Reed. "Come!" was all.\n\nNo answer came'
    found = [text[start:end] for start, end in sentence_spans(text)]
    assert found == ["Mr. Hall left the U.S. He wrote to J. Reed.", '"Come!" was all.', "No answer came"]


def test_entities_and_tags_are_inverse():
    tags = ["B-PER", "I-PER", "O", "B-LOC", "B-LOC", "O"]
    assert entities(tags) == [("PER", 0, 2), ("LOC", 3, 4), ("LOC", 4, 5)]
    assert tagged(entities(tags), len(tags)) == tags


def test_an_orphaned_inside_tag_begins_an_entity():
    assert repaired(["I-PER", "I-PER", "I-ORG", "O", "I-LOC"]) == ["B-PER", "I-PER", "B-ORG", "O", "B-LOC"]
    assert not is_valid(["I-PER"])
    assert not is_valid(["B-CAT"])


def test_a_conll_file_reads_back_as_written(tmp_path):
    sentences = [Sentence(["#", "a"], ["O", "B-PER"], {"domain": "in"}), Sentence(["b"], ["O"])]
    write_conll(tmp_path / "x.conll", sentences)
    assert read_conll(tmp_path / "x.conll") == sentences


def test_a_bad_conll_line_is_named_by_its_number(tmp_path):
    path = tmp_path / "x.conll"
    path.write_text("a\tO\nb O\n")
    with pytest.raises(ValueError, match=r"x\.conll:2: expected TOKEN<TAB>TAG, got 'b O'"):
        read_conll(path)


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(CHECKPOINT)


WORDS = ["Mr.", "Starbuck", "'s", "harpooneers", "left", "Nantucket", ",", '"', "he", "said", ".", '"']


@pytest.mark.parametrize("echo", [False, True])
def test_a_words_label_is_read_at_its_last_sub_token(tokenizer, echo):
    (row,) = encode([WORDS], tokenizer, echo)
    text, spans = spaced(WORDS)
    for (_, end), place in zip(spans, row.read, strict=True):
        read = tokenizer.decode(row.ids[1 : place + 1])
        copy = text + "\n" + text[:end] if echo else text[:end]
        # a token may hold the next character too: '."' carries the label of both
        assert read.startswith(copy)
        assert len(read) <= len(copy) + 1


def test_echo_reads_only_in_the_second_copy(tokenizer):
    (plain,), (echo,) = encode([WORDS], tokenizer, False), encode([WORDS], tokenizer, True)
    length = len(plain.ids) - 1
    assert echo.ids == [*plain.ids, tokenizer.convert_tokens_to_ids("\n"), *plain.ids[1:]]
    assert echo.read == [place + length + 1 for place in plain.read]


def test_padding_is_masked_and_only_words_carry_labels(tokenizer):
    rows = encode([["Yes"], ["No", "Starbuck"]], tokenizer, False)
    batch = collate(rows, 0, [[1], [0, 3]])
    labelled = batch["labels"] != IGNORED
    assert labelled.sum(1).tolist() == [1, 2]
    assert batch["attention_mask"].sum(1).tolist() == [len(row.ids) for row in rows]
    assert torch.all(batch["attention_mask"][labelled] == 1)


def test_variants_are_recorded_in_the_configuration():
    assert settings("echo") == {"is_causal": True, "workbench_input": "echo"}
    assert settings("bidirectional") == {"is_causal": False, "workbench_input": "plain"}
    with pytest.raises(ValueError, match="causal, echo, bidirectional"):
        settings("masked")


def test_there_are_two_tags_per_type_and_one_for_none():
    assert len(TAGS) == 11
