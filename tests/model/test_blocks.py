"""Attention in blocks of query rows: any block size gives the same numbers, and spans tile the map."""

import pytest
import torch
from torch.testing import assert_close

from gemma2_workbench.model import BLOCK_ROWS, Span, attached, points, set_block_rows


@pytest.fixture
def blocked(twins):
    """`blocked(rows, **config)` -> our twin with blocks of that many query rows, and the reference."""

    def make(rows, **config):
        ours, stock = twins(**config)
        set_block_rows(ours, rows)
        return ours, stock

    return make


MASKS = {"no padding": None, "left": [0] * 6 + [1] * 9, "right": [1] * 8 + [0] * 7, "holes": [1, 0, 0] * 5}


@pytest.mark.parametrize("rows", [1, 2, 7, 15, 1000])
@pytest.mark.parametrize("padding", MASKS)
@pytest.mark.parametrize("window", [1, 5])
@torch.no_grad()
def test_block_size_changes_no_number(blocked, token_ids, rows, padding, window):
    ours, stock = blocked(rows, sliding_window=window)
    ids = token_ids(2, 15)
    mask = None if MASKS[padding] is None else torch.tensor([MASKS[padding], [1] * 15])
    mine = ours(ids, attention_mask=mask, output_attentions=True)
    theirs = stock(ids, attention_mask=mask, output_attentions=True)
    assert_close(mine.logits, theirs.logits, atol=1e-4, rtol=1e-4)
    for own, reference in zip(mine.attentions, theirs.attentions, strict=True):
        assert_close(own, reference, atol=1e-4, rtol=0)


@pytest.mark.parametrize("rows", [1, 3, 100])
@torch.no_grad()
def test_block_size_changes_no_number_with_cache_or_packing(blocked, token_ids, rows):
    ours, stock = blocked(rows)
    ids = token_ids(2, 18)
    first = ours(ids[:, :11])
    rest = ours(ids[:, 11:], past_key_values=first.past_key_values)
    both = torch.cat((first.logits, rest.logits), 1)
    assert_close(both, stock(ids).logits, atol=1e-4, rtol=1e-4)
    packed = {"position_ids": torch.tensor([[*range(7), *range(11)]]), "use_cache": False}
    assert_close(ours(ids, **packed).logits, stock(ids, **packed).logits, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("rows", [1, 4, 7, 100])
@pytest.mark.parametrize("past", [0, 3, 11])
@pytest.mark.parametrize("left", [0, 6])
@torch.no_grad()
def test_spans_tile_the_map_exactly(recorder, blocked, token_ids, rows, past, left):
    ours, _ = blocked(rows)
    ids = token_ids(1, 18)
    mask = torch.tensor([[0] * left + [1] * (18 - left)])
    cache = ours(ids[:, :past], attention_mask=mask[:, :past]).past_key_values if past else None
    recorders = {name: recorder() for name in points(ours, "layers.*.self_attn.attn_*")}
    with attached(ours, recorders):
        maps = ours(ids[:, past:], attention_mask=mask, past_key_values=cache, output_attentions=True).attentions
    for name, recorder in recorders.items():
        layer = int(name.split(".")[1])
        offset = max(past - 4, 0) if layer % 2 == 0 else 0
        assert all(isinstance(span, Span) for span in recorder.spans)
        assert [row for span in recorder.spans for row in span.rows] == list(range(past, 18))
        assert all(len(span.rows) <= rows for span in recorder.spans)
        dense = torch.zeros_like(maps[layer])
        for tensor, span in zip(recorder.tensors, recorder.spans, strict=True):
            assert tensor.shape == (1, 4, len(span.rows), len(span.keys))
            assert range(offset, 18)[0] <= span.keys.start
            assert span.keys.stop <= 18
            columns = slice(span.keys.start - offset, span.keys.stop - offset)
            dense[:, :, span.rows.start - past : span.rows.stop - past, columns] = tensor
        if name.endswith("attn_probs"):
            assert torch.equal(dense, maps[layer])


@torch.no_grad()
def test_local_layers_touch_only_keys_inside_their_window(record, blocked, token_ids):
    ours, _ = blocked(4)
    seen = record(ours, "layers.*.self_attn.attn_probs", token_ids(1, 18))
    for name, recorder in seen.items():
        for span in recorder.spans:
            local = int(name.split(".")[1]) % 2 == 0
            assert span.keys.start == (max(0, span.rows.start - 4) if local else 0)
            assert span.keys.stop == span.rows.stop


@pytest.mark.parametrize("rows", [0, -1])
def test_a_block_size_that_cannot_be_is_refused(twins, rows):
    ours, _ = twins()
    with pytest.raises(ValueError, match=f"got {rows}"):
        set_block_rows(ours, rows)


def test_the_default_block_size_is_128_rows(record, twins, token_ids):
    ours, _ = twins(max_position_embeddings=300)
    assert BLOCK_ROWS == 128
    seen = record(ours, "layers.1.self_attn.attn_probs", token_ids(1, 300))
    rows = [len(span.rows) for span in seen["layers.1.self_attn.attn_probs"].spans]
    assert rows == [128, 128, 44]


@pytest.mark.parametrize("stage", ["attn_logits", "attn_scores", "attn_probs"])
@torch.no_grad()
def test_blocks_share_no_memory_that_a_hook_keeps(blocked, token_ids, stage):
    ours, _ = blocked(4, sliding_window=5)
    kept, then = [], []

    def keep(_module, _args, out):
        kept.append(out)
        then.append(out.clone())

    with attached(ours, {f"layers.*.self_attn.{stage}": keep}):
        ours(token_ids(2, 18))
    assert len(kept) > 1
    assert all(torch.equal(out, before) for out, before in zip(kept, then, strict=True))
