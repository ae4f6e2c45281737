"""A layer whose stages nobody sees is computed at once: the folds, log-sums and logits are those of its blocks."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from benchmarks.decoders.tiny import tiny_model
from gemma2_workbench import SetCausal, SetSoftcap, SetWindow, capture, load
from gemma2_workbench.model.hooks import Hook, attached
from gemma2_workbench.model.masks import Mask
from gemma2_workbench.models.decoder.attention import at_once
from gemma2_workbench.models.decoder.attention.inputs import Inputs
from gemma2_workbench.models.decoder.opening import opened
from gemma2_workbench.models.decoder.refused import RefusedError
from gemma2_workbench.models.decoder.source import Decoder
from gemma2_workbench.models.parity.statement import ParityError, compare
from gemma2_workbench.traces.detailed_folds import GROUPS
from gemma2_workbench.traces.interventions import Intervention, applied
from gemma2_workbench.traces.reader import Batch, read
from gemma2_workbench.traces.readers.attention import AttentionReader
from gemma2_workbench.traces.readers.folds import FoldsReader

# Which no block divides, with a token that comes again; the batch is padded.
LENGTHS = (1, 37, 90)
FAMILIES = {
    "llama": "grouped queries",
    "gemma3_text": "windows",
    "gpt_oss": "sinks",
    "llama4_text": "chunks",
    "deepseek_v3": "values narrower than keys",
    "bert": "later tokens",
}


@pytest.fixture(scope="module", params=FAMILIES)
def decoder(request: pytest.FixtureRequest) -> Decoder:
    tokenizer = load("tiny").tokenizer
    loaded = opened(tiny_model(request.param, vocabulary=len(tokenizer)), tokenizer, request.param)
    assert isinstance(loaded, Decoder)
    return loaded


def everything(loaded: Decoder, texts: list[list[int]], seen: bool) -> list[dict[str, Tensor]]:
    """All folds, log-sums and value norms of every text; with somebody who sees the stages, or nobody."""
    batch = Batch.of(texts, loaded)
    attention = AttentionReader(loaded, batch)
    groups = [FoldsReader(loaded, batch, folds) for folds in GROUPS.values()]
    name = loaded.point(loaded.anatomy.softmax_layers[0], "attn_probs").replace(".0.", ".*.", 1)
    watching: dict[str, Hook] = {name: lambda *_: None} if seen else {}
    with attached(loaded.model, watching):
        assert all((loaded.log_sum_point(at) is None) == seen for at in loaded.anatomy.softmax_layers)
        read(loaded, batch, [attention, *groups])
    found: list[dict[str, Tensor]] = []
    for text in range(len(texts)):
        folds = {name: value for group in groups for name, value in group.reading(text).items() if name != "top_keys"}
        rows = {f"log_sum {at}": layer.log_sum for at, layer in enumerate(attention.reading(text))}
        found.append(folds | rows)
    return found


def test_the_numbers_are_those_of_the_blocks(decoder: Decoder) -> None:
    # One beyond the positions of most, for the kernel of long texts.
    lengths = (*LENGTHS, 500) if decoder.name == "llama" else LENGTHS
    texts = [[5 + at * at % 31 for at in range(length)] for length in lengths]
    for one, other in zip(everything(decoder, texts, False), everything(decoder, texts, True), strict=True):
        for name, value in one.items():
            # The variance squares distances, and rounding with them.
            near = 2e-3 if name == "distance_variance" else 2e-5
            torch.testing.assert_close(
                value, other[name], atol=near, rtol=1e-4, equal_nan=True, msg=lambda m, n=name: f"{n}: {m}"
            )


@pytest.mark.parametrize("change", [SetWindow(3), SetCausal(False), SetSoftcap(2.0)], ids=["window", "later", "cap"])
def test_a_change_reaches_it(change: Intervention) -> None:
    tokenizer = load("tiny").tokenizer
    loaded: Any = opened(tiny_model("gemma3_text", vocabulary=len(tokenizer)), tokenizer, "gemma3_text")
    with applied(loaded, [change]) as changed:
        assert (changed.log_sum_point(0) is None) == isinstance(change, SetSoftcap)
    trace = capture(loaded, "Anna met Bob, and Bob met Anna. " * 3, interventions=[change])
    sums_T = trace.stage(1, 2).nansum(-1)
    torch.testing.assert_close(sums_T, torch.ones_like(sums_T), atol=1e-5, rtol=0)


def test_long_texts_take_several_calls_and_padding_on_the_left_is_spread_evenly() -> None:
    torch.manual_seed(0)
    q, k, v = torch.randn(2, 4, 600, 8), torch.randn(2, 2, 600, 8), torch.randn(2, 2, 600, 12)
    keep = torch.ones(2, 600, dtype=torch.bool)
    keep[1, :530] = False
    for mask in (Mask(), Mask(70), Mask(causal=False), Mask(chunk=200), Mask(keep=keep), Mask(70, keep=keep)):
        mixed, log_sums = at_once.attend(Inputs(q, k, v, mask, range(600), range(600)), 0.3)
        wide_k, wide_v = k.repeat_interleave(2, 1), v.repeat_interleave(2, 1)
        hidden = mask.hidden(range(600), range(600))[:, None]
        scores = (q @ wide_k.mT * 0.3).masked_fill(hidden, torch.finfo(torch.float32).min)
        torch.testing.assert_close(mixed, scores.softmax(-1) @ wide_v, atol=2e-6, rtol=1e-5)
        torch.testing.assert_close(log_sums, scores.logsumexp(-1), atol=2e-6, rtol=1e-6)


def test_what_was_not_studied_is_refused_by_name() -> None:
    loaded: Any = opened(tiny_model("llama"), None, "llama")
    ids = torch.arange(3, 35)[None]
    with torch.no_grad(), pytest.raises(RefusedError, match="packed sequences"):
        loaded.model(ids, position_ids=torch.arange(16).repeat(2)[None], use_cache=False)
    with torch.no_grad(), pytest.raises(RefusedError, match="a Tensor of its own"):
        loaded.model(ids, attention_mask=torch.zeros(1, 1, 32, 32), use_cache=False)
    for layer in loaded.model.model.layers:
        layer.self_attn.register_forward_pre_hook(
            lambda _module, args, given: (args, {**given, "temperature": 2.0}), with_kwargs=True
        )
    with torch.no_grad(), pytest.raises(RefusedError, match="is given temperature"):
        loaded.model(ids, use_cache=False)


@pytest.mark.parametrize(
    ("family", "dtype"), [("gemma3_text", torch.bfloat16), ("gpt_oss", torch.float16), ("gptj", torch.bfloat16)]
)
def test_sixteen_bits_are_those_of_eager_attention(family: str, dtype: torch.dtype) -> None:
    loaded: Any = opened(tiny_model(family).to(dtype), None, family)
    assert isinstance(loaded, Decoder)
    ids = torch.arange(3, 40)[None]
    ours, theirs = loaded.outputs(ids), loaded.reference_outputs(ids)
    assert torch.equal(ours.last, theirs.last)
    assert max((a.to(b.dtype) - b).abs().max() for a, b in zip(ours.maps, theirs.maps, strict=True)) <= 1e-3


def test_log_sums_are_not_asked_for_where_stages_are_computed() -> None:
    loaded: Any = opened(tiny_model("llama"), None, "llama")
    name = loaded.log_sum_point(0)
    watching: dict[str, Hook] = {name: lambda *_: None, loaded.point(0, "attn_probs"): lambda *_: None}
    with torch.no_grad(), attached(loaded.model, watching), pytest.raises(RuntimeError, match="log-sums are asked of"):
        loaded.model(torch.arange(3, 9)[None])


def test_a_model_whose_numbers_are_large_is_computed_in_the_order_of_its_reference() -> None:
    tokenizer = load("tiny").tokenizer
    model = tiny_model("llama", vocabulary=len(tokenizer))
    with torch.no_grad():
        model.lm_head.weight *= 3000  # rounding is relative, and so beyond the tolerance
    loaded: Any = opened(model, tokenizer, "llama")
    assert loaded.log_sum_point(0) is None
    trace = capture(loaded, "Anna met Bob.")
    assert trace.parity.output_max_diff == 0


def test_large_logits_may_be_apart_by_the_rounding_of_transformers_own_orders_and_by_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tokenizer = load("tiny").tokenizer
    model = tiny_model("llama", vocabulary=len(tokenizer))
    with torch.no_grad():
        model.lm_head.weight *= 3000
    loaded: Any = opened(model, tokenizer, "llama")
    ids_1T = torch.arange(3, 40)[None]
    spread = loaded.reference_spread(ids_1T, loaded.reference_outputs(ids_1T).last)
    assert 0 < spread < 0.1
    usual = Decoder.outputs
    monkeypatch.setattr(
        Decoder, "outputs", lambda self, ids: replace(usual(self, ids), last=usual(self, ids).last + 1.5 * spread)
    )
    ids = ids_1T[0].tolist()
    parity = compare(loaded, ids)
    assert parity.holds
    assert parity.tolerance == pytest.approx(2 * spread)
    assert "where eager and sdpa attention of transformers differ by" in parity.sentence
    monkeypatch.setattr(Decoder, "reference_spread", lambda *_: 0.5 * spread)
    with pytest.raises(ParityError, match="nothing is shown"):
        compare(loaded, ids)
