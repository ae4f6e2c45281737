"""Texts: all of Unicode and what is none, through the commands and the library.

Right is: ids that are the tokenizer's, words that stand in the text, finite numbers. Bad is: nothing, half a character,
more tokens than the model takes; for labels also a text without words.
"""

import csv
import io
from pathlib import Path
from random import Random
from typing import Any

from tests.robustness.fuzz.bases import SIZES, Bases
from tests.robustness.fuzz.case import Answer, Case, bad
from tests.robustness.fuzz.commands import after_dashes, called, command
from tests.robustness.fuzz.stock import ids_of, json_out, not_finite, wrong_ids
from tests.robustness.fuzz.values import shown
from workbench import Trace, capture, classify, tokenize

RANGES = (
    *((0x20, 0x7E), (0x00, 0x1F), (0x7F, 0x9F), (0xA0, 0x24F), (0x300, 0x36F), (0x590, 0x6FF), (0x900, 0xDFF)),
    *((0x1100, 0x11FF), (0x2000, 0x206F), (0x2028, 0x2029), (0x20D0, 0x20FF), (0x3000, 0x9FFF), (0xAC00, 0xD7A3)),
    *((0xD800, 0xDFFF), (0xE000, 0xF8FF), (0xFDD0, 0xFDEF), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFF00, 0xFFFF)),
    *((0x1D400, 0x1D7FF), (0x1F1E6, 0x1F1FF), (0x1F300, 0x1FAFF), (0x20000, 0x2FFFD), (0xE0000, 0xE007F)),
    (0x10FFFE, 0x10FFFF),
)
PIECES = (
    *(
        "<bos>",
        "<eos>",
        "<pad>",
        "<unk>",
        " <bos>",
        "<bos><bos>",
        "\n<bos>",
        "<start_of_turn>user\n",
        "<end_of_turn>\n",
    ),
    *("<0x0A>", "<0xF0>", "▁", "▁▁", "[CLS]", "</s>", "<s>", "<|endoftext|>", "<mask>", "<unused0>", "[@BOS@]"),
    *(
        "Anna met Bob",
        " in Paris. ",
        "Mr. Knightley",
        "1,000.50",
        "B-PER",
        "\t",
        "\r\n",
        "\r",
        "\x0b",
        "\x85",
        "\u2029",
    ),
    *(
        "\u202e",
        "\u2066",
        "\u200d",
        "\ufe0f",
        "\u00ad",
        "e\u0301",
        "א",
        "ا",
        "👩\u200d👩\u200d👧",
        "🇩🇪",
        "ﬁ",
        "İ",
        "ß",
        "\ufffd",
    ),
    *(
        "-",
        "--",
        "--model",
        "@file",
        "$HOME",
        "~",
        "*",
        "%s",
        "{0}",
        "{}",
        "\\n",
        "\\",
        "'",
        '"',
        "<b>x</b>",
        "$x$",
        "\\input",
    ),
    *("", " ", "  ", "\n", "\u3000", "\u200b", "\x00", "\ud83d", "\udcff", "\ufeff"),
)
BLANKS = ("", " ", "\n", "\t \n", "\u3000\u2003", "\u200b", "\x1f", "\r\n\r\n", "\ufeff")
FILES = ("gold.conll", "./gold.conll", "missing.txt", "-", ".", "..", "config.json", "x.pdf")


def make(random: Random, bases: Bases, scratch: Path) -> Case:
    """A text, and a way to give it."""
    text = _text(random)
    way = random.choice(list(WAYS))
    return WAYS[way](text, bases, scratch)


def _text(random: Random) -> str:
    way = random.randrange(12)
    if way == 0:
        return random.choice(BLANKS) * random.choice((1, 1, 3))
    if way == 1:
        return random.choice(FILES[3:])
    if way == 2:
        return random.choice(PIECES[:20]) + "Anna met Bob" + random.choice(PIECES)
    if way == 3:
        return random.choice(("a", "Anna ", "👩\u200d👧", "e\u0301", "\u0301", " ", "\n", "ab" * 50)) * random.choice(
            (500, 3000)
        )
    if way == 4:
        return "a" + "".join(chr(random.randint(0x300, 0x36F)) for _ in range(random.randint(1, 60)))
    if way < 8:
        return "".join(random.choice(PIECES) for _ in range(random.randint(1, 8)))
    characters = [_character(random) for _ in range(random.randint(1, 30))]
    return "".join(character for character in characters if way < 10 or not 0xD800 <= ord(character) <= 0xDFFF)


def _character(random: Random) -> str:
    first, last = random.choice(RANGES)
    return chr(random.randint(first, last))


def _must_refuse(bases: Bases, text: str, words: bool = False) -> bool:
    """Whether no answer to this text can be right; `words`: what is asked for are labels of words."""
    if not text or any(0xD800 <= ord(character) <= 0xDFFF for character in text) or (words and not text.strip()):
        return True
    return not words and len(ids_of(bases.loaded.tokenizer, text)) > SIZES["max_position_embeddings"] + 1


def _trace(text: str, bases: Bases, scratch: Path) -> Case:
    out = scratch / "t.safetensors"

    def wrong(_: Answer) -> str | None:
        trace = Trace.load(out)
        if trace.tokens.text != text:
            return "the trace is of another text"
        finite = all(bool(layer.q.isfinite().all() and layer.v.isfinite().all()) for layer in trace.tensors)
        return wrong_ids(bases.loaded.tokenizer, text, list(trace.tokens.ids)) if finite else "not finite"

    words = after_dashes(("trace", "--model", bases.model, "--out", out), text)
    return _case("trace", text, lambda: command(*words, at=scratch), bases, wrong)


def _mask(text: str, bases: Bases, scratch: Path) -> Case:
    def wrong(answer: Answer) -> str | None:
        found, right = len(json_out(answer)["tokens"]), ids_of(bases.loaded.tokenizer, text)
        return None if found in (len(right), len(right) + 1) else f"{found} tokens, the tokenizer has {len(right)}"

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
        trace = Trace.load(scratch / "t.safetensors")
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
    hopeless = not text or any(0xD800 <= ord(character) <= 0xDFFF for character in text)
    hopeless = hopeless or (_must_refuse(bases, text, words) and (words or long_is_bad))
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
