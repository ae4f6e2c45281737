"""Classify in a browser: what it opens with, what a click asks, a word changed in place, a file, what fails."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from gemma2_workbench.apps.page.session import Session
from tests.apps.accessibility import faults_of_both_themes
from tests.apps.conftest import served

Open = Callable[..., Any]
EXPLAINED = "workbench.data.reasons?.faithfulness && workbench.data.swaps"
SIZES = "[document.documentElement.scrollWidth, innerWidth, document.documentElement.scrollHeight, innerHeight]"
HOSTILE = 'Emma met <img src=x onerror="window.hacked=1"> ${window.hacked=42} in Paris, \\ שלום.'
FILE = "Emma\tB-PER\nsaw\tO\nParis\tB-ORG\n.\tO\n\n<i>Georgia</i>\tB-PER\nspoke\tO\n"


@pytest.fixture(scope="module")
def classifiers(session: Session) -> Iterator[str]:
    """The address of a page with classifiers of several kinds."""
    with served(session) as url:
        yield url


@pytest.fixture
def classify(open_page: Open, classifiers: str) -> Open:
    """`classify(search="")`: Classify with all its reasons."""

    def opened(search: str = "", **options: Any) -> Any:
        # Fresh, because reasons of a test before would count as explained.
        start = {"url": classifiers, "waiting": "#classify:not([hidden])", "fresh": True}
        page = open_page(f"mode=classify&{search}", **start, **options)
        page.wait_for_function(EXPLAINED)
        return page

    return opened


def test_it_opens_at_the_least_certain_entity_with_its_reason(classify: Open) -> None:
    page = classify()
    assert page.inner_text("#classify .title").split("\n")[0] == "Jordan"
    assert page.inner_text("#classify .first") == "Jordan is LOC because of from: without it PER 0.98."
    assert page.inner_text("#classify .right h2 >> nth=0").startswith("Why LOC rather than PER")
    assert page.locator(".sent .flip").all_inner_texts()[0].startswith("from")
    page.wait_for_function("document.querySelectorAll('.ent .d b').length >= 2")  # each with its own sentence
    width, inner, height, outer = page.evaluate(SIZES)
    assert (width, height) == (inner, outer)
    page.keyboard.press("ArrowDown")
    page.wait_for_function("workbench.selection.word === 1")
    page.go_back()
    page.wait_for_function("workbench.selection.word === null")


def test_keys_choose_how_it_is_explained_and_a_head_shows_where_it_looks(classify: Open) -> None:
    page = classify()
    page.keyboard.press("g")
    page.wait_for_function("document.querySelector('#classify .first').textContent.startsWith('Gradients put most')")
    page.keyboard.press("h")
    page.wait_for_function("document.querySelector('#classify .first').textContent.startsWith('The heads that')")
    page.click(".hg [data-head=L4H5]")
    page.wait_for_function("document.querySelector('#classify .first').textContent.startsWith('L4H5 ')")
    assert "head=L4H5" in page.url
    page.keyboard.press("m")
    page.wait_for_function("/under the causal mask/.test(document.querySelector('#classify .first').textContent)")
    page.keyboard.press("w")
    page.wait_for_function("/because of from/.test(document.querySelector('#classify .first').textContent)")


def test_a_word_is_changed_in_place_and_restored(classify: Open) -> None:
    page = classify()
    page.keyboard.press("e")
    page.keyboard.type("with")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.jump').textContent === 'LOC 0.82 → PER 0.97'")
    assert page.inner_text(".sent .new") == "with"
    assert page.locator(".sent button[style*=background]").count() == 0  # the paint belongs to the old text
    assert "edit=6%3Awith" in page.url or "edit=6:with" in page.url
    page.click("text=Restore")
    page.wait_for_function("document.querySelector('.jump').textContent === ''")


def test_another_label_is_asked_about(classify: Open) -> None:
    page = classify("rather=ORG")
    assert page.inner_text("#classify .right h2 >> nth=0").startswith("Why LOC rather than ORG")
    page.click("text=Ask about another label")
    page.select_option("[aria-label=Why]", "PER")
    page.click(".ask [type=submit]")
    page.wait_for_function("/Why PER rather than ORG/.test(document.querySelector('#classify .right h2').textContent)")


def test_a_file_lists_its_errors_which_open_with_their_reasons(classify: Open, tmp_path: Path) -> None:
    page = classify()
    (tmp_path / "some.conll").write_text(FILE)
    page.set_input_files("#classify input[type=file]", tmp_path / "some.conll")
    page.click("#classify .err:has-text('Paris')")
    page.wait_for_function(f"workbench.data.labels.text === 'Emma saw Paris.' && {EXPLAINED}")
    assert page.inner_text("#classify .title").startswith("Paris")
    page.click("#classify [data-value=confusion]")
    assert page.locator("#classify .conf th").count() > 2
    (tmp_path / "bad.conll").write_text("Emma\tB-PER\nsaw\n")
    page.set_input_files("#classify input[type=file]", tmp_path / "bad.conll")
    page.wait_for_selector("#classify .note:has-text('bad.conll:2')")
    (tmp_path / "worse.conll").write_bytes(b"Emma\xff\tB-PER\n")
    page.set_input_files("#classify input[type=file]", tmp_path / "worse.conll")
    page.wait_for_selector("#classify .note:has-text('not UTF-8')")


def test_text_stays_text_and_what_does_not_label_says_so(classify: Open, open_page: Open, classifiers: str) -> None:
    page = classify(f"text={quote(HOSTILE)}")
    assert page.evaluate("window.hacked") is None
    assert not page.locator("#classify img").count()
    page = open_page(f"mode=classify&model=bare&text={quote('Emma')}", url=classifiers, waiting="#top .notice:visible")
    assert "labels nothing" in page.inner_text("#top .notice")


@pytest.mark.parametrize(("model", "said"), [("mood", "The text"), ("plain", "")])
def test_classifiers_of_other_kinds(classify: Open, model: str, said: str) -> None:
    page = classify(f"model={model}")
    assert page.inner_text("#classify .title").startswith(said)
    assert page.locator("#classify .sent button").count() == 21


@pytest.mark.parametrize("size", [(1400, 900), (390, 844)])
def test_no_serious_fault(classify: Open, size: tuple[int, int]) -> None:
    page = classify(size=size)
    assert page.evaluate(SIZES)[0] == size[0]
    assert faults_of_both_themes(page) == []
