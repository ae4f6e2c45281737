"""A trace says what the model computed: its stages are the tensors at the hook points, its folds their statistics."""

import importlib
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor
from transformers import Gemma2ForTokenClassification as TransformersTagger

from gemma2_workbench import (
    AblateHead,
    LoadedModel,
    ParityError,
    SetCausal,
    SetFinalSoftcap,
    SetSoftcap,
    SetWindow,
    Trace,
    applied,
    capture,
    embedded,
    estimate,
    load,
    predict,
)
from gemma2_workbench.model import attached
from gemma2_workbench.model.hooks import catalogue
from gemma2_workbench.traces.layer_store import FileLayers

HOOKED = ("attn_logits", "attn_scores", "attn_probs")


def hooked(loaded: LoadedModel, trace: Trace) -> dict[tuple[int, str], Tensor]:
    """The tensors that pass the hook points in a pass of one block, [N, T, S] per layer and stage."""
    seen: dict[tuple[int, str], Tensor] = {}

    def keep(layer: int, stage: str):
        return lambda _module, args, out: seen.__setitem__((layer, stage), (out[0], args[1].keys))

    names = {
        f"layers.{layer}.self_attn.{stage}": keep(layer, stage)
        for layer in range(len(trace.layers))
        for stage in HOOKED
    }
    with torch.no_grad(), attached(loaded.trunk, names):
        loaded.trunk(torch.tensor([trace.tokens.ids]))
    return seen


def test_derived_stages_are_the_tensors_at_the_hook_points(loaded: LoadedModel, trace: Trace) -> None:
    for (layer, stage), (tensor, keys) in hooked(loaded, trace).items():
        for head in range(trace.heads):
            derived = trace.stage(layer, head, stage, keys=keys)
            shown = derived.isfinite()
            torch.testing.assert_close(derived[shown], tensor[head][shown], atol=1e-5, rtol=1e-5)
            assert not tensor[head][~shown].any() or stage != "attn_probs"


def test_any_window_of_a_map_is_a_part_of_the_whole(trace: Trace) -> None:
    for stage in (*HOOKED, "attn_masked", "contribution"):
        whole = trace.stage(1, 2, stage)
        part = trace.stage(1, 2, stage, rows=range(5, 20), keys=range(3, 30))
        torch.testing.assert_close(part, whole[5:20, 3:30], atol=1e-5, rtol=1e-5, equal_nan=True)


