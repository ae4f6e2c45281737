"""Maps over heads and attention rollout against the same from transformers' dense maps."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import Gemma2ForCausalLM

from gemma2_workbench import LoadedModel, Patch, SetCausal, SetWindow, Trace, capture, load, over_heads, rollout, table
from gemma2_workbench.figures.spec import TokenMap
from gemma2_workbench.views import view_named

TEXT = "The President of the United States met Emma in Paris, and Emma was glad to see the President."


@pytest.fixture(scope="module")
def folder(twin_folder: Callable[..., Path]) -> Path:
    return twin_folder(sliding_window=3)


@pytest.fixture(scope="module")
def run(folder: Path) -> Trace:
    return capture(load(folder), TEXT, block_rows=5)


@pytest.fixture(scope="module")
def maps(folder: Path, run: Trace) -> list[torch.Tensor]:
    """[N, T, T] of each layer."""
    model = Gemma2ForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).eval()
    with torch.no_grad():
        return [each[0] for each in model(torch.tensor([run.tokens.ids]), output_attentions=True).attentions]


def dense(maps: list[torch.Tensor]) -> torch.Tensor:
    """Rollout as in the paper: the product of 0.5 A + 0.5 I over the layers, [T, T]."""
    T = maps[0].shape[-1]
    flow = torch.eye(T)
    for each in maps:
        mixed = 0.5 * each.mean(0) + 0.5 * torch.eye(T)
        flow = (mixed / mixed.sum(-1, keepdim=True)) @ flow
    return flow


@pytest.mark.parametrize("layer", [0, 1, 3])
def test_rollout_is_the_product_of_the_layers(run: Trace, maps: list[torch.Tensor], layer: int) -> None:
    expected, found = dense(maps[: layer + 1]), rollout(run, layer)
    torch.testing.assert_close(found.nan_to_num(), expected, atol=1e-5, rtol=0)
    assert (found.isnan() == (expected == 0)).all(), "hidden is what no path reaches"
    torch.testing.assert_close(rollout(run, layer, range(4, 9)), found[4:9], atol=1e-6, rtol=0, equal_nan=True)
    frame = table(run, "rollout", layer=layer, rows="4:9", keys="2:7")
    np.testing.assert_allclose(frame["value"].to_numpy().reshape(5, 5), found[4:9, 2:7], atol=1e-6)
    assert (frame["reason"] == "visible").equals(frame["value"].notna())


def test_windows_add_up_and_both_sides_count(folder: Path) -> None:
    for changes in ([SetWindow(3)], [SetWindow(3), SetCausal(False)]):
        run = capture(load(folder), TEXT, interventions=changes)
        for layer in (0, 2):
            reached = torch.eye(len(run.tokens), dtype=torch.long)
            for at in range(layer + 1):
                reached = (run.reasons(at) == 0).long() @ reached
            found = rollout(run, layer)
            assert (found.isnan() == (reached == 0)).all()
            torch.testing.assert_close(found.nan_to_num().sum(-1), torch.ones(len(found)))


@pytest.mark.parametrize("over", ["mean", "max"])
def test_a_map_over_heads(run: Trace, maps: list[torch.Tensor], over: str) -> None:
    for layer, heads in ((0, [1, 3]), (1, None)):
        some = maps[layer] if heads is None else maps[layer][heads]
        expected = some.mean(0) if over == "mean" else some.amax(0)
        found = over_heads(run, layer, heads, over)
        torch.testing.assert_close(found.nan_to_num(), expected, atol=1e-5, rtol=0)
        assert (found.isnan() == (run.reasons(layer) != 0)).all()
        named = {} if heads is None else {"heads": "1,3"}
        frame = table(run, "attention", layer=layer, over=over, **named)
        np.testing.assert_array_equal(frame["value"].to_numpy().reshape(found.shape), found)
        figure = view_named("attention").figure(frame)
        assert isinstance(figure, TokenMap)
        who = "all heads" if heads is None else "heads 1, 3"
        assert figure.title == f"Layer {layer}, {over} of {who}: probability"


def test_what_cannot_be_is_one_sentence(loaded: LoadedModel, run: Trace) -> None:
    with pytest.raises(ValueError, match="heads are what over=mean or over=max is taken over"):
        table(run, "attention", heads="1,2")
    with pytest.raises(ValueError, match="choose mean or max"):
        over_heads(run, 0, over="median")
    with pytest.raises(ValueError, match="layer 9 does not exist"):
        rollout(run, 9)
    patched = capture(loaded, "Anna met Bob", interventions=[Patch("probabilities", 1, 0, "Anna met Tom")])
    with pytest.raises(ValueError, match="were patched"):
        rollout(patched)


def test_a_long_text_needs_only_its_chosen_rows(loaded: LoadedModel) -> None:
    long = capture(loaded, "word " * 1200, parity=False)
    with pytest.raises(ValueError, match="too large for a table or a picture"):
        table(long, "rollout")
    frame = table(long, "rollout", rows="1190:1192")
    assert frame.groupby("query")["value"].sum().to_numpy() == pytest.approx(1, abs=1e-4)
