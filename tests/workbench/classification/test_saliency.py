"""Saliency: complete, equal to gradients of stock transformers, and nothing is left behind in the model."""

from dataclasses import replace

import pytest
import torch
import transformers
from torch.testing import assert_close

from gemma2_workbench import LoadedModel, SetCausal, applied, embedded
from gemma2_workbench.classification.classify import classify
from gemma2_workbench.classification.explanations.saliency import saliency
from gemma2_workbench.classification.explanations.target import Target, target_of
from gemma2_workbench.classification.predictions import Predictions

TEXT = "The President of the United States met Emma Woodhouse in Paris."
FIELDS = ("ids", "display", "spans", "special")
SENTENCES = [
    (TEXT, 8),
    ("Anna 👩‍👩‍👧 flew to Rome 🚀 in 1999 .", 0),
    ("東京 is the capital of 日本, said Mr. Tanaka.", 0),
    ('"Dr. Grant\'s ship," he said (in May 1851), "left Boston for São Paulo."', 1),
    ("Paris", 0),
]


@pytest.fixture(scope="module")
def stock():
    folder = embedded()["tiny-ner"]
    return transformers.Gemma2ForTokenClassification.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager"
    ).eval()


def asked(tagger: LoadedModel, text: str = TEXT, word: int = 8) -> Target:
    return target_of(classify(tagger, text).sentences[0], word)


def empty(tagger: LoadedModel, target: Target) -> torch.Tensor:
    ids = list(target.reading.tokens.ids)
    return torch.tensor([[ids[0], *[tagger.tokenizer.convert_tokens_to_ids("▁")] * (len(ids) - 1)]])


def difference(model, target: Target, **inputs) -> torch.Tensor:
    label, against = (model.config.label2id[name] for name in (target.label, target.against))
    logits_BC = model(**inputs, use_cache=False).logits[:, list(target.positions)].mean(1)
    return logits_BC[:, label] - logits_BC[:, against]


@pytest.mark.parametrize(("text", "word"), SENTENCES)
def test_the_values_sum_to_the_difference_of_the_scores(tagger, stock, text, word):
    target = asked(tagger, text, word)
    found = saliency(tagger, target)
    with torch.no_grad():
        score = float(difference(stock, target, input_ids=torch.tensor([target.reading.tokens.ids])))
        without = float(difference(stock, target, input_ids=empty(tagger, target)))
    assert found.score == pytest.approx(score, abs=1e-4)
    assert found.baseline_score == pytest.approx(without, abs=1e-4)
    assert float(found.values.sum()) == pytest.approx(score - without + found.delta, abs=1e-4)
    assert abs(found.delta) <= 0.01 * max(1.0, abs(score - without))
    assert found.complete
    assert found.values[0] == 0, "BOS stands in the empty sentence too"
    assert float(found.by_word.sum()) == pytest.approx(float(found.values.sum()), abs=1e-4)


def test_integrated_gradients_equal_a_fine_midpoint_sum(tagger, stock):
    target = asked(tagger)
    embed = stock.get_input_embeddings()
    start, end = (embed(ids).detach() for ids in (empty(tagger, target), torch.tensor([target.reading.tokens.ids])))
    total = torch.zeros_like(end)
    for part in ((torch.arange(100) + 0.5) / 100).split(50):
        points = (start + part[:, None, None] * (end - start)).requires_grad_()
        (slopes,) = torch.autograd.grad(difference(stock, target, inputs_embeds=points).sum(), points)
        total += slopes.sum(0, keepdim=True) / 100
    assert_close(saliency(tagger, target, steps=64).values, ((end - start) * total)[0].sum(-1), atol=5e-3, rtol=5e-3)


def test_gradient_x_input_equals_autograd(tagger, stock):
    target = asked(tagger)
    embeddings = stock.get_input_embeddings()(torch.tensor([target.reading.tokens.ids])).detach().requires_grad_()
    difference(stock, target, inputs_embeds=embeddings).backward()
    stock.zero_grad()
    found = saliency(tagger, target, "gradient_x_input")
    assert_close(found.values, (embeddings * embeddings.grad)[0].sum(-1).detach(), atol=1e-4, rtol=1e-4)
    assert (found.baseline_score, found.delta) == (None, None)


