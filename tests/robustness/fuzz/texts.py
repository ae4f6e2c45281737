"""Texts: all of Unicode and what is none, through the commands and the library.

Right is: ids that are the tokenizer's, words that stand in the text, finite numbers. Bad is: nothing, half a character,
more tokens than the model takes; for labels also a text without words.
"""

import csv
import io
from pathlib import Path
from random import Random
from typing import Any

from gemma2_workbench import capture, classify, tokenize
from gemma2_workbench.traces.file import load_trace
from tests.robustness.fuzz.bases import SIZES, Bases
from tests.robustness.fuzz.case import Answer, Case, bad
from tests.robustness.fuzz.characters import NAMES, any_text, is_half
from tests.robustness.fuzz.commands import after_dashes, called, command
from tests.robustness.fuzz.stock import ids_of, json_out, not_finite, wrong_ids
from tests.robustness.fuzz.values import shown

FILES = ("gold.conll", "./gold.conll", "missing.txt", *NAMES)
LONGEST = SIZES["max_position_embeddings"]


def make(random: Random, bases: Bases, scratch: Path) -> Case:
    """A text, and a way to give it."""
    text = any_text(random)
    way = random.choice(list(WAYS))
    return WAYS[way](text, bases, scratch)


def _trace(text: str, bases: Bases, scratch: Path) -> Case:
    out = scratch / "t.safetensors"

    def wrong(_: Answer) -> str | None:
        trace = load_trace(out)
        if trace.tokens.text != text:
            return "the trace is of another text"
        finite = all(bool(layer.q.isfinite().all() and layer.v.isfinite().all()) for layer in trace.tensors)
        return wrong_ids(bases.loaded.tokenizer, text, list(trace.tokens.ids)) if finite else "not finite"

    words = after_dashes(("trace", "--model", bases.model, "--out", out), text)
    return _case("trace", text, lambda: command(*words, at=scratch), bases, wrong)


def _mask(text: str, bases: Bases, scratch: Path) -> Case:
    def wrong(answer: Answer) -> str | None:
        tokenizer, found = bases.loaded.tokenizer, len(json_out(answer)["tokens"])
        # A BOS that the text brings along, also behind blanks, gets no second one before it.
        plain, right = tokenizer(text, add_special_tokens=False)["input_ids"], ids_of(tokenizer, text)
        allowed = (len(plain), len(right), len(right) + 1)
        return None if found in allowed else f"{found} tokens, the tokenizer has {len(right)}"

    words = after_dashes(("mask", "--json", "--model", bases.model), text)
    return _case("mask --json", text, lambda: command(*words, at=scratch), bases, wrong, long_is_bad=False)


def _table(text: str, bases: Bases, scratch: Path) -> Case:
    out = scratch / "t.csv"

    def wrong(_: Answer) -> str | None:
        rows = list(csv.reader(io.StringIO(out.read_text("utf-8"), newline="")))
        return None if len(rows) > 1 and len({len(row) for row in rows}) == 1 else "a CSV file with ragged rows"

    words = ("table", "text", f"--text={text}", "--model", bases.model, "--out", out)
    return _case("table text", text, lambda: command(*words, at=scratch), bases, wrong)


def _classify(text: str, bases: Bases, scratch: Path) -> Case:
    words = after_dashes(("classify", "--format", "json", "--model", bases.classifier), text)
    names_a_file = text in FILES or (scratch / text.replace("\x00", "")).exists() if len(text) < 100 else False
    wrong = bad if names_a_file else lambda answer: _wrong_words(text, json_out(answer))
    return _case("classify", text, lambda: command(*words, at=scratch), bases, wrong, words=True)


def _wrong_words(text: str, record: dict[str, Any]) -> str | None:
    """Words that do not stand in the text where they are said to."""
    for found in record["inputs"]:
        if found["text"] != text:
            return "labels of another text"
        for word in (word for sentence in found["sentences"] for word in sentence["words"]):
            if text[word["start"] : word["end"]] != word["text"]:
                return f"the word {word['text']!r} does not stand at {word['start']}"
    return not_finite(record)


def _why(text: str, bases: Bases, scratch: Path) -> Case:
    words = after_dashes(
        ("why", "--word", "0", "--format", "json", "--method", "gradient_x_input", "--model", bases.classifier), text
    )
    return _case("why", text, lambda: command(*words, at=scratch), bases, lambda a: not_finite(json_out(a)), words=True)


def _given(text: str, bases: Bases, scratch: Path) -> Case:
    """On standard input, in an encoding that may not be UTF-8."""
    data = text.encode("latin-1", "replace") if len(text) % 3 == 0 else text.encode("utf-8", "surrogatepass")
    try:
        meant = data.decode()
    except UnicodeDecodeError:
        meant = "\ud800"  # whatever it was, it is no text
    case = _trace(meant, bases, scratch)
    words = ("trace", "-", "--model", bases.model, "--out", scratch / "t.safetensors")
    wrong = bad if meant == "\ud800" else _same_but_line_ends(case, scratch, bases)
    return Case(f"trace - < {shown(data)}", lambda: command(*words, given=data, at=scratch), wrong)


def _same_but_line_ends(case: Case, scratch: Path, bases: Bases) -> Any:
    def wrong(answer: Answer) -> str | None:
        if case.wrong is bad:
            return bad(answer)
        trace = load_trace(scratch / "t.safetensors")
        return wrong_ids(bases.loaded.tokenizer, trace.tokens.text, list(trace.tokens.ids))

    return wrong


def _library(text: str, bases: Bases, scratch: Path) -> Case:
    def wrong(answer: Answer) -> str | None:
        return wrong_ids(bases.loaded.tokenizer, text, list(answer.value.ids))

    return _case(
        "tokenize", text, lambda: called(tokenize, bases.loaded.tokenizer, text), bases, wrong, long_is_bad=False
    )


def _capture(text: str, bases: Bases, scratch: Path) -> Case:
    def wrong(answer: Answer) -> str | None:
        return wrong_ids(bases.loaded.tokenizer, text, list(answer.value.tokens.ids))

    return _case("capture", text, lambda: called(lambda: capture(bases.loaded, text, parity=False)), bases, wrong)


def _classified(text: str, bases: Bases, scratch: Path) -> Case:
    def wrong(answer: Answer) -> str | None:
        return None if answer.value.text == text else "labels of another text"

    return _case("classify()", text, lambda: called(classify, bases.labeller, text), bases, wrong, words=True)


def _case(
    way: str, text: str, attempt: Any, bases: Bases, wrong: Any, words: bool = False, long_is_bad: bool = True
) -> Case:
    """A case; `words`: what is asked for are labels of words, of which long texts are read in parts."""
    hopeless = not text or is_half(text) or (words and not text.strip())
    if not hopeless and not words and long_is_bad:
        hopeless = len(ids_of(bases.loaded.tokenizer, text)) > LONGEST + 1
    return Case(f"{way} {shown(text)}", attempt, bad if hopeless else wrong)


WAYS: dict[str, Any] = {
    "trace": _trace,
    "mask": _mask,
    "table": _table,
    "classify": _classify,
    "why": _why,
    "given": _given,
    "tokenize": _library,
    "capture": _capture,
    "classified": _classified,
}
