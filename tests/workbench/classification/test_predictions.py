"""Labels are what transformers' own model says of the same ids; entities and tables are parts of the text."""

import pytest
import torch
import transformers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from gemma2_workbench import embedded
from gemma2_workbench.classification.classify import classify, classify_words
from gemma2_workbench.classification.labels import entities
from gemma2_workbench.classification.logits import class_logits
from gemma2_workbench.classification.tables import (
    ENTITY_COLUMNS,
    TOKEN_COLUMNS,
    WORD_COLUMNS,
    entity_table,
    token_table,
    word_table,
)
from gemma2_workbench.traces.interventions import SetCausal

TEXT = "Mr. Darcy met Emma in Paris on 4 May 1803. The French, she wrote, love General Motors!\nYes?"
ANY = st.lists(
    st.sampled_from([*TEXT.split(), "🇩🇪", "مرحبا", "我爱", "\n", "e\u0301"]) | st.text(max_size=4), max_size=15
)
quick = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def stock():
    """Another implementation with the same weights; `is_causal` is in the configuration of the folder."""
    cls = transformers.Gemma2ForTokenClassification
    model = cls.from_pretrained(embedded()["tiny-ner"], dtype=torch.float32, attn_implementation="eager")
    assert model.config.is_causal is False
    return model.eval()


@given(ANY.map(" ".join).filter(str.strip))
@quick
@torch.no_grad()
def test_every_label_is_that_of_transformers(tagger, stock, text):
    for predicted in classify(tagger, text).sentences:
        theirs_TC = stock(torch.tensor([predicted.reading.tokens.ids]), use_cache=False).logits[0]
        assert_close(predicted.logits, theirs_TC, atol=2e-4, rtol=1e-4)
        read = [place for (place,) in predicted.reading.read]
        assert_close(predicted.probs, theirs_TC.softmax(-1)[read], atol=1e-4, rtol=1e-4)
        two = theirs_TC[read].softmax(-1).sort(descending=True).values[:, :2]
        assert_close(predicted.margin, two[:, 0] - two[:, 1], atol=1e-4, rtol=1e-4)


@given(ANY.map(" ".join).filter(str.strip))
@quick
def test_entities_are_the_characters_of_the_text_and_the_tags_of_the_words(tagger, text):
    found = classify(tagger, text)
    for entity in found.entities:
        assert text[entity.start : entity.end] == entity.text == entity.text.strip()
        assert 0 <= entity.margin <= entity.confidence <= 1
    words = word_table(found)
    assert all(text[row.start : row.end] == row.text for row in words.itertuples())
    assert (words["margin"] <= words["confidence"]).all()
    spans = [(row.label, row.sentence, row.first, row.stop) for row in entity_table(found).itertuples()]
    assert spans == [
        (label, number, first, stop)
        for number, rows in words.groupby("sentence")
        for label, first, stop in entities(rows["label"].tolist())
    ]


def test_the_order_and_the_company_of_sentences_do_not_matter(tagger, monkeypatch):
    encoded = [predicted.reading.encoded for predicted in classify(tagger, TEXT).sentences]
    together = class_logits(tagger.token_scores, encoded, 0)
    monkeypatch.setattr("gemma2_workbench.classification.logits.TOKENS_PER_PASS", 1)
    passes = []
    alone = class_logits(tagger.token_scores, encoded, 0, lambda groups: passes.append(groups) or groups)
    assert sorted(passes[0]) == [[0], [1], [2]]
    for one, other in zip(together, alone, strict=True):
        assert_close(one, other, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("kind", ["tagger", "sorter"])
@torch.no_grad()
def test_scores_of_every_token_are_those_of_the_models_own_forward(kind, request):
    loaded = request.getfixturevalue(kind)
    for predicted in classify(loaded, TEXT).sentences:
        ids = torch.tensor([predicted.reading.tokens.ids])
        if kind == "tagger":
            assert_close(predicted.logits, loaded.model(ids, use_cache=False).logits[0])
            continue
        # Of a sequence classifier forward gives the last token only: all prefixes give all tokens.
        prefixes = [loaded.model(ids[:, : at + 1], use_cache=False).logits[0] for at in range(ids.shape[1])]
        assert_close(predicted.logits, torch.stack(prefixes), atol=1e-5, rtol=1e-4)


def test_a_sequence_classifier_labels_the_whole_text(sorter):
    found = classify(sorter, TEXT)
    assert (found.kind, found.entities) == ("sequence", ())
    row = word_table(found).iloc[0]
    assert (row["text"], row["start"], row["end"]) == (TEXT, 0, len(TEXT))
    assert row["label"] in ("sad", "glad", "neither")
    assert classify_words(sorter, [["One", "."], ["Two"]]).text == "One.\nTwo"


def test_words_and_their_text_get_the_same_labels(tagger):
    found = classify_words(tagger, [["Mr.", "Darcy", "met", "Emma", "in", "Paris", "."], ["Yes", "?"]])
    other = classify(tagger, "Mr. Darcy met Emma in Paris.\nYes?")
    assert (found.text, found.entities) == (other.text, other.entities)


def test_tables_have_the_declared_columns(tagger, sorter):
    for loaded in (tagger, sorter):
        for text in (TEXT, "the"):
            found = classify(loaded, text)
            assert tuple(word_table(found)) == WORD_COLUMNS
            assert tuple(entity_table(found)) == ENTITY_COLUMNS
            assert all(tuple(token_table(predicted)) == TOKEN_COLUMNS for predicted in found.sentences)


def test_the_token_table_says_where_each_label_is_read(tagger):
    predicted = classify(tagger, "Starbuck left.").sentences[0]
    table = token_table(predicted)
    assert table["piece"].iloc[0] == "<bos>"
    assert table["word"].isna().tolist() == [True] + [False] * (len(table) - 1)
    assert [read for read in table["read"] if read] == ["Starbuck", "left", "."]
    read = table[table["read"] != ""]
    assert tuple(read["class_1"]) == predicted.tags
    assert read["prob_1"].tolist() == pytest.approx(predicted.confidence.tolist())
    assert (table["prob_1"] >= table["prob_2"]).all()
    pieces = table[table["word"] == 0]["piece"]
    assert len(pieces) > 1
    assert "".join(pieces).strip("▁") == "Starbuck"


def test_a_modified_model_says_so(tagger):
    found = classify(tagger, TEXT, interventions=[SetCausal(True)])
    assert found.interventions == ("causal mask",)
    assert not torch.allclose(found.sentences[0].logits, classify(tagger, TEXT).sentences[0].logits, atol=1e-3)
