"""How fast the page is in a browser: from key press to map, zoom, layers and thumbnails, at several lengths.

`python -m benchmarks.page [--lengths 64,512,4096,8192] [--traces FOLDER] [--chromium PATH]`

Long texts are saved traces of a random model of geometry S, which are made in FOLDER where they are missing; what is
typed runs through the embedded model. Milliseconds from the key to the frame after the picture, the middle of several.
"""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from playwright.sync_api import Page, sync_playwright

from benchmarks.attention.geometries import model, text_of
from benchmarks.browser.server import Server
from gemma2_workbench import capture, save_trace

READY = "#page[data-state=ready][data-settled=true]"
PATIENCE_MS = 600_000
TYPED = "The cat that the dogs saw near the old house by the river was asleep when we came home, and so it did not " * 2
# Presses a key, waits until `is_done` of the page's state says so and a frame is drawn; milliseconds.
PRESS = """([key, isDone]) => new Promise((done) => {
  const map = document.querySelector('.look[data-look=attention]');
  const target = document.activeElement.matches('textarea') ? document.activeElement : document.body;
  const before = { run: window.workbench.data.run.id, head: map.dataset.shown };
  const isShown = new Function('data', 'map', 'before', `return ${isDone}`);
  const since = performance.now();
  const look = () => (isShown(window.workbench.data, map, before)
    ? requestAnimationFrame(() => done(performance.now() - since)) : requestAnimationFrame(look));
  if (target === document.body) document.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
  else {
    target.value += key;
    target.dispatchEvent(new InputEvent('input', { bubbles: true }));
  }
  look();
})"""
OTHER_HEAD = "map.dataset.shown !== before.head"
OTHER_RUN = "data.run.id !== before.run && data.row && data.row.run === data.run.id"
SETTLED = "document.querySelector('#page').dataset.settled === 'true'"
FETCHED = """(part) => performance.getEntriesByType('resource')
  .filter(({ name }) => name.includes('/attention/') && name.includes(part)).map(({ duration }) => duration)"""
# Parts of a map: neither all of it, as of neighbours that are fetched ahead, nor a row.
PARTS = """(tokens) => performance.getEntriesByType('resource').filter(({ name }) => {
  const [from, to] = (new URL(name).searchParams.get('rows') ?? '0:0').split(':').map(Number);
  return to - from > 1 && to - from < tokens;
}).map(({ duration }) => duration)"""


def main() -> None:
    """Print a table."""
    command = argparse.ArgumentParser("python -m benchmarks.page", description="how fast the page is in a browser")
    command.add_argument("--lengths", default="64,512,4096,8192", help="tokens, at most 8192; default %(default)s")
    command.add_argument("--traces", type=Path, help="folder of the traces, to keep them; default a temporary one")
    command.add_argument("--chromium", default="/usr/bin/chromium-headless-shell", help="default %(default)s")
    options = command.parse_args()
    lengths = [int(length) for length in options.lengths.split(",")]
    with tempfile.TemporaryDirectory() as own:
        traces = traces_of(lengths, options.traces or Path(own))
        with (
            Server(_within(own, "traces"), ["--trace", *map(str, traces)]) as server,
            browser(options.chromium) as page,
        ):
            print(_rows(["tokens", "layer, first", "layer, again", "zoom", "its tile", "thumbnails"], ["---"] * 6))
            for length in lengths:
                print(_rows([str(length), *map(_ms, looked_at(page, server.address, length))]), flush=True)
        with Server(_within(own, "typed"), []) as server, browser(options.chromium) as page:
            typed_ms = typed(page, server.address)
    print(f"\nkey to painted map, embedded model, 64 tokens: {_ms(typed_ms)} ms")


def traces_of(lengths: Sequence[int], folder: Path) -> list[Path]:
    """Files of traces of geometry S; those that are missing are made."""
    files = [folder / f"s{length}.safetensors" for length in lengths]
    missing = [(file, length) for file, length in zip(files, lengths, strict=True) if not file.exists()]
    if not missing:
        return files
    loaded = model("S")
    for file, length in missing:
        save_trace(capture(loaded, text_of(loaded, length), parity=False), file)
    return files


@contextmanager
def browser(chromium: str) -> Iterator[Page]:
    """A page of a browser without a window."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = opened.new_page(viewport={"width": 1400, "height": 900})
        page.set_default_timeout(PATIENCE_MS)
        try:
            yield page
        finally:
            opened.close()


def looked_at(page: Page, address: str, length: int) -> tuple[float, ...]:
    """Another layer for the first time and again, zoom, the tile of the zoom, and the thumbnails; milliseconds."""
    page.goto(f"{address}/?trace=s{length}&head=L3H2")
    page.wait_for_selector(READY)
    first, again = [], []
    for step in ("ArrowDown", "ArrowDown", "ArrowUp", "ArrowUp", "ArrowDown", "ArrowDown"):
        (first if len(first) < 2 else again).append(page.evaluate(PRESS, [step, OTHER_HEAD]))
        page.wait_for_selector(READY)
    page.evaluate("performance.clearResourceTimings()")
    zooms = []
    for _ in range(4):
        page.evaluate("document.dispatchEvent(new KeyboardEvent('keydown', { key: '+' }))")
        page.wait_for_selector(READY)
    for _ in range(5):
        zooms.append(page.evaluate(PRESS, ["+", SETTLED]))
        page.wait_for_selector(READY)
    tiles = page.evaluate(PARTS, length)
    page.reload()
    page.wait_for_selector(READY)
    thumbnails = page.evaluate(FETCHED, "thumbnails")
    return median(first), median(again), median(zooms), median(tiles or [0]), median(thumbnails or [0])


def typed(page: Page, address: str) -> float:
    """From a key press in the text to the painted map; milliseconds."""
    page.goto(address)
    page.wait_for_selector(READY)
    page.fill("#text", TYPED)
    page.press("#text", "Enter")
    page.wait_for_selector(READY)
    page.focus("#text")
    waits = []
    for letter in "and then w":
        waits.append(page.evaluate(PRESS, [letter, OTHER_RUN]))
        page.wait_for_selector(READY)
    return median(waits)


def _within(folder: str, name: str) -> Path:
    made = Path(folder, name)
    made.mkdir()
    return made


def _ms(milliseconds: float) -> str:
    return f"{milliseconds:.0f}"


def _rows(*rows: Sequence[str]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


if __name__ == "__main__":
    main()
