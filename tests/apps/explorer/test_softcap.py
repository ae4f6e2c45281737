"""The look at the softcap: its numbers are the run's own, and another cap is really run."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gemma2_workbench import SetSoftcap, load, predict, tokenize, view_named
from gemma2_workbench.apps.explorer.savables import SAVABLES
from gemma2_workbench.apps.explorer.softcap import Logits, Saturation, logits, saturated, saturation
from gemma2_workbench.apps.page.questions import Tell
from gemma2_workbench.apps.page.save.savable import Savables
from gemma2_workbench.apps.page.session import Session

TEXT = "zebra lamp seven cloud ticket river zebra lamp seven cloud ticket river zebra lamp"
HEAD = "L4H5"
SEARCH = f"look=softcap&head={HEAD}&text={TEXT.replace(' ', '+')}"
SIDE = ".softcap-side"


@pytest.fixture(scope="module")
def run(session: Session) -> str:
    return session.run("tiny", TEXT)[0]


def test_the_logits_of_a_head_lie_on_the_curve(session: Session, run: str, tell: Tell) -> None:
    trace = session.store.find(run)
    assert trace is not None
    told: Any = logits(session, Logits(run=run, layer=4, head=5), tell)
    raw = trace.stage(4, 5, "attn_logits")[trace.reasons(4) == 0].numpy()
    query, key, a, s = np.array(told["dots"]).T
    np.testing.assert_allclose(np.sort(a), np.sort(raw), atol=1e-3)
    np.testing.assert_allclose(s, 50 * np.tanh(a / 50), atol=1e-3)
    assert told["cells"] == len(raw) == len(query)
    assert told["beyond"] == (abs(raw) > 50).sum()
    assert told["farthest"][2] == pytest.approx(raw[abs(raw).argmax()])
    assert key[abs(a).argmax()] == told["farthest"][1]
    assert saturated(trace) == [4, 5, pytest.approx(abs(raw).max())]
    with pytest.raises(ValueError, match=r"head 9 does not exist; allowed: 0\.\.5"):
        logits(session, Logits(run=run, layer=0, head=9), tell)


def test_the_numbers_of_all_heads_are_those_of_the_view(session: Session, run: str, tell: Tell) -> None:
    trace = session.store.find(run)
    assert trace is not None
    told: Any = saturation(session, Saturation(run=run), tell)
    frame = view_named("softcap").table(trace)
    for metric in told["metrics"]:
        wide = frame.loc[frame["metric"] == metric["name"]].pivot(index="layer", columns="head", values="value")
        np.testing.assert_allclose(np.array(metric["values"], dtype=float), wide.to_numpy(), atol=1e-5)
    every = [trace.stage(layer, head, "attn_logits")[trace.reasons(layer) == 0] for layer, head in np.ndindex(6, 6)]
    sizes = abs(np.concatenate(every))
    assert told["logits"] == len(sizes)
    assert dict(told["beyond"]) == pytest.approx({cap: (sizes > cap).mean() for cap, _ in told["beyond"]})


def test_another_cap_is_run_and_said(open_page: Callable[..., Any]) -> None:
    page = open_page(f"{SEARCH}&cap=5")
    page.wait_for_selector(f"{SIDE} .past")
    loaded = load("tiny")
    ids = tokenize(loaded.tokenizer, TEXT).ids
    before, after = predict(loaded, ids), predict(loaded, ids, [SetSoftcap(5)])
    first = int(before.capped.argmax())
    was, now = (float(each.log_probs.exp()[first]) for each in (before, after))
    numbers = [float(number) for number in re.findall(r"[\d.]+", page.inner_text(f"{SIDE} .hero"))]
    assert numbers == pytest.approx([was, now], abs=5e-4)
    assert page.inner_text(f"{SIDE} .say") == "With cap 5 the model no longer expects seven: it repeats amp."
    assert float(page.inner_text(f"{SIDE} .facts-of b >> nth=0")) == pytest.approx(
        after.divergence_from(before), abs=0.01
    )
    page.wait_for_selector(".curve-of .beyond[d]:not([d=''])", state="attached")
    assert page.inner_text("#map .softcap .about").startswith("local")
    page.focus(".cap-slider input")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("workbench.selection.cap") == "10"
    page.click(f"{SIDE} .sh:has-text('cap 50')")
    page.wait_for_function("workbench.data.pair === null && !document.querySelector('.softcap-side .past')")
    assert "cap=" not in page.url


def test_the_menu_opens_it_where_it_shows_its_point(open_page: Callable[..., Any]) -> None:
    page = open_page(f"text={TEXT.replace(' ', '+')}")
    page.click("#top .more")
    page.click(".pop:not([hidden]) .item:has-text('Softcap')")
    page.wait_for_function("workbench.data.pair !== null")
    assert page.evaluate("[workbench.selection.cap, workbench.selection.head]") == ["5", HEAD]
    page.click(".cells-of [data-head=L0H2]")
    assert page.evaluate("workbench.selection.head") == "L0H2"
    page.wait_for_selector(".cells-of .sel[data-head=L0H2]:focus")
    page.keyboard.press("-")
    assert page.evaluate("workbench.selection.cap") == "3"


@pytest.mark.parametrize("size", [(1400, 900), (390, 844), (1920, 1080)])
def test_nothing_of_it_is_cut(open_page: Callable[..., Any], size: tuple[int, int]) -> None:
    page = open_page(f"{SEARCH}&cap=5", size=size)
    page.wait_for_selector(".cells-of .sel")
    root = "document.documentElement"
    assert page.evaluate(f"{root}.scrollWidth <= innerWidth")
    assert size[0] < 900 or page.evaluate(f"{root}.scrollHeight <= innerHeight")
    for part in (".softcap-heads", SIDE, ".look.softcap"):
        assert page.eval_on_selector(part, "(box) => box.scrollWidth <= box.clientWidth + 1"), part


@pytest.mark.parametrize("view", ["softcap", "softcap_curve"])
def test_its_figures_are_saved(session: Session, run: str, view: str) -> None:
    options = {"metric": "beyond_half"} if view == "softcap" else {"layer": 4, "head": 5}
    shown: Any = {"kind": "view", "view": view, "runs": [run], "options": options}
    recipe = Savables(SAVABLES).recipe(session, shown)
    assert recipe.figure(recipe.tables()) is not None
