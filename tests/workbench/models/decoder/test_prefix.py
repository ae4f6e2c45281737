"""A prefix language model: the prefix sees all of itself, and layers, reasons, folds and masks know how long it is."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers.models.llama import modeling_llama

from benchmarks.decoders.tiny import tiny_model
from gemma2_workbench import capture, load, load_trace, save_trace
from gemma2_workbench.masks.layers import layer_masks
from gemma2_workbench.masks.setting import Setting
from gemma2_workbench.model import Reason
from gemma2_workbench.model.masks import Mask
from gemma2_workbench.models.decoder.attention.seen_mask import SeenMask
from gemma2_workbench.models.decoder.opening import opened
from gemma2_workbench.models.decoder.source import Decoder
from gemma2_workbench.models.outline import Outline

TEXT = "The cat sat on the mat, and the dog sat on the cat."
PREFIX = 5


def in_prefix(_batch: Any, _head: Any, query: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
    return (query < PREFIX) & (key < PREFIX)


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    usual = modeling_llama.create_causal_mask
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(modeling_llama, "create_causal_mask", partial(usual, or_mask_function=in_prefix))
        tokenizer = load("tiny").tokenizer
        loaded = opened(tiny_model("llama", vocabulary=len(tokenizer)), tokenizer, "prefix llama")
        assert isinstance(loaded, Decoder)
        yield loaded


def test_its_layers_its_cells_and_its_trace_know_the_prefix(decoder: Decoder, tmp_path: Path) -> None:
    assert {layer.prefix for layer in decoder.layers} == {PREFIX}
    trace = capture(decoder, TEXT)
    assert trace.parity.holds
    reason_QS = trace.reasons(0)
    assert (reason_QS[:PREFIX, :PREFIX] == Reason.VISIBLE).all()
    assert (reason_QS[0, PREFIX:] == Reason.FUTURE).all()
    its = decoder.reference_outputs(torch.tensor([trace.tokens.ids])).maps
    torch.testing.assert_close(trace.stage(1, 2).nan_to_num(), its[1][0, 2], atol=1e-6, rtol=0)
    entropy_T = -torch.special.xlogy(its[1][0, 2], its[1][0, 2]).sum(-1)
    torch.testing.assert_close(trace.folds["entropy"][1, 2], entropy_T, atol=1e-5, rtol=1e-4)
    save_trace(trace, tmp_path / "a.trace")
    assert load_trace(tmp_path / "a.trace") == trace


def test_the_masks_that_are_drawn_of_it_are_its_own(decoder: Decoder) -> None:
    outline = Outline.of_layers(decoder.layers, vocabulary=0)
    setting = Setting.of(outline, 12)
    assert setting.prefix == PREFIX
    (mask,) = layer_masks(setting, 0)
    assert torch.equal(mask.reasons, decoder.layers[0].mask.reasons(range(12), range(12))[0])
    assert Setting.of(outline, 12, causal=False).prefix is None
    assert Setting.of(outline, 12, prefix=3).prefix == 3


@pytest.mark.parametrize("rule", [Mask(prefix=PREFIX), Mask(6, prefix=PREFIX)])
def test_a_prefix_is_read_from_the_cells_of_a_mask(rule: Mask) -> None:
    assert SeenMask(~rule.hidden(range(24), range(24))).rule() == rule
