"""Every fold is the number that the derived maps give: at any length, block, mask and cap."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from gemma2_workbench import LoadedModel, SetCausal, SetSoftcap, SetWindow, Trace, capture, load
from gemma2_workbench.model.hooks import attached
from gemma2_workbench.traces import fused, pieces, text
from gemma2_workbench.traces.detailed_folds import GROUPS, POOLED, TOP_KEYS
from gemma2_workbench.traces.folds import THUMBNAIL
from gemma2_workbench.traces.interventions import Intervention
from gemma2_workbench.traces.reader import Batch, read
from gemma2_workbench.traces.readers.folds import FoldsReader

WORDS = "The President of the United States met Emma in Paris. Emma met Bob. "
# Lengths that neither blocks nor pictures divide; longer and shorter than a block, a picture, the windows.
LENGTHS = {"a token": "", "short": WORDS, "longer than a block": WORDS * 12}


def dense(trace: Trace, layer: int, head: int) -> dict[str, Tensor]:
    """Every fold of a head from its maps, [T, T]."""
    ids = torch.tensor(trace.tokens.ids)
    T = len(ids)
    offsets = torch.arange(T)[:, None] - torch.arange(T)
    earlier = (ids[:, None] == ids) & (offsets > 0)
    followers = torch.zeros_like(earlier)
    followers[:, 1:] = earlier[:, :-1]
    followers &= offsets > 0
    visible = trace.reasons(layer) == 0
    probs = trace.stage(layer, head).nan_to_num()
    raw, scores = (trace.stage(layer, head, stage) for stage in ("attn_logits", "attn_scores"))
    logits = raw[visible]
    cap = trace.layers[layer].softcap or torch.inf
    distance = (probs * offsets.abs()).sum(1)
    mass = probs.topk(min(T, TOP_KEYS)).values
    return {
        "log_sum": scores.masked_fill(~visible, -torch.inf).logsumexp(1),
        "entropy": torch.special.entr(probs).sum(1),
        "distance": distance,
        "first_token": probs[:, 0],
        "self_attention": probs.diagonal(),
        "previous_token": torch.cat([torch.tensor([torch.nan]), probs.diagonal(-1)]),
        "duplicate_token": (probs * earlier).sum(1).where(earlier.any(1), torch.nan),
        "induction": (probs * followers).sum(1).where(followers.any(1), torch.nan),
        "received": probs.sum(0),
        "visible": visible.sum(),
        "beyond_half": (logits.abs() > cap / 2).sum(),
        "beyond_most": (logits.abs() > cap * 0.9).sum(),
        "bend": (logits - scores[visible]).abs().sum(),
        "largest_logit": logits.abs().max(),
        "thumbnail": picture(probs, THUMBNAIL, lambda cells: cells.amax(0)),
        "distance_variance": (probs * (offsets.abs() - distance[:, None]) ** 2).sum(1),
        "distance_bins": torch.stack(
            [probs[(offsets.abs() >= low) & (offsets.abs() <= high)].sum() for low, high in bins(T)]
        ),
        "top_mass": mass,
        "pooled_max": picture(probs, POOLED, lambda cells: cells.amax(0)),
        "pooled_mean": picture(probs, POOLED, lambda cells: cells.mean(0)),
    }


def picture(probs: Tensor, most: int, pooled: Callable[[Tensor], Tensor]) -> Tensor:
    """The picture of a map: its rows pooled over the first dimension, then its columns."""
    T = len(probs)
    size = min(T, most)
    cell = torch.arange(T) * size // T
    by_row = torch.stack([pooled(probs[cell == i]) for i in range(size)])
    return torch.stack([pooled(by_row.T[cell == i]) for i in range(size)]).T


def bins(tokens: int) -> list[tuple[int, int]]:
    """The distances 0, 1, 2-3, 4-7, ... of a text."""
    return [(0, 0), *((1 << n, (2 << n) - 1) for n in range((tokens - 1).bit_length()))]


def assert_folds_are_those_of_the_maps(trace: Trace, heads: dict[int, int]) -> None:
    """Compare every fold of one head of some layers."""
    for layer, head in heads.items():
        expected = dense(trace, layer, head)
        for group in GROUPS:
            for name, fold in trace.reading(group, dict).items():
                if name == "top_keys":  # equal probabilities stand in any order: what stands there counts
                    keys = fold[layer, head].long()
                    found = trace.stage(layer, head).gather(1, keys.clamp(min=0)).nan_to_num().where(keys >= 0, 0)
                    name = "top_mass"
                else:
                    found = fold[layer, head]
                found, right = found.double(), expected[name].double()
                # The variance squares distances, and rounding with them.
                near = 2e-3 if name == "distance_variance" else 3e-4
                torch.testing.assert_close(
                    found, right, atol=near, rtol=3e-4, equal_nan=True, msg=lambda m, n=name: f"{n}: {m}"
                )


changed = pytest.mark.parametrize(
    "change",
    [None, SetSoftcap(None), SetSoftcap(2.0), SetSoftcap(100.0), SetWindow(3), SetCausal(False)],
    ids=["as it is", "no cap", "low cap", "high cap", "window 3", "bidirectional"],
)


@pytest.mark.parametrize("length", LENGTHS)
@changed
def test_every_fold_is_the_number_from_the_maps(loaded: LoadedModel, change: Intervention | None, length: str) -> None:
    changes = [] if change is None else [change]
    trace = capture(loaded, LENGTHS[length] or "a", interventions=changes, read=("attention", *GROUPS), parity=False)
    assert_folds_are_those_of_the_maps(trace, {0: 1, 1: 4})


@changed
def test_one_pass_gives_the_same(
    loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch, change: Intervention | None
) -> None:
    passes: list[int] = []
    block_rows = 50
    assert fused.available()  # numba is part of the extra `dev`
    add = fused.LayerSums.add_probs
    monkeypatch.setattr(fused, "FEWEST", 0)
    monkeypatch.setattr(fused.LayerSums, "add_probs", lambda *given: passes.append(1) or add(*given))
    changes = [] if change is None else [change]
    read = ("attention", *GROUPS)
    trace = capture(loaded, WORDS * 9, interventions=changes, read=read, block_rows=block_rows, parity=False)
    assert len(passes) == len(trace.layers) * -(-len(trace.tokens) // block_rows)
    assert_folds_are_those_of_the_maps(trace, {0: 1, 1: 4})


def test_replaced_probabilities_are_not_taken_for_a_softmax(
    loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fused, "FEWEST", 0)
    even = {loaded.point(0, "attn_probs"): lambda _module, _args, out: torch.full_like(out, 1 / out.shape[-1])}
    usual = capture(loaded, WORDS, parity=False)
    with attached(loaded.model, even):
        trace = capture(loaded, WORDS, parity=False)
    torch.testing.assert_close(trace.folds["log_sum"][0], usual.folds["log_sum"][0])


def test_replaced_scores_are_not_taken_for_capped_logits(loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    swapped = {loaded.point(0, "attn_scores"): lambda _module, _args, out: -out}
    with attached(loaded.model, swapped):
        usual = capture(loaded, WORDS, parity=False)
        monkeypatch.setattr(fused, "FEWEST", 0)
        trace = capture(loaded, WORDS, parity=False)
    for name in ("bend", "entropy", "log_sum"):
        torch.testing.assert_close(trace.folds[name], usual.folds[name], rtol=1e-4, atol=1e-4)


def test_layers_read_in_two_ways_stay_in_their_order(loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = capture(loaded, WORDS, parity=False)
    monkeypatch.setattr(fused, "FEWEST", 0)
    seen = {loaded.point(layer, "attn_scores"): lambda _module, _args, _out: None for layer in (0, 3)}
    with attached(loaded.model, seen):
        trace = capture(loaded, WORDS, parity=False)
    assert len(trace.tensors) == len(usual.tensors)
    for ours, theirs in zip(trace.tensors, usual.tensors, strict=True):
        torch.testing.assert_close(ours.q, theirs.q)
        torch.testing.assert_close(ours.log_sum, theirs.log_sum)


@pytest.mark.parametrize("block_rows", [1, 7, 4096])
def test_the_size_of_blocks_changes_nothing(loaded: LoadedModel, block_rows: int) -> None:
    trace = capture(loaded, WORDS * 3, read=("attention", *GROUPS), block_rows=block_rows, parity=False)
    assert_folds_are_those_of_the_maps(trace, {0: 1, 3: 2})


@pytest.mark.parametrize("cells", [1, 50, 1000])
def test_the_size_of_pieces_changes_nothing(loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch, cells: int) -> None:
    monkeypatch.setattr(pieces, "_CELLS", cells)
    trace = capture(loaded, WORDS * 2, read=("attention", *GROUPS), parity=False)
    assert_folds_are_those_of_the_maps(trace, {0: 1, 1: 4})


def test_places_that_are_not_kept_give_the_same(loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "_KEPT", 0)
    trace = capture(loaded, WORDS * 12, read=("attention", *GROUPS), parity=False)
    assert_folds_are_those_of_the_maps(trace, {0: 1, 1: 4})


def test_raw_logits_beyond_the_cap_are_counted(twin_folder: Callable[..., Path]) -> None:
    trace = capture(
        load(twin_folder(attn_logit_softcapping=2.0, initializer_range=0.5)), WORDS, read=("attention", *GROUPS)
    )
    assert (trace.folds["beyond_most"] > 0).any()
    assert_folds_are_those_of_the_maps(trace, dict.fromkeys(range(len(trace.layers)), 1))


def test_a_fold_read_alone_is_the_same_number(loaded: LoadedModel) -> None:
    """Folds share the memory of their temporaries: none may count on one that was read before."""
    everything = capture(loaded, WORDS, read=list(GROUPS), parity=False)
    batch = Batch.of([everything.tokens.ids], loaded)
    for group, folds in GROUPS.items():
        for fold in folds:
            reader = FoldsReader(loaded, batch, [fold])
            read(loaded, batch, [reader])
            alone, among = reader.reading()[fold.name], everything.readings[group][fold.name]
            torch.testing.assert_close(alone, among, equal_nan=True, msg=fold.name)
