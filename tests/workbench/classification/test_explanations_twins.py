"""Reasons for random classifiers: a sequence classifier, the "echo" input, bfloat16; and their figures."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.testing import assert_close

from gemma2_workbench import AblateHead, LoadedModel, applied
from gemma2_workbench.classification.classify import classify
from gemma2_workbench.classification.explanations.head_ablation import head_effects
from gemma2_workbench.classification.explanations.leave_one_out import leave_one_out
from gemma2_workbench.classification.explanations.masks import mask_cost
from gemma2_workbench.classification.explanations.saliency import saliency
from gemma2_workbench.classification.explanations.target import target_of
from gemma2_workbench.figures import paper, screen
from gemma2_workbench.model import Gemma2Config, Gemma2ForSequenceClassification, Gemma2ForTokenClassification

TEXT = "The ship left Boston. Nobody saw it again, said Emma."


@pytest.fixture(scope="module")
def twin(tagger: LoadedModel) -> Callable[..., LoadedModel]:
    """`twin(kind, **config)`: a random 2-layer classifier with three classes and the embedded tokenizer."""

    def make(kind: type = Gemma2ForSequenceClassification, **config) -> LoadedModel:
        torch.manual_seed(0)
        sizes = {"vocab_size": 4096, "hidden_size": 48, "intermediate_size": 64, "num_hidden_layers": 2}
        heads = {"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "query_pre_attn_scalar": 16}
        classes = {"id2label": {0: "bad", 1: "fair", 2: "good"}, "sliding_window": 7, "initializer_range": 0.2}
        model = kind(Gemma2Config(**{**sizes, **heads, **classes, "pad_token_id": 0, **config})).eval()
        return LoadedModel("twin", "random", None, None, model, tagger.tokenizer)

    return make


def test_a_sequence_classifier_explains_the_whole_text(twin):
    loaded = twin()
    predicted = classify(loaded, TEXT).sentences[0]
    target = target_of(predicted, 0)
    label, against = (target.classes.index(name) for name in (target.label, target.against))

    def score(text: str, model: Any = loaded.model) -> float:
        ids = torch.tensor(
            [[loaded.tokenizer.bos_token_id, *loaded.tokenizer(text, add_special_tokens=False).input_ids]]
        )
        with torch.no_grad():
            logits_C = model(ids, use_cache=False).logits[0]
        return float(logits_C[label] - logits_C[against])

    found = saliency(loaded, target)
    assert found.complete
    assert found.score == pytest.approx(score(TEXT), abs=1e-4)
    assert [TEXT[start:end] for start, end in found.words][:4] == ["The", "ship", "left", "Boston"]
    assert len(found.by_word) == len(found.words) == 13

    gone = leave_one_out(loaded, target)
    assert [row.text for row in gone.rows] == [TEXT[start:end] for start, end in found.words]
    assert [row.score_after for row in gone.rows] == pytest.approx([score(row.read) for row in gone.rows], abs=1e-4)
    assert gone.alone is None

    effects = head_effects(loaded, target).effects
    with applied(loaded, [AblateHead(1, 2)]) as changed:
        assert effects[1, 2] == pytest.approx(found.score - score(TEXT, changed.model), abs=1e-4)


def test_figures_and_tables_of_a_sequence_classifier(twin):
    loaded = twin()
    target = target_of(classify(loaded, TEXT).sentences[0], 0)
    for spec in (
        saliency(loaded, target, steps=8).figure("word"),
        saliency(loaded, target, "gradient_x_input").figure(),
        head_effects(loaded, target).figure(),
        leave_one_out(loaded, target).figure(),
    ):
        assert "rather than" in spec.title
        assert paper.render(spec, "svg").startswith(b"<?xml")
        assert screen.render(spec).data
    with pytest.raises(ValueError, match="choose from token, word, entity, all"):
        saliency(loaded, target, steps=1).table("head")


def test_echo_explains_the_second_copy_by_both(twin):
    loaded = twin(Gemma2ForTokenClassification, workbench_input="echo")
    predicted = classify(loaded, TEXT).sentences[0]
    target = target_of(predicted, 1)
    found = saliency(loaded, target)
    tokens = predicted.reading.tokens
    half = len(tokens) // 2
    assert found.complete
    assert tokens.ids[1:half] == tokens.ids[half + 1 :]
    assert [found.values[0], found.values[half]] == [0, 0], "BOS and the line break stand in the empty sentence too"
    assert float(found.by_word.sum()) == pytest.approx(float(found.values.sum()), abs=1e-4)
    assert (found.values[1:half] != 0).all(), "the first copy is read by the second"
    row = leave_one_out(loaded, target).rows[0]
    again = classify(loaded, row.read).sentences[0]
    assert row.confidence_after == pytest.approx(float(again.confidence[0]), abs=1e-4)


def test_bfloat16_is_close_and_says_how_close(twin):
    exact, rounded = twin(), twin()
    exact.model.to(torch.bfloat16).float()
    rounded.model.to(torch.bfloat16)
    target = target_of(classify(exact, TEXT).sentences[0], 0)
    one, other = saliency(exact, target, steps=32), saliency(rounded, target)
    assert (other.values.dtype, other.steps) == (torch.float32, 32)
    assert_close(other.values, one.values, atol=0.1 * float(one.values.abs().max()), rtol=0)
    difference = other.score - other.baseline_score
    assert other.delta == pytest.approx(float(other.values.sum()) - difference, abs=1e-4)
    assert_close(head_effects(rounded, target).effects, head_effects(exact, target).effects, atol=0.1, rtol=0)


def test_the_mask_of_a_sequence_classifier(twin):
    cost = mask_cost(twin(), TEXT)
    assert cost.trained == "causal"
    assert len(cost.words) == 1
    assert cost.words[0].causal_confidence != cost.words[0].bidirectional_confidence
