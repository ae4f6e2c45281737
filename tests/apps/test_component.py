"""The attention component in a real browser: what a reader does, and what the page then says."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr
import numpy as np
import pytest

from gemma2_workbench import Trace
from gemma2_workbench.apps.explorer import routes
from gemma2_workbench.apps.explorer.components.attention import attention_move, attention_value, attention_view
from gemma2_workbench.apps.page.store import RunStore
from gemma2_workbench.figures import colours

PLAIN = tuple(f"t{i}" for i in range(12))
HOSTILE = ('<img src=x onerror="window.hacked = 1">', "${window.hacked = 7*6}", "a\\b", "{{value}}", "`x`", "</span>")
FOREIGN = ("▁مرحبا", "<0xF0>", "👩🏽‍🚀", "↵", "▁", "שלום")
TEXTS = {"plain": PLAIN, "hostile": HOSTILE + FOREIGN, "long": tuple(f"w{i}" for i in range(90)), "one": ("<bos>",)}
STATE = "document.querySelector('.attention').attention"


class Site:
    """A page with the component, its store, and the traces by name of their text."""

    def __init__(self, traces: dict[str, Trace]) -> None:
        self.traces = traces
        self.store = RunStore()
        self.run = ""

    def open(self, name: str) -> dict[str, Any]:
        """A new run of a text, looked at from the start."""
        name = name.split()[0]
        self.run = self.store.add(self.traces[name])
        start = {"layer": 0, "head": 0, "stage": "attn_probs", "query": None, "key": None}
        return attention_value(self.run, self.traces[name], **start)

    def move(self) -> gr.HTML:
        """Where Python wants the reader."""
        return attention_move(self.run, layer=3, head=2, stage="attn_scores", query=7, key=4)

    def blocks(self) -> gr.Blocks:
        def heard(event: gr.EventData) -> str:
            return json.dumps({name: getattr(event, name) for name in ("layer", "head", "stage", "query", "key")})

        with gr.Blocks() as demo:
            name = gr.Textbox(elem_id="name")
            move = gr.Button("move", elem_id="move")
            told = gr.Textbox(elem_id="told")
            view = attention_view()
            name.submit(self.open, name, view, queue=False)
            move.click(self.move, None, view, queue=False)
            view.select(heard, None, told, queue=False, trigger_mode="always_last")
        return demo


@pytest.fixture(scope="module")
def site(make_trace: Callable[..., Trace]) -> Site:
    return Site({name: make_trace(tokens) for name, tokens in TEXTS.items()})


@pytest.fixture(scope="module")
def url(site: Site) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(routes, "MAX_CELLS", 50 * 50)  # so that 90 tokens are a long text
        demo = site.blocks()
        _, address, _ = demo.launch(
            prevent_thread_lock=True,
            quiet=True,
            server_name="127.0.0.1",
            run_history=False,
            app_kwargs={"routes": routes.attention_routes(site.store)},
        )
        yield address
        demo.close()


class Reader:
    """Somebody at the page: playwright's page and the words of this test."""

    def __init__(self, page: Any, site: Site) -> None:
        self.page = page
        self.site = site
        self.errors: list[str] = []
        page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    @property
    def state(self) -> dict[str, Any]:
        return self.page.evaluate(STATE)

    def open(self, name: str) -> None:
        """Run a text again and wait for its first head."""
        before = self.site.run
        self.page.fill("#name textarea, #name input", name)
        self.page.press("#name textarea, #name input", "Enter")
        self.page.wait_for_function(f"{STATE}?.run && {STATE}.run !== '{before}' && {STATE}.state === 'ready'")
        self.wait(layer=0, head=0, stage="attn_probs")

    def wait(self, **place: Any) -> None:
        """Wait until this place is on the screen."""
        self.page.wait_for_function(
            f"(place) => Object.entries(place).every(([name, value]) => {STATE}.shown[name] === value)", arg=place
        )

    def spot(self, query: float, key: float) -> tuple[float, float]:
        """The middle of a cell on the screen."""
        box = self.page.locator(".marks").bounding_box()
        state = self.state
        square, view = state["square"], state["view"]
        cell = square["side"] / view["size"]
        x = box["x"] + square["left"] + (key - view["key"] + 0.5) * cell
        return x, box["y"] + square["top"] + (query - view["row"] + 0.5) * cell

    def point(self, query: int, key: int) -> str:
        """Point at a cell; what the page says of it."""
        self.page.mouse.move(*self.spot(query, key))
        self.page.wait_for_function(f"{STATE}.hovered.query === {query} && {STATE}.hovered.key === {key}")
        return self.said

    @property
    def said(self) -> str:
        return self.page.locator(".readout").text_content()

    def heard(self, **place: Any) -> None:
        """Wait until Python has heard exactly this of the reader."""
        self.page.wait_for_function(
            """(place) => {
                const text = document.querySelector('#told textarea, #told input').value;
                const told = text && JSON.parse(text);
                return told && Object.entries(place).every(([name, value]) => told[name] === value);
            }""",
            arg=place,
        )

    def press(self, *keys: str) -> None:
        self.page.locator(".marks").focus()
        for key in keys:
            self.page.keyboard.press(key)


