"""Patched runs against the same by hand: torch hooks on stock transformers' eager Gemma 2."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import Gemma2ForCausalLM

from gemma2_workbench import LoadedModel, PatchGrid, embedded, load, patch_grid, predict
from gemma2_workbench.patching.alignment import counterparts

CLEAN = "red blue green seven nine horse red blue"
CORRUPTED = "red blue silver seven nine horse red blue"
# Not for the twin: the embedded model has so many layers, heads and tokens that one example of each must do.
PLACES = {"tiny": [(0, 4), (3, 4), (5, 12), (5, 3)], "twin": [(0, 0), (1, 3), (2, 12), (3, 2)]}


class Stock:
    """The stock model, with one part of a layer's activations taken from the clean text by hooks."""

    def __init__(self, folder: Path, clean: tuple[int, ...], corrupted: tuple[int, ...]) -> None:
        model = Gemma2ForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32)
        self.model, self.clean, self.corrupted = model.eval(), torch.tensor([clean]), torch.tensor([corrupted])
        config = self.model.config
        self.width, self.shared = config.head_dim, config.num_attention_heads // config.num_key_value_heads

    def logits(self, ids: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            return self.model(ids).logits[0, -1]

    def taken(self, module: torch.nn.Module, change: Callable[[torch.Tensor, torch.Tensor], None]) -> torch.Tensor:
        """Logits of the corrupted text where `change(its own, clean)` has put parts into the module's input."""
        kept: list[torch.Tensor] = []
        watch = module.register_forward_pre_hook(lambda _, args: kept.append(args[0]))
        self.logits(self.clean)
        watch.remove()

        def put(_: torch.nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
            own = args[0].clone()
            change(own, kept[0])
            return (own, *args[1:])

        hook = module.register_forward_pre_hook(put)
        patched = self.logits(self.corrupted)
        hook.remove()
        return patched

    def resid_pre(self, layer: int, position: int) -> torch.Tensor:
        def change(own: torch.Tensor, clean: torch.Tensor) -> None:
            own[:, position] = clean[:, position]

        return self.taken(self.model.model.layers[layer], change)

    def head_out(self, layer: int, head: int) -> torch.Tensor:
        part = slice(head * self.width, (head + 1) * self.width)

        def change(own: torch.Tensor, clean: torch.Tensor) -> None:
            own[..., part] = clean[..., part]

        return self.taken(self.model.model.layers[layer].self_attn.o_proj, change)

    def attn_probs(self, layer: int, head: int) -> torch.Tensor:
        """The clean map times the values of the corrupted run."""
        with torch.no_grad():
            probs = self.model(self.clean, output_attentions=True).attentions[layer][0, head]
        attention, values = self.model.model.layers[layer].self_attn, []
        watch = attention.v_proj.register_forward_hook(lambda _, __, out: values.append(out[0]))
        part, of = (slice(at * self.width, (at + 1) * self.width) for at in (head, head // self.shared))

        def change(own: torch.Tensor, _: torch.Tensor) -> None:
            own[0, :, part] = probs @ values[-1][:, of]

        patched = self.taken(attention.o_proj, change)
        watch.remove()
        return patched


@pytest.fixture(scope="module", params=["tiny", "twin"])
def case(request: pytest.FixtureRequest, twin_folder: Callable[..., Path]) -> tuple[str, Path, LoadedModel]:
    folder = embedded()["tiny"] if request.param == "tiny" else twin_folder(attn_logit_softcapping=4.0)
    return request.param, folder, load(folder, dtype="float32")


@pytest.mark.parametrize("what", ["resid_pre", "head_out", "attn_probs"])
def test_cells_are_those_of_hooks_on_transformers(case: tuple[str, Path, LoadedModel], what: str) -> None:
    name, folder, loaded = case
    grid = patch_grid(loaded, CLEAN, CORRUPTED, what, token="▁green", against="▁silver")
    stock = Stock(folder, grid.clean.ids, grid.corrupted.ids)
    first, second = grid.ids
    clean, corrupted = (stock.logits(ids) for ids in (stock.clean, stock.corrupted))
    assert grid.clean_difference == pytest.approx(float(clean[first] - clean[second]), abs=1e-4)
    assert grid.corrupted_difference == pytest.approx(float(corrupted[first] - corrupted[second]), abs=1e-4)
    assert np.isfinite(grid.values).all()
    for layer, column in PLACES[name]:
        column %= grid.values.shape[1]
        logits = getattr(stock, what)(layer, column)
        assert grid.values[layer, column] == pytest.approx(float(logits[first] - logits[second]), abs=1e-4)


def test_the_copied_token_and_the_copying_heads_carry_the_prediction(loaded: LoadedModel) -> None:
    grid = patch_grid(loaded, CLEAN, CORRUPTED)
    assert grid.names == ("▁green", "▁silver")
    assert grid.corrupted_difference < -4 < 4 < grid.clean_difference
    assert (grid.shares[:, 4] > 0.9).all(), "the token that differs"
    assert grid.shares[0, 4] == pytest.approx(1, abs=1e-5), "its embedding is all that differs"
    assert np.abs(np.delete(grid.shares, [4, 12], 1)).max() < 0.05
    by_head = patch_grid(loaded, CLEAN, CORRUPTED, "head_out").shares
    strongest = {divmod(int(at), 6) for at in by_head.ravel().argsort()[-3:]}
    assert strongest == {(5, 2), (5, 3), (5, 4)}
    assert by_head[5].sum() > 0.9


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({"what": "resid_pre", "positions": [4, 7]}, (2, 4)),
        ({"what": "head_out", "by": "position", "heads": [2, 3]}, (5, 12)),
        ({"what": "attn_probs", "positions": [4, 12], "layers": [5]}, (5, 3)),
    ],
)
def test_a_cell_is_what_its_interventions_do(
    loaded: LoadedModel, options: dict[str, Any], place: tuple[int, int]
) -> None:
    grid = patch_grid(loaded, CLEAN, CORRUPTED, **options)
    changed = predict(loaded, grid.corrupted.ids, grid.changes(*place)).capped
    assert grid.values[place] == pytest.approx(float(changed[grid.ids[0]] - changed[grid.ids[1]]), abs=1e-4)
    patched = grid.table().set_index(["layer", grid.by])
    assert patched.loc[place, "share"] == pytest.approx(grid.shares[place])
    assert len(patched) == np.isfinite(grid.values).sum() == len(options.get("positions", range(13))) * 6 or (
        options["what"] == "attn_probs" and len(patched) == 6
    )


def test_blocks_and_batches_do_not_matter(loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    small = loaded.in_blocks(5)
    for what in ("head_out", "attn_probs"):
        whole = patch_grid(loaded, CLEAN, CORRUPTED, what).values
        monkeypatch.setattr("gemma2_workbench.patching.patch._BATCH_TOKENS", 30)
        np.testing.assert_allclose(patch_grid(small, CLEAN, CORRUPTED, what).values, whole, atol=1e-4)


def test_texts_of_two_lengths_are_aligned(loaded: LoadedModel) -> None:
    assert counterparts([2, 5, 6, 7, 9], [2, 5, 8, 7, 4, 9]) == ((0, 0), (1, 1), (2, 2), (3, 3), (4, 5))
    assert counterparts([2, 1, 9], [2, 9]) == ((0, 0), (2, 1))
    longer = CORRUPTED.replace("horse", "of horse")
    grid = patch_grid(loaded, CLEAN, longer, layers=[0])
    (added,) = (at for at, name in enumerate(grid.corrupted.display) if name == "▁of")
    assert [there for _, there in grid.pairs] == list(range(13))
    assert grid.pairs[-1][0] == len(grid.corrupted.ids) - 1
    assert np.isnan(grid.values[0]).nonzero()[0].tolist() == [added]
    with pytest.raises(ValueError, match=rf"position {added} \(▁of\) has no counterpart in the clean text"):
        patch_grid(loaded, CLEAN, longer, positions=[added])
    with pytest.raises(ValueError, match="probabilities are patched between texts of one length"):
        patch_grid(loaded, CLEAN, longer, "attn_probs")


def test_two_runs_of_one_difference_have_no_share(loaded: LoadedModel) -> None:
    grid = patch_grid(loaded, CLEAN, CLEAN, token="▁green", against="▁silver", layers=[5])
    assert not grid.comparable
    assert "the two runs have the same logit difference, so there is no share of it" in grid.sentence
    assert grid.table()["share"].isna().all()
    assert grid.table()["change"].abs().max() < 1e-4


def test_progress_counts_runs_and_may_end_them(loaded: LoadedModel) -> None:
    seen: list[tuple[int, int]] = []
    patch_grid(loaded, CLEAN, CORRUPTED, layers=[1, 2], progress=lambda *at: seen.append(at))
    assert seen[-1] == (26, 26)

    def cancel(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        patch_grid(loaded, CLEAN, CORRUPTED, progress=cancel)
    assert not any(module._forward_hooks for module in loaded.model.modules())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"what": "mlp"}, "choose resid_pre, head_out, attn_probs"),
        ({"by": "head"}, "the residual stream has no heads"),
        ({"layers": [6]}, "layer 6 must be at most 5"),
        ({"what": "head_out", "heads": []}, "heads=.* must be one or several of 0..5"),
        ({"token": 4096}, "token 4096 must be at most 4095"),
        ({"token": "▁red", "against": "▁red"}, "token and against are both '▁red'"),
    ],
)
def test_what_cannot_be_is_one_sentence(loaded: LoadedModel, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        patch_grid(loaded, CLEAN, CORRUPTED, **options)


def test_a_grid_says_what_it_is(loaded: LoadedModel) -> None:
    grid: PatchGrid = patch_grid(loaded, CLEAN, CORRUPTED, layers=[0])
    assert "residual stream by layer and position" in repr(grid)
    with pytest.raises(ValueError, match="nothing was patched in layer 1 position 0"):
        grid.changes(1, 0)
