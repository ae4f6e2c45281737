"""Texts that no tokenizer can read end in one sentence, wherever they come in; a text's own BOS is not doubled."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from gemma2_workbench import capture, embedded, load, tokenize
from gemma2_workbench.apps.cli import main
from gemma2_workbench.classification.classify import classify
from gemma2_workbench.masks.origin import configured

# An argument whose bytes are not UTF-8, half of an emoji from JSON, and the other half.
BROKEN = ["caf\udce9", json.loads('"hi \\ud83d there"'), "\udc00"]
_TOKENIZER = load().tokenizer
ENTRIES: dict[str, Callable[[str], object]] = {
    "tokenize": lambda text: tokenize(_TOKENIZER, text),
    "capture": lambda text: capture(load(), text),
    "mask": lambda text: configured().tokens(text),
    "classify": lambda text: classify(load("tiny-ner"), text),
}


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("text", BROKEN, ids=ascii)
def test_half_a_character_is_named_with_its_place(entry: str, text: str) -> None:
    at = next(index for index, character in enumerate(text) if 0xD800 <= ord(character) < 0xE000)
    with pytest.raises(ValueError, match=f"half a character .* at position {at}; give it as UTF-8") as caught:
        ENTRIES[entry](text)
    assert "\n" not in str(caught.value)


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(exclude_categories=[]), min_size=1, max_size=30))
def test_any_string_is_tokens_or_a_sentence(text: str) -> None:
    if any(0xD800 <= ord(character) < 0xE000 for character in text):
        with pytest.raises(ValueError, match="half a character"):
            tokenize(_TOKENIZER, text)
    else:
        assert all(0 <= start <= end <= len(text) for start, end in tokenize(_TOKENIZER, text).spans)


@pytest.mark.parametrize("command", [["trace", "--out", "a.safetensors"], ["mask", "--out", "a.pdf"], ["why"]])
def test_standard_input_that_is_not_utf_8(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"caf\xe9")))
    assert main([*command, "-"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "gemma2-workbench: standard input is not UTF-8 text (byte 0xe9 at position 3); save it as UTF-8 text first"
    ]
    assert not list(tmp_path.iterdir())


def _tokenizer(folder: Path, **changes: Any) -> Any:
    """The embedded tokenizer with other settings."""
    home = embedded()["tiny"]
    (folder / "config.json").write_bytes((home / "config.json").read_bytes())
    (folder / "tokenizer.model").write_bytes((home / "tokenizer.model").read_bytes())
    about = json.loads((home / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps(about | changes))
    return AutoTokenizer.from_pretrained(folder)


@pytest.mark.parametrize("bos", [True, False])
@pytest.mark.parametrize("eos", [True, False])
def test_a_text_is_read_as_its_tokenizer_says(tmp_path: Path, bos: bool, eos: bool) -> None:
    tokenizer = _tokenizer(tmp_path, add_bos_token=bos, add_eos_token=eos)
    ids = list(tokenize(tokenizer, "Anna met Bob").ids)
    assert ids == tokenizer("Anna met Bob")["input_ids"]
    assert (ids[0] == tokenizer.bos_token_id, ids[-1] == tokenizer.eos_token_id) == (bos, eos)


@pytest.mark.parametrize("text", ["<bos>Anna", " <bos>Anna", "\n<bos>Anna", "\t \n<bos>", "<bos>"])
@pytest.mark.parametrize("eos", [True, False])
def test_a_bos_that_the_text_brings_gets_no_second(tmp_path: Path, text: str, eos: bool) -> None:
    tokenizer = _tokenizer(tmp_path, add_eos_token=eos)
    tokens = tokenize(tokenizer, text)
    assert tokens.ids.count(tokenizer.bos_token_id) == 1
    assert list(tokens.ids) == tokenizer(text)["input_ids"][1:]
    twice = tokenize(tokenizer, "<bos>" + text)
    assert twice.ids.count(tokenizer.bos_token_id) == 2
    later = tokenize(tokenizer, "Hi" + text)
    assert later.ids[0] == tokenizer.bos_token_id
    assert later.ids.count(tokenizer.bos_token_id) == 2
