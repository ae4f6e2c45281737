"""The classification bench in a real browser: its labels are the library's, its reasons are what interventions give."""

import copy
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
import torch

from gemma2_workbench import AblateHead, LoadedModel, SetCausal
from gemma2_workbench.apps.explorer.tabs import classify as tab
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.apps.page.shared import Shared
from gemma2_workbench.apps.token_classification.app import build_app, launch_options
from gemma2_workbench.classification.classification import Classification
from gemma2_workbench.classification.classify import classify
from gemma2_workbench.model import Gemma2ForSequenceClassification, Gemma2ForTokenClassification
from gemma2_workbench.records.reading import read_record

TEXT = "Jordan flew to Jordan in May, and May met Jordan there. The Germans left London on 4 May 1815."
HOSTILE = '<img src=x onerror="window.hacked = 1"> met ${window.hacked = 7*6} and {{value}} in Paris; `x` \\n saw Emma.'
STATE = "document.querySelector('.bench').bench"


def another(loaded: LoadedModel, cls: type, labels: list[str], name: str) -> LoadedModel:
    """A causal classifier over the same trunk with other labels and a random head."""
    config = copy.deepcopy(loaded.config)
    config.id2label = dict(enumerate(labels))
    config.label2id = {label: index for index, label in enumerate(labels)}
    config.is_causal = True
    torch.manual_seed(3)
    model: Any = cls(config).eval()
    model.load_state_dict({key: value for key, value in loaded.model.state_dict().items() if "score" not in key}, False)
    torch.nn.init.normal_(model.score.weight, std=0.3)
    return LoadedModel(name, "made here", None, None, model, loaded.tokenizer)


@pytest.fixture(scope="module")
def session() -> Session:
    made = Session("tiny-ner")
    tagger = made.model("tiny-ner")
    made.kept.add(("model", "mood"), another(tagger, Gemma2ForSequenceClassification, ["bad", "so-so", "good"], "mood"))
    made.kept.add(
        ("model", "fifty"), another(tagger, Gemma2ForTokenClassification, [f"TAG-{i}" for i in range(50)], "fifty")
    )
    made.kept.add(("model", "plain"), LoadedModel("plain", "made here", None, None, tagger.trunk, tagger.tokenizer))
    return made


@pytest.fixture(scope="module")
def tagger(session: Session) -> LoadedModel:
    return session.model("tiny-ner")


class Reader:
    """Somebody at the page."""

    def __init__(self, page: Any, url: str) -> None:
        self.page, self.url = page, url
        self.errors: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))

    def open(self, **query: str) -> None:
        """Open an address and wait for its reasons."""
        self.page.goto(f"{self.url}?{'&'.join(f'{name}={value}' for name, value in query.items())}")
        self.page.wait_for_selector(".bench")
        self.explained(text=query["text"])

    def label(self, text: str, model: str = "tiny-ner") -> None:
        """Label a text with the button."""
        self.page.locator("#classifier input").fill(model)
        self.page.locator("#classifier input").press("Enter")
        self.page.locator("#text textarea").fill(text)
        self.page.locator("#label").click()
        self.explained(text=text, model=model)

    def explained(self, **state: Any) -> None:
        """Wait until all reasons for the word that is chosen are there."""
        self.page.wait_for_function(
            f"(state) => {STATE}?.parts.includes('heads') && {STATE}.state === 'ready' && "
            f"Object.entries(state).every(([name, value]) => {STATE}[name] === value)",
            arg=state,
        )

    def click(self, sentence: int, word: int) -> None:
        self.page.locator(f"#bench-{sentence}-{word}").click()
        self.explained(sentence=sentence, word=word)

    def texts(self, selector: str) -> list[str]:
        return self.page.locator(f".bench {selector}").all_text_contents()

    def titles(self, selector: str) -> list[str]:
        return self.page.evaluate(f"[...document.querySelectorAll('.bench {selector}')].map((box) => box.title)")

    def entities(self) -> list[tuple[str, list[str]]]:
        """Label and words of everything that is highlighted."""
        boxes = self.page.locator(".bench .text .entity").all()
        return [(box.locator(".tag").text_content(), box.locator(".letters").all_text_contents()) for box in boxes]


