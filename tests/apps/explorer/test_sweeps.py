"""A sweep on the page: its scores, a head's page beside the text on screen, and examples that open at their cell."""

import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gemma2_workbench import LoadedModel, capture, tokenize
from gemma2_workbench.apps.explorer.run import RUN, Run
from gemma2_workbench.apps.explorer.savables import SAVABLES
from gemma2_workbench.apps.explorer.sweeps.examples import EXAMPLES, AskedExamples
from gemma2_workbench.apps.explorer.sweeps.fitting import check_sweeps
from gemma2_workbench.apps.explorer.sweeps.head_page import HEAD_PAGE, AskedHead
from gemma2_workbench.apps.explorer.sweeps.origins import ORIGIN, AskedOrigin
from gemma2_workbench.apps.explorer.sweeps.pieces import pieces_of
from gemma2_workbench.apps.explorer.sweeps.scores import SWEEP, AskedSweep
from gemma2_workbench.apps.page.questions import Tell
from gemma2_workbench.apps.page.save.savable import Savables
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.heads.scores import scores_of
from gemma2_workbench.models.readable import readable
from gemma2_workbench.records.sweep_recipe import SweepRecipe
from gemma2_workbench.sweeps.corpus import Corpus
from gemma2_workbench.sweeps.result import Sweep
from gemma2_workbench.sweeps.settings import SweepSettings
from gemma2_workbench.sweeps.sweep import sweep
from tests.apps.accessibility import faults_of_both_themes
from tests.apps.conftest import READY, served

WORDS = ("red", "blue", "green", "seven", "nine", "the", "President", "of", "met", "Emma", "in", "<b>", "&amp;")
LENGTHS = (4, 9, 12, 20, 45)  # the last one takes several windows
TEXTS = [" ".join(random.Random(length).choices(WORDS, k=length)) for length in LENGTHS]
HEAD = {"layer": 5, "head": 3}


