"""Tokens: BOS once, spans that give the text back, nothing invisible."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gemma2_workbench import LoadedModel, tokenize
from gemma2_workbench.models.tokens import shown

ODD = [
    "😀 👩‍🚀",
    "שלום עולם",
    "你好,世界",
    "def f(x):\n\treturn {x}\r\n",
    "<b>${7*6}</b> \\n `x`",
    "a  b   c",
    "\u202eabc",
]


@pytest.mark.parametrize("text", ODD)
def test_spans_cover_the_text(loaded: LoadedModel, text: str) -> None:
    tokens = tokenize(loaded.tokenizer, text)
    assert tokens.display[0] == "<bos>"
    assert tokens.special[0]
    assert tokens.spans[0] == (0, 0)
    covered = sorted({place for start, end in tokens.spans for place in range(start, end)})
    assert covered == list(range(len(text)))
    assert all(shown.strip() == shown and "\n" not in shown for shown in tokens.display)


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1, max_size=60))
def test_any_text_becomes_tokens(loaded: LoadedModel, text: str) -> None:
    tokens = tokenize(loaded.tokenizer, text)
    assert tokens.ids.count(loaded.tokenizer.bos_token_id) == 1 + text.count("<bos>") - text.startswith("<bos>")
    assert all(0 <= start <= end <= len(text) for start, end in tokens.spans)


def test_a_byte_is_shown_as_the_character_that_it_is(loaded: LoadedModel) -> None:
    tokens = tokenize(loaded.tokenizer, "& {é\x01 <0x26>")
    for place, (start, end) in enumerate(tokens.spans):
        if end == start + 1 and tokens.text[start:end] in "&{":
            assert tokens.display[place] == tokens.text[start:end]
    assert {"&", "{", "<0x01>"} <= set(tokens.display)
    assert [shown(f"<0x{byte}>") for byte in ("26", "0A", "7F", "C3", "2g")] == ["&", "↵", "<0x7F>", "<0xC3>", "<0x2g>"]


def test_a_template_that_brings_its_own_bos_gets_no_second(loaded: LoadedModel) -> None:
    plain, template = (tokenize(loaded.tokenizer, text) for text in ("Hello", "<bos>Hello"))
    assert plain.ids == template.ids
