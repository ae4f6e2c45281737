"""Figures of the evaluation on inputs whose answer is known."""

import torch
from torch.testing import assert_close

from gemma2_workbench.model import Gemma2Config, Gemma2ForCausalLM, Span
from training.evaluate import best, held_out_loss, losses
from training.softcap import CapUse, attention_cap_use, final_cap_use


def test_only_visible_logits_count_and_each_head_apart():
    use = CapUse(layers=1, heads=2, cap=10.0, windows=[2])
    logits = torch.zeros(1, 2, 3, 3)
    logits[0, 0] = torch.tensor([[6.0, 99.0, 99.0], [-9.5, 1.0, 99.0], [99.0, 4.0, 12.0]])
    # rows one after the other, as blocks arrive; the corner 99 below lies outside the window of 2
    for row in range(3):
        use.hook(0)(None, (logits, Span(range(row, row + 1), range(3))), logits[:, :, row : row + 1])
    found = use.table()
    assert_close(torch.tensor(found["share_beyond_half_cap"]), torch.tensor([[3 / 5, 0.0]]))
    assert_close(torch.tensor(found["share_beyond_0.9_cap"]), torch.tensor([[2 / 5, 0.0]]))
    assert found["largest_logit_before_cap"] == [[12.0, 0.0]]


def small_model() -> Gemma2ForCausalLM:
    torch.manual_seed(0)
    config = Gemma2Config(
        vocab_size=50,
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=8,
        query_pre_attn_scalar=8,
        sliding_window=4,
        initializer_range=0.5,
    )
    return Gemma2ForCausalLM(config).eval()


def test_the_cap_use_of_a_model_counts_every_visible_place_once():
    use = attention_cap_use(small_model(), [torch.randint(1, 50, (3, 10))])
    local, everything = sum(min(query + 1, 4) for query in range(10)), 55
    assert use.visible.tolist() == [3 * local, 3 * everything]
    assert (use.largest > 0).all()


def test_final_logits_before_the_cap_follow_from_those_after():
    before = torch.tensor([[[1.0, -16.0, 28.0, 3.0]]])
    found = final_cap_use(30 * torch.tanh(before / 30), cap=30.0)
    assert found["share_beyond_half_cap"] == 0.5
    assert found["share_beyond_0.9_cap"] == 0.25
    assert abs(found["largest_logit_before_cap"] - 28) < 1e-2


def test_the_held_out_loss_is_a_mean_over_all_tokens():
    model, rows = small_model(), torch.randint(1, 50, (5, 12))
    whole = held_out_loss(model, rows, batch=5)
    parts = [held_out_loss(model, row[None], batch=1) for row in rows]
    assert abs(held_out_loss(model, rows, batch=2) - whole) < 1e-5
    assert abs(sum(parts) / 5 - whole) < 1e-5


def test_mean_losses_weigh_sources_by_mix_and_by_tokens():
    rows = {"sotu": torch.randint(1, 50, (1, 12)), "wordnet": torch.randint(1, 50, (3, 12))}
    found = losses(small_model(), rows)
    assert abs(found["all"] - (found["sotu"] + 3 * found["wordnet"]) / 4) < 1e-6
    assert abs(found["mix"] - (0.45 * found["sotu"] + 0.27 * found["wordnet"]) / 0.72) < 1e-6


def test_the_best_head_is_looked_for_in_the_given_layers():
    table = [[0.1, 0.9], [0.3, 0.2]]
    assert best(table, [0, 1]) == {"layer": 0, "head": 1, "score": 0.9}
    assert best(table, [1]) == {"layer": 1, "head": 0, "score": 0.3}
