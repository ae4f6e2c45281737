"""Scores on repeated random tokens against a plain computation with transformers' eager maps."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import Gemma2ForCausalLM

from gemma2_workbench import AblateHead, LoadedModel, applied, embedded, head_types, load, score_heads
from gemma2_workbench.heads.random_repeats import random_repeats


def plain(folder: Path, loaded: LoadedModel, sequences: int, length: int) -> dict[str, np.ndarray]:
    """Scores of every sequence [B, L, N], read from the dense maps."""
    ids = torch.tensor(random_repeats(loaded.tokenizer, sequences, length, 0))
    stock = Gemma2ForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).eval()
    with torch.no_grad():
        maps_BLNTT = torch.stack(stock(ids, output_attentions=True).attentions, 1).double().numpy()
    copy, later = np.arange(1 + length, 1 + 2 * length), np.arange(1, 1 + 2 * length)
    places = {
        "induction": (copy, copy - length + 1),
        "duplicate_token": (copy, copy - length),
        "previous_token": (later, later - 1),
        "first_token": (np.arange(1 + 2 * length), 0),
    }
    return {name: maps_BLNTT[:, :, :, query, key].mean(-1) for name, (query, key) in places.items()}


def test_the_embedded_model_has_three_copying_heads_and_one_that_looks_back(loaded: LoadedModel) -> None:
    scores = score_heads(loaded, 12)
    for name, each in plain(embedded()["tiny"], loaded, 12, 25).items():
        np.testing.assert_allclose(scores.scores[name], each.mean(0), atol=1e-5)
        np.testing.assert_allclose(scores.errors[name], each.std(0, ddof=1) / 12**0.5, atol=1e-5)
    kinds = [
        [{badge.kind.name for badge in badges} - {"sink", "spread"} for badges in heads] for heads in head_types(scores)
    ]
    of_a_kind = {(layer, head): found for layer, heads in enumerate(kinds) for head, found in enumerate(heads) if found}
    assert of_a_kind == {(4, 5): {"previous_token"}, **{(5, head): {"induction"} for head in (2, 3, 4)}}


def test_a_random_twin_with_a_window_smaller_than_the_text(twin_folder: Callable[..., Path]) -> None:
    folder = twin_folder()
    twin = load(folder)
    scores = score_heads(twin, 90, length=12)
    assert scores.sentence == f"{twin.name}: means over 90 sequences of 12 random tokens, each sequence twice (seed 0)"
    for name, each in plain(folder, twin, 90, 12).items():
        np.testing.assert_allclose(scores.scores[name], each.mean(0), atol=1e-4)
    frame = scores.table().set_index(["metric", "layer", "head"])
    assert frame.loc[("induction", 1, 2), "value"] == scores.scores["induction"][1, 2]
    assert (frame.loc["induction"].loc[0, "value"] == 0).all(), "the window of 7 ends before the copied token"


def test_progress_counts_all_layers_and_may_end_the_run(loaded: LoadedModel) -> None:
    seen: list[tuple[int, int]] = []
    score_heads(loaded, 3, length=300, progress=lambda done, of: seen.append((done, of)))
    assert seen == [(done, 18) for done in range(1, 19)]

    def cancel(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score_heads(loaded, progress=cancel)
    assert not any(module._forward_hooks for module in loaded.model.modules())


def test_tokens_are_ordinary_and_come_twice(loaded: LoadedModel) -> None:
    first, second = random_repeats(loaded.tokenizer, 2, 4000, 7)
    assert first[0] == loaded.tokenizer.bos_token_id
    assert first[1:4001] == first[4001:] != second[1:4001]
    assert len(set(first)) == 4001
    assert not set(first[1:]) & set(loaded.tokenizer.all_special_ids)
    assert random_repeats(loaded.tokenizer, 1, 4000, 7) == [first]


def test_a_changed_model_and_what_cannot_be(loaded: LoadedModel) -> None:
    off = score_heads(loaded, 2, interventions=[AblateHead(4, 5)])
    assert off.scores["induction"][5, 3] < 0.1 < 0.5 < score_heads(loaded, 2).scores["induction"][5, 3]
    assert "layer 4 head 5 set to zero" in off.sentence
    for wrong, message in (
        ({"length": 1}, "length 1 must be at least 2"),
        ({"sequences": 0}, "sequences 0 must be at least 1"),
        ({"length": 4088}, "more than the 4087 ordinary tokens"),
    ):
        with pytest.raises(ValueError, match=message):
            score_heads(loaded, **wrong)
    with applied(loaded, [AblateHead(0, 0)]) as changed, pytest.raises(ValueError, match="is changed here"):
        score_heads(changed)
