"""The softcap tab in a real browser: the numbers on the page are those of transformers with another cap."""

import re
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pytest
import torch
from transformers import Gemma2ForCausalLM

from gemma2_workbench import Trace, embedded
from gemma2_workbench.apps.explorer.tabs import softcap
from gemma2_workbench.apps.explorer.tabs.softcap_words import taken
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.apps.page.shared import Shared

TEXT = 'Emma met <img src=x onerror="window.hacked=1"> in ${window.hacked=1} Paris, and Emma was glad to see her there.'
LAYER, HEAD = 3, 4


@pytest.fixture(scope="module")
def site() -> Iterator[Any]:
    """The tab alone, on a run that a button brings; another button brings the same run of a model that is gone."""
    session = Session()
    run, trace = session.run("tiny", TEXT)
    gone = session.store.add(replace(trace, model=replace(trace.model, weights_sha256="gone")))
    with gr.Blocks() as app:
        states = gr.State(""), gr.State(False), gr.State({})
        gr.Button("run", elem_id="bring").click(lambda: run, None, states[0])
        gr.Button("gone", elem_id="bring-gone").click(lambda: gone, None, states[0])
        softcap.build(Shared(session, *states, gr.Textbox()))
    _, url, _ = app.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", run_history=False)
    yield SimpleNamespace(url=url, trace=trace)
    app.close()


@pytest.fixture(scope="module")
def page(browser: Any, site: Any) -> Iterator[Any]:
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(site.url)
    page.locator("#bring").click()
    page.wait_for_selector("#softcap-dots .main-svg")
    choose(page, LAYER, HEAD)
    yield page
    assert page.evaluate("window.hacked") is None
    page.close()
    assert not errors


def choose(page: Any, layer: int, head: int) -> None:
    """Click a head of the grid and wait until its words are there."""
    page.locator(f"#softcap-grid [data-layer='{layer}'][data-head='{head}']").click()
    wait_for(page, "#softcap-words", f"Layer {layer} ({'global' if layer % 2 else 'local'}), head {head}")


def wait_for(page: Any, selector: str, words: str) -> None:
    page.wait_for_function(
        "([at, words]) => document.querySelector(at).textContent.includes(words)", arg=[selector, words]
    )


def said(page: Any, selector: str, pattern: str) -> list[float]:
    """The numbers that a part of the page says."""
    parts = page.locator(selector).locator("p, .status-line > span").all_text_contents()
    found = re.search(pattern, " | ".join(parts))
    assert found, parts
    return [float(number.replace(",", "")) for number in found.groups()]


def data(page: Any, plot: str, trace: int, name: str) -> np.ndarray:
    """An array of what a plot draws, NaN where it draws nothing."""
    path = f"document.querySelector('#{plot} .js-plotly-plot')._fullData[{trace}].{name}"
    values = page.evaluate(f"Array.from({path}, (row) => row.length === undefined ? row : Array.from(row))")
    return np.array(values, dtype=float)


def stock(trace: Trace, **config: Any) -> Any:
    """Logits and maps of stock transformers with some of its config changed."""
    model = Gemma2ForCausalLM.from_pretrained(
        embedded()["tiny"], attn_implementation="eager", dtype=torch.float32, **config
    )
    with torch.no_grad():
        return model.eval()(torch.tensor([trace.tokens.ids]), output_attentions=True)


def next_tokens(page: Any, part: str) -> dict[int, tuple[float, float]]:
    """The rows of a list of next tokens: id -> probability before and after."""
    script = """(part) => [...document.querySelectorAll(`#${part} tbody tr`)].map((row) => [
        row.querySelector('.token').title, row.querySelector('.before').textContent,
        row.querySelector('.after').textContent])"""
    rows = page.evaluate(script, part)
    return {int(title.split()[-1]): (float(before), float(after)) for title, before, after in rows}


def check_tokens(page: Any, part: str, real: Any, changed: Any) -> None:
    """The list holds the likeliest tokens of both distributions with transformers' probabilities."""
    shown = next_tokens(page, part)
    for place, out in enumerate((real, changed)):
        probs = out.logits[0, -1].double().softmax(-1)
        assert set(probs.topk(10).indices.tolist()) <= set(shown)
        for token, pair in shown.items():
            assert pair[place] == pytest.approx(float(probs[token]), abs=2e-4)


def divergence(real: Any, changed: Any) -> float:
    log_p, log_q = (out.logits[0, -1].double().log_softmax(-1) for out in (real, changed))
    return float((log_p.exp() * (log_p - log_q)).sum())


