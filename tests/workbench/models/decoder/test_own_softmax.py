"""Attention that a model computes itself is ours in its place: read, changed, watched in every pass."""

from typing import Any

import pytest
import torch

from benchmarks.decoders.tiny import tiny_model
from gemma2_workbench import AblateHead, SetCausal, SetSoftcap, SetWindow, capture, load
from gemma2_workbench.model.masks import Mask
from gemma2_workbench.models.decoder.attention.own_softmax import is_watched
from gemma2_workbench.models.decoder.attention.scores import OwnScores
from gemma2_workbench.models.decoder.attention.seen_mask import SeenMask
from gemma2_workbench.models.decoder.opening import opened
from gemma2_workbench.models.decoder.refused import RefusedError
from gemma2_workbench.models.decoder.source import Decoder

TEXT = "The cat sat on the mat, and the dog sat on the cat."


@pytest.fixture(scope="module", params=["bloom", "gpt_neo"])
def decoder(request: pytest.FixtureRequest) -> Decoder:
    tokenizer = load("tiny").tokenizer
    loaded = opened(tiny_model(request.param, vocabulary=len(tokenizer)), tokenizer, request.param)
    assert isinstance(loaded, Decoder)
    return loaded


def test_its_maps_are_read_and_changed(decoder: Decoder) -> None:
    trace = capture(decoder, TEXT)
    its = decoder.reference_outputs(torch.tensor([trace.tokens.ids])).maps
    torch.testing.assert_close(trace.stage(1, 2).nan_to_num(), its[1][0, 2], atol=1e-6, rtol=0)
    windows = [SetWindow(3)] if any(layer.window for layer in decoder.layers) else []
    for change in (*windows, SetCausal(False), SetSoftcap(0.5), AblateHead(1, 2)):
        assert capture(decoder, TEXT, interventions=[change]).effects[0].changed
    assert torch.equal(capture(decoder, TEXT).stage(1, 2).nan_to_num(), trace.stage(1, 2).nan_to_num())


def test_its_reference_is_its_own_softmax(decoder: Decoder) -> None:
    assert any(map(is_watched, decoder.model.modules()))
    assert not any(map(is_watched, decoder.reference().modules()))


def test_gradients_pass_our_equation_as_they_pass_its_own(decoder: Decoder) -> None:
    ids = torch.arange(3, 20)[None]
    found: list[torch.Tensor] = []
    for model in (decoder.model, decoder.reference()):
        words: Any = decoder.model.get_input_embeddings()
        embedded = words(ids).detach().requires_grad_()
        model(inputs_embeds=embedded).logits[0, -1, 7].backward()
        assert embedded.grad is not None
        found.append(embedded.grad)
    torch.testing.assert_close(*found, atol=1e-5, rtol=1e-4)


def test_a_mask_of_another_rule_is_refused_when_it_is_met() -> None:
    decoder: Any = opened(tiny_model("gptj"), None, "gptj")
    ids = torch.arange(3, 35)[None]
    packed = torch.block_diag(*[torch.ones(16, 16).tril()] * 2)[None, None]
    added = packed.log().clamp(min=torch.finfo(torch.float32).min)
    with torch.no_grad(), pytest.raises(RefusedError, match="its mask is another here"):
        decoder.model(ids, attention_mask=added, use_cache=False)


@pytest.mark.parametrize("rule", [Mask(), Mask(5), Mask(causal=False), Mask(5, causal=False)])
def test_the_rule_of_a_mask_is_read_from_its_cells(rule: Mask) -> None:
    seen = SeenMask(~rule.hidden(range(24), range(24)))
    assert seen.rule() == rule
    later = SeenMask(~rule.hidden(range(22, 24), range(24)))
    assert later.follows(rule)
    assert not later.follows(Mask(4))
    keep = torch.ones(1, 24, dtype=torch.bool)
    keep[:, :3] = False
    padded = SeenMask(~Mask(rule.window, keep, causal=rule.causal).hidden(range(24), range(24)))
    assert padded.follows(rule)
    assert torch.equal(padded.keep(rule), keep)


def test_no_rule_is_made_up() -> None:
    with pytest.raises(RefusedError, match="neither causal nor full"):
        SeenMask(~Mask(chunk=8).hidden(range(24), range(24))).rule()
    with pytest.raises(RefusedError, match="see themselves"):
        SeenMask(torch.ones(1, 8, 8, dtype=torch.bool).tril(-1)).rule()


def scores_of(added: torch.Tensor, scale: float = 0.3) -> OwnScores:
    torch.manual_seed(0)
    q, k = torch.randn(2, 2, 4, 12, 8)
    scores = q @ k.mT * scale + added
    hidden = Mask().hidden(range(12), range(12))
    return OwnScores(q, k, k, scores.masked_fill(hidden, torch.finfo(torch.float32).min))


def test_the_form_of_scores_is_found_or_refused() -> None:
    plain, alibi = torch.zeros(1), torch.arange(12.0) * torch.tensor([0.5, 0.25, 0.1, 0.05])[:, None, None]
    assert scores_of(plain).form() == (pytest.approx(0.3, abs=1e-6), False)
    assert scores_of(plain, 8**-0.5).form() == (8**-0.5, False)
    biased = scores_of(alibi)
    scale, is_biased = biased.form()
    assert is_biased
    q, k = biased.factors(scale, True)
    seen = biased.mask.visible[:, None].expand_as(biased.scores)
    torch.testing.assert_close((q @ k.mT * scale)[seen], biased.scores[seen], atol=1e-5, rtol=0)
    far = (torch.arange(12.0)[:, None] - torch.arange(12.0)).abs() ** 0.5
    with pytest.raises(RefusedError, match="relative positions"):
        scores_of(far).form()
    with pytest.raises(RefusedError, match="was not so when it was studied"):
        scores_of(alibi).factors(0.3, False)
