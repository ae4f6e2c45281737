"""Removed words and other masks equal labelling the changed text by hand; saliency is judged by removing words."""

from pathlib import Path

import pytest
import torch
import transformers

from gemma2_workbench import embedded
from gemma2_workbench.classification.classify import classify
from gemma2_workbench.classification.conll import read_conll
from gemma2_workbench.classification.explanations.leave_one_out import leave_one_out
from gemma2_workbench.classification.explanations.masks import mask_cost
from gemma2_workbench.classification.explanations.rereading import without
from gemma2_workbench.classification.explanations.saliency import saliency
from gemma2_workbench.classification.explanations.target import target_of
from gemma2_workbench.classification.inputs import at_words
from gemma2_workbench.classification.predictions import label
from gemma2_workbench.classification.reading import readings_of_words

GOLD = Path(__file__).parents[3] / "training" / "ner" / "gold" / "gold.conll"
TEXT = 'He met "Emma" (a friend), in New York.'


@pytest.mark.parametrize(
    ("text", "word", "left"),
    [
        ("met Emma in Paris.", "Emma", "met in Paris."),
        ("met Emma in Paris.", "met", "Emma in Paris."),
        ("met Emma in Paris.", "Paris", "met Emma in."),
        ("met Emma in Paris.", ".", "met Emma in Paris"),
        ("Paris, and Rome", ",", "Paris and Rome"),
        ("(the cat) sat", "the", "(cat) sat"),
        ("(the cat) sat", ")", "(the cat sat"),
        ('he said "no"', '"', 'he said no"'),
        ("do n't", "n't", "do"),
        ("東京 は 日本", "は", "東京 日本"),
    ],
)
def test_a_word_goes_with_one_space_and_words_never_meet(text, word, left):
    start = text.index(word)
    rest, (first, stop) = without(text, (start, start + len(word)))
    assert rest == left == text[:first] + text[stop:]


def test_deletions_equal_labelling_the_rest(tagger):
    predicted = classify(tagger, TEXT).sentences[0]
    words = [predicted.reading.word(at) for at in range(len(predicted.reading.words))]
    asked = words.index("York")
    target = target_of(predicted, asked)
    explained = leave_one_out(tagger, target)
    found = explained.rows
    assert [row.text for row in found] == [word for word in words if word != "York"]
    assert found[words.index("New")].read == 'He met "Emma" (a friend), in York.'
    for row in found:
        again = classify(tagger, row.read).sentences[0]
        place = next(at for at in range(len(again.reading.words)) if again.reading.word(at) == "York")
        probs_C = again.probs[place]
        ratio = probs_C[target.classes.index(target.label)] / probs_C[target.classes.index(target.against)]
        assert row.label_after == target.classes[int(probs_C.argmax())]
        assert row.confidence_after == pytest.approx(float(probs_C.max()), abs=1e-4)
        assert row.score_after == pytest.approx(float(ratio.log()), abs=1e-3)
        assert row.changed == (row.label_after != predicted.classes[predicted.best[asked]])
    assert any(row.changed for row in found)
    assert [row.word for row in leave_one_out(tagger, target, words={0, 3, asked}).rows] == [0, 3]
    frame = explained.table().dropna(subset=["removed"])
    assert frame["removed"].tolist() == [at for at in range(len(words)) if at != asked]


def test_alone_is_the_word_as_a_text(tagger):
    target = target_of(classify(tagger, TEXT).sentences[0], 3)
    found, again = leave_one_out(tagger, target).alone, classify(tagger, "Emma").sentences[0]
    assert target.text == found.read == "Emma"
    assert (found.label_after, found.word) == (again.classes[again.best[0]], None)
    assert leave_one_out(tagger, target_of(again, 0)).rows == ()


def test_removing_what_saliency_names_hurts_more(tagger):
    """Faithfulness on gold entities, against the average word (what a random choice would remove) and the last ones."""
    sentences = [sentence.words for sentence in read_conll(GOLD) if 5 <= len(sentence.words) <= 12]
    asked = [
        (predicted, word)
        for predicted in label(tagger, readings_of_words(tagger, sentences[:45]))
        for word, tag in enumerate(predicted.tags)
        if tag != "O"
    ][:30]
    falls = []
    for predicted, word in asked:
        target = target_of(predicted, word)
        effects = torch.tensor([row.effect for row in leave_one_out(tagger, target).rows])
        values = saliency(tagger, target, steps=8).by_word
        order = torch.cat((values[:word], values[word + 1 :])).argsort(descending=True)
        few = max(1, len(order) // 4)
        falls.append([effects[order[:few]].mean(), effects.mean(), effects[order[-few:]].mean()])
    most, average, least = torch.tensor(falls).mean(0).tolist()
    assert len(asked) == 30
    assert most > 2 * average > 0
    assert most > 0.3 > least


def test_mask_cost_equals_the_reference_under_both_masks(tagger):
    text = "The President of the United States met Emma. Washington said so."
    cost = mask_cost(tagger, text)
    before = tagger.config.is_causal
    stock = transformers.Gemma2ForTokenClassification.from_pretrained(
        embedded()["tiny-ner"], dtype=torch.float32, attn_implementation="eager"
    ).eval()
    for name, causal in (("causal", True), ("bidirectional", False)):
        stock.config.is_causal = causal
        for layer in stock.model.layers:
            layer.self_attn.is_causal = causal
        for number, sentence in enumerate(getattr(cost, name)):
            with torch.no_grad():
                logits_TC = stock(torch.tensor([sentence.reading.tokens.ids]), use_cache=False).logits[0]
            best = at_words(logits_TC, sentence.reading.read).softmax(-1).max(-1)
            said = [row for row in cost.words if row.sentence == number]
            sure = [getattr(row, f"{name}_confidence") for row in said]
            assert list(sentence.best) == best.indices.tolist()
            assert sure == pytest.approx(best.values.tolist(), abs=1e-4)
    assert (cost.trained, tagger.config.is_causal) == ("bidirectional", before)
    assert {row.text for row in cost.rows} == {row.text for row in cost.words if row.causal != row.bidirectional}
    assert "United" in {row.text for row in cost.rows}
    assert cost.table()["differs"].sum() == len(cost.rows)
