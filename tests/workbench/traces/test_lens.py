"""The logit lens against transformers: its hidden states through its own norm and head."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from gemma2_workbench import LoadedModel, SetFinalSoftcap, capture, estimate, lens, predict, token_id, tokenize
from gemma2_workbench.model import Gemma2ForTokenClassification
from gemma2_workbench.traces.file import load_trace, save_trace
from gemma2_workbench.traces.readers.lens import Lens, LensReader
from gemma2_workbench.traces.readers.vocabulary import top_tokens
from gemma2_workbench.views import table

TEXT = "The President of the United States met Emma in Paris, and Emma was glad."


@pytest.fixture(scope="module")
def twins(loaded_twins: Callable[..., Any]) -> tuple[LoadedModel, Any]:
    """Both caps bite."""
    return loaded_twins(final_logit_softcapping=10.0, attn_logit_softcapping=20.0)


@pytest.fixture(scope="module")
def ids(twins: tuple[LoadedModel, Any]) -> tuple[int, ...]:
    return tokenize(twins[0].tokenizer, TEXT).ids


@pytest.fixture(scope="module")
def reference(twins: tuple[LoadedModel, Any], ids: tuple[int, ...]) -> Tensor:
    """Logits before the cap of every row, [R, T, V]: transformers' hidden states; its last one is already normed."""
    theirs = twins[1]
    with torch.no_grad():
        *rows, normed = theirs(torch.tensor([ids]), output_hidden_states=True).hidden_states
        return torch.stack([theirs.lm_head(theirs.model.norm(row))[0] for row in rows] + [theirs.lm_head(normed)[0]])