def test_the_words_and_dots_of_a_head_are_its_logits(page: Any, site: Any) -> None:
    trace, cap = site.trace, site.trace.layers[LAYER].softcap
    visible = trace.reasons(LAYER) == 0
    raw = trace.stage(LAYER, HEAD, "attn_logits")
    largest = float(raw[visible].abs().max())
    [size, off] = said(page, "#softcap-words", r"size ([\d.]+): tanh has taken ([\d.]+)%")
    assert size == pytest.approx(largest, abs=0.06)
    assert off == pytest.approx(100 * (1 - cap * np.tanh(largest / cap) / largest), abs=0.06)
    grid = page.locator(f"#softcap-grid [data-layer='{LAYER}'][data-head='{HEAD}']")
    assert float(grid.text_content()) == pytest.approx(largest, rel=0.01)
    assert grid.get_attribute("aria-selected") == "true"
    hidden = raw.double().masked_fill(~visible, -torch.inf)
    log_u, log_p = (
        hidden.log_softmax(-1),
        (cap * torch.tanh(hidden / cap)).masked_fill(~visible, -torch.inf).log_softmax(-1),
    )
    rows = torch.where(visible, log_p.exp() * (log_p - log_u), 0).sum(-1)
    [mean] = said(page, "#softcap-words", r"([\d.e-]+) nats away on average")
    assert mean == pytest.approx(float(rows.mean()), rel=0.06)
    x, y = (data(page, "softcap-dots", 1, name) for name in "xy")
    np.testing.assert_allclose(np.sort(x), np.sort(raw[visible].numpy()), atol=1e-4)
    np.testing.assert_allclose(y, cap * np.tanh(x / cap), atol=1e-4)


def test_another_cap_shows_the_maps_and_next_tokens_of_transformers(page: Any, site: Any) -> None:
    page.locator("#slider-softcap input").press("Home")
    wait_for(page, "#softcap-facts", "attention cap 5")
    page.wait_for_selector("#softcap-map-difference .main-svg")
    assert "modified model" in page.locator("#softcap-facts").text_content()
    real, changed = stock(site.trace), stock(site.trace, attn_logit_softcapping=5.0)
    check_tokens(page, "softcap-tokens", real, changed)
    [kl] = said(page, "#softcap-facts", r"KL ([\d.e-]+) nats")
    assert kl == pytest.approx(divergence(real, changed), abs=1e-4)
    old, new = (out.attentions[LAYER][0, HEAD] for out in (real, changed))
    difference = data(page, "softcap-map-difference", 0, "z")
    np.testing.assert_allclose(np.nan_to_num(difference), (new - old).numpy(), atol=2e-4)
    [moved, rows] = said(page, "#softcap-facts", r"(\d+) of (\d+) rows")
    lost = new.amax(-1) - new.gather(-1, old.argmax(-1, keepdim=True))[:, 0]
    # Rows whose two strongest keys are equal to within rounding may go either way.
    ties = [out.topk(2).values.diff().abs()[:, 0] < 1e-5 for out in (old, new)]
    assert (lost > 1e-5).sum() <= moved <= ((lost > 1e-5) | ties[0] | ties[1]).sum()
    assert rows == len(site.trace.tokens)
    assert "softcap=5" in page.url


def test_the_models_own_cap_takes_the_comparison_away(page: Any) -> None:
    page.locator("#slider-softcap input").press("End")
    wait_for(page, "#softcap-facts", "attention cap off")
    page.locator("#slider-softcap .back").click()
    wait_for(page, "#softcap-facts", "nothing is changed")
    assert page.locator("#softcap-tokens").is_hidden()


def test_another_final_cap_shows_the_next_tokens_of_transformers(page: Any, site: Any) -> None:
    page.get_by_text("The final logits have a cap too").click()
    wait_for(page, "#final-facts", "the model's own")
    page.locator("#slider-final_softcap input").press("End")
    wait_for(page, "#final-facts", "final cap off")
    real, changed = stock(site.trace), stock(site.trace, final_logit_softcapping=None)
    check_tokens(page, "final-tokens", real, changed)
    entropies = [float(torch.distributions.Categorical(logits=out.logits[0, -1]).entropy()) for out in (real, changed)]
    assert said(page, "#final-facts", r"entropy ([\d.]+) → ([\d.]+) nats") == pytest.approx(entropies, abs=1e-3)
    page.wait_for_function("document.querySelector('#final-dots .js-plotly-plot')?._fullData[1].y.length")
    x, y = (data(page, "final-dots", 1, name) for name in "xy")
    np.testing.assert_array_equal(x, y)


def test_without_the_model_the_run_is_still_shown(page: Any) -> None:
    page.locator("#bring-gone").click()
    choose(page, 1, 2)
    wait_for(page, "#softcap-facts", "This needs the model")
    assert not page.locator("#slider-softcap input").is_visible()
    assert len(data(page, "softcap-dots", 1, "x"))


def test_the_shares_that_tanh_takes() -> None:
    # As the help says: 7.6 % at half the cap, 23.8 % at the cap, whatever the cap is.
    assert taken(25, 50) == pytest.approx(0.0758, abs=1e-4)
    assert taken(50, 50) == pytest.approx(0.2384, abs=1e-4)
    assert taken(0.0, 50) == 0