@pytest.fixture(scope="module")
def page(browser: Any, url: str, site: Site) -> Iterator[Any]:
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    foreign: list[str] = []
    page.on("request", lambda request: request.url.startswith((url, "data:", "blob:")) or foreign.append(request.url))
    page.goto(url)
    page.wait_for_selector(".attention")
    yield page
    page.close()
    assert not foreign, "a request left this machine's own server"


@pytest.fixture(scope="module")
def visitor(page: Any, site: Site) -> Reader:
    return Reader(page, site)


@pytest.fixture
def reader(visitor: Reader) -> Iterator[Reader]:
    visitor.open("plain")
    visitor.page.get_by_text("What it attends to").click()
    visitor.errors.clear()
    yield visitor
    assert not visitor.errors


def number(sentence: str) -> np.float32:
    """The float32 at the end of a sentence."""
    return np.float32(re.search(r"(\S+)$", sentence)[1])


def test_before_any_run_it_says_what_to_do(browser: Any, url: str):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(url)
    page.wait_for_selector(".notice:has-text('Run a text to see its attention here.')")
    page.close()


def test_pointing_at_a_cell_reads_the_exact_number(reader: Reader, site: Site):
    exact = site.traces["plain"].stage(0, 0, "attn_probs").numpy()
    for query, key in ((8, 5), (11, 11), (3, 0)):
        said = reader.point(query, key)
        assert said.startswith(f'query {query} "t{query}" attends to key {key} "t{key}": ')
        assert number(said) == exact[query, key]


def test_pointing_isolates_the_row(reader: Reader):
    reader.point(8, 5)
    tokens = reader.page.locator(".tokens span")
    classes = [tokens.nth(at).get_attribute("class") for at in range(12)]
    hidden = [at for at, name in enumerate(classes) if "hidden-token" in name]
    assert hidden == [0, 1, 2, 3, 9, 10, 11]  # layer 0 is local with a window of 5
    assert "is-isolated" in classes[8]
    assert "is-read" in classes[5]
    assert reader.page.locator(".ranked li").count() == 5


@pytest.mark.parametrize(
    ("query", "key", "why"),
    [(4, 9, "it comes later in the text"), (10, 2, "it lies further away than the window reaches")],
)
def test_hidden_cell_says_why(reader: Reader, query: int, key: int, why: str):
    assert reader.point(query, key) == f'query {query} "t{query}" does not see key {key} "t{key}": {why}'


def test_column_direction_shows_who_attends(reader: Reader, site: Site):
    reader.page.get_by_text("What attends to it").click()
    reader.page.locator(".tokens span").nth(3).hover()
    exact = site.traces["plain"].stage(0, 0, "attn_probs").numpy()[:, 3]
    best = int(np.nanargmax(exact))
    assert reader.said.startswith(f'key 3 "t3" gets attention from {best} "t{best}" {exact[best]:.2f}')


def test_pinned_token_is_read_against_the_pointed_one(reader: Reader, site: Site):
    reader.page.locator(".tokens span").nth(6).click()
    reader.heard(query=6, key=None)
    reader.page.locator(".tokens span").nth(4).hover()
    assert number(reader.said) == site.traces["plain"].stage(0, 0, "attn_probs").numpy()[6, 4]
    reader.press("Escape")
    reader.heard(query=None)


def test_clicking_a_cell_pins_it_and_tells_python(reader: Reader):
    reader.point(9, 7)
    reader.page.mouse.click(*reader.spot(9, 7))
    reader.heard(query=9, key=7)
    reader.press("Shift+ArrowUp", "Shift+ArrowLeft")
    reader.heard(query=8, key=6)
    reader.press(*["Shift+ArrowDown"] * 5)
    reader.heard(query=11, key=6)
    reader.page.get_by_role("button", name="unpin").click()
    reader.heard(query=None, key=None)


def test_arrows_change_layer_and_head(reader: Reader, site: Site):
    reader.press("ArrowDown", "ArrowRight", "ArrowRight", "ArrowLeft", "ArrowRight")
    reader.wait(layer=1, head=2)
    reader.heard(layer=1, head=2, stage="attn_probs")
    assert reader.page.locator(".badge").text_content() == "global"
    assert reader.page.locator("input.head").input_value() == "2"
    assert number(reader.point(10, 2)) == site.traces["plain"].stage(1, 2, "attn_probs").numpy()[10, 2]
    reader.press(*["ArrowDown"] * 9, *["ArrowRight"] * 9)
    reader.wait(layer=3, head=3)