def test_contribution_is_the_length_of_what_one_key_adds(loaded: LoadedModel, trace: Trace) -> None:
    layer, head, query, key = 1, 3, 20, 4
    value = trace.tensors[layer].v[head * trace.kv_heads // trace.heads, key]
    padded = torch.zeros(trace.heads, len(value))
    padded[head] = value * trace.stage(layer, head)[query, key]
    added = loaded.trunk.layers[layer].self_attn.o_proj(padded.flatten())
    assert trace.stage(layer, head, "contribution")[query, key].item() == pytest.approx(added.norm().item(), rel=1e-4)


@pytest.mark.parametrize("block_rows", [1, 7, 4096])
def test_the_size_of_blocks_changes_nothing(loaded: LoadedModel, trace: Trace, block_rows: int) -> None:
    other = capture(loaded, trace.tokens.text, block_rows=block_rows, parity=False)
    torch.testing.assert_close(other.stage(3, 2), trace.stage(3, 2), atol=1e-5, rtol=1e-5, equal_nan=True)


def test_a_trace_over_the_budget_lives_in_files_and_says_the_same(loaded: LoadedModel, trace: Trace) -> None:
    spilled = capture(loaded, trace.tokens.text, budget_bytes=0)
    assert isinstance(spilled.tensors, FileLayers)
    folder = spilled.tensors._folder
    assert len(list(folder.iterdir())) == len(trace.layers)
    torch.testing.assert_close(spilled.stage(1, 1), trace.stage(1, 1), equal_nan=True)
    del spilled
    assert not folder.exists()


def test_every_trace_says_that_it_is_exact(trace: Trace) -> None:
    assert trace.parity.holds
    assert "eager Gemma 2 on a test text of 128 tokens, longer than the window of 32: " in trace.parity.sentence


def test_a_model_that_computes_something_else_is_refused(twin_folder: Callable[..., Path]) -> None:
    loaded = load(twin_folder())
    assert capture(loaded, "one two three four five six seven eight nine ten").parity.holds
    loaded.trunk.layers[1].self_attn.scale *= 2
    with pytest.raises(ParityError, match="different from transformers"):
        capture(loaded, "one two three four five six seven eight nine ten")


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_is_compared_too(twin_folder: Callable[..., Path], dtype: str) -> None:
    trace = capture(load(twin_folder(), dtype=dtype), "one two three four five six seven eight nine ten")
    assert trace.model.dtype == dtype
    assert trace.parity.holds
    torch.testing.assert_close(trace.stage(1, 1).nansum(1), torch.ones(len(trace.tokens)), atol=2e-2, rtol=0)


def test_text_that_is_too_long_or_no_text_is_refused(twin_folder: Callable[..., Path]) -> None:
    loaded = load(twin_folder(max_position_embeddings=8))
    with pytest.raises(ValueError, match=r"the text has 1\d tokens; .* takes at most 8"):
        capture(loaded, "one two three four five six seven eight nine ten")
    with pytest.raises(ValueError, match="the text is empty"):
        capture(loaded, "")
    with pytest.raises(TypeError, match="text must be a str"):
        capture(loaded, 7)


def test_a_capture_that_does_not_fit_is_refused_before_it_starts(
    loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.import_module("gemma2_workbench.traces.estimate"), "available_bytes", lambda: 1000)
    with pytest.raises(MemoryError, match=r"needs about .* GB .* are free"):
        capture(loaded, "Hello world")
    assert estimate(loaded, 1000).peak_bytes > estimate(loaded, 10).peak_bytes > 0


def test_no_hook_is_left_behind_even_by_a_failed_capture(loaded: LoadedModel) -> None:
    def fail(done: int, of: int) -> None:
        if done:
            raise RuntimeError(f"stopped after layer {done} of {of}")

    with pytest.raises(RuntimeError, match="stopped after layer 1 of 6"):
        capture(loaded, "Hello world", progress=fail)
    assert not any(module._forward_hooks for module in catalogue(loaded.model).values())


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (SetSoftcap(5.0), "attention softcap 5"),
        (SetSoftcap(None, (1,)), "attention softcap off in layer 1"),
        (SetWindow(2), "sliding window 2"),
        (SetFinalSoftcap(None), "final softcap off"),
        (AblateHead(1, 2), "layer 1 head 2 set to zero"),
        (SetCausal(False), "bidirectional mask"),
    ],
)
def test_interventions_change_the_prediction_and_go_away(loaded: LoadedModel, trace: Trace, change, sentence) -> None:
    before = predict(loaded, trace.tokens.ids)
    changed = predict(loaded, trace.tokens.ids, [change])
    assert changed.divergence_from(before) > 0 or change == SetSoftcap(None, (1,))
    assert capture(loaded, "Hello world", interventions=[change]).changes == (sentence,)
    torch.testing.assert_close(predict(loaded, trace.tokens.ids).capped, before.capped, rtol=0, atol=0)


@pytest.mark.parametrize("causal", [False, True])
def test_a_mask_of_both_sides_is_traced_as_the_model_has_it(causal: bool) -> None:
    tagger = load("tiny-ner")
    text = "Emma was glad to see Mr. Knightley, and Mr. Knightley was glad to see Emma. She asked him to stay. " * 3
    trace = capture(tagger, text, interventions=[SetCausal(True)] if causal else ())
    reference = TransformersTagger.from_pretrained(
        embedded()["tiny-ner"], attn_implementation="eager", dtype=torch.float32
    )
    reference.config.is_causal = causal
    with torch.no_grad():
        maps = reference(torch.tensor([trace.tokens.ids]), output_attentions=True).attentions
    assert len(trace.tokens) > trace.layers[0].window * 2
    for layer, expected_1NTT in enumerate(maps):
        hidden_TT = trace.reasons(layer) != 0
        assert bool((trace.reasons(layer) == 1).any()) is causal
        for head in range(trace.heads):
            probs_TT = trace.stage(layer, head)
            torch.testing.assert_close(probs_TT.nan_to_num(), expected_1NTT[0, head], rtol=0, atol=1e-5)
            assert torch.equal(probs_TT.isnan(), hidden_TT)
    assert tagger.config.sees_later


def test_an_ablated_head_adds_nothing(loaded: LoadedModel, trace: Trace) -> None:
    outputs: list[Tensor] = []
    reader = {"layers.2.self_attn.head_out": lambda _module, _args, out: outputs.append(out)}
    with torch.no_grad(), applied(loaded, [AblateHead(2, 4)]) as changed, attached(changed.trunk, reader):
        changed.trunk(torch.tensor([trace.tokens.ids]))
    assert not outputs[0][0, 4].any()
    assert outputs[0][0, 3].any()


@pytest.mark.parametrize("change", [AblateHead(6, 0), AblateHead(0, 6), SetSoftcap(5.0, (9,)), SetWindow(2, (6,))])
def test_interventions_in_what_is_not_there_are_refused(loaded: LoadedModel, change) -> None:
    with pytest.raises(ValueError, match=r"does not exist; allowed: 0\.\.5"):
        capture(loaded, "Hello world", interventions=[change])
