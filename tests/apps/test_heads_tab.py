"""The head view in a real browser: what a token attends to is what the trace says."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import gradio as gr
import numpy as np
import pytest

from gemma2_workbench import LoadedModel, Tokens, Trace, load, tokenize
from gemma2_workbench.apps.explorer import routes
from gemma2_workbench.apps.explorer.components.head_view.component import head_view, head_view_value
from gemma2_workbench.apps.explorer.components.head_view.palette import head_colours
from gemma2_workbench.apps.explorer.tabs.heads import CHOICES, taken
from gemma2_workbench.apps.page.store import RunStore
from gemma2_workbench.views import table

TOKENS = ("<bos>", "▁The", "▁Pres", "ident", "▁of", "▁the", "<img src=x onerror=window.hacked=1>", "▁the")
VIEW = "document.querySelector('.head-view')?.headView"


@pytest.fixture(scope="module")
def trace(make_trace: Callable[..., Trace]) -> Trace:
    made = make_trace(TOKENS, heads=4)
    # With the places of the tokens in the text, two of which make one word.
    text = "".join(TOKENS[1:]).replace("▁", " ")
    stops = [0, *itertools.accumulate(map(len, TOKENS[1:]))]
    spans = ((0, 0), *itertools.pairwise(stops))
    return replace(made, tokens=replace(made.tokens, text=text, spans=spans))


@pytest.fixture(scope="module")
def page(browser: Any, trace: Trace) -> Iterator[Any]:
    store = RunStore()
    run = store.add(trace)
    with gr.Blocks() as demo:
        view = head_view()
        demo.load(lambda: head_view_value(run, trace), None, view, queue=False)
        heard = gr.JSON(elem_id="heard")
        view.select(_heard, None, heard, queue=False, trigger_mode="always_last")
    _, url, _ = demo.launch(
        prevent_thread_lock=True,
        quiet=True,
        server_name="127.0.0.1",
        app_kwargs={"routes": routes.attention_routes(store)},
    )
    page = browser.new_page(viewport={"width": 1000, "height": 900})
    page.goto(url)
    page.wait_for_function(f"{VIEW}?.painted > 0")
    yield page
    page.close()
    demo.close()


def _heard(event: gr.EventData) -> dict[str, Any]:
    return {name: getattr(event, name) for name in CHOICES}


def weights(page: Any, side: str) -> list[float]:
    """The numbers on one column, 0 for tokens without one."""
    return page.evaluate(f"[...document.querySelectorAll('.{side} .token')].map((t) => Number(t.dataset.weight ?? 0))")


def test_a_query_shows_the_probabilities_of_the_trace(page: Any, trace: Trace) -> None:
    page.locator(".queries .token").nth(5).hover()
    page.wait_for_function(f"{VIEW}.focus && {VIEW}.focus.index === 5")
    expected = trace.stage(0, 0)[5].nan_to_num().numpy()
    np.testing.assert_array_equal(np.float32(weights(page, "keys")), expected)


def test_a_key_shows_who_attends_to_it(page: Any, trace: Trace) -> None:
    page.locator(".keys .token").nth(3).hover()
    page.wait_for_function(f"{VIEW}.focus && {VIEW}.focus.side === 'key'")
    np.testing.assert_array_equal(np.float32(weights(page, "queries")), trace.stage(0, 0)[:, 3].nan_to_num().numpy())


def test_several_heads_show_the_strongest(page: Any, trace: Trace) -> None:
    page.locator(".heads button").nth(2).click()
    page.wait_for_function(f"{VIEW}.heads.length === 2")
    page.locator(".queries .token").nth(6).hover()
    page.wait_for_function(f"{VIEW}.focus && {VIEW}.focus.index === 6 && {VIEW}.focus.side === 'query'")
    expected = np.maximum(*(trace.stage(0, head)[6].nan_to_num().numpy() for head in (0, 2)))
    np.testing.assert_array_equal(np.float32(weights(page, "keys")), expected)
    page.locator(".heads button").nth(2).click()
    page.wait_for_function(f"{VIEW}.heads.length === 1")


def test_words_without_bos_are_those_of_the_saved_figure(page: Any, trace: Trace) -> None:
    for name in (".merge", ".hide-bos", ".renormalise"):
        page.locator(name).check()
    assert page.locator(".queries .token").all_text_contents()[2] == "▁President"
    page.locator(".queries .token").nth(4).hover()
    page.wait_for_function(f"{VIEW}.focus && {VIEW}.focus.index === 4")
    frame = table(trace, "heads", layer=0, heads="0", unit="words", bos="renormalised")
    row = frame.loc[frame["query"] == 5, "weight"].fillna(0)
    assert len(row) == 7
    np.testing.assert_allclose(weights(page, "keys"), row, rtol=1e-5)
    for name in (".merge", ".hide-bos", ".renormalise"):
        page.locator(name).uncheck()


def test_what_is_shown_is_told_and_saved(page: Any, trace: Trace) -> None:
    page.locator(".heads button").nth(3).click()
    for name in (".merge", ".hide-bos"):
        page.locator(name).check()
    # The last of several words about it.
    page.wait_for_function("/words[^]*hidden/.test(document.querySelector('#heard').textContent)")
    told = page.locator("#heard").text_content()
    assert "0,3" in told
    chosen = {"layer": 0, "heads": "0,3", "unit": "words", "bos": "hidden", "threshold": 0.02}
    shown = taken(trace, chosen, " 2:6 ")
    frame = shown.view.table(shown.trace, **shown.options)
    assert frame["head"].unique().tolist() == [0, 3]
    assert frame["key"].unique().tolist() == [2, 4, 5]
    for name in (".merge", ".hide-bos"):
        page.locator(name).uncheck()
    page.locator(".heads button").nth(3).click()


def test_a_click_pins_and_escape_lets_go(page: Any) -> None:
    page.locator(".queries .token").nth(2).click()
    assert page.evaluate(f"{VIEW}.pinned.index") == 2
    page.locator(".stage").press("Escape")
    assert page.evaluate(f"{VIEW}.pinned") is None


def test_tokens_are_text_and_repeats_stay_apart(page: Any) -> None:
    shown = page.locator(".queries .token").all_text_contents()
    assert tuple(shown) == TOKENS
    assert page.evaluate("window.hacked") is None


def test_the_threshold_hides_weak_lines(page: Any) -> None:
    page.mouse.move(5, 5)
    page.locator(".threshold").evaluate("(e) => { e.value = 0; e.dispatchEvent(new Event('input')); }")
    every = page.evaluate(f"{VIEW}.drawn")
    page.locator(".threshold").evaluate("(e) => { e.value = 0.5; e.dispatchEvent(new Event('input')); }")
    assert 0 < page.evaluate(f"{VIEW}.drawn") < every


def test_words_join_the_tokens_that_belong_together() -> None:
    loaded: LoadedModel = load()
    tokens = tokenize(loaded.tokenizer, "The Prime Minister, uncharacteristically 😀!")
    words: dict[int, str] = {}
    for word, (start, end) in zip(tokens.words, tokens.spans, strict=True):
        words[word] = words.get(word, "") + tokens.text[start:end]
    assert any("uncharacteristically" in word for word in words.values())
    assert any(word.strip() == "," for word in words.values())
    assert len(set(tokens.words)) < len(tokens)
    assert Tokens("", (), (), (), ()).words == ()


def test_colours_of_32_heads_differ() -> None:
    for dark in (False, True):
        assert len(set(head_colours(32, dark))) == 32