def test_slider_and_thumbnail_choose_a_head(reader: Reader):
    reader.page.locator("input.layer").focus()
    reader.page.keyboard.press("ArrowRight")
    reader.wait(layer=1)
    box = reader.page.locator(".chosen").bounding_box()
    # The outlined thumbnail is layer 1, head 0; the one below to the right is layer 2, head 1.
    reader.page.mouse.click(box["x"] + 1.6 * box["width"], box["y"] + 1.6 * box["height"])
    reader.heard(layer=2, head=1)
    reader.wait(layer=2, head=1)
    assert "key/value head 0, shared by heads 0–1" in reader.page.locator(".facts").text_content()


def test_stages_show_their_own_numbers(reader: Reader, site: Site):
    trace = site.traces["plain"]
    for label, stage, quantity in (
        ("Raw logit", "attn_logits", "raw logit"),
        ("After softcap", "attn_scores", "after softcap"),
        ("After mask", "attn_masked", "after mask"),
        ("Contribution", "contribution", "contribution"),
    ):
        reader.page.get_by_text(label, exact=True).click()
        reader.wait(stage=stage)
        said = reader.point(7, 5)
        assert f": {quantity} " in said
        assert number(said) == trace.stage(0, 0, stage).numpy()[7, 5]
    reader.heard(stage="contribution")


def test_value_that_the_mask_will_hide_says_so(reader: Reader, site: Site):
    reader.page.get_by_text("Raw logit", exact=True).click()
    reader.wait(stage="attn_logits")
    exact = site.traces["plain"].stage(0, 0, "attn_logits").numpy()[2, 6]
    said = reader.point(2, 6)
    assert said.endswith("(the mask will hide it: it comes later in the text)")
    assert np.float32(re.search(r"raw logit (\S+) \(", said)[1]) == exact


@pytest.mark.parametrize("dark", [False, True])
def test_pixels_are_the_colours_of_the_numbers(reader: Reader, site: Site, dark: bool):
    reader.page.evaluate(f"document.body.classList.toggle('dark', {str(dark).lower()})")
    exact = site.traces["plain"].stage(0, 0, "attn_probs").numpy()
    table = colours.lut("sequential", dark)
    read = """([x, y]) => {
        const canvas = document.querySelector('.cells');
        const box = canvas.getBoundingClientRect();
        const scale = canvas.width / box.width;
        return [...canvas.getContext('2d').getImageData((x - box.x) * scale, (y - box.y) * scale, 1, 1).data];
    }"""
    reader.page.wait_for_function(f"{STATE}.theme === '{'dark' if dark else 'light'}'")
    for query, key in ((0, 0), (6, 4), (11, 8), (9, 9)):
        pixel = reader.page.evaluate(read, list(reader.spot(query, key)))
        step = int(np.floor(255 * np.sqrt(exact[query, key]) + 0.5))
        assert np.abs(np.array(pixel[:3]) - table[step].astype(int)).max() <= 6  # one step of the table
        assert pixel[3] == 255
    hidden = colours.hidden(1, dark)
    paints = {tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5)) for colour in (hidden.fill, hidden.line)}
    assert tuple(reader.page.evaluate(read, list(reader.spot(2, 9)))[:3]) in paints
    reader.page.evaluate("document.body.classList.remove('dark')")


def test_tokens_are_text_and_nothing_else(reader: Reader):
    reader.open("hostile")
    tokens = reader.page.locator(".tokens span")
    assert tuple(tokens.all_text_contents()) == HOSTILE + FOREIGN
    for at in (0, 1):
        tokens.nth(at).hover()
        assert TEXTS["hostile"][at] in reader.said
    assert reader.page.evaluate("window.hacked") is None
    assert reader.page.locator(".attention img").count() == 0
    # A right-to-left token is an island: the number after it stays where it belongs.
    tokens.nth(len(HOSTILE)).hover()
    assert tokens.nth(len(HOSTILE)).get_attribute("dir") == "auto"
    assert reader.page.locator(".readout bdi").first.text_content() == "▁مرحبا"


def test_a_late_answer_does_not_overwrite_a_newer_choice(reader: Reader, site: Site):
    held: list[Any] = []
    slow = re.compile(r"/attn_probs/2/3\?")
    reader.page.route(slow, lambda request: held.append(request))
    reader.page.locator("input.layer").fill("2")
    reader.wait(layer=2)
    reader.press("ArrowRight", "ArrowRight")
    reader.wait(layer=2, head=2)
    reader.press("ArrowRight")  # asks for head 3, which does not come
    reader.page.wait_for_function(f"{STATE}.head === 3")
    reader.press("ArrowLeft", "ArrowLeft")
    reader.wait(head=1)
    for request in held:
        request.continue_()
    reader.page.unroute(slow)
    reader.press("ArrowDown")
    reader.wait(layer=3, head=1)
    assert number(reader.point(9, 4)) == site.traces["plain"].stage(3, 1, "attn_probs").numpy()[9, 4]