@pytest.fixture(scope="module")
def visitor(browser: Any, session: Session) -> Iterator[Reader]:
    app = build_app(session)
    _, url, _ = app.launch(prevent_thread_lock=True, server_name="127.0.0.1", **launch_options())
    page = browser.new_page(viewport={"width": 1400, "height": 1000}, accept_downloads=True)
    reader = Reader(page, url)
    reader.open(text=TEXT)
    yield reader
    page.close()
    app.close()
    assert all(re.match(r"(https?://127\.0\.0\.1|data:|blob:)", request) for request in reader.requests)


@pytest.fixture
def reader(visitor: Reader) -> Iterator[Reader]:
    visitor.errors.clear()
    yield visitor
    assert not visitor.errors


def expected(found: Classification) -> list[tuple[str, list[str]]]:
    """What should be highlighted."""
    rows = []
    for at in found.entities:
        reading = found.sentences[at.sentence].reading
        rows.append((at.label, [reading.word(word) for word in range(at.first, at.stop)]))
    return rows


def number(text: str) -> float:
    """The last number of a text, as the page writes it."""
    return float(re.findall(r"[+−-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?", text)[-1].replace("−", "-"))


def test_the_text_is_shown_whole_with_the_entities_of_the_library(reader: Reader, tagger: LoadedModel):
    reader.label(TEXT)
    found = classify(tagger, TEXT)
    assert reader.entities() == expected(found)
    written = reader.page.evaluate(
        "(() => { const box = document.querySelector('.bench .text').cloneNode(true);"
        "box.querySelectorAll('.tag').forEach((tag) => tag.remove()); return box.textContent; })()"
    )
    assert written == TEXT
    counts = Counter(at.label for at in found.entities)
    legend = dict(zip(reader.texts(".entry .name"), map(int, reader.texts(".entry .count")), strict=True))
    assert {name: count for name, count in legend.items() if count} == counts
    predicted = found.sentences[1]
    reader.page.locator("#bench-1-1").hover()
    sure, margin = float(predicted.confidence[1]), float(predicted.margin[1])
    said = reader.page.locator(".readout").text_content()
    assert said.startswith("“Germans”: B-NORP, ")
    assert f"probability {sure:.3f}" in said
    assert said.endswith(f"margin {margin:.3f}")


def test_a_label_of_the_legend_is_seen_alone(reader: Reader):
    reader.label(TEXT)
    reader.page.locator(".entry", has_text="PER").click()
    bright = reader.page.locator(".text .entity:not(.is-dim) .tag").all_text_contents()
    assert set(bright) == {"PER"}
    reader.page.locator(".entry", has_text="PER").click()
    assert not reader.page.locator(".text .is-dim").count()


def test_the_reasons_of_a_word_are_what_changing_the_model_and_the_text_gives(reader: Reader, tagger: LoadedModel):
    reader.label(TEXT)
    reader.click(0, 10)
    found = classify(tagger, TEXT).sentences[0]
    names = found.classes
    best, rival = found.best[10], found.runner_up(10)
    chosen = [
        reader.page.locator(f".question .{name}").evaluate("(select) => select.value") for name in ("label", "against")
    ]
    assert chosen == [str(best), str(rival)]

    def score(logits: torch.Tensor, at: int) -> float:
        return float(logits[at, best] - logits[at, rival])

    real = score(found.logits, found.reading.read[10][0])
    told = reader.page.locator(".why > .told").text_content()
    assert f"{names[best]} minus that of {names[rival]}" in told
    assert f"{real:+.2f}".replace("-", "−") in told
    # Integrated gradients add up to the score without the score of the empty text, which the page says too.
    values = [number(title) for title in reader.titles(".strip .token")]
    empty = number(re.search(r"score is ([+−][\d.]+)", reader.texts(".meaning")[0])[1])
    assert len(values) == len(found.reading.tokens)
    assert sum(values) == pytest.approx(real - empty, abs=0.01 * abs(real - empty) + 0.01)
    # The strongest head, set to zero.
    place = reader.page.locator(".heads ol .one").first
    layer, head = (int(place.get_attribute(f"data-{name}")) for name in ("layer", "head"))
    without = classify(tagger, TEXT, interventions=[AblateHead(layer, head)]).sentences[0]
    effect = real - score(without.logits, found.reading.read[10][0])
    assert float(place.locator(".number").get_attribute("title")) == pytest.approx(effect, abs=1e-3)
    # Words taken out: the label of a sentence that never had them.
    rows = {row.split("”")[0].removeprefix("without “"): row for row in reader.texts(".removals li")}
    shorter = classify(tagger, TEXT.replace(" met", "", 1)).sentences[0]
    assert shorter.reading.word(9) == "Jordan"
    assert f"{shorter.classes[shorter.best[9]]} {float(shorter.confidence[9]):.2f}" in rows["met"]


