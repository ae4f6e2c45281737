"""A learned sink on the page: an exact column of the map, a cell of the inspector, reached by keys."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from starlette.testclient import TestClient

from benchmarks.decoders.tiny import tiny_model
from gemma2_workbench import Trace, capture, compare, load
from gemma2_workbench.apps.explorer import doings, requested
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.apps.page.store import RunStore
from gemma2_workbench.models.decoder.opening import opened
from gemma2_workbench.models.decoder.source import Decoder
from tests.apps.conftest import READY, served

TEXT = "red blue green seven nine red blue green"


@pytest.fixture(scope="module")
def decoder() -> Decoder:
    tokenizer = load("tiny").tokenizer
    found = opened(tiny_model("gpt_oss", vocabulary=len(tokenizer)), tokenizer, "gpt_oss")
    assert isinstance(found, Decoder)
    return found


@pytest.fixture(scope="module")
def trace(decoder: Decoder) -> Trace:
    return capture(decoder, TEXT)


def read(client: TestClient, path: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Values of a map, and what sinks take of its rows."""
    response = client.get(path)
    assert response.status_code == 200, response.text
    Q, S = map(int, response.headers["X-Shape"].split(","))
    has_sinks = "X-Sinks" in response.headers
    assert len(response.content) == 5 * Q * S + 4 * Q * has_sinks
    values = np.frombuffer(response.content, "<f4", Q * S).reshape(Q, S)
    return values, np.frombuffer(response.content, "<f4", Q, offset=4 * Q * S) if has_sinks else None


def test_a_row_and_its_sink_sum_to_one(client: TestClient, store: RunStore, trace: Trace) -> None:
    run = store.add(trace)
    for layer in range(len(trace.layers)):
        values, sinks = read(client, f"/attention/{run}/attn_probs/{layer}/1")
        assert sinks is not None
        np.testing.assert_allclose(1 - np.nansum(values.astype(np.float64), 1), sinks, atol=1e-6)
        np.testing.assert_array_equal(sinks, trace.sink_share(layer, 1).numpy())
    _, part = read(client, f"/attention/{run}/attn_probs/0/1?rows=3:9&keys=2:5")
    np.testing.assert_array_equal(part, trace.sink_share(0, 1, range(3, 9)).numpy())


@pytest.mark.parametrize("view", ["", "words=1", "over=mean", "over=max", "over=mean&heads=L0H1.L2H3", "minus=L2H3"])
def test_the_sinks_are_seen_as_the_map_is(client: TestClient, store: RunStore, trace: Trace, view: str) -> None:
    query = view.replace("words=1", "unit=words")
    values, sinks = read(client, f"/attention/{store.add(trace)}/attn_probs/0/1?{query}")
    assert sinks is not None
    assert len(sinks) == len(values)
    total = np.nansum(values.astype(np.float64), 1) + sinks
    if view == "over=max":
        shares = [trace.sink_share(0, head).numpy() for head in range(trace.heads)]
        np.testing.assert_array_equal(sinks, np.max(shares, 0))
    elif view == "minus=L2H3":  # both layers have the same mask, so nothing is left out
        np.testing.assert_allclose(total, 0, atol=1e-6)
    else:
        np.testing.assert_allclose(total, 1, atol=1e-6)


def test_the_sinks_of_two_texts_stand_beside_their_shared_rows(
    client: TestClient, store: RunStore, decoder: Decoder, trace: Trace
) -> None:
    other = capture(decoder, TEXT.replace("nine", "ten"))
    first, second = store.add(trace), store.add(other)
    shares = []
    for side in ("before", "after", "difference"):
        values, sinks = read(client, f"/attention/{first}/attn_probs/1/2?aligned={second}&show={side}")
        assert sinks is not None
        assert len(sinks) == len(values)
        shares.append(sinks)
    positions = compare(trace, other).positions
    np.testing.assert_array_equal(shares[0], trace.sink_share(1, 2).numpy()[[a for a, _ in positions]])
    np.testing.assert_array_equal(shares[1], other.sink_share(1, 2).numpy()[[b for _, b in positions]])
    np.testing.assert_array_equal(shares[2], shares[1] - shares[0])


