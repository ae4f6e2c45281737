"""Traces without a model, the real class over random queries, keys and values; and the page in a browser."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
import torch

from gemma2_workbench import LayerInfo, Tokens, Trace
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.apps.serve import build_app, launch_options
from gemma2_workbench.models.parity.statement import unchecked
from gemma2_workbench.traces.derive import LayerTensors, derive
from gemma2_workbench.traces.stages import STAGES
from gemma2_workbench.traces.trace import ModelInfo

WIDTH = 8
SCALE = WIDTH**-0.5
CAP = 20.0
# Of a page that shows a run, in whatever mode, with all that its parts have asked for.
READY = "#page[data-state=ready][data-settled=true]"
OURS = ("http://127.0.0.1:", "data:", "blob:")
# Only a failure pays for it.
PATIENCE_MS = 60_000
# Until a new layout is drawn.
FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
# Whether nothing is left on a page that another address would not change.
PLAIN = """() => document.querySelector('#page')?.dataset.state === 'ready' && !workbench.data.edited
  && !document.querySelector('dialog[open], details[open], .pop:not([hidden])')"""
# To another address as Back goes there: a third of the work of a new page.
GO = """([search, dark]) => {
  document.activeElement.blur();
  document.body.classList.toggle('dark', dark);
  history.pushState(null, '', `${location.pathname}?${search}`);
  window.dispatchEvent(new PopStateEvent('popstate'));
  window.scrollTo(0, 0);
}"""


def resize(page: Any, size: tuple[int, int]) -> None:
    """Give the window another size and wait until all is drawn."""
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.evaluate(FRAMES)
    page.wait_for_selector(READY)


def random_layer(info: LayerInfo, heads: int, kv_heads: int, tokens: int, generator: torch.Generator) -> LayerTensors:
    """Random tensors whose log sums fit, so that the rows of the probabilities sum to 1."""

    def draw(*shape: int) -> torch.Tensor:
        return 3 * torch.randn(*shape, generator=generator)

    tensors = LayerTensors(
        q=draw(heads, tokens, WIDTH),
        k=draw(kv_heads, tokens, WIDTH),
        v=draw(kv_heads, tokens, WIDTH),
        log_sum=torch.zeros(heads, tokens),
        value_norms=draw(heads, tokens).abs(),
    )
    for head in range(heads):
        score_QS = derive(info, tensors, head, STAGES["attn_masked"], range(tokens), range(tokens))
        tensors.log_sum[head] = score_QS.nan_to_num(nan=-torch.inf).logsumexp(-1)
    return tensors


@pytest.fixture(scope="session")
def make_trace() -> Callable[..., Trace]:
    """`make_trace(display, layers=4, heads=4, kv_heads=2, window=5)`; even layers are local."""

    def make(display: Sequence[str], layers: int = 4, heads: int = 4, kv_heads: int = 2, window: int = 5) -> Trace:
        count = len(display)
        generator = torch.Generator().manual_seed(0)
        infos = tuple(
            LayerInfo(i, "global" if i % 2 else "local", None if i % 2 else window, CAP, SCALE, causal=True)
            for i in range(layers)
        )
        return Trace(
            tokens=Tokens("".join(display), tuple(range(count)), tuple(display), ((0, 0),) * count, (False,) * count),
            model=ModelInfo("random", "random", None, None, "float32", "cpu"),
            layers=infos,
            heads=heads,
            kv_heads=kv_heads,
            readings={
                "attention": [random_layer(info, heads, kv_heads, count, generator) for info in infos],
                "folds": {},
            },
            parity=unchecked("nothing"),
            interventions=(),
            effects=(),
            block_rows=128,
            seconds=0.0,
        )

    return make


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """The address of the page with the embedded models, for all who only look at it."""
    with served(Session()) as url:
        yield url


@contextmanager
def served(session: Session) -> Iterator[str]:
    """The address of the page of a session, as `gemma2-workbench app` serves it."""

    async def launched() -> Any:
        # While a loop runs, because without one gradio leaves a new one behind for every lock that it makes.
        app = build_app(session)
        return app, app.launch(prevent_thread_lock=True, server_name="127.0.0.1", **launch_options(session))

    # In a thread of its own: in this one playwright may run a loop already.
    with ThreadPoolExecutor(1) as pool:
        app, (_, url, _) = pool.submit(asyncio.run, launched()).result()
    yield url
    app.close()


class KeptPages:
    """The pages of one profile, opened again for test after test: the front end of gradio is compiled once."""

    def __init__(self, browser: Any) -> None:
        self.context = browser.new_context(reduced_motion="reduce")
        self.context.set_default_timeout(PATIENCE_MS)
        self.idle: list[Any] = []
        self.used: list[Any] = []
        self.complain: Callable[[str], None] = print

    def take(self, complain: Callable[[str], None]) -> Any:
        """A page of a test before, or a new one."""
        self.complain = complain
        page = self.idle.pop() if self.idle else self._new()
        self.used.append(page)
        return page

    def give_back(self) -> None:
        """Of the pages that were taken, those that are still open wait for the next test."""
        for page in self.used:
            if not page.is_closed():
                page.unroute_all(behavior="ignoreErrors")
                page.evaluate("localStorage.clear()")
                page.mouse.move(0, 0)
                self.idle.append(page)
        self.used = []

    def _new(self) -> Any:
        page = self.context.new_page()
        page.on("console", lambda message: message.type == "error" and self.complain(message.text))
        page.on("pageerror", lambda error: self.complain(str(error)))
        # The browser knows no other host than this one (`CHROMIUM_FLAGS`): what asks for one fails.
        page.on("requestfailed", lambda request: request.url.startswith(OURS) or self.complain(request.url))
        return page


@pytest.fixture(scope="session")
def kept_pages(browser: Any) -> Iterator[KeptPages]:
    pages = KeptPages(browser)
    yield pages
    pages.context.close()


@pytest.fixture
def open_page(kept_pages: KeptPages, site: str) -> Iterator[Callable[..., Any]]:
    """`open_page(search="", size=(1400, 900), dark=False, url=site, waiting=READY)` -> a page, its first run drawn.

    A page that a test before left in order goes there by its address, unless it is to be `fresh`. Waits of it last up
    to 60 s. What its console complains of, and requests to other hosts, fail the test; with `refusals` the server may
    refuse something.
    """
    complaints: list[str] = []
    refused: list[bool] = [False]

    def complain(text: str) -> None:
        if not (refused[0] and "status of 4" in text):
            complaints.append(text)

    def opened(
        search: str = "",
        size: tuple[int, int] = (1400, 900),
        dark: bool = False,
        url: str = site,
        waiting: str = READY,
        refusals: bool = False,
        fresh: bool = False,
    ) -> Any:
        refused[0] = refused[0] or refusals
        page = kept_pages.take(complain)
        page.set_viewport_size({"width": size[0], "height": size[1]})
        if page.url.partition("?")[0] == url and not fresh and page.evaluate(PLAIN):
            page.evaluate(GO, [search, dark])
            page.evaluate(FRAMES)
        else:
            page.goto(f"{url}?{search}{'&__theme=dark' if dark else ''}")
        page.wait_for_selector(waiting)
        return page

    yield opened
    kept_pages.give_back()
    assert not complaints