def test_a_head_paints_the_attention_of_the_deciding_token(reader: Reader, tagger: LoadedModel):
    reader.label(TEXT)
    reader.page.locator(".heads .cell[data-layer='2'][data-head='1']").click()
    weights = [number(title) for title in reader.titles(".strip .token")]
    found = classify(tagger, TEXT).sentences[0].reading
    sentence = reader.page.evaluate(STATE)
    seen = {}
    name = "layers.2.self_attn.attn_probs"
    handle = tagger.trunk.get_submodule(name).register_forward_hook(lambda _m, _a, out: seen.update(probs=out))
    with torch.no_grad():
        tagger.model(torch.tensor([found.tokens.ids]))
    handle.remove()
    assert weights == pytest.approx(seen["probs"][0, 1, found.read[sentence["word"]][0]].tolist(), abs=1e-5)
    reader.page.locator(".heads .cell[data-layer='2'][data-head='1']").click()
    assert reader.page.evaluate(STATE)["paint"] == "saliency"


def test_the_other_mask_is_a_modified_model_and_says_what_it_costs(reader: Reader, tagger: LoadedModel):
    reader.label(TEXT)
    reader.click(0, 0)
    reader.page.locator(".mask button", has_text="causal").click()
    reader.explained(mask="causal")
    own, other = classify(tagger, TEXT), classify(tagger, TEXT, interventions=[SetCausal(True)])
    assert reader.entities() == expected(other)
    first, second = other.sentences[0].word_logits[0].topk(2).values.tolist()
    assert f": {first - second:+.2f}" in reader.page.locator(".why > .told").text_content()
    assert reader.texts(".modified") == ["modified model: causal mask"]
    pairs = [
        (was, now)
        for one, two in zip(own.sentences, other.sentences, strict=True)
        for was, now in zip(one.tags, two.tags, strict=True)
    ]
    differ = [(now, was) for was, now in pairs if was != now]
    reader.page.wait_for_selector(".differences:not([hidden])")
    shown = reader.texts(".differences .label")
    assert [(now.split()[0], was.split()[0]) for now, was in zip(shown[::2], shown[1::2], strict=True)] == differ
    assert reader.texts(".differences .told")[0].startswith(f"{len(differ)} of {len(pairs)} words")
    reader.page.locator(".mask button", has_text="bidirectional").click()
    reader.explained(mask="own")
    assert reader.entities() == expected(own)


def test_an_address_brings_the_same_question_back(reader: Reader):
    query = {"label_word": "1.3", "label_against": "B-ORG", "label_method": "gradient_x_input", "label_mask": "causal"}
    reader.open(text=TEXT, **query)
    state = reader.page.evaluate(STATE)
    assert (state["sentence"], state["word"], state["method"], state["mask"]) == (1, 3, "gradient_x_input", "causal")
    assert reader.page.locator(".question .against option:checked").text_content() == "B-ORG"
    assert all(f"{name}={value}" in reader.page.url for name, value in query.items())
    reader.open(text=TEXT, label_word="7.99", label_against="nonsense", label_method="x", label_mask="sideways")
    assert reader.page.evaluate(STATE)["mask"] == "own"


def test_only_the_last_of_many_words_is_explained(reader: Reader):
    reader.label(TEXT)
    reader.page.locator(".bench .text").focus()
    for _ in range(6):
        reader.page.keyboard.press("ArrowRight")
    reader.explained(sentence=0, word=6)
    assert reader.texts(".word h3")[0].startswith("“,” is O")


def test_markup_in_a_text_stays_text(reader: Reader, tagger: LoadedModel):
    reader.label(HOSTILE)
    assert reader.page.evaluate("window.hacked") is None
    assert not reader.page.locator(".bench img").count()
    assert reader.entities() == expected(classify(tagger, HOSTILE))
    assert "${" in reader.page.locator(".bench .text").text_content()