def test_a_sink_that_takes_most_is_said_first(trace: Trace) -> None:
    layers = tuple(replace(info, sinks=(9.0,) * trace.heads) for info in trace.layers)
    tensors = [
        replace(layer, log_sum=layer.log_sum.exp().add(torch.exp(torch.tensor(9.0))).log()) for layer in trace.tensors
    ]
    flooded = replace(trace, layers=layers, readings={**trace.readings, "attention": tensors})
    for head in range(trace.heads):
        first = "".join(piece.text for piece in doings.told(flooded, 0, head, 6).first)
        assert first.endswith(
            f"most goes to the learned sink, which writes nothing: {flooded.sink_share(0, head)[6]:.2f}."
        )


def test_there_is_no_sink_where_none_is_meant(client: TestClient, store: RunStore, trace: Trace) -> None:
    run = store.add(trace)
    for rest in ("contribution/0/1", "attn_probs/0/1?bos=renormalised", "attn_probs/1/1?over=rollout"):
        assert read(client, f"/attention/{run}/{rest}")[1] is None


def test_a_pooled_map_keeps_the_largest_share(
    client: TestClient, store: RunStore, trace: Trace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requested, "MAX_CELLS", 25)
    values, sinks = read(client, f"/attention/{store.add(trace)}/attn_probs/0/1")
    shares = trace.sink_share(0, 1).numpy()
    size = -(-len(shares) // len(values))
    assert size > 1
    assert sinks is not None
    assert sinks.tolist() == [shares[start : start + size].max() for start in range(0, len(shares), size)]


def test_the_story_of_a_sink(client: TestClient, store: RunStore, trace: Trace) -> None:
    run, query = store.add(trace), 6
    told = client.get(f"/cell/{run}/1/2/{query}/sink").json()
    share = trace.sink_share(1, 2, range(query, query + 1)).item()
    sinks = trace.layers[1].sinks
    assert sinks is not None
    assert (told["key"], told["hidden"], told["values"]["attn_probs"]) == ("sink", None, pytest.approx(share))
    assert (told["values"]["attn_logits"], told["values"]["contribution"]) == (pytest.approx(sinks[2]), 0)
    assert told["heads"] == [pytest.approx(trace.sink_share(1, head)[query].item()) for head in range(trace.heads)]
    assert sum(one["prob"] for one in told["row"]) == pytest.approx(1, abs=1e-6)
    assert [one["prob"] for one in told["row"]] == sorted((one["prob"] for one in told["row"]), reverse=True)
    assert told["row"][told["rank"] - 1]["key"] == "sink"
    assert client.get(f"/cell/{run}/1/2/{query}/3").json()["row"] == told["row"]


@pytest.fixture(scope="module")
def url(session: Session, decoder: Decoder) -> Iterator[str]:
    session.kept.add(("model", "gpt_oss"), decoder)
    with served(session) as address:
        yield address


def test_the_sink_is_chosen_by_keys_and_by_a_click(open_page: Callable[..., Any], url: str, trace: Trace) -> None:
    page = open_page(f"model=gpt_oss&text={TEXT.replace(' ', '+')}&head=L1H2&query=6&key=12", url=url)
    share = f"{trace.sink_share(1, 2)[6].item():.3f}"
    page.focus("#map canvas")
    page.keyboard.press("Shift+ArrowRight")
    page.wait_for_selector("#inspector .hero >> text=sink")
    assert "key=sink" in page.url
    assert page.inner_text("#inspector .hero .t32") == share
    assert f"the learned sink takes {share} of" in page.get_attribute("#map canvas", "aria-label")
    page.keyboard.press("Shift+ArrowLeft")
    page.wait_for_selector("#inspector .hero >> text=12")
    box = page.evaluate("workbench.data.mapBox")
    at = {"x": box["left"] + box["side"] + 17, "y": box["top"] + 4.5 * box["cell"]}
    page.hover("#map canvas", position=at)
    page.wait_for_selector(".tip >> text=4 → learned sink")
    page.click("#map canvas", position=at)
    page.wait_for_selector(f"{READY} #inspector .hero >> text=sink")
    assert page.evaluate("[workbench.selection.query, workbench.selection.key]") == [4, "sink"]
    page.click("#inspector .rows [data-key='0']")
    page.wait_for_function("workbench.selection.key === 0")
