"""Twelve families beside their own eager forward: plain, padded, cached, longer than a window; what is refused."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from benchmarks.decoders.row import row_of
from benchmarks.decoders.tiny import shaken, tiny_config, tiny_model
from gemma2_workbench import (
    AblateHead,
    Patch,
    SetCausal,
    SetWindow,
    capture,
    load,
    load_trace,
    save_trace,
    table,
    view_named,
)
from gemma2_workbench.apps.explorer.cell_json import story
from gemma2_workbench.figures.spec import TokenMap
from gemma2_workbench.model import Reason
from gemma2_workbench.model.hooks import Hook, attached
from gemma2_workbench.models.decoder.maps_only import MapsOnly
from gemma2_workbench.models.decoder.opening import opened
from gemma2_workbench.models.decoder.refused import RefusedError
from gemma2_workbench.models.decoder.source import Decoder
from gemma2_workbench.traces.readers.contributions import Contributions
from gemma2_workbench.traces.readers.lens import Lens

TEXT = "The cat sat on the mat, and the dog sat on the cat."

# Each for what it stands for in the table of families.
STAGED = {
    "llama": "4 global",  # grouped queries, nothing else
    "gemma3_text": "2 local, 2 global",  # sliding layers
    "gemma2": "2 local, 2 global",  # softcap
    "gpt_oss": "2 local, 2 global",  # learned sinks
    "llama4_text": "2 chunked, 2 global",  # chunks
    "deepseek_v3": "4 global",  # latent attention: values narrower than keys
    "qwen3_next": "2 linear, 2 global",  # layers without softmax, output gates
    "gpt2": "4 global",  # LayerNorm with biases, Conv1D
    "cohere": "4 global",  # attention and MLP side by side, a scale on the logits
    "granite": "4 global",  # multipliers
    "gemma3n_text": "2 local, 2 global",  # keys and values of an earlier layer, several streams
    "bert": "4 global",  # sees later tokens
    "bloom": "4 global",  # a softmax of its own, with a number for each key
    "gpt_neo": "2 global, 2 local",  # a softmax and windows of its own
    "granite_swa": "2 global, 2 local",  # sinks that its own maps leave out
    "longcat_flash": "8 global",  # two attentions a layer
    "diffllama": "4 global",  # differential: one map for two halves of the values
    "afmoe": "2 local, 2 global",  # output gates before the projection
    "bart": "4 global",  # the decoder of two stacks
}
LENS = {
    "bloom",
    "gpt_neo",
    "granite_swa",
    "llama",
    "gemma3_text",
    "gemma2",
    "gpt_oss",
    "llama4_text",
    "deepseek_v3",
    "qwen3_next",
    "gpt2",
    "cohere",
    "granite",
    "diffllama",
    "afmoe",
    "bart",
}
SUMS = LENS - {"llama4_text", "qwen3_next", "diffllama", "bart"}


@pytest.mark.parametrize("family", STAGED)
def test_a_family_is_exact_in_every_way_of_running_it(family: str) -> None:
    row = row_of(family)
    assert (row.tier, row.reason, row.layers) == ("staged", "", STAGED[family])
    assert row.apart is not None
    assert row.apart.largest <= 1e-4
    assert (row.lens, row.contributions) == (family in LENS, family in SUMS)


@pytest.mark.parametrize(
    ("family", "tier", "reason"),
    [
        ("cpmant", "maps only", "more than a multiple of q.k"),  # relative positions
        ("hrm_text", "maps only", "attends 6 times"),  # a layer that is run in turns
        ("inkling_text", "refused", "is given position_bias"),  # a number for each query and distance
        ("inkling2_text", "refused", "is given position_bias, sinks"),  # and a sink for each query
        ("deepseek_v4", "refused", "16 queries and 16 keys, and its layer has 16 and 20"),  # compressed keys beside
        ("rwkv", "refused", "no attention maps"),
        ("mamba", "refused", "no softmax of it"),
        ("reformer", "refused", "cannot be switched"),
        ("big_bird", "refused", "changes its own attention for good"),
    ],
)
def test_what_is_not_exact_is_shown_as_maps_alone_or_not_at_all(family: str, tier: str, reason: str) -> None:
    row = row_of(family)
    assert row.tier == tier
    assert reason in row.reason


@pytest.mark.parametrize(
    ("family", "most"), [("deepseek_v32", 32), ("hy_v4", 32), ("doge", None)], ids=["sparse", "sinks", "by head"]
)
def test_a_model_that_works_on_its_mask_is_staged_where_it_chooses_no_keys(family: str, most: int | None) -> None:
    row = row_of(family)
    assert row.tier == "staged"
    assert row.reason == ("" if most is None else f"texts of up to {most} tokens, of which no keys are chosen")
    assert row.apart is not None
    assert row.apart.largest <= 1e-4


def test_keys_that_an_indexer_chooses_are_never_left_out_in_silence() -> None:
    loaded = opened_as("deepseek_v32")
    assert loaded.shape.longest == 32
    with torch.no_grad(), pytest.raises(RefusedError, match="each of its queries reads 32 keys that are chosen"):
        loaded.model(torch.arange(3, 43)[None], use_cache=False)
    config = tiny_config("deepseek_v32")
    config.index_topk = 6
    model = shaken(AutoModelForCausalLM.from_config(config, attn_implementation="eager"))
    assert "reads 6 keys that are chosen" in opened(model, None, "sparse").maps_only


def opened_as(family: str) -> Any:
    tokenizer = load("tiny").tokenizer
    return opened(tiny_model(family, vocabulary=len(tokenizer)), tokenizer, family)


def test_a_folder_of_another_family_is_loaded_read_changed_and_saved(tmp_path: Path) -> None:
    tokenizer = load("tiny").tokenizer
    for part in (tiny_model("gemma3_text", vocabulary=len(tokenizer)), tokenizer):
        part.save_pretrained(tmp_path)
    loaded = load(tmp_path)
    assert isinstance(loaded, Decoder)
    trace = capture(loaded, TEXT, read=("attention", "folds", "lens", "contributions"))
    assert trace.parity.holds
    assert "gemma3_text" in trace.parity.sentence
    assert "longer than the window" in trace.parity.sentence
    assert trace.reading("contributions", Contributions).remainder.abs().max() < 1e-5
    assert torch.allclose(trace.stage(0, 1).nansum(-1), torch.ones(len(trace.tokens)), atol=1e-5)
    changes = [SetWindow(3), SetCausal(False), AblateHead(1, 2), Patch("residual", 1, None, TEXT[::-1], ((3, 3),))]
    for change in changes:
        after = capture(loaded, TEXT, interventions=[change])
        assert after.effects[0].changed
    save_trace(after, tmp_path / "a.trace")
    assert load_trace(tmp_path / "a.trace") == after
    again = capture(loaded, TEXT)
    assert torch.equal(again.stage(0, 1).nan_to_num(), trace.stage(0, 1).nan_to_num())


@pytest.mark.parametrize(
    ("family", "size", "compared"),
    [
        (
            "gemma3_text",
            "sliding_window",
            "layers 0 (local) and 1 (global)",
        ),
        (
            "llama4_text",
            "attention_chunk_size",
            "layers 0 (chunked) and 1 (global)",
        ),
        (
            "granite_swa",
            "sliding_window",
            "layers 0 (global) and 1 (local)",
        ),
        (
            "gpt_neo",
            "window_size",
            "layers 0 (global) and 1 (local)",
        ),
    ],
)
def test_parity_reaches_beyond_a_window_that_a_text_does_not_reach(family: str, size: str, compared: str) -> None:
    tokenizer = load("tiny").tokenizer
    config = tiny_config(family, len(tokenizer))
    config.max_position_embeddings = 400
    setattr(config, size, 150)
    model = shaken(AutoModelForCausalLM.from_config(config, attn_implementation="eager"))
    parity = capture(opened(model, tokenizer, family), TEXT).parity
    assert parity.holds
    end = "chunk" if "chunk" in size else "window"
    assert f"{compared} on one of 182 tokens, longer than the {end} of 150" in parity.sentence


@pytest.mark.parametrize("family", ["afmoe", "gpt2"], ids=["gated", "biased"])
def test_heads_and_the_bias_sum_to_what_attention_adds(family: str) -> None:
    loaded = opened_as(family)
    parts = capture(loaded, TEXT, read=("contributions",)).reading("contributions", Contributions)
    added: dict[int, torch.Tensor] = {}

    def keep(layer: int) -> Hook:
        return lambda _module, _args, out: added.update({layer: out[0]}) or None

    ids_1T = torch.tensor([loaded.tokenizer(TEXT)["input_ids"]])
    with torch.no_grad(), attached(loaded.model, {loaded.point(at, "attention_out"): keep(at) for at in range(4)}):
        last_TD = loaded.run(ids_1T)[0]
    along_TD = loaded.unembedding.directions(parts.ids) / loaded.unembedding.divisor(last_TD)[:, None]
    for layer, added_TD in added.items():
        ours_T = parts.heads[layer].sum(0) + parts.biases[layer]
        torch.testing.assert_close(ours_T, (added_TD * along_TD).sum(-1), atol=2e-5, rtol=1e-4)
    assert (family == "gpt2") == bool(parts.biases.any())
    assert parts.remainder.abs().max() < 1e-4


def test_what_layers_add_is_found_beside_places_of_thousands_in_their_stream() -> None:
    tokenizer = load("tiny").tokenizer
    model = tiny_model("llama", vocabulary=len(tokenizer))
    with torch.no_grad():
        model.model.layers[0].mlp.down_proj.weight[3] *= 1e5
    loaded = opened(model, tokenizer, "with an outlier")
    assert isinstance(loaded, Decoder)
    assert loaded.anatomy.adds
    parts = capture(loaded, TEXT, read=("contributions",), parity=False).reading("contributions", Contributions)
    assert parts.remainder.abs().max() < 1e-3


def test_both_halves_of_a_differential_head_are_switched_off_and_no_stage_is_replaced() -> None:
    loaded = opened_as("diffllama")
    (effect,) = capture(loaded, TEXT, interventions=[AblateHead(1, 2)]).effects
    assert effect.changed
    ids_1T, outs = torch.arange(3, 20)[None], list[torch.Tensor]()
    with torch.no_grad():
        module = loaded.model.model.layers[1].self_attn
        handle = module.o_proj.register_forward_pre_hook(lambda _module, args: outs.append(args[0]) or None)
        without = {loaded.point(1, "head_out"): lambda _module, _args, out: out * 0}
        with attached(loaded.model, without):
            loaded.model(ids_1T, use_cache=False)
        handle.remove()
        assert not outs[0].any()
        doubled = {loaded.point(1, "attn_probs"): lambda _module, _args, out: out * 2}
        with attached(loaded.model, doubled), pytest.raises(RefusedError, match="attends in two halves"):
            loaded.model(ids_1T, use_cache=False)


def test_a_sink_takes_its_share_of_every_row() -> None:
    trace = capture(opened_as("gpt_oss"), TEXT)
    share_T = trace.sink_share(0, 1)
    assert share_T.min() > 0
    assert torch.allclose(trace.stage(0, 1).nansum(-1) + share_T, torch.ones_like(share_T), atol=1e-5)
    frame = table(trace, "attention", layer=0, head=1, rows="4:9", keys="0:9")
    sink = frame[frame["key_token"] == "sink"]
    assert sink["key"].unique().tolist() == [len(trace.tokens)]
    assert np.allclose(frame.groupby("query")["value"].sum(), 1, atol=1e-5)
    drawn = view_named("attention").figure(frame)
    assert isinstance(drawn, TokenMap)
    assert (drawn.columns[-1], drawn.values.shape) == ("sink", (5, 10))
    assert story(trace, 0, 1, 4, 2)["sink"] == pytest.approx(share_T[4].item())
    assert "sink" not in table(trace, "attention", stage="attn_scores")["key_token"].unique()


def test_a_layer_without_softmax_has_no_map_and_says_why(tmp_path: Path) -> None:
    trace = capture(opened_as("qwen3_next"), TEXT, read=("attention", "folds", "lens"))
    assert [layer.softmax for layer in trace.layers] == [False, True, False, True]
    assert trace.stage(0, 0).isnan().all()
    assert (trace.reasons(0) == Reason.NO_SOFTMAX).all()
    assert trace.reading("lens", Lens).entropy.isfinite().all()
    atlas = table(trace, "atlas")
    assert atlas.loc[atlas["layer"] == 0, "value"].isna().all()
    assert atlas.loc[atlas["layer"] == 1, "value"].notna().any()
    save_trace(trace, tmp_path / "a.trace")
    assert load_trace(tmp_path / "a.trace") == trace


def test_maps_only_shows_its_probabilities_and_nothing_more(tmp_path: Path) -> None:
    loaded = opened_as("cpmant")
    assert isinstance(loaded, MapsOnly)
    assert loaded.tier.startswith("maps only")
    trace = capture(loaded, TEXT)
    with torch.no_grad():
        maps = loaded.model(torch.tensor([trace.tokens.ids]), output_attentions=True).attentions
    assert torch.equal(trace.stage(2, 1).nan_to_num(), maps[2][0, 1])
    with pytest.raises(ValueError, match="probabilities alone"):
        trace.stage(2, 1, "attn_logits")
    with pytest.raises(ValueError, match="nothing in it can be changed"):
        capture(loaded, TEXT, interventions=[AblateHead(0, 1)])
    save_trace(trace, tmp_path / "a.trace")
    assert load_trace(tmp_path / "a.trace") == trace


def test_other_models_of_the_process_keep_their_attention() -> None:
    model = tiny_model("llama")
    ids = torch.arange(3, 19)[None]
    with torch.no_grad():
        before = model(ids).logits
        loaded = opened_as("llama")
        assert model.config._attn_implementation == "eager"
        assert torch.equal(model(ids).logits, before)
    found: list[bool] = []
    once = capture(loaded, TEXT).stage(3, 0).nan_to_num()
    threads = [
        threading.Thread(target=lambda: found.append(torch.equal(capture(loaded, TEXT).stage(3, 0).nan_to_num(), once)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 3
