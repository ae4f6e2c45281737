"""The pictures of the README, from the running page: `python docs/screenshots.py` (needs Chromium, as the tests do)."""

import io
import shutil
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.apps.serve import build_app, launch_options

DOCS = Path(__file__).parent
SIZE = {"width": 1400, "height": 900}
WAIT_MS = 120_000
# What a newcomer does: what is clicked, and a settled page after it.
SECONDS = (
    lambda page: None,
    lambda page: page.click(".claim .btn.pri"),
    lambda page: page.locator(".claim .btn").nth(1).click(),
    lambda page: _look(page, "Prediction"),
    lambda page: _look(page, "Softcap"),
    lambda page: page.click("#top [data-mode=classify]"),
)


def _look(page: Page, title: str) -> None:
    page.keyboard.press("r")
    page.click("#top .modes .more")
    page.get_by_role("menuitemradio", name=title).click()


def settled(page: Page) -> Image.Image:
    """The page when nothing is running any more."""
    page.wait_for_function("document.querySelector('#run')?.textContent.includes('Run')", timeout=WAIT_MS)
    page.wait_for_timeout(6000)
    return Image.open(io.BytesIO(page.screenshot()))


def frames(url: str) -> list[Image.Image]:
    """The first seconds, a picture after each step."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE)
        page.set_default_timeout(WAIT_MS)
        page.goto(f"{url}?__theme=light")
        page.wait_for_selector("#map canvas", state="attached")
        pictures = []
        for step in SECONDS:
            step(page)
            pictures.append(settled(page))
        browser.close()
    return pictures


def together(pictures: list[Image.Image], columns: int = 2, width: int = 700, gap: int = 8) -> Image.Image:
    """Pictures side by side, smaller."""
    height = round(width * SIZE["height"] / SIZE["width"])
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * width + (columns - 1) * gap, rows * height + (rows - 1) * gap), "#cfcfc8")
    for number, picture in enumerate(pictures):
        place = (number % columns) * (width + gap), (number // columns) * (height + gap)
        sheet.paste(picture.convert("RGB").resize((width, height), Image.Resampling.LANCZOS), place)
    return sheet


def main() -> None:
    """Take the pictures and write them."""
    with Session() as session:
        app = build_app(session)
        _, url, _ = app.launch(prevent_thread_lock=True, server_name="127.0.0.1", **launch_options(session))
        pictures = frames(url)
        app.close()
    pictures[0].convert("RGB").quantize(256).save(DOCS / "first.png", optimize=True)
    pictures[-1].convert("RGB").quantize(256).save(DOCS / "classify.png", optimize=True)
    together(pictures).quantize(256).save(DOCS / "first-seconds.png", optimize=True)


if __name__ == "__main__":
    main()
