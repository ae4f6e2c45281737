"""The binary routes give the trace's own numbers, and a sentence for everything they cannot give."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from gemma2_workbench import STAGES, Trace
from gemma2_workbench.apps.explorer import pooling, requested, routes, thumbnails
from gemma2_workbench.apps.explorer.ahead import Ahead, drawn_first
from gemma2_workbench.apps.explorer.stage_scales import HELP
from gemma2_workbench.apps.page.store import RunStore
from gemma2_workbench.model import Span
from gemma2_workbench.traces.blocks import Block
from gemma2_workbench.traces.folds import thumbnail
from gemma2_workbench.traces.text import Text

TOKENS = tuple(f"t{i}" for i in range(40))


@pytest.fixture(scope="module")
def trace(make_trace: Callable[..., Trace]) -> Trace:
    return make_trace(TOKENS)


def decoded(response) -> tuple[np.ndarray, np.ndarray]:
    shape = tuple(map(int, response.headers["X-Shape"].split(",")))
    cells = shape[0] * shape[1]
    values = np.frombuffer(response.content, "<f4", cells).reshape(shape)
    return values, np.frombuffer(response.content, np.uint8, offset=4 * cells).reshape(shape)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("layer", [0, 1])
def test_map_is_bit_for_bit_the_trace(client: TestClient, store: RunStore, trace: Trace, stage: str, layer: int):
    response = client.get(f"/attention/{store.add(trace)}/{stage}/{layer}/3")
    values, reasons = decoded(response)
    np.testing.assert_array_equal(values, trace.stage(layer, 3, stage).numpy())
    np.testing.assert_array_equal(reasons, trace.reasons(layer).numpy())
    assert response.headers["X-Pool"] == "1"


def test_range_is_that_part_of_the_map(client: TestClient, store: RunStore, trace: Trace):
    response = client.get(f"/attention/{store.add(trace)}/attn_probs/2/1?rows=3:11&keys=2:7")
    values, reasons = decoded(response)
    np.testing.assert_array_equal(values, trace.stage(2, 1, "attn_probs", range(3, 11), range(2, 7)).numpy())
    # A product of other sizes may round its last bit differently.
    np.testing.assert_allclose(values, trace.stage(2, 1, "attn_probs").numpy()[3:11, 2:7], rtol=1e-5)
    np.testing.assert_array_equal(reasons, trace.reasons(2).numpy()[3:11, 2:7])
    assert (response.headers["X-Rows"], response.headers["X-Keys"]) == ("3:11", "2:7")


@pytest.mark.parametrize("stage", ["attn_masked", "attn_probs"])
def test_large_map_comes_pooled_by_largest_magnitude(
    client: TestClient, store: RunStore, trace: Trace, stage: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(requested, "MAX_CELLS", 200)
    # Several blocks of rows, the last of them partial.
    monkeypatch.setattr(pooling, "BLOCK_CELLS", 400)
    response = client.get(f"/attention/{store.add(trace)}/{stage}/0/0")
    factor = int(response.headers["X-Pool"])
    assert factor == 3
    values, reasons = decoded(response)
    exact, why = trace.stage(0, 0, stage).numpy(), trace.reasons(0).numpy()
    assert values.shape == (14, 14)
    for (i, j), value in np.ndenumerate(values):
        part = np.s_[i * factor : (i + 1) * factor, j * factor : (j + 1) * factor]
        cells = exact[part][~np.isnan(exact[part])]
        assert reasons[i, j] == why[part].min()
        # Not bit for bit: the same product in blocks of another size may round the last digit differently.
        largest = cells[np.abs(cells).argmax()] if cells.size else np.nan
        assert value == pytest.approx(largest, rel=1e-5, nan_ok=True)


def test_one_row_of_a_long_text_is_exact(client: TestClient, store: RunStore, trace: Trace, monkeypatch):
    monkeypatch.setattr(requested, "MAX_CELLS", 200)
    response = client.get(f"/attention/{store.add(trace)}/attn_probs/1/0?rows=39:40")
    assert response.headers["X-Pool"] == "1"
    assert decoded(response)[0].sum() == pytest.approx(1, abs=1e-5)


def test_what_comes_along_with_a_run_is_what_the_routes_give(client: TestClient, store: RunStore, trace: Trace):
    kept = with_fold(trace)
    run = store.add(kept)
    along = drawn_first(kept, Ahead(stage="attn_scores", head="L9H1"), "L2H0")
    assert (along["map"]["layer"], along["map"]["head"]) == (3, 1)  # as the page does with a head that there is not
    assert base64.b64decode(along["map"]["body"]) == client.get(f"/attention/{run}/attn_scores/3/1").content
    assert base64.b64decode(along["thumbnails"]["body"]) == pictures(client, run, "attn_probs").tobytes()
    assert drawn_first(kept, Ahead(stage="attn_probs"), "L2H0")["map"]["layer"] == 2


@given(st.integers(1, 20_000), st.integers(1, 20_000))
def test_pool_factor_is_the_smallest_that_fits(queries: int, keys: int):
    def cells(factor: int) -> int:
        return -(-queries // factor) * -(-keys // factor)

    factor = routes.pool_factor(queries, keys, 512 * 512)
    assert cells(factor) <= 512 * 512
    assert factor == 1 or cells(factor - 1) > 512 * 512


def pictures(client: TestClient, run: str, stage: str) -> np.ndarray:
    response = client.get(f"/attention/{run}/thumbnails/{stage}")
    shape = tuple(map(int, response.headers["X-Shape"].split(",")))
    return np.frombuffer(response.content, np.uint8).reshape(shape)


def with_fold(trace: Trace) -> Trace:
    """The trace with the thumbnails that a forward pass would have folded."""
    T = len(trace.tokens)
    everything = Span(range(T), range(T))
    folded = []
    for layer, info in enumerate(trace.layers):
        probs = torch.stack([trace.stage(layer, head) for head in range(trace.heads)]).nan_to_num()
        places = Text(torch.arange(T)).places(everything, info.mask)
        folded.append(thumbnail(Block(probs, probs, probs, None, places)))
    return replace(trace, readings={**trace.readings, "folds": {"thumbnail": torch.stack(folded)}})


def test_kept_and_derived_thumbnails_are_the_same(client: TestClient, store: RunStore, trace: Trace):
    derived = pictures(client, store.add(trace), "attn_probs")
    kept = pictures(client, store.add(with_fold(trace)), "attn_probs")
    assert derived.shape == (4, 4, 32, 32)
    np.testing.assert_array_equal(kept, derived)


def test_thumbnail_of_a_short_text_shows_every_cell(client: TestClient, store: RunStore, make_trace):
    trace = make_trace(TOKENS[:9])
    shown = pictures(client, store.add(trace), "attn_probs")
    for layer in range(4):
        exact = trace.stage(layer, 2).numpy()
        assert ((shown[layer, 2] == 0) == np.isnan(exact)).all()
        weights = ((shown[layer, 2].astype(float) - 1) / 254) ** 2
        np.testing.assert_allclose(weights[~np.isnan(exact)], exact[~np.isnan(exact)], atol=0.005)


def test_signed_thumbnails_have_zero_in_the_middle(client: TestClient, store: RunStore, make_trace):
    trace = make_trace(TOKENS[:9])
    shown = pictures(client, store.add(trace), "attn_masked").astype(int)
    exact = trace.stage(1, 0, "attn_masked").numpy()
    visible = ~np.isnan(exact)
    share = exact[visible] / np.abs(exact[visible]).max()
    np.testing.assert_array_equal(shown[1, 0][visible], np.rint(128 + 127 * share))


def test_no_thumbnails_where_deriving_would_take_too_long(client, store: RunStore, trace: Trace, monkeypatch):
    monkeypatch.setattr(thumbnails, "MAX_DERIVED_CELLS", 100)
    response = client.get(f"/attention/{store.add(trace)}/thumbnails/attn_logits")
    assert (response.status_code, response.content) == (204, b"")


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("attn_probs/4/0", 404, "no layer 4: this run has layers 0 to 3"),
        ("attn_probs/0/4", 404, "no head 4: this run has heads 0 to 3"),
        ("attention/0/0", 404, "no stage 'attention': choose one of attn_logits, attn_scores"),
        ("thumbnails/attention", 404, "no stage 'attention'"),
        ("attn_probs/0/0?rows=0:41", 400, "rows='0:41' must lie within 0:40"),
        ("attn_probs/0/0?keys=5:5", 400, "keys='5:5' must lie within 0:40"),
        ("attn_probs/0/0?keys=7:5", 400, "at least one position"),
        ("attn_probs/0/0?rows=-1:5", 400, "rows='-1:5' is no range: write rows=0:40"),
        ("attn_probs/0/0?rows=3", 400, "rows='3' is no range"),
        ("attn_probs/0/0?rows=٣:٥", 400, "is no range"),
    ],
)
def test_refusals_say_what_is_allowed(client, store: RunStore, trace: Trace, path: str, status: int, words: str):
    response = client.get(f"/attention/{store.add(trace)}/{path}")
    assert response.status_code == status
    assert words in json.loads(response.content)["error"]


@pytest.mark.parametrize("path", ["attn_probs/0/0", "thumbnails/attn_probs"])
def test_a_run_that_is_gone_says_so(client: TestClient, path: str):
    response = client.get(f"/attention/elsewhere/{path}")
    assert response.status_code == 404
    assert response.json() == {"error": "this run is no longer held by the server: run the text again"}


def test_answers_may_be_kept_by_the_browser_only(client: TestClient, store: RunStore, trace: Trace):
    response = client.get(f"/attention/{store.add(trace)}/attn_probs/0/0")
    assert response.headers["Cache-Control"].startswith("private")


def test_run_ids_cannot_be_guessed(trace: Trace):
    store = RunStore()
    runs = {store.add(trace) for _ in range(100)}
    assert len(runs) == 100
    assert all(len(run) >= 22 for run in runs)  # 128 bits in base 64


def test_every_stage_is_explained():
    assert list(HELP) == list(STAGES)