def test_every_row_is_transformers_stream_through_its_norm_and_head(twins, ids, reference: Tensor) -> None:
    found = lens(twins[0], ids)
    capped = 10 * torch.tanh(reference / 10)
    probs = capped.softmax(-1)
    top = reference.topk(10)
    assert reference.abs().max() > 10  # the cap bends
    assert (found.top_ids == top.indices).float().mean() > 0.999  # neighbours may be equal but for rounding
    torch.testing.assert_close(found.top_logits, top.values, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(found.top_capped, capped.topk(10).values, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(found.top_probs, probs.topk(10).values, rtol=1e-3, atol=1e-6)
    entropy = -(probs * probs.log()).sum(-1)
    torch.testing.assert_close(found.entropy, entropy, rtol=1e-4, atol=1e-4)


def test_the_chosen_token_is_the_next_one_and_at_the_end_the_predicted_one(twins, ids, reference: Tensor) -> None:
    found = lens(twins[0], ids)
    assert found.chosen_ids.tolist() == [*ids[1:], int(reference[-1, -1].argmax())]
    chosen = found.chosen_ids.long().expand(len(reference), -1)[..., None]
    picked = reference.gather(-1, chosen)
    torch.testing.assert_close(found.chosen_logits, picked[..., 0], rtol=1e-4, atol=1e-4)
    probs = (10 * torch.tanh(reference / 10)).softmax(-1).gather(-1, chosen)[..., 0]
    torch.testing.assert_close(found.chosen_probs, probs, rtol=1e-3, atol=1e-7)
    ranks = (reference > picked).sum(-1) + 1
    assert ((found.chosen_ranks - ranks).abs() <= 1).all()  # a neighbour may be equal but for rounding
    assert found.chosen_ranks[-1, -1] == 1


def test_the_last_row_is_the_models_own_prediction(twins, ids) -> None:
    theirs = twins[1]
    found = lens(twins[0], ids)
    with torch.no_grad():
        logits = theirs(torch.tensor([ids])).logits[0]
    assert torch.equal(found.top_ids[-1, :, 0].long(), logits.argmax(-1))
    torch.testing.assert_close(found.top_probs[-1, :, 0], logits.softmax(-1).max(-1).values, rtol=1e-3, atol=1e-6)
    own = predict(twins[0], ids)
    torch.testing.assert_close(found.top_logits[-1, -1], own.logits.topk(10).values)
    torch.testing.assert_close(found.top_capped[-1, -1], own.capped.topk(10).values)


def test_a_token_of_the_readers_choice_is_followed_everywhere(twins, ids, reference: Tensor) -> None:
    loaded = twins[0]
    token = token_id(loaded, "▁the")
    found = lens(loaded, ids, token)
    assert set(found.chosen_ids.tolist()) == {token}
    torch.testing.assert_close(found.chosen_logits, reference[..., token], rtol=1e-4, atol=1e-4)


def test_blocks_of_one_position_give_the_same(twins, ids, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = lens(twins[0], ids)
    monkeypatch.setitem(LensReader.__init__.__globals__, "BLOCK_LOGITS", 1)
    single = lens(twins[0], ids)
    torch.testing.assert_close(single.top_logits, whole.top_logits, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(single.entropy, whole.entropy, rtol=1e-5, atol=1e-5)
    assert single.pieces == whole.pieces


def test_only_what_is_asked_for_is_unembedded(twins, ids) -> None:
    whole, seen = lens(twins[0], ids), []
    some = lens(twins[0], ids, progress=lambda *done: seen.append(done), rows=(4, 0), positions=(5, 2))
    assert seen == [(2, 4), (4, 4)]
    assert some.top_ids.shape == (2, 2, 10)
    assert torch.equal(some.top_ids, whole.top_ids[[4, 0]][:, [5, 2]])
    torch.testing.assert_close(some.entropy, whole.entropy[[4, 0]][:, [5, 2]])
    assert some.chosen_ids.tolist() == [ids[6], ids[3]]
    with pytest.raises(ValueError, match=r"rows \[5\] cannot be read; give some of 0\.\.4"):
        lens(twins[0], ids, rows=(5,))
    with pytest.raises(ValueError, match="positions .* cannot be read"):
        lens(twins[0], ids, positions=())

    def stop(_done: int, _of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lens(twins[0], ids, progress=stop)
    assert lens(twins[0], ids).pieces == whole.pieces  # no hook is left


def test_the_top_tokens_of_a_large_vocabulary_are_those_of_a_sort() -> None:
    values = torch.randn(3, 100_003, generator=torch.Generator().manual_seed(0))
    values[0, -1] = values[1, 5] = 9.0  # in the last, broken chunk, and in the first
    for own, whole in zip(top_tokens(values, 10), values.topk(10), strict=True):
        assert torch.equal(own, whole)


def test_interventions_reach_the_lens(twins, ids) -> None:
    off = lens(twins[0], ids, interventions=[SetFinalSoftcap(None)])
    assert torch.equal(off.top_capped, off.top_logits)
    assert not torch.equal(off.top_probs, lens(twins[0], ids).top_probs)


def test_a_trace_keeps_its_lens(loaded: LoadedModel, tmp_path: Path) -> None:
    trace = capture(loaded, TEXT, read=("attention", "folds", "lens", "contributions"))
    again = load_trace(save_trace(trace, tmp_path / "run.safetensors"))
    assert again == trace
    own = lens(loaded, trace.tokens.ids)
    torch.testing.assert_close(trace.reading("lens", Lens).top_logits, own.top_logits)
    assert trace.reading("lens", Lens).pieces == own.pieces
    again.reading("lens", Lens).top_logits[0, 0, 0] += 1
    assert again != trace
    assert load_trace(save_trace(capture(loaded, TEXT), tmp_path / "bare.safetensors")) != trace


def test_the_table_shows_the_lens(loaded: LoadedModel) -> None:
    trace = capture(loaded, TEXT, read=("attention", "folds", "lens", "contributions"))
    T = len(trace.tokens)
    frame = table(trace, "lens", metric="rank", positions=f"3:{T}").set_index(["row", "position"])
    row = frame.loc[(6, T - 1)]
    assert (row["stream"], row["chosen_rank"], row["value"]) == ("after 5 G", 1, 1.0)
    assert row["top_token"] == row["chosen_token"]
    assert row["top_probability"] == pytest.approx(
        float(predict(loaded, trace.tokens.ids).log_probs.max().exp()), rel=1e-5
    )
    assert frame.loc[(0, 3), "stream"] == "embeddings"
    assert frame.loc[(2, 3), "chosen_token"] == trace.tokens.display[4]


def test_a_trace_without_a_lens_says_how_to_get_one(loaded: LoadedModel) -> None:
    bare = capture(loaded, "a")
    for view in ("lens", "contributions"):
        with pytest.raises(ValueError, match="read="):
            table(bare, view)


def test_tokens_are_found_as_shown_and_as_typed(loaded: LoadedModel) -> None:
    the = loaded.tokenizer.convert_tokens_to_ids("▁the")
    assert token_id(loaded, "▁the") == token_id(loaded, " the") == the
    with pytest.raises(ValueError, match=r"'the President of' is not one token of tiny; it is \d+: .*Give one"):
        token_id(loaded, "the President of")
    with pytest.raises(ValueError, match="is not one token"):
        token_id(loaded, "")
    with pytest.raises(ValueError, match=r"token 4096 is not in the vocabulary; ids are 0\.\.4095"):
        lens(loaded, (2, 5), token=4096)


def test_a_model_without_a_language_model_head_is_refused(loaded: LoadedModel) -> None:
    tagger = LoadedModel(
        "tagger", "x", None, None, Gemma2ForTokenClassification(loaded.config).eval(), loaded.tokenizer
    )
    with pytest.raises(ValueError, match="tagger is a Gemma2ForTokenClassification: it has no language-model head"):
        lens(tagger, (2, 5))
    with pytest.raises(ValueError, match="no language-model head"):
        capture(tagger, "a", read=("attention", "folds", "lens", "contributions"))
    with pytest.raises(ValueError, match="no language-model head"):
        estimate(tagger, 2, parity=False, lens=True)
