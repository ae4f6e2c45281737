"""Effects of heads equal direct interventions; the attention beside them equals stock transformers' eager maps."""

import pytest
import torch
import transformers
from torch.testing import assert_close

from gemma2_workbench import AblateHead, LoadedModel, applied, embedded
from gemma2_workbench.classification.classify import classify
from gemma2_workbench.classification.explanations import Attention, head_effects
from gemma2_workbench.classification.explanations.target import Target, target_of
from gemma2_workbench.classification.predictions import label
from gemma2_workbench.model import set_block_rows
from gemma2_workbench.model.equation import BLOCK_ROWS

TEXT = "The President of the United States met Emma Woodhouse in Paris."


@pytest.fixture(scope="module")
def target(tagger: LoadedModel) -> Target:
    return target_of(classify(tagger, TEXT).sentences[0], 4)


@pytest.fixture(scope="module")
def direct(tagger: LoadedModel, target: Target) -> torch.Tensor:
    """Each head in turn: intervene, label again, subtract."""
    names = (target.classes.index(target.label), target.classes.index(target.against))

    def score(*changes: AblateHead) -> float:
        logits_C = label(tagger, [target.reading], changes)[0].word_logits[target.words.start]
        return float(logits_C[names[0]] - logits_C[names[1]])

    whole = score()
    return torch.tensor([[whole - score(AblateHead(layer, head)) for head in range(6)] for layer in range(6)])


@pytest.mark.parametrize("rows", [36, 5, 1])
def test_effects_equal_direct_interventions(tagger, target, direct, monkeypatch, rows):
    monkeypatch.setattr(
        "gemma2_workbench.classification.explanations.head_ablation.rows_at_once", lambda *_args, **_more: rows
    )
    found = head_effects(tagger, target)
    assert direct.abs().max() > 0.5
    assert_close(found.effects, direct, atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("rows", [BLOCK_ROWS, 7])
def test_weights_equal_the_reference(tagger, target, rows):
    stock = transformers.Gemma2ForTokenClassification.from_pretrained(
        embedded()["tiny-ner"], dtype=torch.float32, attn_implementation="eager"
    ).eval()
    with torch.no_grad():
        maps = stock(torch.tensor([target.reading.tokens.ids]), output_attentions=True).attentions
    set_block_rows(tagger.model, rows)
    try:
        found = head_effects(tagger, target)
    finally:
        set_block_rows(tagger.model, BLOCK_ROWS)
    (at,) = target.positions
    assert_close(found.weights, torch.stack([map_1NTS[0, :, at] for map_1NTS in maps]), atol=1e-5, rtol=1e-4)


def test_ranked_by_the_size_of_the_effect(tagger, target, direct):
    found = head_effects(tagger, target)
    first, *_ = rows = found.ranked(36)
    assert (
        abs(direct[first.layer, first.head]) == direct.abs().max().item() == pytest.approx(abs(first.effect), abs=1e-4)
    )
    sizes = [abs(row.effect) for row in rows]
    assert sizes == sorted(sizes, reverse=True)
    assert {(row.layer, row.head) for row in rows} == {(layer, head) for layer in range(6) for head in range(6)}
    key, weight = first.keys[0]
    assert weight == found.weights[first.layer, first.head].max() == found.weights[first.layer, first.head, key]


def test_inside_an_intervention_the_effects_are_those_of_the_modified_model(tagger, target):
    with applied(tagger, [AblateHead(5, 3)]) as changed:
        found = head_effects(changed, target)
    assert found.effects[5, 3] == pytest.approx(0, abs=1e-5)
    assert found.effects.abs().max() > 0.1


def test_no_hook_survives_an_exception(tagger, target, monkeypatch):
    monkeypatch.setattr(tagger.model.score, "forward", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        head_effects(tagger, target)
    assert not any(module._forward_hooks for module in tagger.model.modules())


def test_tables(tagger, target, direct):
    found = head_effects(tagger, target)
    frame = found.table()
    wide = torch.tensor(frame.pivot(index="layer", columns="head", values="effect").to_numpy())
    assert_close(wide.float(), direct, atol=2e-5, rtol=1e-4)
    assert frame["top_token"].iloc[0] == target.reading.tokens.display[found.ranked(1)[0].keys[0][0]]
    assert Attention(found, 2, 1).table()["weight"].sum() == pytest.approx(1, abs=1e-5)
    with pytest.raises(ValueError, match=r"head 6 does not exist; allowed: 0\.\.5"):
        head_effects(tagger, target, [(0, 6)])