def test_python_leads_the_reader_twice_to_the_same_place(reader: Reader):
    for _ in range(2):
        reader.press("ArrowUp", "ArrowUp", "ArrowUp")
        reader.wait(layer=0)
        reader.page.click("#move")
        reader.wait(layer=3, head=2, stage="attn_scores")
        assert (reader.state["query"], reader.state["key"]) == (7, 4)
        assert 'query 7 "t7", key 4 "t4": after softcap ' in reader.said


def test_zoom_by_dragging_wheel_and_keys(reader: Reader):
    reader.page.mouse.move(*reader.spot(4, 2))
    reader.page.mouse.down()
    reader.page.mouse.move(*reader.spot(6, 5))
    reader.page.mouse.move(*reader.spot(9, 6))
    reader.page.mouse.up()
    assert reader.state["view"] == {"row": 4, "key": 2, "size": 6}
    assert reader.point(8, 6).startswith('query 8 "t8" attends to key 6')
    assert reader.state["query"] is None  # dragging pins nothing
    reader.page.mouse.dblclick(*reader.spot(5, 4))
    assert reader.state["view"] == {"row": 0, "key": 0, "size": 12}
    assert reader.state["query"] is None
    reader.page.mouse.move(*reader.spot(6, 6))
    reader.page.mouse.wheel(0, -100)
    reader.page.wait_for_function(f"{STATE}.view.size < 12")
    reader.press("0")
    assert reader.state["view"]["size"] == 12


def test_long_text_is_pooled_until_it_is_zoomed_into(reader: Reader, site: Site):
    reader.open("long")
    exact = site.traces["long"].stage(0, 0, "attn_probs").numpy()
    reader.page.mouse.move(*reader.spot(60, 58))
    # The row of the query is fetched for itself, so its cells are exact at once.
    reader.page.wait_for_function("document.querySelector('.readout').textContent.startsWith('query 60')")
    assert number(reader.said) == pytest.approx(exact[60, 58], rel=1e-5)
    reader.press("+", "+", "+", "+", "+")
    reader.page.wait_for_function(f"{STATE}.pool === 1")
    view = reader.state["view"]
    query = view["row"] + view["size"] // 2
    reader.page.mouse.move(*reader.spot(query, query))
    reader.page.wait_for_function(f"document.querySelector('.readout').textContent.startsWith('query {query}')")
    assert number(reader.said) == pytest.approx(exact[query, query], rel=1e-5)


def test_one_token_is_a_map_too(reader: Reader):
    reader.open("one")
    assert reader.point(0, 0) == 'query 0 "<bos>" attends to key 0 "<bos>": 1'


def test_ears_hear_what_eyes_see(reader: Reader):
    reader.page.locator(".tokens").focus()
    reader.page.keyboard.press("Home")
    for _ in range(5):
        reader.page.keyboard.press("ArrowRight")
    label = reader.page.locator(".marks").get_attribute("aria-label")
    assert label.startswith("Probability, layer 0 (local · window 5), head 0, 12 tokens. query 5")
    reader.page.wait_for_function("document.querySelector('.live').textContent.includes('query 5 \"t5\" attends to')")
    reader.page.keyboard.press("Enter")
    reader.heard(query=5)


def test_phone_width_does_not_scroll_sideways(reader: Reader):
    reader.page.set_viewport_size({"width": 390, "height": 844})
    reader.page.wait_for_function(f"{STATE}.square.side < 330")
    assert reader.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert reader.point(8, 5).startswith('query 8 "t8"')
    reader.page.set_viewport_size({"width": 1400, "height": 900})
    reader.page.wait_for_function(f"{STATE}.square.side > 330")


def test_head_switch_and_hover_are_quick(reader: Reader):
    times = []
    for key in ["ArrowDown", "ArrowUp"] * 4:
        painted = reader.state["painted"]
        reader.press(key)
        reader.page.wait_for_function(f"{STATE}.painted > {painted}")
        times.append(reader.state["ms"])
    reader.point(8, 5)
    # The best of several, because other work on the machine is not the component's.
    assert min(times) < 100
    assert reader.state["hover"] < 50


def test_a_run_that_is_gone_says_so_and_the_next_one_works(reader: Reader, site: Site):
    site.store.__init__()
    reader.press("ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight")
    notice = reader.page.get_by_role("alert").filter(has_text="run the text again")
    notice.wait_for()
    assert notice.text_content() == "this run is no longer held by the server: run the text again"
    assert all("404" in error for error in reader.errors)
    reader.open("plain")
    assert not notice.is_visible()
    reader.errors.clear()
