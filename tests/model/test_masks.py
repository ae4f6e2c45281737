"""Who sees whom, against matrices drawn by hand: # visible, . hidden."""

import pytest
import torch

from gemma2_workbench.model import Mask, Reason

GLOBAL_LAYER, LOCAL_LAYER = 1, 0  # of the tiny twin


def drawn(*rows):
    """A bool matrix from rows of # and . characters."""
    return torch.tensor([[cell == "#" for cell in row] for row in rows])


CASES = {
    "causal": (
        {"layer": GLOBAL_LAYER},
        drawn(
            "#.....",
            "##....",
            "###...",
            "####..",
            "#####.",
            "######",
        ),
    ),
    "window 3: the query and two earlier keys": (
        {"layer": LOCAL_LAYER, "window": 3},
        drawn(
            "#.....",
            "##....",
            "###...",
            ".###..",
            "..###.",
            "...###",
        ),
    ),
    "window 1: only the query": (
        {"layer": LOCAL_LAYER, "window": 1},
        drawn(
            "#.....",
            ".#....",
            "..#...",
            "...#..",
            "....#.",
            ".....#",
        ),
    ),
    "left padding: blind rows spread over all keys": (
        {"layer": GLOBAL_LAYER, "keep": [0, 0, 1, 1, 1, 1]},
        drawn(
            "######",
            "######",
            "..#...",
            "..##..",
            "..###.",
            "..####",
        ),
    ),
    "right padding: pads still see what came before": (
        {"layer": GLOBAL_LAYER, "keep": [1, 1, 1, 1, 0, 0]},
        drawn(
            "#.....",
            "##....",
            "###...",
            "####..",
            "####..",
            "####..",
        ),
    ),
    "pads count as distance in a window": (
        {"layer": LOCAL_LAYER, "window": 3, "keep": [1, 1, 0, 0, 1, 1]},
        drawn(
            "#.....",
            "##....",
            "##....",
            ".#....",
            "....#.",
            "....##",
        ),
    ),
    "right padding beyond the window: blind rows again": (
        {"layer": LOCAL_LAYER, "window": 2, "keep": [1, 1, 1, 0, 0, 0]},
        drawn(
            "#.....",
            "##....",
            ".##...",
            "..#...",
            "######",
            "######",
        ),
    ),
    "packed sequences": (
        {"layer": GLOBAL_LAYER, "positions": [0, 1, 0, 1, 2, 0]},
        drawn(
            "#.....",
            "##....",
            "..#...",
            "..##..",
            "..###.",
            ".....#",
        ),
    ),
    "packed sequences in a window": (
        {"layer": LOCAL_LAYER, "window": 2, "positions": [0, 1, 2, 0, 1, 2]},
        drawn(
            "#.....",
            "##....",
            ".##...",
            "...#..",
            "...##.",
            "....##",
        ),
    ),
    "a cached chunk of two": (
        {"layer": GLOBAL_LAYER, "past": 4},
        drawn(
            "#####.",
            "######",
        ),
    ),
    "a cached chunk in a window: the layer holds window - 1 old keys": (
        {"layer": LOCAL_LAYER, "window": 3, "past": 3},
        drawn(
            "###..",
            ".###.",
            "..###",
        ),
    ),
    "one cached step in a window of one": (
        {"layer": LOCAL_LAYER, "window": 1, "past": 5},
        drawn("#"),
    ),
    "a cached step with left padding": (
        {"layer": GLOBAL_LAYER, "past": 5, "keep": [0, 0, 1, 1, 1, 1]},
        drawn("..####"),
    ),
}


@pytest.mark.parametrize("case", CASES)
@torch.no_grad()
def test_the_model_looks_exactly_where_the_drawing_says(twins, token_ids, case):
    setting, expected = CASES[case]
    # Small weights: no visible key has a probability that rounds to zero.
    ours, _ = twins(initializer_range=0.05, sliding_window=setting.get("window", 5))
    ids = token_ids(1, 6)
    past = setting.get("past", 0)
    mask = torch.tensor([setting["keep"]]) if "keep" in setting else None
    positions = torch.tensor([setting["positions"]]) if "positions" in setting else None
    cache = None
    if past:
        prefix = None if mask is None else mask[:, :past]
        cache = ours(ids[:, :past], attention_mask=prefix).past_key_values
    maps = ours(
        ids[:, past:],
        attention_mask=mask,
        position_ids=positions,
        past_key_values=cache,
        use_cache=bool(past),
        output_attentions=True,
    ).attentions
    for head_QS in maps[setting["layer"]][0]:
        assert torch.equal(head_QS > 0, expected)


