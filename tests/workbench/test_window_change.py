"""Another window on a text: the signed difference against transformers with that window in its config."""

import pytest
import torch

from gemma2_workbench import LoadedModel, SetWindow, capture
from gemma2_workbench.figures import paper, screen
from gemma2_workbench.model import Reason
from gemma2_workbench.what_if.window import change_window, difference_figure


class Letters:
    """A tokenizer of the tiny vocabulary: one token per letter, BOS first."""

    bos_token, bos_token_id, all_special_ids = "<bos>", 2, (2,)

    def __call__(self, text, **how):
        ids = [3 + ord(letter) % 90 for letter in text]
        spans = [(at, at + 1) for at in range(len(text))]
        return {"input_ids": [2, *ids], "offset_mapping": [(0, 0), *spans]}

    def convert_ids_to_tokens(self, ids):
        return [f"t{token}" for token in ids]


TEXT = "a window of five keys"


@pytest.fixture
def pair(twins):
    """Our tiny model, ready to be captured, and transformers' with another window in the same weights."""

    def make(window):
        ours, _ = twins()
        _, stock = twins(sliding_window=window)
        return LoadedModel("tiny twin", "random", None, None, ours, Letters()), stock

    return make


@pytest.mark.parametrize("window", [1, 3, 9])
@torch.no_grad()
def test_the_modified_maps_are_those_of_a_model_with_that_window(pair, window):
    loaded, stock = pair(window)
    real = capture(loaded, TEXT, parity=False)
    found = change_window(loaded, real, window)
    ids = torch.tensor([real.tokens.ids])
    modified = stock(ids, output_attentions=True)
    stock.config.sliding_window = 5
    unchanged = stock(ids, output_attentions=True)
    T = len(real.tokens)
    for layer in range(4):
        for head in (0, 3):
            frame = found.table(layer, head)
            cells = torch.from_numpy(frame["difference"].to_numpy(copy=True).reshape(T, T))
            expected = (modified.attentions[layer] - unchanged.attentions[layer])[0, head].double()
            torch.testing.assert_close(cells.nan_to_num(), expected, atol=2e-5, rtol=0)
            reach = (window, 5) if layer % 2 == 0 else (T,)
            ahead = torch.arange(T)[:, None] - torch.arange(T)
            assert torch.equal(cells.isnan(), (ahead < 0) | (ahead >= max(reach)))
            assert (frame["reason"] != Reason.VISIBLE).equals(frame["difference"].isna())
    real_probs, other = (torch.log_softmax(out.logits[0, -1], -1) for out in (unchanged, modified))
    assert found.divergence == pytest.approx(float((real_probs.exp() * (real_probs - other)).sum()), abs=1e-4)
    assert found.modified.changes == (f"sliding window {window}",)


def test_rows_of_a_difference_sum_to_zero_and_it_is_drawn_around_zero(pair):
    loaded, _ = pair(2)
    found = change_window(loaded, capture(loaded, TEXT, parity=False), 2)
    frame = found.table(2, 1)
    assert frame.groupby("query")["difference"].sum().abs().max() < 1e-5
    figure = difference_figure(frame)
    assert figure.scale.kind == "diverging"
    assert figure.scale.low == -figure.scale.high == -frame["difference"].abs().max()
    assert screen.render(figure).data
    assert paper.render(figure, "pdf", "single")[:4] == b"%PDF"


def test_a_window_as_long_as_the_text_on_both_sides_changes_nothing(twins):
    ours, _ = twins(sliding_window=40)
    loaded = LoadedModel("tiny twin", "random", None, None, ours, Letters())
    found = change_window(loaded, capture(loaded, TEXT, parity=False), 30)
    assert found.divergence == 0
    assert found.table(0, 0)["difference"].abs().max() == 0


def test_what_cannot_be_compared_is_refused(pair):
    loaded, _ = pair(2)
    with pytest.raises(ValueError, match="already of a modified model"):
        change_window(loaded, capture(loaded, TEXT, interventions=[SetWindow(3)], parity=False), 2)
    with pytest.raises(ValueError, match="window 0 must be at least 1"):
        change_window(loaded, capture(loaded, TEXT, parity=False), 0)