@pytest.fixture(scope="module")
def swept(loaded: LoadedModel, tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    path = tmp_path_factory.mktemp("corpus") / "texts.jsonl"
    path.write_text("\n".join(json.dumps({"text": text}) for text in TEXTS))
    return sweep(loaded, Corpus.of([path]), SweepSettings(tokens=48, top=2, sample=1))


@pytest.fixture(scope="module")
def session(swept: Sweep) -> Iterator[Session]:
    with Session(sweeps=[("heads", swept)]) as made:
        yield made


@pytest.fixture(scope="module")
def run(session: Session, tell: Tell) -> Any:
    return RUN.answer(session, Run(text="red blue green red blue", model="tiny"), tell)


def test_a_run_names_the_sweeps_of_its_model_only(session: Session, swept: Sweep, run: Any, tell: Tell) -> None:
    assert run["sweeps"] == [{"name": "heads", "texts": 5, "tokens": swept.counts["tokens"], "said": "5 texts"}]
    check_sweeps(session)
    model = {**swept.identity.model, "name": "other", "weights_sha256": "0" * 64}
    theirs = replace(swept, identity=replace(swept.identity, model=model))
    other = Session(sweeps=[("theirs", theirs)])
    with other, pytest.raises(ValueError, match=r"theirs is a sweep of other \(weights 00000000\).*give --model other"):
        check_sweeps(other)


def test_scores_and_kinds_are_those_of_the_means(session: Session, swept: Sweep, tell: Tell) -> None:
    found: Any = SWEEP.answer(session, AskedSweep(sweep="heads"), tell)
    assert set(found["scores"]) == set(swept.scores)
    assert found["scores"]["largest_logit"][5][3] == pytest.approx(swept.scores["largest_logit"][5, 3], abs=1e-6)
    strong = np.argwhere(swept.scores["previous_token"] >= 0.5)
    assert len(strong)
    assert all(found["types"][layer][head] for layer, head in strong)
    with pytest.raises(ValueError, match="start the page with --sweep"):
        SWEEP.answer(session, AskedSweep(sweep="none"), tell)


def test_the_page_of_a_head_stands_beside_the_text(
    session: Session, loaded: LoadedModel, swept: Sweep, run: Any, tell: Tell
) -> None:
    page: Any = HEAD_PAGE.answer(session, AskedHead(sweep="heads", run=run["id"], **HEAD), tell)
    folds = capture(loaded, run["text"]).folds
    own = scores_of(folds, loaded.layers)
    rows = {each["name"]: each for each in page["statistics"]}
    for name in ("induction", "entropy", "spread", "distance"):
        assert rows[name]["here"] == pytest.approx(own[name][5, 3], abs=1e-6)
        assert rows[name]["mean"] == pytest.approx(swept.scores[name][5, 3])
        assert rows[name]["low"] <= rows[name]["mean"] <= rows[name]["high"]
    assert rows["largest_logit"]["here"] == folds["largest_logit"][5, 3].item()
    assert 0 < rows["bend"]["here"] < rows["largest_logit"]["here"]
    counts = [page["histograms"][name]["counts"] for name in ("distance", "entropy")]
    # The first token counts in the first window of a text only.
    counted = swept.counts["tokens"] - swept.counts["windows"] + len(LENGTHS)
    assert [sum(each) for each in counts] == [counted] * 2
    assert json.dumps(page, allow_nan=False)


@pytest.mark.parametrize("side", ["top", "bottom", "sample"])
def test_an_example_is_what_its_text_gives_at_that_cell(
    session: Session, loaded: LoadedModel, side: Any, tell: Tell
) -> None:
    asked = AskedExamples(sweep="heads", statistic="induction", side=side, **HEAD)
    found: Any = EXAMPLES.answer(session, asked, tell)
    assert found
    for each in found:
        trace = capture(loaded, each["text"], parity=False)
        assert len(trace.tokens) == each["tokens"]
        probs = trace.stage(5, 3, "attn_probs")[each["query"]]
        shown = readable(trace.tokens)
        for part in each["parts"]:
            for at, piece in enumerate(part["pieces"], part["from"]):
                assert piece["text"] == shown[at].text
                assert piece["p"] is None or piece["p"] == pytest.approx(float(probs[at]), abs=1e-5)
        assert trace.folds["induction"][5, 3, each["query"]].item() == pytest.approx(each["value"], abs=1e-5)
        assert (each["window"] is not None) == (each["name"].endswith(":5"))
        place = {name: each[name] for name in ("document", "piece")}
        own: Any = ORIGIN.answer(session, AskedOrigin(sweep="heads", **place), tell)
        assert own == {name: each[name] for name in own}
        whole = tokenize(loaded.tokenizer, TEXTS[each["document"]])
        assert whole.display[each["first"] : each["stop"]] == trace.tokens.display[1 if each["piece"] else 0 :]
    assert json.dumps(found, allow_nan=False)


@pytest.mark.parametrize("text", ["Emma — naïve 中文字 👩‍👧\nend", "a <b>bold</b>  word", "שלום café"])
def test_pieces_are_read_without_their_text(loaded: LoadedModel, text: str) -> None:
    tokens = tokenize(loaded.tokenizer, text)
    assert [each.text for each in pieces_of(tokens.display)] == [each.text for each in readable(tokens)]


def test_what_is_on_screen_is_saved_by_the_views_of_the_sweep(session: Session, swept: Sweep) -> None:
    shown = {"kind": "sweep", "view": "head", "sweep": "heads", "options": HEAD}
    recipe = Savables(SAVABLES).recipe(session, shown)
    assert isinstance(recipe, SweepRecipe)
    assert recipe.runs == (swept,)
    assert recipe.as_record()["options"] | HEAD == recipe.as_record()["options"]


@pytest.fixture(scope="module")
def url(session: Session) -> Iterator[str]:
    with served(session) as address:
        yield address


def test_from_the_scores_over_texts_to_an_example(open_page: Callable[..., Any], url: str) -> None:
    page = open_page("look=atlas", url=url)
    page.click("#heads .source >> text=5 texts")
    page.wait_for_selector(".atlas .mh >> text=36 heads over 5 texts")
    assert "scored=sweep" in page.url
    points = page.locator(".scatter .point")
    assert page.locator(".scatter .interval").count() == points.count() > 0
    assert "(95 %: " in points.first.locator("title").text_content()
    page.click(".more")
    page.click("role=menuitemradio[name='Head page']")
    page.click("#heads .head-list [data-head=L4H5]")
    page.click(".head-side [data-name=previous_token]")
    page.wait_for_selector(".examples-of li:nth-child(2)")
    assert page.inner_text(".head-side .stat[aria-pressed=true] .nm") == "previous token"
    assert faults_of_both_themes(page) == []
    example = page.locator(".examples-of li", has_text=", tokens").first
    query = int(example.locator(".tokens .q").get_attribute("title").split(":")[0])
    example.locator("role=button").click()
    said = page.wait_for_selector(f"{READY} #strip .facts >> text=/:5, tokens \\d+–\\d+/").inner_text()
    chosen = page.evaluate("(({ head, query, key, look }) => [head, query, key, look])(workbench.selection)")
    assert chosen == ["L4H5", query, query - 1, "attention"]
    assert page.get_attribute("#tokens .q", "data-at") == str(query)
    assert "cut into" not in page.inner_text("#strip .facts")
    # The address says where the text comes from; what is too long for it comes from the sweep.
    window = page.url
    page.goto(re.sub(r"text=[^&]*&", "", window))
    page.wait_for_selector(f"{READY} #strip .facts >> text={said}")
    assert set(page.url.split("?")[1].split("&")) == set(window.split("?")[1].split("&"))
    page.fill("#text", "another text")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{READY} #tokens >> text=another")
    assert "from=" not in page.url
    page.go_back()
    page.wait_for_selector(f"{READY} #strip .facts >> text={said}")