def letters(mask, rows, keys):
    """The reasons of the first batch row as strings: # visible, f future, w window, p padding, s sequence."""
    return ["".join("#fwps"[cell] for cell in row) for row in mask.reasons(rows, keys)[0]]


def test_reasons_have_fixed_numbers():
    assert [reason.name for reason in Reason] == [
        "VISIBLE",
        "FUTURE",
        "OUTSIDE_WINDOW",
        "PADDING",
        "OTHER_SEQUENCE",
        "OUTSIDE_CHUNK",
        "NO_SOFTMAX",
    ]
    assert [int(reason) for reason in Reason] == list(range(7))


def test_every_hidden_cell_has_its_reason():
    keep = torch.tensor([[False, True, True, True, True, False]])
    mask = Mask(window=3, keep=keep)
    assert letters(mask, range(6), range(6)) == [
        "pfffff",
        "p#ffff",
        "p##fff",
        "w###ff",
        "ww###f",
        "www##p",
    ]


def test_reasons_of_a_part_are_the_part_of_the_reasons():
    keep = torch.tensor([[False, True, True, True, False, True, True, True]])
    mask = Mask(window=4, keep=keep)
    whole = mask.reasons(range(8), range(8))
    assert torch.equal(mask.reasons(range(3, 6), range(2, 7)), whole[:, 3:6, 2:7])


def test_reasons_with_several_sequences():
    mask = Mask(window=None, sequence=torch.tensor([[0, 0, 1, 1, 1]]))
    assert letters(mask, range(5), range(5)) == ["#ffff", "##fff", "ss#ff", "ss##f", "ss###"]


def test_reasons_differ_per_row_of_the_batch():
    mask = Mask(keep=torch.tensor([[True, True, True], [False, True, True]]))
    reasons = mask.reasons(range(3), range(3))
    assert reasons.shape == (2, 3, 3)
    assert not (reasons[0] == Reason.PADDING).any()
    assert (reasons[1, :, 0] == Reason.PADDING).all()


@pytest.mark.parametrize(
    "mask",
    [
        *(Mask(window, causal=causal) for window in (None, 1, 3, 40, 100) for causal in (True, False)),
        Mask(prefix=20),
        Mask(3, prefix=20),
    ],
    ids=str,
)
def test_parts_hold_every_hidden_cell(mask: Mask) -> None:
    for start in range(0, 50, 7):
        rows = range(start, min(start + 7, 50))
        for keys in (range(50), mask.reach(rows, range(50))):
            hidden = mask.hidden(rows, keys)
            parts = torch.zeros_like(hidden)
            for place, part in mask.hidden_parts(rows, keys):
                parts[..., place] = part
            assert torch.equal(parts, hidden)
            assert torch.equal(mask.reasons(rows, keys) != Reason.VISIBLE, hidden)
        assert not (mask.reasons(rows, range(50)) == Reason.VISIBLE)[
            ..., [at for at in range(50) if at not in keys]
        ].any()


def test_most_keys_of_a_late_block_are_not_looked_at() -> None:
    assert [place for place, _ in Mask().hidden_parts(range(90, 100), range(100))] == [slice(91, 100)]
    assert [place for place, _ in Mask(50).hidden_parts(range(90, 100), range(41, 100))] == [slice(0, 9), slice(50, 59)]


@pytest.mark.parametrize("tokens", [1, 39, 40, 41, 99])
@pytest.mark.parametrize(
    "mask",
    [
        *(Mask(window, causal=causal) for window in (None, 40) for causal in (True, False)),
        Mask(chunk=40),
        Mask(7, chunk=9),
    ],
    ids=str,
)
def test_rules_that_hide_nothing_of_a_text_are_dropped(mask: Mask, tokens: int) -> None:
    part, within = range(tokens), mask.within(tokens)
    assert torch.equal(within.hidden(part, part), mask.hidden(part, part))
    assert (within == Mask(causal=mask.causal)) == (tokens <= min(mask.window or tokens, mask.chunk or tokens))
