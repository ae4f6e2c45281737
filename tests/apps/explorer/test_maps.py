"""What a map shows beside one head: differences, several heads, words, <bos> left out; from the trace's own maps."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from starlette.testclient import TestClient

from gemma2_workbench import AblateHeads, Trace
from gemma2_workbench.apps.explorer import maps, pooling
from gemma2_workbench.apps.page.store import RunStore
from gemma2_workbench.traces.pair import HIDDEN_AFTER, HIDDEN_BEFORE
from gemma2_workbench.traces.rollout import rollout

TOKENS = tuple(f"t{i}" for i in range(24))
ALL = range(len(TOKENS))


@pytest.fixture(scope="module")
def trace(make_trace: Callable[..., Trace]) -> Trace:
    return make_trace(TOKENS)


def decoded(response) -> tuple[np.ndarray, np.ndarray]:
    assert response.status_code == 200, response.text
    shape = tuple(map(int, response.headers["X-Shape"].split(",")))
    cells = shape[0] * shape[1]
    values = np.frombuffer(response.content, "<f4", cells).reshape(shape)
    return values, np.frombuffer(response.content, np.uint8, offset=4 * cells).reshape(shape)


def test_difference_is_after_less_before(client: TestClient, store: RunStore, trace: Trace):
    after = replace(trace, layers=(trace.layers[1], *trace.layers[1:]))
    values, states = decoded(client.get(f"/attention/{store.add(trace)}/attn_masked/0/1?against={store.add(after)}"))
    before_QS, after_QS = (one.stage(0, 1, "attn_masked").numpy() for one in (trace, after))
    both = ~np.isnan(before_QS) & ~np.isnan(after_QS)
    np.testing.assert_array_equal(values, np.where(both, after_QS - before_QS, np.nan))
    # The window is gone: what it hid is seen after only.
    np.testing.assert_array_equal(states == HIDDEN_BEFORE, np.isnan(before_QS) & ~np.isnan(after_QS))
    assert not (states == HIDDEN_AFTER).any()


def test_difference_is_taken_before_it_is_pooled(client: TestClient, store: RunStore, trace: Trace):
    after = replace(trace, readings={**trace.readings, "attention": [*reversed(trace.tensors)]})
    address = f"/attention/{store.add(trace)}/attn_probs/1/0?against={store.add(after)}"
    exact, _ = decoded(client.get(address))
    pooled, _ = decoded(client.get(f"{address}&side=12"))
    starts = np.arange(0, len(TOKENS), 2)
    np.testing.assert_allclose(pooled, pooling.pool_extreme(exact, starts, starts), rtol=1e-5)


def test_head_that_is_off_writes_nothing(client: TestClient, store: RunStore, trace: Trace):
    after = replace(trace, interventions=(AblateHeads(((2, 1),)),))
    address = f"/attention/{store.add(trace)}/%s/2/1?against={store.add(after)}"
    values, _ = decoded(client.get(address % "contribution"))
    np.testing.assert_array_equal(values, -trace.stage(2, 1, "contribution").numpy())
    assert not np.nan_to_num(decoded(client.get(address % "attn_probs"))[0]).any()


def test_head_less_another_head(client: TestClient, store: RunStore, trace: Trace):
    values, _ = decoded(client.get(f"/attention/{store.add(trace)}/attn_probs/1/0?minus=L3H2"))
    np.testing.assert_allclose(values, (trace.stage(1, 0) - trace.stage(3, 2)).numpy())


@pytest.mark.parametrize("over", ["mean", "max"])
def test_several_heads_count_nothing_where_a_window_hides(client: TestClient, store: RunStore, trace: Trace, over: str):
    values, reasons = decoded(
        client.get(f"/attention/{store.add(trace)}/attn_probs/0/0?over={over}&heads=L0H1.L0H3.L1H2")
    )
    parts = np.stack([trace.stage(*head).nan_to_num().numpy() for head in ((0, 1), (0, 3), (1, 2))])
    joined = parts.mean(0) if over == "mean" else parts.max(0)
    visible = np.tril(np.ones_like(joined)) > 0
    np.testing.assert_allclose(values, np.where(visible, joined, np.nan), rtol=1e-5)
    np.testing.assert_array_equal(reasons == 0, visible)


def test_rollout_is_that_of_the_library(client: TestClient, store: RunStore, trace: Trace):
    values, _ = decoded(client.get(f"/attention/{store.add(trace)}/attn_probs/2/0?over=rollout"))
    np.testing.assert_array_equal(values, rollout(trace, 2).numpy())


def test_words_attend_with_the_mean_of_their_tokens_to_the_sum(client: TestClient, store: RunStore, make_trace):
    spans = ((0, 0), (0, 2), (2, 4), (5, 7), (7, 8), (8, 9))
    trace = make_trace(("<bos>", "ab", "cd", "ef", "g", "h"))
    trace = replace(trace, tokens=replace(trace.tokens, text="abcd efgh", spans=spans))
    assert trace.tokens.words == (0, 1, 1, 2, 2, 2)
    run = store.add(trace)
    values, _ = decoded(client.get(f"/attention/{run}/attn_probs/1/0?unit=words"))
    probs = trace.stage(1, 0).nan_to_num().numpy()
    assert values.shape == (3, 3)
    assert values[2, 1] == pytest.approx(probs[3:6, 1:3].sum() / 3)
    np.testing.assert_allclose(np.nansum(values, -1), 1, rtol=1e-5)
    rows, _ = decoded(client.get(f"/attention/{run}/attn_masked/1/0?unit=words&rows=2:3"))
    cells = trace.stage(1, 0, "attn_masked").numpy()[3:6, 1:3].ravel()
    assert rows[0, 1] == cells[np.abs(cells).argmax()]


@pytest.mark.parametrize("bos", ["hidden", "renormalised"])
def test_bos_left_out(client: TestClient, store: RunStore, trace: Trace, bos: str):
    values, reasons = decoded(client.get(f"/attention/{store.add(trace)}/attn_probs/1/0?bos={bos}&rows=5:9&keys=0:9"))
    assert np.isnan(values[:, 0]).all()
    assert (reasons[:, 0] == maps.LEFT_OUT).all()
    probs = trace.stage(1, 0, "attn_probs", range(5, 9), range(9)).numpy()[:, 1:]
    total = np.nansum(trace.stage(1, 0).numpy()[5:9, 1:], -1, keepdims=True) if bos == "renormalised" else 1
    np.testing.assert_allclose(values[:, 1:], probs / total, rtol=1e-5)


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("attn_probs/0/0?over=median", 400, "over='median' is not allowed: choose one of"),
        ("attn_probs/0/0?over=mean&heads=5.3", 400, "'5' is no head: write L0H0"),
        ("attn_probs/0/0?minus=L9H0", 404, "there is no layer 9"),
        ("contribution/0/0?over=rollout", 400, "a rollout is of probabilities, not of contribution"),
        ("attn_probs/0/0?side=x", 400, "side='x' is not allowed"),
        ("attn_probs/0/0?against=elsewhere", 404, "no longer held"),
    ],
)
def test_refusals(client: TestClient, store: RunStore, trace: Trace, path: str, status: int, words: str):
    response = client.get(f"/attention/{store.add(trace)}/{path}")
    assert response.status_code == status
    assert words in response.json()["error"]


@pytest.mark.parametrize("factor", [2, 5, 7])
def test_squares_are_rectangles_of_one_size(factor: int):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(23, 17)).astype(np.float32)
    values[rng.random(values.shape) < 0.4] = np.nan
    reasons = rng.integers(0, 4, values.shape).astype(np.uint8)
    pooled = pooling.pooled_map(lambda rows, _keys: (values[rows], reasons[rows]), range(23), range(17), factor)
    starts = np.arange(0, 23, factor), np.arange(0, 17, factor)
    np.testing.assert_array_equal(pooled[0], pooling.pool_extreme(values, *starts))
    np.testing.assert_array_equal(pooled[1], pooling.pool_least(reasons, *starts))


def test_an_overview_is_what_the_run_has_gathered(client: TestClient, store: RunStore, trace: Trace):
    assert client.get(f"/attention/{store.add(trace)}/overview/1/0").status_code == 204
    side = 5  # no divisor of the 24 tokens
    starts = -(-np.arange(side) * len(TOKENS) // side)
    largest = [
        [pooling.pool_extreme(trace.stage(layer, head).numpy(), starts, starts) for head in range(trace.heads)]
        for layer in range(len(trace.layers))
    ]
    folds = {"thumbnail": torch.from_numpy(np.nan_to_num(np.array(largest)))}
    run = store.add(replace(trace, readings={**trace.readings, "folds": folds}))
    for layer in (0, 1):
        response = client.get(f"/attention/{run}/overview/{layer}/2")
        values, reasons = decoded(response)
        np.testing.assert_array_equal(values, largest[layer][2])
        np.testing.assert_array_equal(reasons == 0, ~np.isnan(values))
        assert float(response.headers["X-Pool"]) == len(TOKENS) / side