@pytest.mark.parametrize(
    ("model", "words"), [("no-such-model", "there is no model 'no-such-model'"), ("plain", "labels nothing")]
)
def test_a_model_that_cannot_label_gives_a_sentence_and_the_labels_stay(reader: Reader, model: str, words: str):
    reader.label(TEXT)
    before = reader.entities()
    reader.page.locator("#classifier input").fill(model)
    reader.page.locator("#classifier input").press("Enter")
    reader.page.wait_for_selector(f'.bench .notice:has-text("{words}")')
    assert reader.entities() == before
    reader.label(TEXT)
    assert not reader.page.locator(".bench .notice").is_visible()


def test_a_sequence_classifier_labels_the_whole_text_and_explains_it(reader: Reader, session: Session):
    reader.label(TEXT, "mood")
    found = classify(session.model("mood"), TEXT).sentences[0]
    shown = dict(
        zip(reader.texts(".classes .who"), map(float, reader.titles(".classes .number:not(.part)")), strict=True)
    )
    assert shown == pytest.approx(dict(zip(found.classes, found.probs[0].tolist(), strict=True)), rel=1e-5)
    assert reader.texts(".word h3")[0].startswith(f"The whole text is {found.tags[0]}")
    assert len(reader.titles(".strip .token")) == len(found.reading.tokens)
    assert len(reader.texts(".removals li")) == 10


def test_classes_that_are_no_entities_are_shown_word_by_word(reader: Reader, session: Session):
    reader.label(TEXT, "fifty")
    found = classify(session.model("fifty"), TEXT)
    assert reader.texts(".text .tag") == [tag for sentence in found.sentences for tag in sentence.tags]
    assert len(reader.page.locator(".question .label option").all()) == 50


def test_labels_and_reasons_are_saved_as_files(reader: Reader, tagger: LoadedModel, tmp_path: Path):
    reader.label(TEXT)

    def save(part: str) -> Path:
        reader.page.locator("#bench-part input").click()
        reader.page.get_by_role("option", name=part, exact=True).click()
        with reader.page.expect_download() as download:
            reader.page.locator("#bench-save").click()
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        return path

    asked = read_record(save("the saliency")).record["question"]
    assert asked["word"] == 0
    reader.page.locator(".heads .cell[data-layer='2'][data-head='1']").click()
    shown = read_record(save("the attention of a head")).record
    assert (shown["layer"], shown["head"]) == (2, 1)
    rows = list(csv.DictReader(io.StringIO(save("the entities").read_text())))
    assert [(row["label"], row["text"]) for row in rows] == [
        (at.label, at.text) for at in classify(tagger, TEXT).entities
    ]


def test_a_tab_that_is_not_open_labels_nothing(browser: Any, session: Session):
    with gr.Blocks() as demo:
        text, run = gr.Textbox(TEXT), gr.State("")
        start = gr.Button("Run", elem_id="run")
        start.click(lambda run: run + "x", run, run)
        with gr.Tabs():
            with gr.Tab("Other"):
                gr.Markdown("nothing")
            with gr.Tab("Classifier"):
                tab.build(Shared(session, run, gr.State(False), gr.State({}), text))
    _, url, _ = demo.launch(prevent_thread_lock=True, server_name="127.0.0.1", quiet=True, run_history=False)
    page = browser.new_page()
    reader = Reader(page, url)

    def questions() -> int:
        return sum("component_server" in request for request in reader.requests)

    page.goto(url)
    with page.expect_response(re.compile("queue/data")):
        page.locator("#run").click()
    page.get_by_role("tab", name="Classifier").wait_for()
    assert questions() == 0
    page.get_by_role("tab", name="Classifier").click()
    reader.explained(text=TEXT)
    asked = questions()
    page.get_by_role("tab", name="Other").click()
    with page.expect_response(re.compile("queue/data")):
        page.locator("#run").click()
    page.wait_for_function("!document.querySelector('.bench')?.clientWidth")
    assert questions() == asked
    page.get_by_role("tab", name="Classifier").click()
    reader.explained(text=TEXT)
    page.close()
    demo.close()
    assert not reader.errors
