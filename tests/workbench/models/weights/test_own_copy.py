"""An intervention is in a model of its own: whoever else looks at the model sees what it always was."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import dispatch_model
from peft import LoraConfig, inject_adapter_in_model

from gemma2_workbench import (
    AblateHead,
    LoadedModel,
    SetCausal,
    SetFinalSoftcap,
    SetSoftcap,
    SetWindow,
    applied,
    capture,
    classify,
    load,
    predict,
)
from gemma2_workbench.model import attached, set_block_rows

CHANGES = (SetSoftcap(3.0), SetWindow(2), SetFinalSoftcap(None), SetCausal(False), AblateHead(1, 2))
IDS = (2, 10, 11, 12, 13, 14, 15, 16, 17, 18)


def state(loaded: LoadedModel) -> list[Any]:
    """All that interventions change: caps, windows, configuration, hooks."""
    attention = map(loaded.attention, range(loaded.shape.layers))
    layers = [(layer.cap, layer.window, layer.block_rows) for layer in attention]
    return [*layers, loaded.config.to_dict(), [len(module._forward_hooks) for module in loaded.model.modules()]]


def is_free(loaded: LoadedModel) -> bool:
    """Whether the lock can be had by this thread; it is given back."""
    if not loaded.lock.acquire(timeout=1):
        return False
    loaded.lock.release()
    return True


def test_nobody_sees_what_somebody_else_has_changed(loaded: LoadedModel) -> None:
    before = state(loaded)
    with applied(loaded, CHANGES) as changed:
        assert state(loaded) == before
        assert state(changed) != before
        assert changed.config is changed.trunk.config is not loaded.config
        with ThreadPoolExecutor(1) as pool:  # the model itself is free meanwhile
            assert pool.submit(is_free, loaded).result()
    weights = zip(loaded.model.state_dict().values(), changed.model.state_dict().values(), strict=True)
    assert all(ours.data_ptr() == theirs.data_ptr() for ours, theirs in weights)
    assert changed.model.lm_head.weight is changed.trunk.embed_tokens.weight


def test_without_a_change_the_model_is_the_model(loaded: LoadedModel) -> None:
    with applied(loaded, ()) as same:
        assert same is loaded


def test_changes_of_changes_add_up(loaded: LoadedModel) -> None:
    with applied(loaded, [SetSoftcap(3.0)]) as first, applied(first, [SetWindow(2)]) as second:
        assert (second.layers[0].softcap, second.layers[0].window) == (3.0, 2)
        torch.testing.assert_close(
            predict(second, IDS).capped, predict(loaded, IDS, [SetSoftcap(3.0), SetWindow(2)]).capped
        )


def test_a_changed_model_never_passes_for_the_real_one(loaded: LoadedModel) -> None:
    assert loaded.changes == ()
    tagger = load("tiny-ner")
    with applied(loaded, [SetSoftcap(3.0)]) as first, applied(first, [SetWindow(2)]) as second:
        assert second.changes == (SetSoftcap(3.0).sentence, SetWindow(2).sentence)
        sentence = f"{loaded.name} is changed here ({'; '.join(second.changes)})"
        with pytest.raises(ValueError, match=re.escape(sentence) + ".* as `interventions=`$"):
            capture(second, "Hello", interventions=[AblateHead(0, 1)])
    with applied(tagger, [SetCausal(True)]) as changed, pytest.raises(ValueError, match="is changed here"):
        classify(changed, "Anna met Bob")


def test_hooks_that_were_there_are_in_force(loaded: LoadedModel) -> None:
    seen: list[Any] = []
    with attached(loaded.trunk, {"layers.3.self_attn.head_out": lambda module, _args, _out: seen.append(module)}):
        predict(loaded, IDS, [SetSoftcap(3.0)])
    assert len(seen) == 1
    assert seen[0] is not loaded.trunk.layers[3].self_attn.head_out


def test_runs_side_by_side_never_mix(loaded: LoadedModel) -> None:
    changes = [(), *((change,) for change in CHANGES)]
    alone = [predict(loaded, IDS, change).capped for change in changes]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda change: predict(loaded, IDS, change).capped, changes * 3))
    assert all(torch.equal(ours, alone[at % len(alone)]) for at, ours in enumerate(together))


def test_the_size_of_blocks_is_the_runs_own(loaded: LoadedModel) -> None:
    sizes: list[int] = []
    layers = [loaded.attention(layer) for layer in range(loaded.shape.layers)]
    capture(loaded, "Hello", block_rows=3, parity=False, progress=lambda *_: sizes.append(layers[0].block_rows))
    assert set(sizes) == {128}
    own = loaded.own_copy()
    set_block_rows(own.trunk, 5)
    capture(own, "Hello", parity=False)
    assert own.attention(0).block_rows == 5


@pytest.mark.parametrize("wrap", ["accelerate", "peft"])
def test_models_that_others_have_wrapped(twin_folder: Callable[..., Path], wrap: str) -> None:
    loaded = load(twin_folder(hidden_size=32, num_hidden_layers=2), dtype="float32", device="cpu")
    if wrap == "peft":
        shape = LoraConfig(target_modules=["q_proj", "o_proj"], init_lora_weights=False)
        loaded = replace(loaded, model=inject_adapter_in_model(shape, loaded.model).eval())
    plain, cut = predict(loaded, IDS), predict(loaded, IDS, [SetFinalSoftcap(2.0)])
    if wrap == "accelerate":  # every weight is kept aside and fetched when its module runs
        loaded = replace(loaded, model=dispatch_model(loaded.model, {"": "cpu"}, main_device="cpu", force_hooks=True))
    torch.testing.assert_close(predict(loaded, IDS, [SetFinalSoftcap(2.0)]).capped, cut.capped)
    torch.testing.assert_close(predict(loaded, IDS).capped, plain.capped)
    with applied(loaded, [AblateHead(0, 1)]) as changed:
        assert sum(weight.numel() for weight in set(changed.model.parameters()) - set(loaded.model.parameters())) == 0
    assert predict(loaded, IDS, [AblateHead(0, 1)]).divergence_from(plain) > 0


def test_a_window_needs_a_local_layer(loaded: LoadedModel) -> None:
    with pytest.raises(ValueError, match=r"^layer 1 is global and has no window to change; local layers: 0, 2, 4$"):
        predict(loaded, IDS, [SetWindow(2, (0, 1))])
