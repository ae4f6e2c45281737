"""The softcap atlas against transformers' eager Gemma 2 without the cap in its config, and against dense maps."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from transformers import Gemma2ForCausalLM

from gemma2_workbench import LoadedModel, SetSoftcap, Trace, capture, load, view_named
from gemma2_workbench.figures import screen
from gemma2_workbench.traces.softcap import evenly, head_logits, mean_divergences
from gemma2_workbench.views import softcap_curve, table

TEXT = "The President of the United States met Emma in Paris, and Emma was glad to see the President. " * 2
CAP = 4.0  # so low that the random twin's logits, of both kinds, go far beyond it


@pytest.fixture(scope="module")
def folder(twin_folder: Callable[..., Path]) -> Path:
    return twin_folder(attn_logit_softcapping=CAP, final_logit_softcapping=CAP)


@pytest.fixture(scope="module")
def twin(folder: Path) -> LoadedModel:
    return load(folder)


@pytest.fixture(scope="module")
def run(twin: LoadedModel) -> Trace:
    return capture(twin, TEXT, parity=False)


@pytest.fixture(scope="module")
def long_run(loaded: LoadedModel) -> Trace:
    """A run of several blocks of rows."""
    trace = capture(loaded, TEXT * 9, parity=False)
    assert len(trace.tokens) > 300
    return trace


def eager(folder: Path, trace: Trace, **config: Any) -> Any:
    """Logits and attention maps of stock transformers with some of its config changed."""
    model = Gemma2ForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32, **config)
    with torch.no_grad():
        return model.eval()(torch.tensor([trace.tokens.ids]), output_attentions=True)


def kl(p: torch.Tensor, u: torch.Tensor) -> torch.Tensor:
    """KL(p || u) of rows of probabilities, nats, [Q]; 0 where p is 0."""
    p, u = p.double(), u.double()
    return torch.where(p > 0, p * (p.log() - u.log()), 0).sum(-1)


def test_row_divergence_is_that_of_transformers_with_and_without_the_cap(folder: Path, run: Trace) -> None:
    # In layer 0 the raw logits do not depend on the cap, so that a run without it gives the uncapped rows.
    capped, uncapped = eager(folder, run), eager(folder, run, attn_logit_softcapping=None)
    for head in range(run.heads):
        expected = kl(capped.attentions[0][0, head], uncapped.attentions[0][0, head])
        found = head_logits(run, 0, head).divergence
        assert expected.max() > 0.05
        np.testing.assert_allclose(found, expected.numpy(), atol=2e-4)
        assert mean_divergences(run)[0, head] == pytest.approx(found.mean())


def test_the_density_counts_every_visible_cell(long_run: Trace) -> None:
    for layer in (0, 1):
        found = head_logits(long_run, layer, 2)
        visible = long_run.reasons(layer) == 0
        raw = long_run.stage(layer, 2, "attn_logits")[visible].numpy()
        capped = long_run.stage(layer, 2, "attn_scores")[visible].numpy()
        assert found.extent.cells == len(raw) == found.raw_count.sum() == found.capped_count.sum()
        assert found.extent.largest == np.abs(raw).max()
        np.testing.assert_array_equal(found.raw_count, np.histogram(raw, found.edges)[0])
        np.testing.assert_array_equal(found.capped_count, np.histogram(capped, found.edges)[0])


def test_the_dots_are_an_even_sample_of_the_cells_on_the_curve(long_run: Trace) -> None:
    found = head_logits(long_run, 0, 1, dots=500)
    raw, capped = long_run.stage(0, 1, "attn_logits"), long_run.stage(0, 1, "attn_masked")
    np.testing.assert_array_equal(found.logit, raw[found.query, found.key].numpy())
    np.testing.assert_array_equal(found.score, capped[found.query, found.key].numpy())
    cap = long_run.layers[0].softcap
    np.testing.assert_allclose(found.score, cap * np.tanh(found.logit.astype(float) / cap), rtol=1e-5)
    # One dot in each 500th part of the visible cells, counted row by row.
    number = torch.cumsum((~capped.isnan()).flatten(), 0).view(capped.shape)[found.query, found.key] - 1
    ends = np.arange(501) * found.extent.cells // 500
    assert ((ends[:-1] <= number.numpy()) & (number.numpy() < ends[1:])).all()


def test_a_head_with_few_cells_shows_all_of_them() -> None:
    np.testing.assert_array_equal(evenly(7, 10), np.arange(7))
    assert len(np.unique(evenly(1001, 1000))) == 1000


def test_the_view_says_how_many_of_how_many(long_run: Trace) -> None:
    view = view_named("softcap_curve")
    frame = view.table(long_run, layer=1, head=3)
    dots = frame.loc[frame["part"] == softcap_curve.CELL]
    visible = int((long_run.reasons(1) == 0).sum())
    assert len(dots) == 2000 < visible == frame["cells"].iloc[0]
    assert view.figure(frame).figures[0].title == f"2,000 of {visible:,} visible cells"
    for part in (softcap_curve.BEFORE, softcap_curve.AFTER):
        assert frame.loc[frame["part"] == part, "y"].sum() == pytest.approx(1)
    rows = frame.loc[frame["part"] == softcap_curve.ROW]
    grid = table(long_run, "softcap", metric="row_divergence").set_index(["layer", "head"])["value"]
    assert len(rows) == len(long_run.tokens)
    assert grid[1, 3] == pytest.approx(rows["y"].mean())


def test_without_a_cap_the_curve_is_straight(loaded: LoadedModel) -> None:
    trace = capture(loaded, "Emma was glad.", interventions=[SetSoftcap(None)], parity=False)
    frame = table(trace, "softcap_curve", layer=1, head=0)
    dots = frame.loc[frame["part"] == softcap_curve.CELL]
    pd.testing.assert_series_equal(dots["x"], dots["y"], check_names=False)
    assert frame["softcap"].isna().all()
    assert frame.loc[frame["part"] == softcap_curve.ROW, "y"].eq(0).all()
    assert screen.render(view_named("softcap_curve").figure(frame)).data