def test_few_rows_at_once_give_the_same(tagger, monkeypatch):
    target = asked(tagger)
    whole = saliency(tagger, target, steps=16)
    monkeypatch.setattr("gemma2_workbench.classification.explanations.batches.BUDGET_BYTES", 1)
    assert_close(saliency(tagger, target, steps=16).values, whole.values, atol=1e-4, rtol=1e-4)


def test_a_text_that_does_not_fit_is_refused_before_it_is_read(tagger, monkeypatch):
    target = asked(tagger)
    long = replace(target.reading, tokens=replace(target.reading.tokens, **dict.fromkeys(FIELDS, (7,) * 8000)))
    monkeypatch.setattr("gemma2_workbench.classification.explanations.batches.available_bytes", lambda: 8 * 10**9)
    with pytest.raises(MemoryError, match=r"8000 tokens need about 19\.\d GB, and 8\.0 GB are free"):
        saliency(tagger, replace(target, reading=long))


def test_another_mask_has_other_reasons(tagger):
    with applied(tagger, [SetCausal(True)]) as changed:
        found = saliency(changed, asked(tagger, TEXT, 4))
    later = found.target.positions[-1] + 1
    assert torch.equal(found.values[later:], torch.zeros(len(found.values) - later))
    assert saliency(tagger, asked(tagger, TEXT, 4)).values[later:].abs().max() > 0.1


def test_a_token_of_two_words_counts_half_for_each(tagger):
    predicted = classify(tagger, 'He left."').sentences[0]
    found = saliency(tagger, target_of(predicted, 1), steps=1)
    half = float(found.values[predicted.reading.tokens.display.index('."')]) / 2
    assert half != 0
    assert found.by_word[2:].tolist() == pytest.approx([half, half])


@pytest.mark.parametrize("method", ["integrated_gradients", "gradient_x_input"])
@pytest.mark.parametrize("fails", [False, True])
def test_nothing_is_left_behind(tagger, monkeypatch, method, fails):
    target, config = asked(tagger), tagger.config.to_dict()
    if fails:
        monkeypatch.setattr(tagger.model.score, "forward", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            saliency(tagger, target, method, steps=4)
    else:
        assert not saliency(tagger, target, method, steps=4).values.requires_grad
    assert all(weight.grad is None and weight.requires_grad for weight in tagger.model.parameters())
    assert not any(module._forward_hooks or module._backward_hooks for module in tagger.model.modules())
    assert tagger.config.to_dict() == config
    assert torch.is_grad_enabled()
    assert not tagger.model.training


def test_impossible_questions(tagger):
    predicted: Predictions = classify(tagger, TEXT).sentences[0]
    with pytest.raises(ValueError, match=r"no class 'PERSON'; its classes: O, B-PER, I-PER"):
        target_of(predicted, 0, "PERSON")
    with pytest.raises(ValueError, match=r"word 12 does not exist; the sentence has words 0\.\.11"):
        target_of(predicted, 12)
    with pytest.raises(ValueError, match="compared with itself"):
        target_of(predicted, 0, "O", "O")
    with pytest.raises(ValueError, match="choose from integrated_gradients, gradient_x_input"):
        saliency(tagger, target_of(predicted, 0), "attention")
    with pytest.raises(ValueError, match="at least 1 step"):
        saliency(tagger, target_of(predicted, 0), steps=0)


def test_the_question_is_about_the_two_best_classes_unless_told(tagger):
    predicted = classify(tagger, TEXT).sentences[0]
    order = [predicted.classes[at] for at in predicted.probs[7].sort(descending=True).indices]
    best = target_of(predicted, 7)
    assert (best.label, best.against) == (order[0], order[1])
    assert (target_of(predicted, 7, label=order[4]).against, target_of(predicted, 7, against=order[0]).label) == (
        order[0],
        order[1],
    )
