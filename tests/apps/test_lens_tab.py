"""The lens tab in a real browser: what it says of a cell is what transformers' eager model says."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
import transformers

from gemma2_workbench import LoadedModel, capture, embedded, load
from gemma2_workbench.apps.explorer.app import build_app, launch_options
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.model import Gemma2ForTokenClassification

LENS = "document.querySelector('.lens')?.lens"
TEXT = "The President of the United States met Emma in Paris, and Emma was glad."


@pytest.fixture(scope="module")
def session() -> Session:
    return Session()


@pytest.fixture(scope="module")
def page(browser: Any, session: Session) -> Iterator[Any]:
    app = build_app(session)
    _, url, _ = app.launch(prevent_thread_lock=True, server_name="127.0.0.1", **launch_options(session))
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{url}?text={TEXT}")
    page.wait_for_selector("#status .good")
    page.get_by_role("tab", name="Logit lens").click()
    page.wait_for_function(f"{LENS}?.id")
    yield page
    page.close()
    app.close()
    assert not errors


@pytest.fixture(scope="module")
def logits(page: Any) -> torch.Tensor:
    """Logits before the cap, [R, T, V]: transformers' hidden states through its norm and head."""
    folder = embedded()["tiny"]
    model = transformers.Gemma2ForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    ids = transformers.AutoTokenizer.from_pretrained(folder)(TEXT, return_tensors="pt")["input_ids"]
    with torch.no_grad():
        *rows, normed = model.eval()(ids, output_hidden_states=True).hidden_states
        return torch.stack([model.lm_head(model.model.norm(row))[0] for row in rows] + [model.lm_head(normed)[0]])


def point(page: Any, row: int, position: int) -> None:
    page.locator(f".cell[data-row='{row}'][data-position='{position}']").hover()
    page.wait_for_function(f"{LENS}.shown.row === {row} && {LENS}.shown.position === {position}")


def column(page: Any, name: str) -> torch.Tensor:
    """The ten exact numbers of a column of the list."""
    titles = page.evaluate(f"[...document.querySelectorAll('.lens .top td.{name}')].map((cell) => cell.title)")
    return torch.tensor([float(title) for title in titles])


def followed(page: Any) -> str:
    return page.locator(".lens .followed").text_content()


@pytest.mark.parametrize("row", [0, 3, 6])
def test_the_list_of_a_cell_is_transformers_stream_through_its_norm_and_head(page: Any, logits, row: int) -> None:
    position = logits.shape[1] - 2
    point(page, row, position)
    expected = logits[row, position]
    capped = 30 * torch.tanh(expected / 30)
    torch.testing.assert_close(column(page, "logit"), expected.topk(10).values, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(column(page, "capped"), capped.topk(10).values, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(column(page, "probability"), capped.softmax(-1).topk(10).values, rtol=2e-3, atol=1e-5)
    names = page.locator(".lens .top button").all_text_contents()
    vocabulary = load().tokenizer.convert_ids_to_tokens(expected.topk(2).indices.tolist())
    assert names[:2] == [piece.replace("\n", "↵") for piece in vocabulary]
    shown = page.locator(f".cell[data-row='{row}'][data-position='{position}']").text_content()
    assert shown == names[0]


def test_a_pinned_cell_shows_which_parts_wrote_its_logit(page: Any, session: Session, logits) -> None:
    position = logits.shape[1] - 3
    page.locator(f".cell[data-row='4'][data-position='{position}']").click()
    page.wait_for_selector(f"#lens-logit span:has-text('(position {position})')")
    said = page.locator("#lens-logit span").text_content()
    page.wait_for_selector("#lens-heads .main-svg")
    page.wait_for_selector("#lens-others text:has-text('MLP 5')")
    token = load().tokenizer(TEXT)["input_ids"][position + 1]
    assert float(said.split(": ")[1].split(" before")[0].replace("−", "-")) == pytest.approx(
        float(logits[-1, position, token]), abs=0.01
    )
    assert f"lens_cell=4.{position}" in page.url


def test_the_rank_of_the_next_token_is_in_the_cells(page: Any, logits) -> None:
    page.get_by_label("1 / rank of the chosen token").check()
    page.wait_for_function(f"{LENS}.metric === 'rank'")
    position = logits.shape[1] - 2
    token = load().tokenizer(TEXT)["input_ids"][position + 1]
    for row in (0, 3, 6):
        rank = int((logits[row, position] > logits[row, position, token]).sum()) + 1
        cell = page.locator(f".cell[data-row='{row}'][data-position='{position}']")
        assert abs(int(cell.text_content()) - rank) <= 1
    page.get_by_label("Probability of the top token").check()
    page.wait_for_function(f"{LENS}.metric === 'probability'")


def test_a_typed_token_is_followed_and_a_wrong_one_changes_nothing(page: Any, logits) -> None:
    point(page, 5, logits.shape[1] - 1)
    before = page.evaluate(f"{LENS}.id")
    field = page.locator("#lens-token input, #lens-token textarea")
    field.fill("the President of")
    field.press("Enter")
    page.wait_for_selector("#lens-said .problem:has-text('is not one token')")
    assert page.evaluate(f"{LENS}.id") == before
    field.fill(" the")
    field.press("Enter")
    page.wait_for_function(f"{LENS}.id !== '{before}'")
    token = load().tokenizer.convert_tokens_to_ids("▁the")
    point(page, 6, logits.shape[1] - 1)
    words = followed(page)
    assert words.startswith("followed token “▁the”: rank ")
    assert float(words.split("logit ")[1].split(",")[0].replace("−", "-")) == pytest.approx(
        float(logits[6, -1, token]), abs=0.002
    )
    page.wait_for_selector("#lens-said .problem", state="detached")


def test_a_model_without_a_head_is_told_in_a_sentence(page: Any, session: Session) -> None:
    tiny = load()
    tagger = Gemma2ForTokenClassification(tiny.config).eval()
    session.kept.add(("model", "tagger"), LoadedModel("tagger", "made here", None, None, tagger, tiny.tokenizer))
    assert "lens" not in capture(session.model("tagger"), "a", parity=False).readings
    page.locator("#model input").fill("tagger")
    page.locator("#model input").press("Enter")
    page.locator("#run").click()
    sentence = "tagger is a Gemma2ForTokenClassification: it has no language-model head"
    page.wait_for_selector(f"#lens-said .problem:has-text('{sentence}')")
    page.wait_for_selector(".lens", state="detached")
