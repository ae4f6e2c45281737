"""Parity is compared once per model and length class, anew when anything changed, and says what was compared."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import torch
import transformers

from gemma2_workbench import LoadedModel, capture, load
from gemma2_workbench.model import register
from gemma2_workbench.models.parity import fingerprint
from gemma2_workbench.models.parity import statement as parity
from gemma2_workbench.models.parity.stoppable import stoppable

SENTENCE = "Emma was glad to see Mr. Knightley."


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many tokens every comparison had."""
    lengths: list[int] = []
    compare = parity.compare

    def counted(loaded: LoadedModel, ids: tuple[int, ...], *name: str) -> parity.Parity:
        lengths.append(len(ids))
        return compare(loaded, ids, *name)

    monkeypatch.setattr(parity, "compare", counted)
    return lengths


def scale_in_place(loaded: LoadedModel) -> None:
    loaded.trunk.layers[0].mlp.up_proj.weight.data.mul_(1.5)


def new_weight(loaded: LoadedModel) -> None:
    norm = loaded.trunk.layers[1].input_layernorm
    norm.weight = torch.nn.Parameter(norm.weight.clone())


def another_window(loaded: LoadedModel) -> None:
    loaded.set_window(0, None)


def another_final_cap(loaded: LoadedModel) -> None:
    loaded.set_final_softcap(7.0)


def a_hook(loaded: LoadedModel) -> None:
    loaded.trunk.layers[1].mlp.register_forward_hook(lambda _module, _args, _out: None)


@pytest.mark.parametrize("change", [scale_in_place, new_weight, another_window, another_final_cap, a_hook])
def test_a_proven_model_is_compared_again_only_if_it_changed(
    twin_folder: Callable[..., Path], compared: list[int], change: Callable[[LoadedModel], None]
) -> None:
    loaded = load(twin_folder())
    statements = {capture(loaded, SENTENCE * times).parity for times in (1, 2, 1)}
    assert len(compared) == len(statements) == 1
    change(loaded)
    with suppress(parity.ParityError):
        capture(loaded, SENTENCE)
    assert len(compared) == 2


def test_a_comparison_ends_when_it_is_told_to_in_our_pass_and_in_transformers(
    twin_folder: Callable[..., Path],
) -> None:
    loaded, calls = load(twin_folder()), list[int]()
    with stoppable(lambda: calls.append(0)), torch.no_grad():
        loaded.outputs(torch.tensor([parity.probe_ids(loaded, 128)]))
    ours = len(calls)
    for most in (3, ours + 3):
        calls.clear()

        def stop(done: int, layers: int, most: int = most) -> None:
            calls.append(done)
            if len(calls) == most:
                raise InterruptedError(f"no layer of {layers} is done")

        with pytest.raises(InterruptedError, match="no layer of 4 is done"):
            capture(loaded, SENTENCE, progress=stop)
        assert calls == [0] * most
        assert not parity.is_proven(loaded, 10)
    calls.clear()
    assert capture(loaded, SENTENCE).parity.holds
    assert not calls


def test_a_run_looks_at_the_weights_once(loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    samples = fingerprint._samples
    monkeypatch.setattr(fingerprint, "_samples", lambda weights: looks.append(len(weights)) or samples(weights))
    for times in (1, 2):
        capture(loaded, SENTENCE)
        assert len(looks) == times


def test_a_hook_that_changes_the_numbers_is_found(twin_folder: Callable[..., Path]) -> None:
    loaded = load(twin_folder())
    capture(loaded, SENTENCE)
    loaded.trunk.layers[1].mlp.register_forward_hook(lambda _module, _args, out: out.flip(-1))
    with pytest.raises(parity.ParityError, match="different from transformers"):
        capture(loaded, SENTENCE)


def test_a_text_beyond_the_window_is_compared_beyond_it(
    twin_folder: Callable[..., Path], compared: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = load(twin_folder(sliding_window=200, max_position_embeddings=512))
    short, long = (capture(loaded, SENTENCE * times).parity.sentence for times in (1, 25))
    assert "a test text of 128 tokens, no longer than the window of 200, and in the attention of layers 0 " in short
    assert "on one of 232 tokens, longer than the window of 200: " in short
    assert "a test text of 232 tokens, longer than the window of 200: " in long
    assert compared == [128, 232]
    monkeypatch.setattr(parity, "available_bytes", lambda: 1000)
    assert "a test text of 128 tokens, no longer than the window of 200: " in parity.proved(loaded, 300).sentence
    assert parity.probe_lengths(load(twin_folder(max_position_embeddings=40)), 30) == (40, 0)


def test_beyond_a_large_window_a_layer_of_each_kind_is_compared(
    twin_folder: Callable[..., Path], compared: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = load(twin_folder(sliding_window=200, max_position_embeddings=512))
    monkeypatch.setattr(parity, "MOST_WHOLE", 150)
    statement = capture(loaded, SENTENCE * 25).parity
    assert "and in the attention of layers 0 (local) and 1 (global) on one of 232 tokens, longer" in statement.sentence
    assert compared == [128]
    assert not any(module._forward_hooks for module in loaded.model.modules())
    # What only a long text shows is found: a window that is one key too large.
    loaded.attention(0).window = 201
    with pytest.raises(parity.ParityError, match="different from transformers"):
        parity.proved(loaded, 300)
    assert compared == [128, 128]


@pytest.mark.parametrize("rope_type", ["linear", "dynamic", "yarn"])
def test_angles_that_grow_with_the_text_are_compared_where_they_grow(
    twin_folder: Callable[..., Path], compared: list[int], rope_type: str
) -> None:
    rotary = {"rope_type": rope_type, "rope_theta": 10_000.0, "factor": 4.0}
    loaded = load(twin_folder(max_position_embeddings=140, rope_parameters=rotary))
    assert all(capture(loaded, SENTENCE * times).parity.holds for times in (1, 20, 1))
    assert compared == ([128, 172] if rope_type == "dynamic" else [128])


def test_a_classifier_is_compared_with_transformers_own_while_ours_are_registered(compared: list[int]) -> None:
    loaded = load("tiny-ner")
    with register():
        assert isinstance(loaded.reference().base_model, transformers.Gemma2Model)
        assert capture(loaded, SENTENCE).parity.holds
    assert compared == [128]


def test_the_whole_text_is_compared_on_request(loaded: LoadedModel) -> None:
    trace = capture(loaded, SENTENCE * 20, parity="full")
    assert trace.parity.tokens == len(trace.tokens)
    assert f"on the whole text of {len(trace.tokens)} tokens, longer than the window of 32: " in trace.parity.sentence
    with pytest.raises(ValueError, match="parity='all' is not allowed; give True, False or 'full'"):
        capture(loaded, SENTENCE, parity="all")


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_what_other_threads_set_for_the_whole_process_changes_no_statement(
    loaded: LoadedModel, dtype: torch.dtype
) -> None:
    ids = tuple(capture(loaded, SENTENCE).tokens.ids)
    quiet = parity.compare(loaded, ids)
    before = torch.get_default_dtype(), torch.get_float32_matmul_precision()
    torch.set_default_dtype(dtype)  # as transformers does while another thread loads a model
    torch.set_float32_matmul_precision("medium")
    try:
        assert parity.compare(loaded, ids) == quiet
    finally:
        torch.set_default_dtype(before[0])
        torch.set_float32_matmul_precision(before[1])
